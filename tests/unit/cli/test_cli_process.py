"""The program as a process: its entry points, streams that are closed or full, terminals and signals."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.cli.running import GOLDEN, process, sparse_model
from tests.unit.cli.running import names as names_in
from tests.unit.rules.crafting import craft, entry_b

from aprfmt.cli import render

MODEL = GOLDEN / "sharded.apr"
START = (sys.executable, "-W", "error", "-m", "aprfmt")
POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX signals, terminals and devices")


def test_the_module_and_the_script_are_the_same_program() -> None:
    script = shutil.which("aprfmt", path=str(Path(sys.executable).parent))
    assert script is not None, "the package is not installed"
    done = subprocess.run([script, "inspect", MODEL, "--json"], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == process("inspect", MODEL, "--json").out
    failed = subprocess.run([script, "inspect", "none.apr"], capture_output=True, timeout=60)
    assert (failed.returncode, failed.stdout) == (3, b"")
    assert failed.stderr == b"error: none.apr: No such file or directory\n"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--version",), 0),
        (("-h",), 0),
        (("stamp", "-h"), 0),
        ((), 2),
        (("nope",), 2),
        (("spec",), 0),
        (("inspect", MODEL, "--check"), 0),
        (("tensors", MODEL), 0),
        (("stamp", MODEL, "-n", "--license", "MIT"), 0),
        (("stamp", MODEL, "-n"), 2),
        (("inspect", GOLDEN / "expected.json"), 4),
    ],
)
def test_no_start_gives_a_warning_or_a_traceback(args: tuple[str | Path, ...], code: int) -> None:
    done = process(*args, environment={"PYTHONDEVMODE": "1"})
    assert done.code == code
    assert "Traceback" not in done.err
    assert "Warning" not in done.err
    assert bool(done.err) == (code != 0)


def test_standard_input_is_a_file_like_any_other() -> None:
    raw = (GOLDEN / "teacher_q4k.apr").read_bytes()
    for verb in ("inspect", "tensors"):
        piped, named = (process(verb, file, "--json", stdin=raw) for file in ("-", GOLDEN / "teacher_q4k.apr"))
        assert (piped.code, piped.err) == (0, "")
        assert piped.json == {**named.json, "file": "-"}
    assert process("inspect", "-", "--check", stdin=raw[:-1] + b"!").code == 4
    broken = process("tensors", "-", "--json", stdin=b"")
    assert (broken.code, broken.error["file"], broken.error["rule_id"]) == (4, "-", "APR-H008")


def test_standard_input_may_be_a_file() -> None:
    with MODEL.open("rb") as stdin:
        done = subprocess.run([*START, "inspect", "-"], stdin=stdin, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout[:2]) == (0, b"-\n")


def test_a_path_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\x1b.apr"
    try:
        with open(name, "wb") as file:  # noqa: PTH123 - the name is bytes
            file.write(MODEL.read_bytes())
    except OSError:
        pytest.skip("the file system has no such names")
    done = process("inspect", name, "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json["file"].endswith("\\xff\\x1b.apr")


def many(path: Path) -> Path:
    """A model whose list of tensors is larger than a pipe."""
    entries = (entry_b(name=b"tensor.%05d" % number, ofs_tensor=0, len_tensor=0, dims=[0]) for number in range(9999))
    path.write_bytes(craft(*entries, tensor_data=b""))
    return path


@POSIX
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_goes_away_is_no_trouble(options: list[str], tmp_path: Path) -> None:
    path = many(tmp_path / "m.apr")
    sound = path.read_bytes()
    for raw, code in ((sound, 0), (sound[:45] + b"!" + sound[46:], 4)):
        path.write_bytes(raw)
        with subprocess.Popen(
            [*START, "tensors", path, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as run:
            assert run.stdout is not None
            assert run.stderr is not None
            run.stdout.readline()
            run.stdout.close()
            err = run.stderr.read()
        assert run.returncode == code
        assert b"Traceback" not in err
        assert (err == b"") == (code == 0 or bool(options))


@POSIX
@pytest.mark.parametrize(
    "args", [("-h",), ("--version",), ("spec",), ("inspect", str(MODEL)), ("inspect", str(MODEL), "--json")]
)
def test_a_reader_that_was_never_there_is_no_trouble(args: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run([*START, *args], stdout=writer, stderr=subprocess.PIPE, timeout=60)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@POSIX
@pytest.mark.parametrize(
    "args",
    [
        ("-h",),
        ("--version",),
        ("spec",),
        ("inspect", str(MODEL)),
        ("inspect", str(MODEL), "--json"),
        ("tensors", str(MODEL)),
        ("stamp", str(MODEL), "-n", "--license", "MIT"),
        ("stamp", str(MODEL), "-n", "--license", "MIT", "--json"),
    ],
)
@pytest.mark.parametrize("closed", [False, True])
def test_an_output_that_cannot_be_written_is_one_clear_error(args: tuple[str, ...], closed: bool) -> None:
    if not closed and not Path("/dev/full").exists():
        pytest.skip("the system has no /dev/full")
    command = " ".join(map(repr, [*START, *args])) + (" >&-" if closed else " >/dev/full")
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, timeout=60)
    reason = "Bad file descriptor" if closed else "No space left on device"
    assert (done.returncode, done.stderr.decode()) == (3, f"error: standard output: {reason}\n")


@POSIX
@pytest.mark.parametrize("end", [" >/dev/full", " >&-", " 2>&-", " 2>/dev/full"])
@pytest.mark.parametrize("options", ["", " --json", " -q"])
def test_an_error_keeps_its_exit_code_whatever_the_streams_are(end: str, options: str) -> None:
    command = " ".join(map(repr, [*START, "inspect", "none.apr"])) + options + end
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60)
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr
    if "2>" in end and "json" not in options:
        assert done.stdout == b""  # talk does not turn up among the data
    elif "2>" not in end:
        assert done.stderr == b"error: none.apr: No such file or directory\n"


@POSIX
def test_closed_standard_input_is_an_error_of_the_file() -> None:
    command = " ".join(map(repr, [*START, "inspect", "-"])) + " <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (3, b"error: standard input: Bad file descriptor\n")


def on_terminal(*args: str | Path, **environment: str) -> tuple[int, str]:
    """Run with stderr on a terminal; exit code, and what the terminal got."""
    import pty

    master, slave = pty.openpty()
    with subprocess.Popen(
        [*START, *args], stdout=subprocess.PIPE, stderr=slave, env={**os.environ, **environment}
    ) as run:
        os.close(slave)
        seen = b""
        try:
            while piece := os.read(master, 65536):
                seen += piece
        except OSError:  # how Linux reports the end
            pass
        os.close(master)
        run.communicate(timeout=60)
    return run.returncode, seen.decode()


@POSIX
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_progress_is_drawn_on_a_terminal_and_nowhere_else(term: str, tmp_path: Path) -> None:
    small, large = MODEL, sparse_model(tmp_path / "large.apr", 64 << 20)
    with large.open("ab") as file:
        file.write(b"\0\0\0\0")
    args = ("inspect", large, "--check", "--json")
    code, seen = on_terminal(*args, TERM=term)
    assert code == 4  # the footer is wrong
    assert len(re.findall(r"checking \.\.\.\S+/large\.apr: \d+ % of 64\.0 MiB", seen)) > 30
    assert "\x1b" not in seen
    assert seen.endswith("\r")  # the line is clean again
    assert on_terminal(*args, "-q", TERM=term) == (4, "")
    assert on_terminal("inspect", small, "--check", TERM=term) == (0, "")
    assert process(*args).err == ""
    os.truncate(large, large.stat().st_size - 4)
    code, seen = on_terminal("stamp", large, "--license", "MIT", "-n", "--json")
    assert (code, "/large.apr: 100 % of 64.0 MiB" in seen) == (0, True)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("m.apr", "m.apr"),
        ("x" * 40, "x" * 40),
        ("a/" + "x" * 40, "..." + "x" * 37),
        ("\u540d" * 20, "\u540d" * 20),
        ("\u540d" * 21, "..." + "\u540d" * 18),  # two columns each
        ("y\x1b[2J" + "x" * 34, "..." + "[2J" + "x" * 34),
    ],
    ids=ascii,
)
def test_progress_fits_into_a_line(name: str, shown: str) -> None:
    """What is wider than the terminal goes on in the next line, and cannot be drawn over."""
    assert render.tail(name, 40) == shown


def in_shell(before: str, *args: str | Path) -> subprocess.Popen[bytes]:
    """Start a program in place of a shell that has prepared something for it."""
    command = ["sh", "-c", f'{before}\nexec "$@"', "sh", *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def stamping(folder: Path, *, nbytes: int, before: str = "") -> subprocess.Popen[bytes]:
    """A stamp of a large file onto itself, caught while its temporary file grows."""
    model = sparse_model(folder / "model.apr", nbytes)
    run = in_shell(before, *START, "stamp", model, "--license", "MIT", "-f", "-o", model, "--json")
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size > 1 << 20 for path in folder.glob(".*.tmp")):
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return run


def ended(run: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    out, err = run.communicate(timeout=60)
    return run.returncode, out, err


@POSIX
@pytest.mark.parametrize(
    ("signals", "code"),
    [
        (["SIGINT"], 130),
        (["SIGTERM"], 143),
        (["SIGHUP"], 129),
        (["SIGINT", "SIGINT", "SIGTERM"], None),
    ],
    ids=["interrupt", "terminate", "hang up", "one after the other"],
)
def test_a_signal_during_a_stamp_leaves_everything_as_it_was(
    signals: list[str], code: int | None, tmp_path: Path
) -> None:
    nbytes = 1 << 30
    run = stamping(tmp_path, nbytes=nbytes)
    before = (tmp_path / "model.apr").stat()
    for name in signals:
        run.send_signal(getattr(signal, name))
    got, out, err = ended(run)
    after = (tmp_path / "model.apr").stat()
    assert got == code or (code is None and got in (130, 143))
    assert names_in(tmp_path) == ["model.apr"]
    assert (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns)
    assert err == b""
    assert b'"kind": "interrupted"' in out
    assert f'"exit_code": {got}'.encode() in out


@POSIX
def test_a_signal_that_is_ignored_from_outside_stays_ignored(tmp_path: Path) -> None:
    """What `nohup` asks for: the program outlives its terminal."""
    run = stamping(tmp_path, nbytes=256 << 20, before="trap '' HUP")
    run.send_signal(signal.SIGHUP)
    code, out, err = ended(run)
    assert (code, err) == (0, b"")
    assert b'"command": "stamp"' in out
    assert process("inspect", tmp_path / "model.apr", "--json").json["provenance"]["license"] == "MIT"


@POSIX
def test_a_limit_on_the_size_of_files_is_an_error_of_the_file(tmp_path: Path) -> None:
    source, out = GOLDEN / "teacher_q4k.apr", tmp_path / "out.apr"
    code, said, err = ended(in_shell("ulimit -f 1", *START, "stamp", source, "--license", "MIT", "-o", out))
    assert (code, said) == (3, b"")
    assert err.decode() == f"error: {out}: File too large\n"
    assert names_in(tmp_path) == []


def test_nothing_is_coloured_whatever_the_environment_says() -> None:
    plain = process("inspect", MODEL)
    assert "\x1b" not in plain.out
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        assert process("inspect", MODEL, environment={name: "1"}) == plain


def test_the_width_of_the_terminal_changes_no_data() -> None:
    for args in (("inspect", MODEL), ("tensors", GOLDEN / "long_names.apr")):
        assert process(*args, environment={"COLUMNS": "20"}) == process(*args, environment={"COLUMNS": "200"})


@POSIX
@pytest.mark.parametrize("name", ["aprfmt.cli.signals", "click", "aprfmt.cli.render"])
def test_an_interrupt_while_the_program_starts_gives_no_traceback(name: str) -> None:
    program = (
        "import os, signal, sys; sys.argv[0] = 'aprfmt'; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {name!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "from aprfmt.cli import entry_point\n"
        "sys.meta_path.insert(0, Interrupting()); entry_point()"
    )
    done = subprocess.run([sys.executable, "-c", program, "inspect", MODEL], capture_output=True, timeout=60)
    assert done.stdout == b""
    if name == "aprfmt.cli.signals":  # before there is anything that could say so
        assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")
    else:
        assert (done.returncode, done.stderr) == (130, b"error: interrupted\n")


@POSIX
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_output_that_is_cut_short_is_an_error(options: list[str], tmp_path: Path) -> None:
    """Unbuffered, a write takes as much as there is room for, and nobody is told but by its result."""
    program = (
        "import resource, runpy, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)); sys.argv[0] = 'aprfmt';"
        "runpy.run_module('aprfmt', run_name='__main__')"
    )
    for unbuffered in ("", "1"):
        if Path("/dev/full").exists():
            with Path("/dev/full").open("wb") as full:
                done = subprocess.run(
                    [*START, "tensors", MODEL, *options],
                    stdout=full,
                    stderr=subprocess.PIPE,
                    env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
                    timeout=60,
                )
            assert (done.returncode, done.stderr) == (3, b"error: standard output: No space left on device\n")
        with (tmp_path / "out").open("wb") as out:
            done = subprocess.run(
                [sys.executable, "-c", program, "tensors", GOLDEN / "teacher_q4k.apr", *options],
                stdout=out,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
                timeout=60,
            )
        assert done.returncode == 3, unbuffered
        assert b"standard output" in done.stderr
