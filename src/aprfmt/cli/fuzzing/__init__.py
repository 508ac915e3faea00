"""What a run of `aprfmt fuzz` came to, for people and programs: one module a format.

A report is a function from a run to pieces of text; printing them is the business of `render`. What targets say and
what files hold is escaped here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import render

if TYPE_CHECKING:
    from ...fuzz import Finding

__all__ = ["FORMATS", "annotated", "finding_json"]

FORMATS = ("text", "json", "markdown", "sarif")
_LARGEST_NBYTES = 1 << 16
"""Of larger files the bytes are not shown."""
_SECONDS = 5.0
"""What showing one may take."""


def annotated(raw: bytes, name: str) -> str:
    """The bytes of a file with the field that each belongs to; nothing of a large one, and where that fails."""
    from ...container import Container
    from ...fuzz.watch import OverrunError, watched
    from ...ops.dump import Dump
    from ...vectors.image import Image
    from ..hexdump import pieces

    if len(raw) > _LARGEST_NBYTES:
        return ""
    try:
        with watched(_SECONDS):
            dump = Dump(Container(Image.of(raw), lenient=True))
            return "".join(pieces(dump, file=name, tree=False, diffable=False, is_part=False))
    except (Exception, OverrunError) as error:  # the finding may be a fault of this package: no reason to lose it
        return f"the file cannot be shown: {render.escape(type(error).__name__)}\n"


def finding_json(finding: Finding) -> dict[str, Any]:
    """The finding as one JSON object, with its annotated bytes."""
    return {**finding.as_json(), "annotated": annotated(finding.raw, f"{finding.id}.apr")}
