"""What the reader of apr-format 0.72.3 refuses, decided as it decides it, where the general rule is stricter.

It looks only whether the metadata and the start of an index with entries lie in the file, reads entries up to the end
of the file wherever the data begins, and compares names after replacing what is not UTF-8 in them.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..layout import facts
from ..layout.model import show
from . import Case, Fault, faults_of, rule

__all__: list[str] = []


@rule("APR-S001", profile="reader")
def metadata_outside(case: Case) -> Iterator[Fault]:
    """The metadata ends behind the file."""
    container = case.container
    header, size = container.header, container.source.size
    if header.ofs_metadata + header.len_metadata > size:
        span = container.header_spans["ofs_metadata"]
        end = header.ofs_metadata + header.len_metadata
        yield Fault("APR-S001", "header.ofs_metadata", span, f"an end at {size} or before", str(end))


@rule("APR-S002", profile="reader")
def index_outside(case: Case) -> Iterator[Fault]:
    """The index begins behind the file; where one without entries begins, nobody looks."""
    container = case.container
    if container.header.num_tensors and container.header.ofs_tensor_index > container.source.size:
        span = container.header_spans["ofs_tensor_index"]
        found = str(container.header.ofs_tensor_index)
        yield Fault("APR-S002", "header.ofs_tensor_index", span, f"at most {container.source.size}", found)


@rule("APR-I001", profile="reader")
def index_too_small(case: Case) -> Iterator[Fault]:
    """The file ends before as many entries as the header counts."""
    yield from faults_of(lambda: case.container.tensors_to_end, "APR-I001")


@rule("APR-I002", profile="reader")
def dtype_unknown(case: Case) -> Iterator[Fault]:
    """The id of an element type is none that the reader knows."""
    for tensor in case.container.tensors_to_end:
        if tensor.entry.dtype not in facts.DTYPE_CODES:
            field, span = tensor.field("dtype")
            found = str(tensor.entry.dtype)
            yield Fault("APR-I002", field, span, "an id of the enum dtype", found, tensor=tensor.name)


@rule("APR-I003", profile="reader")
def names_unsorted(case: Case) -> Iterator[Fault]:
    """A name, with what is not UTF-8 replaced, does not follow the one before it."""
    before: bytes | None = None
    for tensor in case.container.tensors_to_end:
        name = tensor.name_bytes.decode("utf-8", "replace").encode()
        if before is not None and name <= before:
            field, span = tensor.field("name")
            expected = "a name behind the previous one in the order of bytes"
            yield Fault("APR-I003", field, span, expected, show(name), tensor=tensor.name)
        before = name
