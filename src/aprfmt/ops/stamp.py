"""Stamp: change keys of the metadata, provenance above all, and nothing else.

The new file is described as a plan with one Copy of the whole data section, so tensors stay byte-identical by
construction. Header values are kept bit for bit, except that LAYOUT_ROW_MAJOR is added, HAS_VOCAB with a tokenizer, and
the places of the sections follow the metadata.

Rules of this file:
1. A fault that every careful reader raises refuses the stamp before anything is written, unless it is accepted by name.
2. The footer of the source is held against every byte that is copied. A wrong checksum that is accepted stays exactly
   as wrong, so that a new one never covers up old damage.
3. Filler is rewritten; bytes that are not zero are not filler, and are kept or reported, never lost in silence.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .. import layout
from ..checksum import crc32_combine
from ..container import Container
from ..errors import LimitExceededError, RequestError
from ..footers import Verify, claimed_crc32
from ..jsontext import shorten
from ..layout import Flags, facts
from ..limits import DEFAULT_LIMITS, Limits
from ..metadata import Metadata
from ..patch import MetadataPatch, metadata_patch
from ..plan import Copy, Literal, Plan, Seal, plan_bytes, plan_nbytes
from ..provenance import FLAG_KEYS, ProvenancePatch
from ..rules import Finding, Report, Severity, run
from ..rules.footer import footer_mismatch
from ..source import BytesSource, range_crc32

if TYPE_CHECKING:
    from .proof import Proof

__all__ = [
    "GETS_FOOTER",
    "Stamp",
    "as_wrong_as_before",
    "index_bytes",
    "kept_header",
    "plan_stamp",
    "stamp_bytes",
    "stamp_tree",
    "untouched",
]

GETS_FOOTER = "the input has no footer, so its data cannot be checked; the output gets one"
"""What is noted of a file without a footer; a stamp in place may leave it without."""

_KEPT_HEADER_FIELDS = ("version_major", "version_minor", "flags", "num_tensors", "reserved")
_FOOTER, _NO_FOOTER, _HEADER_CHECKSUM, _TRAILING = "APR-F002", "APR-F005", "APR-H006", "APR-F004"
_HOW_TO_DROP = "--drop-trailing, or drop_trailing=True, drops them"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp that is planned and not yet written.

    `changed` is whether the patch changes anything: where it does not, a file in place is left alone. `removed` has the
    keys that are gone. `notes` says, a sentence each, what is different beside the patched keys: a footer or a flag
    that is added, bytes that are dropped; `patch_notes` are those about the patch alone. `accepted` has the faults that
    were let through by name; that of the footer is added while the plan is carried out. `skipped` are the rules about
    every byte that are not judged, and `reads_data` says whether the data is read at all, to be checked or to make a
    footer. `proof` has the digests of both files where they were asked for.
    """

    plan: Plan = field(repr=False)
    patch: MetadataPatch = field(repr=False)
    input_metadata: Metadata
    metadata: Metadata
    input_flags: Flags
    flags: Flags
    n_tensors: int
    input_nbytes: int
    changed: bool
    removed: tuple[str, ...]
    notes: tuple[str, ...]
    patch_notes: tuple[str, ...]
    accepted: list[Finding]
    skipped: tuple[str, ...]
    reads_data: bool
    proof: Proof | None = None

    @property
    def output_nbytes(self) -> int:
        """Size in bytes of the stamped file."""
        return plan_nbytes(self.plan)


