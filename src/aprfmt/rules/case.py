"""What the checks of one run share: the container, the pass over its data, the bytes that nothing explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from .. import layout
from ..checksum import crc32
from ..container import Container
from ..errors import FormatError
from ..layout import facts
from ..source import Progress, iter_chunks, open_stream, used_nbytes
from ..tensors import Tensor

__all__ = ["Case", "Pass", "Span", "unclaimed"]

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass over the file saw: the CRC-32 of everything before the footer, None when that was not read, and
    each stretch of unclaimed data that is not zero, up to its last byte that is not."""

    crc32: int | None
    residues: tuple[Span, ...]


class Case:
    """A container that is judged. With `reads_all` the pass over the data covers every byte before the footer."""

    def __init__(self, container: Container, *, reads_all: bool, progress: Progress | None) -> None:
        self.container = container
        self._reads_all = reads_all
        self._progress = progress

    @cached_property
    def tensors_inside(self) -> tuple[Tensor, ...]:
        """The tensors with data, of which every byte is in the file, in the order of their data."""
        size = self.container.source.size
        inside = (item for item in self.container.tensors if item.nbytes and item.file_span[1] <= size)
        return tuple(sorted(inside, key=lambda tensor: tensor.data_offset))

    @cached_property
    def unclaimed(self) -> tuple[Span, ...]:
        """The stretches of the data section that belong to no tensor, filler and gaps alike."""
        container = self.container
        spans = [tensor.file_span for tensor in self.tensors_inside]
        return tuple(unclaimed(spans, container.header.ofs_data, container.required_len))

    @cached_property
    def uncounted(self) -> tuple[int, int]:
        """How many entries of the tensor index follow those that the header counts, and the byte behind them.

        An entry is one when its name is not empty and follows the one before it, and its element type is known: what
        else is not zero there is no entry.
        """
        container = self.container
        at, stop = container.entries_span[1], container.header.ofs_data
        number = 0
        if container.filler_residue(at, stop) == at:
            return number, at
        name = container.tensors[-1].name_bytes if container.tensors else b""
        with open_stream(container.source, at, stop) as stream:
            try:
                for entry, (_, end) in layout.iter_entries(stream, container.limits.max_tensors, start=at):
                    if entry.name <= name or entry.dtype not in facts.DTYPE_CODES:
                        break
                    number, at, name = number + 1, end, entry.name
            except FormatError:
                pass  # what is left is shorter than an entry
        return number, at

    @cached_property
    def data(self) -> Pass:
        """The one pass over the file; without a footer to check only what belongs to no tensor is read."""
        source = self.container.source
        spans = self.unclaimed
        footer = self.container.sections["footer"]
        if self._reads_all and footer is not None and footer[1] <= source.size:
            return _read_all(iter_chunks(source, 0, self.container.required_len), spans, self._report_progress())
        total = sum(stop - start for start, stop in spans)
        done, residues, progress = 0, [], self._progress
        for start, stop in spans:
            seen = _read_all(iter_chunks(source, start, stop), [(0, stop - start)], None)
            residues += [(start, start + end) for _, end in seen.residues]
            done += stop - start
            if progress is not None:
                progress(done, total)
        return Pass(None, tuple(residues))

    def _report_progress(self) -> Callable[[int], None] | None:
        progress, total = self._progress, self.container.required_len
        return None if progress is None else lambda done: progress(done, total)


def unclaimed(spans: Sequence[Span], start: int, stop: int) -> Iterator[Span]:
    """What lies between `start` and `stop` and in none of the spans, which are sorted by their start."""
    at = start
    for first, end in spans:
        if first > at:
            yield at, first
        at = max(at, end)
    if stop > at:
        yield at, stop


def _read_all(pieces: Iterator[memoryview], spans: Sequence[Span], progress: Callable[[int], None] | None) -> Pass:
    """One pass over pieces that begin at byte 0: their CRC-32, and which of the sorted spans are not zero."""
    crc = at = number = 0
    residues: dict[Span, int] = {}
    for piece in pieces:
        crc = crc32(piece, crc)
        end = at + len(piece)
        while number < len(spans) and spans[number][0] < end:
            start, stop = spans[number]
            first = max(start, at)
            used = used_nbytes(piece[first - at : min(stop, end) - at])
            if used:
                residues[spans[number]] = first + used
            if stop > end:
                break
            number += 1
        at = end
        if progress is not None:
            progress(at)
    return Pass(crc, tuple((start, residue) for (start, _), residue in residues.items()))
