"""Metadata that does not fit into the room behind it, and a model made what it was before it grew.

Without that a model would be another one in each round: the head that is written grows with every growth.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import aprfmt
from aprfmt import layout
from aprfmt.files.inplace.system import COLLAPSE_RANGE, System

__all__ = ["growing", "staying"]

_BYTES = 5000
"""More than the room that a stamp in place leaves, which is less than a block."""


class _Before(NamedTuple):
    """The size of a file, and what stands before its data and behind it."""

    path: Path
    nbytes: int
    n_taken: int
    """Bytes up to the index: the header, the metadata and its room."""
    head: bytes
    footer: bytes

    @classmethod
    def of(cls, path: Path) -> _Before:
        with aprfmt.open(path) as container:
            index, data = container.sections["tensor_index"], container.sections["tensor_data"]
        assert index is not None, "a model has an index"
        assert data is not None, "a model has data"
        with path.open("rb") as file:
            head = file.read(data[0])
            file.seek(-layout.FOOTER_SIZE, os.SEEK_END)
            return cls(path, path.stat().st_size, index[0], head, file.read())

    def put_back(self) -> None:
        """Take out the blocks that were inserted; the file stays as it is where the file system cannot."""
        with self.path.open("r+b", buffering=0) as file, suppress(OSError):
            System().fallocate(file.fileno(), COLLAPSE_RANGE, 0, self.path.stat().st_size - self.nbytes)
            file.write(self.head)
            file.seek(-layout.FOOTER_SIZE, os.SEEK_END)
            file.write(self.footer)


@contextmanager
def growing(folder: Path, paths: Sequence[Path]) -> Iterator[list[str]]:
    """Options that make each of the models longer; afterwards they are what they were, where that can be done.

    Raises `SystemExit` when one was not made longer.
    """
    before = [_Before.of(path) for path in paths]
    patch = folder / "growth.json"
    # Longer than what stands there by now, in case an earlier growth is still there.
    description = "-" * (_BYTES + max(model.n_taken for model in before))
    patch.write_text(json.dumps({"description": description}), encoding="utf-8")
    yield ["--patch", str(patch)]
    for model in before:
        after = model.path.stat().st_size
        if after <= model.nbytes:
            raise SystemExit(f"{model.path}: expected more than {model.nbytes} bytes, found {after}")
        model.put_back()


@contextmanager
def staying(paths: Sequence[Path]) -> Iterator[list[str]]:
    """No options; raises `SystemExit` when one of the models has another size afterwards."""
    before = [path.stat().st_size for path in paths]
    yield []
    for path, nbytes in zip(paths, before, strict=True):
        after = path.stat().st_size
        if after != nbytes:
            raise SystemExit(f"{path}: expected {nbytes} bytes, found {after}")
