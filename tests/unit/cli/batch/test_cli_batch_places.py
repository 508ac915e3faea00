"""When two paths mean one file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aprfmt.cli.batch.places import path_of, uri


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.apr").write_bytes(b"a")
    (tmp_path / "sub").mkdir()
    return tmp_path


def test_one_file_by_several_names(folder: Path) -> None:
    place = uri("a.apr")
    assert place == (folder.resolve() / "a.apr").as_uri()
    for name in ("./a.apr", "sub/../a.apr", str(folder / "a.apr")):
        assert uri(name) == place
    assert uri("sub/a.apr") != place
    assert uri("none.apr").endswith("/none.apr")


@pytest.mark.skipif(os.name == "nt", reason="POSIX links")
def test_a_link_is_what_it_leads_to(folder: Path) -> None:
    (folder / "link.apr").symlink_to("a.apr")
    assert uri("link.apr") == uri("a.apr")


@pytest.mark.usefixtures("folder")
def test_names_that_are_not_utf_8_stay_apart() -> None:
    names = ["\udcff.apr", "\\xff.apr", "ÿ.apr", "%FF.apr"]
    places = [uri(name) for name in names]
    assert len(set(places)) == len(names)
    assert all(place.isascii() for place in places)


@pytest.mark.parametrize("name", ["a.apr", "a b%20#?.apr", "ä漢.apr", os.fsdecode(b"q\xff.apr")])
def test_a_place_leads_back_to_its_path(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    assert path_of(uri(str(path))) == os.path.realpath(path)
