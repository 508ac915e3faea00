"""Stamp files: a copy beside the original, or the file itself.

Rules of this package:
1. A file in place is replaced by a whole new one in a single step, or its head is written under a journal, or it is
   left alone: there is nothing in between.
2. What a proof says comes from the bytes of the one pass that the stamp makes.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ...errors import RequestError
from ...limits import DEFAULT_LIMITS, Limits
from ...ops.stamp import Stamp, untouched
from ...patch import MetadataPatch, metadata_patch
from ...provenance import ProvenancePatch
from ...source import Progress
from ..opened import open as open_container
from ..sources import StrPath
from .options import Layout, Order, WriteOptions
from .planning import planned

__all__ = ["Layout", "WriteOptions", "plan_left_alone", "stamp_file"]

_DEFAULTS = WriteOptions()


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
    options: WriteOptions = _DEFAULTS,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Stamp:
    """Write a stamped copy of the file at `src` to `dst`, which appears whole or not at all.

    Every byte of `src` is held against its footer while it is copied, unless `options` say otherwise; memory does not
    depend on the size of the file.

    With `in_place`, `dst` is None and `src` itself is stamped, or what a link there leads to: head and footer alone are
    written, under a journal, and the data is neither copied nor read, unless there is a proof to make or `options` say
    so. The rules that are not judged for it are named in `notes`, and the footer is derived from the old one, so that
    damage stays exactly as visible as it was. What a stamp that was cut has left is finished or undone first. Where
    every value is there already, the file is left alone. Two of these at once for one file exclude each other, where
    the system has locks. `WriteOptions` says how else a file may be written.

    With `force`, `dst` is replaced when it exists, and may be `src`. With `dry_run`, everything that would be checked
    is, and nothing is written; `dst` may then be None. `accept` has ids of rules whose faults are let through; a wrong
    checksum that is accepted stays as wrong as it is. With `prove`, the result has a `proof`: the digests of both
    files, taken on the way; a file that is left alone is read for them.

    Raises `RequestError` for a patch that is empty or that the metadata cannot hold, for an output that exists, for
    a pipe in place, for one with other hard links, and for options that have no use; `FormatError`, `TruncatedError`
    and `UnsupportedError` for an input that cannot be stamped; `OSError` as the system reports it, and for a file in
    place that is being stamped. After an error `dst` and `src` are as they were.
    """
    order = Order(
        src=src,
        dst=dst,
        patch=metadata_patch(patch),
        in_place=in_place,
        force=force,
        dry_run=dry_run,
        drop_trailing=drop_trailing,
        accept=accept,
        prove=prove,
        options=options,
        progress=progress,
    )
    settled = _settled(order, limits) if in_place and not dry_run else ()
    if in_place and Path(src).is_fifo():  # which is known before a writer is waited for
        raise RequestError(f"input: expected a regular file to stamp in place, found a pipe: {src}")
    with ExitStack() as stack:
        container = stack.enter_context(open_container(src, limits=limits))
        if order.writes_head:
            from .heads import stamp_head

            done = stamp_head(stack, container, order)
        else:
            from .copies import stamp_copy

            done = stamp_copy(stack, container, order)
        return replace(done, notes=(*settled, *done.notes))


def plan_left_alone(
    src: StrPath,
    patch: MetadataPatch | ProvenancePatch,
    *,
    drop_trailing: bool = False,
    accept: Collection[str] = (),
    options: WriteOptions = _DEFAULTS,
    limits: Limits = DEFAULT_LIMITS,
) -> Stamp | None:
    """The stamp in place of a file that has every value already, and would be left alone; None for any other file.

    Reads the head of the file and writes nothing. None, too, for a file beside the journal of a stamp that was cut.
    Raises what `stamp_file` raises for the patch and the head.
    """
    from ..inplace import journal_of

    if journal_of(src) is not None:
        return None
    with open_container(src, limits=limits) as container:
        order = Order(
            src=src,
            patch=metadata_patch(patch),
            in_place=True,
            drop_trailing=drop_trailing,
            accept=accept,
            options=options,
        )
        stamp = planned(container, order)
        return None if stamp.changed else untouched(stamp)


def _settled(order: Order, limits: Limits) -> tuple[str, ...]:
    """Finish or undo what a stamp that was cut has left, and say so.

    It is undone where there is a proof to make: of a file that is stamped already, nobody could tell any more what it
    was before.
    """
    from ..inplace import journal_of

    if journal_of(order.src) is None:
        return ()
    from ..inplace import recover

    found = recover(order.src, limits=limits, undo=order.prove)
    did = {"new": "was finished", "old": "was undone", "none": "had left nothing"}[found.state]
    wrong = "; the footer does not match the file, and did not before" if found.verified is False else ""
    return (f"a stamp in place that was cut {did} first{wrong}",)
