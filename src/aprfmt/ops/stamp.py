"""Stamp: set provenance keys in the metadata and change nothing else.

The new file is described as a plan with one Copy of the whole data section, so tensors stay byte-identical by
construction. Header values are kept bit for bit, except that LAYOUT_ROW_MAJOR is added and the places of the sections
follow the metadata.

Rules of this file:
1. A fault that every careful reader raises refuses the stamp before anything is written.
2. The footer of the source is held against every byte that is copied; a new footer never covers up old damage.
3. Filler is rewritten; bytes that are not zero are not filler, and are kept or reported, never lost in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .. import layout
from ..checksum import crc32, crc32_combine
from ..container import Container
from ..errors import LimitExceededError, RequestError
from ..layout import Flags
from ..limits import DEFAULT_LIMITS, Limits
from ..metadata import Metadata, ProvenancePatch
from ..plan import Copy, Literal, Plan, Seal, plan_bytes, plan_nbytes
from ..rules import run
from ..rules.footer import footer_mismatch
from ..source import BytesSource, iter_chunks

__all__ = ["Stamp", "plan_stamp", "stamp_bytes", "stamp_tree"]

_KEPT_HEADER_FIELDS = ("version_major", "version_minor", "flags", "num_tensors", "reserved")


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp that is planned and not yet written.

    `notes` says, a sentence each, what is different beside the patched keys: a footer or a flag that is added, bytes
    that are dropped.
    """

    plan: Plan
    input_metadata: Metadata
    metadata: Metadata
    flags: Flags
    n_tensors: int
    input_nbytes: int
    notes: tuple[str, ...]

    @property
    def output_nbytes(self) -> int:
        """Size in bytes of the stamped file."""
        return plan_nbytes(self.plan)


def plan_stamp(container: Container, patch: ProvenancePatch, *, drop_trailing: bool = False) -> Stamp:
    """Plan the stamp of an opened container.

    Raises `RequestError` for an empty patch; `FormatError` for a container with a fault that every careful reader must
    raise, and for bytes behind the footer unless `drop_trailing`. The footer is checked while the plan is carried out.
    """
    if patch.is_empty:
        raise RequestError("the patch is empty: expected at least one key to set, found none; nothing to stamp")
    report = run(container)
    report.raise_first()
    notes = []
    if container.n_trailing_bytes:
        if not drop_trailing:
            trailing = next(finding for finding in report.findings if finding.rule == "APR-F004")
            message = f"{trailing.message}; they would be lost (--drop-trailing drops them)"
            raise replace(trailing, message=message).error()
        notes.append(f"{container.n_trailing_bytes} bytes behind the footer are dropped")
    spliced = container.metadata.splice(patch.values())
    if len(spliced) > container.limits.max_metadata_bytes:
        raise LimitExceededError(
            f"the metadata would become too large: expected at most {container.limits.max_metadata_bytes} bytes "
            f"(max_metadata_bytes), found {len(spliced)}"
        )
    metadata = Metadata(spliced, limits=container.limits)
    _ = metadata.members  # what is about to be written must be readable again
    flags = container.header.flags | Flags.LAYOUT_ROW_MAJOR
    if flags != container.header.flags:
        notes.append("the header flag LAYOUT_ROW_MAJOR is added")
    head = layout.build_head(_kept_header(container, flags), metadata.raw, _index_bytes(container))
    notes += _lost_filler(container)
    check = None
    if container.footer is None:
        notes.append("the input has no footer, so its data cannot be checked; the output gets one")
    else:
        check = _footer_check(container, container.footer.checksum)
    plan: Plan = (
        *map(Literal, head),
        Copy(container.header.ofs_data, container.required_len, check),
        Seal(layout.FOOTER_SIZE, layout.build_footer),
    )
    return Stamp(
        plan=plan,
        input_metadata=container.metadata,
        metadata=metadata,
        flags=flags,
        n_tensors=len(container.tensors),
        input_nbytes=container.source.size,
        notes=tuple(notes),
    )


def _kept_header(container: Container, flags: Flags) -> dict[str, Any]:
    tree = layout.header_tree(container.header)
    kept = {name: tree[name] for name in _KEPT_HEADER_FIELDS}
    kept["flags"] = layout.flags_tree(flags)
    return kept


def _index_bytes(container: Container) -> bytes:
    """The index entries as they are, with what stands behind them up to the last byte that is not zero."""
    start, end = container.entries_span
    section_end = container.header.ofs_data
    residue_end = container.filler_residue(end, section_end)
    if residue_end - start > container.limits.max_index_bytes:
        raise LimitExceededError(
            f"the tensor index is too large: expected at most {container.limits.max_index_bytes} bytes "
            f"(max_index_bytes), found {residue_end - start}"
        )
    return container.source.read(start, residue_end)


def _lost_filler(container: Container) -> list[str]:
    """A note for each stretch of filler that holds something else than zeros and is not carried over."""
    notes = []
    for section in ("header_padding", "metadata_padding"):
        span = container.sections[section]
        if span is not None and container.filler_residue(*span) > span[0]:
            notes.append(f"filler that is not zero is rewritten: {section} @{span[0]:#x}..{span[1]:#x}")
    return notes


def _footer_check(container: Container, stored: int) -> Callable[[int], None]:
    """A check of the copied data: with the old head before it, it must have the checksum in the old footer."""
    start, stop = container.header.ofs_data, container.required_len
    head = 0
    for piece in iter_chunks(container.source, 0, start):
        head = crc32(piece, head)

    def check(data: int) -> None:
        found = crc32_combine(head, data, stop - start)
        fault = footer_mismatch(container, found, stored)
        if fault is not None:
            raise fault.error()

    return check


def stamp_bytes(
    data: bytes | bytearray | memoryview,
    patch: ProvenancePatch,
    *,
    drop_trailing: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """The stamped container, in memory. Errors as for `plan_stamp`; a wrong footer raises `FormatError` too."""
    source = BytesSource(data)
    return plan_bytes(plan_stamp(Container(source, limits=limits), patch, drop_trailing=drop_trailing).plan, source)


def stamp_tree(tree: layout.Tree, patch: ProvenancePatch) -> layout.Tree:
    """The stamp as a change of the tree that `aprfmt.parse` gives: `build` of the result is the stamped file.

    Judges nothing: for files, use `stamp_bytes` or `aprfmt.stamp_file`.
    """
    if patch.is_empty:
        raise RequestError("the patch is empty: expected at least one key to set, found none; nothing to stamp")
    header = {name: tree["header"][name] for name in _KEPT_HEADER_FIELDS}
    header["flags"] = {**header["flags"], "layout_row_major": True}
    index: dict[str, Any] = {"entries": tree["tensor_index"]["entries"]}
    residue = tree["tensor_index"]["padding"].rstrip(b"\0")
    if residue:
        entries = layout.build_entries(tree["tensor_index"]["entries"])
        index["padding"] = residue + bytes(-len(entries + residue) % layout.ALIGNMENT)
    return {
        "header": header,
        "metadata": Metadata(tree["metadata"]).splice(patch.values()),
        "tensor_index": index,
        "tensor_data": tree["tensor_data"],
    }
