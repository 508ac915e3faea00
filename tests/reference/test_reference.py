"""The recorded golden data is what the reference implementation says today."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.reference.conftest import Reference

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"
EXPECTED: dict[str, dict[str, Any]] = json.loads((GOLDEN / "expected.json").read_text("utf-8"))
STAMPS: list[dict[str, Any]] = json.loads((GOLDEN / "stamp_expected.json").read_text("utf-8"))


def canonical(value: object) -> str:
    """Text that tells 1, 1.0 and true apart, which `==` does not."""
    return json.dumps(value, indent=1, sort_keys=True)


def test_every_golden_file_has_its_expectation() -> None:
    assert sorted(path.name for path in GOLDEN.glob("*.apr")) == sorted(EXPECTED)
    assert {row["file"] for row in STAMPS} <= set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_golden_file_reads_as_recorded(reference: Reference, name: str) -> None:
    path = GOLDEN / name
    answer = reference.read(path)
    assert answer.pop("file") == str(path)
    expected = {key: value for key, value in EXPECTED[name].items() if key != "sha256"}
    assert canonical(answer) == canonical(expected)


@pytest.mark.parametrize("row", STAMPS, ids=lambda row: f"{row['file']}-{'+'.join(row['patch'])}")
def test_golden_file_stamps_as_recorded(reference: Reference, row: dict[str, Any], tmp_path: Path) -> None:
    target = tmp_path / "stamped.apr"
    answer = reference.stamp(GOLDEN / row["file"], target, row["patch"])
    assert answer["ok"], answer
    content = target.read_bytes()
    assert answer["bytes"] == len(content) == row["bytes"]
    assert hashlib.sha256(content).hexdigest() == row["sha256"]


@pytest.mark.parametrize(("position", "kind"), [(0, "InvalidMagic"), (4, "ChecksumMismatch"), (64, "MetadataError")])
def test_a_refusal_names_the_variant(reference: Reference, tmp_path: Path, position: int, kind: str) -> None:
    content = bytearray((GOLDEN / "no_tensors.apr").read_bytes())
    content[position] ^= 0xFF
    damaged = tmp_path / "damaged.apr"
    damaged.write_bytes(content)
    answer = reference.read(damaged)
    assert (answer["ok"], answer["kind"]) == (False, kind)
    assert answer["error"]


def test_data_out_of_the_file_has_no_checksum(reference: Reference, tmp_path: Path) -> None:
    name = "streaming_order.apr"
    cut = tmp_path / name
    cut.write_bytes((GOLDEN / name).read_bytes()[: EXPECTED[name]["data_offset"]])
    assert {tensor["crc32"] for tensor in reference.read(cut)["tensors"]} == {None}


def test_a_refused_stamp_writes_nothing(reference: Reference, tmp_path: Path) -> None:
    target = tmp_path / "stamped.apr"
    answer = reference.stamp(GOLDEN / "no_tensors.apr", target, {})
    assert (answer["ok"], answer["kind"]) == (False, "InvalidHeader")
    assert not target.exists()


@pytest.mark.parametrize("streaming", [False, True])
def test_a_described_file_is_written(reference: Reference, tmp_path: Path, streaming: bool) -> None:
    tensors = [
        {"name": "b", "dtype": "APR_Q8", "shape": [2], "data_hex": "0000803f7f81"},
        {"name": "a", "dtype": "F32", "shape": [], "data_hex": "0000003F"},
    ]
    target = tmp_path / "written.apr"
    description = {"metadata": {"model_type": "test", "custom": [1, 2.5]}, "tensors": tensors}
    written = reference.write(target, description, streaming=streaming)
    assert written["ok"], written
    answer = reference.read(target)
    assert answer["bytes"] == written["bytes"] == target.stat().st_size
    assert answer["metadata"]["custom"] == [1, 2.5]
    found = {tensor["name"]: (tensor["dtype"], tensor["offset"], tensor["size"]) for tensor in answer["tensors"]}
    offsets = {"a": 64, "b": 0} if streaming else {"a": 0, "b": 64}  # as it came, or by name
    assert found == {"a": ("F32", offsets["a"], 4), "b": ("APR_Q8", offsets["b"], 6)}


def test_flags_reach_the_header(reference: Reference, tmp_path: Path) -> None:
    target = tmp_path / "flagged.apr"
    assert reference.write(target, {"metadata": {}, "flags": 0x8020})["ok"]
    assert reference.read(target)["flags"] == 0x8420  # row-major is always added


def test_metadata_of_a_wrong_type_is_refused(reference: Reference, tmp_path: Path) -> None:
    answer = reference.write(tmp_path / "x.apr", {"metadata": {"license": 5}})
    assert (answer["ok"], answer["kind"]) == (False, "MetadataError")


def test_a_missing_file_is_no_verdict(reference: Reference, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"missing\.apr"):
        reference.read(tmp_path / "missing.apr")
