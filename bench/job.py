"""Two commands of aprfmt in one process; the time of the second goes to a file: `job.py RESULT [[…], […]]`.

The first one has imported what the second one needs: what is left is the job, from the arguments to the exit code.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from aprfmt.cli import main as aprfmt

__all__ = ["main"]


def main(result: str, request: str) -> int:
    """The exit code of the first command that fails, 0 when none does."""
    first, command = json.loads(request)
    if code := aprfmt(first):
        return code
    begin = time.perf_counter()
    code = aprfmt(command)
    Path(result).write_text(repr(time.perf_counter() - begin), encoding="ascii")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
