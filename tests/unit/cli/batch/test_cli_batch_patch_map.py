"""A patch a file: what is read, and every way to write it wrong."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from aprfmt.cli.batch import patch_map
from aprfmt.cli.batch.patch_map import MapLine, read_patch_map
from aprfmt.errors import RequestError


def no_input() -> BinaryIO:
    raise AssertionError("standard input is not asked for")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str | bytes) -> list[MapLine]:
    Path("map.jsonl").write_bytes(text.encode() if isinstance(text, str) else text)
    return read_patch_map("map.jsonl", no_input)


def refusal(text: str | bytes) -> str:
    with pytest.raises(RequestError) as caught:
        read(text)
    message = str(caught.value)
    assert message.startswith("--patch-map map.jsonl: ")
    return message.removeprefix("--patch-map map.jsonl: ")


def test_a_patch_a_file() -> None:
    assert read(
        '{"file": "a.apr", "patch": {"license": "MIT"}}\n'
        "\n"
        ' \t\r\n{"patch": {}, "file": "sub/b c.apr"}\r\n'
        '{"file": "é.apr", "patch": {"tokenizer.model_type": null, "a": {"b": [1]}}}'
    ) == [
        MapLine(1, "a.apr", {"license": "MIT"}),
        MapLine(4, "sub/b c.apr", {}),
        MapLine(5, "é.apr", {"tokenizer.model_type": None, "a": {"b": [1]}}),
    ]


def test_standard_input() -> None:
    text = b'{"file": "a.apr", "patch": {"name": "x"}}\n'
    assert read_patch_map("-", lambda: io.BytesIO(text)) == [MapLine(1, "a.apr", {"name": "x"})]
    with pytest.raises(RequestError, match=r"^--patch-map -: line 1: expected"):
        read_patch_map("-", lambda: io.BytesIO(b"x"))


def test_numbers_are_exact() -> None:
    number = "123456789012345678901234567890"
    (line,) = read(f'{{"file": "a", "patch": {{"n": {number}, "x": 1e300, "y": -0.0}}}}')
    assert line.patch == {"n": int(number), "x": 1e300, "y": 0.0}
    assert type(line.patch["n"]) is int


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected at least one line, found none"),
        ("\n \n", "expected at least one line, found none"),
        ("x", "line 1: expected a JSON value at byte 0, found 'x'"),
        ("\n{", "line 2: expected "),
        ('{"file": "a", "patch": {}} {}', "line 1: expected "),
        ('{"file": "a", "patch": {"x": NaN}}', "line 1: expected "),
        ('{"file": "a", "patch": {"x": 1e999}}', "line 1: expected "),
        ('{"file": "a", "patch": {"x": "\\ud800"}}', "line 1: expected "),
        (b'{"file": "a", "patch": {"x": "\xff"}}', "line 1: expected UTF-8 at byte 30"),
        ('{"file": "a", "patch": {"x": 1, "x": 2}}', 'line 1: expected a key once, found "x" twice'),
        ('{"file": "a", "file": "b", "patch": {}}', 'line 1: expected a key once, found "file" twice'),
        ("{" * 200, "line 1: "),
        ('["a"]', 'line 1: expected a JSON object, found ["a"]'),
        ("null", "line 1: expected a JSON object, found null"),
        ("{}", "line 1: expected the keys file and patch, found no file"),
        ('{"file": "a"}', "line 1: expected the keys file and patch, found no patch"),
        ('{"file": "a", "patch": {}, "set": 1}', "line 1: expected the keys file and patch, found 'set' too"),
        ('{"file": 1, "patch": {}}', "line 1: file: expected a path, found 1"),
        ('{"file": "", "patch": {}}', 'line 1: file: expected a path, found ""'),
        ('{"file": "a\\u0000b", "patch": {}}', 'line 1: file: expected a path, found "a\\u0000b"'),
        ('{"file": "a", "patch": []}', "line 1: patch: expected a JSON object, which is a merge patch, found []"),
        ('{"file": "%s\\u0000", "patch": 1}' % ("x" * 50), 'line 1: file: expected a path, found "' + "x" * 39 + "…"),
        ('{"file": "a", "patch": null}', "line 1: patch: expected a JSON object, which is a merge patch, found null"),
    ],
    ids=ascii,
)
def test_what_is_no_map(text: str | bytes, says: str) -> None:
    assert refusal(text).startswith(says)
    good = b'{"file": "good", "patch": {}}\n'
    if (found := refusal(good + (text if isinstance(text, bytes) else text.encode()) + b"\n" + good))[:6] == "line 2":
        assert found.startswith(says.replace("line 1", "line 2"))


def test_a_file_that_has_two_patches() -> None:
    line = '{"file": "%s", "patch": {}}\n'
    assert refusal(line % "a" + "\n" + line % "b" + line % "./a") == (
        "line 4: expected each file once, found './a' in line 1 too"
    )
    Path("sub").mkdir()
    assert "line 2: expected each file once" in refusal(line % "a" + line % "sub/../a")
    if os.name != "nt":
        Path("link").symlink_to("a")
        assert "line 2: expected each file once" in refusal(line % "link" + line % "a")


def test_how_much_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    line = '{"file": "a", "patch": {}}\n'
    monkeypatch.setattr(patch_map, "MAX_LINE_BYTES", len(line))
    assert len(read(line)) == 1
    assert refusal(f"\n{line.rstrip()} \n") == f"line 2: expected at most {len(line)} bytes, found more"
    monkeypatch.setattr(patch_map, "MAX_MAP_BYTES", 2 * len(line))
    two = line + line.replace("a", "b", 1).replace("pbtch", "patch")
    assert len(read(line + line.replace('"a"', '"b"'))) == 2
    assert refusal(f"{two}\n") == f"all lines: expected at most {2 * len(line)} bytes, found more"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device")
def test_what_has_no_lines_has_no_end() -> None:
    with pytest.raises(RequestError, match="line 1: expected at most"):
        read_patch_map("/dev/zero", no_input)


def test_what_cannot_be_read() -> None:
    with pytest.raises(FileNotFoundError):
        read_patch_map("none.jsonl", no_input)
    Path("folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        read_patch_map("folder", no_input)