def plan_stamp(
    container: Container,
    patch: MetadataPatch | ProvenancePatch,
    *,
    drop_trailing: bool = False,
    accept: Collection[str] = (),
    verify: Verify = Verify.FULL,
) -> Stamp:
    """Plan the stamp of an opened container.

    `accept` has the ids of rules whose faults do not refuse the stamp. Raises `RequestError` for a patch that is empty
    or that the metadata cannot hold, and for a rule that cannot be accepted because a file that breaks it cannot be
    rewritten; `FormatError` for a container with a fault that every careful reader must raise, and for bytes behind the
    footer unless `drop_trailing` (accepting their rule would lose them in silence, and is refused). The footer is
    checked while the plan is carried out, unless `verify` is HEAD, where it is derived.
    """
    patch = metadata_patch(patch)
    _refuse_unacceptable(accept)
    report = run(container)
    accepted = _accepted(report, accept)
    notes = []
    if container.n_trailing_bytes:
        if not drop_trailing:
            trailing = next(finding for finding in report.findings if finding.rule == _TRAILING)
            message = f"{trailing.message}; they would be lost ({_HOW_TO_DROP})"
            raise replace(trailing, message=message).error()
        notes.append(f"{container.n_trailing_bytes} bytes behind the footer are dropped")
    patched = patch.apply(container.metadata)
    notes += patched.notes
    flags = before = container.header.flags
    if Flags.LAYOUT_COLUMN_MAJOR not in flags:  # where that is accepted, the opposite must not be said
        flags |= Flags.LAYOUT_ROW_MAJOR
    flags |= patched.flags
    notes += [f"the header flag {flag.name} is added" for flag in flags & ~before]
    notes += [
        f"the header flag {flag.name} stays, and {key} is removed"
        for flag, key in FLAG_KEYS.items()
        if flag in flags and key in patched.removed
    ]
    head = layout.build_head(kept_header(container, flags), patched.metadata.raw, index_bytes(container))
    head = (as_wrong_as_before(container, head[0]), *head[1:])
    notes += _lost_filler(container)
    footer = _Footer(container, accepted if _FOOTER in accept else None)
    if container.footer is None:
        run(container, select=(_NO_FOOTER,), read_data=True).raise_first()
        notes.append(GETS_FOOTER)
    plan: Plan = (
        *map(Literal, head),
        _data(container, footer, verify),
        Seal(layout.FOOTER_SIZE, footer.build),
    )
    return Stamp(
        plan=plan,
        patch=patch,
        input_metadata=container.metadata,
        metadata=patched.metadata,
        input_flags=before,
        flags=flags,
        n_tensors=len(container.tensors),
        input_nbytes=container.source.size,
        changed=(
            patched.metadata.raw != container.metadata.raw
            or patched.flags not in before
            or container.n_trailing_bytes > 0
        ),
        removed=patched.removed,
        notes=tuple(notes),
        patch_notes=patched.notes,
        accepted=accepted,
        skipped=_skipped(container, verify),
        reads_data=verify.reads_data or container.footer is None,
    )


def untouched(stamp: Stamp) -> Stamp:
    """The stamp of a file that is left alone because the patch changes nothing of it: all of the file stays."""
    proof = stamp.proof
    return replace(
        stamp,
        plan=(Copy(0, stamp.input_nbytes),),
        metadata=stamp.input_metadata,
        flags=stamp.input_flags,
        notes=stamp.patch_notes,
        proof=None if proof is None else proof.untouched(),
    )


def _refuse_unacceptable(accept: Collection[str]) -> None:
    if isinstance(accept, str):
        raise RequestError(f"accept: expected a collection of rule ids, found the text {shorten(accept)}")
    for name in accept:
        if name not in facts.RULES:
            raise RequestError(f"expected the id of a rule to accept, found {name!a}")
        if facts.RULES[name].fatal:
            raise RequestError(f"{name} cannot be accepted: a file that breaks it cannot be rewritten")
        if name == _TRAILING:
            raise RequestError(f"{name} cannot be accepted: the bytes would be lost ({_HOW_TO_DROP})")


def _accepted(report: Report, accept: Collection[str]) -> list[Finding]:
    """The errors that are let through; raises for the first one that is not."""
    replace(report, findings=tuple(item for item in report.findings if item.rule not in accept)).raise_first()
    return [item for item in report.errors if item.rule in accept]


def kept_header(container: Container, flags: Flags) -> dict[str, Any]:
    """The header values that a rewrite keeps, with these flags, as a tree: all that do not follow from the rest."""
    tree = layout.header_tree(container.header)
    kept = {name: tree[name] for name in _KEPT_HEADER_FIELDS}
    kept["flags"] = layout.flags_tree(flags)
    return kept


def as_wrong_as_before(container: Container, header: bytes) -> bytes:
    """The new header, whose checksum is wrong by the same bits as the old one when that was accepted."""
    wrong_by = container.header.checksum ^ layout.header_crc32(container.header_bytes)
    return header if wrong_by == 0 else layout.with_header_checksum(header, layout.header_crc32(header) ^ wrong_by)


def index_bytes(container: Container) -> bytes:
    """The index entries as they are, and all that stands behind them unless it is nothing but zeros.

    An entry that the header does not count may end with zeros, so that none of them can be told from filler.
    """
    start, end = container.entries_span
    stop = container.header.ofs_data
    if container.filler_residue(end, stop) == end:
        stop = end
    most = container.limits.max_index_bytes
    if stop - start > most:
        expected = f"at most {most} bytes (max_index_bytes)"
        found = f"{stop - start} bytes"
        raise LimitExceededError("the tensor index would become too large", expected=expected, found=found)
    return container.source.read(start, stop)


