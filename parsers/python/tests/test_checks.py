"""Every rule is enforced, with its field and the bytes at fault; what is merely odd is read."""

from __future__ import annotations

from typing import NamedTuple

import pytest

import aprfmt_reader
from aprfmt_reader import DType, FormatError, Limits
from aprfmt_reader._generated.facts import FLAGS, FOOTER_SIZE, HEADER_FIELDS, HEADER_SIZE, LOOKALIKES, RULES
from conftest import Write
from crafting import Item, entry_span, file_of, grid, put, with_footer

A, B = Item(b"a", b"\1\2\3\4"), Item(b"b", b"\5\6\7\x08")
TWO = (A, B)
SOUND = file_of(TWO)
FLAG = {flag.name: 1 << flag.bit for flag in FLAGS}
VAST = 1 << 63
Q4_K = DType.Q4_K.facts.block_bytes


class Case(NamedTuple):
    """A file with one fault: the rule it breaks, and the field that the error names."""

    rule: str
    field: str
    raw: bytes


def entry(field: str, value: int, number: int = 1) -> bytes:
    """The sound file with another value in an entry, and a footer that matches."""
    return with_footer(put(SOUND, entry_span(SOUND, TWO, number, field), value)[:-FOOTER_SIZE])


def hidden_footer() -> bytes:
    """A sound file whose last offset has one bit flipped, so that its footer passes for filler."""
    start, _ = entry_span(SOUND, TWO, 1, "ofs_tensor")
    flipped = SOUND[start] ^ FOOTER_SIZE
    return SOUND[:start] + bytes([flipped]) + SOUND[start + 1 :]


CASES = [
    Case("APR-H008", "header", SOUND[: HEADER_SIZE - 1]),
    Case("APR-H008", "header", b""),
    Case("APR-H001", "header.magic", b"GGUF" + SOUND[len(b"GGUF") :]),
    Case("APR-H002", "header.version_major", file_of(TWO, version_major=0)),
    Case("APR-H006", "header.checksum", put(SOUND, HEADER_FIELDS["version_minor"], 1)),
    Case("APR-H006", "header.checksum", put(SOUND, HEADER_FIELDS["ofs_data"], VAST)),
    Case("APR-H004", "header.flags.layout_column_major", file_of(TWO, flags=FLAG["layout_column_major"])),
    Case("APR-S001", "header.ofs_metadata", file_of(TWO, ofs_metadata=0)),
    Case("APR-S001", "header.ofs_metadata", file_of(TWO, ofs_metadata=VAST)),
    Case("APR-S002", "header.ofs_tensor_index", file_of(TWO, ofs_tensor_index=HEADER_SIZE)),
    Case("APR-S002", "header.ofs_tensor_index", file_of(TWO, ofs_tensor_index=VAST)),
    Case("APR-S003", "header.ofs_data", file_of(TWO, ofs_data=HEADER_SIZE)),
    Case("APR-S003", "header.ofs_data", file_of(TWO, ofs_data=VAST)),
    Case("APR-M001", "header.len_metadata", file_of(TWO, len_metadata=0)),
    Case("APR-M002", "metadata", file_of(TWO, b'{"a":"\xff"}')),
    Case("APR-M003", "metadata", file_of(TWO, b'{"a":NaN}')),
    Case("APR-M004", "metadata", file_of(TWO, b"[]")),
    Case("APR-M005", "metadata", file_of(TWO, b'{"a":' + b"[" * 127 + b"]" * 127 + b"}")),
    Case("APR-M006", "metadata.hidden_size", file_of(TWO, b'{"hidden_size":4096.0}')),
    Case(
        "APR-M006", "metadata.quantization.bits", file_of(TWO, b'{"quantization":{"quant_type":"a","symmetric":true}}')
    ),
    Case("APR-I001", "header.num_tensors", file_of(TWO, num_tensors=(1 << 32) - 1)),
    Case("APR-I001", "header.num_tensors", file_of(TWO, num_tensors=3)),
    Case("APR-I001", "header.num_tensors", entry("len_name", 40)),
    Case("APR-I002", "tensor_index.entries[1].dtype", entry("dtype", 2)),
    Case("APR-I003", "tensor_index.entries[1].name", file_of((B, A))),
    Case("APR-I003", "tensor_index.entries[1].name", file_of((A, A))),
    Case("APR-I005", "tensor_index.entries[1].name", file_of((A, Item(b"b\xff")))),
    Case("APR-D001", "tensor_index.entries[1].ofs_tensor", entry("ofs_tensor", VAST)),
    Case("APR-D001", "tensor_index.entries[1].len_tensor", entry("len_tensor", VAST)),
    Case("APR-D002", "tensor_index.entries[1].len_tensor", entry("len_tensor", 5)),
    Case("APR-D002", "tensor_index.entries[0].len_tensor", file_of([Item(b"w", bytes(8), (1 << 62, 1 << 62))])),
    Case("APR-D002", "tensor_index.entries[0].len_tensor", file_of([Item(b"w", bytes(8), (VAST,) * 255)])),
    Case("APR-D003", "tensor_index.entries[1].ofs_tensor", entry("ofs_tensor", 0)),
    Case("APR-D004", "tensor_data", SOUND[: -FOOTER_SIZE - 1]),
    Case("APR-F001", "footer.checksum", SOUND[:-1]),
    Case("APR-F002", "footer.checksum", SOUND[:-1] + bytes([SOUND[-1] ^ 1])),
    Case("APR-F002", "footer.checksum", SOUND[: -FOOTER_SIZE - 1] + b"\1" + SOUND[-FOOTER_SIZE:]),
    Case("APR-F005", "tensor_index.entries[1].ofs_tensor", hidden_footer()),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.rule}-{number}" for number, case in enumerate(CASES)])
