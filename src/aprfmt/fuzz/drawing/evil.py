"""Evil values: for a field of a file, the numbers and bytes at which readers go wrong.

They follow from what the specification states of the field, evaluated on the file itself: each bound, one less and one
more; where integers of some width end; the size of the file; the value that is there, and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from ...container import Container
from ...errors import AprError
from ...layout import ALIGNMENT, MAGIC, facts
from ...layout.model import Statement
from ...vectors.image import Image
from ...vectors.words import wide
from .draws import Draws
from .recipe import SEALS, hexed

__all__ = ["Field", "evil_edits", "fields_of", "numbers"]

ONE_IN = 1 << 7
"""One field in so many has an evil value."""
_FLIPPED = 4
"""Of the cases with exactly one evil field, one in so many has a flipped bit in the place of an evil value."""
_MOST_ENTRIES = 8
_WORD = 32
_WIDTHS = (7, 8, 15, 16, _WORD - 1, _WORD, 52, 53, 2 * _WORD - 2, 2 * _WORD - 1)
"""Bits at which integers of some language end."""

_NAMES = (
    b"",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"a\0b",
    b"\x1b[2J",
    b"\n",
    b"A",
    b"zzzz",
    b"\xf4\x90\x80\x80",
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a file: its path there, and in the specification; the entry that it is in, its value and its width."""

    path: str
    spec: str
    entry: int
    value: Any
    bits: int

    @property
    def statements(self) -> Sequence[Statement]:
        """What the specification says of it."""
        return _STATEMENTS.get(self.spec, ())


_STATEMENTS: Mapping[str, Sequence[Statement]] = {
    item.path: [other for other in facts.STATEMENTS if other.path == item.path] for item in facts.STATEMENTS
}


def fields_of(container: Container) -> list[Field]:
    """The fields of header, entries and footer of a sound file that an edit can set, in the order of the file."""
    header = container.header
    found = [_field(f"header.{name}", getattr(header, name)) for name in facts.FIELDS["header"] if name != "flags"]
    for name, position, width in facts.FLAGS_BITS:
        found.append(_field(f"header.flags.{name}", header.flags >> position & ((1 << width) - 1), f"flags.{name}"))
    for tensor in container.tensors[:_MOST_ENTRIES]:
        for name in facts.FIELDS["tensor_index_entry"]:
            path = f"tensor_index.entries[{tensor.index}].{name}"
            found.append(_field(path, getattr(tensor.entry, name), f"tensor_index_entry.{name}", tensor.index))
    with suppress(AprError):  # of a file that is cut it cannot be said
        if container.footer is not None:
            found.append(_field(SEALS[-1], container.footer.checksum))
    return found


def _field(path: str, value: Any, spec: str = "", entry: int = 0) -> Field:
    spec = spec or path
    stated = (item.bits for item in _STATEMENTS.get(spec, ()) if item.bits is not None)
    bits = next(stated, 8 * len(value) if isinstance(value, bytes) else 0)
    if isinstance(value, tuple):
        bits = len(value) * ((facts.FIELDS["tensor_index_entry"]["dims"].limit or 1) - 1).bit_length()
    return Field(path, spec, entry, value, bits)


def numbers(field: Field, container: Container) -> list[int]:
    """Evil values for a field that holds a number; the one that is there is none of them."""
    most = (1 << field.bits) - 1
    value = int(field.value)
    found = [0, 1, most, most - 1, value - 1, value + 1, value + ALIGNMENT, value - ALIGNMENT, value ^ 1]
    found += [number for width in _WIDTHS if width < field.bits for number in ((1 << width) - 1, 1 << width)]
    for bound in _bounds(field, container):
        found += [bound - 1, bound, bound + 1]
    size = container.source.size
    if field.bits > _WORD:
        found += [size - 1, size, size + 1, value + (1 << _WORD), most - size, most + 1 - value]
    found += _neighbours(field, container)
    return [number for number in dict.fromkeys(found) if 0 <= number <= most and number != value]


def _bounds(field: Field, container: Container) -> Iterator[int]:
    """What the specification holds the field against, in this file; the ids of an enum with them."""
    for item in field.statements:
        if item.kind == "in-enum":
            yield from sorted(facts.DTYPE_CODES)
        elif item.bound is not None:
            with suppress(AprError, AttributeError, IndexError):
                yield item.bound(*_reading(field, container))


def _reading(field: Field, container: Container) -> tuple[Any, Any, Any, int]:
    root = container.root
    if not field.spec.startswith("tensor_index_entry."):
        return container.header, root, root, 0
    entries = [tensor.entry for tensor in container.tensors]
    root.tensor_index = parent = SimpleNamespace(entries=entries)
    return entries[field.entry], root, parent, field.entry


