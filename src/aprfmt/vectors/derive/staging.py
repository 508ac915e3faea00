"""How to make a file in which a field has some value and the rest goes with it.

Where there is no such way, or none that is worth it, the value is put into the field alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...layout import ALIGNMENT, DType, align_up, dtype_facts, facts, tensor_nbytes
from ...layout.model import Statement
from ..words import integer_of, wide
from .bench import Bench, Reading, Recipe, edit_path

__all__ = ["staged", "with_entries"]

_MOST = 1 << 17
"""Bytes that a field may ask for and still be given."""


def with_entries(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What replaces the tensors of a base: index entries, and data that goes with them, in the order of the index."""
    pieces: list[dict[str, Any]] = []
    at = 0
    for entry in entries:
        start = entry.get("ofs_tensor", align_up(at, ALIGNMENT))
        nbytes = entry.get("len_tensor", -1)
        if nbytes < 0:
            nbytes = tensor_nbytes(_code(entry["dtype"]), [integer_of(dim, "dims") for dim in entry["dims"]])[0]
        pieces += [{"zeros": start - at}, {"counting": nbytes}]
        at = start + nbytes
        if entry is entries[-1]:
            pieces.append({"zeros": start + align_up(nbytes, ALIGNMENT) - at})
    return {
        "tensor_index": {"entries": list(entries)},
        "tensor_data": {"join": [piece for piece in pieces if 0 not in piece.values()]},
    }


def _code(dtype: int | str) -> int:
    return DType[dtype.upper()] if isinstance(dtype, str) else dtype


def staged(bench: Bench, statement: Statement, base: str, value: int, reading: Reading) -> Iterator[Recipe]:
    """Recipes that make a field of a base hold a value, the ones that fit it into its file first."""
    entry = reading.number
    maker = _MAKERS.get(statement.path)
    if maker is not None:
        yield from maker(bench, base, value, reading)
    yield Recipe(base, edits=({"set": edit_path(statement, entry), "to": wide(value)},), entry=entry)


Maker = Callable[[Bench, str, int, Reading], Iterator[Recipe]]


def _filled(section: str, start: Callable[[Reading], int]) -> Maker:
    """A place that is reached by filler in front of it."""

    def make(bench: Bench, base: str, value: int, reading: Reading) -> Iterator[Recipe]:
        del bench
        size = value - start(reading)
        if 0 <= size < _MOST:
            filler: dict[str, Any] = {"zeros": size}
            inner, _, name = section.rpartition(".")
            yield Recipe(base, {inner: {name: filler}} if inner else {name: filler})

    return make


def _metadata_end(reading: Reading) -> int:
    return int(reading.this.ofs_metadata + reading.this.len_metadata)


def _entries_end(reading: Reading) -> int:
    entries = reading.root.tensor_index.entries
    return int(reading.this.ofs_tensor_index + sum(map(facts.nbytes_tensor_index_entry, entries)))


def _metadata_of(bench: Bench, base: str, value: int, reading: Reading) -> Iterator[Recipe]:
    """Metadata of some size: blanks behind the object make it longer, and the least object is of two braces."""
    del reading
    text = str(bench.bases[base]["metadata"]["text"])
    shortest = text if len(text) <= value else "{}"[:value]
    if value < _MOST:
        yield Recipe(base, {"metadata": {"text": shortest + " " * (value - len(shortest))}})


def _name_of(bench: Bench, base: str, value: int, reading: Reading) -> Iterator[Recipe]:
    """The first tensor with a name of some size, which stays in front of the others."""
    entries = bench.entries(base)
    if reading.number == 0 and value < _MOST:
        entries[0]["name"] = {"repeat": [{"text": "a"}, value]}
        yield Recipe(base, {"tensor_index": {"entries": entries}})


def _dims_of(bench: Bench, base: str, value: int, reading: Reading) -> Iterator[Recipe]:
    """A tensor of the same elements with so many dimensions; of one element when it has none."""
    entries = bench.entries(base)
    entry = entries[reading.number]
    entry["dims"] = [*entry["dims"], *[1] * value][:value]
    yield Recipe(base, with_entries(entries), entry=reading.number)


def _moved_to(bench: Bench, base: str, value: int, reading: Reading) -> Iterator[Recipe]:
    """The last tensor with its bytes at another place."""
    entries = bench.entries(base)
    if reading.number + 1 == len(entries) and value < _MOST:
        ends = [entry.ofs_tensor + entry.len_tensor for entry in reading.root.tensor_index.entries[:-1]]
        if value >= max(ends, default=0):
            entries[-1]["ofs_tensor"] = value
            yield Recipe(base, with_entries(entries), entry=reading.number)


def _elements_for(bench: Bench, base: str, value: int, reading: Reading) -> Iterator[Recipe]:
    """A size with as many elements as it takes, of a type that can have any size."""
    del bench
    known = dtype_facts(reading.this.dtype)
    if known is not None and known.block_elems == known.block_bytes and value >= known.scale_bytes:
        at = f"tensor_index.entries[{reading.number}]"
        edits = (
            {"set": f"{at}.dims", "to": [wide((value - known.scale_bytes) // known.block_bytes)]},
            {"set": f"{at}.len_tensor", "to": wide(value)},
        )
        yield Recipe(base, edits=edits, entry=reading.number)


_MAKERS: Mapping[str, Maker] = {
    "header.ofs_metadata": _filled("header_padding", lambda _: facts.HEADER_SIZE),
    "header.len_metadata": _metadata_of,
    "header.ofs_tensor_index": _filled("metadata_padding", _metadata_end),
    "header.ofs_data": _filled("tensor_index.padding", _entries_end),
    "tensor_index_entry.len_name": _name_of,
    "tensor_index_entry.ndim": _dims_of,
    "tensor_index_entry.ofs_tensor": _moved_to,
    "tensor_index_entry.len_tensor": _elements_for,
}
"""Ways to make a field of a file hold a value, by its path in the specification."""
