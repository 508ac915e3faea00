"""The gates: what passes each of them, what does not, and that a program which does otherwise is noticed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.contracts import contract, proves
from tests.unit.rules.cases import CASES, METADATA, sound
from tests.unit.rules.crafting import craft, entry_b, lenient

from aprfmt.container import Container
from aprfmt.errors import FormatError
from aprfmt.layout import facts
from aprfmt.limits import DEFAULT_LIMITS
from aprfmt.metadata import Metadata
from aprfmt.ops import gate as gates
from aprfmt.ops.gate import GATES, GateFinding, GateReport, GateResult, Verdict, View, gate
from aprfmt.ops.inspect import Inspection, inspect
from aprfmt.patch import MetadataPatch
from aprfmt.provenance import PROVENANCE_KEYS
from aprfmt.rules import Severity, run
from aprfmt.source import BytesSource

BOOK: Mapping[str, Mapping[str, Any]] = contract()["gates"]
READABLE, SHOWN, PUBLISHABLE, COMPLETE = GATES


def judged(metadata: str | bytes, **options: Any) -> GateReport:
    """The verdicts on a file that is in order but for its metadata."""
    raw = metadata.encode() if isinstance(metadata, str) else metadata
    return gate(lenient(sound(metadata=raw)), **options)


def result(report: GateReport, name: str) -> GateResult:
    (found,) = (item for item in report.gates if item.gate == name)
    return found


def verdicts(report: GateReport) -> str:
    """`PFPS`: the first letter of each verdict."""
    assert [item.gate for item in report.gates] == list(GATES)
    return "".join(item.verdict[0] for item in report.gates)


# ---- what the contract shows ----

EXAMPLES = [
    *((name, metadata, Verdict.PASS, "") for name, item in BOOK.items() for metadata in item["passes"]),
    *(
        (name, example["metadata"], Verdict.FAIL, example["rule"])
        for name, item in BOOK.items()
        for example in item["fails"]
        if "metadata" in example
    ),
]


@proves("GATE-APR-PROV-001", "GATE-APR-PROV-002", "GATE-APR-PROV-003", "GATE-APR-PROV-004")
@pytest.mark.parametrize(("name", "metadata", "verdict", "rule"), EXAMPLES)
def test_a_file_with_the_metadata_of_an_example(name: str, metadata: str, verdict: Verdict, rule: str) -> None:
    found = result(judged(metadata), name)
    assert found.verdict is verdict
    assert {item.rule for item in found.findings} == ({rule} if rule else set())


def test_a_gate_says_why_where_and_how_to_repair_it() -> None:
    raw = sound(metadata=b'{"license":" Unknown ","data_license":"MIT"}')
    report = gate(lenient(raw))
    assert verdicts(report) == "PPFF"
    assert not report.passed
    absent = next(item for item in result(report, COMPLETE).findings if item.rule == "APR-P001")
    assert (absent.field, absent.expected, absent.found) == ("metadata.data_source", "a value", "nothing")
    meaningless = next(item for item in result(report, PUBLISHABLE).findings if item.rule == "APR-P002")
    assert meaningless.field == "metadata.license"
    assert raw[slice(*meaningless.span)] == b'" Unknown "'
    for found in report.gates:
        for item in found.findings:
            assert item.rule is not None
            assert item.repair == facts.RULES[item.rule].repair


def test_a_file_in_order_passes_every_gate() -> None:
    report = gate(lenient(sound()))
    assert (verdicts(report), report.passed, report.checked) == ("PPPP", True, False)
    assert [report.count(verdict) for verdict in Verdict] == [4, 0, 0]
    assert gate(lenient(sound()), check=True) == replace(report, checked=True)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ('{"license":"MIT","data_source":"web","data_license":"MIT","license":null}', "FPFF"),
        ('{"license":5,"data_source":"web","data_license":"MIT"}', "FPFP"),
        ('{"license":-0,"data_source":{"a":1,"a":-0.0},"data_license":[1e300,true,12345678901234567890123]}', "FPFP"),
        ('{"license":"MIT","data_source":"web","data_license":"MIT","a":{"license":1,"license":2}}', "PPPP"),
        ('{"tokenizer.license":"MIT","license":"MIT","data_source":"web","data_license":"MIT"}', "PPPP"),
        ('{"LICENSE":"MIT","data_source":"web","data_license":"MIT"}', "PPFF"),
        ('{"\\u006cicense":"MIT","data_source":"web","data_license":"MIT"}', "PPPP"),
        ('{"license":"MIT","\\u006cicense":"MIT","data_source":"web","data_license":"MIT"}', "FPPP"),
        ('{"license":"a licence of mine \U0001f600","data_source":"web","data_license":"MIT"}', "PPFP"),
    ],
)
def test_verdicts(metadata: str, said: str) -> None:
    assert verdicts(judged(metadata)) == said


def test_a_key_that_occurs_twice_is_shown_with_the_one_that_counts() -> None:
    raw = sound(metadata=b'{"data_source":null,"license":"MIT","data_source":"web","data_license":"MIT"}')
    (found,) = result(gate(lenient(raw)), READABLE).findings
    second = raw.index(b'"data_source"', raw.index(b'"data_source"') + 1)
    assert raw[slice(*found.span)] == b'"data_source"'
    assert found.found == f"another one @{second:#x}..{second + 13:#x}, which overrides it"
    (of_the_rule,) = (item for item in run(lenient(raw)).findings if item.rule == "APR-M008")
    assert (found.field, found.span, found.expected, found.found) == (
        of_the_rule.field,
        of_the_rule.span,
        of_the_rule.expected,
        of_the_rule.found,
    )


# ---- skipped is never passed ----


@pytest.mark.parametrize(
    ("raw", "because"),
    [
        (b"", "APR-H008"),
        (b"GGUF" + bytes(200), "APR-H001"),
        (sound(metadata=b""), "APR-M001"),
        (sound(metadata=b'{"license":"\xff"}'), "APR-M002"),
        (sound(metadata=b"{"), "APR-M003"),
        (sound(metadata=b"[]"), "APR-M004"),
        (sound(metadata=b'{"a":%s%s}' % (b"[" * 127, b"]" * 127)), "APR-M005"),
    ],
)
def test_what_cannot_be_read_is_skipped_and_not_passed(raw: bytes, because: str) -> None:
    report = gate(lenient(raw))
    assert verdicts(report) == "SSFS"
    assert not report.passed
    for name in (READABLE, SHOWN, COMPLETE):
        assert result(report, name).skipped_because == (because,)
    assert because in {item.rule for item in result(report, PUBLISHABLE).findings}


@pytest.mark.parametrize("limits", [{"max_metadata_bytes": 20}, {"max_metadata_values": 2}, {"max_json_nesting": 1}])
def test_what_goes_beyond_a_limit_is_skipped(limits: dict[str, int]) -> None:
    raw = sound(metadata=b'{"a":[1],%s' % METADATA[1:])
    container = Container(BytesSource(raw), limits=replace(DEFAULT_LIMITS, **limits), lenient=True)
    report = gate(container)
    assert verdicts(report) == "SSFS"
    assert result(report, READABLE).skipped_because in (("APR-L001",), ("APR-M005",))


def test_what_inspect_does_not_open_is_not_shown() -> None:
    report = gate(lenient(sound(header={"ofs_data": 64})))
    assert verdicts(report) == "PSFP"
    assert result(report, SHOWN).skipped_because == ("APR-S003",)


@proves("GATE-APR-PROV-004")
def test_limits_hide_no_key() -> None:
    raw = sound(metadata=b'{"license":"TBD","data_source":"TBD","data_license":"TBD"}')
    container = Container(BytesSource(raw), limits=replace(DEFAULT_LIMITS, max_findings_per_rule=1), lenient=True)
    report = gate(container)
    assert [item.field for item in result(report, COMPLETE).findings] == ["metadata.data_source"]
    (shown,) = result(report, PUBLISHABLE).findings
    assert shown.field == "metadata.license"
    assert result(report, PUBLISHABLE).not_kept == {"APR-P002": 2}


# ---- the rules of publishing ----


@proves("GATE-APR-PROV-003")
@pytest.mark.parametrize("rule", CASES)
def test_damage_is_not_published(rule: str) -> None:
    raw = CASES[rule].broken()
    severity = facts.PROFILES["publish"][rule]
    container = Container(BytesSource(raw), limits=replace(DEFAULT_LIMITS, max_filler_bytes=len(raw)), lenient=True)
    head, whole = (result(gate(container, check=check), PUBLISHABLE) for check in (False, True))
    if severity != "error":
        assert head.verdict is Verdict.PASS
        return
    assert rule in {item.rule for item in whole.findings}
    assert whole.verdict is Verdict.FAIL
    if not facts.RULES[rule].reads_data:
        assert head.verdict is Verdict.FAIL


@proves("GATE-APR-PROV-003")
def test_a_file_without_a_footer_is_not_checked() -> None:
    container = lenient(sound(footer=None))
    assert gate(container).passed
    found = result(gate(container, check=True), PUBLISHABLE)
    assert (found.verdict, found.skipped_because) == (Verdict.SKIPPED, ("APR-F003",))


@pytest.mark.parametrize("check", [False, True])
def test_only_the_head_is_read_unless_every_byte_is_asked_for(check: bool) -> None:
    class Counted(BytesSource):
        nbytes = 0

        def read_into(self, start: int, buffer: memoryview) -> None:
            self.nbytes += len(buffer)
            super().read_into(start, buffer)

        def view(self, start: int, stop: int) -> memoryview:
            self.nbytes += stop - start
            return super().view(start, stop)

    n_elements = 1 << 20
    raw = craft(entry_b(dims=[n_elements], ofs_tensor=0, len_tensor=n_elements), tensor_data=bytes(n_elements))
    source, done = Counted(raw), list[int]()
    gate(Container(source, lenient=True), check=check, progress=lambda at, _total: done.append(at))
    assert (source.nbytes > n_elements, bool(done)) == (check, check)
    assert check or source.nbytes < 1 << 12


# ---- a program that does otherwise ----


def told(report: GateReport, name: str) -> list[GateFinding]:
    found = result(report, name)
    assert found.verdict is Verdict.FAIL
    assert {item.rule for item in found.findings} == {None}
    return list(found.findings)


WRITERS: dict[str, tuple[Any, str]] = {
    # how a writer goes wrong: what it makes of the members, and what is said of it
    "elsewhere": (lambda m: {"provenance": m}, "metadata.license"),
    "nothing": (lambda _: {}, "metadata.license"),
    "one key lost": (lambda m: {k: v for k, v in m.items() if k != "data_license"}, "metadata.data_license"),
    "one value changed": (lambda m: {**m, "data_source": m["data_source"].upper()}, "metadata.data_source"),
    "another key changed": (lambda m: {**m, "name": "other"}, "metadata"),
    "another key lost": (lambda m: {k: v for k, v in m.items() if k != "name"}, "metadata"),
    "another key added": (lambda m: {**m, "tool": "gate"}, "metadata"),
}


@proves("GATE-APR-PROV-001")
@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_that_does_otherwise_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    change, path = WRITERS[name]
    splice = Metadata.splice

    def otherwise(self: Metadata, patch: Mapping[str, Any], **options: Any) -> bytes:
        return json.dumps(change(json.loads(splice(self, patch, **options)))).encode()

    monkeypatch.setattr(Metadata, "splice", otherwise)
    report = gate(lenient(sound(metadata=b'{"name":"m",%s' % METADATA[len(b'{"name":"m",') :])))
    assert path in {item.field for item in told(report, READABLE)}
    assert verdicts(report)[1:] == "PPP"


@proves("GATE-APR-PROV-001")
@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[]"])
def test_a_writer_that_writes_no_json_is_noticed(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Metadata, "splice", lambda *_args, **_options: text)
    (found,) = told(gate(lenient(sound())), READABLE)
    assert found.field == "metadata"


@proves("GATE-APR-PROV-001")
def test_a_reader_that_finds_other_values_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Metadata.__getitem__
    monkeypatch.setattr(Metadata, "__getitem__", lambda self, key: "MIT" if key == "data_license" else read(self, key))
    report = gate(lenient(sound()))
    for found in told(report, READABLE):
        assert found.field == "metadata.data_license"
        assert "our reader" in found.message
        assert found.found == "'MIT'"
    assert result(report, SHOWN).verdict is Verdict.FAIL  # `inspect` shows what the reader finds


@proves("GATE-APR-PROV-001")
def test_a_stamp_that_cannot_be_read_back_is_noticed() -> None:
    limits = replace(DEFAULT_LIMITS, max_metadata_bytes=len(METADATA))
    report = gate(Container(BytesSource(sound()), limits=limits, lenient=True))
    (found,) = told(report, READABLE)
    assert found.field == "metadata"
    assert "max_metadata_bytes" in found.found
    assert found.repair.startswith("Make the metadata smaller")


def test_a_null_that_is_lost_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    splice = Metadata.splice

    def otherwise(self: Metadata, patch: Mapping[str, Any], **options: Any) -> bytes:
        members = json.loads(splice(self, patch, **options))
        return json.dumps({key: value for key, value in members.items() if value is not None}).encode()

    monkeypatch.setattr(Metadata, "splice", otherwise)
    found = told(judged('{"license":"MIT","data_source":null,"data_license":"MIT"}'), READABLE)
    assert {(item.field, item.expected, item.found) for item in found} == {
        ("metadata.data_source", "None", "no such key")
    }


def test_what_is_put_back_is_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    patches: list[MetadataPatch] = []
    apply = MetadataPatch.apply

    def seen(self: MetadataPatch, metadata: Metadata) -> Any:
        patches.append(self)
        return apply(self, metadata)

    monkeypatch.setattr(MetadataPatch, "apply", seen)
    assert result(judged('{"license":"GATE-APR-PROV-001 probe","data_source":null}'), READABLE).verdict is Verdict.PASS
    probe, back = patches
    assert probe.set["license"] != "GATE-APR-PROV-001 probe"
    assert (back.set, back.unset) == (
        {"license": "GATE-APR-PROV-001 probe", "data_source": None},
        ("data_license",),
    )


SHOWS: dict[str, Any] = {
    "a key left out": lambda said: {key: value for key, value in said.items() if key != "data_license"},
    "nothing": lambda _said: {},
    "a value that is not there": lambda said: {**said, "license": "Apache-2.0"},
    "a missing one called something": lambda said: {**said, "data_license": "(missing)"},
    "an empty one called missing": lambda said: {**said, "data_source": None},
}


@proves("GATE-APR-PROV-002")
@pytest.mark.parametrize("name", SHOWS)
@pytest.mark.parametrize("view", [True, False])
def test_an_inspection_that_says_otherwise_is_noticed(name: str, view: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    change = SHOWS[name]
    views = []
    if view:
        views = [View("a page", lambda seen: change(seen.provenance), lambda value: value)]
    else:
        monkeypatch.setattr(gates, "inspect", lambda container: otherwise(inspect(container)))

    def otherwise(seen: Inspection) -> Inspection:
        return replace(seen, provenance=change(seen.provenance))

    report = judged('{"license":"MIT","data_source":""}', views=views)
    assert all(item.field.removeprefix("metadata.") in PROVENANCE_KEYS for item in told(report, SHOWN))
    assert all(("a page" in item.message) == view for item in told(report, SHOWN))


def test_views_are_told_how_a_value_is_spelt() -> None:
    seen: list[Inspection] = []

    def show(inspection: Inspection) -> dict[str, str]:
        seen.append(inspection)
        return {key: f"<{value}>" for key, value in inspection.provenance.items()}

    assert judged("{}", views=[View("a page", show, lambda value: f"<{value}>")]).passed is False
    assert len(seen) == 1
    assert result(judged("{}", views=[View("a page", show, str)]), SHOWN).verdict is Verdict.FAIL
    assert result(judged("{}", views=[View("a page", show, lambda value: f"<{value}>")]), SHOWN).verdict is Verdict.PASS


def test_a_file_that_changes_is_no_verdict() -> None:
    def show(_seen: Inspection) -> dict[str, str]:
        raise FormatError("the input changed while it was read")

    with pytest.raises(FormatError, match="changed"):
        judged("{}", views=[View("a page", show, str)])


def test_the_third_gate_is_the_profile() -> None:
    for rule in CASES:
        raw = CASES[rule].broken()
        if len(raw) > 1 << 20:
            continue
        container = lenient(raw)
        errors = [item for item in run(container, profile="publish").findings if item.severity is Severity.ERROR]
        found = result(gate(container), PUBLISHABLE)
        assert [(item.rule, item.span) for item in found.findings] == [(item.rule, item.span) for item in errors]
