"""What a file system says of a file beside its bytes: mode, owner, time, extended attributes, access control lists."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.acceptance.models import metadata_of, model
from tests.acceptance.odd import ACL, run_unprivileged, set_attribute
from tests.unit.cli.running import aprfmt, names

STAMP = ("--license", "Apache-2.0", "--data-source", "teacher-only", "--data-license", "CC-BY-4.0")
FITS = ("--set", "a=1")
IN_PLACE = [("-i",), ("-i", "--verify", "full"), ("-i", "--layout", "canonical"), ("-f", "-o", "model.apr")]
"""All ways to stamp a file itself; the last two replace it."""
OUT = [("-o", "out.apr"), ("-o", "out.apr", "--layout", "growable"), ("-o", "out.apr", "--verify", "head")]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes, owners and attributes of POSIX")

every_way_in_place = pytest.mark.parametrize("way", IN_PLACE, ids=" ".join)
every_way_out = pytest.mark.parametrize("way", OUT, ids=" ".join)
either_patch = pytest.mark.parametrize("patch", [FITS, STAMP], ids=["fits", "grows"])


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model whose folder is the working directory."""
    monkeypatch.chdir(tmp_path)
    return model(tmp_path / "model.apr")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode_of(path: str | Path) -> int:
    return Path(path).stat().st_mode & 0o7777


# ---- modes and owners ----


@every_way_in_place
@either_patch
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755, 0o2755, 0o4755, 0o1644], ids=oct)
def test_a_stamp_in_place_keeps_the_mode(mode: int, patch: tuple[str, ...], way: tuple[str, ...], source: Path) -> None:
    """All twelve bits of it, whatever the umask."""
    if mode & 0o6000 and os.geteuid() != 0:
        pytest.skip("the system takes these bits away when a user writes into the file")
    source.chmod(mode)
    if mode_of(source) != mode:
        pytest.skip(f"this user may not set the mode {mode:o}")
    with umask(0o077):
        assert aprfmt("stamp", source, *patch, *way).code == 0
    assert mode_of(source) == mode


@every_way_out
@pytest.mark.parametrize(
    ("mode", "mask", "made"),
    [(0o600, 0o022, 0o600), (0o640, 0o022, 0o640), (0o666, 0o027, 0o640), (0o444, 0, 0o444), (0o2755, 0o022, 0o755)],
)
def test_a_copy_has_the_mode_less_the_umask(
    mode: int, mask: int, made: int, way: tuple[str, ...], source: Path
) -> None:
    """As `cp` makes it: nobody can read the copy who cannot read the original, and it is nobody's to run as."""
    source.chmod(mode)
    with umask(mask):
        assert aprfmt("stamp", source, *STAMP, *way).code == 0
    assert mode_of("out.apr") == made
    assert mode_of(source) & 0o777 == mode & 0o777


@every_way_out
def test_a_copy_over_a_file_has_the_mode_of_that_file(way: tuple[str, ...], source: Path) -> None:
    """What is replaced was set up by somebody: the new file is as open, and as closed."""
    model(Path("out.apr"), seed="other").chmod(0o604)
    source.chmod(0o640)
    assert aprfmt("stamp", source, *STAMP, *way, "-f").code == 0
    assert mode_of("out.apr") == 0o604


