"""Stamp files: a copy beside the original, or the file itself.

Rules of this file:
1. A file in place is replaced by a whole new one in a single step, or its head is written under a journal, or it is
   left alone: there is nothing in between.
2. What a proof says comes from the bytes of the one pass that the stamp makes.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RequestError
from ..limits import DEFAULT_LIMITS, Limits
from ..ops.stamp import Stamp, plan_stamp, untouched
from ..patch import MetadataPatch, metadata_patch
from ..plan import Observe, read_plan
from ..provenance import ProvenancePatch
from ..source import Progress
from .locking import try_lock
from .opened import OpenContainer
from .opened import open as open_container
from .sources import FileSource, StrPath
from .writing import require_writable, write_plan

if TYPE_CHECKING:
    from ..ops.proof import Proof

__all__ = ["HeadOnly", "plan_left_alone", "stamp_file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadOnly:
    """How a stamp in place writes the head alone, whatever the size of the file.

    The metadata grows into the room behind it; where that does not suffice, whole blocks are inserted before the file,
    or a new one is written where the file system inserts none. Rules that need the data are not judged, and `notes`
    names them; the footer is derived from the old one, so that damage stays exactly as visible as it was.

    `reserve` is the room in bytes that is left for later stamps. A file with other hard links is refused unless
    `allow_hardlinks`. `preserve_mtime` keeps the time of the last change. A file without a footer is read once to get
    one, unless `keep_footerless`.
    """

    reserve: int = 0
    allow_hardlinks: bool = False
    preserve_mtime: bool = False
    keep_footerless: bool = False


def stamp_file(
    src: StrPath,
    dst: StrPath | None,
    patch: MetadataPatch | ProvenancePatch,
    *,
    in_place: bool = False,
    force: bool = False,
    dry_run: bool = False,
    drop_trailing: bool = False,
    accept: Collection[str] = (),
    prove: bool = False,
    head_only: HeadOnly | None = None,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Stamp:
    """Write a stamped copy of the file at `src` to `dst`, which appears whole or not at all.

    Every byte of `src` is held against its footer while it is copied; memory does not depend on the size of the file.
    With `in_place`, `dst` is None and `src` itself is replaced in one step, or what a link there leads to; where every
    value is there already, it is left alone, and its data is not read. Another name of the same file (a hard link)
    keeps what was there, which `notes` says. Two of these at once for one file exclude each other, where the system has
    locks. With `force`, `dst` is replaced when it exists, and may be `src`. With
    `dry_run`, everything is checked, the footer included, and nothing is written; `dst` may then be None. `accept` has
    ids of rules whose faults are let through; a wrong checksum that is accepted stays as wrong as it is. With `prove`,
    the result has a `proof`: the digests of both files, taken on the way; a file that is left alone is read for them.
    With `head_only`, a file in place is not written anew: only its head and footer are, under a journal, and the data
    is not read unless there is a proof to make; `HeadOnly` says more. What a stamp that was cut has left of it is
    finished or undone first.

    Raises `RequestError` for a patch that is empty or that the metadata cannot hold, for an output that exists, and for
    a pipe in place; `FormatError`, `TruncatedError` and `UnsupportedError` for an input that cannot be stamped;
    `OSError` as the system reports it, and for a file in place that is being stamped. After an error `dst` and `src`
    are as they were.
    """
    patch = metadata_patch(patch)
    if in_place and dst is not None:
        raise RequestError(f"expected no output for a stamp in place, found {dst}")
    if dst is None and not (in_place or dry_run):
        raise RequestError("expected a path for the output, found none")
    target = src if in_place else dst
    if head_only is not None and not in_place:
        raise RequestError("expected a stamp in place, where the head alone is to be written")
    settled = _settled(src, limits) if in_place and not dry_run else ()
    if in_place and Path(src).is_fifo():  # which is known before a writer is waited for
        raise RequestError(f"input: expected a regular file to stamp in place, found a pipe: {src}")
    with ExitStack() as stack:
        container = stack.enter_context(open_container(src, limits=limits))
        if head_only is not None:
            done = _stamp_head(stack, container, src, patch, head_only, dry_run, drop_trailing, accept, prove, progress)
            return replace(done, notes=(*settled, *done.notes))
        others = _others(container, src) if in_place and not dry_run else ()
        stamp = plan_stamp(container, patch, drop_trailing=drop_trailing, accept=accept)
        left_alone = in_place and not stamp.changed
        observe, proof = _witness(stack, container, stamp) if prove else (None, None)
        if target is not None and not (dry_run or left_alone):
            write_plan(
                stamp.plan,
                target,
                source=container.source,
                force=force or in_place,
                progress=progress,
                observe=observe,
            )
        else:
            if target is not None and dry_run and not left_alone:
                require_writable(target, stamp.output_nbytes, force=force or in_place)
            if dry_run or prove:
                read_plan(stamp.plan, container.source, progress=progress, observe=observe)
                container.check_unchanged()
        if proof is not None:
            stamp = replace(stamp, proof=proof())
        stamp = untouched(stamp) if left_alone else replace(stamp, notes=(*stamp.notes, *others))
        return replace(stamp, notes=(*settled, *stamp.notes))


def _settled(src: StrPath, limits: Limits) -> tuple[str, ...]:
    """Finish or undo what a stamp that was cut has left, and say so."""
    from .inplace import journal_of

    if journal_of(src) is None:
        return ()
    from .inplace import recover

    found = recover(src, limits=limits)
    did = {"new": "was finished", "old": "was undone", "none": "had left nothing"}[found.state]
    wrong = "; the footer does not match the file, and did not before" if found.verified is False else ""
    return (f"a stamp in place that was cut {did} first{wrong}",)


def _stamp_head(
    stack: ExitStack,
    container: OpenContainer,
    src: StrPath,
    patch: MetadataPatch,
    how: HeadOnly,
    dry_run: bool,
    drop_trailing: bool,
    accept: Collection[str],
    prove: bool,
    progress: Progress | None,
) -> Stamp:
    """Stamp a file in place without a copy; where the system cannot, with one."""
    from ..ops.inplace import plan_in_place, read_through
    from .inplace import Refused, block_nbytes, write_in_place
    from .inplace.locking import require_single_name

    source = container.source
    if not isinstance(source, FileSource):
        raise RequestError(f"input: expected a regular file to stamp in place, found another: {src}")
    made = plan_in_place(
        container,
        patch,
        accept=accept,
        drop_trailing=drop_trailing,
        reserve=how.reserve,
        block=block_nbytes(src),
        footer="keep" if how.keep_footerless else "derive",
        full=prove,
    )
    observe, proof = _witness(stack, container, made.stamp) if prove else (None, None)
    if made.must_read:
        made = read_through(made, container, progress=progress, observe=observe)
    stamp = replace(made.stamp, proof=None if proof is None else proof())
    if not made.changed:
        return untouched(stamp)
    unread = "" if prove else "the data was not read; "
    notes = [*stamp.notes, *([f"{unread}not judged: {', '.join(made.skipped)}"] if made.skipped else [])]
    if not dry_run:
        done = write_in_place(src, made, source, allow_hardlinks=how.allow_hardlinks, preserve_mtime=how.preserve_mtime)
        if isinstance(done, Refused):
            status = os.fstat(source.fileno())
            if not how.allow_hardlinks:
                require_single_name(status, Path(src))
            write_plan(stamp.plan, src, source=source, force=True, progress=progress)
            if how.preserve_mtime:
                os.utime(src, ns=(status.st_atime_ns, status.st_mtime_ns))
            notes[len(stamp.notes) :] = [f"written as a new file, with every byte checked ({done.reason})"]
    return replace(stamp, notes=tuple(notes))


def _others(container: OpenContainer, src: StrPath) -> tuple[str, ...]:
    """Lock a file that is to be replaced, and say who else it is there for."""
    source = container.source
    if not isinstance(source, FileSource):
        return ()
    if not try_lock(source.fileno()):
        text = "another stamp is writing this file: expected no lock on it, found one"
        raise OSError(errno.EWOULDBLOCK, text, str(src))
    others = os.fstat(source.fileno()).st_nlink - 1
    if others < 1:
        return ()
    names = "another name, which keeps" if others == 1 else f"{others} other names, which keep"
    return (f"the file has {names} what was there (hard links)",)


def plan_left_alone(
    src: StrPath,
    patch: MetadataPatch | ProvenancePatch,
    *,
    drop_trailing: bool = False,
    accept: Collection[str] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> Stamp | None:
    """The stamp in place of a file that has every value already, and would be left alone; None for any other file.

    Reads the head of the file and writes nothing. Raises what `stamp_file` raises for the patch and the head.
    """
    with open_container(src, limits=limits) as container:
        stamp = plan_stamp(container, patch, drop_trailing=drop_trailing, accept=accept)
        return None if stamp.changed else untouched(stamp)


def _witness(stack: ExitStack, container: OpenContainer, stamp: Stamp) -> tuple[Observe, Callable[[], Proof]]:
    """What sees the bytes go by, and what says afterwards what it saw."""
    from ..ops.proof import Witness

    witness = stack.enter_context(Witness(container, stamp))
    return witness.see, witness.proof
