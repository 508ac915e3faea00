"""The pattern for the hex editor ImHex: what it declares is the specification, and it reads files as aprfmt does.

The editor is not run here. A reader of the language as far as the generator writes it (`pattern_reader.py`) takes its
place: it shows that the text says the right thing, not that the editor takes it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.codegen.pattern_reader import Node, Pattern
from tests.unit.codegen.shelf import SHELF

import aprfmt
from aprfmt import testing
from aprfmt.codegen import emit_imhex, imhex_names, ksy
from aprfmt.codegen.errors import CodegenError
from aprfmt.layout import facts

ROOT = Path(__file__).resolve().parents[3]
KSY = (ROOT / "spec" / "apr_v2.ksy").read_text(encoding="utf-8")
GOLDEN = sorted((ROOT / "tests" / "data" / "golden").glob("*.apr"))
FILLERS = ("header_padding", "metadata", "metadata_padding", "tensor_data")


@cache
def text_of(source: str) -> str:
    return emit_imhex.emit(ksy.load(source))


@cache
def apr() -> Pattern:
    return Pattern(text_of(KSY))


def shown(node: Node) -> dict[str, Any]:
    """A tree as aprfmt has it: an element type by its id, absent sections as None, the views of the data left out."""
    tree: dict[str, Any] = plain(node)
    for name in FILLERS:
        tree.setdefault(name, b"")
    for name in ("footer", "trailing"):
        tree.setdefault(name, None)
    tree.setdefault("tensor_index", {"entries": []}).setdefault("padding", b"")
    for flag in set(tree["header"]["flags"]) - {"reserved"}:
        tree["header"]["flags"][flag] = bool(tree["header"]["flags"][flag])
    for entry in tree["tensor_index"]["entries"]:
        entry.pop("data", None)
        entry["dtype"] = getattr(facts.DType, str(entry["dtype"]), entry["dtype"])
    return tree


def plain(value: Any) -> Any:
    if isinstance(value, Node):
        return {name: plain(item) for name, item in value.shown.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


# What is declared


def test_the_enum_is_that_of_the_facts() -> None:
    assert apr().enums == {"DType": (1, {int(code): code.name for code in facts.DType})}


def test_the_bits_are_those_of_the_facts_from_the_lowest_on() -> None:
    assert apr().bits == {"Flags": [(name, bits) for name, _, bits in facts.FLAGS_BITS]}


def test_every_field_is_there_in_order_and_in_its_place() -> None:
    raw = (ROOT / "tests/data/golden/every_dtype.apr").read_bytes()
    tree, _ = apr().read(raw)
    with aprfmt.open(raw) as file:
        header, entries = file.header, [tensor.entry for tensor in file.tensors]
    assert tree.shown["header"].spans == facts.spans_header(header, 0)
    index = tree.shown["tensor_index"]
    assert [*index.shown] == [*facts.FIELDS["tensor_index"]]
    for entry, found in zip(entries, index.shown["entries"], strict=True):
        spans = dict(found.spans)
        nothing = (header.ofs_data + entry.ofs_tensor,) * 2  # a tensor without bytes is not shown
        start, end = spans.pop("data", nothing)
        assert spans == facts.spans_tensor_index_entry(entry, found.start)
        assert (start - header.ofs_data, end - start) == (entry.ofs_tensor, entry.len_tensor)
    assert tree.shown["footer"].spans == {"checksum": (len(raw) - facts.FOOTER_SIZE, len(raw))}


def test_every_section_is_there_in_the_order_of_the_file() -> None:
    root = text_of(KSY).partition("struct AprV2 {")[2]
    found = re.findall(r"^ +(?:Header|TensorIndex|Footer|u8|char) (\w+)", root, re.MULTILINE)
    assert tuple(found) == facts.LAYOUT


def test_the_editor_knows_a_file_by_the_beginning_that_every_file_has() -> None:
    begin, place = re.fullmatch(r"\[ ([0-9A-F ]+) \] @ (0x00)", apr().pragmas["magic"]).groups()  # type: ignore[union-attr] # a mismatch is an error too
    raw = bytes.fromhex(begin)
    assert raw == facts.MAGIC + bytes([facts.VERSION_MAJOR])
    assert int(place, 16) == 0
    assert all(path.read_bytes().startswith(raw) for path in GOLDEN)
    assert apr().pragmas["endian"] == "little"
    assert apr().pragmas["MIME"] == "application/x-apr"
    assert apr().pragmas["description"] == "APR v2 model container"


def test_the_limits_let_large_models_through() -> None:
    elements, patterns = int(apr().pragmas["array_limit"]), int(apr().pragmas["pattern_limit"])
    assert elements >= 1_000_000
    # Every field of an entry, the entry, its data, and an element for each array among them.
    assert patterns >= elements * (len(facts.FIELDS["tensor_index_entry"]) + 2 + 3)


def test_every_doc_of_the_specification_is_in_the_pattern() -> None:
    spec = ksy.load(KSY)
    said = re.sub(r"\s*\n\s*// ", " ", text_of(KSY))
    types = [owner for owner in spec.types.values() if owner.standalone is None]
    for attr in [attr for owner in types for attr in owner.seq] + [spec.section(name) for name in spec.layout]:
        if attr.id not in {name for name, _, _ in facts.FLAGS_BITS} or attr.bits is None:
            assert " ".join(attr.doc.split()) in said, attr.path
    assert all(f'comment("{attr.doc.partition(". ")[0].rstrip(".")}.")' in said for attr in spec.types["flags"].seq)
    assert all(f" {entry.doc}\n    {entry.id.upper()} = {entry.code}," in said for entry in spec.enums["dtype"].entries)


def test_what_is_no_part_of_the_file_is_left_out() -> None:
    assert "payload_digest_record" in KSY
    assert "sha256" not in text_of(KSY).lower().replace("sha-256", "")
    assert set(apr().structs) == {"Header", "TensorIndexEntry", "TensorIndex", "Footer", "AprV2"}


def test_nothing_of_the_editors_library_is_imported() -> None:
    assert not re.search(r"^\s*(import|#include)\b", text_of(KSY), re.MULTILINE)
    assert set(re.findall(r"\b\w+::[\w:]+", text_of(KSY))) == {"builtin::std::warning"}


# What it reads


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_file_is_read_as_aprfmt_reads_it(path: Path) -> None:
    raw = path.read_bytes()
    tree, warnings = apr().read(raw)
    assert shown(tree) == aprfmt.parse(raw)
    assert warnings == []
    with aprfmt.open(raw) as file:
        entries = tree.shown["tensor_index"].shown["entries"] if len(file.tensors) else []
        found = [(entry.label.decode(), entry.shown.get("data", b"")) for entry in entries]
        assert found == [(tensor.name, bytes(tensor.data)) for tensor in file.tensors]


@given(testing.containers(canonical=False))
def test_whatever_valid_file_is_read_as_aprfmt_reads_it(raw: bytes) -> None:
    """The pattern and `aprfmt.parse` make the same of every file in which nothing is wrong."""
    tree, warnings = apr().read(raw)
    assert shown(tree) == aprfmt.parse(raw)
    assert warnings == []


@given(testing.damaged(testing.containers(canonical=False)))
def test_a_damaged_file_is_shown_as_far_as_it_goes(raw: bytes) -> None:
    """Reading stops at the end of the file, or at a list that is too long, and nowhere else."""
    try:
        tree, _ = apr().read(raw)
    except EOFError:
        return
    assert tree.shown["header"].spans["reserved"] == (facts.HEADER_SIZE - 20, facts.HEADER_SIZE)


def sample(name: str = "sharded") -> bytes:
    return (ROOT / f"tests/data/golden/{name}.apr").read_bytes()


def test_a_file_without_its_footer_has_none() -> None:
    tree, warnings = apr().read(sample()[: -facts.FOOTER_SIZE])
    assert "footer" not in tree.shown
    assert warnings == []


def test_a_truncated_footer_is_named() -> None:
    tree, warnings = apr().read(sample()[:-1])
    assert "footer" not in tree.shown
    assert warnings == ["footer lies outside the file"]


def test_what_follows_the_footer_is_shown() -> None:
    tree, warnings = apr().read(sample() + b"more")
    assert tree.shown["trailing"] == b"more"
    assert warnings == []


def test_a_file_that_is_cut_off_in_its_data_is_shown_without_it() -> None:
    tree, warnings = apr().read(sample()[: -facts.FOOTER_SIZE - facts.ALIGNMENT])
    (entry,) = tree.shown["tensor_index"].shown["entries"]
    assert "data" not in entry.shown
    assert warnings == ["tensor_data lies outside the file", "footer lies outside the file"]


def edited(**fields: int) -> bytes:
    """A file whose header says something else."""
    raw = sample()
    with aprfmt.open(raw) as file:
        spans = facts.spans_header(file.header, 0)
    for name, value in fields.items():
        start, end = spans[name]
        raw = raw[:start] + value.to_bytes(end - start, "little") + raw[end:]
    return raw


def test_a_section_before_the_beginning_is_named() -> None:
    tree, warnings = apr().read(edited(ofs_metadata=3))
    assert warnings == ["header_padding lies outside the file"]
    assert "header_padding" not in tree.shown


def test_offsets_out_of_all_bounds_are_named() -> None:
    _, warnings = apr().read(edited(ofs_metadata=2**64 - 1, ofs_tensor_index=2**64 - 1, ofs_data=2**64 - 1))
    assert "metadata lies outside the file" in warnings
    assert "tensor_data" not in str(warnings)


def test_entries_that_run_over_the_index_leave_no_padding() -> None:
    raw = edited(ofs_data=aprfmt.parse(sample())["header"]["ofs_tensor_index"] + 2)
    tree, _ = apr().read(raw)
    assert [*tree.shown["tensor_index"].shown] == ["entries"]


# Other specifications


def shelf(title: bytes = b'["x"]', goods: bytes = b"0123456789abcdef", seal: bytes = b"\x34\x12") -> bytes:
    box = b"\x03box" + b"\x03\x02" + b"\x02" + b"\x01\0\0\0\x02\0\0\0" + b"\x00\0\0\0" + b"\x09\0\0\0"
    lot = b"\x01c" + b"\x07\x00" + b"\x00" + b"\x03\0\0\0" + b"\x01\0\0\0"
    index = box + lot + b"\xff"
    begin = (28 + len(title) + len(index)).to_bytes(8, "little")
    head = b"SHF\0" + b"\0\0" + b"\x02\x03" + b"\x05\0\0\0" + b"\x37\x00" + b"\x02\x00" + bytes([len(title), 0, 0, 0])
    return head + begin + title + index + goods + seal


BOX = {"len_name": 3, "name": b"box", "colour": "U8", "num_sides": 2, "sides": [1, 2], "ofs_box": 0, "len_box": 9}
LOT = {"len_name": 1, "name": b"c", "colour": 7, "num_sides": 0, "sides": [], "ofs_box": 3, "len_box": 1}
HEAD = {
    "magic": b"SHF\0",
    "spare": b"\0\0",
    "edition_major": 770,
    "edition_minor": 5,
    "marks": {"usual": 1, "signed": 1, "level": 5, "rest": 1},
    "num_lots": 2,
    "len_title": 5,
    "ofs_goods": 70,
}


def test_another_specification_has_other_places() -> None:
    tree, warnings = Pattern(text_of(SHELF)).read(shelf())
    assert warnings == []
    assert plain(tree) == {
        "head": HEAD,
        "title": b'["x"]',
        "lots": {"entries": [{**BOX, "data": b"012345678"}, {**LOT, "data": b"3"}], "padding": b"\xff"},
        "goods": b"0123456789abcdef",
        "seal": {"wax": 0x1234},
    }
    assert [entry.label for entry in tree.shown["lots"].shown["entries"]] == [b"box", b"c"]


def test_a_gap_in_what_is_always_the_same_is_left_open() -> None:
    assert Pattern(text_of(SHELF)).pragmas["magic"] == "[ 53 48 46 00 ?? ?? 02 03 ] @ 0x00"


def test_text_in_quotes_stays_text() -> None:
    assert r'comment("What is on it: \\ or \"nothing\".")' in text_of(SHELF)


def test_a_word_of_the_language_is_shown_as_itself_and_called_something_else() -> None:
    text = text_of(SHELF)
    assert 'signed_ : 1 [[name("signed"), comment("By somebody.")]];' in text
    assert "u8 padding_[" in text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "type: u4, doc: Which print.",
            "type: u4, enum: colour, doc: Which print.",
            "/enums/colour: expected fields of one width, found [2, 4]",
        ),
        (
            "align(_.len_box, step))\n",
            "align(_.len_box, step)) + max_of(lots.entries, _.len_box)\n",
            "/instances/end_of_goods: a pattern knows one maximum over entries, found two",
        ),
        (
            "pos: (_root.head.ofs_goods + ofs_box).as<u8>",
            "pos: (_root.lots.total + ofs_box).as<u8>",
            "/types/box/instances/data/pos: 'total' is no field of lots",
        ),
        (
            "pos: (_root.head.ofs_goods + ofs_box).as<u8>",
            "pos: (total + ofs_box).as<u8>",
            "/types/box/instances/data/pos: 'total' is no field of box",
        ),
    ],
)
def test_what_cannot_be_said_is_refused(old: str, new: str, said: str) -> None:
    assert old in SHELF
    source = SHELF.replace(old, new)
    with pytest.raises(CodegenError) as caught:
        text_of(source)
    assert str(caught.value).startswith(said)


@given(st.sampled_from(sorted(imhex_names.RESERVED)))
def test_no_declared_name_is_a_word_of_the_language(word: str) -> None:
    """The reader refuses one; here it is shown that it would."""
    with pytest.raises(AssertionError):
        Pattern(f"struct A {{ u8 {word}; }};\nA a @ 0;")
