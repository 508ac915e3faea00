"""A plan described and turned into bytes: what each part gives, and what the seal and the checks are told."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt.checksum import crc32_combine
from aprfmt.errors import FormatError, TruncatedError
from aprfmt.plan import Copy, Literal, Plan, Seal, See, carry_out, iter_plan, plan_bytes, plan_nbytes, read_plan
from aprfmt.source import CHUNK_BYTES, BytesSource

DATA = bytes(range(256)) * 8


def footer(checksum: int) -> bytes:
    return checksum.to_bytes(4, "little")


parts = st.one_of(
    st.builds(Literal, st.binary(max_size=40)),
    st.builds(lambda data: Literal(memoryview(data)), st.binary(max_size=40)),
    st.tuples(st.integers(0, len(DATA)), st.integers(0, len(DATA))).map(lambda pair: Copy(min(pair), max(pair))),
    st.just(Seal(4, footer)),
)


def expected_bytes(plan: Plan) -> bytes:
    whole = b""
    for part in plan:
        if isinstance(part, Literal):
            whole += bytes(part.data)
        elif isinstance(part, Copy):
            whole += DATA[part.start : part.stop]
        else:
            whole += footer(zlib.crc32(whole))
    return whole


@given(st.lists(parts, max_size=6).map(tuple))
def test_a_plan_makes_its_parts_in_order_and_seals_everything_before(plan: Plan) -> None:
    assert plan_bytes(plan, BytesSource(DATA)) == expected_bytes(plan)
    assert plan_nbytes(plan) == len(expected_bytes(plan))


def test_the_size_is_known_without_a_source() -> None:
    assert plan_nbytes((Literal(b"abc"), Copy(10, 1 << 40), Seal(4, footer))) == (1 << 40) - 10 + 7
    assert plan_nbytes(()) == 0


def test_a_check_is_told_the_checksum_of_its_own_range() -> None:
    seen: list[int] = []
    plan = (Literal(b"head"), Copy(5, 50, seen.append), Copy(60, 60, seen.append))
    plan_bytes(plan, BytesSource(DATA))
    assert seen == [zlib.crc32(DATA[5:50]), 0]


def test_only_copies_with_a_check_pay_for_combining_checksums(monkeypatch: pytest.MonkeyPatch) -> None:
    combined: list[int] = []

    def note(first: int, second: int, nbytes: int) -> int:
        combined.append(nbytes)
        return crc32_combine(first, second, nbytes)

    monkeypatch.setattr("aprfmt.plan.crc32_combine", note)
    parts: Plan = (
        *(Copy(at, at + 10) for at in range(0, 1000, 10)),
        Copy(0, 7, lambda _checksum: None),
        Seal(4, footer),
    )
    assert plan_bytes(parts, BytesSource(DATA)) == expected_bytes(parts)
    assert combined == [7]


def test_a_check_that_raises_ends_the_plan_after_the_last_piece_of_its_range() -> None:
    def refuse(_checksum: int) -> None:
        raise FormatError("the data is not what the footer says")

    pieces: Iterator[bytes | memoryview] = iter_plan((Copy(0, 8, refuse), Literal(b"never")), BytesSource(DATA))
    assert next(pieces) == DATA[:8]
    with pytest.raises(FormatError, match="footer"):
        next(pieces)


def test_copied_ranges_arrive_in_bounded_pieces() -> None:
    source = BytesSource(bytes(3 * CHUNK_BYTES + 1))
    pieces = [len(piece) for piece in iter_plan((Copy(0, source.size),), source)]
    assert pieces == [CHUNK_BYTES, CHUNK_BYTES, CHUNK_BYTES, 1]


def test_a_range_the_source_does_not_have_is_refused() -> None:
    with pytest.raises(TruncatedError):
        plan_bytes((Copy(0, len(DATA) + 1),), BytesSource(DATA))


def test_a_copy_needs_a_source() -> None:
    with pytest.raises(ValueError, match="needs the source"):
        plan_bytes((Copy(0, 1),))


def test_literals_and_seals_need_none() -> None:
    assert plan_bytes((Literal(b"123456789"), Seal(4, footer))) == b"123456789" + footer(0xCBF43926)


def test_plans_compare_by_what_they_hold_not_by_their_functions() -> None:
    assert (Literal(b"a"), Copy(1, 2, print), Seal(4, footer)) == (Literal(b"a"), Copy(1, 2), Seal(4, bytes))
    assert Copy(1, 2) != Copy(1, 3)


def claimed(start: int, stop: int) -> Copy:
    """A range of which the plan says the checksum."""
    return Copy(start, stop, claimed=zlib.crc32(DATA[start:stop]))


class Unread(BytesSource):
    """A source that nobody reads."""

    def read_into(self, start: int, buffer: memoryview) -> None:
        raise AssertionError(f"{len(buffer)} bytes are read at {start}")


def test_nobody_has_to_see_a_range_whose_checksum_is_claimed() -> None:
    plan: Plan = (Literal(b"head"), claimed(5, 50), Copy(50, 60), Seal(4, footer))
    told: list[tuple[int, bool]] = []
    put: list[bytes] = []

    def copy(part: Copy, see: See | None) -> None:
        told.append((part.start, see is not None))
        if see is not None:
            see(memoryview(DATA)[part.start : part.stop])

    checksum = carry_out(plan, lambda piece: put.append(bytes(piece)), copy)
    before = b"head" + DATA[5:60]
    assert told == [(5, False), (50, True)]
    assert put == [b"head", footer(zlib.crc32(before))]
    assert checksum == zlib.crc32(before + put[1])


def test_a_claim_goes_into_the_seal_whatever_the_bytes_are() -> None:
    told: list[int] = []
    wrong = Copy(0, 5, told.append, claimed=zlib.crc32(b"other"))
    assert plan_bytes((wrong, Seal(4, footer)), BytesSource(DATA)) == DATA[:5] + footer(zlib.crc32(b"other"))
    assert told == []


def test_what_nobody_reads_still_counts() -> None:
    steps: list[tuple[int, int]] = []
    plan: Plan = (Literal(b"head"), claimed(5, 50), Literal(b"tail"))
    last, checksum = read_plan(plan, Unread(DATA), progress=lambda done, total: steps.append((done, total)))
    assert steps == [(4, 53), (53, 53)]
    assert (last, checksum) == (b"tail", zlib.crc32(b"head" + DATA[5:50] + b"tail"))


def test_who_observes_sees_every_byte_at_its_place_claimed_or_not() -> None:
    seen = bytearray()

    def observe(at: int, piece: bytes | memoryview) -> None:
        assert at == len(seen)
        seen.extend(piece)

    plan: Plan = (Literal(b"head"), claimed(5, 50), Copy(0, 3), Seal(4, footer))
    read_plan(plan, BytesSource(DATA), observe=observe)
    assert seen == plan_bytes(plan, BytesSource(DATA))


def test_a_plan_of_nothing_is_read_too() -> None:
    assert read_plan(()) == (b"", 0)


def test_reading_a_plan_with_a_copy_needs_a_source_too() -> None:
    with pytest.raises(ValueError, match="needs the source"):
        read_plan((Copy(0, 1),))


def test_a_seal_of_another_size_than_the_plan_says_is_refused() -> None:
    with pytest.raises(ValueError, match="a seal of 5 bytes, found 4"):
        plan_bytes((Seal(5, footer),))
