"""`python bench`: see `running.py` beside this."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

__all__: list[str] = []

sys.path[0] = str(Path(__file__).resolve().parents[1])  # the modules beside this are `bench.…`, as mypy knows them

from bench.running import main  # noqa: E402 - once it can be found

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that large files do not stay behind
    main()
