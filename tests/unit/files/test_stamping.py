"""Stamping a file in place: its head alone, or replaced in one step, or left alone; what is asked for beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.unit.rules.crafting import craft, entry_a, entry_b

import aprfmt
from aprfmt.errors import FormatError, RequestError
from aprfmt.files.inplace import journal_path, write_in_place
from aprfmt.files.stamping import WriteOptions, plan_left_alone, stamp_file
from aprfmt.footers import Verify
from aprfmt.layout import Flags
from aprfmt.ops.stamp import stamp_bytes
from aprfmt.patch import MetadataPatch

PATCH = MetadataPatch(set={"license": "MIT", "x.y": [1]}, unset=("note",))
REPLACED = WriteOptions(layout="canonical")
IN_PLACE = pytest.mark.parametrize("options", [WriteOptions(), WriteOptions(verify=Verify.FULL), REPLACED])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.apr"
    path.write_bytes(craft(metadata=b'{"note":"old"}'))
    return path


def status(path: Path) -> tuple[Any, ...]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, path.read_bytes()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_in_place_is_what_a_copy_would_be(model: Path, tmp_path: Path) -> None:
    raw = model.read_bytes()
    model.chmod(0o640)
    done = aprfmt.stamp_file(model, None, PATCH, in_place=True, options=REPLACED)
    assert done.changed
    assert model.read_bytes() == stamp_bytes(raw, PATCH)
    assert done.output_nbytes == model.stat().st_size
    assert (done.metadata["license"], done.removed) == ("MIT", ("note",))
    assert model.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["model.apr"]


@IN_PLACE
def test_a_file_that_has_every_value_is_left_alone(model: Path, options: WriteOptions) -> None:
    aprfmt.stamp_file(model, None, PATCH, in_place=True, options=options)
    before = status(model)
    done = aprfmt.stamp_file(model, None, PATCH, in_place=True, options=options)
    assert not done.changed
    assert status(model) == before
    assert done.output_nbytes == done.input_nbytes == len(before[-1])
    assert done.notes == ("'note' is not there, so there is nothing to remove",)


@IN_PLACE
def test_what_the_patch_does_not_name_is_no_reason_to_touch_a_file(model: Path, options: WriteOptions) -> None:
    """No footer, no layout flag, odd filler: a copy would get them right, a file in place stays as it is."""
    raw = craft(metadata=b'{"license":"MIT"}', header={"flags": {"has_vocab": False}}, footer=None)
    model.write_bytes(raw)
    done = aprfmt.stamp_file(model, None, MetadataPatch(set={"license": "MIT"}), in_place=True, options=options)
    assert (done.changed, done.notes, done.flags) == (False, (), done.input_flags)
    assert model.read_bytes() == raw
    done = aprfmt.stamp_file(model, None, MetadataPatch(set={"license": "ISC"}), in_place=True)
    assert done.changed
    assert Flags.LAYOUT_ROW_MAJOR in done.flags


@IN_PLACE
def test_dropping_trailing_bytes_is_a_change(model: Path, options: WriteOptions) -> None:
    aprfmt.stamp_file(model, None, PATCH, in_place=True)
    whole = model.read_bytes()
    model.write_bytes(whole + b"tail")
    with pytest.raises(FormatError, match="they would be lost"):
        aprfmt.stamp_file(model, None, PATCH, in_place=True)
    assert model.read_bytes() == whole + b"tail"
    assert aprfmt.stamp_file(model, None, PATCH, in_place=True, drop_trailing=True, options=options).changed
    assert model.read_bytes() == whole


def test_collapsing_duplicates_is_a_change_once(model: Path) -> None:
    model.write_bytes(craft(metadata=b'{"a":1,"a":2}'))
    assert aprfmt.stamp_file(model, None, MetadataPatch(dedupe=True), in_place=True).changed
    with aprfmt.open(model) as f:
        assert f.metadata.raw == b'{"a":2}'
    assert not aprfmt.stamp_file(model, None, MetadataPatch(dedupe=True), in_place=True).changed


@IN_PLACE
def test_a_dry_run_in_place_writes_nothing(model: Path, options: WriteOptions) -> None:
    before = status(model)
    done = aprfmt.stamp_file(model, None, PATCH, in_place=True, dry_run=True, options=options)
    assert done.changed
    assert done.output_nbytes == len(stamp_bytes(before[-1], PATCH))
    assert status(model) == before


@pytest.mark.parametrize("options", [REPLACED, WriteOptions(verify=Verify.FULL), WriteOptions(verify=Verify.READBACK)])
def test_damage_refuses_a_stamp_in_place_that_reads_the_data(model: Path, options: WriteOptions) -> None:
    raw = bytearray(model.read_bytes())
    raw[0xC1] ^= 1
    model.write_bytes(raw)
    for dry_run in (False, True):
        with pytest.raises(FormatError, match="checksum"):
            aprfmt.stamp_file(model, None, PATCH, in_place=True, dry_run=dry_run, options=options)
    assert model.read_bytes() == raw
    assert names(model.parent) == ["model.apr"]


@IN_PLACE
def test_a_link_stays_and_its_target_is_stamped(model: Path, tmp_path: Path, options: WriteOptions) -> None:
    link = tmp_path / "link.apr"
    link.symlink_to(model)
    aprfmt.stamp_file(link, None, PATCH, in_place=True, options=options)
    assert link.is_symlink()
    with aprfmt.open(model) as f:
        assert f.metadata["license"] == "MIT"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX pipes")
def test_a_pipe_has_no_place(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RequestError, match=r"expected a regular file to stamp in place, found a pipe: .*pipe$"):
        stamp_file(tmp_path / "pipe", None, PATCH, in_place=True)


@pytest.mark.skipif(os.name == "nt", reason="POSIX links")
def test_other_names_of_a_file_that_is_replaced_keep_what_was_there(model: Path, tmp_path: Path) -> None:
    before = model.read_bytes()
    (tmp_path / "other").hardlink_to(model)
    for dry_run in (True, False):
        with pytest.raises(RequestError, match="other hard links: expected 1 name of the file, found 2"):
            stamp_file(model, None, PATCH, in_place=True, dry_run=dry_run, options=REPLACED)
    assert model.read_bytes() == before
    allowed = WriteOptions(layout="canonical", allow_hardlinks=True)
    done = stamp_file(model, None, PATCH, in_place=True, options=allowed)
    assert done.notes[-1] == "the file has another name, which keeps what was there (hard links)"
    assert (tmp_path / "other").read_bytes() == before
    (tmp_path / "third").hardlink_to(model)
    assert stamp_file(model, None, PATCH, in_place=True, options=REPLACED).notes[1:] == ()  # left alone


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
@pytest.mark.parametrize("options", [REPLACED, WriteOptions(verify=Verify.FULL)])
def test_two_stamps_in_place_exclude_each_other(model: Path, options: WriteOptions) -> None:
    before = model.read_bytes()

    def other(_done: int, _total: int) -> None:
        for other_options in (WriteOptions(), REPLACED, WriteOptions(verify=Verify.FULL)):
            with pytest.raises(BlockingIOError, match=r"another (stamp|process) is writing this file"):
                stamp_file(model, None, MetadataPatch(set={"other": 1}), in_place=True, options=other_options)
        assert stamp_file(model, None, PATCH, dry_run=True).changed  # who only reads may
        assert model.read_bytes() == before

    stamp_file(model, None, PATCH, in_place=True, progress=other, options=options)
    stamp_file(model, None, MetadataPatch(set={"other": 1}), in_place=True)
    with aprfmt.open(model) as f:
        assert (f.metadata["license"], f.metadata["other"]) == ("MIT", 1)


def test_who_is_left_alone_is_known_beforehand(model: Path) -> None:
    before = model.read_bytes()
    assert plan_left_alone(model, PATCH) is None
    assert model.read_bytes() == before
    stamp_file(model, None, PATCH, in_place=True)
    done = plan_left_alone(model, PATCH)
    assert done is not None
    assert (done.changed, done.output_nbytes) == (False, model.stat().st_size)


def test_in_place_takes_no_output(model: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="expected no output for a stamp in place"):
        aprfmt.stamp_file(model, tmp_path / "out.apr", PATCH, in_place=True)


def test_a_wrong_type_is_refused_before_anything_is_written(model: Path) -> None:
    before = status(model)
    with pytest.raises(RequestError, match="hidden_size: expected an unsigned integer"):
        aprfmt.stamp_file(model, None, MetadataPatch(set={"hidden_size": "big"}), in_place=True)
    assert status(model) == before


def test_a_file_that_cannot_be_replaced_stays(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = model.read_bytes()

    def full(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        aprfmt.stamp_file(model, None, PATCH, in_place=True, options=REPLACED)
    monkeypatch.undo()
    assert model.read_bytes() == raw
    assert names(model.parent) == ["model.apr"]


@pytest.mark.parametrize("in_place", [False, True])
def test_a_proof_is_of_the_files_as_they_are(in_place: bool, model: Path, tmp_path: Path) -> None:
    from hashlib import sha256

    old = model.read_bytes()
    out = None if in_place else tmp_path / "out.apr"
    done = aprfmt.stamp_file(model, out, PATCH, in_place=in_place, prove=True)
    assert done.proof is not None
    assert done.proof.before.sha256 == sha256(old).hexdigest()
    assert done.proof.after.sha256 == sha256((out or model).read_bytes()).hexdigest()
    again = aprfmt.stamp_file(out or model, None, PATCH, in_place=True, prove=True)
    assert again.proof is not None
    assert not again.changed
    assert again.proof.before == again.proof.after
    assert again.proof.before.sha256 == done.proof.after.sha256


def test_a_file_that_is_left_alone_is_read_whole_for_a_proof(model: Path) -> None:
    aprfmt.stamp_file(model, None, PATCH, in_place=True)
    raw = bytearray(model.read_bytes())
    raw[-10] ^= 1
    model.write_bytes(raw)
    assert not aprfmt.stamp_file(model, None, PATCH, in_place=True).changed
    with pytest.raises(FormatError, match="checksum"):
        aprfmt.stamp_file(model, None, PATCH, in_place=True, prove=True)


def test_two_tensors_that_lie_in_reverse_keep_their_bytes(model: Path) -> None:
    model.write_bytes(craft(entry_a(ofs_tensor=64), entry_b(ofs_tensor=0)))
    with aprfmt.open(model) as f:
        before = {name: bytes(f[name].data) for name in f}
    aprfmt.stamp_file(model, None, PATCH, in_place=True)
    with aprfmt.open(model) as f:
        assert {name: bytes(f[name].data) for name in f} == before


# ---- the head alone ----


def by_head(path: Path, patch: MetadataPatch, **options: Any) -> aprfmt.Stamp:
    return aprfmt.stamp_file(path, None, patch, in_place=True, **options)


def test_the_head_alone_says_what_a_copy_would(model: Path, tmp_path: Path) -> None:
    raw = model.read_bytes()
    inode = model.stat().st_ino
    with aprfmt.open(model) as f:
        before = {name: bytes(f[name].data) for name in f}
    done = by_head(model, PATCH)
    copy = tmp_path / "copy.apr"
    copy.write_bytes(stamp_bytes(raw, PATCH))
    assert done.changed
    assert model.stat().st_ino == inode
    with aprfmt.open(model) as f, aprfmt.open(copy) as other:
        assert f.metadata.raw == other.metadata.raw
        assert {name: bytes(f[name].data) for name in f} == before
        assert not f.validate().errors
        assert f.header.flags == other.header.flags
    assert names(tmp_path) == ["copy.apr", "model.apr"]
    assert (done.skipped, done.reads_data) == (("APR-D006", "APR-F002"), False)
    again = by_head(model, PATCH)
    assert not again.changed


def test_damage_stays_as_visible_as_it_was(model: Path) -> None:
    raw = bytearray(model.read_bytes())
    raw[0xC1] ^= 1
    model.write_bytes(raw)
    by_head(model, PATCH)
    report = aprfmt.validate_file(model)
    assert [item.rule for item in report.errors] == ["APR-F002"]
    raw[0xC1] ^= 1
    with aprfmt.open(model) as f:
        place = f["a"].file_span[0] + 1
    whole = bytearray(model.read_bytes())
    whole[place] ^= 1
    model.write_bytes(whole)
    assert not aprfmt.validate_file(model).errors


def test_a_proof_reads_the_data_once_and_holds(model: Path) -> None:
    from hashlib import sha256

    old = model.read_bytes()
    done = by_head(model, PATCH, prove=True)
    assert done.proof is not None
    assert done.proof.before.sha256 == sha256(old).hexdigest()
    assert done.proof.after.sha256 == sha256(model.read_bytes()).hexdigest()
    raw = bytearray(model.read_bytes())
    raw[-10] ^= 1
    model.write_bytes(raw)
    with pytest.raises(FormatError, match="the footer does not match"):
        by_head(model, MetadataPatch(set={"license": "ISC"}), prove=True)
    assert model.read_bytes() == raw


def test_a_dry_run_of_the_head_writes_nothing(model: Path) -> None:
    before = status(model)
    assert by_head(model, PATCH, dry_run=True).changed
    assert status(model) == before


def test_room_is_left_for_later(model: Path) -> None:
    by_head(model, PATCH, options=WriteOptions(reserve=1000))
    size = model.stat().st_size
    by_head(model, MetadataPatch(set={"note": "x" * 900}))
    assert model.stat().st_size == size
    assert not aprfmt.validate_file(model).errors


def test_a_file_without_a_footer_gets_one_or_stays_without(model: Path) -> None:
    model.write_bytes(craft(footer=None))
    by_head(model, PATCH, options=WriteOptions(keep_footerless=True))
    with aprfmt.open(model) as f:
        assert f.footer is None
    by_head(model, MetadataPatch(set={"license": "ISC"}))
    with aprfmt.open(model) as f:
        assert f.footer is not None
        assert not f.validate().errors


def test_other_names_of_the_file_are_refused_unless_allowed(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.apr"
    other.hardlink_to(model)
    before = model.read_bytes()
    with pytest.raises(RequestError, match="other hard links"):
        by_head(model, PATCH)
    assert model.read_bytes() == before
    by_head(model, PATCH, options=WriteOptions(allow_hardlinks=True))
    assert other.read_bytes() == model.read_bytes() != before


def test_a_system_that_cannot_gets_a_new_file(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pwrite", raising=False)
    inode = model.stat().st_ino
    done = by_head(model, PATCH)
    assert model.stat().st_ino != inode
    assert done.notes[-1] == "written as a new file, with every byte checked (no positioned writes)"
    assert not aprfmt.validate_file(model).errors


@pytest.mark.parametrize(
    ("in_place", "options", "says"),
    [
        (False, WriteOptions(allow_hardlinks=True), "allow_hardlinks: expected a stamp in place"),
        (False, WriteOptions(reserve=1), "reserve: expected the layout growable, found canonical"),
        (True, WriteOptions(layout="canonical", reserve=1), "reserve: expected the layout growable, found canonical"),
        (False, WriteOptions(keep_footerless=True), "keep_footerless: expected the layout growable"),
    ],
)
def test_options_that_have_no_use(
    in_place: bool, options: WriteOptions, says: str, model: Path, tmp_path: Path
) -> None:
    before = model.read_bytes()
    with pytest.raises(RequestError, match=says):
        aprfmt.stamp_file(model, None if in_place else tmp_path / "o", PATCH, in_place=in_place, options=options)
    assert model.read_bytes() == before
    assert names(tmp_path) == ["model.apr"]


def test_what_is_written_is_read_from_the_disk_again(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that does not hold what it took is noticed, with READBACK also where nothing was written."""

    def forgetful(place: int) -> Any:
        def written(*arguments: Any, **more: Any) -> Any:
            done = write_in_place(*arguments, **more)
            with model.open("r+b") as file:
                file.seek(place)
                file.write(b"?")
            return done

        return written

    with aprfmt.open(model) as f:
        in_metadata, in_data = f.header.ofs_metadata + 1, f.header.ofs_data
    monkeypatch.setattr("aprfmt.files.stamping.heads.write_in_place", forgetful(in_metadata))
    with pytest.raises(OSError, match="reads back wrong: expected what was written at 0x40"):
        by_head(model, PATCH)
    model.write_bytes(craft())
    monkeypatch.setattr("aprfmt.files.stamping.heads.write_in_place", forgetful(in_data))
    by_head(model, PATCH, options=WriteOptions(verify=Verify.FULL))
    model.write_bytes(craft())
    with pytest.raises(OSError, match="reads back wrong: expected the checksum"):
        by_head(model, PATCH, options=WriteOptions(verify=Verify.READBACK))


