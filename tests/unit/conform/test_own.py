"""Our own reader, stamp and writer as a harness."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.conform.tiny import request, suite

from aprfmt import RequestError
from aprfmt.conform import own
from aprfmt.conform.plugs import CallPlug
from aprfmt.conform.results import Budget
from aprfmt.container import Container
from aprfmt.files import write_image
from aprfmt.vectors.check import expected_output
from aprfmt.vectors.image import Image
from aprfmt.vectors.readings import reading

SUITE = suite()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in.apr"
    write_image(path, SUITE.image("good"))
    return path


def test_a_good_file_is_read(file: Path) -> None:
    found = own.answer(request(file=str(file)))
    assert found == {"verdict": "accept", "values": reading(Container(SUITE.image("good")))}
    found = own.answer(request(file=str(file), crc32=False))
    assert "crc32" not in found["values"]["tensors"][0]


def test_a_bad_file_is_refused_for_its_rule(tmp_path: Path) -> None:
    path = tmp_path / "bad.apr"
    write_image(path, SUITE.image("bad"))
    found = own.answer(request(file=str(path)))
    assert (found["verdict"], found["code"]) == ("reject", "APR-H006")
    assert "checksum" in found["message"]


def test_the_profile_decides(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "no-footer.apr"
    path.write_bytes(file.read_bytes()[: -len(b"crc4")])
    assert own.answer(request(file=str(path)))["verdict"] == "accept"
    assert own.answer(request(file=str(path), profile="canonical"))["verdict"] == "reject"


@pytest.mark.parametrize("raw", [b"", b"GGUF", b"APR\0", bytes(1000)])
def test_any_bytes_are_answered(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x"
    write_image(path, Image.of(raw))
    assert own.answer(request(file=str(path)))["verdict"] == "reject"


def test_stamps_and_writes(file: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.apr"
    patch = dict(SUITE["stamp"].patch or {})
    assert own.answer(request(op="stamp", file=str(file), patch=patch, output=str(output))) == {"verdict": "accept"}
    assert output.read_bytes() == expected_output(SUITE, SUITE["stamp"])
    output.unlink()
    found = own.answer(request(op="stamp", file=str(file), patch={}, output=str(output)))
    assert (found["verdict"], found["code"]) == ("reject", "")
    tree = SUITE["write"].tree
    assert own.answer(request(op="write", tree=tree, output=str(output))) == {"verdict": "accept"}
    assert output.read_bytes() == expected_output(SUITE, SUITE["write"])


def run_main(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code = own.main(arguments)
    return code, json.loads(capsys.readouterr().out)


def test_one_file_on_the_command_line(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run_main([str(file)], capsys)
    assert (code, found["verdict"]) == (0, "accept")
    assert found["values"]["tensors"][0]["name"] == "a"
    (tmp_path / "bad").write_bytes(b"no")
    code, found = run_main([str(tmp_path / "bad"), "--profile", "canonical"], capsys)
    assert (code, found["verdict"]) == (1, "reject")


@pytest.mark.parametrize("arguments", [["/nowhere/x.apr"], ["/nowhere/x.apr", "--profile", "none"], ["--profile"]])
def test_a_wrong_command_line_is_no_verdict(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        own.main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""


def test_a_profile_that_is_not_there_is_no_verdict(file: Path) -> None:
    with pytest.raises(RequestError, match="as a profile"):
        own.answer(request(file=str(file), profile="none"))
    with pytest.raises(SystemExit):
        own.main([str(file), "--profile", "none"])


def test_stamps_and_writes_on_the_command_line(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patch, tree, output = tmp_path / "patch", tmp_path / "tree", tmp_path / "out"
    patch.write_text(json.dumps(SUITE["stamp"].patch))
    tree.write_text(json.dumps(SUITE["write"].tree))
    assert run_main([str(file), "--stamp", str(patch), "--output", str(output)], capsys) == (0, {"verdict": "accept"})
    assert output.read_bytes() == expected_output(SUITE, SUITE["stamp"])
    output.unlink()
    assert run_main(["--write", str(tree), "--output", str(output)], capsys) == (0, {"verdict": "accept"})
    assert output.read_bytes() == expected_output(SUITE, SUITE["write"])


@pytest.mark.parametrize("crc32", [False, True])
def test_a_vast_file_takes_little_memory(crc32: bool, tmp_path: Path) -> None:
    path = tmp_path / "vast.apr"
    write_image(path, SUITE.image("vast"))
    plug = CallPlug("aprfmt.conform.own:answer")
    try:
        plug.start()
        answer = plug.ask(request(file=str(path), crc32=crc32), Budget(60.0, 1 << 26))
        assert answer.verdict == "accept", answer
        assert answer.nbytes < 1 << 26
    finally:
        plug.close()
