"""Findings: their JSON, its schema, the line that reproduces them, signatures that say what is wrong and not where."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from tests.unit.fuzz.toys import CRASH, Toy, ignoring, run_of, the_only

from aprfmt.errors import RequestError
from aprfmt.fuzz.findings import Finding, finding_id
from aprfmt.fuzz.judging.symptoms import JUDGES, KINDS, Symptom, crash_words, normalised, place_of
from aprfmt.fuzz.shrinking.examine import printf

SCHEMAS = Path(__file__).resolve().parents[3] / "spec" / "fuzz"
DOCUMENTS = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")}
REGISTRY: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(document)) for name, document in DOCUMENTS.items()
)


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(DOCUMENTS[name], registry=REGISTRY)


def found() -> Finding:
    finding: Finding = the_only(run_of(Toy(reply=ignoring("APR-H006")), cases=1, start=149, tries=20))
    return finding


def test_the_json_of_a_finding_is_as_its_schema_says_and_comes_back() -> None:
    finding = found()
    node = json.loads(json.dumps(finding.as_json()))
    validator("finding.schema.json").validate(node)
    assert Finding.of_json(node) == finding


def test_the_json_of_a_run_is_as_its_schema_says() -> None:
    run = run_of(Toy(reply=lambda _request: CRASH), cases=3, tries=5)
    node = json.loads(json.dumps(run.as_json()))
    validator("run.schema.json").validate(node)
    assert node["coverage"]["rules"]["of"] > 50


@pytest.mark.parametrize("change", [{"version": 2}, {"id": "other"}, {"hex": "zz"}, {"recipe": {}}, {"target": 5}])
def test_what_is_no_finding_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(RequestError):
        Finding.of_json({**found().as_json(), **change})
    with pytest.raises(RequestError):
        Finding.of_json([])


def test_the_line_makes_the_file(tmp_path: Path) -> None:
    finding = found()
    make, _, ask = finding.reproduce.partition(" && ")
    subprocess.run(["sh", "-c", make], cwd=tmp_path, check=True)
    assert (tmp_path / "fuzz-case.apr").read_bytes() == finding.raw
    assert ask == "toy read fuzz-case.apr"
    assert finding.replay == "aprfmt fuzz run --seed 0 --case 149 --cmd 'exit:toy {file}'"


@pytest.mark.parametrize("raw", [b"", b"a", bytes(40), b"%d\\'\"\n" + bytes(range(256)), b"x" + bytes(20) + b"y"])
def test_any_bytes_can_be_printed_by_a_shell(raw: bytes) -> None:
    done = subprocess.run(["sh", "-c", printf(raw)], capture_output=True, check=True)
    assert done.stdout == raw


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tensor 'layer.0' at 0x40 has 12 bytes", "tensor S at H has N bytes"),
        ("tensor 'a long na'… is odd", "tensor S is odd"),
        ('cannot open "/tmp/x/y.apr": 5', "cannot open S: N"),
        ("in /home/me/reader.py line 3", "in P line N"),
        ("crc deadbeef, expected 01234567", "crc H, expected H"),
        ("a\x1b[2J\nb", "a\\x1b[NJ\\nb"),
        ("q4_k [1, 2, 3] -1.5e+10 u8x", "T [N] N u8x"),
        ("x" * 500, "x" * 120),
    ],
)
def test_messages_lose_what_differs(text: str, expected: str) -> None:
    assert normalised(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exit code 70: ValueError: bad 5", "ValueError: bad N"),
        ("closed its standard output (ValueError: bad 5)", "ValueError: bad N"),
        ("exit code 139", "exit code 139"),
        ("ended by SIGSEGV", "ended by SIGSEGV"),
    ],
)
def test_a_crash_is_known_by_its_last_words_or_by_its_signal(text: str, expected: str) -> None:
    assert crash_words(text) == expected


def test_places_lose_their_numbers() -> None:
    assert place_of("tensor_index.entries[12].dims") == "tensor_index.entries[].dims"
    assert place_of("metadata.quantization.bits") == "metadata"


def test_an_id_is_a_name_for_a_file() -> None:
    one = Symptom("a", "read", "verdict", "accepted-invalid", "APR-D003", "tensor_index.entries[].ofs_tensor")
    other = replace(one, target="b")
    assert finding_id(one) != finding_id(other)
    assert finding_id(one).startswith("verdict-accepted-invalid-apr-d003-tensor-index")


def test_every_judge_is_in_the_schema_and_every_kind_has_words() -> None:
    assert list(JUDGES) == DOCUMENTS["finding.schema.json"]["properties"]["judge"]["enum"]
    assert all(JUDGES.values())
    assert all(KINDS.values())
