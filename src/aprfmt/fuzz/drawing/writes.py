"""Trees for writers, as the protocol has them: what a good writer must make a file of, and what it must refuse."""

from __future__ import annotations

from typing import Any

from ...jsontext import MAX_VALUE_NESTING
from ...layout import DType, Flags, tensor_nbytes
from ...vectors.words import wide
from .draws import Draws
from .objects import FLAGS

__all__ = ["new_tree"]

_EVIL = 8
"""One tree in so many asks for what a writer must refuse."""
_CURRENT = tuple(code for code in DType if code.facts.canonical_code == code)
_NAMES = ("a", "b", "weight", "w.0", "w.10", "w.9", "é", "模型", "\uffff", "😀", "n" * 256)
_DIMS = ((), (0,), (1,), (3,), (2, 2), (32,), (33,), (2, 0), (1, 2, 1), (256,), (1,) * 8)
_VALUES: tuple[Any, ...] = (
    *("", "MIT", 'a"\\\n', "模型", 0, 1, 1.0, 0.1, 1e16, 1e-5, 1e-6, (1 << 63) - 1, (1 << 64) - 1, -1, True, None, []),
    *({}, [1, [2.5, "x"]], {"b": None, "a": {"": 1}}, -(1 << 63), 123456789.125),
)
_TYPED: dict[str, tuple[Any, ...]] = {
    "model_type": ("", "llama"),
    "name": ("m", "模"),
    "license": ("MIT", None),
    "total_size": (0, 1, (1 << 64) - 1),
    "hidden_size": (1, (1 << 53) + 1),
    "rope_theta": (10000.0, 1e6, 0.1),
    "rms_norm_eps": (1e-6, 1e-5),
    "special_tokens": ({"bos_token": "<s>"}, {}),
    "quantization": ({"quant_type": "q4_k", "bits": 4, "symmetric": True},),
}
_MISNAMED = ("", "n" * 257)


def new_tree(draws: Draws) -> dict[str, Any]:
    """A tree to be written; one in eight is to be refused."""
    metadata: dict[str, Any] = {key: draws.pick(_TYPED[key]) for key in draws.some(tuple(_TYPED), 4)}
    # Known keys come first; of the others, writers may keep the order or sort them: both are right in that of bytes.
    metadata |= {key: draws.pick(_VALUES) for key in sorted(draws.some(("a", "b", "custom.key", "z"), 3))}
    names = draws.shuffled(draws.some(_NAMES, 4))
    tree = {
        "metadata": metadata,
        "flags": draws.some(_PLAIN, 2),
        "tensors": [_tensor(draws, name) for name in names],
    }
    if draws.chance(_EVIL):
        _spoil(draws, tree)
    return tree


_PLAIN = tuple(name for name in FLAGS if name not in ("layout_row_major", "layout_column_major"))


def _tensor(draws: Draws, name: str) -> dict[str, Any]:
    dtype, dims = draws.pick(_CURRENT), draws.pick(_DIMS)
    nbytes = tensor_nbytes(dtype, dims)[0]
    return {
        "name": name,
        "dtype": dtype.name.lower(),
        "dims": [wide(dim) for dim in dims],
        "data": bytes((draws.below(256),)).hex() * nbytes,
    }


def _nested(depth: int) -> list[Any]:
    """Lists in one another."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def _spoil(draws: Draws, tree: dict[str, Any]) -> None:
    """Ask for one thing that no writer may make."""
    kinds = ["flag", "type", "deep"] + (["name", "twice", "dims", "data"] if tree["tensors"] else [])
    kind = draws.pick(kinds)
    tensor = draws.pick(tree["tensors"]) if tree["tensors"] else {}
    if kind == "flag":
        tree["flags"] = [*tree["flags"], str(Flags.LAYOUT_COLUMN_MAJOR.name).lower()]
    elif kind == "type":
        tree["metadata"] |= draws.pick(({"hidden_size": 1.5}, {"license": 5}, {"total_size": None}, {"name": []}))
    elif kind == "deep":
        tree["metadata"]["a"] = _nested(MAX_VALUE_NESTING)
    elif kind == "name":
        tensor["name"] = draws.pick(_MISNAMED)
    elif kind == "twice":
        tree["tensors"] = [*tree["tensors"], dict(tensor)]
    elif kind == "dims":
        tensor["dims"] = [*tensor["dims"], *[1] * (9 - len(tensor["dims"]))]
    else:
        tensor["data"] += "00"
