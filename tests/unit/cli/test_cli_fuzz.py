"""`aprfmt fuzz run` and `promote`, and the reports of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry, Resource
from tests.unit.cli.running import REPOSITORY, Run, aprfmt, assert_printable, names

from aprfmt.cli.signals import SignalledError
from aprfmt.layout import facts

SCHEMAS = REPOSITORY / "spec" / "fuzz"
SARIF = REPOSITORY / "tests" / "data" / "schemas" / "sarif-schema-2.1.0.json"
FORGETS = ("--cases", "2", "--start", "149", "--jobs", "1", "--tries", "12")
"""Cases that break the rule about the checksum of the header."""
HARNESS = """
from aprfmt.files import open as opened

implementation = {"name": "forgetful \\x1b[31m", "version": "1"}

def answer(request):
    with opened(request["file"], lenient=True) as container:
        return not [item for item in container.validate().errors if item.rule != "APR-H006"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a harness that forgets a rule."""
    path = tmp_path_factory.mktemp("fuzz")
    (path / "forgetful.py").write_text(HARNESS, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def forgetful(*args: str) -> Run:
    return aprfmt("fuzz", "run", "--call", "forgetful:answer", *FORGETS, *args)


def test_the_report_says_all_that_is_needed() -> None:
    run = forgetful()
    assert run.code == 1
    assert_printable(run.out)
    lines = run.out.splitlines()
    assert lines[0] == r"FINDING forgetful \x1b[31m: verdict/read/accepted-invalid/APR-H006/header.checksum"
    for said in (
        "expected reject because of APR-H006, found accept",
        "why: APR-H006",
        "132 bytes, from",
        "reproduce: ",
    ):
        assert said in run.out
    assert "replay: aprfmt fuzz run --seed 0 --case " in run.out
    assert "seed 0, cases 149 to 150" in run.out
    assert "rules broken: " in run.out
    assert "cases a second" in run.out
    assert lines[-1] == "1 finding"


def test_without_a_command_it_runs() -> None:
    run = aprfmt("fuzz", "--cases", "2", "--jobs", "1")
    assert run.code == 0
    assert run.out.splitlines()[-1] == "no finding: everybody agrees on 2 cases"
    assert "target: aprfmt itself, and nobody else" in run.out
    assert "promote" in aprfmt("fuzz", "-h").out


def test_quiet_and_verbose() -> None:
    quiet = forgetful("-q")
    assert len(quiet.out.splitlines()) == 2
    verbose = forgetful("-v")
    assert "checksum: 0x" in verbose.out
    assert "! error APR-H006" in verbose.out


def validated(node: Any, name: str) -> Any:
    documents = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")}
    resources = ((key, Resource.from_contents(document)) for key, document in documents.items())
    registry: Registry[Any] = Registry().with_resources(resources)
    Draft202012Validator(documents[name], registry=registry).validate(node)
    return node


def test_json_is_as_its_schema_says() -> None:
    run = forgetful("--json")
    node = validated(run.json, "run.schema.json")
    assert run.code == 1
    assert node["findings"][0]["rule"] == "APR-H006"
    assert "header.checksum" in node["findings"][0]["annotated"] or "checksum" in node["findings"][0]["annotated"]


def test_sarif_points_at_the_line_of_the_rule() -> None:
    run = forgetful("--format", "sarif")
    node = run.json
    Draft7Validator(json.loads(SARIF.read_text(encoding="utf-8"))).validate(node)
    (result,) = node["runs"][0]["results"]
    line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
    text = (REPOSITORY / "spec" / "apr_v2.ksy").read_text(encoding="utf-8").splitlines()[line - 1]
    assert text.strip() == "APR-H006:"
    assert result["ruleId"] == "APR-H006"


def test_markdown_is_a_table_that_nothing_breaks() -> None:
    run = forgetful("--format", "markdown")
    assert_printable(run.out)
    rows = [line for line in run.out.splitlines() if line.startswith("| ")]
    assert len(rows) == 2
    assert r"forgetful \\x1b\[31m" in rows[1]
    assert "```sh" in run.out


def test_findings_and_reports_are_written(folder: Path) -> None:
    run = forgetful("--out", "found", "--report", "json=run.json", "--report", "markdown=sum.md", "-q")
    assert run.code == 1
    (finding,) = [name for name in names(folder / "found") if name.endswith(".json")]
    node = validated(json.loads((folder / "found" / finding).read_text(encoding="utf-8")), "finding.schema.json")
    raw = (folder / "found" / f"{node['id']}.apr").read_bytes()
    assert raw.hex() == node["hex"]
    assert (folder / "found" / f"{node['id']}.txt").read_text(encoding="utf-8") == node["annotated"]
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["findings"][0]["id"] == node["id"]
    assert "1 finding" in (folder / "sum.md").read_text(encoding="utf-8")


def test_a_known_finding_counts_no_more(folder: Path) -> None:
    run = forgetful("--known", "known.toml", "--update-known", "-q")
    assert run.code == 1
    again = forgetful("--known", "known.toml")
    assert again.code == 0
    assert "known bug: " in again.out
    assert again.out.splitlines()[-1].startswith("nothing new, 1 known")
    assert " does not enforce: APR-H006\n" in again.out
    assert "known bug: " in forgetful("--known", "known.toml", "--format", "markdown").out
    sarif = forgetful("--known", "known.toml", "--format", "sarif").json
    assert sarif["runs"][0]["results"][0]["suppressions"][0]["status"] == "accepted"
    assert forgetful("--known", "nowhere.toml").code == 3
    (folder / "odd.toml").write_text("[[", encoding="utf-8")
    assert forgetful("--known", "odd.toml").code == 2


def test_one_case_is_shown(folder: Path) -> None:
    run = aprfmt("fuzz", "--call", "forgetful:answer", "--case", "149", "-v", "--out", "one")
    assert run.code == 1
    assert run.out.startswith("case 149 of seed 0, boundary: ")
    assert "reject: APR-H006" in run.out
    assert run.out.splitlines()[-1] == "1 finding"
    assert len(names(folder / "one")) == 3
    node = aprfmt("fuzz", "--case", "300", "--seed", "4", "--json").json
    assert node["findings"] == []
    assert bytes.fromhex(node["case"]["hex"])
    assert (node["case"]["seed"], node["case"]["index"]) == (4, 300)
    assert aprfmt("fuzz", "--case", "300", "--seed", "4", "--json").json == node


@pytest.mark.parametrize(
    "args",
    [
        ("--mode", "pr", "--cases", "3"),
        ("--mode", "batch", "--seconds", "3"),
        ("--json", "--format", "text"),
        ("--update-known",),
        ("--report", "odd=x"),
        ("--report", "json=a", "--report", "sarif=a"),
        ("--cmd", "x {file}", "--cmd", "y {file}", "--accept", "0", "--accept", "0", "--accept", "1"),
        ("--cmd", "x {file}", "--name", "a", "--name", "b"),
        ("--cmd", "ndjson:sh {file}"),
        ("--cmd", "ndjson:sh", "--stamp-cmd", "x"),
        ("--accept", "300"),
        ("--accept", "x"),
        ("--case-timeout", "inf"),
        ("--cmd", "no-such-program {file}", "--cases", "1"),
        ("--profile", "odd"),
        ("--seed", "-1"),
        ("--case", "1", "--cases", "2"),
        ("--case", "1", "--mode", "pr"),
        ("--case", "1", "--report", "json=x"),
        ("--case", "1", "--known", "x", "--update-known"),
        ("--case", "1", "--format", "sarif"),
        ("--accept", "0"),
        ("--call", "forgetful:answer", "--reject", "3"),
        ("--known", "a", "--update-known", "--report", "json=a"),
    ],
)
def test_what_cannot_be_asked_for_is_a_wrong_request(args: tuple[str, ...]) -> None:
    run = aprfmt("fuzz", "run", *args)
    assert run.code == 2
    assert "Traceback" not in run.err


def test_where_nothing_can_be_written_is_said_before_the_run() -> None:
    for args in (
        ("--out", "forgetful.py"),
        ("--out", "forgetful.py/below"),
        ("--report", "json=nowhere/x"),
        ("--known", "nowhere/x", "--update-known"),
    ):
        run = aprfmt("fuzz", "--cases", "1", "--jobs", "1", *args)
        assert (run.code, run.out) == (3, ""), args


def test_what_could_not_be_written_is_reported_all_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device", "found/x")

    monkeypatch.setattr("aprfmt.fuzz.store.write_image", full)
    run = forgetful("--out", "full", "--report", "json=beside.json", "-q")
    assert run.code == 3
    assert run.out.splitlines()[-1] == "1 finding"
    assert "No space left on device" in run.err
    assert json.loads((folder / "beside.json").read_text(encoding="utf-8"))["findings"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(SignalledError(15), 143), (KeyboardInterrupt(), 130), (OSError(28, "full"), 3), (KeyError(), 70)],
)
@pytest.mark.parametrize("kind", ["text", "json", "sarif", "markdown"])
def test_a_run_that_is_cut_short_reports_what_it_found(
    error: BaseException, code: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_args: object) -> None:
        raise error

    monkeypatch.setattr("aprfmt.fuzz.run.examined", cut)
    run = forgetful("--format", kind)
    assert run.code == code
    assert "note: the run is cut short: " in run.err
    assert "H006" in run.out
    if kind == "json":
        assert validated(run.json, "run.schema.json")["cut"]
    elif kind == "sarif":
        Draft7Validator(json.loads(SARIF.read_text(encoding="utf-8"))).validate(run.json)
        assert run.json["runs"][0]["invocations"][0]["executionSuccessful"] is False
    else:
        assert "1 finding; cut short: " in run.out


def test_a_list_in_doubt_is_noticed(folder: Path) -> None:
    entry = '[[finding]]\nsignatures = ["{}"]\nkind = "bug"\nreason = "r"\n'
    (folder / "doubt.toml").write_text(entry.format("verdict/read/accepted-invalid/APR-H066/*"), encoding="utf-8")
    run = forgetful("--known", "doubt.toml", "-q")
    assert run.code == 1
    assert "note: doubt.toml: finding 1: 'verdict" in run.err.replace('"', "'")
    (folder / "all.toml").write_text(entry.format("*"), encoding="utf-8")
    run = forgetful("--known", "all.toml", "-q")
    assert run.code == 0
    assert "matches whatever is found" in run.err


def test_of_one_case_what_is_known_does_not_count(folder: Path) -> None:
    text = '[[finding]]\nsignatures = ["verdict/*"]\nkind = "bug"\nreason = "r"\n'
    (folder / "one.toml").write_text(text, encoding="utf-8")
    run = aprfmt("fuzz", "--call", "forgetful:answer", "--case", "149", "--known", "one.toml")
    assert run.code == 0
    assert run.out.splitlines()[-1] == "0 findings, 1 known"


def test_comments_of_the_list_stay(folder: Path) -> None:
    (folder / "mine.toml").write_text("# mine\n", encoding="utf-8")
    for _ in range(2):
        forgetful("--known", "mine.toml", "--update-known", "-q")
    text = (folder / "mine.toml").read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert text.count("[[finding]]") == 1


def test_targets_are_paired_with_their_options() -> None:
    from aprfmt.cli.targets import Named, targets_of

    found = targets_of(
        Named(
            commands=("a {file}", "json:b {file}", "c {file}"),
            calls=("m:f",),
            accepts=((0,), (1,), (2,)),
            rejects=((5,),),
            stamps=("", "s {file} {patch} {output}", ""),
            names=("one", "", "", "four"),
        )
    )
    assert [(item.plug, item.command, item.name) for item in found] == [
        ("exit", "a {file}", "one"),
        ("json", "b {file}", None),
        ("exit", "c {file}", None),
        ("call", "m:f", "four"),
    ]
    assert [item.accept for item in found[:3]] == [(0,), (1,), (2,)]
    assert {item.reject for item in found[:3]} == {(5,)}
    assert [item.stamp for item in found] == [None, "s {file} {patch} {output}", None, None]


@pytest.fixture(scope="module")
def finding(folder: Path) -> Path:
    """The JSON of a finding."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        forgetful("--out", "promoted", "-q")
    (name,) = [name for name in names(folder / "promoted") if name.endswith(".json")]
    return folder / "promoted" / name


def test_a_finding_is_promoted(finding: Path, folder: Path) -> None:
    run = aprfmt("fuzz", "promote", finding)
    assert run.code == 0
    (vector,) = json.loads(run.out)["vectors"]
    assert (vector["verdict"], vector["rule"]) == ("reject", "APR-H006")
    added = aprfmt("fuzz", "promote", finding, "-o", "fuzz.json", "--id", "fuzz.one", "--about", "A sentence.")
    assert added.out == "fuzz.one is added to fuzz.json\n"
    document = json.loads((folder / "fuzz.json").read_text(encoding="utf-8"))
    assert [item["id"] for item in document["vectors"]] == ["fuzz.one"]
    twice = aprfmt("fuzz", "promote", finding, "-o", "fuzz.json", "--json")
    assert twice.code == 1
    assert twice.json["written"] is None
    assert "file of its own" in twice.json["flaws"][0]["what"]
    assert aprfmt("fuzz", "promote", finding, "--id", "base.two").code == 2
    nowhere = aprfmt("fuzz", "promote", finding, "-o", "nowhere/fuzz.json")
    assert (nowhere.code, nowhere.err) == (3, "error: nowhere/fuzz.json: No such file or directory\n")


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "0" * 64},
        {"nbytes": 5},
        {"hex": "00"},
        {"signature": "x"},
        {"id": "../../x"},
        {"rule": "APR-Z999"},
        {"profile": {"a": 1}},
        {"op": "odd"},
        {"judge": "odd"},
        {"seed": -1},
        {"index": True},
        {"cases": 0},
        {"recipe": {"bytes": {"zeros": 1 << 60}}},
        {"recipe": {"bytes": {"text": "x"}}},
        {"recipe": {"tree": []}},
        {"target": 5},
        {"version": 2},
    ],
)
def test_a_finding_that_contradicts_itself_is_not_promoted(
    finding: Path, folder: Path, changes: dict[str, Any]
) -> None:
    node = json.loads(finding.read_text(encoding="utf-8"))
    (folder / "odd.json").write_text(json.dumps({**node, **changes}), encoding="utf-8")
    before = '{"about": "Mine.", "vectors": []}'
    (folder / "mine.json").write_text(before, encoding="utf-8")
    run = aprfmt("fuzz", "promote", "odd.json", "-o", "mine.json")
    assert run.code == 2
    assert (folder / "mine.json").read_text(encoding="utf-8") == before


