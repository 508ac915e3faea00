"""A disk that loses power: what was not synced is there, or not, sector by sector."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.unit.files.inplace.faults import Emulated

from aprfmt.files.inplace.system import INSERT_RANGE

__all__ = ["Disk"]

_SECTOR = 512
_BLOCK = 4096


class _Write(NamedTuple):
    at: int
    data: bytes


class _Move(NamedTuple):
    mode: int
    at: int
    nbytes: int


class _Truncate(NamedTuple):
    nbytes: int


class Disk(Emulated):
    """Keeps, for the files of one folder, what is on the disk for sure, and what was done since."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._content = {path.name: path.read_bytes() for path in folder.iterdir()}
        self._names = set(self._content)
        self._names_now = set(self._content)
        self._pending: dict[str, list[_Write | _Move | _Truncate]] = {}
        self._opened: dict[int, str] = {}
        self.half_moved = 0

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        descriptor = super().open(path, flags, mode)
        name = Path(path).name
        self._opened[descriptor] = name
        self._names_now.add(name)
        self._content.setdefault(name, b"")
        return descriptor

    def pwrite(self, descriptor: int, data: bytes | memoryview, at: int) -> int:
        self._later(descriptor, _Write(at, bytes(data)))
        return super().pwrite(descriptor, data, at)

    def fallocate(self, descriptor: int, mode: int, at: int, nbytes: int) -> None:
        self._later(descriptor, _Move(mode, at, nbytes))
        super().fallocate(descriptor, mode, at, nbytes)

    def truncate(self, descriptor: int, nbytes: int) -> None:
        self._later(descriptor, _Truncate(nbytes))
        super().truncate(descriptor, nbytes)

    def unlink(self, path: str) -> None:
        super().unlink(path)
        self._names_now.discard(Path(path).name)

    def fsync(self, descriptor: int) -> None:
        super().fsync(descriptor)
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            self._names = set(self._names_now)
            return
        name = self._opened[descriptor]
        self._content[name] = (self._folder / name).read_bytes()
        self._pending.pop(name, None)

    def _later(self, descriptor: int, change: _Write | _Move | _Truncate) -> None:
        self._pending.setdefault(self._opened[descriptor], []).append(change)

    def lose_power(self, seed: int) -> None:
        """Leave in the folder what may be found after the power came back."""
        random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
        for name in self._names | self._names_now:
            path = self._folder / name
            surely = name in self._names and name in self._names_now
            if not surely and random.random() < 0.5:
                path.unlink(missing_ok=True)
                continue
            raw, hole = self._what_may_be(name, random)
            with path.open("r+b" if path.exists() else "w+b") as file:  # the same inode as before
                file.truncate(0)
                start = 0 if hole is None else hole[1]
                if hole is not None:
                    file.write(raw[: hole[0]])
                file.seek(start)
                file.write(raw[start:])
                file.truncate(len(raw))

    def _what_may_be(self, name: str, random: Random) -> tuple[bytes, tuple[int, int] | None]:
        """The content of a file, and the hole in it when its parts were being moved."""
        raw = bytearray(self._content[name])
        hole, lost = None, 0
        for change in self._pending.get(name, ()):
            if isinstance(change, _Write):
                # Where the move of the blocks is lost, what was written into them is not.
                self._write(raw, change._replace(at=change.at - lost), random)
            elif isinstance(change, _Truncate):
                if random.random() < 0.5:
                    raw = raw[: change.nbytes] + bytes(max(0, change.nbytes - len(raw)))
            else:
                found = random.choice(("lost", "half", "done"))
                if found == "lost":
                    lost += change.nbytes if change.mode == INSERT_RANGE else 0
                    continue
                raw, hole = self._moved(raw, change, 0 if found == "done" else random.randrange(1, 99))
        return bytes(raw), hole

    @staticmethod
    def _write(raw: bytearray, change: _Write, random: Random) -> None:
        at, stop = change.at, change.at + len(change.data)
        while at < stop:
            end = min(stop, (at // _SECTOR + 1) * _SECTOR)
            if random.random() < 0.5 and at >= 0:
                raw += bytes(max(0, end - len(raw)))
                raw[at:end] = change.data[at - change.at : end - change.at]
            at = end

    def _moved(self, raw: bytearray, change: _Move, cut: int) -> tuple[bytearray, tuple[int, int] | None]:
        """Blocks put in or taken out; with a `cut`, as far as a block in the middle of the file."""
        if change.mode != INSERT_RANGE:
            if not cut:
                return raw[: change.at] + raw[change.at + change.nbytes :], None
            raw = raw[: change.at] + raw[change.at + change.nbytes :]
        elif not cut:
            return raw[: change.at] + bytes(change.nbytes) + raw[change.at :], None
        self.half_moved += 1
        at = min(change.at // _BLOCK * _BLOCK + cut * _BLOCK, -(-len(raw) // _BLOCK) * _BLOCK)
        if at >= len(raw):
            return raw + bytes(change.nbytes), (len(raw), len(raw) + change.nbytes)
        return raw[:at] + bytes(change.nbytes) + raw[at:], (at, at + change.nbytes)
