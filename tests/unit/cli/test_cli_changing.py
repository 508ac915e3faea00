"""Files that change while they are read, and files whose numbers are as large as they can be: one error, no fault."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.cli.running import Run, aprfmt, process
from tests.unit.files.test_opened import CHANGES, large
from tests.unit.rules.crafting import craft, entry_a, entry_b, file

from aprfmt.files import FileSource

READING = {
    "validate": 3,  # it says of every file whether it is valid, and of this one that it could not be read
    "gate --check": 3,
    "inspect --check": 4,
    "stamp --license MIT -f -o": 4,
    "stamp --license MIT -n": 4,
    "canonicalise -f -o": 4,
    "diff": 4,
}
"""Commands that look at every byte, with what they exit with when it does not stay what it is."""


def changing(verb: str, folder: Path, change: Callable[[Path], None], number: int, mp: pytest.MonkeyPatch) -> Run:
    """Run a command on a file that changes before the read of this number."""
    path, other = folder / "m.apr", folder / "second.apr"
    path.write_bytes(large())
    other.write_bytes(large())
    real, lock, calls = FileSource._read_some, threading.Lock(), [0]

    def read_some(self: FileSource, start: int, buffer: memoryview) -> int:
        if self.path == path:
            with lock:
                calls[0] += 1
                if calls[0] == number:
                    change(path)
        return real(self, start, buffer)

    mp.setattr(FileSource, "_read_some", read_some)
    words = verb.split()
    rest = [str(folder / "out.apr")] if "-o" in words else [str(other)] if verb == "diff" else []
    return aprfmt(*words, *rest, str(path), "-v", "--json")


@pytest.mark.parametrize("number", [1, 6])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("verb", READING)
def test_a_file_that_changes_is_one_clear_error(
    verb: str, change: Callable[[Path], None], number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = changing(verb, tmp_path, change, number, monkeypatch)
    assert run.code == READING[verb]
    assert "Traceback" not in run.err
    error = run.error
    assert error["kind"] == "format"
    # What was changed may be found before it is found that something was.
    assert "while it was read" in error["message"] or (error["rule_id"], run.code) == ("APR-F002", 4)
    assert "m.apr" in error["message"]
    assert not (tmp_path / "out.apr").exists()


# ---- numbers ----

LARGEST = 2**64 - 1
HUGE = {
    **{
        f"{name} {value:#x}": file(**{name: value})
        for name in ("ofs_metadata", "ofs_tensor_index", "ofs_data")
        for value in (LARGEST, 1 << 63, (1 << 63) - 1)
    },
    "len_metadata": file(len_metadata=2**32 - 1),
    "num_tensors": file(num_tensors=2**32 - 1),
    **{
        f"{name} {value:#x}": craft(entry_a(), entry_b(**{name: value}))
        for name in ("ofs_tensor", "len_tensor")
        for value in (LARGEST, 1 << 63, (1 << 63) - 1)
    },
    "dims": craft(entry_a(), entry_b(dims=[LARGEST] * 255)),
    "one tensor": craft(entry_a(ofs_tensor=LARGEST, len_tensor=LARGEST, dims=[LARGEST])),
    "two tensors": craft(
        entry_a(ofs_tensor=1 << 63, len_tensor=1 << 63, dims=[1 << 63]),
        entry_b(ofs_tensor=LARGEST - 63, len_tensor=LARGEST, dims=[LARGEST]),
    ),
}
"""Small files that say of something that it is larger than any file."""
VERBS = {
    "validate": {1},
    "inspect": {0, 4},
    "inspect --check": {4},
    "tensors": {0, 4},
    "dump": {0, 4},
    "diff SOUND": {0, 1, 4},
    "diff FILE": {0, 1, 4},
    "stamp --license MIT -n": {4},
    "stamp --license MIT -f -o OUT": {4},
    "stamp --license MIT -i": {4},
    "canonicalise -f -o OUT": {4},
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", HUGE)
def test_declared_sizes_are_only_numbers(name: str, verb: str, tmp_path: Path) -> None:
    """Nothing is taken for what a file only claims: neither memory nor a range of the machine's integers."""
    path, sound, out = tmp_path / "huge.apr", tmp_path / "sound.apr", tmp_path / "out.apr"
    path.write_bytes(HUGE[name])
    sound.write_bytes(file())
    words = [{"SOUND": str(sound), "FILE": str(path), "OUT": str(out)}.get(word, word) for word in verb.split()]
    runs = []
    for options in ([], ["--json"]):
        tracemalloc.start()
        runs.append(aprfmt(*words, str(path), "-v", *options))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20 << 20  # most of it imports
    assert {run.code for run in runs} <= VERBS[verb]
    assert runs[0].code == runs[1].code
    assert "Traceback" not in runs[0].err + runs[1].err
    assert path.read_bytes() == HUGE[name]
    assert not out.exists()


def test_a_pipe_is_judged_like_a_file(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(large())
    said = process("validate", "-", "--json", stdin=path.read_bytes())
    assert said.json == {**aprfmt("validate", path, "--json").json, "file": "-"}
    path.write_bytes(large()[:-5])
    assert process("validate", "-", "--json", stdin=path.read_bytes()).code == 1
