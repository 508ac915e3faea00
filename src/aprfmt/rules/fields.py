"""The statements of the specification about single fields: `valid`, `contents` and `-warn` of the ksy."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

from ..container import Container
from ..layout import Violation, facts
from ..layout.model import FieldRule
from . import Finding, Severity, findings_of, rule

__all__: list[str] = []

_HEADER_IDS = tuple(
    dict.fromkeys(item.rule for item in facts.FIELD_RULES if item.field.partition(".")[0] in ("header", "flags"))
)
_ENTRY_IDS = tuple(
    dict.fromkeys(item.rule for item in facts.FIELD_RULES if item.field.startswith("tensor_index_entry."))
)


def _finding(
    violation: Violation, path: str, span: tuple[int, int], tensor: str | None = None, more: str = ""
) -> Finding:
    return Finding(
        violation.rule,
        Severity(violation.severity),
        facts.RULES[violation.rule] + more,
        path,
        span,
        violation.expected,
        violation.found,
        tensor,
    )


@rule(*_HEADER_IDS, name="header-field")
def header_fields(container: Container) -> Iterator[Finding]:
    """A field of the header is outside what the format allows."""
    for violation in facts.check_header(container.header, root=container.root):
        span = container.header_spans[violation.field.partition(".")[0]]
        yield _finding(violation, f"header.{violation.field}", span)


def _filler(container: Container, item: FieldRule, start: int, stop: int) -> Iterator[Finding]:
    """The finding when a stretch of filler holds something: its span ends with the last byte that is not zero."""
    end = container.filler_residue(start, stop)
    if end > start:
        yield Finding(
            item.rule,
            Severity(item.severity),
            "filler is not zero",
            item.field,
            (start, end),
            "zero bytes",
            "other bytes",
        )


@rule("APR-S004", name="filler-not-zero")
def filler_not_zero(container: Container) -> Iterator[Finding]:
    """The filler around the metadata is not zero: a size is wrong, or somebody hides bytes where no reader looks.

    A stamp rewrites this filler as zeros and says so.
    """
    for item in facts.FIELD_RULES:
        if item.rule == "APR-S004":
            span = getattr(facts, f"locate_{item.field}")(container.root)
            yield from _filler(container, item, *span)


@rule("APR-I001", name="tensor-index-too-small")
def index_too_small(container: Container) -> Iterator[Finding]:
    """The header counts more tensors than the index section holds."""
    yield from findings_of(lambda: container.tensors, "APR-I001")


@rule("APR-I009", name="index-filler-not-zero", needs=("APR-I001",))
def index_filler_not_zero(container: Container) -> Iterator[Finding]:
    """Bytes that are not zero follow the entries of the index: entries that the header does not count, or damage.

    A stamp keeps them.
    """
    for item in facts.FIELD_RULES:
        if item.rule == "APR-I009":
            yield from _filler(container, item, container.entries_span[1], container.header.ofs_data)


@rule(*_ENTRY_IDS, name="index-entry-field", needs=("APR-I001",))
def entry_fields(container: Container) -> Iterator[Finding]:
    """A field of an index entry is outside what the format allows."""
    parent = SimpleNamespace(entries=[tensor.entry for tensor in container.tensors])
    for tensor in container.tensors:
        violations = facts.check_tensor_index_entry(
            tensor.entry, root=container.root, parent=parent, index=tensor.index
        )
        for violation in violations:
            path, span = tensor.field(violation.field)
            more = _missing(container) if violation.rule == "APR-D001" else ""
            yield _finding(violation, path, span, tensor.name, more)


def _missing(container: Container) -> str:
    """What an extent outside the file most likely means: the file was cut."""
    return f", which has {container.source.size} of the {container.required_len} bytes that its index needs"
