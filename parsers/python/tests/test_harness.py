"""The harness answers as `spec/protocol/` says."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import aprfmt_reader
from aprfmt_reader import DType
from conftest import Write
from crafting import GOLDEN, Item, expected_of, file_of


def ask(*requests: dict[str, Any]) -> list[dict[str, Any]]:
    """The answers to some requests, and to what begins and ends them."""
    lines = [{"cmd": "start", "protocol": 1}, *({"cmd": "run", **request} for request in requests), {"cmd": "stop"}]
    done = subprocess.run(
        [sys.executable, "-m", "aprfmt_reader.harness"],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_who_answers() -> None:
    (started,) = ask()
    assert started["protocol"] == 1
    assert started["implementation"]["version"] == aprfmt_reader.__version__
    assert "kaitaistruct 0.11" in started["implementation"]["language"]
    assert started["can"] == ["read"]


def test_a_file_that_is_taken() -> None:
    path = GOLDEN / "every_dtype.apr"
    _, answer = ask({"id": "x", "op": "read", "file": str(path), "crc32": True})
    assert (answer["id"], answer["verdict"]) == ("x", "accept")
    expected = expected_of(path.name)
    assert answer["values"]["header"]["flags"] == expected["flags"]
    assert "reserved" not in answer["values"]["header"]
    assert [tensor["crc32"] for tensor in answer["values"]["tensors"]] == [
        tensor["crc32"] for tensor in expected["tensors"]
    ]
    assert answer["values"]["metadata"] == expected["metadata"]


def test_integers_that_others_round(write: Write) -> None:
    raw = file_of([Item(b"e", b"", (0, 1 << 63), DType.F32)], b'{"a":[9007199254740993,-9007199254740993,1]}')
    _, answer = ask({"id": "x", "op": "read", "file": str(write(raw)), "crc32": False})
    assert answer["values"]["metadata"] == {"a": ["9007199254740993", "-9007199254740993", 1]}
    (tensor,) = answer["values"]["tensors"]
    assert tensor == {"name": "e", "dtype": 0, "dims": [0, str(1 << 63)], "ofs_tensor": 0, "len_tensor": 0}


def test_a_file_that_is_refused(write: Write) -> None:
    _, answer = ask({"id": "x", "op": "read", "file": str(write(b"GGUF")), "crc32": True})
    assert (answer["verdict"], answer["code"]) == ("reject", "APR-H008")


def test_what_is_not_read() -> None:
    _, answer = ask({"id": "x", "op": "write", "tree": {}, "output": "nowhere"})
    assert answer.keys() == {"id", "skip"}
