"""What the Kaitai compiler's own Python reader makes of a file, without the layer that parsers/python puts around it.

Touched are header, metadata, paddings, index, footer and trailing bytes; tensor data never is.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

from kaitaistruct import KaitaiStream, KaitaiStructError

from aprfmt_reader._generated.apr_v2 import AprV2

__all__ = ["read"]

Answer = dict[str, Any]

# What a damaged file may raise in the generated code. An exhausted stack or memory is never a verdict.
REFUSALS = (KaitaiStructError, EOFError, ValueError, OverflowError)


def read(source: Path | str | bytes) -> Answer:
    """Fields by the names of the spec and `ok` true, or `ok` false and an error; `file` is None for bytes."""
    if isinstance(source, bytes):
        return {"file": None, **_read(KaitaiStream(BytesIO(source)))}
    with Path(source).open("rb") as stream:
        return {"file": str(source), **_read(KaitaiStream(stream))}


def _read(stream: KaitaiStream) -> Answer:
    try:
        parsed = AprV2(stream)
        # The generated instances are lazy, and what nobody touches is not refused.
        index = parsed.tensor_index
        answer = {
            "ok": True,
            "header": _header(parsed.header),
            "header_padding": _digest(parsed.header_padding),
            "metadata": _digest(parsed.metadata),
            "metadata_padding": _digest(parsed.metadata_padding),
            "entries": [_entry(entry) for entry in index.entries],
            "index_padding": _digest(index.padding),
            "footer": None if parsed.footer is None else parsed.footer.checksum,
            "trailing": None if parsed.trailing is None else _digest(parsed.trailing),
        }
    except REFUSALS as error:
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}
    return answer


def _header(header: Any) -> Answer:
    return {
        "magic": header.magic.hex(),
        "version_major": header.version_major,
        "version_minor": header.version_minor,
        "flags": {name: value for name, value in vars(header.flags).items() if not name.startswith("_")},
        "num_tensors": header.num_tensors,
        "ofs_metadata": str(header.ofs_metadata),
        "len_metadata": header.len_metadata,
        "ofs_tensor_index": str(header.ofs_tensor_index),
        "ofs_data": str(header.ofs_data),
        "checksum": header.checksum,
        "reserved": header.reserved.hex(),
    }


def _entry(entry: Any) -> Answer:
    return {
        "len_name": entry.len_name,
        "name_hex": entry.name.hex(),
        "dtype": int(entry.dtype),
        "ndim": entry.ndim,
        "dims": [str(dim) for dim in entry.dims],
        "ofs_tensor": str(entry.ofs_tensor),
        "len_tensor": str(entry.len_tensor),
    }


def _digest(content: bytes) -> Answer:
    return {"len": len(content), "sha256": hashlib.sha256(content).hexdigest()}
