"""The only room with a door to the disk: open containers, write stamped and new ones, read the specification."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any, BinaryIO

from ..container import Container, refuse_other_formats
from ..errors import RequestError
from ..layout import Flags
from ..limits import DEFAULT_LIMITS, Limits
from ..metadata import ProvenancePatch
from ..ops.create import NewTensor, plan_container
from ..ops.stamp import Stamp, plan_stamp
from ..plan import iter_plan
from .sources import FileSource, MemorySource, OpenedSource, StreamSource, StrPath, open_source
from .writing import Progress, require_writable, write_plan

__all__ = [
    "FileSource",
    "MemorySource",
    "OpenContainer",
    "OpenedSource",
    "Progress",
    "StrPath",
    "StreamSource",
    "create_file",
    "open",
    "open_source",
    "read_spec",
    "stamp_file",
    "write_plan",
]


class OpenContainer(Container):
    """A container that holds a file open until it is closed; also a context manager."""

    source: OpenedSource

    def close(self) -> None:
        """Let go of the file. Views of tensors that are still held stay valid. Idempotent."""
        self.source.close()

    def __enter__(self) -> OpenContainer:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def open(  # noqa: A001 - `aprfmt.open` is the name users expect
    file: StrPath | bytes | bytearray | memoryview | BinaryIO, *, limits: Limits = DEFAULT_LIMITS
) -> OpenContainer:
    """Open a container: a path, bytes, or a binary file. Only the header is read before something is asked for.

    Raises `UnsupportedError` for another format, `TruncatedError` or `FormatError` when the sections cannot be located,
    `OSError` as the system reports it.
    """
    source = open_source(file, look=refuse_other_formats)
    try:
        return OpenContainer(source, limits=limits)
    except BaseException:
        source.close()
        raise


def stamp_file(
    src: StrPath,
    dst: StrPath | None,
    patch: ProvenancePatch,
    *,
    force: bool = False,
    dry_run: bool = False,
    drop_trailing: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Stamp:
    """Write a stamped copy of the file at `src` to `dst`, which appears whole or not at all.

    Every byte of `src` is held against its footer while it is copied; memory does not depend on the size of the file.
    With `force`, `dst` is replaced when it exists, and may be `src` itself. With `dry_run`, everything is checked, the
    footer included, and nothing is written; `dst` may then be None.

    Raises `RequestError` for an empty patch and for an output that exists; `FormatError`, `TruncatedError` and
    `UnsupportedError` for an input that cannot be stamped; `OSError` as the system reports it. After an error `dst` and
    `src` are as they were.
    """
    if patch.is_empty:
        raise RequestError("the patch is empty: expected at least one key to set, found none; nothing to stamp")
    with open(src, limits=limits) as container:
        stamp = plan_stamp(container, patch, drop_trailing=drop_trailing)
        if dry_run:
            if dst is not None:
                require_writable(dst, stamp.output_nbytes, force=force)
            _carry_out(stamp, container.source, progress)
        elif dst is None:
            raise RequestError("expected a path for the output, found none")
        else:
            write_plan(stamp.plan, dst, source=container.source, force=force, progress=progress)
    return stamp


def _carry_out(stamp: Stamp, source: OpenedSource, progress: Progress | None) -> None:
    """Run a plan, with all its checks, without keeping what it makes."""
    done = 0
    for piece in iter_plan(stamp.plan, source):
        done += len(piece)
        if progress is not None:
            progress(done, stamp.output_nbytes)


def create_file(
    path: StrPath,
    tensors: Iterable[NewTensor],
    metadata: Mapping[str, Any] | bytes,
    *,
    flags: Flags = Flags.LAYOUT_ROW_MAJOR,
    force: bool = False,
) -> int:
    """Write a new container and return its size in bytes; it appears whole or not at all.

    Raises `RequestError` for what a careful reader would refuse or warn about, and for an output that exists.
    """
    return write_plan(plan_container(tensors, metadata, flags=flags), path, source=None, force=force)


def read_spec(name: str) -> bytes:
    """A file of the specification, `apr_v2.ksy` or `metadata.schema.json`, as it was when this package was made."""
    shipped = package_files("aprfmt").joinpath("_spec", name)
    if shipped.is_file():
        return shipped.read_bytes()
    # A checkout that is not built as a wheel has the specification at its root.
    return (Path(__file__).resolve().parents[3] / "spec" / name).read_bytes()
