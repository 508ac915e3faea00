"""The reader and `validate` on any bytes: see `harness.py` beside this for how to run it, `laws.py` for what holds."""

from __future__ import annotations

import sys
from pathlib import Path

__all__: list[str] = []

sys.path[0] = str(Path(__file__).resolve().parents[1])  # the modules beside this are `fuzz.…`, as mypy knows them

from fuzz.harness import main  # noqa: E402 - once it can be found

if __name__ == "__main__":
    sys.exit(main("check_reader"))
