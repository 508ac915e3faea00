"""A disk that loses power: what was not synced is there, or not, sector by sector."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.unit.files.inplace.faults import CUTS, Emulated

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


def _has_hole(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as file:
        return size > 0 and os.lseek(file.fileno(), 0, os.SEEK_HOLE) < size


class Disk(Emulated):
    """Keeps, for the files of one folder, what is on the disk for sure, and what was done since."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._content = {path.name: path.read_bytes() for path in folder.iterdir()}
        self._sparse = {path.name for path in folder.iterdir() if _has_hole(path)}
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
        for change in self._pending.pop(name, ()):
            self._content[name] = self._done(self._content[name], change)

    def fsync_failed(self, descriptor: int) -> None:
        """What could not be written counts as written from now on: no later call tries again, and none fails for it."""
        name = self._opened.get(descriptor, "")
        pending = self._pending.get(name, [])
        if all(isinstance(change, _Write) for change in pending):
            self._pending.pop(name, None)
            raw = bytearray(self._content.get(name, b""))
            for change in pending:
                assert isinstance(change, _Write)
                self._write(raw, change, None, Random(len(raw)))  # noqa: S311 - to be repeated, not to be secret
            self._content[name] = bytes(raw)

    def _later(self, descriptor: int, change: _Write | _Move | _Truncate) -> None:
        self._pending.setdefault(self._opened[descriptor], []).append(change)

    @staticmethod
    def _done(raw: bytes, change: _Write | _Move | _Truncate) -> bytes:
        if isinstance(change, _Write):
            return raw[: change.at].ljust(change.at, b"\0") + change.data + raw[change.at + len(change.data) :]
        if isinstance(change, _Truncate):
            return raw[: change.nbytes].ljust(change.nbytes, b"\0")
        put = bytes(change.nbytes if change.mode == INSERT_RANGE else 0)
        return raw[: change.at] + put + raw[change.at + change.nbytes - len(put) :]

    def lose_power(self, seed: int) -> None:
        """Leave in the folder what may be found after the power came back."""
        CUTS["lost power"] += 1
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
                for at in range(0, len(raw), _BLOCK):
                    is_hole = hole is not None and hole[0] <= at < hole[1]
                    if is_hole or (name in self._sparse and not any(raw[at : at + _BLOCK])):
                        continue
                    file.seek(at)
                    file.write(raw[at : at + _BLOCK])
                file.truncate(len(raw))

    def _what_may_be(self, name: str, random: Random) -> tuple[bytes, tuple[int, int] | None]:
        """The content of a file, and the hole in it when its parts were being moved.

        What a file system says of its files reaches the disk in order: once a move or an end is lost, or was cut, so is
        all that came after. What is written reaches it in any order, in blocks that may lie elsewhere in the file then.
        """
        raw = bytearray(self._content[name])
        places = list(range(0, len(raw), _BLOCK))  # where each block of the file lies in what is on the disk
        hole, is_lost = None, False
        for change in self._pending.get(name, ()):
            if isinstance(change, _Write):
                self._write(raw, change, places if is_lost else None, random)
                continue
            if isinstance(change, _Truncate):
                places = places[: -(-change.nbytes // _BLOCK)]
                done = "lost" if is_lost else random.choice(("lost", "done"))
                if done == "done":
                    raw = raw[: change.nbytes] + bytes(max(0, change.nbytes - len(raw)))
            else:
                done = "lost" if is_lost else random.choice(("lost", "half", "done"))
                blocks, at = change.nbytes // _BLOCK, change.at // _BLOCK
                cut = 0 if done == "done" else random.randrange(1, 99)
                if change.mode == INSERT_RANGE:
                    places[at:at] = [-1] * blocks  # which are nowhere yet
                else:
                    del places[at : at + blocks]
                if done != "lost":
                    raw, hole = self._moved(raw, change, cut)
                if done == "half":
                    places = [place + change.nbytes if hole and place >= hole[0] else place for place in places]
            is_lost = is_lost or done != "done"
            if not is_lost:
                places = list(range(0, len(raw), _BLOCK))
        return bytes(raw), hole

    @staticmethod
    def _write(raw: bytearray, change: _Write, places: list[int] | None, random: Random) -> None:
        at, stop = change.at, change.at + len(change.data)
        while at < stop:
            end = min(stop, (at // _SECTOR + 1) * _SECTOR)
            block = at // _BLOCK
            place = at - at % _BLOCK if places is None else places[block] if block < len(places) else -1
            if random.random() < 0.5 and place >= 0:
                start = place + at % _BLOCK
                raw += bytes(max(0, start + end - at - len(raw)))
                raw[start : start + end - at] = change.data[at - change.at : end - change.at]
            at = end

    def _moved(self, raw: bytearray, change: _Move, cut: int) -> tuple[bytearray, tuple[int, int] | None]:
        """Blocks put in or taken out; with a `cut`, as far as a block in the middle of the file."""
        if not cut:
            taken = 0 if change.mode == INSERT_RANGE else change.nbytes
            put = bytes(change.nbytes if change.mode == INSERT_RANGE else 0)
            return raw[: change.at] + put + raw[change.at + taken :], None
        self.half_moved += 1
        if change.mode != INSERT_RANGE:  # the first parts have moved, the hole is behind them
            raw = raw[: change.at] + raw[change.at + change.nbytes :]
        at = min(change.at // _BLOCK * _BLOCK + cut * _BLOCK, -(-len(raw) // _BLOCK) * _BLOCK)
        if at >= len(raw):
            return raw + bytes(change.nbytes), (len(raw), len(raw) + change.nbytes)
        return raw[:at] + bytes(change.nbytes) + raw[at:], (at, at + change.nbytes)
