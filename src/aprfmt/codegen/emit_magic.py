"""The specification for programs that tell files apart by their first bytes: `file`, and the desktop's MIME database.

Both know a file by its landmarks: the fields at fixed places that can have one value only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from .errors import CodegenError
from .expr import Literal
from .extent import FixedPlace, bit_fields, fixed_places
from .model import Spec, Type

__all__ = ["Identity", "Landmark", "emit", "emit_mime", "identity", "landmarks"]

_UNSIGNED = {1: ("ubyte", "%u"), 2: ("uleshort", "%u"), 4: ("ulelong", "%u"), 8: ("ulequad", "%llu")}
"""How `file` reads an unsigned little-endian integer of so many bytes, and how it prints it."""
_XML_TYPES = {1: "byte", 2: "little16", 4: "little32"}
"""How the MIME database reads an integer of so many bytes; it knows none of eight."""
_MAX_MESSAGE = 63
"""Bytes of a message that `file` keeps."""
_NAMESPACE = "http://www.freedesktop.org/standards/shared-mime-info"


@dataclass(frozen=True, slots=True)
class Identity:
    """What the file calls itself: the family of formats, the extension without its dot, the media type, the licence.

    The media type is not registered, so it begins with `x-`.
    """

    family: str
    extension: str
    media_type: str
    licence: str


@dataclass(frozen=True, slots=True)
class Landmark:
    """A field at a fixed place that can have one value only: bytes, or an integer."""

    place: FixedPlace
    value: bytes | int

    @property
    def raw(self) -> bytes:
        """The bytes in the file."""
        if isinstance(self.value, bytes):
            return self.value
        return bytes(self.value >> 8 * at & 0xFF for at in range(self.place.size))


def identity(spec: Spec) -> Identity:
    """What the files are called. Raises `CodegenError` when the specification does not say it."""
    extension, licence = spec.extension or "", spec.licence
    if not re.fullmatch(r"[a-z0-9]+", extension):
        raise CodegenError("/meta/file-extension", f"expected lower-case letters and digits, found {extension!r}")
    if licence is None:
        raise CodegenError("/meta/license", "expected a licence, for what is made to be copied")
    first = landmarks(spec)[0]
    family = first.raw.rstrip(b"\0").decode("ascii", "replace")
    if not family.isalnum():
        raise CodegenError(f"{first.place.attr.path}/contents", f"expected letters and digits, found {first.raw!r}")
    return Identity(family, extension, f"application/x-{extension}", licence)


def landmarks(spec: Spec) -> list[Landmark]:
    """The landmarks in file order. Raises `CodegenError` unless the file begins with contents."""
    found = []
    for place in fixed_places(spec):
        if place.attr.contents is not None:
            found.append(Landmark(place, place.attr.contents))
        for check in place.attr.checks:
            bound = check.kinds.get("eq")
            if place.attr.width is not None and check.refuses and isinstance(bound, Literal):
                found.append(Landmark(place, int(bound.value)))
    if not found or found[0].place.offset or not isinstance(found[0].value, bytes):
        raise CodegenError("/seq", "expected a file that begins with fixed contents")
    return found


def _escaped(raw: bytes) -> str:
    """Bytes as letters, digits and octal numbers, which a magic file and a MIME package both understand."""
    return "".join(chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"\\{byte:03o}" for byte in raw)


def _message(words: str, path: str) -> str:
    """A text that `file` prints as it is."""
    shown = " ".join(words.split()).replace("\\", "\\\\").replace("%", "%%")
    if len(shown.encode()) > _MAX_MESSAGE:
        raise CodegenError(path, f"`file` shows {_MAX_MESSAGE} bytes of a message, not all of {shown!r}")
    return shown


def _line(level: int, offset: int, kind: str, test: str, message: str = "") -> str:
    return "\t".join([f"{'>' * level}{offset}", kind, test, message]).rstrip("\t")


def _test(landmark: Landmark) -> tuple[str, str]:
    """Type and test of a landmark."""
    if isinstance(landmark.value, bytes):
        return "string", f"={_escaped(landmark.value)}"
    return _UNSIGNED[landmark.place.size][0], f"={landmark.value}"


def _known(spec: Spec, named: Identity) -> Iterator[str]:
    """The test of all landmarks, one inside the other, what the header says, and what else it may be."""
    found = landmarks(spec)
    otherwise: list[str] = []
    for level, landmark in enumerate(found):
        place = landmark.place
        last = level == len(found) - 1
        kind, test = _test(landmark)
        yield _line(level, place.offset, kind, test, _message(spec.title, "/meta/title") if last else "")
        if level:
            other = [_line(level, place.offset, "default", "x", f"{named.family} file")]
            if isinstance(landmark.value, int):
                kind, number = _UNSIGNED[place.size]
                words = f"\\b, {place.attr.id} is {number} instead of {landmark.value}"
                other.append(_line(level + 1, place.offset, kind, "x", words))
                other.append(_line(level + 1, 0, "default", "x", "\\b, truncated"))
            otherwise = other + otherwise
    yield f"!:mime\t{named.media_type}"
    yield f"!:ext\t{named.extension}"
    end = max(place.offset + place.size for place in fixed_places(spec))
    yield "# The last byte of what is always there: without it the file is cut off."
    yield _line(len(found), end - 1, "ubyte", "x")
    yield from _details(spec, len(found) + 1)
    yield _line(len(found), 0, "default", "x", "\\b, truncated")
    yield from otherwise


def _details(spec: Spec, level: int) -> Iterator[str]:
    """What the fields at fixed places tell: version, counts, sizes, flags, and where the data begins."""
    marks = {mark.place.attr.id: mark.value for mark in landmarks(spec) if isinstance(mark.value, int)}
    places = fixed_places(spec)
    for place in places:
        kind, number = _UNSIGNED.get(place.size, ("", ""))
        attr = place.attr
        base = attr.id.removesuffix("_minor")
        if attr.width is not None and base != attr.id and f"{base}_major" in marks:
            message = f"\\b, {base} {marks[f'{base}_major']}.{number}"
            yield _line(level, place.offset, kind, "x", message)
        elif attr.count_of is not None:
            many = _words(attr.id.removeprefix("num_"))
            yield _line(level, place.offset, kind, "=1", f"\\b, 1 {many.removesuffix('s')}")
            yield _line(level, place.offset, kind, "!1", f"\\b, {number} {many}")
        elif attr.size_of is not None:
            message = f"\\b, {number} bytes of {_words(attr.size_of.rpartition('.')[2])}"
            yield _line(level, place.offset, kind, "x", message)
    last = next((place for place in reversed(places) if place.attr.offset_of is not None), None)
    if last is not None:
        kind, number = _UNSIGNED[last.size]
        message = f"\\b, {_words(last.attr.offset_of or '')} at byte {number}"
        yield _line(level, last.offset, kind, "x", message)
    for place in places:
        inner = spec.types.get(place.attr.user_type or "")
        if inner is not None and inner.is_bits and place.size in _UNSIGNED:
            yield from _flags(inner, place, level)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _flags(owner: Type, place: FixedPlace, level: int) -> Iterator[str]:
    """The bits that are set, except those that a writer sets unless it is told otherwise."""
    kind = _UNSIGNED[place.size][0]
    shown = [(attr, (1 << (attr.bits or 0)) - 1 << at) for attr, at in bit_fields(owner) if not attr.default]
    every = sum(mask for _, mask in shown)
    yield _line(level, place.offset, f"{kind}&{every:#x}", "!0", f"\\b, {place.attr.id}:")
    for attr, mask in shown:
        message = attr.id if attr.bits == 1 else f"{attr.id} %#x"
        yield _line(level + 1, place.offset, f"{kind}&{mask:#x}", "!0", message)


def _lookalikes(spec: Spec, named: Identity) -> Iterator[str]:
    """Other files of the family; those of other families have magic entries of their own."""
    first = landmarks(spec)[0].place
    for raw, name in first.attr.lookalikes:
        if re.search(rf"\b{named.family}\b", name):
            shown = _message(re.sub(r"^an? ", "", name), f"{first.attr.path}/-lookalikes")
            yield _line(first.offset, first.offset, "string/b", f"={_escaped(raw)}", shown)


def emit(spec: Spec) -> str:
    """The text of a magic file, as `file` and libmagic read it, without the banner."""
    named = identity(spec)
    lines = [
        f"# SPDX-License-Identifier: {named.licence}",
        f"# {spec.title}: magic for file(1). How to use it: exports/README.md",
        "",
        *_known(spec, named),
    ]
    others = list(_lookalikes(spec, named))
    if others:
        lines += ["", "# Other files that begin alike; a text that does so is a text.", *others]
    return "\n".join(lines) + "\n"


def _matches(found: list[Landmark], depth: int) -> Iterator[str]:
    """The landmarks as matches one inside the other: all of them have to hold."""
    landmark, *rest = found
    if isinstance(landmark.value, int) and landmark.place.size in _XML_TYPES:
        kind, value = _XML_TYPES[landmark.place.size], str(landmark.value)
    else:
        kind, value = "string", _escaped(landmark.raw)
    start = f'{"  " * depth}<match type="{kind}" value="{value}" offset="{landmark.place.offset}"'
    if not rest:
        yield f"{start}/>"
        return
    yield f"{start}>"
    yield from _matches(rest, depth + 1)
    yield f"{'  ' * depth}</match>"


def emit_mime(spec: Spec) -> str:
    """The text of a shared-mime-info package, without the XML declaration and the banner."""
    named = identity(spec)
    lines = [
        f"<!-- SPDX-License-Identifier: {escape(named.licence)} -->",
        f'<mime-info xmlns="{_NAMESPACE}">',
        f"  <mime-type type={quoteattr(named.media_type)}>",
        f"    <comment>{escape(spec.title)}</comment>",
        '    <generic-icon name="package-x-generic"/>',
        '    <magic priority="50">',
        *_matches(landmarks(spec), 3),
        "    </magic>",
        f'    <glob pattern="*.{named.extension}"/>',
        "  </mime-type>",
        "</mime-info>",
    ]
    return "\n".join(lines) + "\n"
