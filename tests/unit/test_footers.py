"""Footers that follow from other footers, with every implementation of the algebra that there is."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.laws import golden, opened

from aprfmt import checksum, layout
from aprfmt.footers import Verify, claimed_crc32, derived_footer
from aprfmt.ops.stamp import stamp_bytes
from aprfmt.provenance import ProvenancePatch

MIT = ProvenancePatch(license="MIT")
Combine = Callable[[int, int, int], int]


@pytest.fixture(params=["isal.isal_zlib", "zlib_ng.zlib_ng", "the standard library"])
def combine(request: pytest.FixtureRequest) -> Combine:
    if request.param == "the standard library":
        return checksum._combine
    found: Combine = pytest.importorskip(request.param).crc32_combine
    return found


def test_a_right_footer_stays_right() -> None:
    old, new, data = b"old head", b"a longer new head", bytes(range(256)) * 5
    stored = zlib.crc32(old + data)
    derived = derived_footer(stored, zlib.crc32(old), zlib.crc32(new), len(data))
    assert derived == zlib.crc32(new + data)


def test_a_wrong_footer_stays_as_wrong() -> None:
    old, new, data = b"old head", b"new", bytes(1000)
    damage = 0x01020304
    derived = derived_footer(zlib.crc32(old + data) ^ damage, zlib.crc32(old), zlib.crc32(new), len(data))
    assert derived ^ zlib.crc32(new + data) == damage


def test_what_a_footer_says_of_the_data() -> None:
    head, data = b"head", b"123456789"
    assert claimed_crc32(zlib.crc32(head + data), zlib.crc32(head), len(data)) == zlib.crc32(data) == 0xCBF43926
    assert claimed_crc32(zlib.crc32(head + data) ^ 1, zlib.crc32(head), len(data)) == zlib.crc32(data) ^ 1


def test_no_data_and_no_head() -> None:
    assert derived_footer(zlib.crc32(b"old"), zlib.crc32(b"old"), zlib.crc32(b"new"), 0) == zlib.crc32(b"new")
    assert derived_footer(zlib.crc32(b"data"), 0, zlib.crc32(b"new"), 4) == zlib.crc32(b"newdata")
    assert derived_footer(5, 7, 7, 100) == 5  # the same head: the same footer, whatever it is


def test_the_size_of_the_data_does_not_matter() -> None:
    """Any number of bytes that a header can declare, of which no file has as many."""
    for nbytes in (2**32 - 1, 2**32, 2**63, 2**64 - 1):
        there = derived_footer(1, 2, 3, nbytes)
        assert derived_footer(there, 3, 2, nbytes) == 1


def test_the_footer_of_a_stamp_is_the_derived_one() -> None:
    raw = golden("teacher_q4k.apr")
    stamped = stamp_bytes(raw, MIT)
    old, new = opened(raw), opened(stamped)
    assert old.footer is not None
    assert new.footer is not None
    heads = [zlib.crc32(item.source.read(0, item.header.ofs_data)) for item in (old, new)]
    nbytes = old.required_len - old.header.ofs_data
    assert derived_footer(old.footer.checksum, heads[0], heads[1], nbytes) == new.footer.checksum
    data = claimed_crc32(old.footer.checksum, heads[0], nbytes)
    assert data == zlib.crc32(raw[old.header.ofs_data : old.required_len])
    assert layout.build_footer(checksum.crc32_combine(heads[1], data, nbytes)) == stamped[new.required_len :]


def test_damage_that_the_footer_shows_is_shown_by_a_derived_one() -> None:
    raw = bytearray(golden("teacher_q4k.apr"))
    old = opened(bytes(raw))
    assert old.footer is not None
    raw[old.header.ofs_data + 100] ^= 0x10
    start, stop = old.header.ofs_data, old.required_len
    head = zlib.crc32(raw[:start])
    new_head = b"any other head"
    derived = derived_footer(old.footer.checksum, head, zlib.crc32(new_head), stop - start)
    found = zlib.crc32(new_head + raw[start:stop])
    assert derived != found
    assert derived ^ found == old.footer.checksum ^ zlib.crc32(raw[:stop])


@pytest.mark.skipif(find_spec("isal") is None, reason="isal is not installed")
@given(first=st.integers(0, 2**32 - 1), second=st.integers(0, 2**32 - 1), nbytes=st.integers(0, 2**63 - 1))
@example(1, 2, 0)
@example(1, 2, 1)
@example(2**32 - 1, 0, 2**32 - 1)
@example(1, 2, 2**32)
@example(1, 2, 2**63 - 1)
def test_isal_and_the_standard_library_agree(first: int, second: int, nbytes: int) -> None:
    from isal import isal_zlib

    assert isal_zlib.crc32_combine(first, second, nbytes) == checksum._combine(first, second, nbytes)


@pytest.mark.skipif(find_spec("zlib_ng") is None, reason="zlib-ng is not installed")
@given(first=st.integers(0, 2**32 - 1), second=st.integers(0, 2**32 - 1), nbytes=st.integers(0, 2**63 - 1))
@example(1, 2, 0)
@example(1, 2, 1)
@example(2**32 - 1, 0, 2**32 - 1)
@example(1, 2, 2**32)
@example(1, 2, 2**63 - 1)
def test_zlib_ng_and_the_standard_library_agree(first: int, second: int, nbytes: int) -> None:
    zlib_ng = import_module("zlib_ng.zlib_ng")
    # Lengths as the package hands them over: powers of x repeat.
    reduced = nbytes % checksum._ORDER
    assert zlib_ng.crc32_combine(first, second, reduced) == checksum._combine(first, second, nbytes)


def test_each_implementation_derives_the_same(combine: Combine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksum, "_combination", combine)
    old, new, data = bytes(100), bytes(range(64)), bytes(range(256)) * 300
    stored = zlib.crc32(old + data)
    assert derived_footer(stored, zlib.crc32(old), zlib.crc32(new), len(data)) == zlib.crc32(new + data)
    assert claimed_crc32(stored, zlib.crc32(old), len(data)) == zlib.crc32(data)


def test_a_footer_is_derived_where_only_the_standard_library_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksum, "_combination", None)
    for name in ("isal", "zlib_ng"):
        monkeypatch.setitem(sys.modules, name, None)
    assert derived_footer(zlib.crc32(b"a123"), zlib.crc32(b"a"), zlib.crc32(b"bc"), 3) == zlib.crc32(b"bc123")


@pytest.mark.parametrize(
    ("verify", "data", "output"),
    [(Verify.FULL, True, False), (Verify.HEAD, False, False), (Verify.READBACK, True, True)],
)
def test_what_each_way_to_verify_reads(verify: Verify, data: bool, output: bool) -> None:
    assert (verify.reads_data, verify.reads_output) == (data, output)
    assert Verify(verify.value) is verify


def test_the_ways_to_verify_are_named_as_on_the_command_line() -> None:
    assert [verify.value for verify in Verify] == ["full", "head", "readback"]
