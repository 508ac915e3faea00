"""A program that stays up and answers every path it is given, one a line, with one JSON object a line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["Answer", "LineServer"]

Answer = dict[str, Any]


class LineServer:
    """Starts the program with the first question, and again with the next one after it died."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None

    def ask(self, path: Path | str) -> Answer:
        """The answer to a path; raises `RuntimeError` when the program dies of it."""
        line = str(Path(path).absolute())  # the program keeps the directory it was started in
        if len(line.splitlines()) != 1:
            raise ValueError(f"one path a line: {line!r}")
        if self._process is None:
            # Standard error is inherited: a pipe that nobody empties would stop the program one day.
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
            )
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both were asked for")
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            text = process.stdout.readline()
        except BrokenPipeError:
            text = ""
        if not text.endswith("\n"):
            self.close()
            raise RuntimeError(f"{self._command[0]} died (exit {process.returncode}) on {line}")
        answer: Answer = json.loads(text)
        return answer

    def close(self) -> None:
        """End the program and close its pipes; a second call does nothing."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate(timeout=60)
