"""Laws: however tensors come to the streaming writer, the file holds them; one that is refused leaves no trace."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.laws import opened, values

from aprfmt import DType, Flags, NewTensor, RequestError, Writer, create_bytes
from aprfmt.layout import tensor_nbytes
from aprfmt.ops.entries import metadata_bytes
from aprfmt.rules import run
from aprfmt.testing import containers, metadata_json, tensors

FLAGS = st.sampled_from((Flags(0), Flags.QUANTIZED, Flags.HAS_VOCAB | Flags.SHARDED))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def written(
    folder: Path,
    given_tensors: list[NewTensor],
    metadata: bytes = b"{}",
    flags: Flags = Flags.LAYOUT_ROW_MAJOR,
    *,
    draw: Any = None,
) -> bytes:
    """The file that the streaming writer makes; with `draw`, each tensor comes in a form of its own."""
    path = folder / "streamed.apr"
    with Writer(path, metadata, flags=flags, force=True) as writer:
        for item in given_tensors:
            data = item.data if draw is None else draw(forms(bytes(item.data)))
            assert writer.add(item.name, item.dtype, item.shape, data) == len(item.data)
    assert [found.name for found in folder.iterdir()] == [path.name]
    return path.read_bytes()


def forms(data: bytes) -> st.SearchStrategy[Any]:
    """The same bytes as a buffer, a file, and pieces cut anywhere."""
    cuts = st.lists(st.integers(0, len(data)), max_size=4).map(sorted)
    return st.one_of(
        st.just(memoryview(data)),
        st.builds(io.BytesIO, st.just(data)),
        cuts.map(lambda at: [data[start:stop] for start, stop in zip([0, *at], [*at, len(data)], strict=True)]),
    )


@given(tensors(), metadata_json(), FLAGS)
def test_in_the_order_of_the_names_both_writers_make_the_same_file(
    folder: Path, given_tensors: list[NewTensor], metadata: bytes, flags: Flags
) -> None:
    """Tensors that are added in the order of their names as bytes MUST make the file that `create_bytes` makes."""
    in_order = sorted(given_tensors, key=lambda item: item.name.encode())
    assert written(folder, in_order, metadata, flags) == create_bytes(given_tensors, metadata, flags=flags)


@given(tensors(), metadata_json(), st.data())
def test_the_order_and_the_form_of_the_data_say_nothing_about_the_content(
    folder: Path, given_tensors: list[NewTensor], metadata: bytes, data: st.DataObject
) -> None:
    """Any order of the same tensors, in any form, MUST give the same names, shapes, bytes, metadata and digest.

    The data MUST lie in the order in which it came, on the grid, and nothing but that order may be found fault with.
    """
    order = data.draw(st.permutations(given_tensors))
    raw = written(folder, order, metadata, draw=data.draw)
    assert len(raw) == len(create_bytes(given_tensors, metadata))
    container, usual = opened(raw), opened(create_bytes(given_tensors, metadata))
    assert container.payload_digest() == usual.payload_digest()
    assert container.metadata.raw == metadata
    assert {item.name: (item.dtype, item.shape, bytes(item.data)) for item in container.tensors} == {
        item.name: (item.dtype, item.shape, bytes(item.data)) for item in usual.tensors
    }
    in_file = [container[item.name].data_offset for item in order]
    assert in_file == sorted(in_file)
    expected = {finding.rule for finding in run(usual, read_data=True).findings}
    assert {finding.rule for finding in run(container, read_data=True).findings} - {"APR-D008"} == expected


@given(tensors(min_tensors=1), st.data())
def test_a_refused_tensor_leaves_no_trace(folder: Path, given_tensors: list[NewTensor], data: st.DataObject) -> None:
    """A writer that refuses tensors in between MUST make the file that it makes of the others alone."""
    path = folder / "streamed.apr"
    with Writer(path, b"{}", force=True) as writer:
        for item in given_tensors:
            for _ in range(data.draw(st.integers(0, 2))):
                wrong = bytes(item.data) + data.draw(st.binary(min_size=1, max_size=100))
                if len(wrong) in tensor_nbytes(item.dtype, item.shape):
                    continue
                with pytest.raises(RequestError):
                    writer.add(item.name, item.dtype, item.shape, data.draw(forms(wrong)))
            writer.add(item.name, item.dtype, item.shape, data.draw(forms(bytes(item.data))))
            with pytest.raises(RequestError, match="more than once"):
                writer.add(item.name, DType.U8, (0,), b"")
    assert path.read_bytes() == written(folder, given_tensors)


@given(containers(canonical=False))
def test_any_file_can_be_streamed_unless_a_new_one_would_be_refused(folder: Path, raw: bytes) -> None:
    """What is read of any valid file MUST come out of the writer as it went in, unless creating it is refused too."""
    container = opened(raw)
    new = [NewTensor(item.name, item.dtype, item.shape, item.data) for item in container.tensors]
    made = None
    with suppress(RequestError):
        made = create_bytes(new, container.metadata.raw)
    if made is None:
        with pytest.raises(RequestError):
            written(folder, new, container.metadata.raw)
        assert [found for found in folder.iterdir() if found.suffix == ".tmp"] == []
    else:
        assert written(folder, new, container.metadata.raw) == made
        assert values(made) == values(raw)


INTEGERS = st.sampled_from([0, 2**63, 2**64, 10**300]).flatmap(
    lambda near: st.integers(near - 2, near + 1) | st.integers(-near - 2, -near + 1)
)
NESTED = st.recursive(
    INTEGERS | st.booleans() | st.integers().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def integers(value: Any) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from integers(item)


@given(st.dictionaries(st.text(max_size=3), NESTED, max_size=3))
def test_integers_are_written_as_they_are_or_refused(given_values: dict[str, Any]) -> None:
    """A mapping MUST be read back with every integer it had, and be refused when one of them is beyond 64 bits."""
    if all(-(2**63) <= number < 2**64 for number in integers(given_values)):
        back = json.loads(metadata_bytes(given_values))
        assert {key: back[key] for key in given_values} == given_values
    else:
        with pytest.raises(RequestError, match=r"(?s)^metadata\..*: expected an integer of 64 bits, found "):
            metadata_bytes(given_values)
