"""Rules about the bytes of the tensors: sizes, overlap, truncation, and what belongs to no tensor."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import quoted
from ..layout import ALIGNMENT, dtype_facts, tensor_nbytes
from ..tensors import Tensor
from . import Case, Fault, faults_of, rule

__all__: list[str] = []

_LONGEST_NAME = 100
"""Characters of the name of another tensor that a message shows: a thousand findings may name the same one."""


def _count(nbytes: int) -> str:
    """A size for a message: Python refuses to print the product of 255 large dimensions."""
    return str(nbytes) if nbytes >> 64 == 0 else f"at least 2^{nbytes.bit_length() - 1}"


@rule("APR-D002")
def size_wrong(case: Case) -> Iterator[Fault]:
    """The size of a tensor is not what its element type and shape take; a type that is unknown takes anything."""
    for tensor in case.container.tensors:
        if dtype_facts(tensor.entry.dtype) is None:
            continue
        allowed = tensor_nbytes(tensor.entry.dtype, tensor.shape)
        if tensor.nbytes not in allowed:
            field, span = tensor.field("len_tensor")
            yield Fault(
                "APR-D002",
                field,
                span,
                f"{' or '.join(map(_count, allowed))} bytes",
                f"{tensor.nbytes} bytes",
                f"the size does not fit {tensor.dtype} {list(tensor.shape)}",
                tensor.name,
            )


@rule("APR-D003")
def overlap(case: Case) -> Iterator[Fault]:
    """Two tensors that are not empty share bytes. Those outside the file are left to another rule."""
    furthest: Tensor | None = None
    for tensor in case.tensors_inside:
        if furthest is not None and tensor.file_span[0] < furthest.file_span[1]:
            field, span = tensor.field("ofs_tensor")
            yield Fault(
                "APR-D003",
                field,
                span,
                f"an offset of at least {furthest.data_offset + furthest.nbytes}",
                str(tensor.data_offset),
                f"the data overlaps that of {quoted(furthest.name, _LONGEST_NAME)}",
                tensor.name,
            )
        if furthest is None or tensor.file_span[1] > furthest.file_span[1]:
            furthest = tensor


@rule("APR-D004")
def truncated(case: Case) -> Iterator[Fault]:
    """The file ends before its data section does, if only by filler: something was cut off."""
    yield from faults_of(lambda: case.container.footer, "APR-D004")


@rule("APR-D006")
def filler_not_zero(case: Case) -> Iterator[Fault]:
    """Bytes of the data section that belong to no tensor are not zero."""
    for span in case.data.residues:
        yield Fault("APR-D006", "tensor_data", span, "zero bytes", f"other bytes, the last one @{span[1] - 1:#x}")


@rule("APR-D007")
def gap(case: Case) -> Iterator[Fault]:
    """As many bytes as the grid takes, or more, belong to no tensor."""
    for start, stop in case.unclaimed:
        if stop - start >= ALIGNMENT:
            yield Fault("APR-D007", "tensor_data", (start, stop), "a tensor", f"{stop - start} bytes of none")


@rule("APR-D008")
def out_of_order(case: Case) -> Iterator[Fault]:
    """The data of a tensor begins before that of its predecessor in the index; an empty one before that one ends.

    Two tensors with data that share bytes are left to the rule about overlap.
    """
    start = end = 0
    for tensor in case.container.tensors:
        least = start if tensor.nbytes else end
        if tensor.data_offset < least:
            field, span = tensor.field("ofs_tensor")
            expected = f"an offset of at least {end}"
            yield Fault("APR-D008", field, span, expected, str(tensor.data_offset), tensor=tensor.name)
        start = tensor.data_offset
        end = start + tensor.nbytes
