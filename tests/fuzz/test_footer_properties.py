"""Laws: a derived footer is exactly as right, or as wrong, as the one that it is derived from."""

from __future__ import annotations

import zlib
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from aprfmt.checksum import crc32
from aprfmt.footers import claimed_crc32, derived_footer

CHECKSUMS = st.integers(0, 2**32 - 1)
HEADS = st.binary(max_size=300)


@given(HEADS, HEADS, st.binary(max_size=3000), CHECKSUMS)
@example(b"", b"", b"", 0)
@example(b"a", b"", b"", 2**32 - 1)
def test_stored_xor_true_is_unchanged(old: bytes, new: bytes, data: bytes, stored: int) -> None:
    """For any footer that a file stores, right or wrong, `stored ^ true` MUST be the same behind the new head."""
    derived = derived_footer(stored, crc32(old), crc32(new), len(data))
    assert derived ^ zlib.crc32(new + data) == stored ^ zlib.crc32(old + data)


@given(HEADS, HEADS, st.binary(min_size=1, max_size=3000), st.data())
def test_damage_stays_as_visible_as_it_was(old: bytes, new: bytes, data: bytes, draw: st.DataObject) -> None:
    """After a change of the data, the derived footer MUST show it if and only if the old footer does."""
    changed = draw.draw(st.binary(min_size=len(data), max_size=len(data)))
    stored = zlib.crc32(old + data)
    derived = derived_footer(stored, crc32(old), crc32(new), len(data))
    assert (derived == zlib.crc32(new + changed)) == (stored == zlib.crc32(old + changed))


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5), st.binary(max_size=500), CHECKSUMS)
def test_a_chain_of_stamps_is_one_stamp(heads: list[bytes], data: bytes, stored: int) -> None:
    """Stamps one after the other MUST end with the footer that the last head gives alone; back again, the first."""
    footer = stored
    for before, after in pairwise(heads):
        footer = derived_footer(footer, crc32(before), crc32(after), len(data))
    assert footer == derived_footer(stored, crc32(heads[0]), crc32(heads[-1]), len(data))
    assert derived_footer(footer, crc32(heads[-1]), crc32(heads[0]), len(data)) == stored


@given(CHECKSUMS, CHECKSUMS, CHECKSUMS, st.integers(0, 2**64 - 1))
def test_what_is_claimed_of_the_data_makes_the_derived_footer(stored: int, old: int, new: int, nbytes: int) -> None:
    """The claimed checksum of the data, put behind a head, MUST give the derived footer; behind the old, the stored."""
    claimed = claimed_crc32(stored, old, nbytes)
    assert claimed_crc32(claimed, new, nbytes) == derived_footer(stored, old, new, nbytes)
    assert claimed_crc32(claimed, old, nbytes) == stored
