"""What the reference implementation wrote is read as the reference reads it."""

from __future__ import annotations

from zlib import crc32

import pytest

import aprfmt_reader
from crafting import GOLDEN, expected_of, golden_names


def test_there_are_golden_files() -> None:
    assert len(golden_names()) > 5


@pytest.mark.parametrize("name", golden_names())
def test_header(name: str) -> None:
    expected = expected_of(name)
    with aprfmt_reader.open(GOLDEN / name) as model:
        header = model.header
    assert [header.version_major, header.version_minor] == expected["version"]
    assert header.flags == expected["flags"]
    assert header.num_tensors == expected["tensor_count"]
    assert header.ofs_metadata == expected["metadata_offset"]
    assert header.len_metadata == expected["metadata_size"]
    assert header.ofs_tensor_index == expected["tensor_index_offset"]
    assert header.ofs_data == expected["data_offset"]
    assert f"{header.checksum:08x}" == expected["checksum"]


@pytest.mark.parametrize("name", golden_names())
def test_metadata_and_checksums(name: str) -> None:
    expected = expected_of(name)["metadata"]
    with aprfmt_reader.open(GOLDEN / name) as model:
        model.verify()
        assert model.footer is not None
        found = {key: value for key, value in model.metadata.items() if value is not None or key in expected}
    for key in ("rope_theta", "rms_norm_eps"):  # which the reference rounds to single precision
        if found.get(key) is not None:
            assert found.pop(key) == pytest.approx(expected.pop(key), rel=1e-7)
    assert found == expected


@pytest.mark.parametrize("name", golden_names())
def test_tensors(name: str) -> None:
    with aprfmt_reader.open(GOLDEN / name) as model:
        found = [
            {
                "name": tensor.name,
                "dtype": tensor.dtype.name,
                "shape": list(tensor.shape),
                "offset": tensor.data_offset,
                "size": tensor.nbytes,
                "crc32": f"{crc32(tensor.read()):08x}",
            }
            for tensor in model.tensors
        ]
    assert found == expected_of(name)["tensors"]
