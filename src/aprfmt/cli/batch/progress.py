"""The line on stderr that says how far many files are: `12/50 files, 3.1 of 20.0 GiB: NAME`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from .. import render
from ..options import drawing

__all__ = ["Progress", "showing"]

_COLUMNS = 40
"""For the name: of a terminal of 80, what is left beside the counts."""


class Progress:
    """How far the jobs are, drawn whenever that looks different; any thread may say so.

    `names` are those of the files, `sizes` how many bytes each of them has. The name that is drawn is that of the first
    file that is under way, so that threads that take turns do not make the line flicker.
    """

    def __init__(self, draw: Callable[[str], None] | None, names: Sequence[str], sizes: Sequence[int]) -> None:
        self._draw = draw
        self._names = names
        self._sizes = sizes
        self._total = sum(sizes)
        self._lock = threading.Lock()
        self._under_way: dict[int, int] = {}
        self._n_over = 0
        self._nbytes_over = 0

    def at(self, index: int, done: int, total: int) -> None:
        """A file is so many bytes of so many further; of each, no more counts than it has."""
        with self._lock:
            size = self._sizes[index]
            self._under_way[index] = min(size, size * done // total) if total else 0
            self._show()

    def over(self, index: int) -> None:
        """A file is over, and counts with all its bytes."""
        with self._lock:
            self._under_way.pop(index, None)
            self._n_over += 1
            self._nbytes_over += self._sizes[index]
            self._show()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Nothing is drawn meanwhile, so that lines can be printed to the same terminal."""
        if self._draw is None:  # a reader of stdout who is slow does not hold up the jobs
            yield
            return
        with self._lock:
            self._draw("")
            yield
            self._show()

    def _show(self) -> None:
        if self._draw is not None and self._under_way:
            name = render.tail(self._names[min(self._under_way)], _COLUMNS)
            nbytes = _of(self._nbytes_over + sum(self._under_way.values()), self._total)
            self._draw(f"{self._n_over}/{render.count(len(self._names), 'file')}, {nbytes}: {name}")


def _of(done: int, total: int) -> str:
    """`3.1 of 20.0 GiB`: the unit once where it is the same."""
    number, _, unit = render.size(done).partition(" ")
    whole = render.size(total)
    return f"{number if whole.endswith(f' {unit}') else render.size(done)} of {whole}"


@contextmanager
def showing(names: Sequence[str], sizes: Sequence[int], *, quiet: bool) -> Iterator[Progress]:
    """A line about these files on stderr until the end, where stderr is a terminal."""
    with drawing(quiet=quiet) as draw:
        yield Progress(draw, names, sizes)
