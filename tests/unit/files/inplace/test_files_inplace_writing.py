"""Stamps in place that are refused before anything is written, and what stays of a file that is stamped."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.files.inplace.faults import SCENARIOS, Emulated, Scenario, content, real_system, stamp, stamped_whole

from aprfmt import open as open_container
from aprfmt import validate_file
from aprfmt.errors import FormatError, RequestError
from aprfmt.files.inplace import Refused, System, Written, block_nbytes, write_in_place
from aprfmt.files.inplace.locking import locked
from aprfmt.files.sources import FileSource
from aprfmt.ops.inplace import InPlace, plan_in_place

FITS = SCENARIOS[0]
GROWS = next(item for item in SCENARIOS if item.name == "grows")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.apr"
    path.write_bytes(FITS.raw)
    return path


@contextmanager
def planned(path: Path, scenario: Scenario = FITS) -> Iterator[tuple[InPlace, FileSource]]:
    with open_container(path) as container:
        assert isinstance(container.source, FileSource)
        yield plan_in_place(container, scenario.patch), container.source


def alone(path: Path) -> bool:
    return [item.name for item in path.parent.iterdir()] == [path.name]


class Refusing(Emulated):
    """A file system that does not insert blocks."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def fallocate(self, *_arguments: int) -> None:
        raise OSError(self._number, os.strerror(self._number))


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EFBIG])
def test_a_file_system_that_inserts_nothing_is_a_refusal(model: Path, number: int) -> None:
    done = stamp(model, GROWS, Refusing(number))
    assert done == Refused(f"no insertion of blocks: {os.strerror(number)}")
    assert model.read_bytes() == GROWS.raw
    assert alone(model)
    assert isinstance(stamp(model, FITS, Refusing(number)), Written)


