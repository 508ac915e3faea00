"""The log of a run over many files: what it says, what a second run makes of it, and what is no log."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.running import GOLDEN, names

from aprfmt import MetadataPatch, ProvenancePatch, WriteOptions, stamp_file
from aprfmt import open as open_container
from aprfmt.cli.batch import log as log_module
from aprfmt.cli.batch.log import KEYS, Look, RunLog, head_digest, look, patch_digest
from aprfmt.cli.batch.pool import Update, working
from aprfmt.cli.batch.summary import Summary
from aprfmt.cli.exits import Failure
from aprfmt.cli.signals import SignalledError, raising
from aprfmt.errors import FormatError, RequestError, TruncatedError
from aprfmt.tokenizer import Tokenizer

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX")
LOG = "run.jsonl"
PATCH = MetadataPatch(set={"license": "MIT"})
DIGEST = patch_digest(PATCH)
SECONDS = 60


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a.apr", "b.apr"):
        (tmp_path / name).write_bytes((GOLDEN / "sharded.apr").read_bytes())
    return tmp_path


def rows() -> list[dict[str, Any]]:
    text = Path(LOG).read_bytes()
    assert text.isascii()
    assert not text or text.endswith(b"\n")
    return [json.loads(line) for line in text.splitlines()]


def logged(file: str = "a.apr", status: str = "stamped", **options: Any) -> bytes:
    """The log after one more file."""
    with RunLog(LOG) as log:
        log.add(file, status, DIGEST, seen=look(file), **options)
    return Path(LOG).read_bytes()


def is_done(file: str = "a.apr", digest: str = DIGEST, **options: Any) -> bool:
    with RunLog(LOG) as log:
        assert log.notes == ()
        return log.is_done(file, digest, **options)


def test_a_line_a_file() -> None:
    with RunLog(LOG) as log:
        log.add("a.apr", "stamped", DIGEST, seen=look("a.apr"), receipt="r.json", finished_at="2024-01-02T03:04:05Z")
        assert len(rows()) == 1  # it is there before the run goes on
        failure = Failure.of(FormatError("broken", rule_id="APR-F002"), "b.apr")
        log.add("./b.apr", "failed", DIGEST, error=failure)
    status = Path("a.apr").stat()
    first, second = rows()
    assert first == {
        "run_log": 1,
        "file": "a.apr",
        "uri": (Path.cwd().resolve() / "a.apr").as_uri(),
        "status": "stamped",
        "patch": DIGEST,
        "size_bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
        "head_sha256": look("a.apr").head_sha256,
        "finished_at": "2024-01-02T03:04:05Z",
        "error": None,
        "receipt": (Path.cwd().resolve() / "r.json").as_uri(),
    }
    assert list(second) == list(first) == list(KEYS)
    assert second["uri"].endswith("/b.apr")
    assert second["error"] == failure.as_json()
    assert second["error"]["rule_id"] == "APR-F002"
    assert [second[key] for key in ("status", "size_bytes", "modified_ns", "head_sha256")] == ["failed"] + [None] * 3
    assert second["finished_at"].endswith("+00:00")


def test_a_log_that_is_there_goes_on() -> None:
    first = logged("a.apr")
    second = logged("b.apr", "unchanged")
    assert second.startswith(first)
    assert [row["file"] for row in rows()] == ["a.apr", "b.apr"]
    assert is_done("a.apr")
    assert is_done("b.apr")


def test_what_is_done_is_known_in_the_same_run() -> None:
    with RunLog(LOG) as log:
        assert not log.is_done("a.apr", DIGEST)
        log.add("a.apr", "stamped", DIGEST, seen=look("a.apr"))
        assert log.is_done("a.apr", DIGEST)


@pytest.mark.parametrize("name", ["./a.apr", "sub/../a.apr"])
def test_a_file_is_the_same_by_another_name(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sub").mkdir()
    logged("a.apr")
    assert is_done(name)
    (folder / "else").mkdir()
    monkeypatch.chdir(folder / "else")
    with RunLog(f"../{LOG}") as log:
        assert log.is_done("../a.apr", DIGEST)
        assert not log.is_done("a.apr", DIGEST)


def touched(file: Path) -> None:
    status = file.stat()
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def grown(file: Path) -> None:
    before = file.stat()
    with file.open("ab") as end:
        end.write(b"\0")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def put_back(file: Path, data: bytes) -> None:
    """Other bytes under the same size and time."""
    before = file.stat()
    assert len(data) == before.st_size
    file.write_bytes(data)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def other_head(file: Path) -> None:
    raw = file.read_bytes()
    with open_container(raw) as container:
        at = container.metadata.file_offset + 1
    put_back(file, raw[:at] + b" " + raw[at + 1 :])


def other_footer(file: Path) -> None:
    raw = file.read_bytes()
    put_back(file, raw[:-1] + bytes([raw[-1] ^ 1]))


def no_container(file: Path) -> None:
    put_back(file, bytes(file.stat().st_size))


@pytest.mark.parametrize("change", [touched, grown, other_head, other_footer, no_container, Path.unlink])
def test_a_file_that_is_not_as_it_was_is_done_again(change: Callable[[Path], None]) -> None:
    logged()
    assert is_done()
    change(Path("a.apr"))
    assert not is_done()


def test_no_tensor_is_read_for_a_look() -> None:
    raw = Path("a.apr").read_bytes()
    with open_container(raw) as container:
        start, stop = container.sections["tensor_data"] or (0, 0)
        footer = raw[slice(*(container.sections["footer"] or (0, 0)))]
        whole = head_digest(container)
    assert whole == sha256(raw[:start] + footer).hexdigest()
    assert len(footer) > 0
    with open_container(raw[:start] + b"\xaa" * (stop - start) + raw[stop:]) as container:
        assert head_digest(container) == whole
    with open_container(raw[:stop]) as container:  # a file may have no footer
        assert head_digest(container) == sha256(raw[:start]).hexdigest()
    with open_container(raw[: stop - 1]) as container, pytest.raises(TruncatedError):
        head_digest(container)


def test_a_look() -> None:
    status = Path("a.apr").stat()
    with open_container("a.apr") as container:
        assert look("a.apr") == Look(status.st_size, status.st_mtime_ns, head_digest(container))
    with pytest.raises(FileNotFoundError):
        look("none.apr")


def test_the_last_line_of_a_file_counts() -> None:
    logged(status="stamped")
    with RunLog(LOG) as log:
        log.add("a.apr", "failed", DIGEST)
        assert not log.is_done("a.apr", DIGEST)
    assert not is_done()
    logged(status="unchanged")
    assert is_done()


def test_another_patch_is_done_again() -> None:
    logged()
    assert not is_done(digest=patch_digest(MetadataPatch(set={"license": "ISC"})))


def test_a_receipt_that_is_asked_for_is_to_be_there() -> None:
    logged()
    assert is_done()
    assert not is_done(with_receipt=True)
    logged(receipt="r.json")
    assert not is_done(with_receipt=True)
    Path("r.json").write_text("{}")
    assert is_done(with_receipt=True)
    assert is_done()


# --- what was asked for


def test_the_digest_of_a_patch() -> None:
    patches = [
        MetadataPatch(set={"a": 1}),
        MetadataPatch(set={"a": 1.0}),
        MetadataPatch(set={"a": True}),
        MetadataPatch(set={"a": "1"}),
        MetadataPatch(set={"a": None}),
        MetadataPatch(set={"a": 10**40}),
        MetadataPatch(set={"a": 10**40 + 1}),
        MetadataPatch(set={"a": {"b": [1]}}),
        MetadataPatch(merge={"a": 1}),
        MetadataPatch(unset=("a",)),
        MetadataPatch(unset=("a",), dedupe=True),
        MetadataPatch(tokenizer=Tokenizer(("x",), None, None, "vocab.json", ())),
        MetadataPatch(tokenizer=Tokenizer(("x",), (), None, "vocab.json", ())),
        MetadataPatch(tokenizer=Tokenizer(("x",), None, "BPE", "vocab.json", ())),
        MetadataPatch(tokenizer=Tokenizer(("y",), None, None, "vocab.json", ())),
    ]
    assert len({patch_digest(patch) for patch in patches}) == len(patches)
    assert len(patch_digest(patches[0])) == len(sha256().hexdigest())


def test_the_order_of_keys_does_not_count() -> None:
    one = MetadataPatch(set={"a": 1, "b": {"c": 1, "d": 2}}, unset=("x", "y"))
    two = MetadataPatch(set={"b": {"d": 2, "c": 1}, "a": 1}, unset=("y", "x"))
    assert patch_digest(one) == patch_digest(two)


# --- a run that was killed


def test_a_line_that_is_cut_off_is_left_out_and_cut_away() -> None:
    first = logged("a.apr")
    both = logged("b.apr")
    for cut in range(len(first) + 1, len(both)):
        Path(LOG).write_bytes(both[:cut])
        with RunLog(LOG) as log:
            assert log.notes == (f"{LOG}: the last line is cut off, and its file is done again",)
            assert log.is_done("a.apr", DIGEST)
            assert not log.is_done("b.apr", DIGEST)
        assert Path(LOG).read_bytes() == first
    logged("b.apr")
    assert is_done("b.apr")


def test_a_first_line_that_is_cut_off() -> None:
    whole = logged("a.apr")
    for cut in (1, 5, 20, len(whole) - 1):
        Path(LOG).write_bytes(whole[:cut])
        with RunLog(LOG) as log:
            assert len(log.notes) == 1
        assert Path(LOG).read_bytes() == b""


def test_a_file_system_that_has_filled_up_the_rest_with_zeros() -> None:
    first = logged("a.apr")
    for rest in (b"\0" * 300, b'{"run_log": 1, "fi' + b"\0" * 300):
        Path(LOG).write_bytes(first + rest)
        with RunLog(LOG) as log:
            assert len(log.notes) == 1
        assert Path(LOG).read_bytes() == first


@posix
def test_a_process_that_was_killed() -> None:
    """Three files, and the process dies while it writes the second one: what was done is known, and nothing else."""
    Path("c.apr").write_bytes(Path("b.apr").read_bytes())
    program = """
