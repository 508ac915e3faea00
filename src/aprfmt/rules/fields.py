"""The statements of the specification about single fields: `valid`, `contents` and `-warn` of the ksy."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

from ..container import Container
from ..errors import TruncatedError
from ..layout import Violation, facts
from . import Finding, Severity, rule

__all__: list[str] = []

_HEADER_IDS = tuple(
    dict.fromkeys(item.rule for item in facts.FIELD_RULES if item.field.partition(".")[0] in ("header", "flags"))
)
_ENTRY_IDS = tuple(
    dict.fromkeys(item.rule for item in facts.FIELD_RULES if item.field.startswith("tensor_index_entry."))
)


def _finding(violation: Violation, path: str, span: tuple[int, int], tensor: str | None = None) -> Finding:
    return Finding(
        violation.rule,
        Severity(violation.severity),
        f"{path.rpartition('.')[2].replace('_', ' ')} is not what the format says",
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


@rule("APR-I001", name="tensor-index-too-small")
def index_too_small(container: Container) -> Iterator[Finding]:
    """The header counts more tensors than the index section holds."""
    try:
        _ = container.tensors
    except TruncatedError as error:
        yield Finding(
            "APR-I001",
            Severity.ERROR,
            error.message,
            error.field or "tensor_index",
            error.span or (0, 0),
            error.expected or "",
            error.found or "",
        )


@rule(*_ENTRY_IDS, name="index-entry-field", needs=("APR-I001",))
def entry_fields(container: Container) -> Iterator[Finding]:
    """A field of an index entry is outside what the format allows."""
    parent = SimpleNamespace(entries=[tensor.entry for tensor in container.tensors])
    for tensor in container.tensors:
        violations = facts.check_tensor_index_entry(
            tensor.entry, root=container.root, parent=parent, index=tensor.index
        )
        for violation in violations:
            spans = facts.spans_tensor_index_entry(tensor.entry, tensor.entry_span[0])
            path = f"tensor_index.entries[{tensor.index}].{violation.field}"
            yield _finding(violation, path, spans[violation.field], ascii(tensor.name))
