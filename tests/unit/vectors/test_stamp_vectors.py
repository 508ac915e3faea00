"""What the stamp vectors ask for: held against the stamps of the reference, texts written by hand, and laws."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from aprfmt import ProvenancePatch, parse, stamp_bytes
from aprfmt.conform.recipes import read
from aprfmt.files import validate_file
from aprfmt.layout import facts
from aprfmt.vectors import Suite, Vector
from aprfmt.vectors.check import expected_output, flaws

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"
ROWS: list[dict[str, Any]] = json.loads((GOLDEN / "stamp_expected.json").read_text(encoding="utf-8"))
DOCUMENTS = read()
SUITE = Suite({name: DOCUMENTS[name] for name in ("bases.json", "stamp.json")})
VECTORS = list(SUITE.vectors.values())
ACCEPTED = [vector for vector in VECTORS if vector.verdict == "accept"]
OF_REFERENCE = [vector for vector in ACCEPTED if vector.id.startswith("stamp.reference.")]
SAME = [vector for vector in ACCEPTED if vector.id.startswith("stamp.same.")]
KEPT = [vector for vector in ACCEPTED if vector.id.startswith("stamp.keep.")]
REFUSED = [vector for vector in VECTORS if vector.verdict == "reject"]
by_id = pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.id) for vector in VECTORS])
by_accepted = pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.id) for vector in ACCEPTED])


def before(vector: Vector) -> bytes:
    return SUITE.image(vector.id).whole()


def after(vector: Vector) -> bytes:
    return expected_output(SUITE, vector)


def patch_of(vector: Vector) -> dict[str, str]:
    return dict(vector.patch or {})


@by_id
def test_what_a_recipe_claims_holds(vector: Vector) -> None:
    assert vector.op == "stamp"
    assert list(flaws(SUITE, vector)) == []


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.id) for vector in OF_REFERENCE])
def test_what_the_reference_wrote_is_stamped_as_the_reference_stamps_it(vector: Vector) -> None:
    name = str(vector.base).removeprefix("stamp-").replace("-", "_") + ".apr"
    assert before(vector) == (GOLDEN / name).read_bytes()
    [row] = [row for row in ROWS if row["file"] == name and row["patch"] == patch_of(vector)]
    assert vector.output_sha256 == row["sha256"]


def test_there_are_files_of_the_reference() -> None:
    assert len({vector.base for vector in OF_REFERENCE}) >= 6


@by_accepted
def test_nothing_but_the_metadata_and_places_changes(vector: Vector) -> None:
    old, new = parse(before(vector)), parse(after(vector))
    assert new["tensor_data"] == old["tensor_data"]
    assert new["tensor_index"]["entries"] == old["tensor_index"]["entries"]
    for field in ("magic", "version_major", "version_minor", "num_tensors", "reserved"):
        assert new["header"][field] == old["header"][field]
    assert new["header"]["flags"] == {**old["header"]["flags"], "layout_row_major": True}
    assert json.loads(new["metadata"]) == {**json.loads(old["metadata"]), **patch_of(vector)}


@by_accepted
def test_no_fault_is_covered_up_and_none_is_made(vector: Vector) -> None:
    def said(raw: bytes) -> set[tuple[str, str]]:
        mended = ("APR-P", "APR-F003", "APR-H011")  # a stamp is about the first, and adds what the others miss
        findings = validate_file(raw).findings
        return {(finding.rule, finding.field) for finding in findings if not finding.rule.startswith(mended)}

    assert said(after(vector)) == said(before(vector))


@by_accepted
def test_a_second_stamp_changes_nothing(vector: Vector) -> None:
    once = after(vector)
    assert stamp_bytes(once, ProvenancePatch(**patch_of(vector))) == once


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.id) for vector in SAME])
def test_setting_what_is_there_changes_nothing(vector: Vector) -> None:
    assert vector.sha256 == vector.output_sha256


SECOND = ("stamp.keep.namesake",)
"""Where the licence of the model is the second one of the text."""


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.id) for vector in KEPT])
def test_one_value_of_the_text_is_replaced(vector: Vector) -> None:
    """Only the licence is set in these: the text in front of it and the text behind it stay, byte by byte."""
    assert patch_of(vector) == {"license": "Apache-2.0"}
    parts = parse(before(vector))["metadata"].split(b'"MIT"')
    at = 2 if vector.id in SECOND else 1
    head, tail = b'"MIT"'.join(parts[:at]), b'"MIT"'.join(parts[at:])
    assert parse(after(vector))["metadata"] == head + b'"Apache-2.0"' + tail


TEXTS = {
    "stamp.set.empty": (
        '{"model_type":"llama","license":"","data_source":null,"data_license":null,"total_size":0,"param_count":0}'
    ),
    "stamp.set.escapes": (
        '{"model_type":"llama","license":"MIT",'
        '"data_source":"\\"a\\\\b\\"/\\b\\t\\n\\f\\r\\u0000\\u001f",'
        '"data_license":null,"total_size":0,"param_count":0}'
    ),
    "stamp.set.every-key": (
        '{"model_type":"epyt_ledom","name":"eman","description":"noitpircsed","author":"rohtua","license":"esnecil",'
        '"data_source":"ecruos_atad","data_license":"esnecil_atad","version":"noisrev","source":"ecruos",'
        '"original_format":"tamrof_lanigiro","created_at":"ta_detaerc","architecture":"erutcetihcra",'
        '"hf_architecture":"erutcetihcra_fh","hf_model_type":"epyt_ledom_fh","x":1}'
    ),
    "stamp.set.behind-its-predecessor": (
        '{"name":"m","x":1,"license":null,"data_source":"web","version":"1","y":2,"hidden_size":4}'
    ),
    "stamp.set.some-of-many": (
        '{"model_type":"llama","license":"Apache-2.0","data_source":"web","data_license":"CC-BY-4.0","total_size":0,'
        '"param_count":0,"architecture":"llama","x":[1]}'
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_metadata_is_the_text_that_is_expected(name: str) -> None:
    assert parse(after(SUITE[name]))["metadata"].decode() == TEXTS[name]


@pytest.mark.parametrize(
    ("name", "lines", "filler"),
    [("within", 0, 1), ("to-the-grid", 0, 0), ("across", 1, facts.ALIGNMENT - 1)],
)
def test_the_file_grows_by_whole_lines_of_the_grid(name: str, lines: int, filler: int) -> None:
    vector = SUITE[f"stamp.grid.{name}"]
    assert len(after(vector)) - len(before(vector)) == lines * facts.ALIGNMENT
    assert len(parse(after(vector))["metadata_padding"]) == filler


def test_a_footer_is_added() -> None:
    vector = SUITE["stamp.add.footer"]
    assert parse(before(vector))["footer"] is None
    assert len(after(vector)) - len(before(vector)) == facts.FOOTER_SIZE
    assert sha256(after(vector)).hexdigest() == vector.output_sha256


def test_damage_that_a_fresh_checksum_would_cover_up_is_refused() -> None:
    """Such a file differs from its twin, which may be stamped, in one bit."""
    laundered = [vector for vector in REFUSED if vector.rule in ("APR-F002", "APR-F005")]
    assert len(laundered) >= 2
    for vector in laundered:
        whole = SUITE[str(vector.twin)]
        pairs = zip(before(vector), before(whole), strict=True)
        assert sum((a ^ b).bit_count() for a, b in pairs) == 1
