"""Changes of built bytes at the places of fields: so a file says what no builder would.

Spans are those of the file before its first edit; an edit that changes a length moves what follows it. Checksums that
are to be sealed are computed when all edits are made, where the fields then lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..container import Container
from ..errors import RequestError
from ..layout import facts, header_crc32, parse_header
from ..limits import DEFAULT_LIMITS
from ..spans import FieldMap, FieldSpan, Kind
from .image import Image
from .words import bytes_of, integer_of

__all__ = ["EDITS", "SEALS", "edited"]

SEALS: tuple[str, ...] = tuple(item.field for item in facts.CHECKSUMS)
"""The checksum fields, in the order in which they are computed."""


class _Sheet:
    """An image that is being edited, and where the fields of the file before the edits lie in it now."""

    def __init__(self, image: Image, where: str) -> None:
        self._before = FieldMap(Container(image, limits=DEFAULT_LIMITS, lenient=True))
        self._moves: list[tuple[int, int]] = []
        self.image = image
        self.where = where

    def field(self, path: object) -> FieldSpan:
        """The field of that path; raises `RequestError` when the file has none."""
        found = next((field for field in self._before.walk(str(path)) if field.path == path), None)
        if found is None:
            raise RequestError(f"{self.where}: expected the path of a field that is there, found {path!a}")
        return found

    def span(self, path: object) -> tuple[int, int]:
        """Where the bytes of the field lie now."""
        start, stop = self.field(path).span
        return self._now(start), self._now(stop)

    def _now(self, position: int) -> int:
        return position + sum(moved for start, moved in self._moves if position > start)

    def replace(self, span: tuple[int, int], data: bytes) -> None:
        """Put bytes in the place of others."""
        self.image = self.image.replaced(*span, data)
        if len(data) != span[1] - span[0]:
            self._moves.append((span[0], len(data) - (span[1] - span[0])))

    def seal(self, path: str) -> None:
        """Compute a checksum again; nothing happens where its field was cut off."""
        try:
            start, stop = self.span(path)
        except RequestError:
            return
        if stop > self.image.size:
            return
        covers = next(item.covers for item in facts.CHECKSUMS if item.field == path)
        if covers == "all-before":
            value = self.image.crc32(start)
        else:
            value = header_crc32(self.image.read(0, facts.HEADER_SIZE))
        self.image = self.image.replaced(start, stop, value.to_bytes(stop - start, "little"))


def edited(image: Image, edits: Sequence[Mapping[str, Any]], seals: Sequence[str], where: str) -> Image:
    """The image after the edits, with the checksums in `seals` computed again.

    Raises `RequestError` for an edit that makes no sense, or names a field that the file does not have.
    """
    if not edits and not seals:
        return image
    sheet = _Sheet(image, where)
    for edit in edits:
        kind = next((name for name in EDITS if name in edit), None)
        if kind is None:
            raise RequestError(f"{where}: expected an edit with one of {', '.join(EDITS)}, found {edit!a:.80}")
        EDITS[kind](sheet, edit)
    for path in SEALS:
        if path in seals:
            sheet.seal(path)
    return sheet.image


def _set(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"set": field, "to": value}`: an integer in the width of its field, a list of integers, bytes of any length."""
    path, value = edit["set"], edit.get("to")
    field, span = sheet.field(path), sheet.span(path)
    if isinstance(value, dict):
        sheet.replace(span, bytes_of(value, sheet.where))
    elif isinstance(value, list):
        width = field.nbytes // max(1, len(value))
        sheet.replace(span, b"".join(_packed(sheet, item, width) for item in value))
    elif field.kind is Kind.BITS and field.bits is not None:
        position, width = field.bits
        flags = int(parse_header(sheet.image.read(0, facts.HEADER_SIZE)).flags)
        mask = ((1 << width) - 1) << position
        number = flags & ~mask | integer_of(value, sheet.where) << position & mask
        sheet.replace(span, _packed(sheet, number, field.nbytes))
    else:
        sheet.replace(span, _packed(sheet, value, field.nbytes))


def _packed(sheet: _Sheet, value: object, width: int) -> bytes:
    number = integer_of(value, sheet.where)
    if not 0 <= number < 1 << 8 * width:
        raise RequestError(f"{sheet.where}: expected an integer of {width} bytes, found {number}")
    return number.to_bytes(width, "little")


def _flip(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"flip": field, "bit": n}`: one bit, the least significant bit of the first byte being bit 0."""
    start, stop = sheet.span(edit["flip"])
    bit = integer_of(edit.get("bit"), sheet.where)
    raw = bytearray(sheet.image.read(start, stop))
    if not 0 <= bit < 8 * len(raw):
        raise RequestError(f"{sheet.where}: expected a bit of {len(raw)} bytes, found {bit}")
    raw[bit // 8] ^= 1 << bit % 8
    sheet.replace((start, stop), bytes(raw))


def _keep(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"keep": n}`: the first n bytes of the file."""
    size = integer_of(edit["keep"], sheet.where)
    if not 0 <= size <= sheet.image.size:
        raise RequestError(f"{sheet.where}: expected at most {sheet.image.size} bytes to keep, found {size}")
    sheet.image = sheet.image.resized(size)


def _drop(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"drop": n}`: all of the file but its last n bytes."""
    _keep(sheet, {"keep": sheet.image.size - integer_of(edit["drop"], sheet.where)})


def _append(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"append": bytes}`: more bytes at the end."""
    sheet.replace((sheet.image.size, sheet.image.size), bytes_of(edit["append"], sheet.where))


def _insert(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"insert": bytes, "before": field}`: more bytes in front of a field."""
    start, _ = sheet.span(edit.get("before"))
    sheet.replace((start, start), bytes_of(edit["insert"], sheet.where))


def _remove(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"remove": field}`: all bytes of a field."""
    sheet.replace(sheet.span(edit["remove"]), b"")


def _put(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"put": bytes, "in": field, "at": n}`: bytes over those of a field or section, from its byte n on."""
    start, stop = sheet.span(edit.get("in"))
    data, at = bytes_of(edit["put"], sheet.where), integer_of(edit.get("at", 0), sheet.where)
    if start + at + len(data) > stop:
        raise RequestError(f"{sheet.where}: expected at most {stop - start - at} bytes at {at}, found {len(data)}")
    sheet.replace((start + at, start + at + len(data)), data)


EDITS: Mapping[str, Callable[[_Sheet, Mapping[str, Any]], None]] = {
    "set": _set,
    "flip": _flip,
    "put": _put,
    "keep": _keep,
    "drop": _drop,
    "append": _append,
    "insert": _insert,
    "remove": _remove,
}
"""What an edit may be, by the key that names it; each function says its form."""
