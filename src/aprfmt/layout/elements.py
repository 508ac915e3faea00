"""The elements of a tensor as numbers, for element types that store each element on its own."""

from __future__ import annotations

import re
from struct import iter_unpack

from ._generated import facts

__all__ = ["decode_elements"]

_PLAIN = re.compile(r"(bf|f|i|u)[0-9]+")
_CODES = {
    "f": {2: "e", 4: "f", 8: "d"},
    "i": {1: "b", 2: "h", 4: "i", 8: "q"},
    "u": {1: "B", 2: "H", 4: "I", 8: "Q"},
}
"""How `struct` calls floating-point numbers and integers of so many bytes."""
_WHOLE_OF_HALF = 4, b"\0\0"
"""A bf16 is the upper half of a binary32 of so many bytes; the lower half is zero."""


def decode_elements(code: int, raw: bytes) -> tuple[int | float, ...] | None:
    """The whole elements in the bytes of a tensor of this type; None when the type has none that stand alone.

    The kind and the width are those that the type is called after.
    """
    known = facts.DTYPE_FACTS.get(code)
    plain = None if known is None or known.quantized else _PLAIN.fullmatch(known.id)
    if known is None or plain is None or known.block_elems != 1 or known.scale_bytes:
        return None
    kind, nbytes = plain[1], known.block_bytes
    raw = raw[: len(raw) // nbytes * nbytes]
    if kind == "bf":
        kind, (nbytes, lower) = "f", _WHOLE_OF_HALF
        half = nbytes - len(lower)
        raw = b"".join(lower + raw[at : at + half] for at in range(0, len(raw), half))
    return tuple(value for (value,) in iter_unpack(f"<{_CODES[kind][nbytes]}", raw))
