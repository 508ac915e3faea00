"""The only room with a door to the disk: open containers, write stamped and new ones, read the specification."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..container import Container, refuse_other_formats
from ..errors import RequestError
from ..layout import Flags
from ..limits import DEFAULT_LIMITS, Limits
from ..ops.canonicalise import Canonical, plan_canonical
from ..ops.create import NewTensor, plan_container
from ..ops.stamp import Stamp, plan_stamp
from ..plan import iter_plan
from ..provenance import ProvenancePatch, require_patch
from ..rules import Report, run
from .sources import FileSource, MemorySource, OpenedSource, StreamSource, StrPath, open_source
from .writing import Progress, require_writable, write_plan

if TYPE_CHECKING:
    from .vectors import read_suite, write_image

__all__ = [
    "FileSource",
    "MemorySource",
    "OpenContainer",
    "OpenedSource",
    "Progress",
    "StrPath",
    "StreamSource",
    "canonicalise_file",
    "create_file",
    "open",
    "open_source",
    "read_spec",
    "read_suite",
    "stamp_file",
    "validate_file",
    "write_image",
    "write_plan",
]


def __getattr__(name: str) -> Any:
    # What the conformance kit alone needs costs the other commands nothing.
    if name in ("read_suite", "write_image"):
        from . import vectors

        return getattr(vectors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class OpenContainer(Container):
    """A container that holds a file open until it is closed; also a context manager."""

    source: OpenedSource

    def close(self) -> None:
        """Let go of the file. Views of tensors that are still held stay valid. Idempotent."""
        self.source.close()

    def check_unchanged(self) -> None:
        """Raise `FormatError` when the file is not any more what it was when it was opened; of bytes, never."""
        if isinstance(self.source, FileSource):
            self.source.check_unchanged()

    def validate(self, *, profile: str = "default", read_data: bool = True) -> Report:
        """Everything that is wrong with the file by the rules of a profile; errors as for `aprfmt.rules.run`.

        One pass over every byte, in constant memory; without `read_data` over the head alone.
        """
        return _judged(self.source, self.limits, profile=profile) if read_data else run(self, profile=profile)

    def __repr__(self) -> str:
        path: object = getattr(self.source, "path", None)
        where = "" if path is None else f" {str(path)!a}"
        # What has not been read is not read for this.
        tensors = f"{self.header.num_tensors} tensors, " if "header" in vars(self) else ""
        try:
            return f"<OpenContainer{where}: {tensors}{self.source.size} bytes>"
        except ValueError:  # bytes in memory have no size any more once they are let go of
            return f"<OpenContainer{where}: {tensors}closed>"

    def __enter__(self) -> OpenContainer:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def open(  # noqa: A001 - `aprfmt.open` is the name users expect
    file: StrPath | bytes | bytearray | memoryview | BinaryIO,
    *,
    limits: Limits = DEFAULT_LIMITS,
    lenient: bool = False,
) -> OpenContainer:
    """Open a container: a path, bytes, or a binary file. Only the header is read before something is asked for.

    With `lenient`, any bytes are taken, and what cannot be read raises when it is touched.

    Raises `UnsupportedError` for another format, `TruncatedError` or `FormatError` when the sections cannot be located,
    `OSError` as the system reports it.
    """
    source = open_source(file, look=None if lenient else refuse_other_formats)
    try:
        return OpenContainer(source, limits=limits, lenient=lenient)
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
    accept: Collection[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Stamp:
    """Write a stamped copy of the file at `src` to `dst`, which appears whole or not at all.

    Every byte of `src` is held against its footer while it is copied; memory does not depend on the size of the file.
    With `force`, `dst` is replaced when it exists, and may be `src` itself. With `dry_run`, everything is checked, the
    footer included, and nothing is written; `dst` may then be None. `accept` has ids of rules whose faults are let
    through; a wrong checksum that is accepted stays as wrong as it is.

    Raises `RequestError` for an empty patch and for an output that exists; `FormatError`, `TruncatedError` and
    `UnsupportedError` for an input that cannot be stamped; `OSError` as the system reports it. After an error `dst` and
    `src` are as they were.
    """
    require_patch(patch)
    with open(src, limits=limits) as container:
        stamp = plan_stamp(container, patch, drop_trailing=drop_trailing, accept=accept)
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


def validate_file(
    file: StrPath | bytes | bytearray | memoryview | BinaryIO,
    *,
    profile: str = "default",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Report:
    """Everything that is wrong with a file by the rules of a profile, in one pass and constant memory.

    Any bytes can be judged. `select` and `ignore` have ids of rules, as for `aprfmt.rules.run`. Filler is looked
    through whatever its size, because every byte is read anyway.

    Raises `RequestError` for a profile or rule that does not exist, `OSError` as the system reports it, and
    `FormatError` without a rule when the file changes while it is read.
    """
    with open_source(file) as source:
        return _judged(source, limits, profile=profile, select=select, ignore=ignore, progress=progress)


def _judged(source: OpenedSource, limits: Limits, **options: Any) -> Report:
    """The report about every byte of a source, whose filler is looked through whatever its size."""
    limits = replace(limits, max_filler_bytes=max(limits.max_filler_bytes, source.size))
    container = OpenContainer(source, limits=limits, lenient=True)
    report = run(container, read_data=True, **options)
    container.check_unchanged()
    return report


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
    with open(src, limits=limits) as container:
        made = plan_canonical(container, drop_unexplained=drop_unexplained, progress=report_check)
        if dst is not None and dry_run:
            require_writable(dst, made.output_nbytes, force=force)
        elif dst is not None:
            write_plan(made.plan, dst, source=container.source, force=force, progress=report_copy)
    return made


def create_file(
    path: StrPath,
    tensors: Iterable[NewTensor],
    metadata: Mapping[str, Any] | bytes,
    *,
    flags: Flags = Flags.LAYOUT_ROW_MAJOR,
    force: bool = False,
) -> int:
    """Write a new container and return its size in bytes; it appears whole or not at all.

    `metadata` is a mapping, written as the reference writes it, or JSON bytes, written as they are. LAYOUT_ROW_MAJOR is
    added to `flags`, and nothing else. With `force`, a file that exists at `path` is replaced.

    Raises `RequestError` for what `aprfmt.create_bytes` would refuse, and for an output that exists; `OSError` as the
    system reports it.
    """
    return write_plan(plan_container(tensors, metadata, flags=flags), path, source=None, force=force)


def read_spec(name: str) -> bytes:
    """A file of the specification, such as `apr_v2.ksy`, or an export of it, as it was when this package was made."""
    shipped = package_files("aprfmt").joinpath("_spec", name)
    if shipped.is_file():
        return shipped.read_bytes()
    # A checkout that is not built as a wheel has them in folders at its root.
    root = Path(__file__).resolve().parents[3]
    declared = root / "spec" / name
    return (declared if declared.is_file() else root / "exports" / name).read_bytes()
