"""The tensors of two containers: which there are, what they are, where they lie, and their bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from ...layout import dtype_facts
from ...tensors import Tensor
from .model import Bytes, Category, Difference, Pair, Place, Side, place_of
from .payload import ByteComparer

__all__ = ["compare_data", "compare_entries", "compare_places", "is_moved", "pairs_of", "same_kind"]


def pairs_of(first: Side, second: Side, matches: Callable[[str], bool]) -> tuple[list[Pair], int]:
    """The tensors by name, in the order of the first file, then what only the second has; and how many do not match.

    Of tensors with one name the first goes with the first, the second with the second.
    """
    left: defaultdict[bytes, list[Tensor]] = defaultdict(list)
    for tensor in second.tensors:
        left[tensor.name_bytes].append(tensor)
    for same in left.values():
        same.reverse()
    pairs = []
    for tensor in first.tensors:
        same = left[tensor.name_bytes]
        pairs.append(Pair(tensor, same.pop() if same else None))
    pairs += [Pair(None, tensor) for same in left.values() for tensor in reversed(same)]
    chosen = [pair for pair in pairs if matches(pair.name)]
    return chosen, len(pairs) - len(chosen)


def same_kind(first: Tensor, second: Tensor) -> bool:
    """Whether both have the same element type, under whichever id."""
    ours, theirs = dtype_facts(first.entry.dtype), dtype_facts(second.entry.dtype)
    if ours is None or theirs is None:
        return first.entry.dtype == second.entry.dtype
    return ours.canonical_code == theirs.canonical_code


def is_moved(pair: Pair) -> bool:
    """Whether the tensor lies elsewhere in the data section."""
    return pair.first is not None and pair.second is not None and pair.first.data_offset != pair.second.data_offset


def compare_entries(pairs: Sequence[Pair]) -> Iterator[Difference]:
    """Tensors that one file lacks, element types, shapes, sizes."""
    for pair in pairs:
        ours, theirs = pair
        name = f"tensor.{pair.name}"
        if ours is None or theirs is None:
            values = (None if ours is None else _described(ours), None if theirs is None else _described(theirs))
            places = _entry_place(ours), _entry_place(theirs)
            yield Difference("tensor_index", name, Category.TENSOR, values, places, tensor=pair.name)
            continue
        if ours.entry.dtype != theirs.entry.dtype:
            same = same_kind(ours, theirs)
            category = Category.FORMAT if same else Category.QUANTIZATION
            values = (_type(ours), _type(theirs))
            yield _difference(f"{name}.dtype", "dtype", category, (ours, theirs), values)
        if ours.shape != theirs.shape:
            values = (str(list(ours.shape)), str(list(theirs.shape)))
            # Without dimensions there is nothing to point at but their number.
            field = "dims" if ours.shape and theirs.shape else "ndim"
            yield _difference(f"{name}.shape", field, Category.TENSOR, (ours, theirs), values)
        elif ours.nbytes != theirs.nbytes and same_kind(ours, theirs):
            values = (f"{ours.nbytes} bytes", f"{theirs.nbytes} bytes")
            yield _difference(f"{name}.nbytes", "len_tensor", Category.SIZE, (ours, theirs), values)


def compare_places(pairs: Sequence[Pair]) -> Iterator[Difference]:
    """Where the data lies, and in which order the entries come."""
    follows = any(
        pair.first is None or pair.second is None or pair.first.nbytes != pair.second.nbytes for pair in pairs
    )
    for pair in pairs:
        ours, theirs = pair
        if ours is not None and theirs is not None and is_moved(pair):
            values = (f"{ours.data_offset:#x}", f"{theirs.data_offset:#x}")
            field = f"tensor.{pair.name}.data_offset"
            yield _difference(field, "ofs_tensor", Category.FORMAT, (ours, theirs), values, follows=follows)
    common = [pair for pair in pairs if pair.first is not None and pair.second is not None]
    second = [pair.second.index for pair in common if pair.second is not None]
    if any(before > after for before, after in pairwise(second)):
        values = ("as in the first file", "in another order")
        places = _span_of([pair.first for pair in common]), _span_of([pair.second for pair in common])
        yield Difference("tensor_index", "tensor_index (order)", Category.FORMAT, values, places)


def compare_data(
    pairs: Iterable[Pair], first: Side, second: Side, comparer: ByteComparer
) -> Iterator[tuple[int, Bytes, Difference | None]]:
    """For each tensor how many bytes the larger one has, how those compare, and the difference when there is one.

    Bytes that lie outside of their file are no bytes of the tensor.
    """
    for pair in pairs:
        ours = (0, 0) if pair.first is None else first.data_of(pair.first)
        theirs = (0, 0) if pair.second is None else second.data_of(pair.second)
        larger = max(ours[1] - ours[0], theirs[1] - theirs[0])
        found = comparer.compare(ours, theirs)
        item = None
        if found.n_differing and pair.first is not None and pair.second is not None:
            name = f"tensor.{pair.name}.data"
            values = (f"{ours[1] - ours[0]} bytes", f"{theirs[1] - theirs[0]} bytes")
            places = place_of("tensor_data", ours, found), place_of("tensor_data", theirs, found)
            number = found.n_differing
            item = Difference("tensor_data", name, Category.TENSOR, values, places, tensor=pair.name, n_bytes=number)
        yield larger, found, item


def _described(tensor: Tensor) -> str:
    return f"{tensor.dtype_name} {list(tensor.shape)}, {tensor.nbytes} bytes"


def _type(tensor: Tensor) -> str:
    return f"{tensor.dtype_name} (id {tensor.entry.dtype})"


def _entry_place(tensor: Tensor | None) -> Place | None:
    return None if tensor is None else Place(f"tensor_index.entries[{tensor.index}]", tensor.entry_span)


def _difference(
    name: str,
    field: str,
    category: Category,
    tensors: tuple[Tensor, Tensor],
    values: tuple[str, str],
    *,
    follows: bool = False,
) -> Difference:
    places = Place(*tensors[0].field(field)), Place(*tensors[1].field(field))
    return Difference("tensor_index", name, category, values, places, tensor=tensors[0].name, follows=follows)


def _span_of(tensors: Sequence[Tensor | None]) -> Place:
    spans = [tensor.entry_span for tensor in tensors if tensor is not None]
    return Place("tensor_index", (min(span[0] for span in spans), max(span[1] for span in spans)))
