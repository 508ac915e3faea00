"""Disks cut at every call: images of real file systems, taken while they are mounted, mounted again and recovered."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from tests.unit.files.inplace.faults import CUTS, SCENARIOS, Crash, Faulty, Scenario, stamp, stamped_whole

from aprfmt import DType, MetadataPatch, NewTensor, create_bytes
from aprfmt import open as open_container
from aprfmt.files.inplace import System, Written, journal_of, recover, write_in_place
from aprfmt.files.sources import FileSource
from aprfmt.ops.inplace import plan_in_place
from aprfmt.testing import expand

_SIZES = {"ext4": 48, "xfs": 320}
_NAMES = ("fits", "grows", "grows, tail of a block dropped")
_PLAN = [(kind, name, way) for kind in _SIZES for name in _NAMES for way in ("as it is", "data first", "synced")]
_SHUTDOWN, _WITH_LOG = 0x8004587D, 1
"""The request of ioctl(2) that ends a file system of ext4 or XFS at once, with all that its log has on the disk."""


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

    def truncate(self, descriptor: int, nbytes: int) -> None:
        super().truncate(descriptor, nbytes)
        self.picture(descriptor)

    def unlink(self, path: str) -> None:
        super().unlink(path)
        self.picture()


@pytest.mark.parametrize(("kind", "name", "way"), _PLAN)
def test_an_image_cut_at_every_call(tmp_path: Path, kind: str, name: str, way: str) -> None:
    require_images(kind, tmp_path)
    scenario = by_name(name)
    image = made(tmp_path, kind)
    with placed(image, scenario) as path:
        system = Pictures(image, way, path.parent)
        assert isinstance(stamp(path, scenario, system), Written)
        assert path.read_bytes() == stamped_whole(scenario)
    found = Counter(_outcomes(system.taken, scenario))
    assert found.keys() == {"old", "new"}
    assert found.total() >= 10


@pytest.mark.parametrize("kind", sorted(_SIZES))
@pytest.mark.parametrize("name", _NAMES)
def test_an_image_cut_at_every_call_of_an_undoing(tmp_path: Path, kind: str, name: str) -> None:
    require_images(kind, tmp_path)
    scenario = by_name(name)
    image = made(tmp_path, kind)
    with placed(image, scenario) as path:
        system = Pictures(image, "as it is", path.parent)
        with pytest.raises(OSError, match="injected"):
            stamp(path, scenario, Faulty(system, 8, "EIO"))
        assert path.read_bytes() == scenario.raw
        assert journal_of(path) is None
    found = Counter(_outcomes(system.taken, scenario))
    assert found["old"] >= 5


@pytest.mark.parametrize("kind", sorted(_SIZES))
@pytest.mark.parametrize("name", _NAMES)
def test_an_image_cut_at_every_call_of_a_recovery(tmp_path: Path, kind: str, name: str) -> None:
    require_images(kind, tmp_path)
    scenario = by_name(name)
    image = made(tmp_path, kind)
    with placed(image, scenario) as path:
        with pytest.raises(Crash):
            stamp(path, scenario, Faulty(System(), 7, "after"))
        system = Pictures(image, "as it is", path.parent)
        assert recover(path, system=system).state == "new"
    found = Counter(_outcomes(system.taken, scenario))
    assert found.keys() == {"new"}
    assert found.total() >= 6


def by_name(name: str) -> Scenario:
    return next(item for item in SCENARIOS if item.name == name)


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


@contextmanager
def placed(image: Path, scenario: Scenario) -> Iterator[Path]:
    """The file on the mounted image, on the disk as a whole."""
    with mounted(image) as at:
        path = at / "model.apr"
        path.write_bytes(scenario.raw)
        run("sync", "-f", at)
        yield path


def _outcomes(images: list[Path], scenario: Scenario) -> Iterator[str]:
    for image in images:
        with mounted(image) as at:
            path = at / "model.apr"
            done = recover(path)
            assert journal_of(path) is None
            which = {scenario.raw: "old", stamped_whole(scenario): "new"}.get(path.read_bytes(), "neither")
            assert done.state in (which, "none")
            assert done.verified in (True, None)
        image.unlink()
        CUTS["an image of a disk"] += 1
        yield which


@pytest.mark.parametrize("kind", sorted(_SIZES))
def test_a_file_system_that_ends_while_it_moves_the_parts_of_a_file(tmp_path: Path, kind: str) -> None:
    """A file of thousands of parts with holes between them, of which XFS moves each by itself."""
    require_images(kind, tmp_path)
    fcntl = pytest.importorskip("fcntl")
    raw, patch = _of_many_parts(4000), MetadataPatch(set={"data_source": "x" * 3000})
    image, outcomes = made(tmp_path, kind), Counter[str]()
    with mounted(image) as at:
        (at / "model.apr").write_bytes(raw)
        new = _stamped(at / "model.apr", patch)
    for _ in range(4):
        with mounted(image) as at:
            path = at / "model.apr"
            path.unlink()
            _write_parts(path, raw)
            run("sync", "-f", at)
            with path.open("rb") as file:
                seen = os.fstat(file.fileno()).st_size

                def end(descriptor: int = file.fileno(), size: int = seen) -> None:
                    while os.fstat(descriptor).st_size == size:  # which changes before anything moves
                        pass
                    fcntl.ioctl(descriptor, _SHUTDOWN, _WITH_LOG.to_bytes(4, sys.byteorder))

                ending = Thread(target=end)
                ending.start()
                try:
                    _stamped(path, patch)
                except OSError as error:
                    assert error.errno == errno.EIO  # noqa: PT017 - it may be done before the end
                ending.join()
        with mounted(image) as at:
            path = at / "model.apr"
            outcomes[recover(path).state] += 1
            assert journal_of(path) is None
            assert path.read_bytes() in (raw, new)
        CUTS["the end of a file system"] += 1
    assert outcomes.total() == 4


def _of_many_parts(n_parts: int) -> bytes:
    piece = expand(9, 4096)
    data = b"".join(number.to_bytes(4, "big") + piece[4:] + bytes(4096) for number in range(n_parts))
    return create_bytes([NewTensor("a", DType.U8, (len(data),), data)], {"license": "MIT"})


def _write_parts(path: Path, raw: bytes) -> None:
    with path.open("wb") as file:
        for at in range(0, len(raw), 4096):
            if any(piece := raw[at : at + 4096]):
                file.seek(at)
                file.write(piece)
        file.truncate(len(raw))


def _stamped(path: Path, patch: MetadataPatch) -> bytes:
    with open_container(path) as container:
        planned = plan_in_place(container, patch)
        assert planned.shift == 4096
        assert isinstance(container.source, FileSource)
        assert isinstance(write_in_place(path, planned, container.source), Written)
    return path.read_bytes()


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


@pytest.mark.parametrize("name", ["fits", "grows"])
def test_a_file_of_a_lower_layer_is_stamped_in_the_upper_one(tmp_path: Path, name: str) -> None:
    """It is copied when it is opened for writing, which is no change by somebody else. So are models in an image."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("to mount an overlay takes Linux and root")
    scenario = by_name(name)
    lower, upper, work, seen = (tmp_path / folder for folder in ("lower", "upper", "work", "seen"))
    for folder in (lower, upper, work, seen):
        folder.mkdir()
    (lower / "model.apr").write_bytes(scenario.raw)
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    try:
        run("mount", "-t", "overlay", "overlay", "-o", options, seen)
    except OSError as error:
        pytest.skip(f"no overlay can be mounted here: {error}")
    try:
        done = stamp(seen / "model.apr", scenario, System())
        if isinstance(done, Written):  # what lies under the layers may insert no blocks
            assert (upper / "model.apr").read_bytes() == stamped_whole(scenario)
        assert isinstance(done, Written) or name == "grows"
        assert (lower / "model.apr").read_bytes() == scenario.raw
        assert journal_of(seen / "model.apr") is None
    finally:
        run("umount", seen)