def _lost_filler(container: Container) -> list[str]:
    """A note for each stretch of filler that holds something else than zeros and is not carried over."""
    notes = []
    for section in ("header_padding", "metadata_padding"):
        span = container.sections[section]
        if span is not None and container.filler_residue(*span) > span[0]:
            notes.append(f"filler that is not zero is rewritten: {section} @{span[0]:#x}..{span[1]:#x}")
    return notes


def _data(container: Container, footer: _Footer, verify: Verify) -> Copy:
    """The data section, to be held against the stored footer where there is one, or taken at the footer's word."""
    start, stop = container.header.ofs_data, container.required_len
    if container.footer is None:
        return Copy(start, stop)
    if verify.reads_data:
        return Copy(start, stop, footer.check)
    head = range_crc32(container.source, 0, start)
    return Copy(start, stop, claimed=claimed_crc32(container.footer.checksum, head, stop - start))


def _skipped(container: Container, verify: Verify) -> tuple[str, ...]:
    """The rules about every byte that a stamp does not judge: the footer's is judged where the data is checked.

    Where there is no footer, the one on hidden footers is judged.
    """
    judged = {_NO_FOOTER, *([_FOOTER] if verify.reads_data or container.footer is None else [])}
    return tuple(name for name in facts.PROFILES["default"] if facts.RULES[name].reads_data and name not in judged)


class _Footer:
    """The footer of the new file, and the check of the old one, which is made when all data has been copied.

    With a list to put it into, a wrong footer is accepted: the new one is then wrong by the same bits.
    """

    def __init__(self, container: Container, accepted: list[Finding] | None) -> None:
        self._container = container
        self._accepted = accepted
        self._wrong_by = 0

    def check(self, data: int) -> None:
        """Hold the stored footer against the CRC-32 of the data with the old head before it."""
        container, footer = self._container, self._container.footer
        start, stop = container.header.ofs_data, container.required_len
        head = range_crc32(container.source, 0, start)
        found = crc32_combine(head, data, stop - start)
        stored = found if footer is None else footer.checksum
        for fault in footer_mismatch(container, found, stored):
            finding = Finding.of(fault, Severity.ERROR)
            if self._accepted is None:
                raise finding.error()
            self._accepted[:] = [item for item in self._accepted if item.rule != _FOOTER] + [finding]
        self._wrong_by = stored ^ found

    def build(self, crc: int) -> bytes:
        """The bytes of the footer of a file with this CRC-32 before it."""
        return layout.build_footer(crc ^ self._wrong_by)


def stamp_bytes(
    data: bytes | bytearray | memoryview,
    patch: MetadataPatch | ProvenancePatch,
    *,
    drop_trailing: bool = False,
    accept: Collection[str] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """The stamped container, in memory. Errors as for `plan_stamp`; a wrong footer raises `FormatError` too."""
    source = BytesSource(data)
    stamp = plan_stamp(Container(source, limits=limits), patch, drop_trailing=drop_trailing, accept=accept)
    return plan_bytes(stamp.plan, source)


def stamp_tree(tree: layout.Tree, patch: MetadataPatch | ProvenancePatch) -> layout.Tree:
    """The stamp as a change of the tree that `aprfmt.parse` gives: `build` of the result is the stamped file.

    Judges nothing: for files, use `stamp_bytes` or `aprfmt.stamp_file`.
    """
    patched = metadata_patch(patch).apply(Metadata(tree["metadata"]))
    header = {name: tree["header"][name] for name in _KEPT_HEADER_FIELDS}
    added = layout.flags_tree(patched.flags | Flags.LAYOUT_ROW_MAJOR)
    header["flags"] = {name: value or added[name] for name, value in header["flags"].items()}
    index: dict[str, Any] = {"entries": tree["tensor_index"]["entries"]}
    padding = tree["tensor_index"]["padding"]
    if any(padding):
        entries = layout.build_entries(tree["tensor_index"]["entries"])
        index["padding"] = padding + bytes(-len(entries + padding) % layout.ALIGNMENT)
    return {
        "header": header,
        "metadata": patched.metadata.raw,
        "tensor_index": index,
        "tensor_data": tree["tensor_data"],
    }
