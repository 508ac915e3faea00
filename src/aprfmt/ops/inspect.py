"""Inspect: what the head of a container says, and whether it can be believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..container import Container
from ..layout import Header
from ..metadata import Metadata
from ..provenance import PROVENANCE_KEYS
from ..rules import Finding, Severity, run

__all__ = ["SAID_ANYWAY", "Inspection", "inspect"]

SAID_ANYWAY = ("APR-P001", "APR-P002", "APR-I010")
"""Rules about values that whoever looks at a file sees: provenance and element types."""

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


def inspect(container: Container, *, check: bool = False, progress: Progress | None = None) -> Inspection:
    """Look at the head of a container; with `check`, hold the footer against every byte of the file."""
    report = run(container, ignore=SAID_ANYWAY, read_data=check, progress=progress)
    found = {finding.rule for finding in report.findings}
    judged = set(report.rules_run) - found
    metadata = container.metadata if "APR-M004" in judged else None
    sound_end = "APR-F001" in judged
    footer = container.footer if sound_end else None
    return Inspection(
        header=container.header,
        checksum_valid=container.header_checksum_valid,
        nbytes=container.source.size,
        sections=container.sections if "APR-I001" in judged else container.head_sections,
        metadata=metadata,
        provenance={key: None if metadata is None else metadata.get(key) for key in PROVENANCE_KEYS},
        footer=None if footer is None else footer.checksum,
        footer_present=footer is not None if sound_end else None,
        footer_valid="APR-F002" not in found if "APR-F002" in report.rules_run else None,
        findings=report.findings,
        not_kept=report.not_kept,
    )
