"""A new container written tensor by tensor, in memory that does not depend on their size.

Rules of this file:
1. What lies behind the end of the last whole tensor in the temporary file does not count. An `add` writes there, and
   counts as one step when all of it is there: one that fails changes nothing.
2. The temporary file has no name, so that nothing is left of it however the process ends.
"""

from __future__ import annotations

import errno
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple, Self, SupportsIndex, TypeAlias, cast

from .. import layout
from ..checksum import crc32
from ..errors import RequestError
from ..layout import DType, Flags, TensorIndexEntry
from ..ops.entries import Declared, declare, flat_view, metadata_bytes, name_taken, writable_flags
from ..plan import Copy, Literal, Plan, Seal
from ..source import CHUNK_BYTES
from .naming import naming
from .sources import FileSource, StrPath
from .writing import require_writable, write_plan

__all__ = ["Data", "Writer"]

Data: TypeAlias = bytes | bytearray | memoryview | BinaryIO | Iterable[bytes | bytearray | memoryview]


class _Placed(NamedTuple):
    entry: TensorIndexEntry
    checksum: int
    """CRC-32 of all data up to the end of this tensor, its filler included."""

    @property
    def end(self) -> int:
        return layout.align_up(self.entry.ofs_tensor + self.entry.len_tensor, layout.ALIGNMENT)


class Writer:
    """A new container to which tensors are added one at a time, in any order; also a context manager.

    The data lies in the file in the order in which it came, the index is sorted by name. Nothing is at `path` before
    `close`, which makes the file appear whole or not at all; leaving the context by an exception discards everything.
    Until then the data is in a temporary file without a name in the folder of `path`: closing takes as much free space
    again. Without `force`, a file that exists at `path` is refused, now and when closing.

    `metadata` is a mapping, written as the reference writes it, or JSON bytes, written as they are. LAYOUT_ROW_MAJOR is
    added to `flags`, and nothing else. Raises `RequestError` for flags, metadata and tensors that
    `aprfmt.create_bytes` would refuse, `TypeError` for arguments of another kind, `OSError` as the system reports it.
    """

    def __init__(
        self,
        path: StrPath,
        metadata: Mapping[str, Any] | bytes = MappingProxyType({}),
        *,
        flags: Flags = Flags.LAYOUT_ROW_MAJOR,
        force: bool = False,
    ) -> None:
        self._flags = writable_flags(flags)
        self._metadata = metadata_bytes(metadata)
        require_writable(path, 0, force=force)
        # Absolute, because the working directory may change before the path is used again.
        self._path = Path(path).absolute()
        self._force = force
        self._placed: dict[bytes, _Placed] = {}
        self._adding = False
        self._nbytes: int | None = None
        folder = Path(os.path.realpath(path)).parent
        # Unbuffered: bytes that could not be written must not wait to be written again.
        self._spool: io.FileIO | None = tempfile.TemporaryFile(  # noqa: SIM115 - `discard` closes it
            dir=folder, buffering=0
        )

    @property
    def nbytes(self) -> int | None:
        """Size of the file in bytes, None until it is there."""
        return self._nbytes

    def set_metadata(self, metadata: Mapping[str, Any] | bytes) -> None:
        """Replace the metadata as a whole: what is only known at the end can wait for it."""
        self._open_spool()
        self._metadata = metadata_bytes(metadata)

    def add(self, name: str, dtype: DType, shape: Sequence[SupportsIndex], data: Data) -> int:
        """Add a tensor and return its size in bytes.

        `data` is anything that holds its bytes without gaps, a binary file, which is read from where it is to its end,
        or an iterable of pieces. Raises `RequestError` for a tensor that `aprfmt.create_bytes` would refuse, and for
        data that is shorter or longer than type and shape take; `TypeError` for data of another kind; what reading
        raises. The writer is then as it was before, and takes further tensors.
        """
        spool = self._open_spool()
        declared = declare(name, dtype, shape)
        if declared.name in self._placed:
            raise name_taken(declared)
        self._adding = True
        try:
            self._placed[declared.name] = self._write(spool, declared, data)
        except BaseException:
            with suppress(OSError, ValueError):  # the space is wanted, not needed; ValueError: discarded meanwhile
                spool.truncate(self._reached[0])
            raise
        finally:
            self._adding = False
        return self._placed[declared.name].entry.len_tensor

    def close(self) -> int:
        """Write the file and return its size in bytes; a second call returns it again.

        Raises `RequestError` when a file has appeared at the path, unless `force`, or when the writer was discarded;
        `OSError` as the system reports it. After an error nothing is left, of what was added neither; an interrupt in
        the very last moment may leave the whole file.
        """
        if self._nbytes is not None:
            return self._nbytes
        spool = self._open_spool()
        try:
            with FileSource(os.dup(spool.fileno())) as source:
                self._nbytes = write_plan(self._plan(), self._path, source=source, force=self._force)
        finally:
            self.discard()
        return self._nbytes

    def discard(self) -> None:
        """Let go of everything that was added; nothing is written. After `close` it does nothing."""
        spool, self._spool = self._spool, None
        if spool is not None:
            spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exception: type[BaseException] | None, *_rest: object) -> None:
        if exception is not None:
            self.discard()
        elif self._spool is not None:  # not discarded, which is no error here
            self.close()

    def _open_spool(self) -> io.FileIO:
        if self._spool is None:
            raise RequestError(f"the writer is closed: expected one that is open: {self._path}")
        if self._adding:
            raise RequestError(f"a tensor is being added: expected one at a time: {self._path}")
        return self._spool

    @property
    def _reached(self) -> tuple[int, int]:
        """Where the data ends, on the grid, and the CRC-32 of all of it."""
        last = next(reversed(self._placed.values()), None)
        return (0, 0) if last is None else (last.end, last.checksum)

    def _write(self, spool: io.FileIO, declared: Declared, data: Data) -> _Placed:
        start, checksum = self._reached
        spool.seek(start)
        nbytes = 0
        for piece in _pieces(data, declared):
            nbytes += len(piece)
            if nbytes > max(declared.sizes):
                raise declared.misfit(f"at least {nbytes}")
            checksum = self._put(spool, piece, checksum)
        entry = declared.entry(start, nbytes)
        return _Placed(entry, self._put(spool, bytes(-nbytes % layout.ALIGNMENT), checksum))

    def _put(self, spool: io.FileIO, piece: memoryview | bytes, checksum: int) -> int:
        rest = memoryview(piece)
        if spool.closed:
            raise RequestError(f"the writer was discarded while a tensor was being added: {self._path}")
        with naming(self._path):
            while rest:
                rest = rest[spool.write(rest) :]
        return crc32(piece, checksum)

    def _plan(self) -> Plan:
        end, checksum = self._reached
        entries = [self._placed[name].entry for name in sorted(self._placed)]
        header = {"num_tensors": len(entries), "flags": layout.flags_tree(self._flags)}
        head = layout.build_head(header, self._metadata, layout.build_entries(entries))

        def check(found: int) -> None:
            if found != checksum:
                text = f"the temporary file reads back wrong: expected {checksum:#010x}, found {found:#010x}"
                raise OSError(errno.EIO, text, str(self._path))

        return (*map(Literal, head), Copy(0, end, check), Seal(layout.FOOTER_SIZE, layout.build_footer))


