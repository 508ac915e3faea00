"""The one door to the bytes of an APR v2 container: bytes become records or trees here, and come back as bytes.

Two forms, both made from `spec/apr_v2.ksy`:

- *records*: frozen structs of what stands in a header or an index entry, for reading and for building it again;
- *the tree*: nested dicts and lists of the whole file, for building and for transforms. A key that is missing is
  derived on build; a given one wins, whatever it says.

Records go through the generated codec, trees through Construct, which is the reference form of the layout: the codec
agrees with it on every input. Construct is imported when the first function that needs it is called.

Rules of this file:
1. Every error of Construct is converted here, once, with its cause.
2. Construct gets exact slices or a bounded stream, never a whole mapping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import index as index_of
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec.structs import replace as replace_fields

from ..checksum import crc32
from ..errors import FormatError, RequestError, TruncatedError
from ._generated import codec, facts
from ._generated.facts import DType, Flags, Footer, Header, TensorIndexEntry
from .fused import CodecError, iter_blocks
from .model import BlockFacts, FieldShape, Violation, align_up, block_nbytes

if TYPE_CHECKING:
    from types import ModuleType

__all__ = [
    "ALIGNMENT",
    "FOOTER_SIZE",
    "HEADER_SIZE",
    "MAGIC",
    "TENSOR_INDEX_ENTRY_MIN_SIZE",
    "DType",
    "Flags",
    "Footer",
    "Header",
    "TensorIndexEntry",
    "Tree",
    "Violation",
    "align_up",
    "build",
    "build_entries",
    "build_footer",
    "build_head",
    "build_payload_digest_record",
    "dtype_facts",
    "facts",
    "flags_tree",
    "header_crc32",
    "header_tree",
    "iter_entries",
    "iter_entry_blocks",
    "parse",
    "parse_footer",
    "parse_header",
    "tensor_nbytes",
    "with_header_checksum",
]

ALIGNMENT = facts.ALIGNMENT
MAGIC = facts.MAGIC
HEADER_SIZE = facts.HEADER_SIZE
FOOTER_SIZE = facts.FOOTER_SIZE
TENSOR_INDEX_ENTRY_MIN_SIZE = facts.TENSOR_INDEX_ENTRY_MIN_SIZE

Tree = dict[str, Any]


def _structs() -> ModuleType:
    from ._generated import structs

    return structs


def _plain(value: Any) -> Any:
    """A tree of plain dicts and lists from what Construct returns."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "_io"}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _container(value: Any) -> Any:
    """A tree as Construct wants it; an explicit None becomes the mark of a section that is not there."""
    from construct import Container

    from .runtime import NOT_THERE

    if value is None:
        return NOT_THERE
    if isinstance(value, Mapping):
        return Container((key, _container(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return [_container(item) for item in value]
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


def parse(data: bytes | bytearray | memoryview) -> Tree:
    """The whole file as a tree of dicts, lists, integers and bytes: header, padding, metadata, index, data, footer.

    Lenient: it takes what is there and judges nothing. A section that cannot be located raises `FormatError`. Holds a
    copy of the whole file; for a large one, or one that is given by its path, use `aprfmt.open`.
    """
    from construct import ConstructError

    try:
        raw = bytes(memoryview(data))  # bytes(5) would be five zero bytes
    except TypeError as error:
        raise TypeError(f"expected the bytes of a file, found {type(data).__name__}") from error
    try:
        tree = _structs().apr_v2.parse(raw, len_file=len(raw))
    except ConstructError as error:
        raise FormatError(f"the container cannot be taken apart: {_message(error)}") from error
    return _plain(tree)  # type: ignore[no-any-return] # Construct is untyped


def build(tree: Mapping[str, Any]) -> bytes:
    """The file that a tree describes. A given value wins, a missing key is derived; `None` leaves a section out.

    Raises `RequestError` when something is neither given nor derivable, or does not fit its field.
    """
    _refuse_misfits(tree, FieldShape(type=""))
    spans: dict[str, tuple[int, int]] = {}
    raw = bytearray(_built("apr_v2", tree, spans=spans))
    _seal(raw, tree, spans)
    return bytes(raw)


def _built(struct: str, tree: Mapping[str, Any], **context: Any) -> bytes:
    from construct import ConstructError

    try:
        return bytes(getattr(_structs(), struct).build(_container(tree), **context))
    except ConstructError as error:
        raise RequestError(f"the tree cannot be built: {_message(error)}") from error


def _refuse_misfits(tree: object, shape: FieldShape, path: str = "") -> None:
    """Refuse what is of the wrong kind, and every key that nothing reads: it would be derived in silence."""
    if shape.repeated:
        if not isinstance(tree, list | tuple):
            raise _misfit(path, "a list", tree)
        for index, item in enumerate(tree):
            _refuse_misfits(item, replace(shape, repeated=False), f"{path}[{index}]")
    elif shape.type is not None:
        _refuse_misfit_fields(tree, shape.type, path)
    elif shape.limit is not None:
        try:
            number = index_of(tree)  # type: ignore[arg-type] # what is no integer is refused here
        except TypeError:
            raise _misfit(path, "an integer", tree) from None
        if not 0 <= number < shape.limit:
            raise _misfit(path, f"an integer from 0 to {shape.limit - 1}", number)
    elif not isinstance(tree, bytes | bytearray | memoryview):
        raise _misfit(path, "bytes", tree)
    elif isinstance(tree, memoryview):
        try:
            _ = tree.nbytes
        except ValueError:
            raise _misfit(path, "bytes", tree) from None


def _refuse_misfit_fields(tree: object, type_id: str, path: str) -> None:
    if not isinstance(tree, Mapping):
        raise _misfit(path, "a mapping", tree)
    known = facts.FIELDS[type_id]
    for key, value in tree.items():
        where = f"{path}.{key}" if path else str(key)
        if key not in known:
            raise RequestError(f"the tree cannot be built: expected one of {', '.join(known)}, found the key {where}")
        if value is not None or path:  # a section that is None is left out
            _refuse_misfits(value, known[key], where)


def _misfit(path: str, expected: str, found: object) -> RequestError:
    return RequestError(f"the tree cannot be built: {path or 'tree'}: expected {expected}, found {_shown(found)}")


def _shown(value: object) -> str:
    try:
        return _described(value)
    except Exception:  # a caller's own object may refuse to be measured or printed
        return type(value).__name__


def _described(value: object) -> str:
    if isinstance(value, Mapping | list | tuple | bytes | bytearray | memoryview | None):
        return "nothing" if value is None else f"{type(value).__name__} of {len(value)}"
    if isinstance(value, int) and value.bit_length() > 128:  # Python refuses to print integers of any length
        return f"an integer of {value.bit_length()} bits"
    return f"{value!a:.80}"


def _message(error: Exception) -> str:
    return " ".join(str(error).split())


def _seal(raw: bytearray, tree: Mapping[str, Any], spans: Mapping[str, tuple[int, int]]) -> None:
    """Compute every checksum that the tree does not give, in the order of the declaration."""
    for fact in facts.CHECKSUMS:
        section, _, name = fact.field.partition(".")
        start, stop = spans[section]
        given = tree.get(section, {})
        if start == stop or given is None or given.get(name) is not None:
            continue
        if fact.covers == "all-before":
            span = (start, stop)
            value = crc32(memoryview(raw)[:start])
        else:
            span = _header_checksum_span(start)
            value = _crc32_without(memoryview(raw)[start:stop], span[0] - start, span[1] - start)
        raw[slice(*span)] = value.to_bytes(span[1] - span[0], "little")


def _header_checksum_span(start: int) -> tuple[int, int]:
    blank = Header(b"", 0, 0, Flags(0), 0, 0, 0, 0, 0, 0, b"")
    return facts.spans_header(blank, start)["checksum"]


def _crc32_without(raw: memoryview, start: int, stop: int) -> int:
    return crc32(raw[stop:], crc32(raw[:start]))


def header_crc32(raw: bytes | memoryview) -> int:
    """CRC-32 of a header's bytes without the checksum field itself: what the field must hold."""
    return _crc32_without(memoryview(raw), *_header_checksum_span(0))


def _short(what: str, size: int, raw: bytes | bytearray | memoryview, start: int = 0) -> TruncatedError:
    return TruncatedError(
        f"the {what} is truncated",
        expected=f"{size} bytes",
        found=f"{len(raw)} bytes",
        field=what,
        span=(start, start + len(raw)),
    )


def parse_header(raw: bytes | bytearray | memoryview) -> Header:
    """The header record. Lenient: any magic and any version parse; raises `TruncatedError` below 64 bytes."""
    if len(raw) < HEADER_SIZE:
        raise _short("header", HEADER_SIZE, raw)
    return codec.parse_header(bytes(raw[:HEADER_SIZE]))[0]


def header_tree(header: Header) -> Tree:
    """A header record as the part of a tree that `build` takes."""
    tree: Tree = {name: getattr(header, name) for name in facts.FIELDS["header"]}
    tree["flags"] = flags_tree(header.flags)
    return tree


def flags_tree(flags: Flags) -> Tree:
    """A set of flags as the part of a tree that `build` takes; undefined bits are under `reserved`."""
    return {
        name: bool(flags >> position & 1) if width == 1 else int(flags) >> position & ((1 << width) - 1)
        for name, position, width in facts.FLAGS_BITS
    }


def iter_entries(stream: BinaryIO, count: int, *, start: int = 0) -> Iterator[tuple[TensorIndexEntry, tuple[int, int]]]:
    """`count` index entries from a stream that begins at byte `start` of the file, each with its span in the file.

    The stream is read ahead by a block. Raises `TruncatedError` when it ends before the entries do.
    """
    at = start
    for entries, ends in iter_entry_blocks(stream, count, start=start):
        for entry, end in zip(entries, ends, strict=True):
            yield entry, (at, end)
            at = end


def iter_entry_blocks(
    stream: BinaryIO, count: int, *, start: int = 0
) -> Iterator[tuple[list[TensorIndexEntry], list[int]]]:
    """As `iter_entries`, in lists of some thousand entries; with each list, the byte of the file behind each entry."""
    done, at = 0, start
    try:
        for entries, ends in iter_blocks(codec.scan_tensor_index_entry, stream, count, start):
            done, at = done + len(entries), ends[-1]
            yield entries, ends
    except CodecError as error:
        raise TruncatedError(
            "the tensor index ends inside an entry",
            rule_id="APR-I001",
            expected=f"{count} entries",
            found=f"{done} whole entries",
            field=f"tensor_index.entries[{done}]",
            span=(at, at),
        ) from error


def build_entries(entries: Iterable[TensorIndexEntry | Mapping[str, Any]]) -> bytes:
    """The bytes of index entries, records or trees, without filler; what a tree leaves out is derived.

    Complete entries, such as records are, go through the codec. Raises as `build`.
    """
    given = list(entries)
    try:
        return codec.join_tensor_index_entry(
            [entry if isinstance(entry, TensorIndexEntry) else TensorIndexEntry(**entry) for entry in given]
        )
    except (CodecError, TypeError):
        pass  # not complete, or wrong: Construct derives what is missing, and says what is wrong
    head = build(
        {
            "metadata": b"{}",
            "tensor_index": {"entries": [_entry_tree(entry) for entry in given], "padding": b""},
            "tensor_data": b"",
            "footer": None,
        }
    )
    return head[parse_header(head).ofs_tensor_index :]


def _entry_tree(entry: TensorIndexEntry | Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(entry, TensorIndexEntry):
        return entry
    return {name: getattr(entry, name) for name in facts.FIELDS["tensor_index_entry"]}


def build_head(given: Mapping[str, Any], metadata: bytes, index: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, metadata and index of a canonical file with this metadata and these index bytes, each with its filler.

    `given` holds header fields that are kept; offsets, lengths, filler and the header's checksum are derived. The index
    is not taken apart: it may be large, and is copied once.
    """
    from construct import Container

    _refuse_misfits(given, facts.FIELDS[""]["header"], "header")
    index += bytes(-len(index) % ALIGNMENT)
    root = Container(metadata=metadata, tensor_index=Container(entries=[], padding=index))
    raw = bytearray(_built("header", given, _root=root))
    _seal(raw, {"header": given, "footer": None}, {"header": (0, len(raw)), "footer": (0, 0)})
    header = parse_header(raw)
    before = bytes(header.ofs_metadata - len(raw))
    after = bytes(header.ofs_tensor_index - header.ofs_metadata - header.len_metadata)
    return bytes(raw) + before, metadata + after, index


def with_header_checksum(raw: bytes, checksum: int) -> bytes:
    """Bytes that begin with a header, with another checksum in it."""
    header = parse_header(raw)
    return codec.build_header(replace_fields(header, checksum=checksum)) + raw[HEADER_SIZE:]


def parse_footer(raw: bytes | memoryview) -> Footer:
    """The footer record; raises `TruncatedError` when the bytes are fewer than it has."""
    if len(raw) < FOOTER_SIZE:
        raise _short("footer", FOOTER_SIZE, raw)
    return codec.parse_footer(bytes(raw[:FOOTER_SIZE]))[0]


def build_footer(checksum: int) -> bytes:
    """The bytes of a footer that holds this CRC-32; raises `RequestError` when it does not fit."""
    try:
        return codec.build_footer(Footer(checksum))
    except CodecError as error:
        raise RequestError(f"the tree cannot be built: {_message(error)}") from error


def build_payload_digest_record(name: bytes, dtype: int, dims: Sequence[int], sha256: bytes) -> bytes:
    """One record of the sequence that the payload digest is taken over; `docs/format.md` shows it."""
    record = {"name": name, "dtype": dtype, "dims": list(dims), "sha256": sha256}
    return _built("payload_digest_record", record)


def dtype_facts(code: int) -> BlockFacts | None:
    """Geometry and names of an element type, None when the id is unknown."""
    return facts.DTYPE_FACTS.get(code)


def tensor_nbytes(code: int, shape: Sequence[int]) -> tuple[int, ...]:
    """The sizes in bytes that a tensor of this element type and shape may have, the one a writer uses first."""
    return block_nbytes(facts.DTYPE_FACTS[code], shape)


def __dir__() -> list[str]:
    return sorted(__all__)
