"""Header, sections, filler and footer of two containers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ... import layout
from ...layout import facts
from ...source import iter_chunks, used_nbytes
from ...spans import GAP_PATH
from .model import Bytes, Category, Difference, Place, Side, Span, place_of
from .payload import ByteComparer

__all__ = [
    "compare_fillers",
    "compare_footers",
    "compare_gaps",
    "compare_headers",
    "compare_rest",
    "compare_sizes",
    "has_same_filler",
]

_CHECKSUMS = frozenset(fact.field for fact in facts.CHECKSUMS)
_SHOWN_BYTES = 16


def compare_sizes(first: Side, second: Side) -> Iterator[Difference]:
    """The sizes of the files, which follow from what is in them."""
    if first.size != second.size:
        values = (f"{first.size} bytes", f"{second.size} bytes")
        places = (Place("file", (0, first.size)), Place("file", (0, second.size)))
        yield Difference("file", "file_size", Category.SIZE, values, places, follows=True)


def compare_headers(first: Side, second: Side) -> Iterator[Difference]:
    """The fields of the header, and the flags one by one."""
    ours, theirs = first.container.header, second.container.header
    places = first.container.header_spans, second.container.header_spans
    for name in places[0]:
        values = getattr(ours, name), getattr(theirs, name)
        if values[0] == values[1]:
            continue
        path = f"header.{name}"
        where = (Place(path, places[0][name]), Place(path, places[1][name]))
        if facts.FIELDS["header"][name].type == "flags":
            bits = layout.flags_tree(values[0]), layout.flags_tree(values[1])
            for bit in bits[0]:
                if bits[0][bit] != bits[1][bit]:
                    shown = (_shown(path, bits[0][bit]), _shown(path, bits[1][bit]))
                    inside = (Place(f"{path}.{bit}", where[0].span), Place(f"{path}.{bit}", where[1].span))
                    yield Difference("header", f"{path}.{bit}", Category.FORMAT, shown, inside)
            continue
        texts = (_shown(path, values[0]), _shown(path, values[1]))
        follows = _follows(name, first, second)
        yield Difference("header", path, Category.FORMAT, texts, where, follows=follows)


def _shown(path: str, value: Any) -> str:
    if path in _CHECKSUMS:
        return f"{value:#010x}"
    if isinstance(value, bytes):
        return value.hex()
    return str(value).lower() if isinstance(value, bool) else str(int(value))


def _follows(name: str, first: Side, second: Side) -> bool:
    """Whether a field of the header says only what the sections are like."""
    if f"header.{name}" in _CHECKSUMS:
        return first.container.header_checksum_valid and second.container.header_checksum_valid
    if name == "len_metadata":
        return True
    if name == "num_tensors":
        return first.map.is_complete and second.map.is_complete
    before = {"ofs_tensor_index": "metadata_padding", "ofs_data": "tensor_index.padding"}.get(name)
    return before is not None and has_same_filler(before, first, second)


def has_same_filler(name: str, first: Side, second: Side) -> bool:
    """Whether both have as many bytes of a filler, or both as many as the grid takes."""
    spans = _filler(first, name), _filler(second, name)
    if spans[0] is None or spans[1] is None:
        return False
    canonical = all(stop == layout.align_up(start, layout.ALIGNMENT) for start, stop in (spans[0], spans[1]))
    return canonical or spans[0][1] - spans[0][0] == spans[1][1] - spans[1][0]


def _filler(side: Side, name: str) -> Span | None:
    if name != "tensor_index.padding":
        return side.inside(name)
    if not side.map.is_complete:
        return None
    entries = side.tensors
    index = side.map.header
    return (entries[-1].entry_span[1] if entries else index.ofs_tensor_index), index.ofs_data


def compare_fillers(first: Side, second: Side, comparer: ByteComparer) -> Iterator[Difference]:
    """What fills up the sections before the data, and what lies behind the footer."""
    for name in ("header_padding", "metadata_padding", "tensor_index.padding", "trailing"):
        spans: tuple[Span | None, Span | None] = _filler(first, name), _filler(second, name)
        yield from _compare_filler(name, spans, (first, second), comparer, zeros_count=name == "trailing")


def compare_gaps(first: Side, second: Side, comparer: ByteComparer) -> Iterator[Difference]:
    """What lies between tensors, and before and behind them in their section."""
    if not (first.map.is_complete and second.map.is_complete):
        return
    gaps = _gaps(first), _gaps(second)
    for owner in {**gaps[0], **gaps[1]}:
        spans = gaps[0].get(owner), gaps[1].get(owner)
        tensor = None if owner is None else owner.decode("utf-8", "surrogateescape")
        for item in _compare_filler("tensor_data", spans, (first, second), comparer, zeros_count=False):
            what = "tensor_data.filler" if tensor is None else f"tensor.{tensor}.filler"
            yield Difference(
                "tensor_data", what, Category.FORMAT, item.values, item.places, tensor=tensor, n_bytes=item.n_bytes
            )


def _gaps(side: Side) -> dict[bytes | None, Span]:
    """The bytes of the data section that are no tensor's, by the name of the tensor before them."""
    found: dict[bytes | None, Span] = {}
    section = side.inside("tensor_data")
    if section is None:
        return found
    at, owner = section[0], None
    for tensor in sorted(side.tensors, key=lambda tensor: tensor.file_span):
        start, stop = side.data_of(tensor)
        if start > at:
            found[owner] = (at, start)
        if stop > at:
            at, owner = stop, tensor.name_bytes
    if section[1] > at:
        found[owner] = (at, section[1])
    return found