def _pieces(data: Data, declared: Declared) -> Iterator[memoryview]:
    """The bytes of `data`, in views that fit the cache where it holds them all."""
    try:
        whole = flat_view(data, declared.label)
    except TypeError:
        pass  # it holds none itself
    else:
        declared.entry(0, len(whole))  # refuses a wrong size before anything is written
        yield from (whole[at : at + CHUNK_BYTES] for at in range(0, len(whole), CHUNK_BYTES))
        return
    if hasattr(data, "read"):
        chunks = _read(cast("BinaryIO", data), max(declared.sizes))
    elif isinstance(data, Iterable) and not isinstance(data, str):
        chunks = iter(cast("Iterable[bytes]", data))
    else:
        raise TypeError(
            f"tensor {declared.label}: expected bytes, a binary file or an iterable of bytes, "
            f"found {type(data).__name__}"
        )
    for chunk in chunks:
        try:
            yield flat_view(chunk, declared.label)
        except TypeError as error:
            raise TypeError(
                f"tensor {declared.label}: expected pieces of bytes, found {type(chunk).__name__}"
            ) from error


def _read(file: BinaryIO, most: int) -> Iterator[bytes]:
    """The rest of a file, or one byte more than `most` of it: enough to know that it is too long."""
    wanted = most + 1
    while wanted and (piece := file.read(min(wanted, CHUNK_BYTES))) != b"":
        if piece is None:  # taking this for the end would cut the data
            raise BlockingIOError(errno.EAGAIN, "expected a blocking stream, found one with no bytes yet")
        wanted -= len(piece)
        yield piece
