"""What the README shows works."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from crafting import GOLDEN, REPOSITORY

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    shutil.copy(GOLDEN / "one_custom_key.apr", tmp_path / "model.apr")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(README), "exec"), {})  # noqa: S102 - the code of the README
    assert capsys.readouterr().out.splitlines() == [
        "('has_model_card', 'layout_row_major') None 2408373661",
        "wpe f32 (2, 4) 32",
        "wte f32 (4, 4) 64",
        "64",
    ]


def test_the_commands_name_what_is_there() -> None:
    for name in re.findall(r"\$APRFMT/([\w./-]+)", README.read_text()):
        assert (REPOSITORY / name).exists()


def test_the_licence_is_that_of_the_repository() -> None:
    assert (README.parent / "LICENSE").read_text() == (REPOSITORY / "LICENSE").read_text()
