"""The only room with a door to the disk: open containers, write stamped and new ones, read the specification."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..limits import DEFAULT_LIMITS, Limits
from ..rules import Report
from ..source import Progress
from .opened import OpenContainer, judged, open  # noqa: A004 - `aprfmt.open` is the name users expect
from .sources import FileSource, MemorySource, OpenedSource, StreamSource, StrPath, open_source

if TYPE_CHECKING:
    from .canonicalising import canonicalise_file
    from .creating import create_file
    from .stamping import stamp_file
    from .tokenizers import read_tokenizer_folder
    from .vectors import read_suite, write_image
    from .writing import require_writable, write_plan

__all__ = [
    "FileSource",
    "MemorySource",
    "OpenContainer",
    "OpenedSource",
    "Progress",
    "StrPath",
    "StreamSource",
    "canonicalise_file",
    "create_file",
    "open",
    "open_source",
    "read_spec",
    "read_suite",
    "read_tokenizer_folder",
    "require_writable",
    "stamp_file",
    "validate_file",
    "write_image",
    "write_plan",
]


_LATE = {
    "canonicalise_file": "canonicalising",
    "create_file": "creating",
    "read_suite": "vectors",
    "read_tokenizer_folder": "tokenizers",
    "require_writable": "writing",
    "stamp_file": "stamping",
    "write_image": "vectors",
    "write_plan": "writing",
}
"""What few commands need costs the others nothing."""


def __getattr__(name: str) -> Any:
    if name in _LATE:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def validate_file(
    file: StrPath | bytes | bytearray | memoryview | BinaryIO,
    *,
    profile: str = "default",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Report:
    """Everything that is wrong with a file by the rules of a profile, in one pass and constant memory.

    Any bytes can be judged. `select` and `ignore` have ids of rules, as for `aprfmt.rules.run`. Filler is looked
    through whatever its size, because every byte is read anyway.

    Raises `RequestError` for a profile or rule that does not exist, `OSError` as the system reports it, and
    `FormatError` without a rule when the file changes while it is read.
    """
    with open_source(file) as source:
        return judged(source, limits, profile=profile, select=select, ignore=ignore, progress=progress)


def read_spec(name: str) -> bytes:
    """A file of the specification, such as `apr_v2.ksy`, or an export of it, as it was when this package was made."""
    from importlib.resources import files as package_files

    shipped = package_files("aprfmt").joinpath("_spec", name)
    if shipped.is_file():
        return shipped.read_bytes()
    # A checkout that is not built as a wheel has them in folders at its root.
    root = Path(__file__).resolve().parents[3]
    declared = root / "spec" / name
    return (declared if declared.is_file() else root / "exports" / name).read_bytes()
