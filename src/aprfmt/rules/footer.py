"""Rules about the end of the file."""

from __future__ import annotations

from collections.abc import Iterator

from ..container import Container
from . import Finding, Severity, findings_of, rule

__all__ = ["footer_mismatch"]


@rule("APR-F001", name="footer-truncated", needs=("APR-I001", "APR-D001", "APR-D004"))
def footer_truncated(container: Container) -> Iterator[Finding]:
    """The file ends inside its footer, so the last bytes were cut off."""
    yield from findings_of(lambda: container.footer, "APR-F001")


@rule("APR-F004", name="trailing-bytes", needs=("APR-I001", "APR-D001", "APR-D004", "APR-F001"))
def trailing_bytes(container: Container) -> Iterator[Finding]:
    """Bytes follow the footer. They belong to nothing, and a rewrite loses them."""
    span = container.sections["trailing"]
    if span is not None:
        yield Finding(
            "APR-F004",
            Severity.WARNING,
            "bytes follow the footer",
            "trailing",
            span,
            "the end of the file",
            f"{span[1] - span[0]} bytes",
        )


@rule("APR-F003", name="footer-absent", needs=("APR-I001", "APR-D001", "APR-D004"))
def footer_absent(container: Container) -> Iterator[Finding]:
    """The file has no footer, so damage to its data cannot be told. Stamping gives it one."""
    if container.sections["footer"] is None:
        yield Finding(
            "APR-F003",
            Severity.INFO,
            "the file has no footer",
            "footer",
            (container.source.size, container.source.size),
            "a checksum of the whole file",
            "the end of the file",
        )


def footer_mismatch(container: Container, found: int, stored: int) -> Finding | None:
    """The finding when the footer holds another checksum than the file has, which costs a pass over every byte.

    The file was damaged after it was written. Fetch it again: nothing in it tells which byte is wrong.
    """
    if found == stored:
        return None
    return Finding(
        "APR-F002",
        Severity.ERROR,
        "the footer does not match the file, which was damaged after it was written",
        "footer.checksum",
        container.sections["footer"] or (0, 0),
        f"{found:#010x} for these bytes",
        f"{stored:#010x}",
    )
