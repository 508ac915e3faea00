"""What misplaced sections and soiled filler reach, and the nearest fault that they shrink to."""

from __future__ import annotations

import pytest
from tests.unit.testing.drawing_kit import broken, lenient, report_of, smallest, smallest_of

from aprfmt.testing import containers

PLACES = {"APR-S001": "ofs_metadata", "APR-S002": "ofs_tensor_index", "APR-S003": "ofs_data"}


@pytest.mark.parametrize("rule", PLACES)
def test_places_are_before_the_least_one_and_behind_the_file_on_the_grid_and_off_it(rule: str) -> None:
    found = [(getattr(lenient(raw).header, PLACES[rule]), len(raw)) for raw in broken(rule, 100)]
    assert {place > size for place, size in found} == {True, False}
    assert {place % 64 == 0 for place, _ in found} == {True, False}
    assert any(place >> 63 for place, _ in found)


@pytest.mark.parametrize("rule", PLACES)
def test_places_shrink_to_the_least_fault(rule: str) -> None:
    """Right before the first place that is right; on the grid, so that nothing else is to be said."""
    raw = smallest_of(rule)
    [finding] = report_of(raw).findings
    assert finding.rule == rule
    assert int(finding.found) in (0, 64)
    behind = smallest(containers(breaking=rule), lambda raw: getattr(lenient(raw).header, PLACES[rule]) > len(raw))
    assert getattr(lenient(behind).header, PLACES[rule]) - len(behind) <= 64


def test_for_the_reader_places_are_behind_the_file() -> None:
    for rule in ("APR-S001", "APR-S002"):
        for raw in broken(rule, 40, "reader"):
            assert getattr(lenient(raw).header, PLACES[rule]) > len(raw)


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("APR-S004", {"metadata_padding", "header_padding"}),
        ("APR-S005", {"header.ofs_metadata", "header.ofs_tensor_index", "header.ofs_data"}),
        ("APR-S006", {"header_padding", "metadata_padding", "tensor_index.padding"}),
        ("APR-I009", {"tensor_index.padding"}),
    ],
)
def test_every_place_for_filler_is_reached(rule: str, fields: set[str]) -> None:
    found = [report_of(raw).findings for raw in broken(rule, 60)]
    assert {item.field for findings in found for item in findings if item.rule == rule} == fields
    if rule in ("APR-S005", "APR-S006"):
        assert {sum(item.rule == rule for item in findings) for findings in found} == {1, 2, 3}


def test_filler_shrinks_to_one_byte_of_1_at_its_end() -> None:
    raw = smallest_of("APR-S004")
    start, stop = lenient(raw).sections["metadata_padding"] or (0, 0)
    assert raw[start:stop] == bytes(stop - start - 1) + b"\1"
    raw = smallest_of("APR-S006")
    assert lenient(raw).sections["header_padding"] == (64, 128)


@pytest.mark.parametrize("rule", PLACES)
def test_some_places_are_right_in_32_bits(rule: str) -> None:
    """A reader that keeps the lower half of a place MUST meet files that look sound to it."""
    headers = [lenient(raw).header for raw in broken(rule, 60)]
    found = [getattr(header, PLACES[rule]) for header in headers]
    assert any(place >> 32 and 64 <= place & 0xFFFF_FFFF <= 1024 for place in found)
