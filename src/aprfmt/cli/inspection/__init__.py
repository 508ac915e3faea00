"""What `inspect` found out about a file, as text for people and as JSON: one module each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..exits import FINDINGS, FORMAT, OK

if TYPE_CHECKING:
    from ...ops.inspect import Inspection
    from ...ops.quality import Quality

__all__ = ["Seen", "flags", "json_type", "version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A file that was looked at, and what was asked for: that there is a footer (`checked`), a digest, a score."""

    file: str
    inspection: Inspection
    checked: bool
    digested: bool
    payload_digest: str | None
    quality: Quality | None

    @property
    def exit_code(self) -> int:
        """What the program ends with when this is the only file."""
        if not self.inspection.valid:
            return FORMAT
        return FINDINGS if self.checked and not self.inspection.footer_present else OK


def flags(seen: Inspection) -> dict[str, Any]:
    """Every flag by name; undefined bits as a number under `reserved`."""
    from ...layout import flags_tree

    return flags_tree(seen.header.flags)


def version(seen: Inspection) -> str:
    """`2.0`: major and minor version of the format."""
    return f"{seen.header.version_major}.{seen.header.version_minor}"


def json_type(value: Any) -> str:
    """What JSON calls the type of a value that came from it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
