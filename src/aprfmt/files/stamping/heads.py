"""A stamp in place that writes head and footer alone; where the system cannot, a new file."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ...errors import RequestError
from ...ops.inplace import InPlace, read_through
from ...ops.stamp import Stamp, untouched
from ..copying import require_checksum, require_reads_back
from ..inplace import Refused, write_in_place
from ..locking import NoLocksError, lock
from ..opened import OpenContainer
from ..sources import FileSource
from ..writing import require_access, require_folder, require_space
from .copies import busy, n_other_names, replace_file
from .options import Order
from .planning import planned_in_place, witness

__all__ = ["stamp_head"]


def stamp_head(stack: ExitStack, container: OpenContainer, order: Order) -> Stamp:
    """Stamp a file in place without a copy; where the system cannot, with one; or check that it could be stamped."""
    source = container.source
    if not isinstance(source, FileSource):
        raise RequestError(f"input: expected a regular file to stamp in place, found another: {order.src}")
    made = planned_in_place(container, order)
    is_locked = made.must_read and not order.dry_run and _hold(source, order)
    observe, proof = witness(stack, container, made.stamp) if order.prove else (None, None)
    reads = 2 if order.verify.reads_output and not order.dry_run else 1
    if made.must_read:
        progress = _told(order, reads * made.output_nbytes, 0)
        made = read_through(made, container, progress=progress, observe=observe)
    stamp = replace(made.stamp, proof=None if proof is None else proof())
    if not made.changed:
        return untouched(stamp)
    n_other_names(source, order)
    if order.dry_run:
        _require_stampable(made, order)
        return stamp
    options = order.options
    done = write_in_place(
        order.src,
        made,
        source,
        allow_hardlinks=options.allow_hardlinks,
        preserve_mtime=options.preserve_mtime,
        is_locked=is_locked,
    )
    if isinstance(done, Refused):
        written = f"written as a new file, with every byte checked ({done.reason})"
        return replace(replace_file(container, order, note=written), proof=stamp.proof)
    _require_reads_back(order, made)
    return stamp


def _hold(source: FileSource, order: Order) -> bool:
    """Keep other stamps away while the file is read; whether the system has locks."""
    try:
        lock(source.fileno())
    except NoLocksError:
        return False
    except BlockingIOError:
        raise busy(order.src) from None
    return True


def _told(order: Order, total: int, start: int) -> Callable[..., None] | None:
    """What tells the progress of one of several reads, which begins when so many bytes of all are done."""
    tell = order.progress
    return None if tell is None else lambda done, *_of: tell(start + done, total)


def _require_stampable(made: InPlace, order: Order) -> None:
    """Raise what a stamp in place would raise before it writes."""
    path = Path(os.path.realpath(order.src))
    require_folder(path.parent)  # for the journal, which has what was there and what shall be
    require_space(path.parent, len(made.before) + len(made.header) + len(made.body) + made.shift, path)
    require_access(path, os.W_OK, order.src)


def _require_reads_back(order: Order, made: InPlace) -> None:
    """Hold what was written against what the disk has, and with READBACK every byte."""
    path = Path(os.path.realpath(order.src))
    meant = [(0, made.header), (len(made.header), made.body), (made.footer_at, made.footer)]
    require_reads_back(path, meant, made.output_nbytes, path)
    if order.verify.reads_output and made.crc32 is not None:
        told = _told(order, 2 * made.output_nbytes, made.output_nbytes)
        require_checksum(path, made.output_nbytes, made.crc32, order.src, progress=told)
