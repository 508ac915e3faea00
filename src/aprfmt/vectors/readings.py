"""What a careful reader reads in a file, as the values of the protocol: the answer that others are compared with."""

from __future__ import annotations

from typing import Any

from ..container import Container
from ..errors import FormatError
from ..layout import Header, facts
from ..source import range_crc32
from ..tensors import Tensor
from .words import SAFE_INTEGER, wide

__all__ = ["HEADER_FIELDS", "reading", "reading_if_whole"]

HEADER_FIELDS: tuple[str, ...] = tuple(
    name for name, shape in facts.FIELDS["header"].items() if shape.limit is not None or shape.type == "flags"
)
"""The fields of the header that are integers; `flags` is one."""


def reading(container: Container, *, crc32: bool = True) -> dict[str, Any]:
    """Header, metadata, tensors and footer; with `crc32` also the checksum of each tensor's bytes, which are all read.

    Integers beyond 2^53 are decimal strings, those inside the metadata too. A name that is not UTF-8 is left out.
    Raises `FormatError` as the container does for what cannot be read.
    """
    footer = container.footer
    return {
        "header": _header(container.header),
        "metadata": {key: _plain(value) for key, value in container.metadata.items()},
        "tensors": [
            {
                **_name(tensor),
                "dtype": tensor.entry.dtype,
                "dims": [wide(dim) for dim in tensor.shape],
                "ofs_tensor": wide(tensor.data_offset),
                "len_tensor": wide(tensor.nbytes),
                **({"crc32": f"{range_crc32(container.source, *tensor.file_span):08x}"} if crc32 else {}),
            }
            for tensor in container.tensors
        ],
        "footer": None if footer is None else footer.checksum,
    }


def reading_if_whole(container: Container, *, crc32: bool = True) -> dict[str, Any] | None:
    """As `reading`; None for a file that a careful reader cannot read, which a profile may take all the same."""
    try:
        return reading(container, crc32=crc32)
    except FormatError:
        return None


def _header(header: Header) -> dict[str, Any]:
    return {name: wide(int(getattr(header, name))) for name in HEADER_FIELDS}


def _name(tensor: Tensor) -> dict[str, str]:
    """The name, unless it is no text: what a language makes of bytes that are not UTF-8 differs."""
    try:
        return {"name": tensor.name_bytes.decode("utf-8")}
    except UnicodeDecodeError:
        return {}


def _plain(value: Any) -> Any:
    """A metadata value in which no integer is one that other languages round."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= SAFE_INTEGER else str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
