"""Changes of built bytes at the places of fields: so a file says what no builder would.

Spans are those of the file before its first edit; an edit that changes a length moves what follows it. Checksums that
are to be sealed are computed when all edits are made, where the fields then lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..container import Container
from ..errors import AprError, RequestError
from ..layout import facts, header_crc32, parse_header
from ..limits import DEFAULT_LIMITS
from ..spans import FieldMap, FieldSpan, Kind
from .image import Image
from .words import bytes_of, integer_of

__all__ = ["EDITS", "SEALS", "edited"]

SEALS: tuple[str, ...] = tuple(item.field for item in facts.CHECKSUMS)
"""The checksum fields, in the order in which they are computed."""


class _Move(NamedTuple):
    """Bytes of the file before the edits that others took the place of, and by how much what follows moved.

    `path` is the field that they were; None for bytes that were put between fields.
    """

    start: int
    stop: int
    moved: int
    path: str | None


class _Sheet:
    """An image that is being edited, and where the fields of the file before the edits lie in it now."""

    def __init__(self, image: Image, where: str) -> None:
        self._before = FieldMap(Container(image, limits=DEFAULT_LIMITS, lenient=True))
        self._moves: list[_Move] = []
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
        low = high = 0
        for move in self._moves:
            is_itself = move.path == path
            is_behind = start >= move.stop and not is_itself
            low += move.moved * is_behind
            high += move.moved * (is_behind or is_itself or stop > move.start)
        return start + low, stop + high

    def write(self, start: int, data: bytes) -> None:
        """Put bytes over as many others."""
        self.image = self.image.replaced(start, start + len(data), data)

    def replace(self, path: str, data: bytes) -> None:
        """Put bytes in the place of those of a field."""
        start, stop = self.span(path)
        before = self.field(path).span
        self.image = self.image.replaced(start, stop, data)
        self._moves.append(_Move(*before, len(data) - (stop - start), path))

    def insert(self, path: str, data: bytes) -> None:
        """Put bytes in front of those of a field."""
        start, _ = self.span(path)
        before, _ = self.field(path).span
        self.image = self.image.replaced(start, start, data)
        self._moves.append(_Move(before, before, len(data), None))

    def seal(self, path: str) -> None:
        """Compute a checksum again; nothing happens where its field, or a part of what it covers, was cut off."""
        try:
            start, stop = self.span(path)
        except RequestError:
            return
        covers = next(item.covers for item in facts.CHECKSUMS if item.field == path)
        if max(stop, facts.HEADER_SIZE if covers == "header" else 0) > self.image.size:
            return
        if covers == "all-before":
            value = self.image.crc32(start)
        else:
            value = header_crc32(self.image.read(0, facts.HEADER_SIZE))
        self.write(start, value.to_bytes(stop - start, "little"))


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
        try:
            EDITS[kind](sheet, edit)
        except AprError as error:  # the bytes are not there any more
            said = str(error)
            raise RequestError(said if said.startswith(where) else f"{where}: {said}") from error
    for path in SEALS:
        if path in seals:
            sheet.seal(path)
    return sheet.image


def _set(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"set": field, "to": value}`: an integer in the width of its field, a list of integers, bytes of any length."""
    path, value = str(edit["set"]), edit.get("to")
    field = sheet.field(path)
    if isinstance(value, dict):
        sheet.replace(path, bytes_of(value, sheet.where))
    elif isinstance(value, list):
        width = field.nbytes // max(1, len(value))
        sheet.replace(path, b"".join(_packed(sheet, item, width) for item in value))
    elif field.kind is Kind.BITS and field.bits is not None:
        position, width = field.bits
        flags = int(parse_header(sheet.image.read(0, facts.HEADER_SIZE)).flags)
        mask = ((1 << width) - 1) << position
        number = flags & ~mask | integer_of(value, sheet.where) << position & mask
        sheet.replace(path, _packed(sheet, number, field.nbytes))
    else:
        sheet.replace(path, _packed(sheet, value, field.nbytes))


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
    sheet.write(start, bytes(raw))


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
    end = sheet.image.size
    sheet.image = sheet.image.replaced(end, end, bytes_of(edit["append"], sheet.where))


def _insert(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"insert": bytes, "before": field}`: more bytes in front of a field."""
    sheet.insert(str(edit.get("before")), bytes_of(edit["insert"], sheet.where))


def _remove(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"remove": field}`: all bytes of a field."""
    sheet.replace(str(edit["remove"]), b"")


def _put(sheet: _Sheet, edit: Mapping[str, Any]) -> None:
    """`{"put": bytes, "in": field, "at": n}`: bytes over those of a field or section, from its byte n on."""
    start, stop = sheet.span(edit.get("in"))
    data, at = bytes_of(edit["put"], sheet.where), integer_of(edit.get("at", 0), sheet.where)
    if at < 0 or start + at + len(data) > stop:
        raise RequestError(f"{sheet.where}: expected at most {stop - start - at} bytes at {at}, found {len(data)}")
    sheet.write(start + at, data)


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
