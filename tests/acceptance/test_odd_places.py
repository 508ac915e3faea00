"""Places where a stamp cannot be written, or not as usual: read-only, full, somebody else's, behind a link."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.models import large_model, metadata_of, model, same_file
from tests.acceptance.odd import require_insertion, run_unprivileged
from tests.unit.cli.running import aprfmt, names
from tests.unit.files.mounted import mounted

STAMP = ("--license", "Apache-2.0", "--data-source", "teacher-only", "--data-license", "CC-BY-4.0")
FITS = ("--set", "a=1")
POSIX = pytest.mark.skipif(os.name == "nt", reason="permissions, links and limits of POSIX")
IN_PLACE = {"head": ("-i",), "full": ("-i", "--verify", "full"), "canonical": ("-i", "--layout", "canonical")}
"""The ways to stamp a file itself: the first two write into it, the last one replaces it."""
OUT = {"canonical": ("-o", "out.apr"), "growable": ("-o", "out.apr", "--layout", "growable")}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model in a folder of its own, which is the working directory."""
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return model(folder / "model.apr")


def assert_untouched(before: os.stat_result, path: Path, *others: str) -> None:
    """The file is the one that it was, and nothing lies beside it."""
    assert same_file(before, path)
    assert path.stat().st_ctime_ns == before.st_ctime_ns
    assert names(path.parent) == sorted([path.name, *others])


# ---- read-only ----


@POSIX
@pytest.mark.parametrize("way", ["head", "full"])
@pytest.mark.parametrize("patch", [FITS, STAMP], ids=["fits", "grows"])
def test_a_read_only_file_is_not_written_into(patch: tuple[str, ...], way: str, source: Path) -> None:
    """Its mode says that it must not be: an error of the file, which names it, and nothing is changed."""
    source.chmod(0o444)
    before = source.stat()
    code, err = run_unprivileged(["stamp", source, *patch, *IN_PLACE[way]])
    assert (code, err.splitlines()[-1]) == (3, f"error: {source}: Permission denied")
    assert_untouched(before, source)


@POSIX
def test_a_read_only_file_is_replaced_as_any_file_is(source: Path) -> None:
    """A new file takes the name, for which the folder is asked, as `mv` and `sed -i` do; it is read-only too."""
    source.chmod(0o444)
    code, err = run_unprivileged(["stamp", source, *STAMP, *IN_PLACE["canonical"]])
    assert (code, err) == (0, "")
    assert source.stat().st_mode & 0o777 == 0o444
    assert metadata_of(source)["license"] == "Apache-2.0"
    assert names(source.parent) == ["model.apr"]


@POSIX
@pytest.mark.parametrize("layout", OUT)
def test_a_read_only_file_can_be_copied(layout: str, source: Path) -> None:
    """Reading is all that a copy asks of it. The copy has its mode."""
    source.chmod(0o444)
    before = source.stat()
    code, err = run_unprivileged(["stamp", source, *STAMP, *OUT[layout]])
    assert (code, err) == (0, "")
    assert Path("out.apr").stat().st_mode & 0o777 == 0o444
    assert_untouched(before, source, "out.apr")


@POSIX
@pytest.mark.parametrize("way", [*IN_PLACE.values(), *OUT.values()], ids=" ".join)
@pytest.mark.parametrize("dry", [(), ("-n",)], ids=["for real", "dry"])
def test_a_read_only_folder_takes_neither_copy_nor_journal(
    dry: tuple[str, ...], way: tuple[str, ...], source: Path
) -> None:
    """The error names the folder, or the file in it that could not be made; a dry run says the same."""
    source.parent.chmod(0o555)
    before = source.stat()
    try:
        code, err = run_unprivileged(["stamp", source, *STAMP, *way, *dry])
    finally:
        source.parent.chmod(0o755)
    assert code == 3
    assert err.startswith(f"error: {source.parent}")
    assert err.rstrip().endswith("Permission denied")
    assert ".tmp" not in err
    assert_untouched(before, source)


@POSIX
def test_a_file_that_cannot_be_read_is_one_error(source: Path) -> None:
    source.chmod(0)
    before = source.stat()
    for way in (*IN_PLACE.values(), *OUT.values()):
        code, err = run_unprivileged(["stamp", source, *STAMP, *way])
        assert (code, err) == (3, f"error: {source}: Permission denied\n")
    assert_untouched(before, source)


