"""Canonicalise: the same header values, metadata and tensors, laid out as the reference's in-memory writer does it.

Sections and tensors lie on the grid in the order of the index, with the fewest zero bytes between them; element types
stand under the ids of today; LAYOUT_ROW_MAJOR is set; a footer ends the file. A canonical file comes out as it is.

Rules of this file:
1. Every byte of the input is held against its footer before anything is written, and what is copied is held against it
   once more while it is: a new footer never covers up old damage.
2. Bytes that belong to nothing and are not zero are refused or reported, never lost in silence.
3. Tensor bytes are described as ranges to copy, and never held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

from .. import layout
from ..checksum import crc32_combine
from ..container import Container
from ..errors import FormatError
from ..layout import Flags, Footer, TensorIndexEntry, dtype_facts, facts
from ..limits import DEFAULT_LIMITS, Limits
from ..plan import Copy, Literal, Plan, Seal, plan_bytes, plan_nbytes
from ..rules import Finding, Report, run
from ..source import BytesSource, range_crc32
from .stamp import kept_header

__all__ = ["Canonical", "canonicalise_bytes", "plan_canonical"]

_SECTIONS = ("metadata", "tensor_index", "tensor_data")
_DATA_FILLER = "APR-D006"
_UNEXPLAINED = ("APR-S004", "APR-I009", "APR-I012", _DATA_FILLER, "APR-F004")
"""Rules about bytes that belong to nothing, and that a canonical file has no place for."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """A canonical file that is planned and not yet written.

    `sections` has the start before and after of each section that lies elsewhere in the file, `n_tensors_moved` counts
    the tensors that lie elsewhere in the data section, `n_dtype_ids` those whose element type gets the id of today.
    `notes` says, a sentence each, what is added and what is dropped.
    """

    plan: Plan = field(repr=False)
    flags: Flags
    n_tensors: int
    input_nbytes: int
    sections: Mapping[str, tuple[int, int]]
    n_tensors_moved: int
    n_dtype_ids: int
    notes: tuple[str, ...]

    @property
    def output_nbytes(self) -> int:
        """Size in bytes of the canonical file."""
        return plan_nbytes(self.plan)

    @property
    def identical(self) -> bool:
        """Whether the input is canonical, so that the output is the same, byte for byte."""
        return not (self.sections or self.n_tensors_moved or self.n_dtype_ids or self.notes)


def plan_canonical(
    container: Container, *, drop_unexplained: bool = False, progress: Callable[[int, int], None] | None = None
) -> Canonical:
    """Plan the canonical form of an opened container, which is read once from end to end.

    `progress` is called with bytes done and bytes in all. Raises `FormatError` for a container with a fault that every
    careful reader must raise, a wrong footer included, and, unless `drop_unexplained`, for bytes that belong to nothing
    and are not zero, and for bytes behind the footer.
    """
    report = run(container, read_data=True, progress=progress)
    report.raise_first()
    notes = _dropped(report, allowed=drop_unexplained)
    flags = container.header.flags | Flags.LAYOUT_ROW_MAJOR
    if flags != container.header.flags:
        notes.append("the header flag LAYOUT_ROW_MAJOR is added")
    if container.footer is None:
        notes.append("the input has no footer, so its data cannot be checked; the output gets one")
    entries = list(_entries(container))
    pairs = [(tensor.entry, entry) for tensor, entry in zip(container.tensors, entries, strict=True)]
    head = layout.build_head(kept_header(container, flags), container.metadata.raw, layout.build_entries(entries))
    footer = _Footer(container)
    filler_is_zero = _DATA_FILLER in report.rules_run and all(item.rule != _DATA_FILLER for item in report.findings)
    data = [
        part
        for start, stop in _runs(container, filler_is_zero)
        for part in (Copy(start, stop, footer.check(start, stop)), Literal(bytes(-(stop - start) % layout.ALIGNMENT)))
    ]
    plan: Plan = (*map(Literal, head), *data, Seal(layout.FOOTER_SIZE, footer.build))
    return Canonical(
        plan=plan,
        flags=flags,
        n_tensors=len(entries),
        input_nbytes=container.source.size,
        sections=_moved(container, head[0], entries),
        n_tensors_moved=sum(old.ofs_tensor != new.ofs_tensor for old, new in pairs),
        n_dtype_ids=sum(old.dtype != new.dtype for old, new in pairs),
        notes=tuple(notes),
    )


def _dropped(report: Report, *, allowed: bool) -> list[str]:
    """A note for each rule under which bytes are dropped; raises the first finding unless it is allowed."""
    found = [finding for finding in report.findings if finding.rule in _UNEXPLAINED]
    if found and not allowed:
        how = "--drop-unexplained, or drop_unexplained=True, drops them"
        raise replace(found[0], message=f"{found[0].message}; the bytes would be lost ({how})").error()
    numbers = Counter(finding.rule for finding in found)
    firsts: dict[str, Finding] = {}
    for finding in found:
        firsts.setdefault(finding.rule, finding)
    notes = []
    for rule, first in firsts.items():
        more = numbers[rule] - 1 + report.not_kept.get(rule, 0)
        where = f"{first.field} @{first.span[0]:#x}..{first.span[1]:#x}" + (f" and {more} more" if more else "")
        notes.append(f"dropped: {first.message}; {where} [{rule}]")
    return notes


def _entries(container: Container) -> Iterator[TensorIndexEntry]:
    """The entries in the order of the index, each with the id of today and the smallest offset on the grid."""
    at = 0
    for tensor in container.tensors:
        entry = tensor.entry
        known = dtype_facts(entry.dtype)
        code = entry.dtype if known is None else known.canonical_code
        yield TensorIndexEntry(entry.len_name, entry.name, code, entry.ndim, entry.dims, at, entry.len_tensor)
        at = layout.align_up(at + entry.len_tensor, layout.ALIGNMENT)


def _runs(container: Container, filler_is_zero: bool) -> Iterator[tuple[int, int]]:
    """The ranges of the file to copy, in the order of the index; filler to the grid belongs behind each.

    Tensors that lie behind each other as they shall, with nothing but zeros between them, are one range.
    """
    start = stop = 0
    for tensor in container.tensors:
        first, end = tensor.file_span
        if first == end:
            continue
        if filler_is_zero and start < stop and first == start + layout.align_up(stop - start, layout.ALIGNMENT):
            stop = end
            continue
        if start < stop:
            yield start, stop
        start, stop = first, end
    if start < stop:
        yield start, stop


def _moved(container: Container, header: bytes, entries: list[TensorIndexEntry]) -> dict[str, tuple[int, int]]:
    """Start before and after of the sections that begin at another byte of the file."""
    root = SimpleNamespace(
        header=layout.parse_header(header), len_file=0, tensor_index=SimpleNamespace(entries=entries)
    )
    starts = {
        name: (before[0], getattr(facts, f"locate_{name}")(root)[0])
        for name in _SECTIONS
        if (before := container.sections[name]) is not None
    }
    return {name: (before, after) for name, (before, after) in starts.items() if before != after}


class _Footer:
    """The footer of the new file, and that of the input, held against the bytes that were copied from it."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._stored: Footer | None = container.footer
        self._copied: dict[tuple[int, int], int] = {}

    def check(self, start: int, stop: int) -> Callable[[int], None] | None:
        """What takes the CRC-32 of a copied range; None when there is nothing to hold it against."""
        if self._stored is None:
            return None

        def keep(found: int) -> None:
            self._copied[start, stop] = found

        return keep

    def build(self, crc: int) -> bytes:
        """The new footer; raises `FormatError` when the input is not any more what it was when it was judged."""
        if self._stored is not None and (found := self._read_again()) != self._stored.checksum:
            raise FormatError(
                "the input changed while it was read",
                expected=f"the checksum {self._stored.checksum:#010x} as before",
                found=f"{found:#010x}",
            )
        return layout.build_footer(crc)

    def _read_again(self) -> int:
        """The CRC-32 of the input before its footer: of what was copied as it was then, of the rest as it is now."""
        source = self._container.source
        crc = at = 0
        for (start, stop), copied in sorted(self._copied.items()):
            crc = crc32_combine(range_crc32(source, at, start, crc), copied, stop - start)
            at = stop
        return range_crc32(source, at, self._container.required_len, crc)


def canonicalise_bytes(
    data: bytes | bytearray | memoryview, *, drop_unexplained: bool = False, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """The canonical form of a container in memory; errors as for `plan_canonical`."""
    source = BytesSource(data)
    return plan_bytes(plan_canonical(Container(source, limits=limits), drop_unexplained=drop_unexplained).plan, source)
