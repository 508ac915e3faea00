"""What broken headers reach, and the nearest fault that they shrink to."""

from __future__ import annotations

import pytest
from tests.unit.testing.drawing_kit import broken, lenient, smallest_of

from aprfmt.layout import facts
from aprfmt.testing.breaking.header import FIELD_RULES


def test_the_rules_about_one_field_are_those_of_the_specification() -> None:
    assert set(FIELD_RULES) == {"APR-H001", "APR-H002", "APR-H003", "APR-H004", "APR-H005", "APR-H007", "APR-H010"}


def test_a_wrong_magic_is_that_of_another_format_or_damaged() -> None:
    found = {lenient(raw).header.magic for raw in broken("APR-H001", 80)}
    assert facts.MAGIC not in found
    assert len(found & set(facts.MAGIC_LOOKALIKES)) >= 2
    assert found - set(facts.MAGIC_LOOKALIKES)


@pytest.mark.parametrize(
    ("rule", "field", "nearest"), [("APR-H002", "version_major", 1), ("APR-H003", "version_minor", 1)]
)
def test_versions_shrink_to_the_nearest_wrong_one(rule: str, field: str, nearest: int) -> None:
    assert getattr(lenient(smallest_of(rule)).header, field) == nearest
    found = {getattr(lenient(raw).header, field) for raw in broken(rule, 80)}
    assert len(found) > 5


def test_every_idle_flag_is_set_and_more_than_one() -> None:
    bits = [int(lenient(raw).header.flags) & 0xF for raw in broken("APR-H010", 60)]
    assert {1, 2, 4, 8} <= {bit for bits_ in bits for bit in (1, 2, 4, 8) if bits_ & bit} | {0}
    assert 0 not in bits
    assert any(bits_.bit_count() > 1 for bits_ in bits)


def test_reserved_bytes_are_wrong_at_any_place() -> None:
    found = [lenient(raw).header.reserved for raw in broken("APR-H007", 60)]
    assert all(map(any, found))
    assert len({reserved.rindex(reserved.rstrip(b"\0")[-1:]) for reserved in found}) > 4


def test_a_checksum_shrinks_to_one_bit_that_is_off() -> None:
    header = lenient(smallest_of("APR-H006")).header
    assert (header.checksum ^ facts_checksum(smallest_of("APR-H006"))).bit_count() == 1


def facts_checksum(raw: bytes) -> int:
    from aprfmt.layout import header_crc32

    return header_crc32(raw[:64])


def test_files_without_a_header_are_of_any_size() -> None:
    sizes = {len(raw) for raw in broken("APR-H008", 60)}
    assert min(sizes) == 0
    assert max(sizes) < 64
    assert len(sizes) > 10


def test_both_announcements_are_contradicted_both_ways() -> None:
    found = set()
    for raw in broken("APR-H012", 150):
        file = lenient(raw)
        for bit, key in ((0x0200, "tokenizer.vocabulary"), (0x0010, "sharding")):
            found.add((key, bool(file.header.flags & bit), file.metadata.get(key) is not None))
    assert {(key, said, not said) for key in ("tokenizer.vocabulary", "sharding") for said in (True, False)} <= found