def test_progress_of_a_stamp_that_reads_twice(model: Path) -> None:
    seen: list[tuple[int, int]] = []
    done = by_head(model, PATCH, options=WriteOptions(verify=Verify.READBACK), progress=lambda *step: seen.append(step))
    assert seen == sorted(seen)
    assert seen[-1] == (2 * done.output_nbytes, 2 * done.output_nbytes)


def test_a_growable_copy_has_room_and_is_the_stamp_in_place(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.apr"
    for verify in Verify:
        options = WriteOptions(layout="growable", reserve=3000, verify=verify)
        aprfmt.stamp_file(model, out, PATCH, options=options, force=True)
        assert not aprfmt.validate_file(out).errors
        with aprfmt.open(out) as f:
            assert f.room_nbytes >= 3000
    by_head(model, PATCH, options=WriteOptions(reserve=3000))
    assert model.read_bytes() == out.read_bytes()


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("layout", ["canonical", "growable"])
def test_the_time_of_the_last_change_is_kept_when_asked_for(
    in_place: bool, layout: Any, model: Path, tmp_path: Path
) -> None:
    os.utime(model, ns=(10**18, 10**18 + 1000))
    options = WriteOptions(layout=layout, preserve_mtime=True)
    out = tmp_path / "out.apr"
    aprfmt.stamp_file(model, None if in_place else out, PATCH, in_place=in_place, options=options)
    assert (model if in_place else out).stat().st_mtime_ns == 10**18 + 1000


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="extended attributes")
@IN_PLACE
def test_extended_attributes_and_modes_stay(model: Path, options: WriteOptions) -> None:
    try:
        os.setxattr(model, "user.origin", b"teacher")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    model.chmod(0o2640)
    aprfmt.stamp_file(model, None, PATCH, in_place=True, options=options)
    assert os.getxattr(model, "user.origin") == b"teacher"
    assert model.stat().st_mode & 0o7777 == 0o2640


