"""A corpus on the disk: what is written, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from aprfmt.errors import RequestError
from aprfmt.fuzz.corpus.store import write_corpus

FILES = [("seeds/a.apr", b"a"), ("deep/er/b", b""), ("words", b"w")]


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("there", [False, True])
def test_files_are_written_below_the_folder(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "a" / "b"
    if there:
        folder.mkdir(parents=True)
    assert write_corpus(FILES, str(folder)) == len(FILES)
    assert written(folder) == dict(FILES)


def test_a_folder_with_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    with pytest.raises(RequestError, match="expected an empty folder, found files") as caught:
        write_corpus(FILES, str(tmp_path))
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert written(tmp_path) == {"mine": b"mine"}


def test_force_replaces_and_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "found").write_bytes(b"by a fuzzer")
    (tmp_path / "seeds" / "a.apr").write_bytes(b"other")
    write_corpus(FILES, str(tmp_path), force=True)
    assert written(tmp_path) == {**dict(FILES), "seeds/found": b"by a fuzzer"}


def test_force_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"mine")
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "words").symlink_to(tmp_path / "elsewhere")
    write_corpus(FILES, str(folder), force=True)
    assert (tmp_path / "elsewhere").read_bytes() == b"mine"
    assert not (folder / "words").is_symlink()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RequestError, match="expected a folder, found a file"):
        write_corpus(FILES, str(tmp_path / "file"), force=True)
