"""A stamp written as a new file: a copy beside the original, or one that takes its place in a single step."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ...ops.stamp import Stamp, untouched
from ...plan import read_plan
from ..attributes import attribute_names, lost_attributes
from ..inplace.locking import require_single_name
from ..locking import try_lock
from ..opened import OpenContainer
from ..sources import FileSource, StrPath
from ..writing import require_writable, write_plan
from .options import Order
from .planning import planned, witness

__all__ = ["busy", "n_other_names", "replace_file", "stamp_copy"]


def stamp_copy(stack: ExitStack, container: OpenContainer, order: Order) -> Stamp:
    """Write a stamped copy to the output, or to the place of the input; or check that it could be written."""
    if order.in_place and not order.dry_run:
        _lock(container, order)
    stamp = planned(container, order)
    left_alone = order.in_place and not stamp.changed
    notes = _others(container, order) if order.in_place and not left_alone else ()
    observe, proof = witness(stack, container, stamp) if order.prove else (None, None)
    target = order.src if order.in_place else order.dst
    if target is not None and not (order.dry_run or left_alone):
        attributes = attribute_names(order.src)
        write_plan(
            stamp.plan,
            target,
            source=container.source,
            force=order.force or order.in_place,
            progress=order.progress,
            observe=observe,
            read_back=order.verify.reads_output,
            mtime_ns=_mtime_ns(container) if order.options.preserve_mtime else None,
        )
        notes += lost_attributes(attributes, target)
    else:
        if target is not None and order.dry_run and not left_alone:
            require_writable(target, stamp.output_nbytes, force=order.force or order.in_place)
        if order.dry_run or order.prove:
            read_plan(stamp.plan, container.source, progress=order.progress, observe=observe)
            container.check_unchanged()
    if proof is not None:
        stamp = replace(stamp, proof=proof())
    if left_alone:
        return untouched(stamp)
    return replace(stamp, notes=(*stamp.notes, *notes))


def replace_file(container: OpenContainer, order: Order, *, note: str) -> Stamp:
    """Stamp a file in place by a new one where the system cannot by its head alone, which `note` says.

    Every byte is read for it, so every byte is checked.
    """
    _lock(container, order)
    notes = _others(container, order)
    stamp = planned(container, order.checking_all())
    mtime_ns = _mtime_ns(container) if order.options.preserve_mtime else None
    source, progress = container.source, order.progress
    attributes = attribute_names(order.src)
    write_plan(stamp.plan, order.src, source=source, force=True, progress=progress, mtime_ns=mtime_ns)
    notes += lost_attributes(attributes, order.src)
    return replace(stamp, notes=(*stamp.notes, note, *notes))


def _lock(container: OpenContainer, order: Order) -> None:
    """Lock a file that is to be replaced, where there are locks."""
    source = container.source
    if isinstance(source, FileSource) and not try_lock(source.fileno()):
        raise busy(order.src)


def _others(container: OpenContainer, order: Order) -> tuple[str, ...]:
    """Who else a file that is to be replaced is there for. Raises `RequestError` where that is not allowed."""
    source = container.source
    others = n_other_names(source, order) if isinstance(source, FileSource) else 0
    if others < 1:
        return ()
    names = "another name, which keeps" if others == 1 else f"{others} other names, which keep"
    return (f"the file has {names} what was there (hard links)",)


def n_other_names(source: FileSource, order: Order) -> int:
    """How many other names a file in place has; raises `RequestError` when there are any that are not allowed."""
    status = os.fstat(source.fileno())
    if not order.options.allow_hardlinks:
        require_single_name(status, Path(order.src))
    return status.st_nlink - 1


def busy(src: StrPath) -> OSError:
    """The error of a file that another stamp has locked."""
    text = "another stamp is writing this file: expected no lock on it, found one"
    return OSError(errno.EWOULDBLOCK, text, str(src))


def _mtime_ns(container: OpenContainer) -> int | None:
    source = container.source
    return os.fstat(source.fileno()).st_mtime_ns if isinstance(source, FileSource) else None
