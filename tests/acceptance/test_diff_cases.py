"""The acceptance cases of `aprfmt diff`, 65 to 68: what a stamp changed, one byte, NaN, another order of the data."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tests.acceptance.models import PROVENANCE, TENSORS, TRIPLE, digests, flip, model, tensor
from tests.unit.cli.running import GOLDEN, aprfmt

import aprfmt as api
from aprfmt import DType, NewTensor

TEACHER = GOLDEN / "teacher_q4k.apr"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return model(tmp_path / "model.apr")


@pytest.mark.parametrize("grows", [True, False], ids=["the file grows", "the growth fits the padding"])
def test_case_65_a_stamp_shows_as_its_keys_and_nothing_else(grows: bool, tmp_path: Path) -> None:
    """Three keys of the metadata differ, with what follows from them, and not one byte of a tensor; this does not
    depend on whether the file becomes larger."""
    source = model(tmp_path / "model.apr", {"model_type": "qwen2", "name": "x" * (1 if grows else 38)})
    out = tmp_path / "out.apr"
    assert aprfmt("stamp", source, *TRIPLE, "-o", out).code == 0
    assert (out.stat().st_size > source.stat().st_size) is grows
    run = aprfmt("diff", source, out)
    assert run.code == 1
    total = sum(api.tensor_nbytes(dtype, shape) for _, dtype, *shape in TENSORS)
    assert f"0 of {total} tensor bytes differ (3 tensors)\n" in run.out
    said = aprfmt("diff", source, out, "--json").json
    assert (said["identical"], said["payload_identical"]) == (False, True)
    assert said["tensor_bytes"] == {"total": total, "differing": 0}
    causes = [item for item in said["differences"] if not item["follows"]]
    assert sorted(item["field"] for item in causes) == sorted(f"metadata.{key}" for key in PROVENANCE)
    assert [(item["file1_value"], item["category"], item["type"]) for item in causes] == [
        ("null", "metadata", "data")
    ] * 3
    assert {item["file2_value"] for item in causes} == {"Apache-2.0", "teacher-only", "CC-BY-4.0"}
    assert said["category_counts"]["tensor"] == said["category_counts"]["quantization"] == 0
    assert aprfmt("diff", source, out, "--ignore", ",".join(PROVENANCE)).code == 0


def test_case_65_the_proof_is_in_the_hashes(source: Path, tmp_path: Path) -> None:
    """That the payload is the same is a statement about bytes: the digests say so too, and of each tensor."""
    out = tmp_path / "out.apr"
    assert aprfmt("stamp", source, *TRIPLE, "-o", out).code == 0
    first, second = (aprfmt("inspect", path, "--digest", "--json").json["payload_digest"] for path in (source, out))
    assert first == second
    assert digests(source) == digests(out)


@pytest.mark.parametrize(("name", "at"), [("a.weight", 0), ("b.weight", 287), ("c.weight", 65)])
def test_case_66_one_byte_of_a_tensor_is_a_difference(name: str, at: int, source: Path, tmp_path: Path) -> None:
    """One byte, also the first or the last of a tensor, and even when neither size nor footer tells: exit code 1."""
    other = tmp_path / "other.apr"
    other.write_bytes(source.read_bytes())
    flip(other, name, at)
    run = aprfmt("diff", source, other)
    assert run.code == 1
    assert "\n1 of " in "\n" + run.out
    assert f"tensor.{name}" in run.out
    assert aprfmt("diff", source, other, "-q").code == 1
    said = aprfmt("diff", source, other, "--json").json
    assert (said["identical"], said["payload_identical"], said["tensor_bytes"]["differing"]) == (False, False, 1)
    (item,) = [item for item in said["differences"] if item["tensor"] == name]
    assert item["category"] == "tensor"
    with api.open(other) as opened:
        place = opened[name].file_span[0] + at
    assert (item["file2_place"]["start"], item["file2_place"]["end"]) == (place, place + 1)


def values(path: Path, *numbers: float) -> Path:
    data = struct.pack(f"<{len(numbers)}f", *numbers)
    api.create_file(path, [NewTensor("w", DType.F32, (len(numbers),), data)], {"model_type": "x"})
    return path


def test_case_67_nan_is_not_identical(tmp_path: Path) -> None:
    """NaN in one of two files: different, in bytes and in numbers; a distance that cannot be taken is none."""
    pytest.importorskip("numpy")
    nan = float("nan")
    first, second = values(tmp_path / "a.apr", 1, 2, 3), values(tmp_path / "b.apr", 1, nan, 3)
    for options in ((), ("--values",), ("-q",)):
        run = aprfmt("diff", first, second, *options)
        assert run.code == 1
        assert "identical" not in run.out.replace("not identical", "")
    said = aprfmt("diff", first, second, "--values", "--json").json
    assert said["identical"] is False
    (item,) = said["values"]
    assert (item["verdict"], item["nan"]) == ("not finite", [0, 1])


def test_case_67_nan_on_both_sides_is_the_same_file_and_no_proof_of_equal_numbers(tmp_path: Path) -> None:
    """Two copies of a file with NaN are the same bytes, which is said; their numbers are still not called identical."""
    pytest.importorskip("numpy")
    first, second = (values(tmp_path / f"{name}.apr", 1, float("nan"), float("inf")) for name in "ab")
    run = aprfmt("diff", first, second, "--values", "--json")
    assert (run.code, run.json["identical"]) == (0, True)
    (item,) = run.json["values"]
    assert (item["verdict"], item["nan"], item["inf"]) == ("not finite", [1, 1], [1, 1])


def test_case_68_another_order_of_the_data_is_layout(source: Path, tmp_path: Path) -> None:
    """The same tensors, one file as a streaming writer leaves them: not the same file, and the same weights."""
    streamed = tmp_path / "streamed.apr"
    with api.Writer(streamed, {"model_type": "qwen2", "name": "tiny"}, flags=api.Flags.QUANTIZED) as writer:
        for name, dtype, *shape in reversed(TENSORS):
            item = tensor(name, dtype, *shape)
            writer.add(item.name, item.dtype, item.shape, item.data)
    assert digests(streamed) == digests(source)
    assert streamed.read_bytes() != source.read_bytes()
    run = aprfmt("diff", source, streamed)
    assert run.code == 1
    assert "0 of " in run.out
    assert "payload identical, layout differs" in run.out
    said = aprfmt("diff", source, streamed, "--json").json
    assert (said["identical"], said["payload_identical"], said["tensors"]["moved"]) == (False, True, 3)
    first, second = (
        aprfmt("inspect", path, "--digest", "--json").json["payload_digest"] for path in (source, streamed)
    )
    assert first == second
