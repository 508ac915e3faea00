"""Which files a command line means: paths, folders, lists of paths, standard input."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..errors import RequestError

__all__ = ["Input", "Inputs", "inputs", "is_one_file", "standard_input"]

_SUFFIX = ".apr"
_LONGEST_LINE = 1 << 16


class Input(NamedTuple):
    """A file to read by its name as given, `-` for standard input; or why there is none."""

    name: str
    error: OSError | None = None


class _Argument(NamedTuple):
    name: str
    files: Iterator[Input]
    is_one_file: bool


class Inputs(Iterator[Input]):
    """The files that arguments stand for, found as they are asked for."""

    def __init__(self, arguments: Iterable[_Argument]) -> None:
        self._left = deque(arguments)

    @property
    def argument(self) -> str | None:
        """The argument that the next file is looked for in; None when there is none left."""
        return self._left[0].name if self._left else None

    def __next__(self) -> Input:
        """The next file."""
        while self._left:
            item = next(self._left[0].files, None)
            if item is None or self._left[0].is_one_file:
                self._left.popleft()
            if item is not None:
                return item
        raise StopIteration


def is_one_file(arguments: Sequence[str]) -> bool:
    """Whether there is one argument, and it is neither a folder nor a list."""
    return len(arguments) == 1 and not arguments[0].startswith("@") and not _is_folder(arguments[0])


def standard_input() -> BinaryIO:
    """The bytes of standard input; raises `OSError` when it is closed."""
    import sys

    if sys.stdin is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard input")
    return sys.stdin.buffer


def inputs(arguments: Iterable[str], *, recursive: bool) -> Inputs:
    """The files of all arguments in their order, found as they are asked for.

    A folder stands for its files called `*.apr`, with `recursive` also for those of the folders in it, each sorted by
    name; `@LIST` for the paths in a file, one a line, blank lines left out, `@-` for those on standard input. Links are
    followed, and no folder is entered twice. What cannot be listed is an `Input` with an error.

    Raises `RequestError`, before anything is returned, for an argument that stands for nothing.
    """
    found: list[_Argument] = []
    for argument in arguments:
        files = _listed(argument[1:], recursive) if argument.startswith("@") else _at(argument, recursive)
        first = next(files, None)
        if first is None:
            expected = "at least one path in it" if argument.startswith("@") else f"at least one file *{_SUFFIX}"
            deeper = "" if recursive or argument.startswith("@") else " (-r looks into the folders in it)"
            raise RequestError(f"{argument}: expected {expected}, found none{deeper}")
        found.append(_Argument(argument, chain((first,), files), is_one_file((argument,))))
    return Inputs(found)


def _is_folder(path: str) -> bool:
    return path != "-" and os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where this answers no


def _at(path: str, recursive: bool) -> Iterator[Input]:
    return _in_folder(path, recursive) if _is_folder(path) else iter((Input(path),))


def _listed(name: str, recursive: bool) -> Iterator[Input]:
    try:
        with ExitStack() as stack:
            # Bytes, because a path need not be text in any encoding.
            lines = standard_input() if name == "-" else stack.enter_context(Path(name).open("rb"))
            while line := lines.readline(_LONGEST_LINE + 1):
                if len(line) > _LONGEST_LINE:  # no path is so long; what has no lines, such as /dev/zero, has no end
                    raise OSError(errno.ENAMETOOLONG, "expected one path a line, found a line that is too long", name)
                path = os.fsdecode(line.rstrip(b"\r\n"))
                if "\0" in path:
                    yield Input(path, OSError(errno.EINVAL, os.strerror(errno.EINVAL), path))
                elif path:
                    # A line is a path and nothing else: `-` is a file of that name.
                    yield from _at(f"{os.curdir}{os.sep}-" if path == "-" else path, recursive)
    except OSError as error:
        yield Input(f"@{name}", error)


def _in_folder(folder: str, recursive: bool) -> Iterator[Input]:
    entered: set[tuple[int, int]] = set()
    pending = [folder]
    while pending:
        path = pending.pop()
        try:
            status = Path(path).stat()
            if stat.S_ISDIR(status.st_mode):
                if (recursive or path == folder) and (status.st_dev, status.st_ino) not in entered:
                    entered.add((status.st_dev, status.st_ino))
                    names = sorted(entry.name for entry in Path(path).iterdir())
                    pending += [str(Path(path, name)) for name in reversed(names)]
            elif stat.S_ISREG(status.st_mode) and path.endswith(_SUFFIX):
                yield Input(path)
        except OSError as error:
            # A link that leads nowhere is no folder.
            if path.endswith(_SUFFIX) or error.errno not in (errno.ENOENT, errno.ELOOP):
                yield Input(path, error)