import os, signal
from aprfmt import MetadataPatch, WriteOptions, stamp_file
from aprfmt.cli.batch.log import RunLog, look, patch_digest
from aprfmt.cli.batch.pool import working
patch = MetadataPatch(set={"license": "MIT"})
def work(name, update):
    def progress(done, total):
        if name == "b.apr":
            os.kill(os.getpid(), signal.SIGKILL)
    stamp_file(name, None, patch, in_place=True, progress=progress, options=WriteOptions(layout="canonical"))
    return look(name)
with RunLog("run.jsonl") as log, working(["a.apr", "b.apr", "c.apr"], work, workers=1) as results:
    for done in results:
        log.add(done.job, "stamped", patch_digest(patch), seen=done.result)
"""
    source = Path(log_module.__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(source)}, timeout=120)
    assert done.returncode == -signal.SIGKILL
    with RunLog(LOG) as log:  # its lock has gone with it
        assert log.notes == ()
        assert [log.is_done(name, DIGEST) for name in ("a.apr", "b.apr", "c.apr")] == [True, False, False]


# --- signals and faults


def stamped(name: str, update: Update) -> Look | Failure:
    try:
        stamp_file(name, None, PATCH, in_place=True, progress=update, options=WriteOptions(layout="canonical"))
        return look(name)
    except Exception as error:
        return Failure.of(error, name)


def run(files: list[str], work: Callable[[str, Update], Look | Failure], *, workers: int) -> Summary:
    """What a command does with these parts."""
    summary = Summary(len(files))
    with raising(restore=True), RunLog(LOG) as log:
        left = [name for name in files if not log.is_done(name, DIGEST)]
        for _ in range(len(files) - len(left)):
            summary.add("skipped")
        with working(left, work, workers=workers) as results:
            for done in results:
                if isinstance(done.result, Failure):
                    summary.add("failed")
                    log.add(done.job, "failed", DIGEST, error=done.result)
                else:
                    summary.add("stamped")
                    log.add(done.job, "stamped", DIGEST, seen=done.result)
    return summary


@pytest.mark.parametrize("workers", [1, 2])
def test_one_bad_file_does_not_stop_the_others(workers: int) -> None:
    Path("bad.apr").write_bytes(b"no container")
    files = ["a.apr", "bad.apr", "none.apr", "b.apr"]
    assert run(files, stamped, workers=workers).text() == "4 files: 2 stamped, 0 unchanged, 2 failed"
    assert {row["file"]: row["status"] for row in rows()} == {
        "a.apr": "stamped",
        "b.apr": "stamped",
        "bad.apr": "failed",
        "none.apr": "failed",
    }
    again = run(files, stamped, workers=workers)
    assert again.text() == "4 files: 0 stamped, 0 unchanged, 2 failed, 2 skipped (done before)"
    assert again.exit_code == 1
    assert len(rows()) == 6


@posix
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_leaves_the_log_whole_and_a_second_run_goes_on(workers: int, folder: Path) -> None:
    files = [f"{n}.apr" for n in range(8)]
    for name in files:
        Path(name).write_bytes(Path("a.apr").read_bytes())
    before = names(folder)
    interrupted = threading.Event()

    def work(name: str, update: Update) -> Look | Failure:
        def progress(done: int, total: int) -> None:
            if name == "5.apr" and not interrupted.is_set():
                interrupted.set()
                os.kill(os.getpid(), signal.SIGINT)
            update(done, total)

        return stamped(name, progress)

    with pytest.raises(SignalledError):
        run(files, work, workers=workers)
    assert names(folder) == sorted([*before, LOG])
    done = [row["file"] for row in rows()]
    with_licence = []
    for name in files:
        with open_container(name) as container:
            with_licence += [name] * (container.metadata.get("license") == "MIT")
    assert sorted(done) == with_licence
    assert 3 <= len(done) < len(files)
    assert run(files, stamped, workers=workers).as_json() == {
        "files": 8,
        "stamped": 8 - len(done),
        "unchanged": 0,
        "failed": 0,
        "skipped": len(done),
        "left": 0,
    }


@posix
def test_a_signal_while_a_line_is_written_leaves_it_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write

    def write(descriptor: int, data: bytes) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return real(descriptor, data)

    with raising(restore=True), RunLog(LOG) as log:
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(SignalledError):
            log.add("a.apr", "stamped", DIGEST, seen=look("a.apr"))
    monkeypatch.setattr(os, "write", real)
    assert len(rows()) in (0, 1)  # and nothing in between


def test_a_full_disk_leaves_no_half_of_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    first = logged("a.apr")
    real = os.write
    calls: list[int] = []

    def write(descriptor: int, data: bytes) -> int:
        calls.append(len(data))
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[:20])

    with RunLog(LOG) as log:
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(OSError, match=LOG) as caught:
            log.add("b.apr", "stamped", DIGEST)
        assert caught.value.errno == errno.ENOSPC
        monkeypatch.setattr(os, "write", real)
        assert Path(LOG).read_bytes() == first
        log.add("b.apr", "failed", DIGEST)
    assert [row["file"] for row in rows()] == ["a.apr", "b.apr"]


def test_a_line_that_is_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    with RunLog(LOG) as log:
        monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:7]))
        log.add("a.apr", "failed", DIGEST)
    assert [row["file"] for row in rows()] == ["a.apr"]


# --- what is no log


def changed(**values: Any) -> bytes:
    Path(LOG).unlink(missing_ok=True)
    entry = json.loads(logged())
    Path(LOG).unlink()
    return json.dumps({**entry, **values}).encode() + b"\n"


def without(key: str) -> bytes:
    entry = json.loads(changed())
    del entry[key]
    return json.dumps(entry).encode() + b"\n"


LINE = b'{"file": "a.apr", "patch": {"license": "MIT"}}'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"hello\n", "line 1: expected JSON, found 'hello'"),
        (b"hello", "line 1: expected the beginning of an entry, found 'hello'"),
        (b"\n", "line 1: expected JSON, found ''"),
        (b"{}\n", "line 1: expected an object with the key \"run_log\", found '{}'"),
        (b"[1]\n", 'line 1: expected an object with the key "run_log"'),
        (b"3\n", 'line 1: expected an object with the key "run_log"'),
        (b"[" * 200_000 + b"\n", "line 1: expected JSON, found '[[["),
        (b"1" * 5000 + b"\n", "line 1: expected JSON, found '111"),
        (LINE + b"\n", 'line 1: expected an object with the key "run_log"'),
        (LINE, 'line 1: expected the beginning of an entry, found \'{"file": "a.apr"'),
        (b'{\n  "file": "a"\n}', "line 1: expected JSON, found '{'"),
        (b'{"run_log": 2, "file": "a"}\n', "line 1: expected version 1"),
        (b'{"run_log": 2, "file": "a"', "line 1: expected the beginning of an entry"),
        (b'{"run_log": true}\n', 'line 1: expected "run_log" as such logs have it'),
        (b"\x1b[2J\xff\xfe\n", r"line 1: expected JSON, found '\x1b[2J\xff\xfe'"),
        ("APR", "line 1: expected "),
        (b"\x89PNG\r\n\x1a\n", r"line 1: expected JSON, found '\x89PNG\r'"),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_another_file_is_refused_and_left_alone(data: bytes | str, says: str) -> None:
    raw = Path("a.apr").read_bytes() if isinstance(data, str) else data
    for before in (b"", logged()):
        Path(LOG).write_bytes(before + raw)
        with pytest.raises(RequestError) as caught:
            RunLog(LOG)
        message = str(caught.value)
        assert message.startswith(
            f"{LOG}: expected the log of a run of aprfmt, found another file, which is left alone; "
        )
        assert (says if not before else says.replace("line 1", "line 2")) in message
        assert Path(LOG).read_bytes() == before + raw


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_to_be_there(key: str) -> None:
    data = without(key)
    Path(LOG).write_bytes(data)
    with pytest.raises(RequestError, match=f'line 1: expected .*"{key}"'):
        RunLog(LOG)
    assert Path(LOG).read_bytes() == data


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("file", (None, 1, [])),
        ("status", (None, "done", "skipped", ["stamped"], {})),
        ("patch", (None, 7)),
        ("size_bytes", ("1", 1.0, True)),
        ("modified_ns", ("1", 1.0, [])),
        ("head_sha256", (1, {})),
        ("error", ("x", [])),
        ("receipt", (1, ["r"])),
        ("finished_at", (None, 1)),
        ("uri", (None, 1)),
    ],
)
def test_every_key_has_its_type(key: str, values: tuple[object, ...]) -> None:
    for value in values:
        Path(LOG).write_bytes(changed(**{key: value}))
        with pytest.raises(RequestError, match=f'line 1: expected "{key}" as such logs have it'):
            RunLog(LOG)


def test_keys_that_nobody_knows_are_let_be() -> None:
    Path(LOG).write_bytes(changed(more=[1]))
    assert is_done()


def test_a_log_without_a_line() -> None:
    Path(LOG).write_bytes(b"")
    assert not is_done()
    assert Path(LOG).read_bytes() == b""


def test_a_line_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    data = logged()
    monkeypatch.setattr(log_module, "_LONGEST_LINE", len(data))
    assert is_done()
    monkeypatch.setattr(log_module, "_LONGEST_LINE", len(data) - 1)
    with pytest.raises(RequestError, match=f"line 1: expected fewer than {len(data) - 1} bytes"):
        RunLog(LOG)
    assert Path(LOG).read_bytes() == data


def test_what_is_no_file(folder: Path) -> None:
    (folder / "sub").mkdir()
    with pytest.raises(RequestError, match=r"^sub: expected the log of a run of aprfmt or no file, found a folder$"):
        RunLog("sub")
    with pytest.raises(FileNotFoundError):
        RunLog("none/run.jsonl")
    if os.name != "nt":
        os.mkfifo("pipe")
        for name in ("pipe", "/dev/null"):
            with pytest.raises(RequestError, match="found a device, pipe or socket"):
                RunLog(name)


@posix
def test_two_runs_at_once() -> None:
    with RunLog(LOG) as log:
        with pytest.raises(
            RequestError, match=rf"^{LOG}: expected a log of this run alone, found another run that has"
        ):
            RunLog(LOG)
        log.add("a.apr", "stamped", DIGEST, seen=look("a.apr"))
    log.close()
    assert is_done()


@posix
@pytest.mark.parametrize(("code", "goes_on"), [(errno.ENOLCK, True), (errno.ENOTSUP, True), (errno.EIO, False)])
def test_a_file_system_that_locks_nothing(monkeypatch: pytest.MonkeyPatch, code: int, goes_on: bool) -> None:
    import fcntl

    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", flock)
    if goes_on:
        RunLog(LOG).close()
    else:
        with pytest.raises(OSError, match=os.strerror(code)):
            RunLog(LOG)


def test_a_system_without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    logged()
    assert is_done()


def test_names_that_are_not_utf_8() -> None:
    name = os.fsdecode(b"\xff.apr")
    try:
        Path(name).write_bytes(Path("a.apr").read_bytes())
    except OSError:
        pytest.skip("this file system takes no such name")
    stamp_file(name, None, ProvenancePatch(license="MIT"), in_place=True)
    logged(name)
    (row,) = rows()
    assert row["file"] == r"\xff.apr"
    assert row["uri"].endswith("/%FF.apr")
    assert is_done(name)
    assert not is_done(r"\xff.apr")
