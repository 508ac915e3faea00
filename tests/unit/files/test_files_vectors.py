"""Recipes that are read, and files that are made of images: with holes, and never over another file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from aprfmt import RequestError
from aprfmt.files import read_suite, write_image
from aprfmt.files import vectors as files_vectors
from aprfmt.vectors.image import Image

VAST = Image.of(b"head").resized(5 << 30).replaced(4 << 30, (4 << 30) + 4, b"tail")


def test_the_recipes_of_the_package_are_read() -> None:
    suite = read_suite()
    assert "bases.json" in suite.documents
    assert list(suite.documents) == sorted(suite.documents)


def test_recipes_of_a_folder_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"about": "names: ü", "bases": {}, "vectors": []}', encoding="utf-8")
    (tmp_path / "README.md").write_text("no recipe", encoding="utf-8")
    assert list(read_suite(tmp_path).documents) == ["a.json"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{", "expected JSON"),
        (b"\xff", "expected JSON"),
        (b"[" * 100_000, "expected JSON"),
        (b"[]", "expected a JSON object, found list"),
        (b'{"vectors": {}}', "expected a list of objects under vectors"),
        (b'{"vectors": [1]}', "expected a list of objects under vectors"),
        (b'{"bases": {"a": 1}}', "expected an object of objects under bases"),
        (b'{"bases": null}', "expected an object of objects under bases"),
    ],
)
def test_a_file_that_is_no_recipe_is_named(tmp_path: Path, text: bytes, words: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(text)
    with pytest.raises(RequestError, match=r"bad\.json") as caught:
        read_suite(tmp_path)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "vector",
    [
        '{"id": "a", "about": "", "verdict": "accept", "origin": "hand", "rule": []}',
        '{"id": "a", "about": "", "verdict": "accept", "origin": "hand", "extents": [1]}',
        '{"id": [], "about": "", "verdict": "accept", "origin": "hand"}',
        '{"id": "a"}',
    ],
)
def test_a_recipe_that_makes_no_sense_is_a_request_error(tmp_path: Path, vector: str) -> None:
    (tmp_path / "bad.json").write_text(f'{{"vectors": [{vector}]}}', encoding="utf-8")
    with pytest.raises(RequestError):
        read_suite(tmp_path)


def test_a_folder_without_recipes_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="found none"):
        read_suite(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_suite(tmp_path / "none")


@pytest.mark.parametrize("raw", [b"", b"a", bytes(range(256)) * 1000])
def test_an_image_is_written_byte_for_byte(tmp_path: Path, raw: bytes) -> None:
    write_image(tmp_path / "a", Image.of(raw))
    assert (tmp_path / "a").read_bytes() == raw


def test_a_small_image_with_a_hole_is_whole(tmp_path: Path) -> None:
    image = Image.of(b"ab").resized(9).replaced(4, 5, b"c")
    write_image(tmp_path / "a", image)
    assert (tmp_path / "a").read_bytes() == b"ab\0\0c\0\0\0\0"


def test_a_vast_image_takes_next_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "vast"
    write_image(path, VAST)
    status = path.stat()
    assert status.st_size == VAST.size
    assert status.st_blocks * 512 <= files_vectors.SPARSE_NBYTES
    with path.open("rb") as file:
        assert os.pread(file.fileno(), 8, (4 << 30) - 2) == b"\0\0tail\0\0"


@pytest.mark.parametrize("image", [Image.of(b"new"), VAST])
def test_a_file_that_exists_is_not_touched(tmp_path: Path, image: Image) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(RequestError, match="output exists"):
        write_image(path, image)
    assert path.read_bytes() == b"old"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(RequestError, match="output exists"):
        write_image(tmp_path / "link", Image.of(b"new"))
    assert not (tmp_path / "target").exists()


def test_a_sparse_image_of_which_much_is_written_is_refused(tmp_path: Path) -> None:
    image = Image.of(bytes(range(256)) * 4097).resized(5 << 30)
    with pytest.raises(RequestError, match="between holes"):
        write_image(tmp_path / "a", image)
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int, _size: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "ftruncate", full)
    with pytest.raises(OSError, match="No space") as caught:
        write_image(tmp_path / "a", VAST)
    assert caught.value.filename == str(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_a_file_system_without_holes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_vectors, "_BLOCK_NBYTES", 1 << 30)  # as if every block of the file were a large one
    with pytest.raises(OSError, match="no holes") as caught:
        write_image(tmp_path / "a", VAST)
    assert caught.value.errno == errno.EOPNOTSUPP
    assert not list(tmp_path.iterdir())