def _give_away(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a file away takes root")
    os.chown(path, 65534, 65534)


@POSIX
@pytest.mark.parametrize("patch", [FITS, STAMP], ids=["fits", "grows"])
def test_a_file_of_somebody_else_is_written_into_where_its_mode_allows(patch: tuple[str, ...], source: Path) -> None:
    """Owner, group and mode stay: the file is the same one."""
    _give_away(source)
    source.chmod(0o666)
    require_insertion(source.parent)
    before = source.stat()
    code, err = run_unprivileged(["stamp", source, *patch, *IN_PLACE["head"], "-q"])
    assert (code, err) == (0, "")
    after = source.stat()
    kept = ("st_ino", "st_mode", "st_uid", "st_gid")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert aprfmt("validate", source).code == 0


@POSIX
def test_the_time_of_a_file_of_somebody_else_cannot_be_kept(source: Path) -> None:
    """Setting a time is the owner's right: an error, after which the file is what it was."""
    _give_away(source)
    source.chmod(0o666)
    raw = source.read_bytes()
    code, err = run_unprivileged(["stamp", source, *FITS, "-i", "--preserve-mtime"])
    assert code == 3
    assert "Operation not permitted" in err
    assert source.read_bytes() == raw
    assert names(source.parent) == ["model.apr"]


# ---- full ----


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of which a model takes some, and a file of nothing the rest."""
    with mounted("ext4", tmp_path) as place:
        path = large_model(place / "model.apr", 1 << 20)
        with path.open("r+b") as file:  # no holes: they would need room when they are written
            raw = file.read()
            file.seek(0)
            file.write(raw)
        yield path


def fill(place: Path, *, left: int) -> None:
    """Leave at least so many bytes of a disk, above what is kept for root, and few more."""
    at, nbytes = 0, 1 << 28
    with (place / "rest").open("wb") as file:
        while nbytes >= 1024:
            try:
                os.posix_fallocate(file.fileno(), at, nbytes)
                at += nbytes
            except OSError:
                nbytes >>= 1
        os.fsync(file.fileno())
        while shutil.disk_usage(place).free < left:
            at -= left // 4
            os.ftruncate(file.fileno(), at)


@pytest.mark.parametrize("way", ["head", "canonical"])
def test_a_full_disk_is_said_and_costs_nothing(way: str, disk: Path) -> None:
    """No room for a journal, or for a copy: the file is what it was. Once there is room, the same stamp works."""
    fill(disk.parent, left=0)
    before = disk.stat()
    run = aprfmt("stamp", disk, *STAMP, *IN_PLACE[way], "--json")
    assert (run.code, run.error["kind"]) == (3, "file")
    assert "space" in run.error["message"].lower()
    assert_untouched(before, disk, "lost+found", "rest")
    (disk.parent / "rest").unlink()
    assert aprfmt("stamp", disk, *STAMP, *IN_PLACE[way]).code == 0
    assert aprfmt("validate", disk).code == 0


def test_a_disk_without_room_for_a_copy_has_room_for_a_stamp_in_place(disk: Path) -> None:
    """100 KB are left of the disk: too few for a copy of the file, more than enough for its head."""
    fill(disk.parent, left=100_000)
    before = disk.stat()
    run = aprfmt("stamp", disk, *STAMP, "-o", disk.with_name("out.apr"), "--json")
    assert (run.code, run.error["kind"]) == (3, "file")
    assert_untouched(before, disk, "lost+found", "rest")
    assert aprfmt("stamp", disk, *STAMP, "-i").code == 0
    assert disk.stat().st_size == before.st_size + 4096
    assert aprfmt("validate", disk).code == 0
    assert names(disk.parent) == ["lost+found", "model.apr", "rest"]


def limited(nbytes: int, *args: str | Path) -> tuple[int, str]:
    """Run the program where no file may be longer than this; exit code and what it says on stderr."""
    code = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({nbytes}, {nbytes}))\n"
        "from aprfmt.cli import main\nsys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run([sys.executable, "-B", "-c", code, *args], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


@POSIX
@pytest.mark.parametrize(
    "way", [*IN_PLACE.values(), *OUT.values(), ("-o", "out.apr", "--verify", "head")], ids=" ".join
)
@pytest.mark.parametrize("patch", [FITS, STAMP], ids=["fits", "grows"])
def test_a_file_that_may_not_be_so_long_is_an_error(patch: tuple[str, ...], way: tuple[str, ...], source: Path) -> None:
    """The system refuses to write behind a limit, here in the middle of the data: the file is what it was."""
    large_model(source, 1 << 20)
    raw = source.read_bytes()
    code, err = limited(1 << 19, "stamp", source, *patch, *way, "-q")
    assert code == 3
    assert err.startswith("error: ")
    assert "File too large" in err
    assert len(err.splitlines()) == 1
    assert source.read_bytes() == raw
    assert names(source.parent) == ["model.apr"]


# ---- links ----


@POSIX
@pytest.mark.parametrize("way", IN_PLACE)
@pytest.mark.parametrize("patch", [FITS, STAMP], ids=["fits", "grows"])
def test_the_end_of_a_chain_of_links_is_stamped(patch: tuple[str, ...], way: str, source: Path) -> None:
    """Every link stays what it is, in whatever folder; journal and temporary file lie beside the target."""
    other = source.parent.parent / "links"
    other.mkdir()
    (other / "second.apr").symlink_to(Path("..") / "folder" / "model.apr")
    first = other / "first.apr"
    first.symlink_to("second.apr")
    assert aprfmt("stamp", first, *patch, *IN_PLACE[way]).code == 0
    assert (str(first.readlink()), str((other / "second.apr").readlink())) == ("second.apr", "../folder/model.apr")
    assert not source.is_symlink()
    assert set(metadata_of(source)) & {"a", "license"}
    assert aprfmt("validate", first).code == 0
    assert (names(other), names(source.parent)) == (["first.apr", "second.apr"], ["model.apr"])


@POSIX
@pytest.mark.parametrize("layout", OUT)
def test_an_output_behind_a_link_is_written_there(layout: str, source: Path) -> None:
    """A link that leads nowhere gets a file, one that leads to a file a new one with --force; the links stay."""
    Path("out.apr").symlink_to("really.apr")
    assert aprfmt("stamp", source, *STAMP, *OUT[layout]).code == 0
    assert str(Path("out.apr").readlink()) == "really.apr"
    first = Path("really.apr").read_bytes()
    assert aprfmt("stamp", source, *STAMP, *OUT[layout]).code == 2
    assert aprfmt("stamp", source, *STAMP, *OUT[layout], "-f").code == 0
    assert str(Path("out.apr").readlink()) == "really.apr"
    assert Path("really.apr").read_bytes() == first
    assert names(source.parent) == ["model.apr", "out.apr", "really.apr"]


@POSIX
@pytest.mark.parametrize("way", IN_PLACE)
def test_a_link_that_leads_nowhere_is_one_error(way: str, source: Path) -> None:
    """One to a file that is not there, and one that leads back to itself."""
    Path("dangling.apr").symlink_to("none.apr")
    Path("one.apr").symlink_to("two.apr")
    Path("two.apr").symlink_to("one.apr")
    reasons = {"dangling.apr": errno.ENOENT, "one.apr": errno.ELOOP}
    for name, number in reasons.items():
        run = aprfmt("stamp", name, *STAMP, *IN_PLACE[way])
        assert (run.code, run.out, run.err) == (3, "", f"error: {name}: {os.strerror(number)}\n")
    assert names(source.parent) == ["dangling.apr", "model.apr", "one.apr", "two.apr"]


@POSIX
def test_an_output_behind_a_loop_of_links_is_one_error(source: Path) -> None:
    Path("one.apr").symlink_to("two.apr")
    Path("two.apr").symlink_to("one.apr")
    before = source.stat()
    for extra in ((), ("-f",)):
        run = aprfmt("stamp", source, *STAMP, "-o", "one.apr", *extra)
        assert (run.code, run.out, run.err) == (3, "", f"error: one.apr: {os.strerror(errno.ELOOP)}\n")
    assert_untouched(before, source, "one.apr", "two.apr")


def test_what_is_said_about_a_link_has_its_own_name(source: Path) -> None:
    """The report names the file as it was given, not where it leads."""
    if not hasattr(os, "symlink"):
        pytest.skip("no links on this system")
    try:
        Path("link.apr").symlink_to(source)
    except OSError:
        pytest.skip("links take a right that this user has not")
    run = aprfmt("stamp", "-i", "link.apr", *STAMP, "--json")
    assert (run.json["input"], run.json["output"]) == ("link.apr", "link.apr")
    assert metadata_of(source)["license"] == "Apache-2.0"
