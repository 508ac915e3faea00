"""Laws: bytes and trees are two forms of the same file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.laws import GOLDEN, golden, opened

from aprfmt import NewTensor, build, create_bytes, parse
from aprfmt.errors import FormatError
from aprfmt.layout import tensor_nbytes
from aprfmt.rules import run
from aprfmt.testing import containers, damaged, dtypes, expand, metadata_json, shapes, tensor_names, tensors, trees

FILES = containers() | containers(canonical=False)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_files_come_back(name: str) -> None:
    """Building what was parsed MUST give the file of the reference, byte for byte."""
    assert build(parse(golden(name))) == golden(name)


@given(FILES)
def test_files_come_back(raw: bytes) -> None:
    """Building what was parsed MUST give the same bytes."""
    assert build(parse(raw)) == raw


@given(damaged(FILES))
def test_damaged_files_come_back_or_are_refused(raw: bytes) -> None:
    """A damaged file MUST come back byte for byte too, or be refused with a FormatError."""
    try:
        tree = parse(raw)
    except FormatError:
        return
    assert build(tree) == raw


def within(given_tree: Any, parsed: Any) -> None:
    """What the tree gives stands in the parsed one; the rest is derived."""
    if isinstance(given_tree, dict):
        for key, value in given_tree.items():
            within(value, parsed[key])
    elif isinstance(given_tree, list):
        assert len(given_tree) == len(parsed)
        for one, other in zip(given_tree, parsed, strict=True):
            within(one, other)
    else:
        assert given_tree == parsed


@given(trees() | trees(canonical=False))
def test_trees_come_back(tree: dict[str, Any]) -> None:
    """Parsing what was built MUST give every value of the tree, and building that again the same bytes."""
    parsed = parse(build(tree))
    within(tree, parsed)
    assert parse(build(parsed)) == parsed


@given(trees())
def test_a_canonical_tree_needs_no_derivable_value(tree: dict[str, Any]) -> None:
    """Without counts, sizes, places and checksums a canonical tree MUST build to the same file."""
    whole = parse(build(tree))
    bare = {
        "header": {"flags": whole["header"]["flags"]},
        "metadata": whole["metadata"],
        "tensor_index": {
            "entries": [
                {key: entry[key] for key in ("name", "dtype", "dims")} for entry in whole["tensor_index"]["entries"]
            ]
        },
        "tensor_data": whole["tensor_data"],
    }
    assert build(bare) == build(tree)


ABOUT_VALUES = {
    *("APR-P001", "APR-P002", "APR-P003", "APR-M008", "APR-M009", "APR-I010", "APR-I011"),
    *("APR-H009", "APR-H010", "APR-H012"),
}
"""Rules about names, types, flags and metadata, which are those of the caller; none of them is an error."""


@given(tensors(), metadata_json())
def test_the_writer_and_the_builder_agree(given_tensors: list[NewTensor], raw: bytes) -> None:
    """`create_bytes` MUST write a file in canonical form, with the tensors and the metadata that it was given."""
    written = create_bytes(given_tensors, raw)
    container = opened(written)
    assert {finding.rule for finding in run(container, profile="canonical").findings} <= ABOUT_VALUES
    assert container.metadata.raw == raw
    assert {name: (tensor.dtype, tensor.shape, bytes(tensor.data)) for name, tensor in container.items()} == {
        tensor.name: (tensor.dtype, tensor.shape, tensor.data) for tensor in given_tensors
    }


@given(containers())
def test_canonical_files_have_no_finding(raw: bytes) -> None:
    """What the strategies call canonical MUST be so by every rule about layout, and be what the writer writes."""
    container = opened(raw)
    assert {finding.rule for finding in run(container, profile="canonical").findings} <= ABOUT_VALUES
    again = create_bytes(
        [NewTensor(tensor.name, tensor.dtype, tensor.shape, tensor.data) for tensor in container.tensors],
        container.metadata.raw,
        flags=container.header.flags,
    )
    assert again == raw


@given(containers(canonical=False))
def test_odd_files_have_no_error(raw: bytes) -> None:
    """What the strategies call valid MUST have no finding of severity error."""
    assert run(opened(raw)).errors == ()


@given(containers(footer=False) | containers(canonical=False, footer=False))
def test_files_without_footer_have_none(raw: bytes) -> None:
    """`footer=False` MUST leave the footer out, and a footer MUST be there otherwise."""
    assert opened(raw).footer is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 100), st.integers(0, 100))
def test_expanded_bytes_are_a_stream(seed: int, first: int, second: int) -> None:
    """A shorter expansion MUST be the start of a longer one, and 0 MUST be zeros."""
    assert expand(seed, first + second).startswith(expand(seed, first))
    assert not any(expand(0, first))


@given(tensor_names(), dtypes(legacy=True), shapes())
def test_names_and_shapes_fit_the_format(name: str, dtype: int, shape: tuple[int, ...]) -> None:
    """Names MUST have 1 to 256 bytes, shapes at most 8 dimensions and a size."""
    assert 1 <= len(name.encode()) <= 256
    assert len(shape) <= 8
    assert tensor_nbytes(dtype, shape)[0] >= 0
