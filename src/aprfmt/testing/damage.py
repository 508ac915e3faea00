"""Damage to whole files: what disks, networks, broken writers and attackers make of them."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from .. import layout
from ..errors import AprError
from ..layout import facts
from .asked import raw_asked

__all__ = ["damaged", "sealed"]

_EVIL = (0, 1, 19, 63, 64, 65, 255, 256, 0xFFFF, 1 << 31, (1 << 32) - 1, 1 << 53, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
_NEAR = (-64, -1, 1, 64)
_HEADER_FIELDS = (
    *("num_tensors", "len_metadata", "ofs_metadata", "ofs_tensor_index", "ofs_data"),
    *("flags", "version_major"),
)
_ENTRY_FIELDS = ("len_name", "dtype", "ndim", "ofs_tensor", "len_tensor")


def sealed(raw: bytes) -> bytes:
    """The file with the checksum that its header needs, so that readers go on to what is behind it.

    A file that is too small for a header stays as it is.
    """
    raw = raw_asked("raw", raw)
    if len(raw) < layout.HEADER_SIZE:
        return raw
    return _put(
        raw, facts.spans_header(layout.parse_header(raw), 0)["checksum"], layout.header_crc32(raw[: layout.HEADER_SIZE])
    )


def _put(raw: bytes, span: tuple[int, int], value: int) -> bytes:
    start, stop = span
    value &= (1 << 8 * (stop - start)) - 1
    return raw[:start] + value.to_bytes(stop - start, "little") + raw[stop:]


def _wrong(draw: st.DrawFn, right: int, raw: bytes) -> int:
    """A value that is near the right one, near the size of the file, at an end or a boundary, or one bit off."""
    kind = draw(st.sampled_from(("near", "end", "size", "evil", "bit")))
    if kind == "end":
        return draw(st.sampled_from((_EVIL[0], _EVIL[-1])))
    if kind == "near":
        return right + draw(st.sampled_from(_NEAR))
    if kind == "size":
        return len(raw) + draw(st.integers(-70, 2))
    return draw(st.sampled_from(_EVIL)) if kind == "evil" else right ^ 1 << draw(st.integers(0, 15))


def _places(raw: bytes) -> st.SearchStrategy[int]:
    """Positions in the file, its end included; mostly behind the header, without which little is left to judge."""
    head = min(layout.HEADER_SIZE, len(raw))
    # Samples of a range are drawn evenly, integers mostly near its ends.
    behind = st.sampled_from(range(head, len(raw) + 1))
    near_end = st.sampled_from(range(max(0, len(raw) - 70), len(raw) + 1))
    return st.one_of(behind, behind, near_end, near_end, st.sampled_from(range(len(raw) + 1)))


def _flipped(draw: st.DrawFn, raw: bytes) -> bytes:
    damaged_raw = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(_places(raw))
        if at < len(raw):
            damaged_raw[at] ^= 1 << draw(st.integers(0, 7))
    return bytes(damaged_raw)


def _truncated(draw: st.DrawFn, raw: bytes) -> bytes:
    return raw[: draw(_places(raw))]


def _spliced(draw: st.DrawFn, raw: bytes) -> bytes:
    """A stretch of the file, or a few bytes, in place of another stretch; both may be empty."""
    places = _places(raw)
    start, stop = sorted((draw(places), draw(places)))
    first, last = sorted((draw(places), draw(places)))
    middle = raw[first:last] if draw(st.booleans()) else draw(st.binary(max_size=4))
    return raw[:start] + middle + raw[stop:]


def _miscounted(draw: st.DrawFn, raw: bytes) -> bytes:
    """A count, size or offset of the header that is wrong, with a header checksum that is right."""
    if len(raw) < layout.HEADER_SIZE:
        return raw
    header = layout.parse_header(raw)
    field = draw(st.sampled_from(_HEADER_FIELDS))
    right = int(getattr(header, field))
    start, stop = facts.spans_header(header, 0)[field]
    # Numbers near the right one say little of flags: each of them is a bit of its own.
    value = right ^ 1 << draw(st.integers(0, 8 * (stop - start) - 1)) if field == "flags" else _wrong(draw, right, raw)
    return sealed(_put(raw, (start, stop), value))


def _misplaced(draw: st.DrawFn, raw: bytes) -> bytes:
    """A field of an index entry that is wrong, or two entries that are swapped, with checksums that are right."""
    try:
        tree = layout.parse(raw)
    except AprError:
        return raw
    entries = tree["tensor_index"]["entries"]
    if not entries:
        return raw
    at = draw(st.integers(0, len(entries) - 1))
    field = draw(st.sampled_from((*_ENTRY_FIELDS, "swap", "twice")))
    if field == "swap":
        entries[at], entries[0] = entries[0], entries[at]
    elif field == "twice":
        entries[at] = entries[0]
    else:
        span = facts.spans_tensor_index_entry(_BLANK_ENTRY, 0)[field]
        entries[at][field] = _wrong(draw, entries[at][field], raw) & ((1 << 8 * (span[1] - span[0])) - 1)
    for section in ("header", "footer"):
        if tree[section] is not None:
            del tree[section]["checksum"]
    return layout.build(tree)


_BLANK_ENTRY = layout.TensorIndexEntry(0, b"", 0, 0, (), 0, 0)
_KINDS: tuple[Callable[[st.DrawFn, bytes], bytes], ...] = (
    _truncated,
    _flipped,
    _spliced,
    _miscounted,
    _misplaced,
    _misplaced,
)


def damaged(base: st.SearchStrategy[bytes] | bytes) -> st.SearchStrategy[bytes]:
    """`base` with bits flipped, parts cut or moved, counts or extents wrong. Some 300 a second on small files.

    Now and then the damage hits what no rule covers, so the result may still be valid. In about half of the files the
    header checksum is made right again, which lets readers that check it first see the rest.

    Raises `RequestError` for anything that is neither bytes nor a strategy; of a strategy, when it draws no bytes.
    """
    return _damaged(base if isinstance(base, st.SearchStrategy) else st.just(_as_bytes(base)))


def _as_bytes(base: object) -> bytes:
    return raw_asked("base", base, "bytes, or a strategy of them")


@st.composite
def _damaged(draw: st.DrawFn, base: st.SearchStrategy[bytes]) -> bytes:
    raw = _as_bytes(draw(base))
    for _ in range(draw(st.integers(1, 2))):
        raw = draw(st.sampled_from(_KINDS))(draw, raw)
    return sealed(raw) if draw(st.booleans()) else raw