def test_what_is_no_finding_is_not_promoted(folder: Path) -> None:
    (folder / "none.json").write_text("{}", encoding="utf-8")
    assert aprfmt("fuzz", "promote", "none.json").code == 2
    (folder / "none.json").write_text("{", encoding="utf-8")
    assert aprfmt("fuzz", "promote", "none.json").code == 2
    assert aprfmt("fuzz", "promote", "nowhere.json").code == 3
    (folder / "list.json").write_text("[]", encoding="utf-8")
    assert aprfmt("fuzz", "promote", folder / "promoted", "-o", "list.json").code in (2, 3)


def test_coverage_names_what_is_missing() -> None:
    run = aprfmt("fuzz", "--cases", "1", "--jobs", "1", "-v")
    line = next(line for line in run.out.splitlines() if line.startswith("rules broken: "))
    missing = line.partition("; not: ")[2].split(", ")
    assert set(missing) <= set(facts.RULES)
    assert len(missing) > 40


@pytest.mark.parametrize(
    "text",
    ['{"vectors": [1]}', '{"vectors": {}}', '{"bases": 5, "vectors": []}', '{"about": 5}', "[]", "null", "", "{}x"],
)
def test_what_is_no_recipe_file_is_not_added_to(finding: Path, folder: Path, text: str) -> None:
    (folder / "odd.json").write_text(text, encoding="utf-8")
    assert aprfmt("fuzz", "promote", finding, "-o", "odd.json").code == 2
    assert (folder / "odd.json").read_text(encoding="utf-8") == text
