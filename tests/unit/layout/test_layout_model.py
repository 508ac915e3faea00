"""The arithmetic of blocks, alignment, and values in messages."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt.layout import DType, facts, tensor_nbytes
from aprfmt.layout.model import BlockFacts, Statement, Violation, align_up, between, block_nbytes, inside, show

SHAPES: list[tuple[int, ...]] = [
    (),
    (0,),
    (1,),
    (33,),
    (256,),
    (257,),
    (2, 256),
    (2, 300),
    (3, 100),
    (0, 5),
    (2, 2, 300),
]
SIZES: dict[DType, list[tuple[int, ...]]] = {
    DType.F32: [(4,), (0,), (4,), (132,), (1024,), (1028,), (2048,), (2400,), (1200,), (0,), (4800,)],
    DType.F16: [(2,), (0,), (2,), (66,), (512,), (514,), (1024,), (1200,), (600,), (0,), (2400,)],
    DType.BF16: [(2,), (0,), (2,), (66,), (512,), (514,), (1024,), (1200,), (600,), (0,), (2400,)],
    DType.F64: [(8,), (0,), (8,), (264,), (2048,), (2056,), (4096,), (4800,), (2400,), (0,), (9600,)],
    DType.I32: [(4,), (0,), (4,), (132,), (1024,), (1028,), (2048,), (2400,), (1200,), (0,), (4800,)],
    DType.I64: [(8,), (0,), (8,), (264,), (2048,), (2056,), (4096,), (4800,), (2400,), (0,), (9600,)],
    DType.I8: [(1,), (0,), (1,), (33,), (256,), (257,), (512,), (600,), (300,), (0,), (1200,)],
    DType.U8: [(1,), (0,), (1,), (33,), (256,), (257,), (512,), (600,), (300,), (0,), (1200,)],
    # 144 bytes for 256 elements; a matrix may also have whole blocks in each row
    DType.Q4_K: [(144,), (0,), (144,), (144,), (144,), (288,), (288,), (432, 576), (288, 432), (0,), (720,)],
    DType.Q6_K: [(210,), (0,), (210,), (210,), (210,), (420,), (420,), (630, 840), (420, 630), (0,), (1050,)],
    # 18 bytes for 32 elements
    DType.APR_Q4: [(18,), (0,), (18,), (36,), (144,), (162,), (288,), (342,), (180,), (0,), (684,)],
    DType.APR_Q4_LEGACY: [(18,), (0,), (18,), (36,), (144,), (162,), (288,), (342,), (180,), (0,), (684,)],
    # a scale of 4 bytes, which may stand alone, and a byte an element
    DType.APR_Q8: [(5,), (0, 4), (5,), (37,), (260,), (261,), (516,), (604,), (304,), (0, 4), (1204,)],
    DType.APR_Q8_LEGACY: [(5,), (0, 4), (5,), (37,), (260,), (261,), (516,), (604,), (304,), (0, 4), (1204,)],
}


def test_the_table_has_every_element_type() -> None:
    assert set(SIZES) == set(DType)
    assert {len(row) for row in SIZES.values()} == {len(SHAPES)}


@pytest.mark.parametrize("dtype", DType)
def test_sizes_in_bytes(dtype: DType) -> None:
    assert [tensor_nbytes(dtype, shape) for shape in SHAPES] == SIZES[dtype]
    assert [block_nbytes(dtype.facts, list(shape)) for shape in SHAPES] == SIZES[dtype]


def test_the_size_of_an_unknown_element_type_is_nobodys() -> None:
    with pytest.raises(KeyError):
        tensor_nbytes(2, (1,))


@given(st.sampled_from(list(DType)), st.lists(st.integers(0, 2**64 - 1), max_size=8))
def test_sizes_are_whole_blocks_that_hold_every_element(dtype: DType, shape: list[int]) -> None:
    """Every size is a whole number of blocks plus the scale, enough for the elements; flat is the smallest."""
    known = facts.DTYPE_FACTS[dtype]
    sizes = block_nbytes(known, shape)
    assert sizes == tuple(sorted(set(sizes)))
    for size in sizes:
        blocks, rest = divmod(max(size - known.scale_bytes, 0), known.block_bytes)
        assert rest == 0
        assert blocks * known.block_elems >= prod(shape)
    if prod(shape):
        assert (sizes[0] - known.scale_bytes) // known.block_bytes == -(-prod(shape) // known.block_elems)


@given(st.integers(0, 2**70), st.integers(1, 2**20))
def test_aligned_up(value: int, grid: int) -> None:
    """The result is on the grid, not below the value, and less than a step above it."""
    aligned = align_up(value, grid)
    assert aligned % grid == 0
    assert 0 <= aligned - value < grid


@pytest.mark.parametrize(("value", "aligned"), [(0, 0), (1, 64), (63, 64), (64, 64), (65, 128)])
def test_aligned_up_to_64(value: int, aligned: int) -> None:
    assert align_up(value, 64) == aligned


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"),
        (True, "True"),
        (b"APR\0", r"b'APR\x00'"),
        (b"\xff\n", r"b'\xff\n'"),
        (b"a" * 64, f"b'{'a' * 64}'"),
        (b"a" * 65, f"b'{'a' * 64}'… (65 bytes)"),
        ((1, 2), "(1, 2)"),
    ],
)
def test_values_in_messages(value: object, text: str) -> None:
    assert show(value) == text


def test_violations_of_a_nested_record_have_the_whole_path() -> None:
    inner = Violation("R-1", "bit", "0", "1")
    assert list(inside("flags", iter([inner]))) == [Violation("R-1", "flags.bit", "0", "1")]
    assert list(inside("flags", iter([]))) == []


def test_facts_are_frozen() -> None:
    known: BlockFacts = DType.F32.facts
    with pytest.raises(AttributeError):
        known.block_bytes = 5  # type: ignore[misc] # this is what is under test


def test_what_is_said_of_a_section_or_related_to_others_is_not_checked_field_by_field() -> None:
    said = {(bool(item.owner), item.kind): item.is_checked for item in facts.STATEMENTS}
    assert said[True, "zero"]
    assert said[True, "max"]
    assert not said[False, "zero"]
    assert not said[True, "checksum"]
    assert not any(checked for (of_a_field, _), checked in said.items() if not of_a_field)


def test_a_statement_is_about_a_field_of_a_type_or_a_section() -> None:
    assert Statement("APR-H001", "header", "magic", "contents", 32).path == "header.magic"
    assert Statement("APR-F003", "", "footer", "present", None).path == "footer"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(0, 0, "0 to 0"), (1, 9, "1 to 9"), (9, 1, "at least 9 and at most 1, which no value is")],
)
def test_ranges_in_messages(low: int, high: int, text: str) -> None:
    assert between(low, high) == text
