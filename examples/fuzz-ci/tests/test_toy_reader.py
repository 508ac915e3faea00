"""The reader's own tests. The vectors of the format run beside them: `apr_impl` in pyproject.toml says against what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from toy_reader import RefusedError, read

FOUND = sorted((Path(__file__).parent / "found").glob("*/*.apr"))


@pytest.mark.parametrize("raw", [b"", b"APR\0", b"GGUF" + bytes(100)])
def test_what_is_no_file_is_refused(raw: bytes) -> None:
    """What other programs made, or nobody, is refused and never crashes."""
    with pytest.raises(RefusedError):
        read(raw)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_what_was_found_stays_mended(path: Path) -> None:
    """The smallest files of what was found, in a folder for each verdict: `accept` or `reject`."""
    if path.parent.name == "accept":
        read(path.read_bytes())
    else:
        with pytest.raises(RefusedError):
            read(path.read_bytes())


def test_any_file(apr_fuzz: Any) -> None:
    """Files that nobody wrote: `pytest --apr-fuzz-seconds 60` gives the budget, without one this is skipped."""
    apr_fuzz()
