"""CRC-32 of pieces and of joined pieces, with the accelerated implementation and without it; one flipped bit found."""

from __future__ import annotations

import math
import sys
import zlib
from itertools import combinations
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.laws import golden

from aprfmt import checksum
from aprfmt.checksum import Flip, crc32, crc32_combine, flip_syndrome, locate_flip
from aprfmt.layout import HEADER_SIZE, facts, header_crc32, parse_header


@pytest.fixture
def unresolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksum, "_implementation", None)
    monkeypatch.setattr(checksum, "_combination", None)


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


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF), st.integers(0, (1 << 63) - 1))
@example(1, 2, 0)
@example(1, 2, 2**32 - 1)
@example(1, 2, 2**32)
def test_combining_agrees_with_isal(first: int, second: int, nbytes: int) -> None:
    isal_zlib = pytest.importorskip("isal.isal_zlib")
    expected = isal_zlib.crc32_combine(first, second, nbytes)
    assert crc32_combine(first, second, nbytes) == expected
    assert checksum._combine(first, second, nbytes) == expected


@given(st.binary(max_size=2000), st.binary(max_size=2000))
@example(b"", b"")
def test_combining_without_isal_gives_the_same_values(first: bytes, second: bytes) -> None:
    assert checksum._combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


def test_combining_takes_any_length() -> None:
    assert crc32_combine(5, 7, 2**200) == checksum._combine(5, 7, 2**200)


def test_combining_refuses_a_negative_length() -> None:
    with pytest.raises(ValueError, match="at least 0 bytes"):
        crc32_combine(1, 2, -1)


@pytest.mark.usefixtures("unresolved")
def test_the_standard_library_serves_where_isal_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("isal", "zlib_ng"):
        monkeypatch.setitem(sys.modules, name, None)
    assert crc32(b"123456789") == 0xCBF43926
    assert checksum._implementation is zlib.crc32
    assert crc32_combine(crc32(b"1234"), crc32(b"56789"), 5) == 0xCBF43926
    assert checksum._combination is checksum._combine


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
    monkeypatch.setitem(sys.modules, "zlib_ng", None)
    assert crc32(b"6789", crc32(b"12345")) == 0xCBF43926
    assert calls == [(b"12345", 0), (b"6789", zlib.crc32(b"12345"))]
    # This isal cannot combine, as old ones cannot.
    assert crc32_combine(crc32(b"1234"), crc32(b"56789"), 5) == 0xCBF43926
    assert checksum._combination is checksum._combine


@pytest.mark.usefixtures("unresolved")
def test_zlib_ng_serves_where_only_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    package, module = ModuleType("zlib_ng"), ModuleType("zlib_ng.zlib_ng")
    vars(module).update(crc32=zlib.crc32, crc32_combine=lambda first, second, nbytes: first + second + nbytes)
    vars(package)["zlib_ng"] = module
    monkeypatch.setitem(sys.modules, "isal", None)
    monkeypatch.setitem(sys.modules, "zlib_ng", package)
    monkeypatch.setitem(sys.modules, "zlib_ng.zlib_ng", module)
    assert crc32(b"123456789") == 0xCBF43926
    assert checksum._implementation is vars(module)["crc32"]
    assert crc32_combine(1, 20, 300) == 321


@pytest.mark.usefixtures("unresolved")
def test_the_installed_isal_gives_the_same_values() -> None:
    isal_zlib = pytest.importorskip("isal.isal_zlib")
    data = bytes(range(256)) * 1000
    assert crc32(data) == zlib.crc32(data)
    assert checksum._implementation is isal_zlib.crc32
    assert crc32_combine(zlib.crc32(data), zlib.crc32(data), len(data)) == zlib.crc32(data + data)
    assert checksum._combination is isal_zlib.crc32_combine


def flips(data: bytes) -> list[tuple[Flip, int, int]]:
    """Every single flip of the data and of their checksum: with what is stored and what is found."""
    stored = zlib.crc32(data)
    found = []
    for offset in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[offset] ^= 1 << bit
            found.append((Flip(offset, bit), stored, zlib.crc32(damaged)))
    return found + [(Flip(None, bit), stored ^ 1 << bit, stored) for bit in range(32)]


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff", b"123456789"])
def test_every_single_flip_is_found(data: bytes) -> None:
    for flip, stored, found in flips(data):
        assert locate_flip(stored, found, len(data)) == flip
        assert flip.in_checksum == (flip.offset is None)


