"""Folders, lists and standard input as files of a command line."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from aprfmt.cli.inputs import Input, inputs, is_one_file, standard_input
from aprfmt.errors import RequestError

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs links and names of POSIX")


def found(*arguments: str | Path, recursive: bool = False) -> list[str]:
    """Paths of what is found, all of it without an error."""
    items = list(inputs([str(argument) for argument in arguments], recursive=recursive))
    assert all(item.error is None for item in items)
    return [item.name for item in items]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.apr", "a.apr", "notes.txt", "sub/c.apr", "sub/deep/d.apr", "named.apr/e.apr", "empty/x.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path


def relative(paths: list[str], tree: Path) -> list[str]:
    return [Path(path).relative_to(tree).as_posix() for path in paths]


def test_a_path_is_taken_as_it_is() -> None:
    assert found("./x//y.apr", "none", "-", "x.txt") == ["./x//y.apr", "none", "-", "x.txt"]


def test_a_folder_is_its_files_in_order(tree: Path) -> None:
    assert relative(found(tree), tree) == ["a.apr", "b.apr"]


def test_a_folder_and_what_is_in_it(tree: Path) -> None:
    wanted = ["a.apr", "b.apr", "named.apr/e.apr", "sub/c.apr", "sub/deep/d.apr"]
    assert relative(found(tree, recursive=True), tree) == wanted


@pytest.mark.parametrize("recursive", [False, True])
def test_a_folder_without_files_is_refused(tree: Path, recursive: bool) -> None:
    with pytest.raises(RequestError, match=r"empty: expected at least one file \*.apr, found none"):
        inputs([str(tree), str(tree / "empty")], recursive=recursive)


@POSIX
def test_links_are_followed_and_loops_are_harmless(tree: Path) -> None:
    (tree / "sub" / "up").symlink_to(tree)
    (tree / "sub" / "again").symlink_to(tree / "sub")
    (tree / "self").symlink_to("self")
    (tree / "nowhere").symlink_to("nothing")
    (tree / "z.apr").symlink_to(tree / "a.apr")
    (tree / "outside").symlink_to(tree / "empty")
    wanted = ["a.apr", "b.apr", "named.apr/e.apr", "sub/c.apr", "sub/deep/d.apr", "z.apr"]
    assert relative(found(tree, recursive=True), tree) == wanted
    assert relative(found(tree / "sub" / "again"), tree) == ["sub/again/c.apr"]


@POSIX
def test_a_link_that_is_called_like_a_file_and_leads_nowhere_is_said(tree: Path) -> None:
    (tree / "gone.apr").symlink_to("nothing")
    *_, last = inputs([str(tree)], recursive=False)
    assert last.name == str(tree / "gone.apr")
    assert isinstance(last.error, FileNotFoundError)


@POSIX
def test_pipes_in_a_folder_are_left_alone(tree: Path) -> None:
    os.mkfifo(tree / "pipe.apr")
    assert relative(found(tree), tree) == ["a.apr", "b.apr"]


@POSIX
@pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_said(tree: Path) -> None:
    (tree / "sub").chmod(0)
    try:
        failed = [item for item in inputs([str(tree)], recursive=True) if item.error is not None]
    finally:
        (tree / "sub").chmod(0o755)
    assert [item.name for item in failed] == [str(tree / "sub")]


def test_a_folder_that_cannot_be_listed_is_said(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.iterdir

    def iterdir(path: Path) -> object:
        if path.name == "sub":
            raise PermissionError(13, "no")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    items = list(inputs([str(tree)], recursive=True))
    assert [item.name for item in items if item.error is not None] == [str(tree / "sub")]
    assert len(items) == 4


def test_very_deep_folders_are_no_trouble(tmp_path: Path) -> None:
    """Deeper than functions can call each other, which is also deeper than what cleans up after the tests goes."""
    made = [tmp_path / "deep"]
    try:
        made[0].mkdir()
        with suppress(OSError):  # as deep as the system goes
            for _ in range(1200):
                made[-1].joinpath("a").mkdir()
                made.append(made[-1] / "a")
        (tmp_path / "z.apr").write_bytes(b"")
        assert found(tmp_path, recursive=True) == [str(tmp_path / "z.apr")]
    finally:
        for path in reversed(made):
            path.rmdir()


def test_a_list_is_its_lines(tree: Path) -> None:
    listing = tree / "list"
    listing.write_bytes(b"x.apr\r\n\n" + os.fsencode(tree / "sub") + b"\n-\n@y\nlast")
    wanted = ["x.apr", str(tree / "sub" / "c.apr"), f".{os.sep}-", "@y", "last"]
    assert found(f"@{listing}") == wanted
    assert len(found(f"@{listing}", recursive=True)) == 6


@POSIX
def test_a_list_may_hold_any_bytes_but_null(tmp_path: Path) -> None:
    listing = tmp_path / "list"
    listing.write_bytes(b"\xff.apr\na\0b\nlast\n")
    first, second, third = inputs([f"@{listing}"], recursive=False)
    assert (first, third) == (Input("\udcff.apr"), Input("last"))
    assert second.name == "a\0b"
    assert isinstance(second.error, OSError)


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    listing = tmp_path / "list"
    listing.write_bytes(b"\n\r\n")
    with pytest.raises(RequestError, match=r"expected at least one path in it, found none$"):
        inputs([f"@{listing}"], recursive=False)


def test_a_list_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    first, second = inputs([f"@{tmp_path / 'none'}", "x"], recursive=False)
    assert first.name == f"@{tmp_path / 'none'}"
    assert isinstance(first.error, FileNotFoundError)
    assert second == Input("x")


def test_files_are_found_as_they_are_asked_for(tree: Path) -> None:
    listing = tree / "list"
    listing.write_bytes(b"".join(b"%d\n" % number for number in range(100_000)))
    items = inputs([f"@{listing}"], recursive=False)
    assert [next(items).name for _ in range(3)] == ["0", "1", "2"]


def test_where_the_next_file_is_looked_for(tree: Path) -> None:
    listing = tree / "list"
    listing.write_bytes(b"x\ny\n")
    items = inputs(["first", str(tree), f"@{listing}", "last"], recursive=False)
    seen = [items.argument, *(f"{Path(item.name).name} {items.argument}" for item in items)]
    assert seen == [
        "first",
        f"first {tree}",  # one file, so that this is no longer it
        f"a.apr {tree}",
        f"b.apr {tree}",
        f"x @{listing}",
        f"y @{listing}",
        "last None",
    ]
    assert next(items, None) is None


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a.apr\nb.apr\n")))
    assert found("@-") == ["a.apr", "b.apr"]
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match="Bad file descriptor"):
        standard_input()
    (item,) = inputs(["@-"], recursive=False)
    assert item.error is not None


def test_what_is_one_file(tree: Path) -> None:
    assert is_one_file([str(tree / "a.apr")])
    assert is_one_file(["-"])
    assert is_one_file(["none"])
    assert not is_one_file([str(tree)])
    assert not is_one_file(["@list"])
    assert not is_one_file(["a", "b"])


def test_a_list_without_lines_is_not_read_to_its_end(tmp_path: Path) -> None:
    listing = tmp_path / "list"
    listing.write_bytes(b"x.apr\n" + bytes(1 << 20))
    first, second = inputs([f"@{listing}"], recursive=False)
    assert (first.name, first.error) == ("x.apr", None)
    assert second.error is not None
    assert second.error.errno == errno.ENAMETOOLONG
    assert second.error.filename == str(listing)
