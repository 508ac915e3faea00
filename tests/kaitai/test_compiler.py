"""The Kaitai compiler takes the spec for every target, and what is committed in parsers/ is what it makes today."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
COMPILE = REPOSITORY / "tools" / "kaitai" / "compile.mjs"

TARGETS = {
    *("python", "javascript", "java", "go", "rust", "cpp_stl", "csharp"),
    *("ruby", "php", "perl", "lua", "html", "graphviz"),
}


def test_every_target_gave_output(compiled: Path) -> None:
    assert {folder.name for folder in compiled.iterdir()} == TARGETS
    for target in TARGETS:
        files = list((compiled / target).iterdir())
        assert files, target
        assert all(file.stat().st_size > 1000 for file in files), target


def test_compiling_again_gives_the_same_bytes(node: str, compiled: Path, tmp_path: Path) -> None:
    subprocess.run([node, COMPILE, "--out", tmp_path], check=True)
    first, again = (
        {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        for folder in (compiled, tmp_path)
    )
    assert first == again


def test_no_committed_parser_has_drifted(node: str) -> None:
    done = subprocess.run([node, COMPILE, "--check"], stdout=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "arguments",
    [[], ["--out", "x", "--check"], ["--write", "--check"], ["--out", "x", "--targets", "cobol"], ["--targets", "go"]],
)
def test_a_wrong_command_line_is_refused(node: str, tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run([node, COMPILE, *arguments], cwd=tmp_path, stderr=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert not list(tmp_path.iterdir())
