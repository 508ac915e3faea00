"""Rules about the end of the file."""

from __future__ import annotations

from collections.abc import Iterator

from ..container import Container
from . import Case, Fault, faults_of, rule
from .flipped import flipped_in_file

__all__ = ["footer_mismatch"]


@rule("APR-F001")
def footer_truncated(case: Case) -> Iterator[Fault]:
    """The file ends inside its footer, so the last bytes were cut off."""
    yield from faults_of(lambda: case.container.footer, "APR-F001")


@rule("APR-F003")
def footer_absent(case: Case) -> Iterator[Fault]:
    """The file ends with its data section, so damage to its data cannot be told."""
    container = case.container
    if container.sections["footer"] is None:
        size = container.source.size
        yield Fault("APR-F003", "footer", (size, size), "a checksum of the whole file", "the end of the file")


@rule("APR-F004")
def trailing_bytes(case: Case) -> Iterator[Fault]:
    """Bytes follow the footer."""
    span = case.container.sections["trailing"]
    if span is not None:
        yield Fault("APR-F004", "trailing", span, "the end of the file", f"{span[1] - span[0]} bytes")


@rule("APR-F002")
def footer_wrong(case: Case) -> Iterator[Fault]:
    """The footer holds another checksum than the bytes before it have."""
    footer, found = case.container.footer, case.data.crc32
    if footer is not None and found is not None:
        yield from footer_mismatch(case.container, found, footer.checksum)


def footer_mismatch(container: Container, found: int, stored: int) -> Iterator[Fault]:
    """The fault when `stored`, which stands in the footer, is not the checksum `found` of all bytes before it."""
    if found != stored:
        yield Fault(
            "APR-F002",
            "footer.checksum",
            container.sections["footer"] or (0, 0),
            f"{found:#010x} for these bytes",
            f"{stored:#010x}",
            "the footer does not match the file, which was damaged after it was written"
            + flipped_in_file(container, found, stored),
        )
