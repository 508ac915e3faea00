"""Extended attributes of files: which there are, which are kept, and what is said of those that are not."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from aprfmt.files.attributes import attribute_names, has_list, keep_attributes, lost_attributes


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A new file, and the one that it is to replace, which has two attributes."""
    new, old = tmp_path / "new", tmp_path / "old"
    new.touch()
    old.touch()
    if not hasattr(os, "setxattr"):
        pytest.skip("the system has no extended attributes")
    try:
        os.setxattr(old, "user.a", b"1")
        os.setxattr(old, "user.b", bytes(range(256)))
    except OSError as error:
        pytest.skip(f"the file system has no extended attributes: {error.strerror}")
    return new, old


def test_attributes_are_kept_and_others_are_taken_away(files: tuple[Path, Path]) -> None:
    new, old = files
    os.setxattr(new, "user.c", b"of the folder")
    assert keep_attributes(new, old)
    assert attribute_names(new) == attribute_names(old) == {"user.a", "user.b"}
    assert os.getxattr(new, "user.b") == bytes(range(256))
    assert lost_attributes(attribute_names(old), new) == ()


def test_what_the_system_refuses_is_left_out(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = files
    put = os.setxattr

    def refuse(path: Path, name: str, value: bytes) -> None:
        if name == "user.a":
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        put(path, name, value)

    monkeypatch.setattr(os, "setxattr", refuse)
    assert keep_attributes(new, old)
    assert attribute_names(new) == {"user.b"}
    (note,) = lost_attributes(attribute_names(old), new)
    assert note.endswith("does not have: user.a")


def test_no_room_for_attributes_is_an_error(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """As no room for the bytes is: the file would be another one without them."""

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "setxattr", full)
    with pytest.raises(OSError, match="No space left") as caught:
        keep_attributes(*files)
    assert caught.value.filename == str(files[1])


def test_a_file_system_without_attributes_has_none(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_arguments: object) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    with monkeypatch.context() as patched:
        patched.setattr(os, "listxattr", nothing)
        assert keep_attributes(*files)
        assert attribute_names(files[1]) == frozenset()

    def broken(*_arguments: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "listxattr", broken)
    with pytest.raises(OSError, match="Input/output"):
        keep_attributes(*files)


@pytest.mark.parametrize("name", ["listxattr", "getxattr", "setxattr", "removexattr"])
def test_a_system_without_attributes_keeps_none(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, name, raising=False)
    for path in (new := tmp_path / "new", old := tmp_path / "old"):
        path.touch()
    assert keep_attributes(new, old)
    assert not has_list(new)


def test_a_note_is_short_and_shows_no_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    (note,) = lost_attributes({f"user.{number:02d}\x1b" for number in range(20)}, path)
    assert "user.07" in note
    assert "user.08" not in note
    assert note.endswith(" and 12 more")
    assert "\x1b" not in note


def test_attributes_of_the_system_are_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system gives to every file is not missed."""
    monkeypatch.setattr(os, "listxattr", lambda _path: ["security.selinux", "user.a"], raising=False)
    assert attribute_names(tmp_path) == {"user.a"}
