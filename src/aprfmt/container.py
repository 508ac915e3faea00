"""An opened container: header at once, index and metadata on first touch, tensor bytes only as views.

Rules of this file:
1. Opening refuses only what makes the sections impossible to locate; `aprfmt.rules` judges the rest.
2. Nothing is allocated for a number that the file claims before the number is held against the file and the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from types import SimpleNamespace

from . import layout
from .errors import FormatError, LimitExceededError, TruncatedError, UnsupportedError
from .layout import Footer, Header, facts
from .limits import DEFAULT_LIMITS, Limits
from .metadata import Metadata
from .source import Source, iter_chunks, open_stream, used_nbytes
from .tensors import Tensor

__all__ = ["Container", "payload_digest_of", "refuse_other_formats"]

Span = tuple[int, int]


def refuse_other_formats(head: bytes) -> None:
    """Raise `UnsupportedError` or `FormatError` when the first bytes of a file are not the magic of APR v2.

    Fewer bytes than the magic has say nothing.
    """
    magic = head[: len(layout.MAGIC)]
    if magic in facts.MAGIC_LOOKALIKES:
        raise UnsupportedError(
            f"not an APR v2 container but {facts.MAGIC_LOOKALIKES[magic]}: "
            f"expected the magic {layout.MAGIC!r}, found {magic!r}"
        )
    if len(magic) == len(layout.MAGIC) and magic != layout.MAGIC:
        raise FormatError(
            "not an APR v2 container",
            rule_id="APR-H001",
            field="header.magic",
            span=(0, len(magic)),
            expected=repr(layout.MAGIC),
            found=repr(magic),
        )


def payload_digest_of(tensors: Iterable[Tensor], sha256_of: Callable[[Tensor], bytes]) -> str:
    """The payload digest of tensors, given in any order, with the SHA-256 of their data, as 64 hexadecimal digits."""
    from hashlib import sha256  # loads a large library, which few need

    digest = sha256()
    for tensor in sorted(tensors, key=lambda tensor: tensor.name_bytes):
        code = tensor.dtype.facts.canonical_code
        digest.update(layout.build_payload_digest_record(tensor.name_bytes, code, tensor.shape, sha256_of(tensor)))
    return digest.hexdigest()


class Container(Mapping[str, Tensor]):
    """A mapping of tensors by name, in index order, with the header, metadata and sections of the file beside it.

    The mapping holds the tensors whose name is UTF-8 and occurs once; `tensors` lists all of them.

    Raises `UnsupportedError` for another format, `TruncatedError` or `FormatError` when the sections cannot be located.
    With `lenient`, nothing is refused and nothing is read before it is asked for: any bytes can be judged by
    `aprfmt.rules`, and what cannot be read raises when it is touched.
    """

    def __init__(self, source: Source, *, limits: Limits = DEFAULT_LIMITS, lenient: bool = False) -> None:
        self.source = source
        self.limits = limits
        self._residues: dict[Span, int] = {}
        if not lenient:
            refuse_other_formats(self.first_bytes)
            self._refuse_lost_sections()

    @cached_property
    def first_bytes(self) -> bytes:
        """The bytes of the header; all of the file when it has fewer."""
        return self.source.read(0, min(self.source.size, layout.HEADER_SIZE))

    @cached_property
    def header_bytes(self) -> bytes:
        """The bytes of the header; raises `TruncatedError` when the file has fewer."""
        size = self.source.size
        if size < layout.HEADER_SIZE:
            raise TruncatedError(
                "too small to be an APR v2 container",
                rule_id="APR-H008",
                field="header",
                span=(0, size),
                expected=f"at least {layout.HEADER_SIZE} bytes",
                found=f"{size} bytes",
            )
        return self.first_bytes

    @cached_property
    def header(self) -> Header:
        """The header as it stands in the file; raises `TruncatedError` when the file is smaller."""
        return layout.parse_header(self.header_bytes)

    def _refuse_lost_sections(self) -> None:
        for violation in facts.check_header(self.header, root=self.root):
            is_error = facts.RULES[violation.rule].severity == "error"
            if violation.field in ("ofs_metadata", "ofs_tensor_index", "ofs_data") and is_error:
                beyond = int(violation.found) > self.source.size
                kind = TruncatedError if beyond else FormatError
                raise kind(
                    ("the file is too small for its sections" if beyond else "the sections overlap or are out of order")
                    + ("" if self.header_checksum_valid else "; the header is damaged, its checksum does not match"),
                    rule_id=violation.rule,
                    field=f"header.{violation.field}",
                    span=self.header_spans[violation.field],
                    expected=violation.expected,
                    found=violation.found,
                )

    @cached_property
    def header_spans(self) -> dict[str, Span]:
        """Span of each header field, counted from the start of the file."""
        return facts.spans_header(self.header, 0)

    @cached_property
    def root(self) -> SimpleNamespace:
        """The file as the generated facts look at it: `header`, `len_file`, and `tensor_index` once it is read."""
        return SimpleNamespace(header=self.header, len_file=self.source.size)

    @property
    def header_checksum_valid(self) -> bool:
        """Whether the checksum in the header is that of the other header bytes."""
        return self.header.checksum == layout.header_crc32(self.header_bytes)

    @cached_property
    def metadata(self) -> Metadata:
        """The metadata: raw bytes with a typed, read-only mapping over them. Nothing is parsed before it is asked for.

        Raises `LimitExceededError` when there are more bytes than the limits allow.
        """
        start, stop = self._span("metadata")
        if stop - start > self.limits.max_metadata_bytes:
            raise LimitExceededError(
                "the metadata is too large",
                field="header.len_metadata",
                span=self.header_spans["len_metadata"],
                expected=f"at most {self.limits.max_metadata_bytes} bytes (max_metadata_bytes)",
                found=f"{stop - start} bytes",
            )
        return Metadata(self.source.read(start, stop), limits=self.limits, file_offset=start)

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """All entries of the tensor index, in its order; duplicates and names that are not UTF-8 included.

        Raises `TruncatedError` when the entries do not fit into their section, `LimitExceededError` beyond a limit.
        """
        return self._read_tensors(*self._span("tensor_index"))

    @cached_property
    def tensors_to_end(self) -> tuple[Tensor, ...]:
        """The entries as the reference reads them: up to the end of the file, wherever the data section begins."""
        start = self.header.ofs_tensor_index
        return self._read_tensors(start, max(start, self.source.size))

    def _read_tensors(self, start: int, stop: int) -> tuple[Tensor, ...]:
        count = self.header.num_tensors
        needed = count * layout.TENSOR_INDEX_ENTRY_MIN_SIZE
        if needed > stop - start:
            most = (stop - start) // layout.TENSOR_INDEX_ENTRY_MIN_SIZE
            raise TruncatedError(
                "the tensor index is too small for its entries",
                rule_id="APR-I001",
                field="header.num_tensors",
                span=self.header_spans["num_tensors"],
                expected=f"at most {most} entries in {stop - start} bytes",
                found=f"{count} entries",
            )
        if count > self.limits.max_tensors:
            raise LimitExceededError(
                "too many tensors",
                field="header.num_tensors",
                span=self.header_spans["num_tensors"],
                expected=f"at most {self.limits.max_tensors} (max_tensors)",
                found=str(count),
            )
        self._limit_index(start, needed)
        tensors: list[Tensor] = []
        with open_stream(self.source, start, stop) as stream:
            for entry, span in layout.iter_entries(stream, count, start=start):
                if span[1] - start > self.limits.max_index_bytes:
                    self._limit_index(start, span[1] - start)
                if len(entry.dims) > self.limits.max_ndim:
                    raise LimitExceededError(
                        "too many dimensions",
                        field=f"tensor_index.entries[{len(tensors)}].ndim",
                        span=facts.spans_tensor_index_entry(entry, span[0])["ndim"],
                        expected=f"at most {self.limits.max_ndim} (max_ndim)",
                        found=str(len(entry.dims)),
                    )
                tensors.append(Tensor(self.source, entry, len(tensors), span, self.header.ofs_data))
        return tuple(tensors)

    def _limit_index(self, start: int, nbytes: int) -> None:
        if nbytes > self.limits.max_index_bytes:
            raise LimitExceededError(
                "the tensor index is too large",
                field="tensor_index",
                span=(start, start + nbytes),
                expected=f"at most {self.limits.max_index_bytes} bytes (max_index_bytes)",
                found=f"{nbytes} bytes or more",
            )

    @cached_property
    def entries_span(self) -> Span:
        """Start and end of the index entries, without the filler behind them."""
        start = self._span("tensor_index")[0]
        return (start, self.tensors[-1].entry_span[1] if self.tensors else start)

    @cached_property
    def room_nbytes(self) -> int:
        """How many bytes the metadata can grow by in place before the data section has to move.

        That is the filler behind it, and the filler behind the index as far as the index can move in whole steps of the
        alignment; filler there that is not zero is taken for a part of the index. Raises `LimitExceededError` for more
        filler than the limits allow.
        """
        header = self.header
        behind_metadata = header.ofs_tensor_index - header.ofs_metadata - header.len_metadata
        end = self.entries_span[1]
        behind_index = header.ofs_data - end if self.filler_residue(end, header.ofs_data) == end else 0
        return max(0, behind_metadata + behind_index // layout.ALIGNMENT * layout.ALIGNMENT)

    @cached_property
    def _whole_root(self) -> SimpleNamespace:
        entries = [tensor.entry for tensor in self.tensors]
        return SimpleNamespace(**vars(self.root), tensor_index=SimpleNamespace(entries=entries))

    def _span(self, section: str) -> Span:
        span: Span | None = getattr(facts, f"locate_{section}")(self.root)
        assert span is not None, section  # noqa: S101 - only sections that every file has are asked for here
        return span

    @cached_property
    def required_len(self) -> int:
        """Where the data section ends, in bytes from the start of the file; a shorter file is truncated."""
        return facts.required_len(self._whole_root)

    @cached_property
    def sections(self) -> Mapping[str, Span | None]:
        """Start and end of every section, counted from the start of the file; None for one that is absent.

        The spans are those that the header and the index declare: in a truncated file they may end behind the file.
        """
        return {name: getattr(facts, f"locate_{name}")(self._whole_root) for name in facts.LAYOUT}

    @property
    def head_sections(self) -> dict[str, Span | None]:
        """The sections up to the tensor index, which can be located without reading it."""
        names = facts.LAYOUT[: facts.LAYOUT.index("tensor_index") + 1]
        return {name: getattr(facts, f"locate_{name}")(self.root) for name in names}

    @cached_property
    def footer(self) -> Footer | None:
        """The footer as stored, None when the file ends with its data section.

        Raises `TruncatedError` when the file ends inside the footer or before it.
        """
        span = self.sections["footer"]
        if span is None:
            return None
        start, stop = span
        size = self.source.size
        if size < start:
            raise TruncatedError(
                "the data section is truncated",
                rule_id="APR-D004",
                field="tensor_data",
                span=(self.header.ofs_data, size),
                expected=f"{start} bytes",
                found=f"{size} bytes",
            )
        if size < stop:
            raise TruncatedError(
                "the footer is truncated",
                rule_id="APR-F001",
                field="footer.checksum",
                span=(start, size),
                expected=f"{stop - start} bytes",
                found=f"{size - start} bytes",
            )
        return layout.parse_footer(self.source.read(start, stop))

    @property
    def n_trailing_bytes(self) -> int:
        """Number of bytes behind the footer, which belong to nothing."""
        span = self.sections["trailing"]
        return 0 if span is None else span[1] - span[0]

    @cached_property
    def _by_name(self) -> dict[str, Tensor]:
        found: dict[bytes, Tensor | None] = {}
        for tensor in self.tensors:
            found[tensor.name_bytes] = None if tensor.name_bytes in found else tensor
        return {tensor.name: tensor for tensor in found.values() if tensor is not None and _is_utf8(tensor.name_bytes)}

    def __getitem__(self, name: str) -> Tensor:
        """The tensor called `name`.

        Raises `KeyError` when there is none, `FormatError` when the name occurs twice or is not UTF-8.
        """
        tensor = self._by_name.get(name)
        if tensor is not None:
            return tensor
        same = [tensor for tensor in self.tensors if tensor.name == name]
        if not same:
            raise KeyError(name)
        unsorted = len(same) > 1
        raise FormatError(
            "the name occurs more than once" if unsorted else "the name is not UTF-8",
            rule_id="APR-I003" if unsorted else "APR-I005",
            field=f"tensor_index.entries[{same[-1].index}].name",
            span=same[-1].entry_span,
            expected="a name of its own" if unsorted else "UTF-8",
            found=f"entries {', '.join(str(tensor.index) for tensor in same)}",
            tensor=name,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def payload_digest(self) -> str:
        """SHA-256, in hex, of the weights alone: name, dtype, shape and bytes of every tensor, ordered by name.

        Metadata, flags, filler and the order of the data do not enter; `docs/format.md` gives the encoding. Reads
        every tensor once, in constant memory.
        """
        return payload_digest_of(self.tensors, Tensor.sha256)

    def filler_residue(self, start: int, stop: int) -> int:
        """Where the last byte that is not zero ends between `start` and `stop`; `start` when all of them are zero.

        Raises `LimitExceededError` when there are more bytes than the limits allow.
        """
        if stop - start > self.limits.max_filler_bytes:
            raise LimitExceededError(
                "too much filler",
                field=self._section_at(start),
                span=(start, stop),
                expected=f"at most {self.limits.max_filler_bytes} bytes (max_filler_bytes)",
                found=f"{stop - start} bytes",
            )
        if (start, stop) not in self._residues:
            self._residues[start, stop] = self._look_through(start, stop)
        return self._residues[start, stop]

    def _section_at(self, offset: int) -> str:
        around = (name for name, span in self.head_sections.items() if span is not None and span[0] <= offset < span[1])
        return next(around, "tensor_data")

    def _look_through(self, start: int, stop: int) -> int:
        end = position = start
        for piece in iter_chunks(self.source, start, stop):
            used = used_nbytes(piece)
            if used:
                end = position + used
            position += len(piece)
        return end


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
