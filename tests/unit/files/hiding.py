"""A system without some of its calls: a program that takes them away, and then does all that touches files.

Run as `python hiding.py FOLDER NAMES…` beside files that `prepare` makes; prints one JSON object. A name is that of
something in `os`, or `import X` for a module that cannot be imported, or `fallocate` for that of the C library.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from hashlib import sha256
from pathlib import Path
from typing import Any

__all__ = ["IN_PLACE", "hide", "run_all"]

IN_PLACE = ("fits.apr", "grows.apr", "proved.apr", "many/a.apr", "many/b.apr")
"""Files that are stamped in place: their layout depends on the system, their content does not."""

_STAMP = ("--license", "Apache-2.0", "--data-source", "teacher-only", "--data-license", "CC-BY-4.0")
_STEPS: dict[str, tuple[str, ...]] = {
    "inspect": ("inspect", "model.apr", "--check", "--digest", "--json"),
    "validate": ("validate", "model.apr", "--json"),
    "validate damage": ("validate", "damaged.apr", "--json"),
    "tensors": ("tensors", "model.apr", "--json"),
    "dump": ("dump", "model.apr", "--field", "header"),
    "full": ("stamp", "model.apr", *_STAMP, "-o", "full.apr"),
    "head": ("stamp", "model.apr", *_STAMP, "-o", "head.apr", "--verify", "head"),
    "readback": ("stamp", "model.apr", *_STAMP, "-o", "readback.apr", "--verify", "readback"),
    "growable": ("stamp", "model.apr", *_STAMP, "-o", "growable.apr", "--layout", "growable"),
    "refused": ("stamp", "damaged.apr", *_STAMP, "-o", "refused.apr"),
    "exists": ("stamp", "model.apr", *_STAMP, "-o", "full.apr"),
    "dry": ("stamp", "model.apr", *_STAMP, "-n"),
    "itself": ("stamp", "itself.apr", *_STAMP, "-f", "-o", "itself.apr"),
    "canonical": ("stamp", "canonical.apr", *_STAMP, "-i", "--layout", "canonical", "--preserve-mtime"),
    "fits": ("stamp", "fits.apr", "--set", "a=1", "-i"),
    "grows": ("stamp", "grows.apr", *_STAMP, "-i", "--preserve-mtime"),
    "unchanged": ("stamp", "grows.apr", *_STAMP, "-i"),
    "proved": ("stamp", "proved.apr", *_STAMP, "-i", "--receipt", "receipt.json", "--no-host"),
    "verify": ("verify", "proved.apr", "--receipt", "receipt.json"),
    "many": ("stamp", "-i", "many", "--set", "a=1", "--log", "log.jsonl", "--jobs", "2"),
    "canonicalise": ("canonicalise", "growable.apr", "-o", "tidy.apr"),
    "diff": ("diff", "model.apr", "full.apr"),
    "gate": ("gate", "full.apr"),
    "cut": ("inspect", "cut.apr"),
    "recover": ("recover", "cut.apr"),
}


class _Hidden:
    """Finds nothing, and says so, for modules that are hidden."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> None:
        if name in self._names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide(names: list[str]) -> None:
    """Take calls and modules away, before anything can have looked for them."""
    modules = {name.partition(" ")[2] for name in names if name.startswith("import ")}
    for module in modules:
        sys.modules.pop(module, None)
    sys.meta_path.insert(0, _Hidden(modules))
    for name in names:
        if name == "fallocate" and "ctypes" not in modules:
            import ctypes

            ctypes.CDLL = lambda *_arguments, **_more: object()  # type: ignore[assignment,misc] # no function at all
        elif not name.startswith("import ") and hasattr(os, name):
            delattr(os, name)


def run_all() -> dict[str, Any]:
    """Run every step in the working directory: exit code and words of each, and a digest of each file."""
    from aprfmt import canonicalise_file
    from aprfmt.cli import main
    from aprfmt.files.copying import clone, direct

    os.fsync = _no_sync
    # So that a small file goes the ways of a large one.
    clone.CLONE_FROM_BYTES, direct.DIRECT_FROM_BYTES, direct.BUFFER_BYTES = 1 << 16, 1 << 20, 1 << 18
    ended = {}
    for name, args in _STEPS.items():
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with redirect_stdout(out), redirect_stderr(err):
            code = main([*args])
        err.flush()
        ended[name] = [code, err.detach().getvalue().decode("utf-8")]
    for call in (_create, _write, _read_open, _read_pipe):
        try:
            ended[call.__name__] = [0, call()]
        except Exception as error:
            ended[call.__name__] = [70, f"Traceback: {error!r}"]
    canonical = {}
    for name in IN_PLACE:
        canonicalise_file(name, "tidied", force=True)
        canonical[name] = sha256(Path("tidied").read_bytes()).hexdigest()
    files = {str(path): sha256(path.read_bytes()).hexdigest() for path in Path().rglob("*") if path.is_file()}
    return {"ended": ended, "canonical": canonical, "files": files}


def _no_sync(fd: Any) -> None:
    """What is looked at is in the memory of the system anyway."""
    del fd


def _create() -> str:
    from aprfmt import DType, NewTensor, create_file

    return str(create_file("created.apr", [NewTensor("w", DType.F32, (2, 2), bytes(range(16)))], {"name": "new"}))


def _write() -> str:
    from aprfmt import DType, Writer

    with Writer("written.apr", {"name": "new"}) as writer:
        writer.add("w", DType.F32, (2, 2), io.BytesIO(bytes(range(16))))
    return str(writer.nbytes)


def _read_open() -> str:
    from aprfmt import open as open_container

    with Path("model.apr").open("rb") as file, open_container(file) as container:
        return container.payload_digest()


def _read_pipe() -> str:
    from aprfmt import open as open_container

    with open_container(_Pipe(Path("model.apr").read_bytes())) as container:
        return container.payload_digest()


class _Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


if __name__ == "__main__":
    folder, *hidden = sys.argv[1:]
    os.chdir(folder)
    hide(hidden)
    sys.stdout.write(json.dumps(run_all()))
