"""Rules that relate the fields of the header."""

from __future__ import annotations

from collections.abc import Iterator

from .. import layout
from ..container import Container
from . import Finding, Severity, rule

__all__: list[str] = []


@rule("APR-H006", name="header-checksum-wrong")
def checksum_wrong(container: Container) -> Iterator[Finding]:
    """The checksum in the header is not that of the other header bytes: the header was damaged or edited.

    Compare the offsets with those of a good copy before trusting anything else in the file.
    """
    if not container.header_checksum_valid:
        yield Finding(
            "APR-H006",
            Severity.ERROR,
            "the header checksum does not match",
            "header.checksum",
            container.header_spans["checksum"],
            f"{layout.header_crc32(container.header_bytes):#010x}",
            f"{container.header.checksum:#010x}",
        )
