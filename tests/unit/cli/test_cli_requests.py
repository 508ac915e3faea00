"""Requests that are wrong, and files that the system does not give: exit codes 2 and 3, in text and in JSON."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.unit.cli.running import COMMANDS, GOLDEN, Run, aprfmt, names

import aprfmt as api

MODEL = GOLDEN / "sharded.apr"
MIT = ("--license", "MIT")


def refused(code: int, kind: str, *args: str | Path) -> tuple[Run, str]:
    """Run in text and in JSON; both must say the same."""
    text, said = aprfmt(*args), aprfmt(*args, "--json")
    assert (text.code, text.out) == (code, "")
    assert (said.code, said.err) == (code, "")
    assert list(said.json) == ["error"]
    assert said.error["kind"] == kind
    last = text.err.splitlines()[-1]
    assert last == f"error: {said.error['message']}"
    assert "Traceback" not in text.err
    return text, str(said.error["message"])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.apr"


def test_an_empty_patch_is_refused(out: Path) -> None:
    _, message = refused(2, "request", "stamp", MODEL, "-o", out)
    assert "the patch is empty" in message
    refused(2, "request", "stamp", MODEL, "-n")
    assert not out.exists()


def test_a_missing_file_is_said_before_an_empty_patch(tmp_path: Path, out: Path) -> None:
    refused(3, "file", "stamp", tmp_path / "none.apr", "-o", out)


@pytest.mark.parametrize("dry", [(), ("-n",)])
def test_an_output_that_exists_is_refused_untouched(out: Path, dry: tuple[str, ...]) -> None:
    out.write_bytes(b"precious")
    _, message = refused(2, "request", "stamp", MODEL, *MIT, "-o", out, *dry)
    assert str(out) in message
    assert "--force" in message
    assert out.read_bytes() == b"precious"
    assert names(out.parent) == ["out.apr"]


def test_force_replaces_the_output(out: Path) -> None:
    out.write_bytes(b"precious")
    assert aprfmt("stamp", MODEL, *MIT, "-o", out, "-f").code == 0
    assert aprfmt("inspect", out, "--check", "--json").json["provenance"]["license"] == "MIT"
    assert names(out.parent) == ["out.apr"]


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_an_output_that_is_a_folder_is_refused(tmp_path: Path, force: tuple[str, ...], dry: tuple[str, ...]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    _, message = refused(2, "request", "stamp", MODEL, *MIT, "-o", folder, *force, *dry)
    assert "a directory" in message
    assert (names(tmp_path), names(folder)) == (["folder"], [])


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_an_output_folder_that_is_missing_is_named(tmp_path: Path, dry: tuple[str, ...]) -> None:
    _, message = refused(3, "file", "stamp", MODEL, *MIT, "-o", tmp_path / "none" / "out.apr", *dry)
    assert message == f"{tmp_path / 'none'}: No such file or directory"
    assert names(tmp_path) == []


@pytest.mark.parametrize("verb", ["inspect", "tensors", "stamp"])
def test_inputs_that_the_system_does_not_give(verb: str, tmp_path: Path, out: Path) -> None:
    rest = [*MIT, "-o", str(out)] if verb == "stamp" else []
    none = tmp_path / "none.apr"
    _, message = refused(3, "file", verb, none, *rest)
    assert message == f"{none}: No such file or directory"
    if verb == "inspect":  # which takes a folder for the files in it
        refused(2, "request", verb, tmp_path)
    else:
        _, message = refused(3, "file", verb, tmp_path, *rest)
        assert message == f"{tmp_path}: Is a directory"
    _, message = refused(3, "file", verb, MODEL / "below", *rest)
    assert message == f"{MODEL / 'below'}: Not a directory"
    long = tmp_path / ("x" * 300)
    _, message = refused(3, "file", verb, long, *rest)
    assert message == f"{long}: File name too long"
    assert not out.exists()


@pytest.mark.parametrize("verb", ["inspect", "tensors", "stamp"])
def test_whether_a_file_can_be_read_is_found_out_by_reading_it(
    verb: str, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Asked beforehand, Click would report a file without permission as a wrong usage.
    monkeypatch.setattr(os, "access", lambda *_args, **_options: False)
    assert aprfmt(verb, MODEL, *([*MIT, "-o", str(out)] if verb == "stamp" else [])).code == 0


@pytest.mark.parametrize("verb", ["inspect", "tensors", "stamp"])
def test_a_device_is_no_model(verb: str, out: Path) -> None:
    refused(2, "request", verb, os.devnull, *([*MIT, "-o", str(out)] if verb == "stamp" else []))


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("nope",), "No such command 'nope'."),
        (("canonicalize", "a.apr"), "No such command 'canonicalize'. Did you mean canonicalise?"),
        (("valdate",), "No such command 'valdate'. Did you mean validate?"),
        (("INSPECT",), "No such command 'INSPECT'. Did you mean inspect?"),
        (("--nope",), "--nope"),
        (("inspect",), "FILE"),
        (("tensors",), "FILE"),
        (("stamp",), "FILE"),
        (("stamp", "a.apr"), "'--output'"),
        (("stamp", "a.apr"), "'--in-place'"),
        (("stamp", "a.apr", "--fill-gaps", "x", "-i"), "--fill-gaps has no use without --tokenizer"),
        (("stamp", "a.apr", "--keys", "x", "-i"), "--keys has no use without --copy-from"),
        (("stamp", "a.apr", "--card-base-model", "-i"), "--card-base-model has no use without --from-card"),
        (("stamp", "a.apr", "--receipt-format", "in-toto", "-i"), "--receipt-format has no use without --receipt"),
        (("stamp", "a.apr", "--no-host", "-i"), "--no-host has no use without --receipt"),
        (("stamp", "a.apr", "--jobs", "2", "-i"), "--jobs has no use with one file"),
        (("stamp", "a.apr", "--log", "x", "-i"), "--log has no use with one file"),
        (("stamp", "a.apr", "-i", "-o", "b.apr"), "-o and -i exclude each other"),
        (("stamp", "a.apr", "-i", "-n", "--receipt", "r"), "--receipt and -n exclude each other"),
        (("stamp", "a.apr", "b.apr", "--license", "MIT"), "b.apr"),
        (("stamp", "@-", "-i", "--patch", "-"), "Standard input can be read only once"),
        (("stamp", "a.apr", "b.apr", "-o", "c.apr"), "b.apr"),
        (("stamp", "-", "-o", "c.apr", "--license", "MIT"), "stream"),
        (("stamp", "a.apr", "-o", "-", "--license", "MIT"), "stream"),
        (("tensors", "a.apr", "--limit", "-1"), "--limit"),
        (("tensors", "a.apr", "--limit", "many"), "--limit"),
        (("tensors", "a.apr", "--stats"), "--stats"),
        (("spec", "nope"), "'nope'"),
    ],
)
def test_usage_errors(args: tuple[str, ...], says: str) -> None:
    text, message = refused(2, "usage", *args)
    assert says in message
    assert text.err.startswith("Usage: aprfmt")
    assert "-h' for help." in text.err


def test_an_option_without_its_value_is_a_usage_error() -> None:
    run = aprfmt("stamp", MODEL, "--license")
    assert (run.code, run.err.splitlines()[-1]) == (2, "error: Option '--license' requires an argument.")


def test_without_arguments_the_help_is_shown_on_stderr() -> None:
    run = aprfmt()
    assert (run.code, run.out) == (2, "")
    assert run.err == aprfmt("--help").out
    assert aprfmt("--json").error["kind"] == "usage"


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_data_and_exits_with_0(option: str) -> None:
    for args in ((), ("vectors",), *(command.split() for command in COMMANDS)):
        run = aprfmt(*args, option)
        assert (run.code, run.err) == (0, "")
        assert run.out.startswith(f"Usage: {' '.join(['aprfmt', *args])} ")


def test_help_wins_over_what_is_missing() -> None:
    assert aprfmt("stamp", "--license", "MIT", "-h").code == 0


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert aprfmt("--version") == (0, f"aprfmt {version('aprfmt')}\n", "")


def test_what_stands_behind_two_dashes_is_no_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = aprfmt("inspect", "--", "--json")
    assert (run.code, run.out, run.err) == (3, "", "error: --json: No such file or directory\n")
    (tmp_path / "-").write_bytes(MODEL.read_bytes())
    assert aprfmt("stamp", "./-", *MIT, "-o", "./--json").code == 0
    assert names(tmp_path) == ["-", "--json"]


def test_values_may_look_like_options(out: Path) -> None:
    assert aprfmt("stamp", MODEL, "--author=--json", "--data-source", "-", "-o", out, "-q") == (0, "", "")
    said = aprfmt("inspect", out, "--json").json["provenance"]
    assert said == {"license": None, "data_source": "-", "data_license": None}
    with api.open(out) as made:
        assert made.metadata["author"] == "--json"


def test_a_value_that_is_not_utf8_is_refused(out: Path) -> None:
    _, message = refused(2, "request", "stamp", MODEL, "--author", "\udcff", "-o", out)
    assert message.startswith("author: ")
    assert message.isascii()
    assert not out.exists()


def test_the_input_is_an_output_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "model.apr"
    path.write_bytes(MODEL.read_bytes())
    for same in (path, tmp_path / "." / "model.apr", tmp_path / ".." / tmp_path.name / "model.apr"):
        refused(2, "request", "stamp", path, *MIT, "-o", same)
    assert path.read_bytes() == MODEL.read_bytes()
    run = aprfmt("stamp", path, *MIT, "-o", path, "--force", "--json")
    assert (run.code, run.json["input"], run.json["output"]) == (0, str(path), str(path))
    assert aprfmt("inspect", path, "--check", "--json").json["provenance"]["license"] == "MIT"
    assert names(tmp_path) == ["model.apr"]


@pytest.mark.parametrize("with_output", [False, True])
def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path, out: Path, with_output: bool) -> None:
    wet = aprfmt("stamp", MODEL, *MIT, "-o", out, "--json").json
    out.unlink()
    args = ["stamp", str(MODEL), *MIT, "-n", *(["-o", str(out)] if with_output else [])]
    dry = aprfmt(*args, "--json").json
    assert dry == {**wet, "output": str(out) if with_output else None, "dry_run": True, "status": "would_stamp"}
    text = aprfmt(*args).out.splitlines()[0]
    target = f" -> {out}" if with_output else ""
    assert text == f"Would stamp {MODEL}{target} (1 tensor, {wet['input_bytes']} -> {wet['output_bytes']} bytes)"
    assert names(tmp_path) == []


def test_a_fault_of_ours_has_an_exit_code_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("oh\x1b[31m")

    monkeypatch.setattr("aprfmt.ops.inspect.inspect", broken)
    run = aprfmt("inspect", MODEL)
    assert (run.code, run.out) == (70, "")
    assert run.err == "error: a fault in aprfmt itself, please report it: ZeroDivisionError: oh\\x1b[31m\n"
    assert aprfmt("inspect", MODEL, "--json").error["kind"] == "internal"
    assert "Traceback" in aprfmt("inspect", MODEL, "-v").err
