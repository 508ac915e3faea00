"""What tests share: files in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

__all__ = ["Write", "write"]

Write = Callable[[bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Puts bytes into a file of their own."""

    def written(raw: bytes) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.apr"
        path.write_bytes(raw)
        return path

    return written
