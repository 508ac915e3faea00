"""Somebody else's reader of 30 lines, and a harness around it: what the conformance kit tells its author.

It shares nothing with aprfmt and checks next to nothing, as first readers do. Plug it in:

    aprfmt conform --plug ndjson --cmd 'python3 examples/harness.py'
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any


def read(path: str) -> dict[str, Any]:
    """Header, metadata and tensors of a file; raises when it runs into something that it cannot read."""
    raw = Path(path).read_bytes()
    magic, _major, _minor, flags, count, metadata, size, index, data = struct.unpack_from("<4sBBHIQIQQ", raw)
    if magic != b"APR\0":
        raise ValueError("the magic is another one")
    tensors, at = [], index
    for _ in range(count):
        (length,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + length].decode()
        dtype, ndim = struct.unpack_from("<BB", raw, at + 2 + length)
        *dims, offset, nbytes = struct.unpack_from(f"<{ndim + 2}Q", raw, at + 4 + length)
        tensors.append({"name": name, "dtype": dtype, "dims": dims, "ofs_tensor": offset, "len_tensor": nbytes})
        at += 4 + length + 8 * (ndim + 2)
    header = {"flags": flags, "num_tensors": count, "ofs_data": data}
    return {"header": header, "metadata": json.loads(raw[metadata : metadata + size]), "tensors": tensors}


def main() -> None:
    """Answer the runner line by line, as spec/protocol/ describes it."""
    for line in sys.stdin:
        request = json.loads(line)
        if request["cmd"] == "stop":
            return
        answer: dict[str, Any] = {"protocol": 1, "implementation": {"name": "thirty lines", "language": "Python"}}
        if request["cmd"] == "run":
            try:
                answer = {"id": request["id"], "verdict": "accept", "values": read(request["file"])}
            except (ValueError, struct.error) as error:
                answer = {"id": request["id"], "verdict": "reject", "message": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
