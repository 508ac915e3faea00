"""The few constructs that Construct lacks for a format in which every field is given or derived.

Nothing here knows APR. The structs that use these classes are generated into `_generated/structs.py`.

Rules of this file:
1. Parsing is lenient: it takes what is there and judges nothing.
2. On build a given value wins, whatever it says, so that a damaged tree can be rebuilt as well as a good one; a key
   that is missing is derived. `NOT_THERE` stands for a section that is given as absent.
3. A short read is always an error; nothing is padded or cut in silence.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from construct import Construct, Container, StreamError, Subconstruct, stream_read, stream_write

from .model import BlockFacts, block_nbytes

__all__ = [
    "NOT_THERE",
    "Absent",
    "BitFields",
    "Counted",
    "Derived",
    "Exactly",
    "Rest",
    "Section",
    "first_nbytes",
    "offset_of",
]

Expression = Callable[[Any], Any]

NOT_THERE: Any = object()
"""An optional section that the caller gives as absent, as opposed to one that was left to be derived."""


class Absent(Enum):
    """What an optional section becomes when the tree does not mention it."""

    DERIVED = "derived"
    ABSENT = "absent"


class Derived(Subconstruct):  # type: ignore[misc] # Construct is untyped
    """A field that is taken from the tree when it is there, and computed from the rest of the tree when it is not."""

    def __init__(self, subcon: Construct, derive: Expression) -> None:
        super().__init__(subcon)
        self.derive = derive
        self.flagbuildnone = True
        self._parse = subcon._parse  # noqa: SLF001 - parsing adds nothing, so it costs nothing

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        value = self.derive(context) if obj is None else obj
        return self.subcon._build(value, stream, context, path)  # noqa: SLF001 - Construct's own protocol


def _filler(stream: Any, align: int) -> bytes:
    """Zero bytes from the current position to the next multiple of `align`."""
    return bytes(-stream.tell() % align)


class Exactly(Construct):  # type: ignore[misc] # Construct is untyped
    """As many bytes as an expression says; on build, the bytes of the tree, and filler when there are none."""

    def __init__(self, length: Expression, align: int | None = None) -> None:
        super().__init__()
        self.length = length
        self.align = align
        self.flagbuildnone = align is not None

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        return bytes(stream_read(stream, self.length(context), path))

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> bytes:
        value = _filler(stream, self.align or 1) if obj is None else bytes(obj)
        stream_write(stream, value, len(value), path)
        return value


class Rest(Construct):  # type: ignore[misc] # Construct is untyped
    """Everything up to the end of the enclosing section; on build, the bytes of the tree, or filler."""

    def __init__(self, align: int) -> None:
        super().__init__()
        self.align = align
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        return bytes(stream.read())

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> bytes:
        value = _filler(stream, self.align) if obj is None else bytes(obj)
        stream_write(stream, value, len(value), path)
        return value


class Counted(Subconstruct):  # type: ignore[misc] # Construct is untyped
    """As many elements as an expression says; on build, all that the tree holds, whatever the count claims.

    While it builds, the elements that are finished replace the list in the context, so that an element can be derived
    from the one before it.
    """

    def __init__(self, name: str, subcon: Construct, count: Expression) -> None:
        super().__init__(subcon)
        self.field = name
        self.count = count
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> list[Any]:
        elements = []
        parse = self.subcon._parsereport  # noqa: SLF001 - Construct's own protocol
        for index in range(self.count(context)):
            context._index = index
            elements.append(parse(stream, context, path))
        return elements

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> list[Any]:
        given = list(obj or ())
        finished: list[Any] = []
        for index, element in enumerate(given):
            context._index = index
            context[self.field] = finished
            finished.append(self.subcon._build(element, stream, context, path))  # noqa: SLF001 - as above
        return finished


class BitFields(Construct):  # type: ignore[misc] # Construct is untyped
    """A little-endian integer as named bits, the least significant first; undefined bits have a name too.

    Construct's own FlagsEnum drops the bits it does not know.
    """

    def __init__(self, nbytes: int, fields: Sequence[tuple[str, int, int, int]]) -> None:
        super().__init__()
        self.nbytes = nbytes
        self.fields = tuple(fields)
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> Container:
        word = int.from_bytes(stream_read(stream, self.nbytes, path), "little")
        return Container(
            (name, bool(word >> position & 1) if width == 1 else word >> position & ((1 << width) - 1))
            for name, position, width, _ in self.fields
        )

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        given: Mapping[str, Any] = {} if obj is None else obj
        unknown = set(given) - {name for name, *_ in self.fields}
        if unknown:
            raise StreamError(f"no such flags: {sorted(unknown)}", path=path)
        word = 0
        for name, position, width, default in self.fields:
            value = int(given.get(name, default))
            if not 0 <= value < 1 << width:
                raise StreamError(f"{name} does not fit into {width} bits: {value}", path=path)
            word |= value << position
        stream_write(stream, word.to_bytes(self.nbytes, "little"), self.nbytes, path)
        return given


class Section(Construct):  # type: ignore[misc] # Construct is untyped
    """A part of the file: parsed from where the header says it lies, built behind the section before it.

    Sections are built one after the other, so that a header which lies about them can be built too.
    """

    def __init__(
        self,
        name: str,
        position: Expression,
        size: Expression,
        *,
        subcon: Construct | None = None,
        when: Expression | None = None,
        optional: Absent | None = None,
        align: int | None = None,
    ) -> None:
        super().__init__()
        self.section = name
        self.position = position
        self.size = size
        self.subcon = subcon
        self.when = when
        self.optional = optional
        self.align = align
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        if self.when is not None and not self.when(context):
            return None
        position, size = self.position(context), self.size(context)
        if position < 0 or (size is not None and size < 0):
            raise StreamError(f"{self.section} would lie at {position} with {size} bytes", path=path)
        stream.seek(position)
        if self.subcon is None:
            return bytes(stream_read(stream, size, path))
        part = stream if size is None else io.BytesIO(stream_read(stream, size, path))
        return self.subcon._parsereport(part, context, path)  # noqa: SLF001 - Construct's own protocol

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        start = stream.tell()
        built = obj
        if obj is NOT_THERE or (obj is None and self.optional is Absent.ABSENT):
            built = None
        elif self.subcon is not None:
            built = self.subcon._build(Container() if obj is None else obj, stream, context, path)  # noqa: SLF001
        else:
            if obj is None and self.align is None:
                raise StreamError(f"{self.section} is neither given nor derived", path=path)
            built = _filler(stream, self.align or 1) if obj is None else bytes(obj)
            stream_write(stream, built, len(built), path)
        context._params.spans[self.section] = (start, stream.tell())
        return built


def offset_of(root: Any, sizes: Mapping[str, Callable[[Any, int], int]], name: str) -> int:
    """Where the section `name` begins when the sections of `root` follow each other in the order of `sizes`."""
    at = 0
    for section, size in sizes.items():
        if section == name:
            break
        value = root.get(section)
        if value is not NOT_THERE:
            at += size(value, at)
    return at


def first_nbytes(facts: Mapping[int, BlockFacts], code: int, shape: Sequence[int]) -> int:
    """The size in bytes that a writer gives a tensor of this element type and shape."""
    return block_nbytes(facts[int(code)], shape)[0]