def test_a_full_disk_is_no_refusal(model: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        stamp(model, GROWS, Refusing(errno.ENOSPC))
    assert model.read_bytes() == GROWS.raw
    assert alone(model)


def test_space_is_looked_for_before_anything_is_written(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: (1 << 40, 1 << 40, 4096))
    system = Emulated()
    with pytest.raises(OSError, match=r"not enough free space: expected .* found 4096 bytes"):
        stamp(model, GROWS, system)
    assert system.n_calls == 0
    assert model.read_bytes() == GROWS.raw


def test_a_plan_that_must_be_read_is_not_written(tmp_path: Path) -> None:
    scenario = next(item for item in SCENARIOS if item.name == "fits, footer added")
    path = tmp_path / "model.apr"
    path.write_bytes(scenario.raw)
    with planned(path, scenario) as (made, source), pytest.raises(ValueError, match="must be read first"):
        write_in_place(path, made, source)
    assert path.read_bytes() == scenario.raw


def test_other_names_of_the_file_are_refused_unless_allowed(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.apr"
    os.link(model, other)
    with planned(model) as (made, source):
        with pytest.raises(RequestError, match="other hard links: expected 1 name of the file, found 2"):
            write_in_place(model, made, source, system=Emulated())
        assert other.read_bytes() == FITS.raw
        assert isinstance(write_in_place(model, made, source, allow_hardlinks=True, system=Emulated()), Written)
    assert other.read_bytes() == model.read_bytes() == stamped_whole(FITS)


def test_a_file_that_another_process_has_is_refused(model: Path) -> None:
    with locked(model, Emulated()), planned(model) as (made, source):
        with pytest.raises(BlockingIOError, match="another process is writing this file") as caught:
            write_in_place(model, made, source, system=Emulated())
        assert caught.value.filename == str(model.resolve())
        assert model.read_bytes() == FITS.raw
        assert isinstance(write_in_place(model, made, source, is_locked=True, system=Emulated()), Written)
    assert model.read_bytes() == stamped_whole(FITS)


def other_time(path: Path) -> None:
    os.utime(path, ns=(0, 1))


def longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def replaced(path: Path) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(FITS.raw)
    new.replace(path)


@pytest.mark.parametrize("change", [other_time, longer, replaced])
def test_a_file_that_changes_underneath_is_refused(model: Path, change: Any) -> None:
    with planned(model) as (made, source):
        change(model)
        raw = model.read_bytes()
        with pytest.raises(FormatError, match="the input changed while it was read"):
            write_in_place(model, made, source, system=Emulated())
    assert model.read_bytes() == raw
    assert alone(model)


def test_a_link_stays_and_its_target_is_stamped_as_the_same_file(model: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.apr"
    link.symlink_to("model.apr")
    model.chmod(0o640)
    before = model.stat()
    has_attributes = hasattr(os, "setxattr")
    if has_attributes:
        try:
            os.setxattr(model, "user.origin", b"here")
        except OSError:
            has_attributes = False
    assert isinstance(stamp(link, GROWS, real_system(tmp_path)), Written)
    after = model.stat()
    assert link.is_symlink()
    assert (after.st_ino, after.st_mode, after.st_uid) == (before.st_ino, before.st_mode, before.st_uid)
    assert model.read_bytes() == stamped_whole(GROWS)
    if has_attributes:
        assert os.getxattr(model, "user.origin") == b"here"


def test_a_chain_of_stamps_uses_the_room_that_is_there(model: Path) -> None:
    system = real_system(model.parent)
    assert isinstance(stamp(model, GROWS, system), Written)
    size = model.stat().st_size
    for _ in range(3):
        with planned(model) as (made, source):
            assert made.shift == 0
            if made.changed:
                assert isinstance(write_in_place(model, made, source, system=system), Written)
    assert model.stat().st_size == size
    assert content(model.read_bytes())["tensors"] == content(FITS.raw)["tensors"]
    assert validate_file(model).valid


def test_few_bytes_are_written(model: Path) -> None:
    system = real_system(model.parent)
    done = stamp(model, GROWS, system)
    assert isinstance(done, Written)
    assert done.nbytes < 40_000
    assert done.n_calls <= 14


@pytest.mark.parametrize("name", ["fcntl", "pwrite"])
def test_without_a_call_that_only_some_systems_have_it_is_refused(
    model: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "fcntl":
        monkeypatch.setitem(sys.modules, "fcntl", None)
    else:
        monkeypatch.delattr(os, name)
    done = stamp(model, FITS, Emulated())
    assert isinstance(done, Refused)
    assert ("no locks" if name == "fcntl" else "no positioned writes") in done.reason
    assert model.read_bytes() == FITS.raw
    assert alone(model)


@pytest.mark.parametrize("hidden", ["ctypes", "function"])
def test_without_the_call_that_inserts_a_file_that_must_grow_is_refused(
    model: Path, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if hidden == "ctypes":
        monkeypatch.setitem(sys.modules, "ctypes", None)
    else:
        monkeypatch.setattr("ctypes.CDLL", lambda *_arguments, **_options: object())
    assert stamp(model, GROWS, System()) == Refused("no insertion of blocks: expected a file on ext4 or XFS")
    assert model.read_bytes() == FITS.raw
    with pytest.raises(OSError, match=os.strerror(errno.ENOSYS)):
        System().fallocate(0, 0, 0, 0)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_takes_no_journal_refuses_the_stamp(model: Path) -> None:
    model.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            stamp(model, FITS, System())
    finally:
        model.parent.chmod(0o700)
    assert model.read_bytes() == FITS.raw


@pytest.mark.parametrize(
    ("said", "block"),
    [(512, 4096), (1024, 4096), (4096, 4096), (16384, 16384), (65536, 65536), (1 << 20, 4096), (4097, 4096), (0, 4096)],
)
def test_the_block_is_a_multiple_of_that_of_the_file_system(
    model: Path, said: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not what a server likes to be asked for at once, which would be room of megabytes in every file."""
    assert block_nbytes(model) % os.statvfs(model).f_bsize == 0
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bsize=said))
    assert block_nbytes(model) == block


def test_a_file_system_that_is_not_known_to_survive_a_cut_is_not_asked_to_insert(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aprfmt.files.inplace.system._file_system", lambda _descriptor: 0xF2F52010)  # F2FS
    system = System()
    assert stamp(model, GROWS, system) == Refused("no insertion of blocks: expected a file on ext4 or XFS")
    assert system.n_calls == 0
    assert isinstance(stamp(model, FITS, system), Written)


def test_a_journal_lies_on_the_file_system_of_its_file(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is mounted by itself has another folder wherever it is seen from."""
    real, folder = Path.stat, model.parent.resolve()

    def stat(path: Path, **options: bool) -> os.stat_result:
        found = real(path, **options)
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:])) if path == folder else found

    system = Emulated()
    with planned(model) as (made, source):
        monkeypatch.setattr(Path, "stat", stat)
        done = write_in_place(model, made, source, system=system)
    assert isinstance(done, Refused)
    assert "another file system" in done.reason
    assert system.n_calls == 0


def test_macos_is_told_to_empty_the_buffer_of_the_disk(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", lambda _descriptor, command: asked.append(command))
    monkeypatch.setattr(os, "fsync", lambda _descriptor: asked.append(0))
    assert isinstance(stamp(model, FITS, System()), Written)
    assert asked == [51] * 6
    monkeypatch.setattr(fcntl, "fcntl", lambda _descriptor, _command: os.close(-1))
    System().fsync(0)
    assert asked == [*[51] * 6, 0]
