"""Stamp in place: which few bytes of a file to write, so that its data section is neither read nor written.

The metadata grows into the zeros behind it. Where these do not suffice, whole blocks are put before the file: every
byte of it moves on by `shift`, and the index stays beside the data. The layout is growable: room that is there is kept.

Rules of this file:
1. Header values, metadata, index, tensors, and how wrong a checksum is, are those of the stamp that copies; only the
   places of the sections, which follow from the room, are others.
2. The footer follows from the old one: `stored ^ true` is the same before and after, so that damage stays as visible as
   it was. Nothing is derived for a file without a footer: it stays without, or is read once.
3. What the file holds where something else is written is part of the plan, so that it can be put back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Literal as OneOf

from .. import layout
from ..checksum import crc32
from ..container import Container
from ..errors import LimitExceededError, RequestError
from ..footers import Verify, derived_footer
from ..layout import ALIGNMENT, HEADER_SIZE, Header, align_up
from ..patch import MetadataPatch
from ..plan import Literal, Observe, Plan, Seal, plan_nbytes, read_plan
from ..provenance import ProvenancePatch
from ..source import CHUNK_BYTES, Progress, range_crc32
from .stamp import GETS_FOOTER, Stamp, as_wrong_as_before, index_bytes, plan_stamp

__all__ = ["BLOCK_BYTES", "InPlace", "plan_in_place", "read_through"]

BLOCK_BYTES = 4096
"""What file systems insert is a multiple of their block; this is the block of nearly all of them."""

_ZEROS = bytes(CHUNK_BYTES)


@dataclass(frozen=True, slots=True)
class InPlace:
    """A stamp in place that is planned and not yet written.

    To carry it out: put `shift` zeros before the file, write `body` from the end of the header on, `footer` at
    `footer_at`, and `header` at the start; then the file has `output_nbytes`. `footer_at` counts from the start of the
    new file; `footer` and `old_footer` are empty for a file without one.

    `before` is the old file from its start, as far as there is something where others write; from there to where the
    body ends, or to what the shift makes of it, there are zeros. `room` is how many bytes the metadata can grow by
    later. The plan of `stamp` describes the new file as a whole. While it `must_read`, nothing may be written:
    `read_through` comes first; after it, `crc32` is that of all of
    the new file.
    """

    stamp: Stamp
    header: bytes = field(repr=False)
    body: bytes = field(repr=False)
    before: bytes = field(repr=False)
    shift: int
    footer_at: int
    old_footer: bytes
    footer: bytes
    room: int
    must_read: bool
    crc32: int | None = None

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.stamp.changed

    @property
    def input_nbytes(self) -> int:
        """Size in bytes of the file before."""
        return self.stamp.input_nbytes

    @property
    def output_nbytes(self) -> int:
        """Size in bytes of the file afterwards."""
        return self.footer_at + len(self.footer)


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the sections of the new file begin, and which bytes of the old one are written over.

    What lies from `kept_from` on in the old file stays as it is, but for its shift.
    """

    shift: int
    ofs_index: int
    kept_from: int
    moves_index: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes before what is kept, in the new file."""
        return self.kept_from + self.shift


def plan_in_place(
    container: Container,
    patch: MetadataPatch | ProvenancePatch,
    *,
    accept: Collection[str] = (),
    drop_trailing: bool = False,
    reserve: int = 0,
    block: int = BLOCK_BYTES,
    footer: OneOf["derive", "keep"] = "derive",
    verify: Verify = Verify.HEAD,
) -> InPlace:
    """Plan the stamp of an opened container in place; of its data, nothing is read.

    At least `reserve` bytes of room are left behind the metadata. A shift is a multiple of `block` bytes. A file
    without a footer gets one, for which it must be read once, unless `footer` is "keep". Unless `verify` is HEAD, every
    byte must be read and held against the footer. `read_through` does either. The plan of the new file as a whole
    checks, or takes at their word, the bytes that it copies, as `verify` says.

    Only rules that need the head are judged; `accept`, `drop_trailing` and the errors are as for `plan_stamp`, but that
    a wrong footer is not noticed, and stays as wrong. Raises `RequestError` for a reserve that is negative or beyond
    what the limits let anybody look through.
    """
    _refuse_reserve(reserve, container)
    if block <= 0 or block % ALIGNMENT:
        raise ValueError(f"expected a block of a multiple of {ALIGNMENT} bytes, found {block}")
    stamp = plan_stamp(container, patch, drop_trailing=drop_trailing, accept=accept, verify=verify)
    old, index = container.header, index_bytes(container)
    head = _laid_out(old, len(stamp.metadata.raw), len(index), reserve, block)
    stays = not stamp.changed and head.shift == 0 and head.ofs_index == old.ofs_tensor_index
    header = _header(container, stamp, head)
    body = _body(container, stamp, head, index)
    plan = _plan(container, stamp, head, header + body, index)
    keeps_none = container.footer is None and (footer == "keep" or stays)
    notes = stamp.notes
    if keeps_none:
        plan = plan[:-1]
        notes = tuple(note for note in notes if note != GETS_FOOTER)
        notes += () if stays else ("the input has no footer, so its data cannot be checked; it stays without one",)
    must_read = verify.reads_data or (container.footer is None and not keeps_none)
    stamp = replace(stamp, plan=plan, changed=not stays, notes=notes, reads_data=must_read)
    made = InPlace(
        stamp=stamp,
        header=header,
        body=body,
        before=container.source.read(0, _used(container, head)),
        shift=head.shift,
        footer_at=container.required_len + head.shift,
        old_footer=b"" if container.footer is None else layout.build_footer(container.footer.checksum),
        footer=b"",
        room=_room(container, stamp, head, index),
        must_read=must_read,
    )
    return made if container.footer is None else replace(made, footer=_derived(container, made, head))


def read_through(
    made: InPlace, container: Container, *, progress: Progress | None = None, observe: Observe | None = None
) -> InPlace:
    """Read the whole of the file that the stamp was planned for, and hold its footer against every byte.

    `progress` is called with bytes done and bytes in all after each piece, and `observe` with every piece of the new
    file and the byte of it that the piece begins at. Raises `FormatError` for a wrong footer, unless it is accepted.
    """
    plan = made.stamp.plan
    last, checksum = read_plan(plan, container.source, progress=progress, observe=observe)
    footer = last if isinstance(plan[-1], Seal) else b""
    return replace(made, footer=footer, must_read=False, crc32=checksum)


def _refuse_reserve(reserve: int, container: Container) -> None:
    most = container.limits.max_filler_bytes
    if not 0 <= reserve <= most:
        raise RequestError(f"reserve: expected 0 to {most} bytes (max_filler_bytes), found {reserve}")


def _laid_out(old: Header, len_metadata: int, len_index: int, reserve: int, block: int) -> _Head:
    """Where the sections lie: as they are, with the index nearer to the data, or moved on by whole blocks."""
    end = old.ofs_metadata + len_metadata + reserve
    lacking = end - old.ofs_tensor_index
    if lacking <= 0:
        return _Head(0, old.ofs_tensor_index, old.ofs_tensor_index)
    moved = old.ofs_tensor_index + align_up(lacking, ALIGNMENT)
    if moved + len_index <= old.ofs_data:
        return _Head(0, moved, old.ofs_data, moves_index=True)
    shift = align_up(lacking, block)
    return _Head(shift, old.ofs_tensor_index + shift, old.ofs_tensor_index)


def _room(container: Container, stamp: Stamp, head: _Head, index: bytes) -> int:
    """What `Container.room_nbytes` is of the new file."""
    old = container.header
    behind_index = old.ofs_data + head.shift - head.ofs_index - len(index)
    behind_metadata = head.ofs_index - old.ofs_metadata - len(stamp.metadata.raw)
    return behind_metadata + behind_index // ALIGNMENT * ALIGNMENT


def _header(container: Container, stamp: Stamp, head: _Head) -> bytes:
    """The header of the copying stamp, with these places, and as wrong a checksum as before."""
    literal = stamp.plan[0]
    assert isinstance(literal, Literal)  # noqa: S101 - every stamp begins with its header
    given = layout.header_tree(layout.parse_header(literal.data[:HEADER_SIZE]))
    del given["checksum"]
    given["ofs_metadata"] = container.header.ofs_metadata
    given["ofs_tensor_index"] = head.ofs_index
    given["ofs_data"] = container.header.ofs_data + head.shift
    given["len_metadata"] = len(stamp.metadata.raw)
    raw = layout.build_head(given, b"", b"")[0][:HEADER_SIZE]
    return as_wrong_as_before(container, raw)


def _used(container: Container, head: _Head) -> int:
    """Where the last byte ends, of what is not kept of the old file, that is not zero or belongs to the metadata."""
    if head.moves_index:
        return head.kept_from
    end = container.header.ofs_metadata + container.header.len_metadata
    return max(end, container.filler_residue(end, head.kept_from))


def _body(container: Container, stamp: Stamp, head: _Head, index: bytes) -> bytes:
    """What is written behind the header: as far as something changes there, or something was."""
    metadata = bytes(container.header.ofs_metadata - HEADER_SIZE) + stamp.metadata.raw
    if head.moves_index:
        metadata += bytes(head.ofs_index - HEADER_SIZE - len(metadata)) + index
        return metadata + bytes(head.nbytes - HEADER_SIZE - len(metadata))
    end = _used(container, head) + head.shift
    limits = container.limits
    if end - head.shift > (most := limits.max_metadata_bytes + limits.max_index_bytes):
        expected = f"at most {most} bytes (max_metadata_bytes and max_index_bytes)"
        raise LimitExceededError("too much filler to rewrite in place", expected=expected, found=f"{end} bytes")
    return metadata + bytes(max(0, end - HEADER_SIZE - len(metadata)))


def _plan(container: Container, stamp: Stamp, head: _Head, written: bytes, index: bytes) -> Plan:
    """The new file as a whole."""
    parts = [Literal(written)]
    ofs_data = container.header.ofs_data + head.shift
    if not head.moves_index:
        parts += [Literal(bytes(head.nbytes - len(written))), Literal(index)]
        parts.append(Literal(bytes(ofs_data - plan_nbytes(tuple(parts)))))
    return (*parts, *stamp.plan[-2:])


def _derived(container: Container, made: InPlace, head: _Head) -> bytes:
    """The footer that is as wrong as the stored one, if that is wrong at all."""
    stored = container.footer
    assert stored is not None  # noqa: S101 - asked for by who has one
    old = range_crc32(container.source, 0, head.kept_from)
    new = crc32(made.body, crc32(made.header))
    left = head.nbytes - HEADER_SIZE - len(made.body)
    while left > 0:
        new = crc32(_ZEROS if left >= len(_ZEROS) else _ZEROS[:left], new)
        left -= len(_ZEROS)
    return layout.build_footer(derived_footer(stored.checksum, old, new, container.required_len - head.kept_from))
