"""`aprfmt inspect` over files: what it asks, how it ends, and that one bad file stops no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.running import GOLDEN, GOLDENS, Run, aprfmt, assert_printable, expected, process, sparse_model
from tests.unit.rules.crafting import craft, entry_a

from aprfmt import files
from aprfmt.cli import render
from aprfmt.layout import facts
from aprfmt.ops import inspect as operation

SOUND = craft(metadata=b'{"license":"MIT"}')
FAULTY = craft(entry_a(len_tensor=7))
PROVENANCE = ("license", "data_source", "data_license")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of every kind, and one in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep").mkdir()
    for name, raw in {
        "a.apr": SOUND,
        "deep/b.apr": SOUND,
        "faulty.txt": FAULTY,
        "bare.txt": craft(footer=None),
        "gguf.txt": b"GGUF" + SOUND[4:],
    }.items():
        (tmp_path / name).write_bytes(raw)
    return tmp_path


def rows(run: Run) -> list[dict[str, Any]]:
    """The objects of JSON lines, which must be all there is."""
    assert run.out.isascii()
    assert run.out.endswith("\n")
    return [json.loads(line) for line in run.out.splitlines()]


# --- one file, in the words of the reference

TYPES: dict[str, type | tuple[type, ...]] = {
    "file": str,
    "valid": bool,
    "format": str,
    "version": str,
    "tensor_count": int,
    "size_bytes": int,
    "checksum_valid": bool,
    "flags": dict,
    "metadata": dict,
}
"""The keys that the reference always prints."""
IF_THERE = {"architecture": str, "num_layers": int, "num_heads": int, "hidden_size": int, "vocab_size": int}
FLAGS = ("lz4_compressed", "zstd_compressed", "encrypted", "signed", "sharded", "quantized", "has_vocab")
ALWAYS = (*PROVENANCE, "architecture", "hf_architecture", "hf_model_type")
INSIDE: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("model_type", "name", "description", "author", "source", "original_format", "created_at"), str),
    **dict.fromkeys(("param_count", "vocab_size", "hidden_size", "num_layers", "num_heads", "num_kv_heads"), int),
    **dict.fromkeys(("intermediate_size", "max_position_embeddings"), int),
    "rope_theta": float,
    **dict.fromkeys(("chat_template", "chat_format"), str),
    **dict.fromkeys(("special_tokens", "source_metadata"), dict),
}
"""The members of `metadata` that the reference prints when they are there."""
FULL = {
    **{key: "text" for key, kind in INSIDE.items() if kind is str},
    **{key: 7 for key, kind in INSIDE.items() if kind is int},
    **dict.fromkeys(ALWAYS, "text"),
    "rope_theta": 1000000.0,
    "special_tokens": {"bos_token": "<s>"},
    "source_metadata": {"format": "pt"},
}
SPECIAL_TOKENS = ("bos_token", "eos_token", "unk_token", "pad_token", "im_start_token", "im_end_token")


@pytest.mark.parametrize("name", [*GOLDENS, "full"])
def test_every_key_of_the_reference_is_there(name: str, tmp_path: Path) -> None:
    path = GOLDEN / name
    metadata = FULL if name == "full" else expected()[name]["metadata"]
    if name == "full":
        path = tmp_path / "full.apr"
        path.write_bytes(craft(metadata=json.dumps(FULL).encode()))
    said = aprfmt("inspect", path, "--json").json
    for key, kind in {**TYPES, **{key: kind for key, kind in IF_THERE.items() if key in metadata}}.items():
        assert isinstance(said[key], kind)
    assert not [key for key in IF_THERE if key in said and key not in metadata]
    assert [type(said["flags"][flag]) for flag in FLAGS] == [bool] * len(FLAGS)
    assert set(said["metadata"]) >= set(ALWAYS)
    for key in ALWAYS:
        assert said["metadata"][key] == metadata.get(key)
    for key, kind in INSIDE.items():
        if key in metadata:
            assert isinstance(said["metadata"][key], kind)
    if name == "full":
        assert said["metadata"]["special_tokens"] == {**dict.fromkeys(SPECIAL_TOKENS), "bos_token": "<s>"}
        assert said["metadata"]["source_metadata"] == {"format": "pt"}


def test_valid_is_no_constant(folder: Path) -> None:
    """True for a file without an error among the rules that were run; which were not is said beside it."""
    for name, valid in (("a.apr", True), ("faulty.txt", False)):
        said = aprfmt("inspect", name, "--json").json
        assert said["valid"] is valid
        told = [*said["rules_run"], *said["rules_skipped"], *said["rules_left_out"]]
        assert sorted(told) == sorted(facts.PROFILES["default"])
    (folder / "a.apr").write_bytes(SOUND[:-1] + bytes([SOUND[-1] ^ 1]))
    said = aprfmt("inspect", "a.apr", "--json").json
    assert (said["valid"], "APR-F002" in said["rules_left_out"]) == (True, True)
    said = aprfmt("inspect", "a.apr", "--json", "--check").json
    assert (said["valid"], "APR-F002" in said["rules_run"]) == (False, True)


def test_a_run_that_could_not_judge_says_so(folder: Path) -> None:
    (folder / "a.apr").write_bytes(craft(metadata=b"{]"))
    said = aprfmt("inspect", "a.apr", "--json").json
    assert "APR-M006" in said["rules_skipped"]
    (line,) = [line for line in aprfmt("inspect", "a.apr").out.splitlines() if line.startswith("  Rules ")]
    run, skipped, left_out = (len(said[f"rules_{part}"]) for part in ("run", "skipped", "left_out"))
    assert f"{run} run, {skipped} skipped, {left_out} left out; 3 of them need every byte (--check)" in line
    (line,) = [line for line in aprfmt("inspect", "a.apr", "--check").out.splitlines() if line.startswith("  Rules ")]
    assert line.endswith(" left out")
    told = aprfmt("inspect", "a.apr", "-v").out
    assert f"\n    skipped        {', '.join(said['rules_skipped'])}\n    left out       APR-P001, " in told


# --- the score


def test_a_score_changes_no_exit_code_and_nothing_else(folder: Path) -> None:
    for name, code in (("a.apr", 0), ("faulty.txt", 4)):
        plain, scored = (aprfmt("inspect", name, "--json", *extra) for extra in ((), ("--quality",)))
        assert plain.code == scored.code == code
        said = scored.json
        quality = said.pop("quality")
        assert said == plain.json
        assert list(quality)[:4] == ["score", "ship_ready", "threshold", "breakdown"]
    assert (quality["score"], quality["ship_ready"], quality["threshold"]) == (20, False, 90)
    assert list(quality["breakdown"]) == ["physics", "structural", "provenance", "hf_identity", "tokenizer"]
    del folder


def test_what_is_missing_comes_with_the_option_that_adds_it(folder: Path) -> None:
    quality = aprfmt("inspect", "a.apr", "--json", "--quality").json["quality"]
    first, second = quality["missing"][:2]
    assert first == {
        "what": "flag has_vocab",
        "part": "tokenizer",
        "points": 15,
        "option": "--tokenizer DIR",
        "fix": "aprfmt stamp --tokenizer DIR",
    }
    assert (second["what"], second["points"]) == ("hf_architecture", 12)
    assert "license" not in [item["what"] for item in quality["missing"]]
    del folder


def test_every_option_that_is_named_is_one_of_stamp() -> None:
    from aprfmt.cli.commands.stamp import command
    from aprfmt.ops.quality import CRITERIA

    there = {name for parameter in command.params for name in parameter.opts}
    assert {item.option.split()[0] for item in CRITERIA if item.option is not None} <= there


def test_following_what_is_said_to_be_missing_makes_a_model_ready(folder: Path) -> None:
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "vocab.json").write_text('{"a": 0, "b": 1}')
    (folder / "a.apr").write_bytes(craft(metadata=b"{}"))
    before = aprfmt("inspect", "a.apr", "--json", "--quality").json["quality"]
    assert (before["score"], before["ship_ready"]) == (20, False)
    values = {"TEXT": "MIT", "DIR": "tokenizer"}
    steps = [item["option"].split() for item in before["missing"]]
    options = [part for name, value in steps for part in (name, values.get(value, value.replace("=N", "=2")))]
    assert aprfmt("stamp", "a.apr", *options, "-o", "out.apr").code == 0
    after = aprfmt("inspect", "out.apr", "--json", "--quality").json["quality"]
    assert (after["score"], after["ship_ready"], after["missing"], after["notes"]) == (100, True, [], [])
    without = options[: options.index("--tokenizer")] + options[options.index("--tokenizer") + 2 :]
    assert aprfmt("stamp", "a.apr", *without, "-o", "almost.apr").code == 0
    text = aprfmt("inspect", "almost.apr", "--quality").out
    assert "\n  Quality: 85 of 100, not ready (ready from 90 on)\n" in text
    assert text.endswith("\n    missing:\n      15  flag has_vocab  aprfmt stamp --tokenizer DIR\n")


# --- several files


def test_several_files_are_json_lines(folder: Path) -> None:
    run = aprfmt("inspect", "a.apr", "deep/b.apr", "--json")
    assert (run.code, run.err) == (0, "")
    alone = [aprfmt("inspect", name, "--json").json for name in ("a.apr", "deep/b.apr")]
    assert rows(run) == alone
    assert aprfmt("inspect", "a.apr", "--json").out.count("\n") > 50  # one alone is indented
    del folder


def test_text_is_blocks_with_a_blank_line_between_them(folder: Path) -> None:
    one, other = (aprfmt("inspect", name).out for name in ("a.apr", "deep/b.apr"))
    assert aprfmt("inspect", "a.apr", "deep/b.apr") == (0, f"{one}\n{other}", "")
    broken = aprfmt("inspect", "none.apr", "a.apr", "gguf.txt", "deep/b.apr")
    assert (broken.code, broken.out) == (3, f"{one}\n{other}")
    assert aprfmt("inspect", "a.apr", "deep/b.apr", "-q") == (0, "", "")
    del folder


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ((".",), ["a.apr"]),
        ((".", "-r"), ["a.apr", "deep/b.apr"]),
        (("@list",), ["a.apr", "deep/b.apr", "a.apr"]),
        (("deep", "a.apr"), ["deep/b.apr", "a.apr"]),
    ],
    ids=["folder", "folders", "list", "folder and file"],
)
def test_folders_and_lists_stand_for_files(folder: Path, arguments: tuple[str, ...], names: list[str]) -> None:
    (folder / "list").write_text("a.apr\n\ndeep/b.apr\na.apr\n")
    run = aprfmt("inspect", *arguments, "--json")
    assert run.code == 0
    assert [os.path.normpath(row["file"]) for row in rows(run)] == names


def test_a_folder_without_files_is_a_wrong_request(folder: Path) -> None:
    (folder / "empty").mkdir()
    run = aprfmt("inspect", "a.apr", "empty", "--json")
    assert (run.code, run.error["kind"]) == (2, "request")
    assert aprfmt("inspect", "a.apr", "empty")[:2] == (2, "")


def test_standard_input_is_one_of_the_files(folder: Path) -> None:
    run = process("inspect", "-", folder / "a.apr", "--json", stdin=FAULTY)
    assert run.code == 4
    assert [(row["file"], row["valid"]) for row in rows(run)] == [("-", False), (str(folder / "a.apr"), True)]
    run = process("inspect", "@-", "--json", stdin=b"a.apr\n")
    assert (run.code, [row["file"] for row in rows(run)]) == (0, ["a.apr"])
    for twice in (("-", "-"), ("-", "@-")):
        assert aprfmt("inspect", *twice, "--json").error["kind"] == "usage"


@pytest.mark.parametrize(
    ("names", "options", "code"),
    [
        (("a.apr", "deep/b.apr"), (), 0),
        (("a.apr", "bare.txt"), (), 0),
        (("a.apr", "bare.txt"), ("--check",), 1),
        (("bare.txt", "faulty.txt"), ("--check",), 4),
        (("faulty.txt", "bare.txt", "a.apr"), ("--check",), 4),
        (("gguf.txt", "a.apr"), (), 4),
        (("none.apr", "gguf.txt", "faulty.txt", "bare.txt"), ("--check",), 3),
        (("a.apr", "none.apr"), (), 3),
        (("a.apr", os.devnull), (), 3),
    ],
)
@pytest.mark.usefixtures("folder")
def test_the_worst_file_decides_the_exit_code(names: tuple[str, ...], options: tuple[str, ...], code: int) -> None:
    for extra in ((), ("--json",), ("-q",)):
        assert aprfmt("inspect", *names, *options, *extra).code == code


@pytest.mark.usefixtures("folder")
def test_a_file_that_cannot_be_read_stops_no_other() -> None:
    run = aprfmt("inspect", "none.apr", "a.apr", "gguf.txt", "faulty.txt", os.devnull, "deep/b.apr", "--json")
    said = rows(run)
    assert (run.code, run.err) == (3, "")
    assert [row["file"] for row in said] == [
        "none.apr",
        "a.apr",
        "gguf.txt",
        "faulty.txt",
        os.devnull,
        "deep/b.apr",
    ]
    assert [list(row) for row in said if "valid" not in row] == [["file", "error"]] * 3
    errors = [row["error"] for row in said if "error" in row]
    assert [(error["kind"], error["exit_code"]) for error in errors] == [
        ("file", 3),
        ("unsupported", 4),
        ("format", 4),
        ("request", 3),
    ]
    assert [error["file"] for error in errors] == ["none.apr", "gguf.txt", "faulty.txt", os.devnull]
    for error in errors:
        assert error["file"] in error["message"]
    text = aprfmt("inspect", "none.apr", "a.apr", "gguf.txt")
    first, second = text.err.splitlines()
    assert first == "error: none.apr: No such file or directory"
    assert second.startswith("error: gguf.txt: not an APR v2 container but a GGUF file")


@pytest.mark.usefixtures("folder")
def test_alone_an_error_is_what_it_was() -> None:
    """One file is one object, and its error stands alone."""
    for name, code in (("none.apr", 3), ("gguf.txt", 4), (os.devnull, 2)):
        run = aprfmt("inspect", name, "--json")
        assert (run.code, list(run.json)) == (code, ["error"])
        assert aprfmt("inspect", name)[:2] == (code, "")


@pytest.mark.usefixtures("folder")
def test_digests_and_scores_of_several_files() -> None:
    run = aprfmt("inspect", "a.apr", "faulty.txt", "--json", "--digest", "--quality")
    first, second = rows(run)
    assert run.code == 4
    assert (len(first["payload_digest"]), second["payload_digest"]) == (64, None)
    assert (first["quality"]["score"], second["quality"]["score"]) == (29, 20)


@pytest.mark.usefixtures("folder")
def test_a_fault_of_ours_in_one_file_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    real = operation.inspect

    def inspect(container: Any, **options: Any) -> Any:
        if Path(container.source.path).name == "a.apr":
            raise ZeroDivisionError
        return real(container, **options)

    monkeypatch.setattr(operation, "inspect", inspect)
    run = aprfmt("inspect", "a.apr", "deep/b.apr", "none.apr", "--json")
    assert run.code == 70
    assert [row.get("error", {}).get("kind") for row in rows(run)] == ["internal", None, "file"]
    text = aprfmt("inspect", "a.apr", "deep/b.apr", "-v")
    assert (text.code, "Traceback" in text.err, "deep/b.apr" in text.out) == (70, True, True)


def test_each_file_is_said_before_the_next_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of the pipe need not wait for the last of a thousand files."""
    events: list[str] = []
    real_open, real_put, real_flush = files.open, render._put, render.flush

    def watched_open(file: Any, **options: Any) -> Any:
        events.append(f"open {file}")
        return real_open(file, **options)

    def put(data: str) -> None:
        events.append("put")
        real_put(data)

    def flush() -> None:
        events.append("flush")
        real_flush()

    monkeypatch.setattr(files, "open", watched_open)
    monkeypatch.setattr(render, "_put", put)
    monkeypatch.setattr(render, "flush", flush)
    assert aprfmt("inspect", "a.apr", "deep/b.apr", "--json").code == 0
    assert events[:6] == ["open a.apr", "put", "flush", "open deep/b.apr", "put", "flush"]
    del folder


