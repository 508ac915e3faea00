"""Inspect: what the head of a container says, and whether it can be believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..checksum import crc32
from ..container import Container
from ..layout import Header, facts
from ..metadata import PROVENANCE_KEYS, Metadata
from ..rules import Finding, Severity, run
from ..rules.footer import footer_mismatch
from ..source import iter_chunks

__all__ = ["Inspection", "footer_crc32", "inspect"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Inspection:
    """The head of a container. `findings` are the faults; what cannot be read because of one is None.

    `sections` has the spans that the header and the index declare, without those that take an index which cannot be
    read. `footer_valid` is None when the footer was not checked or is absent. Sizes and offsets are in bytes.
    """

    header: Header
    checksum_valid: bool
    nbytes: int
    sections: Mapping[str, tuple[int, int] | None]
    metadata: Metadata | None
    provenance: Mapping[str, Any]
    footer: int | None
    footer_present: bool | None
    footer_valid: bool | None
    findings: tuple[Finding, ...]
    not_kept: Mapping[str, int]

    @property
    def valid(self) -> bool:
        """Whether no fault was found that every careful reader must raise."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


def footer_crc32(container: Container, progress: Progress | None = None) -> int:
    """CRC-32 of every byte before the footer: one pass over the file in constant memory."""
    stop = container.required_len
    value = done = 0
    for piece in iter_chunks(container.source, 0, stop):
        value = crc32(piece, value)
        done += len(piece)
        if progress is not None:
            progress(done, stop)
    return value


def _sections_before_data(container: Container) -> dict[str, tuple[int, int] | None]:
    names = facts.LAYOUT[: facts.LAYOUT.index("tensor_index") + 1]
    return {name: getattr(facts, f"locate_{name}")(container.root) for name in names}


def inspect(container: Container, *, check: bool = False, progress: Progress | None = None) -> Inspection:
    """Look at the head of a container; with `check`, hold the footer against every byte of the file."""
    report = run(container)
    findings = list(report.findings)
    broken = {finding.rule for finding in report.errors} | set(report.rules_skipped)
    index_readable = "APR-I001" not in broken
    metadata = None if broken & {"APR-M001", "APR-M002", "APR-M003", "APR-M004", "APR-M005"} else container.metadata
    footer = None
    footer_present: bool | None = None
    footer_valid: bool | None = None
    if index_readable and not broken & {"APR-D001", "APR-D004", "APR-F001"}:
        record = container.footer
        footer_present = record is not None
        if record is not None:
            footer = record.checksum
            if check:
                found = footer_crc32(container, progress)
                mismatch = footer_mismatch(container, found, footer)
                footer_valid = mismatch is None
                findings += [] if mismatch is None else [mismatch]
    return Inspection(
        header=container.header,
        checksum_valid=container.header_checksum_valid,
        nbytes=container.source.size,
        sections=container.sections if index_readable else _sections_before_data(container),
        metadata=metadata,
        provenance={key: None if metadata is None else metadata.get(key) for key in PROVENANCE_KEYS},
        footer=footer,
        footer_present=footer_present,
        footer_valid=footer_valid,
        findings=tuple(findings),
        not_kept=report.not_kept,
    )
