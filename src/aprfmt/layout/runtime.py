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
from struct import iter_unpack
from typing import Any

from construct import (
    Construct,
    Container,
    FormatField,
    FormatFieldError,
    StreamError,
    Struct,
    Subconstruct,
    stream_read,
    stream_write,
)

from .model import BlockFacts, block_nbytes

__all__ = [
    "NOT_THERE",
    "Absent",
    "BitFields",
    "Counted",
    "Derived",
    "Exactly",
    "Fields",
    "Rest",
    "Section",
    "first_nbytes",
    "offset_of",
    "size_of_all",
]

Expression = Callable[[Any], Any]

NOT_THERE: Any = object()
"""An optional section that the caller gives as absent, as opposed to one that was left to be derived."""


_UNDERIVABLE = (AttributeError, KeyError, IndexError, TypeError, ValueError, ArithmeticError)
"""What an expression over a tree raises when the tree lacks something, or holds something else."""


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
        if obj is not None:
            return self.subcon._build(obj, stream, context, path)  # noqa: SLF001 - Construct's own protocol
        try:
            return self.subcon._build(self.derive(context), stream, context, path)  # noqa: SLF001 - as above
        except _UNDERIVABLE as error:
            raise FormatFieldError(f"neither given nor derived: {_lacking(error)}", path=path) from error


def _lacking(error: Exception) -> str:
    """What a tree lacks, or has wrong, when an expression over it raises."""
    if isinstance(error, AttributeError):
        return f"expected {error.name or error}, found none"
    if isinstance(error, KeyError):
        return f"expected a value that is known, found {error}"
    return "the rest of the tree does not say it"


class Fields(Struct):  # type: ignore[misc] # Construct is untyped
    """A Struct of named fields that calls them directly; Construct takes three calls a field."""

    def __init__(self, *subcons: Any) -> None:
        super().__init__(*subcons)
        self.steps = tuple((item.name, item.subcon, f" -> {item.name}") for item in subcons)
        self.parsers = tuple((name, field._parse, step) for name, field, step in self.steps)  # noqa: SLF001 - as above

    def _parse(self, stream: Any, context: Any, path: str) -> Container:
        own = _inner_context(context)
        tree = Container()
        for name, parse, step in self.parsers:
            tree[name] = own[name] = parse(stream, own, path + step)
        return tree

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Container:
        own = _inner_context(context)
        given = {} if obj is None else obj
        own.update(given)
        for name, field, step in self.steps:
            if name not in given and not field.flagbuildnone:
                raise FormatFieldError("neither given nor derived", path=path + step)
            own[name] = field._build(given.get(name), stream, own, path + step)  # noqa: SLF001 - Construct's own protocol
        return own


def _inner_context(outer: Any) -> Container:
    """What the expressions of a struct see, spelled as Construct does."""
    own = Container(_=outer, _params=outer._params, _index=outer.get("_index"))  # noqa: SLF001 - Construct's own protocol
    own._root = outer.get("_root", own)  # noqa: SLF001 - as above
    return own


def _write_bytes(obj: Any, stream: Any, path: str, align: int | None) -> bytes:
    """Write what the tree gives; when it gives nothing, zero bytes up to the next multiple of `align`."""
    if obj is None and align is not None:
        value = bytes(-stream.tell() % align)
    elif isinstance(obj, bytes | bytearray | memoryview):
        value = bytes(obj)
    else:  # bytes(5) would be five zero bytes
        raise FormatFieldError(f"expected bytes, found {type(obj).__name__}", path=path)
    stream_write(stream, value, len(value), path)
    return value


class Exactly(Construct):  # type: ignore[misc] # Construct is untyped
    """As many bytes as an expression says; on build, the bytes of the tree, and filler when there are none."""

    def __init__(self, length: Expression, align: int | None = None) -> None:
        super().__init__()
        self.length = length
        self.align = align
        self.flagbuildnone = align is not None

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        return bytes(stream_read(stream, self.length(context), path))

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> bytes:  # noqa: ARG002 - Construct's own protocol
        return _write_bytes(obj, stream, path, self.align)


