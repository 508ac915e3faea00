"""Rules about the filler around sections."""

from __future__ import annotations

from collections.abc import Iterator

from ..layout import facts
from . import Case, Fault, rule
from .case import Span

__all__: list[str] = []


def _not_zero(case: Case, rule_id: str, path: str, span: Span) -> Iterator[Fault]:
    """The fault when a stretch of filler holds something: its span ends with the last byte that is not zero."""
    start, stop = span
    end = case.filler_residue(start, stop)
    if end > start:
        yield Fault(rule_id, path, (start, end), "zero bytes", f"other bytes, the last one @{end - 1:#x}")


@rule("APR-S004")
def filler_not_zero(case: Case) -> Iterator[Fault]:
    """The filler around the metadata is not zero."""
    for path, span in case.filler("APR-S004"):
        yield from _not_zero(case, "APR-S004", path, span)


@rule("APR-S006")
def filler_excess(case: Case) -> Iterator[Fault]:
    """A stretch of filler outside the data section is as long as the grid, or longer."""
    for path, (start, stop) in (*case.filler("APR-S004"), _index_filler(case)):
        if stop - start >= facts.ALIGNMENT:
            yield Fault("APR-S006", path, (start, stop), f"less than {facts.ALIGNMENT} bytes", f"{stop - start} bytes")


@rule("APR-I009")
def index_filler_not_zero(case: Case) -> Iterator[Fault]:
    """Bytes that are not zero follow the entries of the index, and are no entries."""
    yield from _not_zero(case, "APR-I009", *_index_filler(case))


def _index_filler(case: Case) -> tuple[str, Span]:
    """What follows the entries of the index, those that the header does not count included, with its path."""
    return "tensor_index.padding", (case.uncounted[1], case.container.header.ofs_data)
