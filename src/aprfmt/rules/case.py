"""What the checks of one run share: the container, the pass over its data, the bytes that nothing explains."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from operator import itemgetter
from typing import NamedTuple

from .. import layout
from ..checksum import crc32, crc32_combine
from ..container import Container
from ..errors import AprError, FormatError
from ..layout import facts
from ..source import CHUNK_BYTES, Progress, map_chunks, open_stream, used_nbytes
from ..tensors import Tensor

__all__ = ["Case", "Pass", "Span", "unclaimed"]

Span = tuple[int, int]


_GLANCE_BYTES = 4 * CHUNK_BYTES
"""Filler around the metadata and the index that is read twice, for its rule and in the pass: in no time."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass over the file saw: the CRC-32 of everything before the footer, None when that was not read, and
    each stretch of unclaimed data that is not zero, up to its last byte that is not; so too of long filler before."""

    crc32: int | None
    residues: tuple[Span, ...]
    filler: tuple[Span, ...] = ()


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

    def filler(self, rule_id: str) -> Iterator[tuple[str, Span]]:
        """The stretches of filler outside the data section that a rule of the specification is about, with paths."""
        for item in facts.STATEMENTS:
            if item.rule == rule_id:
                yield item.path, getattr(facts, f"locate_{item.field}")(self.container.root)

    def filler_residue(self, start: int, stop: int) -> int:
        """As that of the container; long filler is looked at in the pass, where that covers every byte."""
        if (start, stop) in self._long_filler:
            return dict(self.data.filler).get(start, start)
        return self.container.filler_residue(start, stop)

    @cached_property
    def _long_filler(self) -> tuple[Span, ...]:
        """Filler before the data section that the pass looks at."""
        container, found = self.container, []
        with suppress(AprError):  # what is wrong is said by the rule that it belongs to
            if self._is_whole:
                found = [span for _, span in self.filler("APR-S004")]
                found.append((container.entries_span[1], container.header.ofs_data))
        longest = container.limits.max_filler_bytes
        return tuple(span for span in found if _GLANCE_BYTES < span[1] - span[0] <= longest)

    @property
    def _is_whole(self) -> bool:
        """Whether the pass covers every byte before the footer."""
        footer, size = self.container.sections["footer"], self.container.source.size
        return self._reads_all and footer is not None and footer[1] <= size

    @cached_property
    def uncounted(self) -> tuple[int, int]:
        """How many entries of the tensor index follow those that the header counts, and the byte behind them.

        An entry is one when its name is not empty and follows the one before it, and its element type is known: what
        else is not zero there is no entry.
        """
        container = self.container
        at, stop = container.entries_span[1], container.header.ofs_data
        number = 0
        if self.filler_residue(at, stop) == at:
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
        spans, filler = self.unclaimed, self._long_filler
        if self._is_whole:
            total = self.container.required_len
            crc, ends = self._read(0, total, (*filler, *spans), self._report_progress(total))
            return Pass(crc, _residues(ends, spans), _residues(ends, filler))
        total = sum(stop - start for start, stop in spans)
        report, ends = self._report_progress(total), {}
        for start, stop in spans:
            ends |= self._read(start, stop, [(start, stop)], report)[1]
        return Pass(None, _residues(ends, spans))

    def _report_progress(self, total: int) -> Callable[[int], None]:
        """What hears the length of every piece."""
        progress, done = self._progress, 0

        def report(nbytes: int) -> None:
            nonlocal done
            done += nbytes
            if progress is not None:
                progress(done, total)

        return report

    def _read(
        self, start: int, stop: int, spans: Sequence[Span], report: Callable[[int], None]
    ) -> tuple[int, dict[Span, int]]:
        """The CRC-32 of these bytes, and where the last one that is not zero ends in those of the spans that have one.

        The spans are sorted and do not overlap.
        """
        crc, ends = 0, dict[Span, int]()
        with closing(map_chunks(self.container.source, start, stop, partial(_seen, spans))) as pieces:
            for seen in pieces:
                crc = crc32_combine(crc, seen.crc32, seen.nbytes)
                ends.update(seen.ends)
                report(seen.nbytes)
        return crc, ends


class _Seen(NamedTuple):
    """What there is to a piece: where the last byte that is not zero ends in those of the spans that have one in it."""

    nbytes: int
    crc32: int
    ends: Sequence[tuple[Span, int]]


def _residues(ends: Mapping[Span, int], spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple((span[0], ends[span]) for span in spans if span in ends)


def _seen(spans: Sequence[Span], at: int, piece: memoryview) -> _Seen:
    """What there is to a piece that begins at byte `at`; the spans are sorted and do not overlap."""
    end, ends = at + len(piece), []
    for number in range(bisect_right(spans, at, key=itemgetter(1)), len(spans)):
        start, stop = spans[number]
        if start >= end:
            break
        first = max(start, at)
        used = used_nbytes(piece[first - at : min(stop, end) - at])
        if used:
            ends.append(((start, stop), first + used))
    return _Seen(len(piece), crc32(piece), ends)


def unclaimed(spans: Sequence[Span], start: int, stop: int) -> Iterator[Span]:
    """What lies between `start` and `stop` and in none of the spans, which are sorted by their start."""
    at = start
    for first, end in spans:
        if first > at:
            yield at, first
        at = max(at, end)
    if stop > at:
        yield at, stop
