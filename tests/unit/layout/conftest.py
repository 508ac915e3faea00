"""The repository on the path, so that the tests share `tests.unit.layout.golden`."""

from __future__ import annotations

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]

if str(REPOSITORY) not in sys.path:
    sys.path.append(str(REPOSITORY))
