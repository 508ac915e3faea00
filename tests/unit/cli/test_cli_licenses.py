"""`licenses`: what is found, in a table and as JSON, and what the exit code says."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.running import GOLDEN, Run, aprfmt, assert_printable

import aprfmt as api
from aprfmt.licences import CATALOGUES, search
from aprfmt.licences.lists import UPSTREAM


def test_a_table() -> None:
    run = aprfmt("licenses", "gpl3")
    head, *rows = run.out.splitlines()
    assert (run.code, run.err) == (0, "")
    assert head.split() == ["ID", "KIND", "STATUS", "NAME"]
    assert [row.split()[0] for row in rows] == [entry.id for entry in search("gpl3")]
    assert rows[0].split(None, 2) == ["GPL-3.0-only", "spdx", rows[0].split(None, 2)[2]]
    assert any(" deprecated, see GPL-3.0-only " in row for row in rows)
    assert_printable(run.out)


def test_several_words_are_one_query() -> None:
    assert aprfmt("licenses", "apache", "2") == aprfmt("licenses", "apache 2")
    assert aprfmt("licenses", "apache", "2", "--json").json["query"] == "apache 2"


def test_json() -> None:
    said = aprfmt("licenses", "llama3.1", "--json").json
    assert said == {
        "query": "llama3.1",
        "catalogue": "spdx",
        "catalogues": dict(CATALOGUES),
        "licenses": [
            {
                "id": "llama3.1",
                "name": "Llama 3.1 Community License Agreement",
                "kind": "hub",
                "deprecated": False,
                "successor": None,
                "osi": None,
                "fsf": None,
                "upstream": True,
            }
        ],
    }


def test_everything_without_a_query() -> None:
    said = aprfmt("licenses", "--json").json
    assert said["query"] is None
    assert [item["id"] for item in said["licenses"]] == [entry.id for entry in search()]
    assert len(aprfmt("licenses").out.splitlines()) == 1 + len(said["licenses"])


def test_the_list_of_upstream() -> None:
    said = aprfmt("licenses", "--catalogue", "UPSTREAM", "--json").json
    assert said["catalogue"] == "upstream"
    assert tuple(item["id"] for item in said["licenses"]) == UPSTREAM
    assert aprfmt("licenses", "agpl", "--catalogue", "upstream").code == 1


@pytest.mark.parametrize("query", ["no such licence", "\x1b[31m", "ſ", "::error::"])
def test_nothing_found(query: str) -> None:
    run = aprfmt("licenses", query)
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("note: no licence has ")
    assert_printable(run.err)
    said = aprfmt("licenses", query, "--json")
    assert (said.code, said.json["licenses"], said.json["query"]) == (1, [], query)


def test_quiet_and_verbose() -> None:
    assert aprfmt("licenses", "mit", "-q") == (0, "", "")
    assert aprfmt("licenses", "no such licence", "-q") == (1, "", "")
    run = aprfmt("licenses", "mit", "--catalogue", "upstream", "-v")
    assert run.err == f"note: 1 licence found in upstream: {CATALOGUES['upstream']}\n"


def test_a_catalogue_that_does_not_exist() -> None:
    run = aprfmt("licenses", "mit", "--catalogue", "nope", "--json")
    assert (run.code, run.error["kind"]) == (2, "request")
    assert run.error["message"] == "expected a catalogue of licences, found 'nope'; there are spdx and upstream"


# ---- a stamp ----


def stamped(out: Path, *options: str) -> Run:
    return aprfmt("stamp", GOLDEN / "sharded.apr", *options, "-o", out, "--json")


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("mit", "MIT"),
        ("  MIT  ", "MIT"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("GPL-2.0-or-later", "GPL-2.0-or-later"),
        ("AGPL-3.0-only", "AGPL-3.0-only"),
        ("LicenseRef-X", "LicenseRef-X"),
        ("llama3.1", "llama3.1"),
        ("gemma", "gemma"),
    ],
)
@pytest.mark.parametrize("key", ["license", "data_license"])
def test_a_stamp_writes_licences_in_canonical_form(tmp_path: Path, key: str, given: str, written: str) -> None:
    run = stamped(tmp_path / "out.apr", f"--{key.replace('_', '-')}", given)
    assert run.json["stamped"][key] == written
    with api.open(tmp_path / "out.apr") as made:
        assert made.metadata[key] == written


@pytest.mark.parametrize(
    "given", ["NOT-A-LICENSE-!!", "unknown", "proprietary", "TBD", "NOASSERTION", "NONE", "", "\udcff"]
)
@pytest.mark.parametrize("force", [(), ("-f",)])
def test_a_stamp_refuses_what_is_no_licence(tmp_path: Path, given: str, force: tuple[str, ...]) -> None:
    out = tmp_path / "out.apr"
    run = stamped(out, "--data-license", given, *force)
    assert (run.code, run.error["kind"]) == (2, "request")
    assert run.error["message"].startswith("--data-license: ")
    assert not out.exists()


def test_a_refusal_says_what_may_be_meant(tmp_path: Path) -> None:
    assert "did you mean Apache-2.0" in stamped(tmp_path / "out.apr", "--license", "apache 2").error["message"]


def test_a_deprecated_id_is_kept_with_a_note(tmp_path: Path) -> None:
    run = stamped(tmp_path / "out.apr", "--license", "gpl-2.0")
    assert run.json["stamped"]["license"] == "GPL-2.0"
    assert any("GPL-2.0-only" in note for note in run.json["notes"])
    text = aprfmt("stamp", GOLDEN / "sharded.apr", "--license", "custom", "-n")
    assert "note: --license: " in text.err


def test_upstreams_list_is_a_choice(tmp_path: Path) -> None:
    run = stamped(tmp_path / "out.apr", "--license", "AGPL-3.0-only", "--licenses", "upstream")
    assert run.code == 2
    assert stamped(tmp_path / "out.apr", "--license", "mit", "--licenses", "upstream").code == 0
    assert stamped(tmp_path / "other.apr", "--author", "A", "--licenses", "upstream").code == 0


def test_a_missing_file_is_said_before_a_wrong_licence(tmp_path: Path) -> None:
    run = aprfmt("stamp", tmp_path / "none.apr", "--license", "garbage!", "-o", tmp_path / "out.apr", "--json")
    assert (run.code, run.error["kind"]) == (3, "file")


def test_the_library_stores_what_it_is_given() -> None:
    raw = api.stamp_bytes((GOLDEN / "sharded.apr").read_bytes(), api.ProvenancePatch(license="mit"))
    with api.open(raw) as made:
        assert made.metadata["license"] == "mit"
    assert str(api.normalise_license("mit")) == "MIT"
