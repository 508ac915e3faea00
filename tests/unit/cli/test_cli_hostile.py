"""Names, metadata and paths come from strangers: none of their bytes reaches the terminal raw."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.unit.cli.running import GOLDEN, aprfmt, assert_printable, process
from tests.unit.rules.crafting import craft, entry_a, entry_b

TEXTS = {
    "colour": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;owned\x07",
    "one-byte CSI": "\x9b31m",
    "cursor": "a\rb\bc\x7f",
    "lines": "a\nerror: b\r\nc\u2028d\u2029e\x85f\x0bg",
    "null": "a\0b",
    "bidi": "user\u202etxt.exe\u2066x\u2069",
    "invisible": "a\u200bb\ufeffc\u00add\U000e0041",
    "private and unassigned": "\ue000\U0010fffd\u0378",
    "markup": "[bold red]x[/] <script>alert(1)</script> %s {0} `id` $(id) \\x1b",
    "far planes": "😀𝄞",
    "long": "x\x1b" * 50_000,
}


@pytest.fixture(params=TEXTS)
def text(request: pytest.FixtureRequest) -> str:
    return TEXTS[request.param]


def model(path: Path, text: str) -> Path:
    """A valid file with the text as a tensor's name, as keys and as values of the metadata."""
    name = text.encode()[:256].decode("utf-8", "ignore").encode()
    values = {
        "license": text,
        "name": text,
        "special_tokens": dict.fromkeys(
            ("bos_token", "eos_token", "unk_token", "pad_token", "im_start_token", "im_end_token"), text
        ),
        text: [text],
        f"{text}2": {text: text},
    }
    raw = craft(
        *sorted((entry_a(name=name or b"a"), entry_b(name=b"b")), key=lambda entry: bytes(entry["name"])),
        metadata=json.dumps(values, ensure_ascii=False).encode(),
    )
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("verb", ["inspect", "tensors", "stamp"])
def test_what_a_file_holds_is_escaped(verb: str, text: str, tmp_path: Path) -> None:
    path = model(tmp_path / "m.apr", text)
    rest = ["-n", "--author", "A", "--license", "MIT"] if verb == "stamp" else []
    for options in ([], ["-v"], ["--check"] if verb == "inspect" else []):
        run = aprfmt(verb, path, *rest, *options)
        assert run.code == 0
        assert_printable(run.out + run.err)
        assert len(run.out) < 5_000
    run = aprfmt(verb, path, *rest, "--json")
    assert (run.code, run.err) == (0, "")
    assert_printable(run.out)
    if verb == "inspect":
        assert run.json["provenance"]["license"] == text
        assert text in run.json["custom_keys"]
    if verb == "stamp":
        assert run.json["changed"]["license"] == {"before": text, "after": "MIT"}


def test_what_is_stamped_is_escaped(text: str, tmp_path: Path) -> None:
    if "\0" in text:
        text = text.replace("\0", "")  # no argument of a program holds one
    run = aprfmt("stamp", GOLDEN / "sharded.apr", f"--data-source={text}", "-o", tmp_path / "out.apr")
    assert run.code == 0
    assert_printable(run.out + run.err)
    assert aprfmt("inspect", tmp_path / "out.apr", "--json").json["provenance"]["data_source"] == text


def test_what_is_no_licence_is_escaped(text: str, tmp_path: Path) -> None:
    run = aprfmt("stamp", GOLDEN / "sharded.apr", f"--license={text}", "-o", tmp_path / "out.apr")
    assert run.code == 2
    assert_printable(run.out + run.err)
    assert not (tmp_path / "out.apr").exists()


