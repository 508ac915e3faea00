"""The reader that the Kaitai compiler makes of the same spec agrees with ours.

One-sided for verdicts: what it refuses, ours reports as an error; checksums, JSON, UTF-8, overlap and sizes are beyond
a ksy, so ours may report more. Two-sided for values: what it reads, ours reads alike, field by field. Messages are
never compared.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import pytest
from hypothesis import given
from tests.fuzz.kaitai_reader import read
from tests.fuzz.laws import GOLDEN, golden, opened, refused

from aprfmt import parse
from aprfmt.layout import build_head
from aprfmt.rules import run
from aprfmt.testing import containers, damaged

FILES = containers() | containers(canonical=False)


def digest(content: bytes) -> dict[str, Any]:
    return {"len": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def in_their_words(tree: dict[str, Any]) -> dict[str, Any]:
    """Our tree as tests/fuzz/kaitai_reader.py answers, tensor data left out."""
    header = tree["header"]
    entries = [
        {
            "len_name": entry["len_name"],
            "name_hex": entry["name"].hex(),
            "dtype": entry["dtype"],
            "ndim": entry["ndim"],
            "dims": [str(dim) for dim in entry["dims"]],
            "ofs_tensor": str(entry["ofs_tensor"]),
            "len_tensor": str(entry["len_tensor"]),
        }
        for entry in tree["tensor_index"]["entries"]
    ]
    return {
        "file": None,
        "ok": True,
        "header": {
            **header,
            "magic": header["magic"].hex(),
            "reserved": header["reserved"].hex(),
            **{name: str(header[name]) for name in ("ofs_metadata", "ofs_tensor_index", "ofs_data")},
        },
        "header_padding": digest(tree["header_padding"]),
        "metadata": digest(tree["metadata"]),
        "metadata_padding": digest(tree["metadata_padding"]),
        "entries": entries,
        "index_padding": digest(tree["tensor_index"]["padding"]),
        "footer": None if tree["footer"] is None else tree["footer"]["checksum"],
        "trailing": None if tree["trailing"] is None else digest(tree["trailing"]),
    }


def check_agreement(raw: bytes) -> bool:
    """Insist that both readers agree; whether the other one accepts the file."""
    theirs = read(raw)
    if not theirs["ok"]:
        assert refused(raw), theirs["error"]
        return False
    assert in_their_words(parse(raw)) == theirs
    check_container(raw, theirs)
    return True


def check_container(raw: bytes, theirs: dict[str, Any]) -> None:
    """The lazy container says the same as the tree."""
    container = opened(raw)
    header = container.header
    assert (header.num_tensors, header.checksum, header.reserved.hex()) == (
        theirs["header"]["num_tensors"],
        theirs["header"]["checksum"],
        theirs["header"]["reserved"],
    )
    found = [
        (tensor.name_bytes.hex(), tensor.entry.dtype, tensor.ndim, tensor.data_offset, tensor.nbytes)
        for tensor in container.tensors
    ]
    assert found == [
        (entry["name_hex"], entry["dtype"], entry["ndim"], int(entry["ofs_tensor"]), int(entry["len_tensor"]))
        for entry in theirs["entries"]
    ]
    footer = container.footer
    assert (None if footer is None else footer.checksum) == theirs["footer"]
    assert container.n_trailing_bytes == (0 if theirs["trailing"] is None else theirs["trailing"]["len"])


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_files_are_read_alike(name: str) -> None:
    """Both MUST accept every file of the reference, with the same values."""
    assert check_agreement(golden(name))


@given(FILES)
def test_valid_files_are_read_alike(raw: bytes) -> None:
    """Both MUST accept every valid file, canonical or not, with the same values."""
    assert check_agreement(raw)
    assert not refused(raw)


@given(damaged(FILES))
def test_damaged_files_are_judged_alike(raw: bytes) -> None:
    """What the other reader refuses, ours MUST refuse; what it still reads, ours MUST read alike."""
    check_agreement(raw)


@pytest.mark.parametrize("name", ["no_tensors.apr", "unicode_names.apr"])
def test_every_byte_damaged(name: str) -> None:
    """The readers MUST agree whichever byte of a small file is damaged, by one bit or by all."""
    raw = golden(name)
    for at in range(len(raw)):
        for mask in (*(1 << bit for bit in range(8)), 0xFF):
            check_agreement(raw[:at] + bytes([raw[at] ^ mask]) + raw[at + 1 :])


@pytest.mark.parametrize("name", ["no_tensors.apr", "unicode_names.apr", "streaming_order.apr"])
def test_every_truncation(name: str) -> None:
    """The readers MUST agree wherever a file is cut; of the cuts, only a missing footer may be accepted."""
    raw = golden(name)
    accepted = [size for size in range(len(raw)) if check_agreement(raw[:size])]
    assert accepted == [len(raw) - 4]
    assert [size for size in range(len(raw)) if not refused(raw[:size])] == [len(raw) - 4]


N_ENTRIES = 92_000


def large_index(n_entries: int) -> list[bytes]:
    """Packed entries of F32 scalars, written without the package: name, type, no dimensions, place, 4 bytes."""
    return [struct.pack("<H11sBBQQ", 11, b"tensor%05d" % number, 0, 0, 64 * number, 4) for number in range(n_entries)]


def file_of(entries: list[bytes]) -> bytes:
    """A file without footer around these entries."""
    index = b"".join(entries)
    return b"".join(build_head({"num_tensors": len(entries)}, b"{}", index)) + bytes(64 * len(entries))


def test_a_large_index() -> None:
    """The readers MUST agree on 92,000 entries, far beyond what recursion would survive."""
    assert check_agreement(file_of(large_index(N_ENTRIES)))


def test_a_large_index_out_of_order() -> None:
    """A fault in the last of 92,000 entries MUST be met by both."""
    entries = large_index(N_ENTRIES)
    entries[-1], entries[-2] = entries[-2], entries[-1]
    raw = file_of(entries)
    assert not read(raw)["ok"]
    assert {finding.rule for finding in run(opened(raw)).errors} == {"APR-I003"}


@pytest.mark.parametrize("count", [1, 2])
def test_an_index_of_zeros(count: int) -> None:
    """Filler read as entries MUST be an error of ours: by the order of two names, and by the size of a scalar."""
    raw = b"".join(build_head({"num_tensors": count}, b"{}", bytes(64)))
    assert refused(raw)
    check_agreement(raw)
    rules = {finding.rule for finding in run(opened(raw)).errors}
    assert rules == ({"APR-D002"} if count == 1 else {"APR-D002", "APR-I003"})
