"""What became of many files, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import render
from ..exits import FINDINGS, OK

__all__ = ["STATUSES", "Summary"]

STATUSES: Mapping[str, str] = {
    "stamped": "stamped",
    "unchanged": "unchanged",
    "failed": "failed",
    "skipped": "skipped (done before)",
}
"""What can become of a file, and how the last line says it."""
_ALWAYS = ("stamped", "unchanged", "failed")


@dataclass(slots=True)
class Summary:
    """How many files became what; `total` is how many there are, those that nobody got to included."""

    total: int
    dry_run: bool = False
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))

    def add(self, status: str) -> None:
        """One more file of a status, where `would_stamp` counts as stamped; raises `KeyError` for what is none."""
        self.counts["stamped" if status == "would_stamp" else status] += 1

    @property
    def left(self) -> int:
        """Files that nobody got to."""
        return self.total - sum(self.counts.values())

    @property
    def exit_code(self) -> int:
        """1 when a file failed, 0 otherwise; a signal has a code of its own."""
        return FINDINGS if self.counts["failed"] else OK

    def text(self) -> str:
        """The last line: `50 files: 48 stamped, 1 unchanged, 1 failed`."""
        words = {**STATUSES, "left": "not reached", **({"stamped": "would be stamped"} if self.dry_run else {})}
        numbers = {**self.counts, "left": self.left}
        said = [f"{number} {words[status]}" for status, number in numbers.items() if number or status in _ALWAYS]
        return f"{render.count(self.total, 'file')}: {', '.join(said)}"

    def as_json(self) -> dict[str, int]:
        """The same as an object; every key is always there."""
        return {"files": self.total, **self.counts, "left": self.left}