@pytest.mark.parametrize("verb", ["inspect", "tensors", "stamp"])
def test_paths_are_escaped(verb: str, tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[31m\nb\u202e\udcff"
    path, out = folder / "m.apr", folder / "out\x9b.apr"
    rest = ["--license", "MIT", "-f", "-o", str(out)] if verb == "stamp" else []
    missing = aprfmt(verb, path, *rest)
    assert missing.code == 3
    assert missing.err == f"error: {shown(path)}: No such file or directory\n"
    assert aprfmt(verb, path, *rest, "--json").error["file"] == shown(path)
    folder.mkdir()
    path.write_bytes((GOLDEN / "sharded.apr").read_bytes())
    sound = aprfmt(verb, path, *rest)
    assert (sound.code, sound.err) == (0, "")
    assert_printable(sound.out)
    said = aprfmt(verb, path, *rest, "--json").json
    assert said.get("file", said.get("input")) == shown(path)
    path.write_bytes(path.read_bytes()[:-1])
    broken = aprfmt(verb, path, *rest)
    assert broken.code == 4
    assert broken.err.startswith(f"error: {shown(path)}: the footer is truncated")
    assert_printable(broken.out + broken.err)


def shown(path: Path) -> str:
    """The path as text shows it; JSON shows one that is not UTF-8 in the same way."""
    hostile = (("\x1b", "\\x1b"), ("\n", "\\n"), ("\u202e", "\\u202e"), ("\udcff", "\\xff"))
    text = str(path)
    for raw, escaped in hostile:
        text = text.replace(raw, escaped)
    return text


def test_json_is_for_strict_readers_too(tmp_path: Path) -> None:
    """A lone surrogate is legal to Python's `json` and refused by others: none is printed."""
    path = tmp_path / "m.apr"
    path.write_bytes(craft(entry_a(), entry_b(name=b"b\xff\x1b")))
    run = aprfmt("tensors", path, "--json")
    assert run.code == 4
    assert [tensor["name"] for tensor in run.json["tensors"]] == ["a", "b\\xff\\x1b"]
    assert [tensor.get("name_hex") for tensor in run.json["tensors"]] == [None, "62ff1b"]
    json.dumps(run.json, ensure_ascii=False).encode("utf-8")  # fails on a lone surrogate
    assert "b\\xff\\x1b" in aprfmt("tensors", path).out


def test_arguments_in_messages_are_escaped() -> None:
    for args in (["\x1b[31m"], ["inspect", "--\x1b[31m"], ["tensors", "a", "--limit", "\x1b[31m\n"]):
        run = aprfmt(*args)
        assert run.code == 2
        assert_printable(run.out + run.err)


@pytest.mark.parametrize("verb", ["inspect", "tensors"])
def test_a_terminal_of_ascii_is_enough(verb: str, tmp_path: Path) -> None:
    path = model(tmp_path / "modèle.apr", TEXTS["far planes"] + TEXTS["bidi"] + "é")
    done = process(verb, path, "-v", environment={"PYTHONIOENCODING": "ascii"})
    assert done.code == 0
    assert {line.split(":")[0] for line in done.err.splitlines()} == {"info"}  # the data is out of order
    assert (done.out + done.err).isascii()
    assert "\\U0001f600" in done.out
    failed = process(verb, tmp_path / "é", environment={"PYTHONIOENCODING": "ascii"})
    assert (failed.code, failed.err.isascii()) == (3, True)


def test_a_long_name_does_not_make_every_line_long(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    path.write_bytes(craft(entry_a(), entry_b(name=b"n" * 65535)))
    lines = aprfmt("tensors", path).out.splitlines()
    assert [len(line) < 50 for line in lines] == [True, True, False, True]


COMMANDS = (
    "::stop-commands::x",
    "##[error]owned",
    "::add-mask::y",
    "\u3000\u00a0 ::stop-commands::x",
    "a ##[add-mask]y",
    "a ###[add-mask]y",
    "##vso[task.setvariable variable=owned]y",
)


@pytest.mark.parametrize("text", COMMANDS)
def test_no_line_is_a_command_to_a_runner_of_ci(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner trims a line before it looks for `::`, and looks everywhere for the rest; its own report is meant."""
    model(tmp_path / "m.apr", text)
    model(tmp_path / f"{text.replace('/', '')}.apr", text)
    monkeypatch.chdir(tmp_path)
    path = f"{text}.apr"
    lines = []
    for args in (
        ["inspect", path, "-v"],
        ["tensors", path, "-v"],
        ["dump", path],
        ["dump", path, "--tree"],
        ["validate", path, "-v"],
        ["validate", path, "--format", "markdown"],
        ["validate", path, "--format", "junit"],
        ["validate", path, "--format", "sarif"],
        ["validate", path, "--json"],
        ["inspect", path, "--json"],
        ["dump", path, "--json"],
        ["stamp", path, "-n", "--license", text],
        ["inspect", f"{text}.none"],
        ["inspect", f"{text}.none", "--json"],
        ["inspect", text, text],
    ):
        run = aprfmt(*args)
        lines += run.out.splitlines() + run.err.splitlines()
        if "--json" in args:
            assert text in json.dumps(json.loads(run.out), ensure_ascii=False)
    assert any("stop-commands" in line or "owned" in line or "add-mask" in line for line in lines)
    assert not [line for line in lines if line.lstrip().startswith("::") or re.search(r"##\w*\[", line)]
    assert aprfmt("validate", path, "--format", "github").out.startswith(("::warning ", "::notice "))


@pytest.mark.parametrize("number", [1_000, 20_000, 500_000])
def test_deep_metadata_makes_no_large_output(number: int, tmp_path: Path) -> None:
    deep = b'{"quantization":{"quant_type":"q","bits":4,"symmetric":true,"x":%s%s%s}}'
    path = tmp_path / "m.apr"
    path.write_bytes(craft(metadata=deep % (b"[" * 120, b"0," * number + b"0", b"]" * 120)))
    run = aprfmt("inspect", path, "--json")
    assert run.code == 0
    assert len(run.out) < max(3 * path.stat().st_size, 1 << 20)
    assert (run.out.count("\n") > 1) == (number == 1_000)
    assert run.json["metadata"]["quantization"]["bits"] == 4


def test_one_long_cell_makes_no_column_wide(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    entries = [entry_a(name=b"%04d" % number, dims=[0], len_tensor=0) for number in range(200)]
    path.write_bytes(craft(*entries, entry_b(name=b"z", dtype=0, dims=[9] * 254 + [0], ofs_tensor=0, len_tensor=0)))
    assert len(aprfmt("tensors", path).out) < 200 * 120 + 3000
