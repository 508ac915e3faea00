"""File systems in a file, mounted for a test: where the machine allows it, else the test is skipped and says why."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["MAKERS", "mounted"]

MAKERS = {
    "xfs": ("mkfs.xfs", "-q", "-m", "reflink=1"),
    "xfs of 1 KiB blocks": ("mkfs.xfs", "-q", "-m", "reflink=1", "-b", "size=1024"),
    "btrfs": ("mkfs.btrfs", "-q"),
    "ext4": ("mkfs.ext4", "-q", "-F"),
    "ext4 of 1 KiB blocks": ("mkfs.ext4", "-q", "-F", "-b", "1024"),
}
"""A name to the command that makes such a file system in a file."""

_IMAGE_BYTES = 320 * 1024 * 1024  # the least that mkfs.xfs takes; the file is sparse


@contextmanager
def mounted(kind: str, folder: Path) -> Iterator[Path]:
    """A new file system of a kind, mounted in the folder until the context is left."""
    maker = MAKERS[kind]
    for program in (maker[0], "mount", "umount"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if os.geteuid() != 0:
        pytest.skip("mounting an image takes root")
    image, place = folder / "image", folder / "mounted"
    with image.open("wb") as file:
        file.truncate(_IMAGE_BYTES)
    place.mkdir()
    subprocess.run([*maker, str(image)], check=True, capture_output=True)
    run = subprocess.run(["mount", "-o", "loop", str(image), str(place)], capture_output=True, text=True)
    if run.returncode != 0:
        pytest.skip(f"the machine does not mount {kind}: {run.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        image.unlink()
