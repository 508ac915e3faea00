"""What broken data sections reach, and the nearest fault that they shrink to."""

from __future__ import annotations

import pytest
from tests.unit.testing.drawing_kit import broken, lenient, many, report_of, smallest_of

from aprfmt.layout import tensor_nbytes
from aprfmt.testing import containers


def test_tensors_are_outside_by_their_offset_by_their_size_and_around_the_corner() -> None:
    kinds = set()
    for raw in broken("APR-D001", 100):
        file = lenient(raw)
        room = len(raw) - file.header.ofs_data
        for tensor in file.tensors:
            end = tensor.data_offset + tensor.nbytes
            if tensor.data_offset > room:
                kinds.add("wraps" if end >> 64 or (tensor.data_offset + room) >> 64 else "offset")
            elif end > room:
                kinds.add("size")
                assert tensor.nbytes == tensor_nbytes(tensor.entry.dtype, tensor.shape)[0]
    assert kinds == {"offset", "size", "wraps"}


def test_an_offset_shrinks_to_the_next_place_on_the_grid_behind_the_file() -> None:
    raw = smallest_of("APR-D001")
    [tensor] = lenient(raw).tensors
    room = len(raw) - lenient(raw).header.ofs_data
    assert (tensor.data_offset % 64, tensor.data_offset // 64) == (0, room // 64 + 1)


def test_sizes_are_a_byte_off_or_any() -> None:
    apart = set()
    for raw in broken("APR-D002", 100):
        for tensor in lenient(raw).tensors:
            allowed = tensor_nbytes(tensor.entry.dtype, tensor.shape)
            if tensor.nbytes not in allowed:
                apart.add(min((tensor.nbytes - size for size in allowed), key=abs))
    assert {1, -1} <= apart
    assert len(apart) > 10
    [finding] = report_of(smallest_of("APR-D002")).findings
    assert (finding.expected, finding.found) == ("4 bytes", "5 bytes")


def test_an_overlap_shrinks_to_two_scalars_at_one_place() -> None:
    tensors = lenient(smallest_of("APR-D003")).tensors
    assert [(t.name, t.shape, t.data_offset, t.nbytes) for t in tensors] == [("a", (), 0, 4), ("b", (), 0, 4)]


@pytest.mark.parametrize(
    ("rule", "found"),
    [("APR-D004", "255 bytes"), ("APR-D005", "1"), ("APR-D007", "64 bytes of none"), ("APR-D008", "0")],
)
def test_others_shrink_to_the_nearest_fault(rule: str, found: str) -> None:
    assert report_of(smallest_of(rule)).findings[0].found == found


def test_what_is_cut_off_is_filler_and_may_be_all_of_it() -> None:
    missing = set()
    for raw in broken("APR-D004", 80):
        file = lenient(raw)
        assert all(tensor.file_span[1] <= len(raw) for tensor in file.tensors)
        missing.add(len(raw) - max(tensor.file_span[1] for tensor in file.tensors))
    assert 0 in missing
    assert max(missing) > 40


def test_filler_is_soiled_behind_any_tensor() -> None:
    spans = [report_of(raw).findings for raw in many(containers(breaking="APR-D006", min_tensors=2), 60)]
    assert {item.field for findings in spans for item in findings} == {"tensor_data"}
    assert len({item.span[0] for findings in spans for item in findings}) > 5


def test_data_comes_in_every_order_but_the_right_one() -> None:
    orders = set()
    for raw in many(containers(breaking="APR-D008", min_tensors=3, max_tensors=3), 80):
        tensors = lenient(raw).tensors
        orders.add(tuple(tensor.index for tensor in sorted(tensors, key=lambda tensor: tensor.data_offset)))
    assert len(orders) >= 4
    assert (0, 1, 2) not in orders


def test_some_offsets_and_sizes_are_right_in_32_bits() -> None:
    """A reader that keeps the lower half of a number MUST meet files whose tensors seem to be where they belong."""
    kinds = set()
    for raw in many(containers(breaking="APR-D001", min_tensors=1, max_tensors=1), 120):
        [tensor] = lenient(raw).tensors
        end = lenient(raw).header.ofs_data + (tensor.data_offset & 0xFFFF_FFFF) + (tensor.nbytes & 0xFFFF_FFFF)
        if end <= len(raw):
            kinds.add("offset" if tensor.data_offset >> 32 else "size")
    assert kinds == {"offset", "size"}


def test_shapes_overflow_and_are_cut_short_to_one_that_fits() -> None:
    """Counted in 32 or in 64 bits the elements MUST be as many as there are bytes for; they are not."""
    kinds = set()
    for raw in many(containers(breaking="APR-D002", min_tensors=1, max_tensors=1), 120):
        [tensor] = lenient(raw).tensors
        if tensor.n_elements >> 64:
            kinds.add("overflow")
            assert (tensor.n_elements % (1 << 64), tensor.nbytes) == (0, 0)
        elif tensor.n_elements >> 32:
            kinds.add("cut")
            n_elements = tensor.n_elements & 0xFFFF_FFFF
            assert tensor.nbytes in tensor_nbytes(tensor.entry.dtype, (n_elements,))
    assert kinds == {"overflow", "cut"}


def test_an_overlap_is_with_any_tensor_before() -> None:
    """A reader that compares neighbours alone MUST meet files in which two others share bytes."""
    apart = set()
    for raw in many(containers(breaking="APR-D003", min_tensors=3), 60):
        tensors = lenient(raw).tensors
        spans = [(tensor.data_offset, tensor.data_offset + tensor.nbytes) for tensor in tensors]
        apart |= {
            second - first
            for second in range(len(spans))
            for first in range(second)
            if spans[first][0] <= spans[second][0] < spans[first][1]
        }
    assert apart >= {1, 2}