class Rest(Construct):  # type: ignore[misc] # Construct is untyped
    """Everything up to the end of the enclosing section; on build, the bytes of the tree, or filler."""

    def __init__(self, align: int | None = None) -> None:
        super().__init__()
        self.align = align
        self.flagbuildnone = align is not None

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:  # noqa: ARG002 - Construct's own protocol
        return bytes(stream.read())

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> bytes:  # noqa: ARG002 - Construct's own protocol
        return _write_bytes(obj, stream, path, self.align)


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
        if isinstance(subcon, FormatField):
            self._parse = self._parse_numbers  # type: ignore[method-assign] # as Derived does

    def _parse_numbers(self, stream: Any, context: Any, path: str) -> list[int]:
        raw = stream_read(stream, self.subcon.length * self.count(context), path)
        return [number for (number,) in iter_unpack(self.subcon.fmtstr, raw)]

    def _parse(self, stream: Any, context: Any, path: str) -> list[Any]:
        elements = []
        parse = self.subcon._parse  # noqa: SLF001 - Construct's own protocol
        outer = context._index  # noqa: SLF001 - as above; another list may be counting around this one
        for index in range(self.count(context)):
            context._index = index  # noqa: SLF001 - as above
            elements.append(parse(stream, context, path))
        context._index = outer  # noqa: SLF001 - as above
        return elements

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> list[Any]:
        if not isinstance(obj, list | tuple | None):
            raise FormatFieldError(f"expected a list, found {type(obj).__name__}", path=path)
        finished: list[Any] = []
        context[self.field] = finished
        build = self.subcon._build  # noqa: SLF001 - Construct's own protocol
        outer = context._index  # noqa: SLF001 - as above; another list may be counting around this one
        for index, element in enumerate(obj or ()):
            context._index = index  # noqa: SLF001 - as above
            finished.append(build(element, stream, context, path))
        context._index = outer  # noqa: SLF001 - as above
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

    def _parse(self, stream: Any, context: Any, path: str) -> Container:  # noqa: ARG002 - Construct's own protocol
        word = int.from_bytes(stream_read(stream, self.nbytes, path), "little")
        return Container(
            (name, bool(word >> position & 1) if width == 1 else word >> position & ((1 << width) - 1))
            for name, position, width, _ in self.fields
        )

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:  # noqa: ARG002 - Construct's own protocol
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
        end = stream.seek(0, io.SEEK_END)
        # Before the seek: a stream takes no position beyond 2^63. Nothing at all may lie anywhere.
        if position < 0 or size < 0 or (size and position + size > end):
            raise StreamError(f"{self.section} would lie at {position} with {size} bytes, in {end} bytes", path=path)
        stream.seek(min(position, end))
        raw = bytes(stream_read(stream, size, path))
        if self.subcon is None:
            return raw
        return self.subcon._parsereport(io.BytesIO(raw), context, path)  # noqa: SLF001 - Construct's own protocol

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        start = stream.tell()
        built = obj
        if obj is NOT_THERE or (obj is None and self.optional is Absent.ABSENT):
            built = None
        elif self.subcon is not None:
            built = self.subcon._build(Container() if obj is None else obj, stream, context, path)  # noqa: SLF001 - as above
        else:
            if obj is None and self.align is None:
                raise StreamError(f"{self.section} is neither given nor derived", path=path)
            built = _write_bytes(obj, stream, path, self.align)
        context._params.spans[self.section] = (start, stream.tell())  # noqa: SLF001 - Construct's own protocol
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


def size_of_all(size: Callable[[Any, int], int], items: Sequence[Any] | None, start: int) -> int:
    """Size in bytes of elements that are built one behind the other from byte `start` on."""
    at = start
    for item in items or ():
        at += size(item, at)
    return at - start


def first_nbytes(facts: Mapping[int, BlockFacts], code: int, shape: Sequence[int]) -> int:
    """The size in bytes that a writer gives a tensor of this element type and shape."""
    return block_nbytes(facts[int(code)], shape)[0]