def test_a_file_with_one_fault(case: Case, write: Write) -> None:
    with pytest.raises(FormatError) as caught, aprfmt_reader.open(write(case.raw)) as model:
        model.verify()
    error = caught.value
    assert (error.rule_id, error.field) == (case.rule, case.field)
    assert 0 <= error.span[0] <= error.span[1]
    assert case.rule in str(error)
    assert RULES[case.rule].defect in str(error)
    assert len(str(error)) < 500


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == RULES.keys() - {"APR-L001"}


def test_a_rule_is_judged_by_open_unless_it_needs_the_metadata_or_every_byte(write: Write) -> None:
    later = {case.rule for case in CASES if case.rule.startswith("APR-M") or case.rule in ("APR-F002", "APR-F005")}
    for case in CASES:
        if case.rule in later - {"APR-M001"}:
            aprfmt_reader.open(write(case.raw)).close()
        else:
            with pytest.raises(FormatError):
                aprfmt_reader.open(write(case.raw))


def rule_of(raw: bytes, write: Write, limits: Limits = aprfmt_reader.DEFAULT_LIMITS) -> str | None:
    """The rule that a file breaks, None for one that is read."""
    try:
        with aprfmt_reader.open(write(raw), limits=limits) as model:
            model.verify()
    except FormatError as error:
        return error.rule_id
    return None


WIDE = grid(1)
ODD = {
    "no footer": file_of(TWO, footer=False),
    "no tensors": file_of(),
    "no tensors, no footer": file_of(footer=False),
    "bytes behind the footer": file_of(TWO, tail=b"more"),
    "minor version": file_of(TWO, version_minor=255),
    "every other flag": file_of(TWO, flags=((1 << 16) - 1) ^ FLAG["layout_column_major"]),
    "no layout flag": file_of(TWO, flags=0),
    "data in another order": file_of([A._replace(offset=WIDE), B._replace(offset=0, data=bytes(WIDE + 4), nbytes=4)]),
    "empty name": file_of([Item(b"")]),
    "scalar": file_of([Item(b"s", dims=())]),
    "empty tensor inside another one": file_of([A, Item(b"e", b"", (0, VAST), offset=1)]),
    "empty tensor of a huge shape": file_of([Item(b"e", b"", (0, VAST, VAST))]),
    "control characters": file_of([Item(b"\x1b[31m")]),
    "old id": file_of([Item(b"q", bytes(DType.APR_Q4.facts.block_bytes), (1,), DType.APR_Q4_LEGACY)]),
    "scale alone": file_of([Item(b"q", bytes(DType.APR_Q8.facts.scale_bytes), (0,), DType.APR_Q8)]),
    "padded rows": file_of([Item(b"q", bytes(2 * Q4_K), (2, 1), DType.Q4_K)]),
    "blocks over all elements": file_of([Item(b"q", bytes(Q4_K), (2, 1), DType.Q4_K)]),
    "key twice": file_of(TWO, b'{"hidden_size":"x","hidden_size":1}'),
    "unknown keys": file_of(TWO, b'{"__proto__":1,"x":[1.0,{}]}'),
    "127 levels": file_of(TWO, b'{"a":' + b"[" * 126 + b"]" * 126 + b"}"),
}


