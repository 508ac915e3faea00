"""What relates fields of a file, rule by rule, said a second time in the plainest way there is: for the rule model.

Sides of statements that are met on the way are noted, as the coverage of the specification wants them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any
from zlib import crc32

from ...layout import facts
from ...layout._generated.metadata_schema import KEYS
from ...provenance import FLAG_KEYS, PROVENANCE_KEYS, says_nothing
from .records import EndError, ModelFile, footer_at, read_entry
from .schema import has_type
from .strictjson import Pairs, RefusedError, UndecidedError, depth_of, value_of

__all__ = ["TOLD"]

_DEEPEST = 127
"""Levels that the format allows, the object itself included; `docs/rules.md` states it under APR-M005."""


def too_small(file: ModelFile) -> bool:
    return file.header is None


def header_checksum(file: ModelFile) -> bool:
    start, stop = file.head.spans["checksum"]
    held = crc32(file.raw[stop : facts.HEADER_SIZE], crc32(file.raw[:start])) == file.head.checksum
    file.sides.add(("header.checksum checksum", held))
    return not held


def index_too_small(file: ModelFile) -> bool:
    """Read the entries; from here on they are known."""
    at, stop = file.head.ofs_tensor_index, file.head.ofs_data
    section = file.raw[:stop]
    for _ in range(file.head.num_tensors):
        try:
            entry, at = read_entry(section, at)
        except EndError:
            file.entries.clear()
            return True
        file.entries.append(entry)
        file.ends.append(at)
    file.whole_index = True
    return False


def quantized_flag(file: ModelFile) -> bool:
    known = (facts.DTYPE_FACTS.get(entry.dtype) for entry in file.entries)
    return bool(file.head.flags.quantized) and not any(item is not None and item.quantized for item in known)


def layout_unsaid(file: ModelFile) -> bool:
    return not (file.head.flags.layout_row_major or file.head.flags.layout_column_major)


def metadata_not_utf8(file: ModelFile) -> bool:
    try:
        file.text().decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def metadata_too_deep(file: ModelFile) -> bool | None:
    text = file.text().decode("utf-8")
    if depth_of(text) <= _DEEPEST:
        return False
    try:
        value_of(text)
    except RefusedError:
        return None  # of text that is no JSON either rule may be named
    except UndecidedError:
        pass
    return True


def metadata_not_json(file: ModelFile) -> bool | None:
    try:
        file.metadata = value_of(file.text().decode("utf-8"))
    except RefusedError:
        return True
    except UndecidedError:
        return None
    return False


def metadata_not_object(file: ModelFile) -> bool:
    return not isinstance(file.metadata, Pairs)


def metadata_type(file: ModelFile) -> bool | None:
    members = file.members()
    if members is None:
        return None
    return not all(has_type(key, members[key.name]) for key in KEYS if key.name in members)


def key_twice(file: ModelFile) -> bool | None:
    return None if file.members() is None else any(_has_twice(item) for item in _objects(file.metadata))


def flag_contradicts(file: ModelFile) -> bool | None:
    members = file.members()
    if members is None or file.header is None:
        return None
    flags = file.head.flags
    return any(
        bool(getattr(flags, str(flag.name).lower())) != (members.get(key) is not None)
        for flag, key in FLAG_KEYS.items()
    )


def provenance_absent(file: ModelFile) -> bool | None:
    members = file.members()
    return None if members is None else any(members.get(key) is None for key in PROVENANCE_KEYS)


def provenance_meaningless(file: ModelFile) -> bool | None:
    members = file.members()
    if members is None:
        return None
    return any(isinstance(members.get(key), str) and says_nothing(members[key]) for key in PROVENANCE_KEYS)


def filler(file: ModelFile) -> bool:
    end = file.head.ofs_metadata + file.head.len_metadata
    before = file.zero("header_padding", facts.HEADER_SIZE, file.head.ofs_metadata)
    return file.zero("metadata_padding", end, file.head.ofs_tensor_index) or before


def names(file: ModelFile) -> bool:
    return any(not _is_utf8(entry.name) for entry in file.entries)


def control_characters(file: ModelFile) -> bool:
    names = (entry.name.decode("utf-8", "surrogateescape") for entry in file.entries)
    return any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for name in names for character in name)


def ambiguous(file: ModelFile) -> bool:
    known = (facts.DTYPE_FACTS.get(entry.dtype) for entry in file.entries)
    return any(item is not None and item.ggml_id is not None and item.canonical_code == item.code for item in known)


def size_wrong(file: ModelFile) -> bool:
    known = ((entry, facts.DTYPE_FACTS.get(entry.dtype)) for entry in file.entries)
    return any(item is not None and entry.len_tensor not in _sizes(item, entry.dims) for entry, item in known)


def _spans(file: ModelFile) -> list[tuple[int, int]]:
    base = file.head.ofs_data
    spans = [(base + item.ofs_tensor, base + item.ofs_tensor + item.len_tensor) for item in file.entries]
    return [span for span in spans if span[0] < span[1] <= len(file.raw)]


def overlap(file: ModelFile) -> bool:
    spans = _spans(file)
    pairs = ((one, other) for number, one in enumerate(spans) for other in spans[:number])
    return any(one[0] < other[1] and other[0] < one[1] for one, other in pairs)


def out_of_order(file: ModelFile) -> bool | None:
    starts = [(item.ofs_tensor, item.len_tensor) for item in file.entries]
    if not all(nbytes for _, nbytes in starts):
        return None  # where an empty one lies is a finer question
    return any(one[0] > other[0] for one, other in pairwise(starts))


def truncated(file: ModelFile) -> bool:
    return len(file.raw) < file.required()


def footer_cut(file: ModelFile) -> bool:
    return 0 < len(file.raw) - file.required() < facts.FOOTER_SIZE


def footer_absent(file: ModelFile) -> bool:
    is_absent = len(file.raw) == file.required()
    file.sides.add(("footer present", not is_absent))
    return is_absent


def trailing(file: ModelFile) -> bool:
    has_more = len(file.raw) > file.required() + facts.FOOTER_SIZE
    file.sides.add(("trailing absent", not has_more))
    return has_more


def footer_wrong(file: ModelFile) -> bool:
    end = file.required()
    held = len(file.raw) == end or footer_at(file.raw, end) == crc32(file.raw[:end])
    file.sides.add(("footer.checksum checksum", held))
    return not held


def footer_hidden(file: ModelFile) -> bool:
    """Whether a bit of the offset of the last tensor, flipped back, makes the last bytes the footer of the rest."""
    if len(file.raw) != file.required() or not file.entries:
        return False
    size = facts.FOOTER_SIZE
    ends = [entry.ofs_tensor + entry.len_tensor + -entry.len_tensor % facts.ALIGNMENT for entry in file.entries]
    last = max(range(len(ends)), key=lambda number: (ends[number], number))
    entry = file.entries[last]
    others = [end for number, end in enumerate(ends) if number != last]
    change = entry.ofs_tensor ^ (entry.ofs_tensor - size)
    if entry.ofs_tensor < size or change.bit_count() != 1 or max(others, default=0) > ends[last] - size:
        return False
    at, bit = entry.spans["ofs_tensor"][0] + (change.bit_length() - 1) // 8, (change.bit_length() - 1) % 8
    end = len(file.raw) - size
    mended = file.raw[:at] + bytes((file.raw[at] ^ 1 << bit,)) + file.raw[at + 1 : end]
    return bool(crc32(mended) == footer_at(file.raw, end))


TOLD: Mapping[str, Callable[[ModelFile], bool | None]] = {
    "APR-H008": too_small,
    "APR-H006": header_checksum,
    "APR-H009": quantized_flag,
    "APR-H011": layout_unsaid,
    "APR-H012": flag_contradicts,
    "APR-S004": filler,
    "APR-M002": metadata_not_utf8,
    "APR-M003": metadata_not_json,
    "APR-M004": metadata_not_object,
    "APR-M005": metadata_too_deep,
    "APR-M006": metadata_type,
    "APR-M008": key_twice,
    "APR-P001": provenance_absent,
    "APR-P002": provenance_meaningless,
    "APR-I001": index_too_small,
    "APR-I005": names,
    "APR-I010": ambiguous,
    "APR-I011": control_characters,
    "APR-D002": size_wrong,
    "APR-D003": overlap,
    "APR-D004": truncated,
    "APR-D008": out_of_order,
    "APR-F001": footer_cut,
    "APR-F002": footer_wrong,
    "APR-F003": footer_absent,
    "APR-F004": trailing,
    "APR-F005": footer_hidden,
}
"""What is asked for each rule that relates fields. True: it is broken; None: that cannot be said here."""


def _sizes(known: Any, dims: Sequence[int]) -> set[int]:
    """The sizes that a tensor may have, by the words of the specification."""
    n_elements = 1
    for dim in dims:
        n_elements *= dim
    if not n_elements:
        return {0, known.scale_bytes}

    def whole_blocks(number: int) -> int:
        return int((number + known.block_elems - 1) // known.block_elems * known.block_bytes)

    found = {whole_blocks(n_elements) + known.scale_bytes}
    if known.row_padded and len(dims) == 2:
        found.add(dims[0] * whole_blocks(dims[1]) + known.scale_bytes)
    return found


def _is_utf8(name: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        name.decode("utf-8")
        return True
    return False


def _objects(value: Any) -> Iterator[Pairs]:
    """Every object in a value."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, Pairs):
            yield item
            left += [inner for _, inner in item.items]
        elif isinstance(item, list):
            left += item


def _has_twice(item: Pairs) -> bool:
    return len(item.last()) < len(item.items)