# --- signals


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("name", "code", "text"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "ended by SIGTERM")]
)
def test_a_signal_is_said_of_the_file_that_it_came_in(folder: Path, form: str, name: str, code: int, text: str) -> None:
    with sparse_model(folder / "big.apr", 1 << 38).open("ab") as end:
        end.write(b"\0\0\0\1")
    arguments = ["a.apr", "big.apr", "deep/b.apr", "--check", *(["--json"] if form == "json" else [])]
    with subprocess.Popen(
        [sys.executable, "-m", "aprfmt", "inspect", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        said = b""
        while b"MIT" not in said:
            piece = os.read(run.stdout.fileno(), 1 << 16)
            assert piece, "it ended by itself"
            said += piece
        run.send_signal(getattr(signal, name))
        rest, err = run.communicate(timeout=60)
    assert run.returncode == code
    out = (said + rest).decode()
    assert "deep/b.apr" not in out
    if form == "json":
        first, last = map(json.loads, out.splitlines())
        assert (first["file"], first["valid"], err) == ("a.apr", True, b"")
        assert (list(last), last["file"]) == (["file", "error"], "big.apr")
        assert (last["error"]["kind"], last["error"]["exit_code"]) == ("interrupted", code)
    else:
        assert err.decode() == f"error: big.apr: {text}\n"
        assert out.startswith("a.apr\n")
        assert "big.apr" not in out


def raise_at(monkeypatch: pytest.MonkeyPatch, target: Any, name: str, at: Callable[[Any], bool]) -> None:
    """Send the signal when this function is called, before it does anything."""
    real = getattr(target, name)

    def called(first: Any, *args: Any, **options: Any) -> Any:
        if at(first):
            os.kill(os.getpid(), signal.SIGINT)
        return real(first, *args, **options)

    monkeypatch.setattr(target, name, called)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.usefixtures("folder")
def test_a_signal_while_a_file_is_shown_leaves_it_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = aprfmt("inspect", "a.apr").out
    raise_at(monkeypatch, render, "_put", lambda text: "license" in text)
    run = aprfmt("inspect", "a.apr", "deep/b.apr")
    assert run == (130, whole, "error: deep/b.apr: interrupted\n")
    first, last = rows(aprfmt("inspect", "a.apr", "deep/b.apr", "--json"))
    assert (first["file"], last["file"], last["error"]["kind"]) == ("a.apr", "deep/b.apr", "interrupted")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.usefixtures("folder")
def test_a_signal_after_the_last_file_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    args = ("inspect", "a.apr", "deep/b.apr", "--json")
    whole = aprfmt(*args)
    raise_at(monkeypatch, render, "_put", lambda text: "deep/b.apr" in text)
    assert aprfmt(*args) == whole


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.usefixtures("folder")
def test_a_signal_alone_is_an_error_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    raise_at(monkeypatch, files, "open", lambda file: file == "a.apr")
    run = aprfmt("inspect", "a.apr", "--json")
    assert (run.code, run.err, run.error["kind"]) == (130, "", "interrupted")


# --- what files may hold

DEEP = b'{"a":' + b"[" * 120 + b"]" * 120 + b',"quantization":' + b'{"x":' * 100 + b"1" + b"}" * 100 + b"}"


@pytest.mark.parametrize(
    "metadata",
    [
        DEEP,
        b'{"description":"' + b"x" * 3_000_000 + b'"}',
        b'{"chat_template":"' + b"\\u001b[31m" * 100_000 + b'"}',
        b'{"' + b"k" * 1_000_000 + b'":1}',
        json.dumps({f"key{number}": number for number in range(20_000)}).encode(),
        json.dumps({"special_tokens": {f"key{number}": "\x1b" * 100 for number in range(20_000)}}).encode(),
        json.dumps({"tokenizer.vocabulary": [f"token{number}" for number in range(100_000)]}).encode(),
        b'{"a":' + b"9" * 309 + b',"param_count":' + b"9" * 309 + b"}",
        b'{"license":"\xf0\x9f\x98\x80\\ud83d\\ude00\\u0000\\u202e"}',
    ],
    ids=["deep", "long value", "escapes", "long key", "many keys", "many members", "vocabulary", "digits", "signs"],
)
@pytest.mark.parametrize("options", [(), ("--quality",)], ids=["plain", "scored"])
def test_hostile_metadata_make_a_short_text(metadata: bytes, options: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(craft(metadata=metadata))
    run = aprfmt("inspect", path, *options)
    assert_printable(run.out + run.err)
    assert len(run.out) < 20_000
    assert "Traceback" not in run.err
    said = aprfmt("inspect", path, *options, "--json")
    assert (said.code, said.err) == (run.code, "")
    assert_printable(said.out)


def test_a_vocabulary_is_measured_and_not_shown(tmp_path: Path) -> None:
    vocabulary = [f"token{number}" for number in range(5000)]
    value = json.dumps(vocabulary).encode()
    path = tmp_path / "m.apr"
    path.write_bytes(craft(metadata=b'{"tokenizer.vocabulary": ' + value + b"}"))
    run = aprfmt("inspect", path)
    assert f"    tokenizer.vocabulary: array, 5000 items, {render.size(len(value))}\n" in run.out
    said = aprfmt("inspect", path, "--json")
    assert said.json["custom_keys"] == {"tokenizer.vocabulary": {"type": "array", "bytes": len(value), "items": 5000}}
    assert {key: item["bytes"] for key, item in said.json["custom_keys"].items()} == {
        "tokenizer.vocabulary": len(value)
    }
    assert "token4999" not in run.out + said.out


def test_case_63_the_head_of_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes((GOLDEN / "stamped.apr").read_bytes()[:1024])
    run = aprfmt("inspect", path, "--json")
    assert (run.code, list(run.json)) == (4, ["error"])
    assert "too small" in run.error["message"]