@pytest.mark.parametrize("what", ODD)
def test_what_is_merely_odd_is_read(what: str, write: Write) -> None:
    assert rule_of(ODD[what], write) is None


def test_padded_rows_are_for_matrices_of_some_types_alone(write: Write) -> None:
    assert rule_of(file_of([Item(b"q", bytes(2 * Q4_K), (2, 1, 1), DType.Q4_K)]), write) == "APR-D002"
    assert (
        rule_of(file_of([Item(b"q", bytes(2 * DType.APR_Q4.facts.block_bytes), (2, 1), DType.APR_Q4)]), write)
        == "APR-D002"
    )


def test_the_size_of_every_element_type_is_that_of_its_facts(write: Write) -> None:
    for dtype in DType:
        facts = dtype.facts
        nbytes = 2 * facts.block_bytes + facts.scale_bytes
        dims = (facts.block_elems + 1,)
        assert rule_of(file_of([Item(b"w", bytes(nbytes), dims, dtype)]), write) is None
        assert rule_of(file_of([Item(b"w", bytes(nbytes + 1), dims, dtype)]), write) == "APR-D002"


def test_an_overlap_with_a_tensor_that_is_no_neighbour(write: Write) -> None:
    long = Item(b"a", bytes(4 * WIDE), (WIDE,))
    inside = Item(b"b", b"", offset=WIDE, nbytes=4)
    behind = Item(b"c", b"", offset=2 * WIDE, nbytes=4)
    assert rule_of(file_of([long, inside, behind]), write) == "APR-D003"


def test_the_first_fault_is_the_better_explanation(write: Write) -> None:
    """Damage of the header comes before what it leads to, a wrong count before the filler that it makes an entry of."""
    damaged = put(file_of(TWO), HEADER_FIELDS["flags"], FLAG["layout_column_major"])
    assert rule_of(damaged, write) == "APR-H006"
    assert rule_of(file_of(TWO, num_tensors=3), write) == "APR-I001"


def test_the_span_is_that_of_the_field(write: Write) -> None:
    for field, value in (("dtype", 2), ("ofs_tensor", VAST), ("len_tensor", VAST), ("len_tensor", 5)):
        with pytest.raises(FormatError) as caught:
            aprfmt_reader.open(write(entry(field, value)))
        assert caught.value.span == entry_span(SOUND, TWO, 1, field)
    with pytest.raises(FormatError) as caught:
        aprfmt_reader.open(write(file_of((B, A))))
    assert caught.value.span == entry_span(SOUND, TWO, 1, "name")


@pytest.mark.parametrize("magic", LOOKALIKES)
def test_another_format_is_named(magic: bytes, write: Write) -> None:
    with pytest.raises(FormatError, match=LOOKALIKES[magic]):
        aprfmt_reader.open(write(magic + SOUND[len(magic) :]))


def test_one_flipped_bit_is_not_taken_for_a_hidden_footer_without_its_checksum(write: Write) -> None:
    """A tensor may lie off the grid."""
    raw = file_of([A, B._replace(offset=grid(1) + FOOTER_SIZE)], footer=False)
    assert rule_of(raw, write) is None


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        (Limits(max_tensors=1), "header.num_tensors"),
        (Limits(max_index_bytes=29), "tensor_index"),
        (Limits(max_metadata_bytes=22), "header.len_metadata"),
        (Limits(max_metadata_members=1), "metadata"),
        (Limits(max_metadata_values=6), "metadata"),
    ],
)
def test_beyond_a_limit(limits: Limits, field: str, write: Write) -> None:
    raw = file_of(TWO, b'{"a":[1,2,"[,"],"b":{}}')
    path, text = write(raw), r"at most \d+ (bytes )?\(max_"
    with pytest.raises(FormatError, match=text) as caught, aprfmt_reader.open(path, limits=limits) as model:
        model.verify()
    assert (caught.value.rule_id, caught.value.field) == ("APR-L001", field)
    at_the_limit = {name: getattr(limits, name) + 1 for name in Limits.__slots__}
    at_the_limit["max_index_bytes"] = 2 * 29
    assert rule_of(raw, write, Limits(**at_the_limit)) is None
