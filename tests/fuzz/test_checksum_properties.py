"""Laws: one flipped bit is found wherever it is, and whatever is named as the flipped bit explains the checksum."""

from __future__ import annotations

import zlib

from hypothesis import example, given
from hypothesis import strategies as st

from aprfmt import checksum
from aprfmt.checksum import Flip, crc32_combine, locate_flip
from aprfmt.testing import expand

CHECKSUMS = st.integers(0, 2**32 - 1)
MOST_NBYTES = 2**29 - 5
"""Up to here no two bits of the data and the checksum have the same effect."""
TWO_FLIPS_NBYTES = 11_450
"""Up to here a third flip cannot make good what two flips do to a CRC-32."""


@st.composite
def contents(draw: st.DrawFn, max_nbytes: int = 100_000) -> bytes:
    return expand(draw(st.integers(0, 2**32)), draw(st.integers(0, 70) | st.integers(0, max_nbytes)))


def flip_at(place: int, nbytes: int) -> Flip:
    """The flip of one bit of `nbytes` bytes and the checksum behind them."""
    return Flip(None, place - 8 * nbytes) if place >= 8 * nbytes else Flip(place // 8, place % 8)


def flipped(data: bytes, stored: int, flip: Flip) -> tuple[bytes, int]:
    """The bytes and the checksum with one bit turned over."""
    if flip.offset is None:
        return data, stored ^ 1 << flip.bit
    damaged = bytearray(data)
    damaged[flip.offset] ^= 1 << flip.bit
    return bytes(damaged), stored


def effect(flip: Flip, nbytes: int) -> int:
    """What a flip changes in the difference of the two checksums, without bytes to flip."""
    if flip.offset is None:
        return 1 << flip.bit
    behind = nbytes - flip.offset - 1
    zero, one = zlib.crc32(b"\0"), zlib.crc32(bytes([1 << flip.bit]))
    return crc32_combine(zero, 0, behind) ^ crc32_combine(one, 0, behind)


@given(contents(), st.data())
def test_one_flip_is_found(data: bytes, draw: st.DataObject) -> None:
    """For one flipped bit, of the data or of the checksum, the answer MUST be this bit."""
    flip = flip_at(draw.draw(st.integers(0, 8 * len(data) + 31)), len(data))
    damaged, stored = flipped(data, zlib.crc32(data), flip)
    assert locate_flip(stored, zlib.crc32(damaged), len(data)) == flip


@given(CHECKSUMS, st.integers(0, MOST_NBYTES), st.data())
@example(0, MOST_NBYTES, None)
def test_one_flip_is_found_in_large_data(stored: int, nbytes: int, draw: st.DataObject | None) -> None:
    """The same MUST hold up to the size where bits begin to have the effect of others."""
    place = draw.draw(st.integers(0, 8 * nbytes + 31)) if draw else 0
    flip = flip_at(place, nbytes)
    assert locate_flip(stored, stored ^ effect(flip, nbytes), nbytes) == flip


@given(contents())
def test_no_flip_is_found_in_what_is_right(data: bytes) -> None:
    """With the right checksum there MUST be no answer."""
    assert locate_flip(zlib.crc32(data), zlib.crc32(data), len(data)) is None


@given(contents(max_nbytes=TWO_FLIPS_NBYTES), st.data())
def test_two_flips_never_pass_for_one_in_few_bytes(data: bytes, draw: st.DataObject) -> None:
    """In up to 11,450 bytes, two flips of different bits MUST have no answer."""
    stored, damaged = zlib.crc32(data), data
    for place in draw.draw(st.lists(st.integers(0, 8 * len(data) + 31), min_size=2, max_size=2, unique=True)):
        damaged, stored = flipped(damaged, stored, flip_at(place, len(data)))
    assert locate_flip(stored, zlib.crc32(damaged), len(data)) is None


@given(contents(max_nbytes=300_000), st.data())
def test_two_flips_have_no_answer_or_one_that_explains_them(data: bytes, draw: st.DataObject) -> None:
    """After two flips, undoing the flip that is named, if any is, MUST make the bytes agree with the checksum.

    It is then a third bit, since neither of the two alone makes them agree.
    """
    places = draw.draw(st.lists(st.integers(0, 8 * len(data) + 31), min_size=2, max_size=2, unique=True))
    stored, damaged = zlib.crc32(data), data
    for place in places:
        damaged, stored = flipped(damaged, stored, flip_at(place, len(data)))
    flip = locate_flip(stored, zlib.crc32(damaged), len(data))
    if flip is not None:
        assert flip not in [flip_at(place, len(data)) for place in places]
        damaged, stored = flipped(damaged, stored, flip)
        assert zlib.crc32(damaged) == stored


@given(CHECKSUMS, CHECKSUMS, st.integers(0, 2**30))
@example(0, 1, 0)
@example(0, 2**32 - 1, MOST_NBYTES)
def test_what_is_named_explains_the_difference(stored: int, found: int, nbytes: int) -> None:
    """For any two checksums, a bit that is named MUST be there and have that effect; with no answer there is none."""
    flip = locate_flip(stored, found, nbytes)
    if flip is not None:
        assert flip.bit in range(32 if flip.in_checksum else 8)
        assert flip.offset is None or flip.offset in range(nbytes)
        assert effect(flip, nbytes) == stored ^ found
    elif stored != found and nbytes <= MOST_NBYTES:
        assert checksum._logarithm(stored ^ found) >= 8 * nbytes + 32


@given(CHECKSUMS, CHECKSUMS, CHECKSUMS)
def test_products_are_those_of_a_field(a: int, b: int, c: int) -> None:
    """Multiplication MUST commute, distribute over XOR, and agree with the square; 1 MUST be neutral."""
    product = checksum._product
    assert product(a, b) == product(b, a)
    assert product(a, b ^ c) == product(a, b) ^ product(a, c)
    assert product(product(a, b), c) == product(a, product(b, c))
    assert product(a, a) == checksum._square(a)
    assert product(a, checksum._ONE) == a


@given(st.integers(1, 2**32 - 1))
@example(checksum._ONE)
@example(checksum._X)
def test_logarithms_undo_powers(value: int) -> None:
    """x to the logarithm of a polynomial MUST be that polynomial."""
    exponent = checksum._logarithm(value)
    assert 0 <= exponent < checksum._ORDER
    assert checksum._power(checksum._X, exponent) == value
