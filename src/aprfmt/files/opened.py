"""Containers that hold a file open, and the one pass that judges every byte of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, BinaryIO

from ..container import Container, refuse_other_formats
from ..limits import DEFAULT_LIMITS, Limits
from ..rules import Report, run
from .sources import FileSource, OpenedSource, StrPath, open_source

__all__ = ["OpenContainer", "judged", "open"]


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

    def payload_digest(self) -> str:
        """As of a `Container`; `FormatError` also for a file that is not any more what it was when it was opened."""
        digest = super().payload_digest()
        self.check_unchanged()
        return digest

    def validate(self, *, profile: str = "default", read_data: bool = True) -> Report:
        """Everything that is wrong with the file by the rules of a profile; errors as for `aprfmt.rules.run`.

        One pass over every byte, in constant memory; without `read_data` over the head alone.
        """
        return judged(self.source, self.limits, profile=profile) if read_data else run(self, profile=profile)

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


def judged(source: OpenedSource, limits: Limits, **options: Any) -> Report:
    """The report about every byte of a source, whose filler is looked through whatever its size."""
    limits = replace(limits, max_filler_bytes=max(limits.max_filler_bytes, source.size))
    container = OpenContainer(source, limits=limits, lenient=True)
    report = run(container, read_data=True, **options)
    container.check_unchanged()
    return report
