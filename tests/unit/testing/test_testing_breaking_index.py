"""What broken indexes reach, and the nearest fault that they shrink to."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.testing.drawing_kit import SEARCH, broken, lenient, many, report_of, rules_of, smallest, smallest_of

from aprfmt.layout import DType, Flags, facts, tensor_nbytes
from aprfmt.source import open_stream
from aprfmt.testing import containers
from aprfmt.testing.breaking import way_of
from aprfmt.testing.drafts import Body, Draft


def test_an_index_is_too_small_for_its_count_for_a_name_and_for_dimensions() -> None:
    kinds = set()
    for raw in broken("APR-I001", 80):
        [finding] = report_of(raw).findings
        header = lenient(raw).header
        section = header.ofs_data - header.ofs_tensor_index
        if finding.field == "header.num_tensors":
            kinds.add("count")
            continue
        with open_stream(lenient(raw).source, header.ofs_tensor_index, header.ofs_data) as stream:
            kinds.add("name" if int.from_bytes(stream.read(2), "little") > section else "later")
    assert kinds == {"count", "name", "later"}


def test_a_count_shrinks_to_one_entry_too_many() -> None:
    raw = smallest_of("APR-I001")
    [finding] = report_of(raw).findings
    assert (finding.expected, finding.found) == ("at most 3 entries in 64 bytes", "4 entries")


def test_unknown_types_are_those_that_the_enum_does_not_have() -> None:
    found = {t.entry.dtype for raw in broken("APR-I002", 150) for t in lenient(raw).tensors}
    unknown = found - facts.DTYPE_CODES
    assert len(unknown) > 30
    first = smallest_of("APR-I002")
    assert lenient(first).tensors[0].entry.dtype == 2


def test_names_are_out_of_order_or_equal() -> None:
    kinds = set()
    for raw in broken("APR-I003", 60):
        names = [tensor.name_bytes for tensor in lenient(raw).tensors]
        kinds.add("equal" if len(set(names)) < len(names) else "swapped")
        assert names != sorted(names) or len(set(names)) < len(names)
    assert kinds == {"equal", "swapped"}
    assert [t.name for t in lenient(smallest_of("APR-I003")).tensors] == ["a", "a"]


def test_names_that_are_not_utf8_stay_in_order() -> None:
    for raw in many(containers(breaking="APR-I005", min_tensors=3), 40):
        names = [tensor.name_bytes for tensor in lenient(raw).tensors]
        assert names == sorted(set(names))
    assert lenient(smallest_of("APR-I005")).tensors[0].name_bytes == b"\xff"


def test_lengths_of_names_are_on_both_sides() -> None:
    found = {len(t.name_bytes) for raw in broken("APR-I006", 80) for t in lenient(raw).tensors}
    assert 0 in found
    assert max(found) > 10_000
    long = smallest(containers(breaking="APR-I006"), lambda raw: all(t.name_bytes for t in lenient(raw).tensors))
    assert len(lenient(long).tensors[0].name_bytes) == 257


def test_dimensions_shrink_to_one_too_many_and_reach_all_that_there_may_be() -> None:
    assert lenient(smallest_of("APR-I007")).tensors[0].ndim == 9
    found = {t.ndim for raw in broken("APR-I007", 80) for t in lenient(raw).tensors}
    assert max(found) > 100


def test_every_old_id_and_every_ambiguous_one_is_reached() -> None:
    legacy = {t.entry.dtype for raw in broken("APR-I008", 60) for t in lenient(raw).tensors}
    assert {8, 9} <= legacy
    ambiguous = {t.entry.dtype for raw in broken("APR-I010", 60) for t in lenient(raw).tensors}
    assert {3, 6, 7} <= ambiguous


def test_control_characters_are_of_many_kinds() -> None:
    names = {t.name for raw in broken("APR-I011", 80) for t in lenient(raw).tensors}
    assert len({character for name in names for character in name if unicodedata.category(character) == "Cc"}) >= 6


def test_uncounted_entries_shrink_to_one() -> None:
    [finding] = report_of(smallest_of("APR-I012")).findings
    assert (finding.expected, finding.found) == ("1", "0")
    found = [report_of(raw).findings[0] for raw in many(containers(breaking="APR-I012", min_tensors=1), 40)]
    assert {int(item.expected) - int(item.found) for item in found} == {1, 2, 3}


def test_some_counts_are_right_in_16_bits() -> None:
    """A reader that keeps the lower half of the count MUST meet files that look sound to it."""
    found = [lenient(raw).header for raw in many(containers(breaking="APR-I001", max_tensors=1), 60)]
    assert any(header.num_tensors > 1 << 16 and header.num_tensors & 0xFFFF == 1 for header in found)


@settings(SEARCH, max_examples=20)
@given(st.data())
def test_a_tensor_of_filled_rows_keeps_a_size_that_fits_when_it_gets_more_dimensions(data: st.DataObject) -> None:
    """Rows are filled in two dimensions alone: with more of them the size MUST be that of the plain blocks."""
    sizes = tensor_nbytes(DType.Q4_K, (3, 40))
    assert len(sizes) == 2
    origin = b'{"license":"MIT","data_source":"web","data_license":"MIT"}'
    draft = Draft(origin, [b"a"], [Body(DType.Q4_K, (3, 40), bytes(sizes[1]))], Flags(0), True)
    assert rules_of(data.draw(st.composite(lambda draw: way_of("APR-I007").make(draw, draft))())) == {"APR-I007"}
