"""Laws: however a file is cut into literals and copies, its bytes and its checksums are the same."""

from __future__ import annotations

import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt.checksum import crc32, crc32_combine
from aprfmt.errors import FormatError
from aprfmt.layout import build_footer
from aprfmt.plan import Copy, Literal, Plan, Seal, iter_plan, plan_bytes, plan_nbytes
from aprfmt.source import BytesSource
from aprfmt.testing import expand


@st.composite
def cut_files(draw: st.DrawFn) -> tuple[bytes, Plan]:
    """A file, and a plan that makes it from itself."""
    raw = expand(draw(st.integers(0, 2**32)), draw(st.integers(0, 5000)))
    cuts = sorted({0, len(raw), *draw(st.lists(st.integers(0, len(raw)), max_size=5))})
    parts = tuple(
        Copy(start, stop) if draw(st.booleans()) else Literal(raw[start:stop]) for start, stop in pairwise(cuts)
    )
    return raw, parts


@given(cut_files())
def test_a_seal_covers_everything_before_it(cut: tuple[bytes, Plan]) -> None:
    """The footer MUST hold the CRC-32 of the whole file before it, whatever parts the plan is made of."""
    raw, parts = cut
    plan = (*parts, Seal(4, build_footer))
    assert plan_bytes(plan, BytesSource(raw)) == raw + zlib.crc32(raw).to_bytes(4, "little")
    assert plan_nbytes(plan) == len(raw) + 4


@given(cut_files())
def test_a_check_sees_its_range_and_nothing_else(cut: tuple[bytes, Plan]) -> None:
    """The check of a Copy MUST get the CRC-32 of exactly its own bytes, once, behind the last of them."""
    raw, parts = cut
    seen: list[int] = []
    checked = tuple(Copy(part.start, part.stop, seen.append) if isinstance(part, Copy) else part for part in parts)
    plan_bytes(checked, BytesSource(raw))
    assert seen == [zlib.crc32(raw[part.start : part.stop]) for part in parts if isinstance(part, Copy)]


@given(cut_files())
def test_a_check_that_refuses_ends_the_plan(cut: tuple[bytes, Plan]) -> None:
    """Nothing behind a refused Copy MUST come out, a footer least of all."""
    raw, parts = cut

    def refuse(_checksum: int) -> None:
        raise FormatError("damaged")

    made = bytearray()

    def write(plan: Plan) -> None:
        for piece in iter_plan(plan, BytesSource(raw)):
            made.extend(piece)

    with pytest.raises(FormatError, match="damaged"):
        write((*parts, Copy(0, len(raw), refuse), Seal(4, build_footer)))
    assert made == raw + raw


@given(st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=300))
def test_checksums_combine_in_any_grouping(first: bytes, second: bytes, third: bytes) -> None:
    """crc(A+B+C) MUST follow from crc(A), crc(B), crc(C) and the lengths, in either grouping."""
    a, b, c = crc32(first), crc32(second), crc32(third)
    left = crc32_combine(crc32_combine(a, b, len(second)), c, len(third))
    right = crc32_combine(a, crc32_combine(b, c, len(third)), len(second) + len(third))
    assert left == right == zlib.crc32(first + second + third)
