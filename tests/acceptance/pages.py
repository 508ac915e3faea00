"""Pages of the documentation that are followed as a reader would: every command is run, what is shown is compared.

On a page, a block of `sh` or `python` is a step. A block without a language behind it is what the step prints, on
stdout and stderr together; `…` stands for what differs from run to run, on a line of its own for any lines. A paragraph
behind it that begins with `Exit code 1` says how it ends; otherwise it ends with 0.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.unit.cli.running import REPOSITORY

__all__ = ["ELLIPSIS", "Step", "Steps", "agrees", "follow", "steps", "workshop"]

ELLIPSIS = "…"
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT_CODE = re.compile(r"^Exit code (\d)\b", re.MULTILINE)

_MOST_LINES = 60
"""Lines of a difference that are told."""


class Step(NamedTuple):
    """A command of a page: where it stands, what it is, what is said to come of it."""

    line: int
    language: str
    code: str
    shown: str | None
    exit_code: int


Steps = list[tuple[Step, str]]
"""What was done, and what it printed."""


def steps(page: Path) -> list[Step]:
    """The steps of a page, in order."""
    text = page.read_text(encoding="utf-8")
    blocks = list(_FENCED.finditer(text))
    found: list[Step] = []
    for number, block in enumerate(blocks):
        assert block[1] in ("", "sh", "python"), f"{page.name}: a block of {block[1]!r} is not run"
        if not block[1]:
            continue
        output = blocks[number + 1] if number + 1 < len(blocks) and not blocks[number + 1][1] else None
        behind = block if output is None else output
        rest = text[behind.end() :]
        said = rest[: following.start()] if (following := _FENCED.search(rest)) else rest
        code = _EXIT_CODE.search(said)
        line = text.count("\n", 0, block.start(2)) + 1
        found.append(Step(line, block[1], block[2], None if output is None else output[2], int(code[1]) if code else 0))
    shown = sum(step.shown is not None for step in found)
    assert shown + len(found) == len(blocks), f"{page.name}: an output stands behind no command"
    return found


def agrees(shown: str, printed: str) -> bool:
    """Whether what was printed is what is shown, with anything where the ellipsis stands."""
    pattern = re.escape(shown)
    pattern = re.sub(rf"^(?:\\? )*{ELLIPSIS}\n", r"(?:.*\\n)*", pattern.replace("\\\n", "\n"), flags=re.MULTILINE)
    return re.fullmatch(pattern.replace(ELLIPSIS, ".*"), printed) is not None


def workshop(folder: Path) -> dict[str, str]:
    """The environment in which the commands of a page are found; the examples of the repository lie in the folder."""
    tools = folder.parent / f"{folder.name}-bin"
    tools.mkdir()
    for name, arguments in (("aprfmt", "-W error -m aprfmt "), ("python", "")):
        tool = tools / name
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments}"$@"\n', encoding="utf-8")
        tool.chmod(0o755)
    shutil.copytree(REPOSITORY / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    return {
        **os.environ,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY / "src"),
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",  # so that stdout and stderr come in the order of a terminal
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def follow(page: Path, folder: Path) -> Steps:
    """Take every step of a page in a folder, and hold its end and its output against what the page says."""
    environment = workshop(folder)
    done: Steps = []
    for step in steps(page):
        command = ["sh", "-e", "-c", step.code] if step.language == "sh" else [sys.executable, "-c", step.code]
        run = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=120,
        )
        where = f"{page.name}, line {step.line}"
        assert run.returncode == step.exit_code, f"{where}: ends with {run.returncode}\n{run.stdout}"
        if step.shown is not None and not agrees(step.shown, run.stdout):
            shown, printed = step.shown.splitlines(), run.stdout.splitlines()
            lines = list(difflib.unified_diff(shown, printed, "shown", "printed", n=1, lineterm=""))
            raise AssertionError("\n".join([f"{where}:", *lines[:_MOST_LINES]]))
        done.append((step, run.stdout))
    assert done
    return done