def test_every_flip_in_a_header_is_found() -> None:
    header = golden("one_custom_key.apr")[:HEADER_SIZE]
    start, stop = facts.spans_header(parse_header(header), 0)["checksum"]
    for place in range(8 * HEADER_SIZE):
        offset, bit = divmod(place, 8)
        damaged = bytearray(header)
        damaged[offset] ^= 1 << bit
        flip = Flip(offset if offset < start else offset - (stop - start), bit)
        if start <= offset < stop:
            flip = Flip(None, place - 8 * start)  # little-endian: the bits of the value are in the order of the file
        stored = parse_header(damaged).checksum
        assert locate_flip(stored, header_crc32(bytes(damaged)), HEADER_SIZE - (stop - start)) == flip


def test_equal_checksums_show_no_flip() -> None:
    assert locate_flip(0xCBF43926, 0xCBF43926, 9) is None


def test_damage_of_many_bits_is_no_flip() -> None:
    assert locate_flip(zlib.crc32(b"123456789"), zlib.crc32(b"987654321"), 9) is None


def test_bits_beyond_both_ends_are_no_flip() -> None:
    effects = powers(8 * 9 + 32 + 1)
    assert locate_flip(0, effects[-2], 9) == Flip(0, 0)
    assert locate_flip(0, effects[-1], 9) is None
    assert locate_flip(0, effects[0], 9) == Flip(None, 31)
    before = checksum._power(checksum._X, checksum._ORDER - 1)
    assert checksum._product(before, checksum._X) == effects[0]
    assert locate_flip(0, before, 9) is None


def test_no_flip_is_named_where_two_have_the_same_effect() -> None:
    most = (2**32 - 1 - 32) // 8
    assert most == 2**29 - 5
    stored = zlib.crc32(b"123456789")
    found = crc32_combine(crc32(b"\x01"), 0, most - 1) ^ crc32_combine(crc32(b"\0"), 0, most - 1)
    assert locate_flip(stored, stored ^ found, most) == Flip(0, 0)
    assert locate_flip(stored, stored ^ found, most + 1) is None
    assert locate_flip(stored, stored ^ 1, most + 1) is None


def test_locating_refuses_a_negative_length() -> None:
    with pytest.raises(ValueError, match="at least 0 bytes"):
        locate_flip(1, 2, -1)


def test_the_powers_of_x_are_all_polynomials_but_zero() -> None:
    assert math.prod(checksum._PRIMES) == checksum._ORDER == 2**32 - 1
    assert all(prime % factor for prime in checksum._PRIMES for factor in range(2, math.isqrt(prime) + 1))
    assert checksum._power(checksum._X, checksum._ORDER) == checksum._ONE
    for prime in checksum._PRIMES:
        assert checksum._power(checksum._X, checksum._ORDER // prime) != checksum._ONE


def powers(count: int) -> list[int]:
    """The effect of each bit, from the last one to the first."""
    found = [checksum._ONE]
    for _ in range(count - 1):
        found.append(checksum._product(checksum._X, found[-1]))
    return found


def test_two_flips_in_few_bytes_never_pass_for_one() -> None:
    """A third flip would bring the checksum back: a multiple of P with three terms, and the first one is longer."""
    seen: dict[int, int] = {}
    last, middle = 0, 0
    for exponent, power in enumerate(powers(100_000)):
        if power ^ checksum._ONE in seen:
            last, middle = exponent, seen[power ^ checksum._ONE]
            break
        seen[power] = exponent
    assert 11_450 * 8 + 32 <= last < 11_451 * 8 + 32
    # In one byte more they do.
    difference = checksum._ONE ^ checksum._power(checksum._X, last)
    assert locate_flip(0, difference, 11_451) == Flip(*divmod(11_451 * 8 + 31 - middle, 8))


def test_three_flips_in_a_header_never_pass_for_one() -> None:
    """A fourth flip would bring the checksum back: the sum of two powers of x would be that of two others."""
    sums = [left ^ right for left, right in combinations(powers(8 * HEADER_SIZE), 2)]
    assert len(sums) == len(set(sums))


@pytest.mark.parametrize("behind", [0, 1, 7, HEADER_SIZE, 1000])
def test_the_syndrome_of_a_bit_is_what_its_flip_does_to_any_bytes(behind: int) -> None:
    for bit in range(8):
        for raw in (bytes(behind + 3), bytes(range(256)) * 4 + bytes(behind)):
            flipped = bytearray(raw)
            flipped[len(raw) - 1 - behind] ^= 1 << bit
            assert flip_syndrome(bit, behind) == zlib.crc32(raw) ^ zlib.crc32(flipped)
