"""Rules about the bytes of the tensors that need only the index: sizes, overlap, truncation."""

from __future__ import annotations

from collections.abc import Iterator

from ..container import Container
from ..layout import tensor_nbytes
from ..tensors import Tensor
from . import Finding, Severity, findings_of, rule

__all__: list[str] = []


def _count(nbytes: int) -> str:
    """A size for a message: Python refuses to print the product of 255 large dimensions."""
    return str(nbytes) if nbytes >> 64 == 0 else f"at least 2^{nbytes.bit_length() - 1}"


@rule("APR-D002", name="tensor-size-wrong", needs=("APR-I001", "APR-I002"))
def size_wrong(container: Container) -> Iterator[Finding]:
    """The size of a tensor is not what its element type and shape take.

    A reader that trusts the shape reads bytes of another tensor, one that trusts the size misses elements.
    """
    for tensor in container.tensors:
        allowed = tensor_nbytes(tensor.entry.dtype, tensor.shape)
        if tensor.nbytes not in allowed:
            field, span = tensor.field("len_tensor")
            yield Finding(
                "APR-D002",
                Severity.ERROR,
                f"the size does not fit {tensor.dtype} {list(tensor.shape)}",
                field,
                span,
                f"{' or '.join(map(_count, allowed))} bytes",
                f"{tensor.nbytes} bytes",
                tensor.name,
            )


@rule("APR-D003", name="tensors-overlap", needs=("APR-I001", "APR-D001"))
def overlap(container: Container) -> Iterator[Finding]:
    """Two tensors that are not empty share bytes: one of the two extents is wrong."""
    placed = sorted((tensor for tensor in container.tensors if tensor.nbytes), key=lambda tensor: tensor.data_offset)
    furthest: Tensor | None = None
    for tensor in placed:
        if furthest is not None and tensor.file_span[0] < furthest.file_span[1]:
            field, _ = tensor.field("ofs_tensor")
            yield Finding(
                "APR-D003",
                Severity.ERROR,
                f"the data overlaps that of {furthest.name!a}",
                field,
                tensor.file_span,
                f"an offset of at least {furthest.data_offset + furthest.nbytes}",
                str(tensor.data_offset),
                tensor.name,
            )
        if furthest is None or tensor.file_span[1] > furthest.file_span[1]:
            furthest = tensor


@rule("APR-D004", name="data-truncated", needs=("APR-I001", "APR-D001"))
def truncated(container: Container) -> Iterator[Finding]:
    """The file ends before its data section does, if only by filler: something was cut off."""
    yield from findings_of(lambda: container.footer, "APR-D004")
