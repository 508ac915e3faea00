"""Calls that only some systems have, hidden one by one and all at once: the same files come out, by other ways."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.files import hiding
from tests.unit.files.inplace.faults import SCENARIOS as CUT
from tests.unit.files.inplace.faults import Crash, Faulty, real_system, stamp

import aprfmt as api
from aprfmt import DType, NewTensor

GROWS = next(item for item in CUT if item.name == "grows")
PACKAGE = Path(api.__file__).parent

HIDDEN: dict[str, tuple[str, ...]] = {
    "no advice": ("posix_fadvise", "POSIX_FADV_DONTNEED", "POSIX_FADV_SEQUENTIAL", "POSIX_FADV_RANDOM"),
    "no copies in the kernel": ("copy_file_range", "sendfile", "splice", "posix_fallocate", "fchmod"),
    "no vectors": ("preadv", "pwritev", "readv", "writev", "RWF_NOWAIT"),
    "no reads at a place": ("preadv", "pread"),
    "no writes at a place": ("pwrite", "pwritev"),
    "no direct writes": ("O_DIRECT",),
    "no flags": ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_TMPFILE", "O_DIRECTORY", "O_NOATIME"),
    "no holes": ("SEEK_HOLE", "SEEK_DATA"),
    "no space to ask for": ("statvfs", "fstatvfs"),
    "no owners": ("chown", "fchown", "lchown", "geteuid", "getuid", "getegid", "getgid"),
    "no attributes": ("getxattr", "listxattr", "setxattr", "removexattr"),
    "no hard links": ("link",),
    "no processors": ("sched_getaffinity", "sysconf"),
    "no locks": ("import fcntl",),
    "no limits": ("import resource", "import termios", "import pwd", "import grp"),
    "no calls of C": ("import ctypes",),
    "no insertion": ("fallocate",),
    "no fast checksums": ("import isal",),
}
"""What is taken away. Windows has nearly none of these, macOS and the BSDs have some."""
ALONE = ("no locks", "all")
"""Without these, nothing is written into a file, and so nothing is recovered either."""
WRITTEN_ANEW = ("no writes at a place", "no calls of C", "no insertion", *ALONE)
"""Without these, a file that must grow is written anew."""


def prepare(folder: Path) -> Path:
    """The files that all steps need: a model, one that is damaged, some to stamp in place, one whose stamp was cut."""
    folder.mkdir()
    tensors = [
        NewTensor("a.weight", DType.F32, (3, 5), bytes(range(60))),
        NewTensor("b.weight", DType.U8, (3 << 20,), bytes(range(256)) * (3 << 12)),
    ]
    model = folder / "model.apr"
    api.create_file(model, tensors, {"model_type": "qwen2", "name": "tiny"})
    (folder / "many").mkdir()
    for name in ("itself.apr", "canonical.apr", "damaged.apr", *hiding.IN_PLACE):
        shutil.copyfile(model, folder / name)
    with (folder / "damaged.apr").open("r+b") as file:
        file.seek(-100, 2)
        file.write(b"!")
    cut = folder / "cut.apr"
    cut.write_bytes(GROWS.raw)
    with pytest.raises(Crash):
        stamp(cut, GROWS, Faulty(real_system(folder), 6, "before"))
    return folder


def done(folder: Path, *hidden: str) -> dict[str, Any]:
    """Run all steps without some calls."""
    run = subprocess.run(
        [sys.executable, "-W", "error", hiding.__file__, prepare(folder), *hidden],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes out with all that this system has."""
    return done(tmp_path_factory.mktemp("usual") / "files")


def test_all_steps_work_with_all_calls(usual: dict[str, Any]) -> None:
    """The steps do what they are there for, so that a difference means something."""
    codes = {name: code for name, (code, _) in usual["ended"].items()}
    failing = {"validate damage": 1, "refused": 4, "exists": 2, "diff": 1, "cut": 4}
    assert codes == dict.fromkeys(codes, 0) | failing
    files = usual["files"]
    assert len({files[name] for name in ("full.apr", "head.apr", "readback.apr", "itself.apr", "canonical.apr")}) == 1
    assert files["tidy.apr"] == files["full.apr"] != files["growable.apr"]
    assert files["created.apr"] == files["written.apr"]
    assert usual["canonical"]["grows.apr"] == usual["canonical"]["proved.apr"] == files["full.apr"]


@pytest.mark.parametrize("what", [*HIDDEN, "all"])
def test_without_a_call_the_same_comes_out(what: str, usual: dict[str, Any], tmp_path: Path) -> None:
    """Every step ends as usual, and every file is the same, or has the same content where the system lays it out."""
    names = dict.fromkeys(name for names in HIDDEN.values() for name in names) if what == "all" else HIDDEN[what]
    found = done(tmp_path / "files", *names)
    for step, (code, err) in found["ended"].items():
        assert "Traceback" not in err, (step, err)
        assert "fault in aprfmt" not in err, (step, err)
        if (step, what) not in {("recover", name) for name in ALONE}:
            assert code == usual["ended"][step][0], (step, err)
    anew = ["written as a new file" in result["ended"]["grows"][1] for result in (found, usual)]
    assert anew == [what in WRITTEN_ANEW or anew[1], anew[1]]
    assert found["canonical"] == usual["canonical"]
    vary = {*hiding.IN_PLACE, "receipt.json", "log.jsonl"}
    if what in ALONE:  # the cut file is left as it is, with its journal, and the error says why
        vary |= {"cut.apr", ".cut.apr.aprfmt-journal"}
        code, err = found["ended"]["recover"]
        assert (code, err.startswith("error: ")) in ((3, True), (0, False))
        assert (code == 0) == (".cut.apr.aprfmt-journal" not in found["files"])
    assert _others(found, vary) == _others(usual, vary)


def _others(found: dict[str, Any], vary: set[str]) -> dict[str, str]:
    return {name: digest for name, digest in found["files"].items() if name not in vary}


# ---- what is imported ----

ONLY_SOME_HAVE = {"_winapi", "ctypes", "fcntl", "grp", "msvcrt", "posix", "pty", "pwd", "resource", "termios", "tty"}


def imports_at_the_top(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Lines and names of what is imported when a module is: not in functions, and not for type checkers alone."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    if isinstance(node, ast.Import):
        yield from ((node.lineno, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        yield node.lineno, node.module
    is_for_checkers = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    for inner in node.orelse if is_for_checkers and isinstance(node, ast.If) else ast.iter_child_nodes(node):
        yield from imports_at_the_top(inner)


def test_no_module_that_only_some_systems_have_is_imported_at_the_top() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: import {name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, name in imports_at_the_top(ast.parse(path.read_text(encoding="utf-8")))
        if name.partition(".")[0] in ONLY_SOME_HAVE
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import fcntl", ["fcntl"]),
        ("import os, ctypes.util as c", ["os", "ctypes.util"]),
        ("from resource import getrusage", ["resource"]),
        ("try:\n    import pwd\nexcept ImportError:\n    pwd = None", ["pwd"]),
        ("if os.name == 'posix':\n    import grp", ["grp"]),
        ("class A:\n    import termios", ["termios"]),
        ("def f():\n    import fcntl", []),
        ("class A:\n    def f(self):\n        import fcntl", []),
        ("if TYPE_CHECKING:\n    import ctypes\nelse:\n    import fcntl", ["fcntl"]),
        ("from . import fcntl", []),
    ],
)
def test_the_walk_finds_what_is_imported_at_the_top(text: str, found: list[str]) -> None:
    assert [name for _, name in imports_at_the_top(ast.parse(text))] == found