def _neighbours(field: Field, container: Container) -> list[int]:
    """What the same field of other entries says."""
    if not field.spec.startswith("tensor_index_entry."):
        return []
    name = field.spec.partition(".")[2]
    with suppress(AprError):
        others = container.tensors[:_MOST_ENTRIES]
        return [int(getattr(tensor.entry, name)) for tensor in others if tensor.index != field.entry]
    return []


def evil_edits(draws: Draws, raw: bytes, *, pointed: bool) -> tuple[list[dict[str, Any]], tuple[str, ...], list[str]]:
    """Edits that give about one field in `ONE_IN` an evil value, the seals that go with them, and the fields.

    `pointed`: exactly one field, whichever it is.
    """
    container = Container(Image.of(raw), lenient=True)
    fields = fields_of(container)
    if pointed and fields and draws.chance(_FLIPPED):
        return _flipped(draws, draws.pick(fields))
    # Without a field that is meant, each has its chance.
    chosen = [draws.pick(fields)] if pointed and fields else [field for field in fields if draws.chance(ONE_IN)]
    edits = [edit for field in chosen for edit in _edits(draws, field, container)]
    paths = [field.path for field in chosen]
    return edits, tuple(seal for seal in SEALS if seal not in paths), paths


def _flipped(draws: Draws, field: Field) -> tuple[list[dict[str, Any]], tuple[str, ...], list[str]]:
    """One bit of a field flipped behind the back of the checksums, as disks do it."""
    flip = {"flip": field.path, "bit": draws.below(field.bits)} if field.bits else {}
    seal = tuple(seal for seal in SEALS if seal != field.path) if draws.chance(2) else ()
    # Without its footer computed again a file may look as if it had none.
    return ([flip] if flip else []), seal[:1] if draws.chance(2) else (), [f"bit of {field.path}"]


def _edits(draws: Draws, field: Field, container: Container) -> Iterable[dict[str, Any]]:
    name = field.spec.rpartition(".")[2]
    if field.path in SEALS:
        return ({"flip": field.path, "bit": draws.below(field.bits)},)
    if name == "name":
        return _name_edits(draws, field, container)
    if name == "dims":
        return ({"set": field.path, "to": _dims(draws, field.value)},) if field.value else ()
    if isinstance(field.value, bytes):
        return ({"set": field.path, "to": hexed(_bytes(draws, name, field.value))},)
    return ({"set": field.path, "to": wide(draws.pick(numbers(field, container)))},)


def _name_edits(draws: Draws, field: Field, container: Container) -> Iterable[dict[str, Any]]:
    """Another name, and in three cases of four its size; names at which readers cut, and that of another entry."""
    longest = max(_bounds(_sized(field), container), default=0)
    others = [tensor.name_bytes for tensor in container.tensors if tensor.index != field.entry]
    name = draws.pick((*_NAMES, *others, field.value + b"\0", b"n" * (longest + 1), b"\xc3" * longest))
    edits: list[dict[str, Any]] = [{"set": field.path, "to": hexed(name)}]
    if not draws.chance(4):
        edits.append({"set": f"{field.path.rpartition('.')[0]}.len_name", "to": len(name)})
    return edits


def _sized(field: Field) -> Field:
    """The field that says how long a name is."""
    return Field("", "tensor_index_entry.len_name", field.entry, 0, 0)


def _dims(draws: Draws, dims: Sequence[int]) -> list[int | str]:
    """The same number of dimensions, one or all of which are evil: products that wrap are among them."""
    evil = (0, 1, 2, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 53, 1 << 62, 1 << 63, (1 << 64) - 1)
    if len(dims) > 1 and draws.chance(4):
        return [wide(1 << 32) for _ in dims]
    place = draws.below(len(dims))
    other = draws.pick((*evil, dims[place] + 1, dims[place] ^ 1, (dims[place] + (1 << 63)) % (1 << 64)))
    return [wide(other if number == place else dim) for number, dim in enumerate(dims)]


def _bytes(draws: Draws, name: str, value: bytes) -> bytes:
    """Other bytes of the same length: one bit flipped, or those of another format."""
    if name == "magic" and draws.chance(2):
        return draws.pick([*facts.MAGIC_LOOKALIKES, MAGIC[::-1], MAGIC.lower()])
    at, bit = draws.below(len(value)), draws.below(8)
    return bytes(byte ^ (1 << bit if number == at else 0) for number, byte in enumerate(value))
