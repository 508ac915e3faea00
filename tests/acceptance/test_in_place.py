"""The page about stamping in place, followed on a model that is made for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.acceptance.pages import follow
from tests.unit.cli.running import REPOSITORY


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell on this system")
def test_the_page_is_followed(tmp_path: Path) -> None:
    """Every command of the page ends as it says, and prints what it shows."""
    folder = tmp_path / "work"
    folder.mkdir()
    done = follow(REPOSITORY / "docs" / "in-place.md", folder)
    assert len(done) > 4
