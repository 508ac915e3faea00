"""The tags of a drawn case: what some implementations cannot do, in the words in which vectors say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...container import Container
from ...errors import AprError
from ...vectors.image import Image
from ...vectors.words import SAFE_INTEGER

__all__ = ["tags_of"]


def tags_of(raw: bytes) -> set[str]:
    """The tags of a valid file, by which an implementation may have to skip it: those of the vectors."""
    container = Container(Image.of(raw), lenient=True)
    found: set[str] = set()
    try:
        header = container.header
        numbers = [header.ofs_metadata, header.ofs_tensor_index, header.ofs_data]
        for tensor in container.tensors:
            numbers += [*tensor.shape, tensor.data_offset, tensor.nbytes]
        numbers += [abs(value) for value in _integers(dict(container.metadata))]
        text = container.metadata.raw.decode("utf-8")
    except (AprError, UnicodeDecodeError):
        return found
    if max(numbers) > SAFE_INTEGER:
        found.add("integers-53")
    if max(numbers) >= 1 << 63:
        found.add("integers-64")
    if _has_whole_fraction(dict(container.metadata)) or "-0" in text:
        found.add("whole-fractions")
    return found


def _integers(value: Any) -> Iterator[int]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _integers(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _integers(item)
    elif isinstance(value, int):
        yield value


def _has_whole_fraction(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_whole_fraction, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_whole_fraction, value))
    return isinstance(value, float) and value.is_integer()
