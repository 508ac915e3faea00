"""`parse` and `build`: what is given wins, what is missing is derived, and the two undo each other."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.layout import golden

from aprfmt import layout
from aprfmt.errors import RequestError
from aprfmt.layout import facts

SMALL: layout.Tree = {
    "metadata": b"{}",
    "tensor_index": {
        "entries": [
            {"name": b"a", "dtype": 0, "dims": [2, 3]},
            {"name": b"b", "dtype": 12, "dims": [2, 100]},
            {"name": b"c", "dtype": 8, "dims": []},
        ]
    },
    "tensor_data": bytes(range(256)) + bytes(64),
}


def small() -> layout.Tree:
    return layout.parse(layout.build(SMALL))


def test_there_are_golden_files() -> None:
    assert len(golden.NAMES) >= 9
    assert len(golden.SMALL) >= 7


@pytest.mark.parametrize("name", golden.NAMES)
def test_golden_files_are_built_from_their_trees(name: str) -> None:
    raw = golden.raw(name)
    assert layout.build(layout.parse(raw)) == raw


@pytest.mark.parametrize("name", golden.NAMES)
def test_trees_are_parsed_from_what_they_build(name: str) -> None:
    tree = golden.tree(name)
    assert layout.parse(layout.build(tree)) == tree


@pytest.mark.parametrize("name", golden.NAMES)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_tree_is_made_of_plain_values(name: str, kind: Any) -> None:
    def plain(value: object) -> bool:
        if type(value) is dict:
            return all(type(key) is str and plain(item) for key, item in value.items())
        if type(value) is list:
            return all(map(plain, value))
        return value is None or type(value) in (int, bool, bytes)

    tree = layout.parse(kind(golden.raw(name)))
    assert plain(tree)
    assert list(tree) == list(facts.LAYOUT)


@pytest.mark.parametrize("name", golden.NAMES)
def test_everything_derivable_may_be_left_out(name: str) -> None:
    """The reference writes the canonical form: what it wrote follows from names, dtypes, shapes, flags and bytes."""
    tree = golden.tree(name)
    kept = ("name", "dtype", "dims") if "streaming" not in name else ("name", "dtype", "dims", "ofs_tensor")
    bare = {
        "header": {"flags": tree["header"]["flags"]},
        "metadata": tree["metadata"],
        "tensor_index": {"entries": [{key: entry[key] for key in kept} for entry in tree["tensor_index"]["entries"]]},
        "tensor_data": tree["tensor_data"],
    }
    assert layout.build(bare) == golden.raw(name)


@pytest.mark.parametrize("name", golden.SMALL)
def test_each_derivable_value_may_be_left_out_alone(name: str) -> None:
    raw = golden.raw(name)
    for field in facts.FIELDS["header"]:
        tree = golden.tree(name)
        if field != "flags":
            del tree["header"][field]
        assert layout.build(tree) == raw, field
    for flag in facts.FIELDS["flags"]:
        tree = golden.tree(name)
        if tree["header"]["flags"][flag] == (flag == "layout_row_major"):
            del tree["header"]["flags"][flag]
            assert layout.build(tree) == raw, flag
    for section in ("header_padding", "metadata_padding", "footer", "trailing"):
        tree = golden.tree(name)
        del tree[section]
        assert layout.build(tree) == raw, section


def test_what_is_derived() -> None:
    tree = small()
    assert tree["header"] == {
        "magic": b"APR\0",
        "version_major": 2,
        "version_minor": 0,
        "flags": {name: name == "layout_row_major" for name in facts.FIELDS["flags"]},
        "num_tensors": 3,
        "ofs_metadata": 64,
        "len_metadata": 2,
        "ofs_tensor_index": 128,
        "ofs_data": 256,
        "checksum": layout.header_crc32(layout.build(SMALL)[:64]),
        "reserved": bytes(20),
    }
    entries = tree["tensor_index"]["entries"]
    assert [(entry["len_name"], entry["ndim"]) for entry in entries] == [(1, 2), (1, 2), (1, 0)]
    assert [(entry["ofs_tensor"], entry["len_tensor"]) for entry in entries] == [(0, 24), (64, 144), (256, 18)]
    assert tree["footer"] == {"checksum": zlib.crc32(layout.build(SMALL)[:-4])}
    assert tree["trailing"] is None


@pytest.mark.parametrize("n_entries", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("ndim", [0, 1, 2, 5])
def test_offsets_follow_the_tensor_before_whatever_the_shapes_are(n_entries: int, ndim: int) -> None:
    entries = [{"name": b"%d" % at, "dtype": 0, "dims": [3] * ndim} for at in range(n_entries)]
    built = layout.build({"metadata": b"{}", "tensor_index": {"entries": entries}, "tensor_data": b""})
    step = layout.align_up(4 * 3**ndim, 64)
    header = layout.parse_header(built)
    raw = built[header.ofs_tensor_index :]
    places = [entry.ofs_tensor for entry, _ in layout.iter_entries(BytesIO(raw), n_entries)]
    assert places == [at * step for at in range(n_entries)]


def test_a_derived_offset_stands_on_a_given_one() -> None:
    entries = [
        {"name": b"a", "dtype": 7, "dims": [1], "ofs_tensor": 1000},
        {"name": b"b", "dtype": 7, "dims": [1], "len_tensor": 65},
        {"name": b"c", "dtype": 7, "dims": [1]},
    ]
    raw = layout.build_entries(entries)
    assert [entry.ofs_tensor for entry, _ in layout.iter_entries(BytesIO(raw), 3)] == [1000, 1024, 1152]


def numbers(type_id: str) -> list[tuple[str, int]]:
    """The fields of a type that are integers, each with the smallest number that does not fit."""
    return [
        (field, shape.limit)
        for field, shape in facts.FIELDS[type_id].items()
        if shape.limit is not None and not shape.repeated
    ]


@pytest.mark.parametrize(("field", "limit"), numbers("header"))
def test_a_given_number_in_the_header_wins(field: str, limit: int) -> None:
    right = getattr(layout.parse_header(layout.build(SMALL)), field)
    for value in {0, 1, right ^ 1, limit // 2, limit - 1}:
        raw = layout.build({**SMALL, "header": {field: value}})
        assert getattr(layout.parse_header(raw), field) == value
        assert len(raw) == len(layout.build(SMALL))


@pytest.mark.parametrize(("field", "value"), [("magic", b"GGUF"), ("reserved", bytes(range(20)))])
def test_given_bytes_in_the_header_win(field: str, value: bytes) -> None:
    raw = layout.build({**SMALL, "header": {field: value}})
    assert getattr(layout.parse_header(raw), field) == value


@pytest.mark.parametrize(("field", "position", "width"), facts.FLAGS_BITS)
def test_a_given_flag_wins(field: str, position: int, width: int) -> None:
    for value in range(1 << width):
        flags = layout.parse_header(layout.build({**SMALL, "header": {"flags": {field: value}}})).flags
        default = layout.Flags.LAYOUT_ROW_MAJOR if field != "layout_row_major" else layout.Flags(0)
        assert flags == default | layout.Flags(value << position)


@pytest.mark.parametrize(("field", "limit"), numbers("tensor_index_entry"))
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_given_number_in_an_entry_wins(field: str, limit: int, at: int) -> None:
    tree = small()
    entries = tree["tensor_index"]["entries"]
    record = layout.TensorIndexEntry(**{**entries[at], "dims": tuple(entries[at]["dims"])})
    before = sum(facts.nbytes_tensor_index_entry(_record(entry)) for entry in entries[:at])
    start, stop = facts.spans_tensor_index_entry(record, tree["header"]["ofs_tensor_index"] + before)[field]
    good = layout.build(tree)
    for value in {0, 1, entries[at][field] ^ 1, limit // 2, limit - 1}:
        entries[at][field] = value
        raw = layout.build(tree)
        assert int.from_bytes(raw[start:stop], "little") == value
        assert (raw[:start], raw[stop : len(raw)]) == (good[:start], good[stop:])


def _record(entry: dict[str, Any]) -> layout.TensorIndexEntry:
    return layout.TensorIndexEntry(**{**entry, "dims": tuple(entry["dims"])})


@given(st.sampled_from(numbers("header")), st.integers(0, 2**64 - 1))
def test_the_header_checksum_covers_whatever_is_given(field: tuple[str, int], value: int) -> None:
    """A header built without a checksum has the one of its other 60 bytes, right or wrong."""
    name, limit = field
    if name == "checksum":
        return
    raw = layout.build({**SMALL, "header": {name: value % limit}})
    assert layout.parse_header(raw).checksum == zlib.crc32(raw[:40] + raw[44:64])


@given(st.binary(min_size=1, max_size=80), st.binary(max_size=70), st.binary(max_size=70), st.binary(max_size=9))
@example(b"{}", b"", b"", b"")
def test_given_filler_and_trailing_bytes_are_kept(
    metadata: bytes, first: bytes, second: bytes, trailing: bytes
) -> None:
    """Filler of any length moves what is behind it; offsets are derived from it; trailing bytes end the file."""
    tree = {
        "header_padding": first,
        "metadata": metadata,
        "metadata_padding": second,
        "tensor_index": {"entries": [{"name": b"t", "dtype": 0, "dims": [16]}]},
        "tensor_data": bytes(64),
        "trailing": trailing,
    }
    raw = layout.build(tree)
    parsed = layout.parse(raw)
    assert parsed["header"]["ofs_metadata"] == 64 + len(first)
    assert parsed["header"]["ofs_tensor_index"] == 64 + len(first) + len(metadata) + len(second)
    assert parsed["header"]["ofs_data"] % 64 == 0
    assert {key: parsed[key] for key in ("header_padding", "metadata", "metadata_padding")} == {
        key: tree[key] for key in ("header_padding", "metadata", "metadata_padding")
    }
    assert parsed["trailing"] == (trailing or None)
    assert parsed["footer"]["checksum"] == zlib.crc32(raw[: len(raw) - len(trailing) - 4])
    assert layout.build(parsed) == raw


def test_the_footer_is_derived_unless_it_is_left_out() -> None:
    tree = golden.tree("every_dtype.apr")
    raw = golden.raw("every_dtype.apr")
    del tree["footer"]
    assert layout.build(tree) == raw
    tree["footer"] = {}
    assert layout.build(tree) == raw
    tree["footer"] = None
    assert layout.build(tree) == raw[:-4]
    assert layout.parse(raw[:-4])["footer"] is None
    assert layout.parse(raw[:-4])["trailing"] is None


@pytest.mark.parametrize("section", ["header", "footer"])
def test_given_checksums_are_kept(section: str) -> None:
    for value in (0, 1, 2**32 - 1):
        tree = golden.tree("every_dtype.apr")
        tree[section]["checksum"] = value
        assert layout.parse(layout.build(tree))[section]["checksum"] == value


def test_the_footer_covers_a_header_checksum_that_was_computed() -> None:
    tree = golden.tree("every_dtype.apr")
    del tree["header"]["checksum"], tree["footer"]
    tree["header"]["version_minor"] = 7
    raw = layout.build(tree)
    assert layout.parse_header(raw).checksum == zlib.crc32(raw[:40] + raw[44:64])
    assert layout.parse(raw)["footer"]["checksum"] == zlib.crc32(raw[:-4])


@pytest.mark.parametrize("section", facts.LAYOUT)
def test_a_section_that_is_none_is_left_out(section: str) -> None:
    tree = small()
    whole = layout.build(tree)
    spans = _spans(tree)
    tree[section] = None
    start, stop = spans[section]
    assert layout.build(tree) == whole[:start] + whole[stop:]


def _spans(tree: layout.Tree) -> dict[str, tuple[int, int]]:
    at, spans = 0, {}
    for section in facts.LAYOUT:
        size = len(layout.build({**dict.fromkeys(facts.LAYOUT), "header": tree["header"], section: tree[section]})) - 64
        size = 64 if section == "header" else size
        spans[section] = (at, at + size)
        at += size
    return spans


TOO_LITTLE: list[tuple[layout.Tree, str]] = [
    ({}, "header -> num_tensors neither given nor derived: expected tensor_index, found none"),
    ({"metadata": b"{}"}, "header -> num_tensors neither given nor derived"),
    ({"tensor_index": {"entries": []}}, "header -> len_metadata neither given nor derived"),
    ({"metadata": b"{}", "tensor_index": {}}, "header -> num_tensors neither given nor derived"),
    (
        {**SMALL, "metadata": None},
        "header -> len_metadata neither given nor derived: the rest of the tree does not say it",
    ),
    ({**SMALL, "tensor_index": None}, "header -> num_tensors neither given nor derived"),
    ({**SMALL, "tensor_index": {"entries": [{}]}}, "entries -> len_name neither given nor derived"),
    ({**SMALL, "tensor_index": {"entries": [{"name": b"a"}]}}, "entries -> dtype neither given nor derived"),
    ({**SMALL, "tensor_index": {"entries": [{"name": b"a", "dtype": 0}]}}, "entries -> ndim neither given nor derived"),
    (
        {**SMALL, "tensor_index": {"entries": [{"name": b"a", "dtype": 99, "dims": []}]}},
        "entries -> len_tensor neither given nor derived: expected a value that is known, found 99",
    ),
    (
        {**SMALL, "tensor_index": {"entries": [{"name": b"a", "dtype": 0, "dims": [2**63, 2]}]}},
        "entries -> len_tensor struct '<Q' error during building, given value 73786976294838206464",
    ),
    (
        {**SMALL, "tensor_index": {"entries": [{"name": b"a", "dtype": 0, "dims": [2**64 - 1] * 255}]}},
        "entries -> len_tensor neither given nor derived",
    ),
    (
        {**SMALL, "tensor_index": {"entries": [{"name": b"a", "dtype": 0, "dims": [1] * 256}]}},
        "entries -> ndim struct '<B' error during building, given value 256",
    ),
    (
        {**SMALL, "tensor_index": {"entries": [{"name": bytes(2**16), "dtype": 0, "dims": []}]}},
        "entries -> len_name struct '<H' error during building, given value 65536",
    ),
    ({**SMALL, "header": {"magic": b"APR"}}, "header -> magic bytes object of wrong length, expected 4, found 3"),
    ({**SMALL, "header": {"reserved": bytes(21)}}, "header -> reserved bytes object of wrong length"),
]


@pytest.mark.parametrize(("tree", "message"), TOO_LITTLE)
def test_what_cannot_be_derived_is_named(tree: layout.Tree, message: str) -> None:
    with pytest.raises(RequestError, match=r"^the tree cannot be built: ") as caught:
        layout.build(tree)
    assert message in str(caught.value)
    assert "Error(" not in str(caught.value)


@pytest.mark.parametrize("given", ["model.apr", 5, None, [1, 2]], ids=lambda given: type(given).__name__)
def test_what_holds_no_bytes_is_not_parsed(given: Any) -> None:
    with pytest.raises(TypeError, match=rf"^expected the bytes of a file, found {type(given).__name__}$"):
        layout.parse(given)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_are_parsed(kind: type) -> None:
    raw = golden.raw("every_dtype.apr")
    assert layout.parse(kind(raw)) == layout.parse(raw)


def entry(**values: Any) -> layout.Tree:
    return {**SMALL, "tensor_index": {"entries": [{"name": b"a", "dtype": 0, "dims": [], **values}]}}


MISFITS: list[tuple[Any, str]] = [
    (None, "tree: expected a mapping, found nothing"),
    ([], "tree: expected a mapping, found list of 0"),
    (b"raw", "tree: expected a mapping, found bytes of 3"),
    ({**SMALL, "heading": {}}, "found the key heading"),
    ({**SMALL, 5: {}}, "found the key 5"),
    ({**SMALL, "header": {"num_tensor": 1}}, "found the key header.num_tensor"),
    ({**SMALL, "header": {"flags": {"lz5": True}}}, "found the key header.flags.lz5"),
    ({**SMALL, "tensor_index": {"entry": []}}, "found the key tensor_index.entry"),
    (entry(shape=[]), "found the key tensor_index.entries[0].shape"),
    ({**SMALL, "footer": {"crc": 1}}, "found the key footer.crc"),
    ({**SMALL, "header": 5}, "header: expected a mapping, found 5"),
    ({**SMALL, "header": [("magic", b"APR\0")]}, "header: expected a mapping, found list of 1"),
    ({**SMALL, "header": {"flags": None}}, "header.flags: expected a mapping, found nothing"),
    ({**SMALL, "header": {"flags": 1024}}, "header.flags: expected a mapping, found 1024"),
    (
        {**SMALL, "header": {"flags": {"reserved": 16}}},
        "header.flags.reserved: expected an integer from 0 to 15, found 16",
    ),
    ({**SMALL, "header": {"version_major": 256}}, "header.version_major: expected an integer from 0 to 255, found 256"),
    ({**SMALL, "header": {"version_major": -1}}, "header.version_major: expected an integer from 0 to 255, found -1"),
    ({**SMALL, "header": {"version_major": 2.0}}, "header.version_major: expected an integer, found 2.0"),
    ({**SMALL, "header": {"version_major": "2"}}, "header.version_major: expected an integer, found '2'"),
    ({**SMALL, "header": {"version_major": None}}, "header.version_major: expected an integer, found nothing"),
    ({**SMALL, "header": {"ofs_data": 10**5000}}, "header.ofs_data: expected an integer from 0 to"),
    ({**SMALL, "header": {"magic": "APR\0"}}, "header.magic: expected bytes, found 'APR\\x00'"),
    ({**SMALL, "header": {"magic": 5}}, "header.magic: expected bytes, found 5"),
    ({**SMALL, "metadata": "{}"}, "metadata: expected bytes, found '{}'"),
    ({**SMALL, "metadata": 2}, "metadata: expected bytes, found 2"),
    ({**SMALL, "metadata": [123, 125]}, "metadata: expected bytes, found list of 2"),
    ({**SMALL, "metadata_padding": 10**9}, "metadata_padding: expected bytes, found 1000000000"),
    ({**SMALL, "tensor_data": {}}, "tensor_data: expected bytes, found dict of 0"),
    ({**SMALL, "tensor_index": {"entries": {}}}, "tensor_index.entries: expected a list, found dict of 0"),
    ({**SMALL, "tensor_index": {"entries": "ab"}}, "tensor_index.entries: expected a list, found 'ab'"),
    ({**SMALL, "tensor_index": {"entries": [5]}}, "tensor_index.entries[0]: expected a mapping, found 5"),
    ({**SMALL, "tensor_index": {"entries": [None]}}, "tensor_index.entries[0]: expected a mapping, found nothing"),
    ({**SMALL, "tensor_index": {"padding": 3}}, "tensor_index.padding: expected bytes, found 3"),
    (entry(name="a"), "tensor_index.entries[0].name: expected bytes, found 'a'"),
    (entry(dims=5), "tensor_index.entries[0].dims: expected a list, found 5"),
    (entry(dims=b"abc"), "tensor_index.entries[0].dims: expected a list, found bytes of 3"),
    (entry(dims=[-1]), "tensor_index.entries[0].dims[0]: expected an integer from 0 to 18446744073709551615, found -1"),
    (entry(dims=[[1]]), "tensor_index.entries[0].dims[0]: expected an integer, found list of 1"),
    (entry(dtype="f32"), "tensor_index.entries[0].dtype: expected an integer, found 'f32'"),
]


@pytest.mark.parametrize(("tree", "message"), MISFITS)
def test_what_does_not_fit_is_refused_with_its_path(tree: Any, message: str) -> None:
    with pytest.raises(RequestError, match=r"^the tree cannot be built: ") as caught:
        layout.build(tree)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


def test_integers_and_bytes_of_other_kinds_fit() -> None:
    tree = {
        **SMALL,
        "metadata": bytearray(b"{}"),
        "tensor_index": {"entries": ({"name": memoryview(b"a"), "dtype": layout.DType.F32, "dims": (2, True)},)},
        "tensor_data": memoryview(bytes(64)),
    }
    parsed = layout.parse(layout.build(tree))
    assert parsed["metadata"] == b"{}"
    assert parsed["tensor_index"]["entries"][0]["dims"] == [2, 1]


def test_building_leaves_the_tree_as_it_is() -> None:
    tree = golden.tree("every_dtype.apr")
    del tree["header"]["checksum"], tree["footer"]
    copy = {**tree, "header": dict(tree["header"])}
    layout.build(tree)
    assert tree == copy


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**65),
    st.sampled_from([2**63, 2**64 - 1, 10**4400]),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=5),
    st.lists(st.integers(0, 3) | st.none(), max_size=3),
    st.dictionaries(st.text(max_size=3) | st.integers(0, 2), st.integers(0, 3), max_size=2),
    st.just(object()),
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))] if path or items else [path]


@given(st.data())
def test_a_tree_that_is_damaged_is_built_or_refused(data: st.DataObject) -> None:
    """Whatever nodes of a tree are deleted or replaced, `build` returns bytes or raises `RequestError`."""
    tree = golden.tree(data.draw(st.sampled_from(("every_dtype.apr", "unicode_names.apr", "no_tensors.apr"))))
    for _ in range(data.draw(st.integers(1, 4))):
        *steps, last = data.draw(st.sampled_from(places(tree)[1:]))
        node = tree
        for step in steps:
            node = node[step]
        if data.draw(st.booleans()):
            del node[last]
        else:
            node[last] = data.draw(JUNK)
        if not tree:
            break
    try:
        assert type(layout.build(tree)) is bytes
    except RequestError as error:
        assert str(error).startswith("the tree cannot be built: ")  # noqa: PT017 - both outcomes are right


def test_a_view_that_was_given_back_is_refused_where_it_stands() -> None:
    view = memoryview(b"{}")
    view.release()
    with pytest.raises(RequestError, match=r"^the tree cannot be built: metadata: expected bytes, found memoryview$"):
        layout.build({**SMALL, "metadata": view})
