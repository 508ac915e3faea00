"""Rules about the tensor index that one field alone cannot say."""

from __future__ import annotations

from collections.abc import Iterator

from ..container import Container
from ..layout import dtype_facts
from . import Finding, Severity, rule

__all__: list[str] = []


@rule("APR-I005", name="name-not-utf8", needs=("APR-I001",))
def name_not_utf8(container: Container) -> Iterator[Finding]:
    """The name of a tensor is not UTF-8. Readers that replace what they cannot decode may take two names for one."""
    for tensor in container.tensors:
        try:
            tensor.name_bytes.decode("utf-8")
        except UnicodeDecodeError as error:
            field, (start, _) = tensor.field("name")
            yield Finding(
                "APR-I005",
                Severity.ERROR,
                "the name is not UTF-8",
                field,
                (start + error.start, start + error.end),
                "UTF-8",
                ascii(tensor.name_bytes[error.start : error.end]),
                tensor.name,
            )


@rule("APR-I008", name="dtype-id-legacy", needs=("APR-I001",))
def dtype_id_legacy(container: Container) -> Iterator[Finding]:
    """The element type stands under an id that writers gave up: another family of readers takes it for another type.

    Rewriting the file with a current writer gives the id that is expected.
    """
    for tensor in container.tensors:
        known = dtype_facts(tensor.entry.dtype)
        if known is not None and known.canonical_code != known.code:
            field, span = tensor.field("dtype")
            yield Finding(
                "APR-I008",
                Severity.WARNING,
                "the id of the element type is one that writers gave up",
                field,
                span,
                f"{known.canonical_code} for {known.id}",
                str(known.code),
                tensor.name,
            )