def _compare_filler(
    name: str,
    spans: tuple[Span | None, Span | None],
    sides: tuple[Side, Side],
    comparer: ByteComparer,
    *,
    zeros_count: bool,
) -> Iterator[Difference]:
    """Filler is the same when one begins like the other and goes on with zeros: its size is the layout's business."""
    ours, theirs = spans[0] or (0, 0), spans[1] or (0, 0)
    length = min(ours[1] - ours[0], theirs[1] - theirs[0])
    number, start, stop = comparer.compare((ours[0], ours[0] + length), (theirs[0], theirs[0] + length))
    for side, span in zip(sides, (ours, theirs), strict=True):
        more = span[1] - span[0] - length if zeros_count else _used(side, span[0] + length, span[1])
        if more:
            number, start, stop = number + more, start if number else length, length + more
    if number:
        found = Bytes(number, start, stop)
        left, right = (place_of(name, span, found) for span in spans)
        values = (_excerpt(sides[0], left), _excerpt(sides[1], right))
        yield Difference(name.partition(".")[0], name, Category.FORMAT, values, (left, right), n_bytes=number)


def _used(side: Side, start: int, stop: int) -> int:
    """How many bytes there are up to the last one that is not zero."""
    used = at = 0
    for piece in iter_chunks(side.container.source, start, stop):
        last = used_nbytes(piece)
        if last:
            used = at + last
        at += len(piece)
    return used


def _excerpt(side: Side, place: Place | None) -> str | None:
    """The first bytes in hexadecimal, and how many there are when those are not all."""
    if place is None:
        return None
    start, stop = place.span
    if start == stop:
        return "(no bytes)"
    text = side.container.source.read(start, min(stop, start + _SHOWN_BYTES)).hex(" ")
    return text if stop - start <= _SHOWN_BYTES else f"{text} … ({stop - start} bytes)"


def compare_footers(first: Side, second: Side, *, follows: bool) -> Iterator[Difference]:
    """The footers, present and as they are stored; `follows` when what they cover differs."""
    spans = first.inside("footer"), second.inside("footer")
    raw = [
        None if span is None else side.container.source.read(*span)
        for side, span in zip((first, second), spans, strict=True)
    ]
    if raw[0] == raw[1]:
        return
    values = _footer(raw[0]), _footer(raw[1])
    left, right = (None if span is None else Place("footer.checksum", span) for span in spans)
    follows = follows and left is not None and right is not None
    yield Difference("footer", "footer.checksum", Category.FORMAT, values, (left, right), follows=follows)


def _footer(raw: bytes | None) -> str | None:
    if raw is None or len(raw) < layout.FOOTER_SIZE:
        return None if raw is None else raw.hex(" ")
    return f"{layout.parse_footer(raw).checksum:#010x}"


def compare_rest(first: Side, second: Side, comparer: ByteComparer) -> Iterator[Difference]:
    """Every byte at its place in the file, for files whose fields do not explain all of them."""
    spans = (0, first.size), (0, second.size)
    found = comparer.compare(*spans)
    if found.n_differing:
        places = place_of(GAP_PATH, spans[0], found), place_of(GAP_PATH, spans[1], found)
        values = _excerpt(first, places[0]), _excerpt(second, places[1])
        yield Difference("file", GAP_PATH, Category.FORMAT, values, places, n_bytes=found.n_differing)
