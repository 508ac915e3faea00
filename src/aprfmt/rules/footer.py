"""Rules about the end of the file."""

from __future__ import annotations

from collections.abc import Iterator

from .. import layout
from ..checksum import flip_syndrome
from ..container import Container
from ..layout import facts
from ..source import range_crc32
from ..tensors import Tensor
from . import Case, Fault, faults_of, rule

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


@rule("APR-F005")
def footer_hidden(case: Case) -> Iterator[Fault]:
    """The file seems to have no footer, and has one that matches when one bit of an offset is flipped back."""
    container = case.container
    for tensor, offset, bit in _hiding(container):
        start = container.source.size - layout.FOOTER_SIZE
        stored = layout.parse_footer(container.source.read(start, container.source.size)).checksum
        found = range_crc32(container.source, 0, start)
        field, span = tensor.field("ofs_tensor")
        byte = span[0] + bit // 8  # the least significant byte stands first
        if found ^ flip_syndrome(bit % 8, start - byte - 1) == stored:
            message = f"{facts.RULES['APR-F005'].defect}: bit {bit % 8} of byte {byte:#x}"
            yield Fault("APR-F005", field, span, str(offset), str(tensor.data_offset), message, tensor.name)


def _hiding(container: Container) -> Iterator[tuple[Tensor, int, int]]:
    """The tensor that ends the data section, when the last bytes of the file would be a footer with another offset.

    With it come that offset and the one bit that makes the difference. There is none in a sound file without a footer:
    its tensors lie on a grid that is coarser than the footer is long.
    """
    if container.sections["footer"] is not None or not container.tensors:
        return
    ends = sorted(
        (layout.align_up(item.nbytes, layout.ALIGNMENT) + item.data_offset, item.index) for item in container.tensors
    )
    last = container.tensors[ends[-1][1]]
    offset = last.data_offset - layout.FOOTER_SIZE
    change = offset ^ last.data_offset
    if offset >= 0 and change.bit_count() == 1 and (len(ends) == 1 or ends[-2][0] <= ends[-1][0] - layout.FOOTER_SIZE):
        yield last, offset, change.bit_length() - 1


def footer_mismatch(container: Container, found: int, stored: int) -> Iterator[Fault]:
    """The fault when `stored`, which stands in the footer, is not the checksum `found` of all bytes before it."""
    if found != stored:
        from .flipped import flipped_in_file

        yield Fault(
            "APR-F002",
            "footer.checksum",
            container.sections["footer"] or (0, 0),
            f"{found:#010x} for these bytes",
            f"{stored:#010x}",
            "the footer does not match the file, which was damaged after it was written"
            + flipped_in_file(container, found, stored),
        )
