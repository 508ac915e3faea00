"""How many bytes a tensor takes, by its element type and shape: the geometry that the specification gives each type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...layout import DType, facts, tensor_nbytes
from ...layout.model import BlockFacts
from .bench import Bench, Recipe
from .claims import Claim, Mark, Try
from .staging import with_entries
from .tensors import n_whole

__all__ = ["size_claims", "size_keys"]

_RULE = "APR-D002"


def _key(name: str) -> str:
    return f"the size of {name}"


def size_keys() -> list[str]:
    """What has to be shown on both sides: the size of a tensor of each element type."""
    return [_key(DType(code).name.lower()) for code in facts.DTYPE_FACTS]


def size_claims(bench: Bench) -> Iterator[Claim]:
    """The right size of a tensor, one byte more and less; a block more and less, and blocks that are not full."""
    del bench
    for code, known in facts.DTYPE_FACTS.items():
        yield from _beside(code)
        if known.canonical_code != code:
            continue
        if known.scale_bytes or known.block_elems > 1:
            yield _sized(code, [], 0, "scalar", "one element")
            yield from _without_elements(code, known)
        if known.block_elems > 1:
            yield from _blocks(code, known)


def _sized(code: int, shape: Sequence[int], more: int, label: str, words: str) -> Claim:
    """A tensor of some shape, with so many bytes more than a writer gives it."""
    name = DType(code).name.lower()
    right = tensor_nbytes(code, shape)
    nbytes = right[0] + more
    is_right = nbytes in right
    distance = min(abs(nbytes - size) for size in right)
    entry = {"name": {"text": "a"}, "dtype": name, "dims": list(shape), "len_tensor": nbytes}
    mark = Mark(_key(name), is_right, distance, _RULE, "len_tensor")
    about = f"A tensor of {name} with {words} has {nbytes} bytes{'' if is_right else ', which does not fit'}."
    recipe = Recipe("one", with_entries([entry]))
    broken = () if is_right else (_RULE,)
    return Claim.of(_RULE, Try(f"tensor_index_entry.len_tensor.{name}.{label}", about, recipe, broken, (mark,), nbytes))


def _beside(code: int) -> Iterator[Claim]:
    """Whole blocks, and one byte less and more than they have."""
    for more, label in ((0, "right"), (-1, "minus-1"), (1, "plus-1")):
        yield _sized(code, [n_whole(code)], more, label, f"{n_whole(code)} elements")


def _without_elements(code: int, known: BlockFacts) -> Iterator[Claim]:
    """No elements take no bytes, or a scale alone; never a block."""
    yield _sized(code, [0], 0, "no-elements", "no elements")
    if known.scale_bytes:
        yield _sized(code, [0], known.scale_bytes, "no-elements-scale", "no elements")
        yield _sized(code, [0], known.scale_bytes - 1, "no-elements-part-of-scale", "no elements")
        yield _sized(code, [n_whole(code)], -known.scale_bytes, "without-scale", f"{n_whole(code)} elements")
    else:
        yield _sized(code, [0], known.block_bytes, "no-elements-block", "no elements")


def _blocks(code: int, known: BlockFacts) -> Iterator[Claim]:
    """Elements that do not fill their blocks, in one row and in two."""
    block, nbytes = known.block_elems, known.block_bytes
    yield _sized(code, [block + 1], 0, "partial-block", f"{block + 1} elements")
    yield _sized(code, [block + 1], -nbytes, "partial-block-missing", f"{block + 1} elements")
    yield _sized(code, [block + 1], nbytes, "block-too-many", f"{block + 1} elements")
    shape = [2, block + 1]
    words = f"2 rows of {block + 1} elements"
    for more, label in ((0, "rows"), (nbytes, "rows-padded"), (2 * nbytes, "rows-padded-too-far")):
        yield _sized(code, shape, more, label, words)
