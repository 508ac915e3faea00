"""CRC-32 of pieces and of joined pieces, with the accelerated implementation and without it."""

from __future__ import annotations

import sys
import zlib
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aprfmt import checksum
from aprfmt.checksum import crc32, crc32_combine


@pytest.fixture
def unresolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksum, "_implementation", None)


def test_check_value_of_the_polynomial() -> None:
    assert crc32(b"123456789") == 0xCBF43926


@given(st.lists(st.binary(max_size=300)))
@example([])
@example([b"", b"a", b""])
def test_pieces_continue_to_the_checksum_of_the_whole(pieces: list[bytes]) -> None:
    value = 0
    for piece in pieces:
        value = crc32(piece, value)
    assert value == zlib.crc32(b"".join(pieces))


@given(st.binary(max_size=2000))
def test_every_kind_of_buffer_counts_the_same(data: bytes) -> None:
    assert crc32(data) == crc32(bytearray(data)) == crc32(memoryview(data)) == zlib.crc32(data)


@given(st.binary(max_size=2000), st.binary(max_size=2000))
@example(b"", b"")
@example(b"a", b"")
@example(b"", b"a")
def test_combining_equals_the_checksum_of_the_joined_bytes(first: bytes, second: bytes) -> None:
    assert crc32_combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


@given(st.binary(max_size=50), st.binary(max_size=50), st.binary(max_size=50))
def test_combining_is_associative(a: bytes, b: bytes, c: bytes) -> None:
    left = crc32_combine(crc32_combine(crc32(a), crc32(b), len(b)), crc32(c), len(c))
    right = crc32_combine(crc32(a), crc32_combine(crc32(b), crc32(c), len(c)), len(b) + len(c))
    assert left == right


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, 1 << 45))
def test_combining_agrees_with_isal(first: int, second: int, nbytes: int) -> None:
    isal_zlib = pytest.importorskip("isal.isal_zlib")
    assert crc32_combine(first, second, nbytes) == isal_zlib.crc32_combine(first, second, nbytes)


def test_combining_refuses_a_negative_length() -> None:
    with pytest.raises(ValueError, match="at least 0 bytes"):
        crc32_combine(1, 2, -1)


@pytest.mark.usefixtures("unresolved")
def test_the_standard_library_serves_where_isal_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    assert crc32(b"123456789") == 0xCBF43926
    assert checksum._implementation is zlib.crc32


@pytest.mark.usefixtures("unresolved")
def test_isal_serves_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[bytes, int]] = []

    def counted(data: bytes, value: int) -> int:
        calls.append((data, value))
        return zlib.crc32(data, value)

    package, module = ModuleType("isal"), ModuleType("isal.isal_zlib")
    vars(module)["crc32"] = counted
    vars(package)["isal_zlib"] = module
    monkeypatch.setitem(sys.modules, "isal", package)
    monkeypatch.setitem(sys.modules, "isal.isal_zlib", module)
    assert crc32(b"6789", crc32(b"12345")) == 0xCBF43926
    assert calls == [(b"12345", 0), (b"6789", zlib.crc32(b"12345"))]


@pytest.mark.usefixtures("unresolved")
def test_the_installed_isal_gives_the_same_values() -> None:
    isal_zlib = pytest.importorskip("isal.isal_zlib")
    data = bytes(range(256)) * 1000
    assert crc32(data) == zlib.crc32(data)
    assert checksum._implementation is isal_zlib.crc32
