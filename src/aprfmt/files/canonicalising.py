"""Lay a file out anew, as a new one."""

from __future__ import annotations

from ..errors import RequestError
from ..limits import DEFAULT_LIMITS, Limits
from ..ops.canonicalise import Canonical, plan_canonical
from ..source import Progress
from .opened import open as open_container
from .sources import StrPath
from .writing import require_writable, write_plan

__all__ = ["canonicalise_file"]


def canonicalise_file(
    src: StrPath,
    dst: StrPath | None,
    *,
    force: bool = False,
    dry_run: bool = False,
    drop_unexplained: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Canonical:
    """Write the canonical form of the file at `src` to `dst`, which appears whole or not at all.

    Every byte of `src` is held against its footer before anything is written; memory does not depend on the size of the
    file. With `force`, `dst` is replaced when it exists, and may be `src` itself. With `dry_run`, everything is checked
    and nothing is written; `dst` may then be None. `drop_unexplained` drops what belongs to nothing instead of refusing
    it. `progress` sees one sum over the check and the copy.

    Raises `RequestError` for an output that exists; `FormatError`, `TruncatedError` and `UnsupportedError` for an input
    that is refused; `OSError` as the system reports it. After an error `dst` and `src` are as they were.
    """
    checked = 0

    def report_check(done: int, total: int) -> None:
        nonlocal checked
        checked = done
        if progress is not None:
            progress(done, total if dry_run else 2 * total)  # the copy is about as long

    def report_copy(done: int, total: int) -> None:
        if progress is not None:
            progress(checked + done, checked + total)

    if dst is not None:
        require_writable(dst, 0, force=force)  # before reading what may be a large file
    elif not dry_run:
        raise RequestError("expected a path for the output, found none")
    with open_container(src, limits=limits) as container:
        made = plan_canonical(container, drop_unexplained=drop_unexplained, progress=report_check)
        if dst is not None and dry_run:
            require_writable(dst, made.output_nbytes, force=force)
        elif dst is not None:
            write_plan(made.plan, dst, source=container.source, force=force, progress=report_copy)
    return made
