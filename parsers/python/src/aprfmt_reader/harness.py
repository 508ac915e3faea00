"""`python -m aprfmt_reader.harness`: this reader for `aprfmt conform --plug ndjson`, line by line on standard streams.

`spec/protocol/` of the repository describes the lines. Nothing but the public names of the package is used here.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import version
from typing import Any
from zlib import crc32

import aprfmt_reader
from aprfmt_reader import FormatError, Header, Model, Tensor

__all__ = ["answer", "main"]

_SAFE_INTEGER = 1 << 53
"""Beyond it, what reads the answer may know doubles alone: such integers are written as strings."""


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict about the file of a request, and what is in it."""
    if request["op"] != "read":
        return {"skip": "this package reads, and does nothing else"}
    try:
        with aprfmt_reader.open(request["file"]) as model:
            model.verify()
            return {"verdict": "accept", "values": _values(model, with_crc32=request["crc32"])}
    except FormatError as error:
        return {"verdict": "reject", "code": error.rule_id, "message": str(error)}


def _values(model: Model, *, with_crc32: bool) -> dict[str, Any]:
    numbers = {field.name: getattr(model.header, field.name) for field in fields(Header)}
    return {
        "header": {name: _plain(value) for name, value in numbers.items() if isinstance(value, int)},
        "metadata": _plain(dict(model.metadata)),
        "tensors": [_tensor(tensor, with_crc32=with_crc32) for tensor in model.tensors],
        "footer": model.footer,
    }


def _tensor(tensor: Tensor, *, with_crc32: bool) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": tensor.name,
        "dtype": int(tensor.dtype),
        "dims": _plain(tensor.shape),
        "ofs_tensor": _plain(tensor.data_offset),
        "len_tensor": _plain(tensor.nbytes),
    }
    if with_crc32:
        value = 0
        for chunk in tensor.chunks():
            value = crc32(chunk, value)
        values["crc32"] = f"{value:08x}"
    return values


def _plain(value: Any) -> Any:
    """A value in which no integer is one that other languages round."""
    if isinstance(value, int) and abs(value) > _SAFE_INTEGER:
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _started() -> dict[str, Any]:
    who = {
        "name": "aprfmt-reader (Python)",
        "version": aprfmt_reader.__version__,
        "language": f"Python {platform.python_version()}, kaitaistruct {version('kaitaistruct')}",
    }
    return {"protocol": 1, "implementation": who, "can": ["read"]}


def main() -> None:
    """Answer the requests until `stop` or the end of the input."""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if request["cmd"] == "stop":
            return
        said = _started() if request["cmd"] == "start" else {"id": request["id"], **answer(request)}
        sys.stdout.write(json.dumps(said, allow_nan=False) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