@every_way_in_place
@either_patch
def test_a_stamp_in_place_keeps_owner_and_group(patch: tuple[str, ...], way: tuple[str, ...], source: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a file away takes root")
    os.chown(source, 65534, 12345)
    source.chmod(0o640)
    assert aprfmt("stamp", source, *patch, *way).code == 0
    status = source.stat()
    assert (status.st_uid, status.st_gid, mode_of(source)) == (65534, 12345, 0o640)


def test_a_file_that_cannot_be_given_away_loses_what_came_with_its_owner(source: Path) -> None:
    """Who may not give files away and replaces one has it afterwards: it runs as nobody else, then."""
    if os.geteuid() != 0:
        pytest.skip("giving a file away takes root")
    os.chown(source, 65534, 65534)
    source.chmod(0o6755)
    source.parent.chmod(0o777)
    code, err = run_unprivileged(["stamp", source, *STAMP, "-i", "--layout", "canonical", "-q"])
    assert (code, err) == (0, "")
    assert source.stat().st_uid == os.geteuid()
    assert mode_of(source) == 0o755


# ---- extended attributes ----

ATTRIBUTES = {"user.origin": b"here", "user.empty": b"", "user.bytes": bytes(range(256)), "user.n\u00e4me": b"1"}


@every_way_in_place
@either_patch
def test_a_stamp_in_place_keeps_attributes(patch: tuple[str, ...], way: tuple[str, ...], source: Path) -> None:
    """Those of users, with their values byte for byte."""
    for name, value in ATTRIBUTES.items():
        set_attribute(source, name, value)
    assert aprfmt("stamp", source, *patch, *way).code == 0
    found = {name: os.getxattr(source, name) for name in os.listxattr(source) if name.startswith("user.")}
    assert found == ATTRIBUTES
    assert names(source.parent) == ["model.apr"]


def acl(*entries: tuple[int, int, int]) -> bytes:
    """An access control list as Linux has it in an attribute: tag, rights and id of each entry."""
    raw = b"\x02\0\0\0"
    for tag, rights, number in entries:
        raw += tag.to_bytes(2, "little") + rights.to_bytes(2, "little") + number.to_bytes(4, "little")
    return raw


NOBODY = 2**32 - 1
LIST = acl((1, 6, NOBODY), (2, 6, 65534), (4, 4, NOBODY), (16, 6, NOBODY), (32, 0, NOBODY))
"""Owner and user 65534 read and write, the group reads, others do neither."""


@every_way_in_place
@either_patch
def test_a_stamp_in_place_keeps_an_access_control_list(
    patch: tuple[str, ...], way: tuple[str, ...], source: Path
) -> None:
    """Who could read and write the file still can, and nobody else."""
    set_attribute(source, ACL, LIST)
    before = mode_of(source)
    with umask(0o077):
        assert aprfmt("stamp", source, *patch, *way).code == 0
    assert os.getxattr(source, ACL) == LIST
    assert mode_of(source) == before


@every_way_in_place
def test_a_file_without_a_list_does_not_get_that_of_its_folder(way: tuple[str, ...], source: Path) -> None:
    """New files in a folder may inherit a list from it; a file that is stamped is not a new one to its users."""
    source.chmod(0o600)
    set_attribute(source.parent, "system.posix_acl_default", LIST)
    assert aprfmt("stamp", source, *STAMP, *way).code == 0
    assert ACL not in os.listxattr(source)
    assert mode_of(source) == 0o600


@every_way_out
@pytest.mark.parametrize("mode", [0o660, 0o640], ids=oct)
def test_a_copy_gives_the_group_nothing_that_a_list_withheld(mode: int, way: tuple[str, ...], source: Path) -> None:
    """With a list, the bits of the group are the most that anybody in it has: without the list they would be all its.

    The copy has no list, and nothing for the group; the note about attributes names it.
    """
    rights = mode >> 3 & 7
    only_user = acl((1, 6, NOBODY), (2, rights, 65534), (4, 0, NOBODY), (16, rights, NOBODY), (32, 0, NOBODY))
    set_attribute(source, ACL, only_user)
    assert mode_of(source) == mode
    with umask(0):
        run = aprfmt("stamp", source, *STAMP, *way, "--json")
    assert run.code == 0
    assert mode_of("out.apr") == mode & ~0o070
    assert any(ACL in note for note in run.json["notes"])


@pytest.mark.parametrize("way", IN_PLACE[2:], ids=" ".join)
def test_a_list_that_cannot_be_kept_leaves_the_group_nothing(
    way: tuple[str, ...], source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is replaced loses what it cannot keep, and nobody gains a right by it."""
    set_attribute(source, ACL, LIST)

    def refuse(*_arguments: object, **_more: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(os, "setxattr", refuse)
        run = aprfmt("stamp", source, *STAMP, *way, "--json")
    assert run.code == 0
    assert mode_of(source) == 0o600
    assert any(ACL in note for note in run.json["notes"])


@every_way_out
def test_a_copy_has_no_attributes_and_says_so(way: tuple[str, ...], source: Path) -> None:
    """As `cp` does it; what is left behind is named, because somebody may rely on it."""
    set_attribute(source, "user.origin", b"here")
    set_attribute(source, "user.checked\x1b[2J", b"yes")
    run = aprfmt("stamp", source, *STAMP, *way, "--json")
    assert run.code == 0
    assert [name for name in os.listxattr("out.apr") if name.startswith("user.")] == []
    (note,) = [note for note in run.json["notes"] if "extended attributes" in note]
    assert "user.origin" in note
    assert "\x1b" not in note
    assert os.getxattr(source, "user.origin") == b"here"


@every_way_out
def test_a_copy_of_a_file_without_attributes_says_nothing_of_them(way: tuple[str, ...], source: Path) -> None:
    run = aprfmt("stamp", source, *STAMP, *way, "--json")
    assert not [note for note in run.json["notes"] if "attributes" in note]


@every_way_in_place
def test_an_attribute_that_cannot_be_kept_is_said_and_the_file_stays(
    way: tuple[str, ...], source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is replaced must get them; where it cannot, a note names them. One that is written into has them."""
    set_attribute(source, "user.origin", b"here")

    def refuse(*_arguments: object, **_more: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(os, "setxattr", refuse)
        run = aprfmt("stamp", source, *STAMP, *way, "--json")
    assert run.code == 0
    lost = "user.origin" not in os.listxattr(source)
    assert lost == (way in IN_PLACE[2:])
    assert lost == any("user.origin" in note for note in run.json["notes"])


# ---- times ----


@pytest.mark.parametrize("way", [*IN_PLACE, *OUT], ids=" ".join)
@either_patch
def test_the_time_of_the_last_change_is_kept_on_request(
    patch: tuple[str, ...], way: tuple[str, ...], source: Path
) -> None:
    """To the nanosecond, of the file or of its copy; without the option it is now."""
    then = 1_234_567_890_123_456_789
    os.utime(source, ns=(then - 1, then))
    if source.stat().st_mtime_ns != then:
        pytest.skip("the file system has coarser times")
    assert aprfmt("stamp", source, *patch, *way, "--preserve-mtime").code == 0
    made = Path("out.apr" if "out.apr" in way else "model.apr")
    assert made.stat().st_mtime_ns == then
    assert set(metadata_of(made)) & {"a", "license"}
    again = ("-f",) if made.name == "out.apr" and "-f" not in way else ()
    assert aprfmt("stamp", source, "--set", "b=2", *way, *again).code == 0
    assert made.stat().st_mtime_ns > then
