"""Bytes, wide integers and trees as JSON says them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aprfmt import build
from aprfmt.container import Container
from aprfmt.errors import RequestError
from aprfmt.layout import DType, Flags, facts
from aprfmt.source import BytesSource
from aprfmt.vectors.words import BYTES, SAFE_INTEGER, bytes_of, integer_of, tree_of, wide


@pytest.mark.parametrize(
    ("node", "raw"),
    [
        ({"text": "é\0"}, b"\xc3\xa9\0"),
        ({"text": ""}, b""),
        ({"hex": "00ff 10"}, b"\0\xff\x10"),
        ({"zeros": 3}, b"\0\0\0"),
        ({"zeros": "3"}, b"\0\0\0"),
        ({"counting": 258}, bytes(range(256)) + b"\0\1"),
        ({"repeat": [{"text": "ab"}, 2]}, b"abab"),
        ({"repeat": [{"text": "ab"}, 0]}, b""),
        ({"join": [{"text": "a"}, {"join": [{"zeros": 1}, {"hex": "ff"}]}]}, b"a\0\xff"),
        ({"join": []}, b""),
    ],
)
def test_bytes(node: Any, raw: bytes) -> None:
    assert bytes_of(node, "here") == raw


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (
            "text",
            "here: expected bytes as an object with one of text, hex, zeros, counting, repeat, join, found 'text'",
        ),
        (None, "here: expected bytes as an object with one of"),
        ({}, "here: expected bytes as an object with one of"),
        ({"text": "a", "hex": "00"}, "here: expected bytes as an object with one of"),
        ({"base64": "AA=="}, "here: expected bytes as an object with one of"),
        ({"text": 5}, "here.text: expected a text, found 5"),
        ({"hex": "0"}, "here.hex: expected hexadecimal digits, found '0'"),
        ({"hex": "xy"}, "here.hex: expected hexadecimal digits, found 'xy'"),
        ({"hex": 10}, "here.hex: expected hexadecimal digits, found 10"),
        ({"zeros": "many"}, "here.zeros: expected an integer, or its decimal digits beyond 2^53, found 'many'"),
        ({"counting": 1.5}, "here.counting: expected an integer"),
        ({"repeat": {"text": "a"}}, "here.repeat: expected [bytes, times], found"),
        ({"repeat": [{"text": "a"}]}, "here.repeat: expected [bytes, times], found"),
        ({"join": {"text": "a"}}, "here.join: expected a list of bytes, found"),
        ({"join": [{"zeros": 1}, {"hex": "?"}]}, "here.join[1].hex: expected hexadecimal digits"),
    ],
)
def test_bytes_that_make_no_sense_are_refused_with_their_place(node: Any, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        bytes_of(node, "here")
    assert str(caught.value).startswith(message)


def test_there_is_a_case_for_every_kind_of_bytes() -> None:
    assert list(BYTES) == ["text", "hex", "zeros", "counting", "repeat", "join"]


@given(st.integers(0, 2**70))
def test_integers_survive_any_json_parser(value: int) -> None:
    """An integer comes back from its form in JSON, and that is a number only where every number is a double."""
    node = wide(value)
    assert integer_of(node, "here") == value
    assert isinstance(node, str) == (value > SAFE_INTEGER)
    assert isinstance(node, str) or int(float(node)) == value


@pytest.mark.parametrize("node", [True, None, 1.0, "", "-1", "0x10", "1e3", "１", "²", [1], {"zeros": 1}])
def test_what_is_no_integer_is_refused(node: Any) -> None:
    with pytest.raises(RequestError, match="here: expected an integer, or its decimal digits beyond 2"):
        integer_of(node, "here")


def test_integers_may_be_negative_as_numbers() -> None:
    assert integer_of(-1, "here") == -1


def test_a_tree_is_what_build_takes() -> None:
    tree = tree_of(
        {
            "header": {"flags": ["sharded", "layout_row_major"], "reserved": {"zeros": 20}, "ofs_metadata": "64"},
            "metadata": {"text": "{}"},
            "tensor_index": {"entries": [{"name": {"text": "a"}, "dtype": "q4_k", "dims": [256]}]},
            "tensor_data": {"zeros": 192},
            "footer": None,
        }
    )
    assert tree["footer"] is None
    assert tree["tensor_index"] == {"entries": [{"name": b"a", "dtype": DType.Q4_K, "dims": [256]}]}
    container = Container(BytesSource(build(tree)))
    assert container.header.flags == Flags.SHARDED | Flags.LAYOUT_ROW_MAJOR
    assert container.footer is None


def test_flags_as_a_list_are_all_flags_and_as_an_object_some() -> None:
    names = [name for name, _, width in facts.FLAGS_BITS if width == 1]
    assert tree_of({"header": {"flags": []}})["header"]["flags"] == dict.fromkeys(names, False)
    assert tree_of({"header": {"flags": ["signed"]}})["header"]["flags"]["signed"] is True
    assert tree_of({"header": {"flags": {"reserved": 9, "signed": 1}}})["header"]["flags"] == {
        "reserved": 9,
        "signed": 1,
    }


def test_an_element_type_may_be_an_id_that_does_not_exist() -> None:
    (entry,) = tree_of({"tensor_index": {"entries": [{"dtype": 2}]}})["tensor_index"]["entries"]
    assert entry == {"dtype": 2}


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ([], "tree: expected an object, found []"),
        ({"head": {}}, "tree.head: expected one of header, header_padding, metadata, "),
        ({"header": {"size": 5}}, "tree.header.size: expected one of magic, version_major, "),
        ({"header": []}, "tree.header: expected an object, found []"),
        ({"header": {"flags": ["shiny"]}}, "tree.header.flags: expected a list of lz4_compressed, "),
        ({"header": {"flags": "signed"}}, "tree.header.flags: expected a list of lz4_compressed, "),
        ({"header": {"flags": {"shiny": 1}}}, "tree.header.flags.shiny: expected one of lz4_compressed, "),
        ({"header": {"num_tensors": "two"}}, "tree.header.num_tensors: expected an integer"),
        ({"metadata": "{}"}, "tree.metadata: expected bytes as an object"),
        ({"tensor_index": {"entries": {}}}, "tree.tensor_index.entries: expected a list, found {}"),
        ({"tensor_index": {"entries": [5]}}, "tree.tensor_index.entries[0]: expected an object, found 5"),
        (
            {"tensor_index": {"entries": [{}, {"dims": [1, "x"]}]}},
            "tree.tensor_index.entries[1].dims[1]: expected an integer",
        ),
        ({"tensor_index": {"entries": [{"dtype": "f33"}]}}, "tree.tensor_index.entries[0].dtype: expected an integer"),
    ],
)
def test_trees_that_make_no_sense_are_refused_with_their_place(node: Any, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        tree_of(node)
    assert str(caught.value).startswith(message)
