"""Disks cut at every call: images of real file systems, taken while they are mounted, mounted again and recovered."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.unit.files.inplace.faults import SCENARIOS, Crash, Faulty, Scenario, stamp, stamped_whole

from aprfmt.files.inplace import System, Written, journal_of, recover

_SIZES = {"ext4": 16, "xfs": 320}
_PLAN = [
    (kind, name, way) for kind in _SIZES for name in ("fits", "grows") for way in ("as it is", "data first", "synced")
]


def require_images(kind: str, folder: Path) -> None:
    """Skip the test where no image can be made and mounted."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting an image takes Linux and root")
    if shutil.which(f"mkfs.{kind}") is None:
        pytest.skip(f"mkfs.{kind} is not installed")
    if shutil.disk_usage(folder).free < 1 << 30:
        pytest.skip("images take up to 1 GiB")


def run(*words: object) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.returncode, f"{words[0]}: {done.stderr.strip()}")


@contextmanager
def mounted(image: Path) -> Iterator[Path]:
    at = image.with_suffix(".mounted")
    at.mkdir(exist_ok=True)
    # Copies of one image have one identity, which XFS would refuse to see twice.
    options = "loop,nouuid" if "xfs" in image.name else "loop"
    run("mount", "-o", options, image, at)
    try:
        yield at
    finally:
        run("umount", at)


class Pictures(System):
    """Takes a copy of the image after each call, as the disk is then."""

    def __init__(self, image: Path, way: str, at: Path) -> None:
        super().__init__()
        self._image, self._way, self._at = image, way, at
        self.taken: list[Path] = []

    def picture(self, descriptor: int | None = None) -> None:
        if self._way == "synced":
            run("sync", "-f", self._at)
        elif self._way == "data first" and descriptor is not None:
            # The blocks of the file go to the disk, what the file system says of them does not.
            library = ctypes.CDLL(None, use_errno=True)
            library.sync_file_range(descriptor, ctypes.c_int64(0), ctypes.c_int64(0), 7)
        copy = self._image.with_name(f"{len(self.taken)}-{self._image.name}")
        run("cp", "--sparse=always", self._image, copy)
        self.taken.append(copy)

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        descriptor = super().open(path, flags, mode)
        self.picture()
        return descriptor

    def pwrite(self, descriptor: int, data: bytes | memoryview, at: int) -> int:
        written = super().pwrite(descriptor, data, at)
        self.picture(descriptor)
        return written

    def fsync(self, descriptor: int) -> None:
        super().fsync(descriptor)
        self.picture()

    def fallocate(self, descriptor: int, mode: int, at: int, nbytes: int) -> None:
        super().fallocate(descriptor, mode, at, nbytes)
        self.picture(descriptor)

    def unlink(self, path: str) -> None:
        super().unlink(path)
        self.picture()


@pytest.mark.parametrize(("kind", "name", "way"), _PLAN)
def test_an_image_cut_at_every_call(tmp_path: Path, kind: str, name: str, way: str) -> None:
    require_images(kind, tmp_path)
    scenario = next(item for item in SCENARIOS if item.name == name)
    found = Counter(_outcomes(made(tmp_path, kind), scenario, way))
    assert found.keys() == {"old", "new"}
    assert found.total() >= 10


def made(folder: Path, kind: str) -> Path:
    image = folder / f"{kind}.img"
    with image.open("wb") as file:
        file.truncate(_SIZES[kind] << 20)
    run(f"mkfs.{kind}", "-q", image)
    try:
        with mounted(image):
            pass
    except OSError as error:
        pytest.skip(f"images cannot be mounted here: {error}")
    return image


def _outcomes(image: Path, scenario: Scenario, way: str) -> Iterator[str]:
    with mounted(image) as at:
        path = at / "model.apr"
        path.write_bytes(scenario.raw)
        run("sync", "-f", at)
        system = Pictures(image, way, at)
        assert isinstance(stamp(path, scenario, system), Written)
        assert path.read_bytes() == stamped_whole(scenario)
    for copy in system.taken:
        with mounted(copy) as at:
            path = at / "model.apr"
            done = recover(path)
            assert journal_of(path) is None
            which = {scenario.raw: "old", stamped_whole(scenario): "new"}.get(path.read_bytes(), "neither")
            assert done.state in (which, "none")
        copy.unlink()
        yield which


@pytest.mark.parametrize("kind", sorted(_SIZES))
def test_an_insertion_that_was_cut_is_undone(tmp_path: Path, kind: str) -> None:
    """Half of the file moved on: what a file system leaves that moves parts in several transactions."""
    require_images(kind, tmp_path)
    scenario = next(item for item in SCENARIOS if item.name == "grows")
    with mounted(made(tmp_path, kind)) as at:
        path = at / "model.apr"
        for block in (4096, 8192, 12288, None):
            path.write_bytes(scenario.raw)
            system = Faulty(System(), 4, "before")
            with pytest.raises(Crash):
                stamp(path, scenario, system)
            _move_half(path, block)
            done = recover(path)
            assert (done.state, done.verified) == ("old", True)
            assert path.read_bytes() == scenario.raw


def _move_half(path: Path, block: int | None) -> None:
    shift = 8192
    descriptor = os.open(path, os.O_RDWR)
    try:
        if block is None:
            os.ftruncate(descriptor, path.stat().st_size + shift)
        else:
            System().fallocate(descriptor, 0x20, block, shift)
    finally:
        os.close(descriptor)
