"""Receipts: what a stamp did and did not change, in digests, for somebody who has neither file at hand.

Rules of this folder:
1. A receipt says what its stamp saw. What nobody here knows is null, never made up.
2. Receipts are not signed here. Whoever signs one signs its bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...errors import RequestError
from ..stamp import Stamp
from .checking import Checked, Verification, verify
from .evidence import evidence
from .making import Context, own_receipt, statement
from .reading import MOST_BYTES, Receipt, read_receipt

__all__ = [
    "MOST_BYTES",
    "SHAPES",
    "Checked",
    "Context",
    "Receipt",
    "Verification",
    "read_receipt",
    "receipt",
    "receipt_bytes",
    "verify",
]

_MAKERS = {"aprfmt": own_receipt, "in-toto": statement, "evidence": evidence}
SHAPES = tuple(_MAKERS)
"""The shapes of a receipt; the first one says most."""
_INDENTED_BYTES = 1024 * 1024


def receipt(stamp: Stamp, context: Context, shape: str = SHAPES[0]) -> dict[str, Any]:
    """The receipt of a stamp that was made with a proof, as a JSON object in one of the `SHAPES`.

    Raises `RequestError` for a shape that does not exist, `ValueError` for a stamp without a proof.
    """
    if shape not in _MAKERS:
        raise RequestError(f"expected a receipt of the shape {', '.join(SHAPES)}, found {shape!a}")
    return _MAKERS[shape](stamp, context)


def receipt_bytes(document: Mapping[str, Any]) -> bytes:
    """The text of a receipt, in ASCII: indented, and a long one on one line."""
    compact = json.dumps(document)
    text = compact if len(compact) > _INDENTED_BYTES else json.dumps(document, indent=2)
    return f"{text}\n".encode("ascii")