def test_what_a_cut_has_left_is_settled_first_and_read_by_nobody(model: Path) -> None:
    journal_path(model).write_bytes(b"")
    for read in (aprfmt.open, aprfmt.validate_file):
        with pytest.raises(FormatError, match="was not finished"):
            read(model)
    with pytest.raises(FormatError, match="was not finished"):
        aprfmt.stamp_file(model, None, PATCH, in_place=True, dry_run=True)
    done = aprfmt.stamp_file(model, None, PATCH, in_place=True)
    assert done.notes[0] == "a stamp in place that was cut was undone first"
    assert names(model.parent) == ["model.apr"]


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"layout": "growabel"}, RequestError, "layout: expected canonical or growable, found 'growabel'"),
        ({"verify": "full"}, TypeError, "verify: expected a member of Verify, found 'full'"),
        ({"reserve": "4096"}, TypeError, "reserve: expected a number of bytes, found '4096'"),
    ],
)
def test_options_of_another_kind(wrong: dict[str, Any], error: type[Exception], says: str, model: Path) -> None:
    before = status(model)
    with pytest.raises(error, match=says):
        aprfmt.stamp_file(model, None, PATCH, in_place=True, options=WriteOptions(**wrong))
    assert status(model) == before


def test_options_are_options(model: Path) -> None:
    with pytest.raises(TypeError, match="options: expected WriteOptions, found"):
        aprfmt.stamp_file(model, None, PATCH, in_place=True, options={"reserve": 3})  # type: ignore[arg-type]


def test_a_container_that_is_open_meanwhile_does_not_take_other_bytes_for_its_tensors(model: Path) -> None:
    with aprfmt.open(model) as f:
        before = f.payload_digest()
        by_head(model, MetadataPatch(set={"note": "x" * 5000}))
        with pytest.raises(FormatError, match="changed while it was read"):
            f.payload_digest()
    with aprfmt.open(model) as f:
        assert f.payload_digest() == before


def test_who_has_a_journal_is_not_left_alone(model: Path) -> None:
    stamp_file(model, None, PATCH, in_place=True)
    journal_path(model).write_bytes(b"")
    assert plan_left_alone(model, PATCH) is None


def test_a_dry_run_says_that_there_is_no_room_for_the_journal(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: (10**9, 10**9, 10))
    with pytest.raises(OSError, match=r"not enough free space: expected .* found 10 bytes") as caught:
        by_head(model, PATCH, dry_run=True)
    assert caught.value.filename == str(model)
