"""A suite of a few vectors, harnesses of a few lines, and what is left of their processes."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aprfmt.conform.plugs.sessions import MARK
from aprfmt.conform.recipes import completed
from aprfmt.conform.results import Budget
from aprfmt.vectors import Suite

__all__ = ["HELLO", "QUICK", "document", "left_behind", "program", "request", "suite"]

QUICK = Budget(seconds=20.0)
_OURS = "APRFMT_TESTS_OF"
os.environ[_OURS] = str(os.getpid())
"""Other runs on the machine have marks, too."""
METADATA = '{"name":"m","license":"MIT","data_source":"web","data_license":"CC0-1.0"}'
BASES: dict[str, Any] = {
    "one": {
        "metadata": {"text": METADATA},
        "tensor_index": {"entries": [{"name": {"text": "a"}, "dtype": "f32", "dims": [2]}]},
        "tensor_data": {"join": [{"counting": 8}, {"zeros": 56}]},
    },
    "vast": {
        "metadata": {"text": METADATA},
        "tensor_index": {
            "entries": [
                {
                    "name": {"text": "a"},
                    "dtype": "f32",
                    "dims": [1 << 26],
                    "ofs_tensor": 0,
                    "len_tensor": 1 << 28,
                }
            ]
        },
        "footer": None,
    },
}
TREE = {
    "metadata": {"name": "w"},
    "flags": [],
    "tensors": [{"name": "w", "dtype": "f32", "dims": [1], "data": "00" * 4}],
}
NODES: list[dict[str, Any]] = [
    {"id": "good", "base": "one", "verdict": "accept"},
    {
        "id": "bad",
        "base": "one",
        "edits": [{"flip": "header.checksum", "bit": 0}],
        "seal": ["footer.checksum"],
        "verdict": "reject",
        "rule": "APR-H006",
    },
    {"id": "free", "base": "one", "verdict": "free", "rule": "APR-L001"},
    {"id": "stamp", "op": "stamp", "base": "one", "patch": {"license": "Apache-2.0"}, "verdict": "accept"},
    {"id": "stamp-nothing", "op": "stamp", "base": "one", "patch": {}, "verdict": "reject"},
    {"id": "write", "op": "write", "tree": TREE, "verdict": "accept"},
    {"id": "vast", "base": "vast", "verdict": "accept", "tags": ["sparse", "files-2gib"]},
]


def document(*nodes: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe file of vectors, in which only what matters is said."""
    return {"bases": BASES, "vectors": [{"about": "One.", "origin": "hand", **node} for node in nodes]}


def suite(*names: str) -> Suite:
    """The suite of the vectors of these ids; of all without any."""
    nodes = [node for node in NODES if not names or node["id"] in names]
    return Suite(completed({"tiny.json": document(*nodes)}))


def program(folder: Path, text: str) -> str:
    """The command that runs a Python program of these lines."""
    path = folder / f"harness-{len(list(folder.iterdir()))}.py"
    path.write_text(text, encoding="utf-8")
    return shlex.join([sys.executable, "-S", str(path)])


HELLO = """
import json, os, sys, time, signal, subprocess
def hear():
    line = sys.stdin.readline()
    return json.loads(line) if line else sys.exit(0)
def say(**answer):
    print(json.dumps(answer), flush=True)
def start(**more):
    hear()
    say(protocol=1, implementation={"name": "tiny", "version": "1", "language": "Python"}, **more)
"""
"""The head of a harness that answers line by line."""


def request(name: str = "v", op: str = "read", **more: Any) -> dict[str, Any]:
    """A request of the protocol."""
    return {"cmd": "run", "id": name, "op": op, "profile": "default", "file": "/nowhere", "crc32": True, **more}


def left_behind(mark: str = "") -> list[int]:
    """The processes with a mark, of any plug of these tests unless one is given, that still run a moment later."""
    for _ in range(50):
        found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _is_marked(path, mark)]
        if not found:
            return []
        time.sleep(0.02)
    return found


def _is_marked(path: Path, mark: str) -> bool:
    try:
        environment = (path / "environ").read_bytes()
        return f"{MARK}={mark}".encode() in environment and f"{_OURS}={os.getpid()}".encode() in environment
    except OSError:
        return False


def as_json(node: object) -> str:
    return json.dumps(node)
