"""What counts as the same value, and how a difference is told."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest

from aprfmt.conform.compare import PARTS, difference
from aprfmt.container import Container
from aprfmt.layout import facts
from aprfmt.source import BytesSource
from aprfmt.vectors.readings import reading

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"
WIDE = 2**53 + 1


def expected(**metadata: Any) -> dict[str, Any]:
    """A reading: of the kind that `reading` gives, with one tensor of each kind of element type."""
    return {
        "header": {"version_major": 2, "flags": 1024, "ofs_data": "18446744073709551552"},
        "metadata": metadata,
        "tensors": [
            {"name": "a", "dtype": 0, "dims": [3], "ofs_tensor": 0, "len_tensor": 12, "crc32": "00c0ffee"},
            {"name": "ü\x1b", "dtype": 8, "dims": [], "ofs_tensor": "9007199254740993", "len_tensor": 18},
        ],
        "footer": 4023233417,
    }


def tensors(number: int, **change: Any) -> dict[str, Any]:
    found: list[dict[str, Any]] = [{}, {}]
    found[number] = change
    return {"tensors": found}


def words(found: Any, **metadata: Any) -> str:
    return difference(expected(**metadata), found)[0]


def of_metadata(wanted: Any, found: Any) -> str:
    return words({"metadata": {"k": found}}, k=wanted)


@pytest.mark.parametrize("name", ["every_dtype.apr", "teacher_q4k.apr", "unicode_names.apr"])
def test_a_real_reading_is_itself(name: str) -> None:
    found = reading(Container(BytesSource((GOLDEN / name).read_bytes())))
    assert difference(found, json.loads(json.dumps(found))) == ("", PARTS)


@pytest.mark.parametrize(
    ("found", "parts"),
    [
        ({}, ()),
        ({"header": {}}, ()),
        ({"header": {"magic": 1}}, ()),
        ({"header": {"flags": 1024}}, ("header",)),
        ({"metadata": {}}, ("metadata",)),
        ({"tensors": [{}, {}]}, ("tensors",)),
        (tensors(0, crc32="00c0ffee"), ("tensors", "crc32")),
        ({"footer": 4023233417, "header": {"flags": "1024"}}, ("header", "footer")),
    ],
)
def test_only_what_is_said_is_compared(found: dict[str, Any], parts: tuple[str, ...]) -> None:
    assert difference(expected(), found) == ("", parts)


def test_a_checksum_that_nobody_asked_for_is_not_compared() -> None:
    wanted = expected()
    del wanted["tensors"][0]["crc32"]
    assert difference(wanted, tensors(0, crc32="ffffffff")) == ("", ("tensors",))


@pytest.mark.parametrize(
    "found",
    [
        {"header": {"version_major": 2, "flags": "1024", "ofs_data": 18446744073709551552}},
        {"header": {"version_major": 2.0, "reserved": "not compared"}},
        tensors(0, dims=["3"], ofs_tensor="0", len_tensor=12.0),
        tensors(0, dims=(3,), crc32="00C0FFEE"),
        tensors(1, ofs_tensor=9007199254740993, name="ü\x1b"),
        {"footer": "4023233417"},
    ],
)
def test_an_integer_is_its_decimal_digits(found: dict[str, Any]) -> None:
    assert words(found) == ""


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"header": {"flags": True}}, "header.flags: expected 1024, found true"),
        ({"header": {"flags": "01024"}}, 'header.flags: expected 1024, found "01024"'),
        ({"header": {"flags": "+1024"}}, 'header.flags: expected 1024, found "+1024"'),
        ({"header": {"flags": "١٠٢٤"}}, r'header.flags: expected 1024, found "\u0661\u0660\u0662\u0664"'),
        ({"header": {"flags": 1024.5}}, "header.flags: expected 1024, found 1024.5"),
        ({"header": {"flags": None}}, "header.flags: expected 1024, found null"),
        (
            {"header": {"ofs_data": 1.8446744073709552e19}},
            'header.ofs_data: expected "18446744073709551552", found 1.8446744073709552e+19',
        ),
        (tensors(0, dims=[4]), "tensors[0].dims: expected [3], found [4]"),
        (tensors(0, dims=[True]), "tensors[0].dims: expected [3], found [true]"),
        (tensors(0, dims=[3, 1]), "tensors[0].dims: expected [3], found [3, 1]"),
        (tensors(0, dims={}), "tensors[0].dims: expected [3], found {}"),
        (tensors(1, ofs_tensor=2**53), 'tensors[1].ofs_tensor: expected "9007199254740993", found 9007199254740992'),
        (tensors(1, name="u"), r'tensors[1].name: expected "\u00fc\u001b", found "u"'),
        (tensors(0, name=["a"]), 'tensors[0].name: expected "a", found ["a"]'),
        (tensors(0, crc32="00c0ffef"), 'tensors[0].crc32: expected "00c0ffee", found "00c0ffef"'),
        (tensors(0, crc32=12648430), 'tensors[0].crc32: expected "00c0ffee", found 12648430'),
        ({"footer": None}, "footer: expected 4023233417, found null"),
        ({"footer": [1]}, "footer: expected 4023233417, found [1]"),
    ],
)
def test_another_value_is_a_difference(found: dict[str, Any], said: str) -> None:
    assert words(found) == said


def test_a_file_without_a_footer_has_none() -> None:
    wanted = {**expected(), "footer": None}
    assert difference(wanted, {"footer": None}) == ("", ("footer",))
    assert difference(wanted, {"footer": 0}) == ("footer: expected null, found 0", ("footer",))


@pytest.mark.parametrize(
    ("number", "found"),
    [
        *((0, found) for found in (0, "0", 0.0, "f32", "F32")),
        *((1, found) for found in (8, "8", "apr_q4", "APR_Q4", "apr_q4_legacy", "Apr_Q4_Legacy")),
        (1, facts.DTYPE_FACTS[8].canonical_code),
    ],
)
def test_an_element_type_is_its_number_or_its_name(number: int, found: Any) -> None:
    assert words(tensors(number, dtype=found)) == ""


@pytest.mark.parametrize("found", [1, 128, False, "f16", "f32_legacy", "float32", "", None, ["f32"], {}])
def test_another_element_type_is_a_difference(found: Any) -> None:
    assert words(tensors(0, dtype=found)).startswith('tensors[0].dtype: expected 0 or "f32", found ')


def test_the_number_of_old_writers_is_not_that_of_new_ones() -> None:
    wanted = expected()
    wanted["tensors"][1]["dtype"] = facts.DTYPE_FACTS[8].canonical_code
    assert difference(wanted, tensors(1, dtype=8))[0] == 'tensors[1].dtype: expected 128 or "apr_q4", found 8'
    assert difference(wanted, tensors(1, dtype="apr_q4_legacy"))[0] != ""


def test_an_element_type_that_nobody_knows_has_only_its_number() -> None:
    wanted = expected()
    wanted["tensors"][1]["dtype"] = 31
    assert difference(wanted, tensors(1, dtype=31))[0] == ""
    assert difference(wanted, tensors(1, dtype="f32"))[0] == 'tensors[1].dtype: expected 31, found "f32"'


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (1, 1.0),
        (1.0, 1),
        (0, -0.0),
        (-0.0, 0),
        (1e300, 10**300),
        (1e16, 10**16 + 1),
        (str(WIDE), WIDE),
        (str(WIDE), str(WIDE)),
        (WIDE, str(WIDE)),
        (str(-WIDE), -WIDE),
        (str(2**60), float(2**60)),
        (str(2**64), float(2**64)),
        (str(2**64), 18446744073709552000),
        (str(2**65 + 1), float(2**65)),
        (str(2**65 + 1), 36893488147419103000),
        (str(-(2**63) - 1), -9.223372036854775808e18),
        ("text", "text"),
        ("5", "5"),
        (None, None),
        (True, True),
        (math.nan, math.nan),
        ([], ()),
        ([1, {"a": []}], [1.0, {"a": [], "b": None}]),
    ],
)
def test_metadata_are_compared_by_value(wanted: Any, found: Any) -> None:
    assert of_metadata(wanted, found) == ""


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (1, True),
        (0, False),
        (True, 1),
        (1, "1"),
        ("5", 5),
        (str(10**15), 10**15),
        (1, 1.5),
        (0.1, 0.1000000014901161),
        (str(WIDE), 2**53),
        (str(WIDE), float(2**53)),
        (str(WIDE), str(WIDE + 1)),
        (str(2**64 - 1), float(2**64)),
        (str(2**65 + 1), str(2**65)),
        (str(2**65 + 1), float(2**66)),
        (10**400, 1e300),
        (10**400, 10**400 + 1),
        (1e300, 10**400),
        (math.inf, 10**400),
        (None, 0),
        ("", None),
        ([], {}),
        ({}, []),
        ([1], [1, 1]),
        ([None], []),
        ([1, 2], [2, 1]),
        ({"a": 1}, {}),
        ({"a": {"b": 1}}, {"a": {"b": 2}}),
        ({"a": {}}, {"a": None}),
    ],
)
def test_other_metadata_are_a_difference(wanted: Any, found: Any) -> None:
    assert of_metadata(wanted, found).startswith("metadata.k")


def test_null_says_as_much_as_no_key() -> None:
    assert words({"metadata": {}}, license=None) == ""
    assert words({"metadata": {"license": None, "total_size": None, "anything": None}}) == ""
    assert words({"metadata": {"license": None, "special_tokens": {"bos_token": None}}}, special_tokens={}) == ""
    assert words({"metadata": {"license": "MIT"}}) == 'metadata.license: expected nothing, found "MIT"'
    assert words({"metadata": {}}, license="MIT") == 'metadata.license: expected "MIT", found nothing'


def test_what_a_canonical_writer_always_writes_is_as_good_as_absent() -> None:
    assert words({"metadata": {"model_type": "", "total_size": 0, "param_count": 0}}) == ""
    assert words({"metadata": {"model_type": "x"}}) == 'metadata.model_type: expected nothing, found "x"'
    assert words({"metadata": {"total_size": False}}) == "metadata.total_size: expected nothing, found false"
    assert words({"metadata": {"other": 0}}) == "metadata.other: expected nothing, found 0"
    assert words({"metadata": {"x": {"total_size": 0}}}, x={}) == "metadata.x.total_size: expected nothing, found 0"
    assert words({"metadata": {}}, total_size=0) == "metadata.total_size: expected 0, found nothing"


def test_the_first_difference_is_told() -> None:
    found = {"footer": 0, "metadata": {"b": 2, "a": [1, {"c": "y"}]}, "header": {"flags": 1024}}
    assert words(found, a=[1, {"c": "x"}], b=3) == 'metadata.a[1].c: expected "x", found "y"'
    found["header"] = {"flags": 0, "version_major": 1}
    assert words(found, a=[1]) == "header.version_major: expected 2, found 1"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "values: expected an object, found null"),
        ([1], "values: expected an object, found [1]"),
        ({"header": [1]}, "header: expected an object, found [1]"),
        ({"metadata": "x"}, 'metadata: expected {}, found "x"'),
        ({"tensors": {"a": {}}}, 'tensors: expected a list, found {"a": …}'),
        ({"tensors": None}, "tensors: expected a list, found null"),
        ({"tensors": [{}]}, "tensors: expected 2 of them, found 1"),
        ({"tensors": [{}, 1]}, "tensors[1]: expected an object, found 1"),
    ],
)
def test_a_wrong_shape_is_a_difference(found: Any, said: str) -> None:
    assert words(found) == said


def test_a_name_that_nobody_knows_is_a_difference() -> None:
    said = "tensors[0].shape: expected one of crc32, dims, dtype, len_tensor, name, ofs_tensor"
    assert words(tensors(0, shape=[3])) == said
    assert words({"flags": 1}) == "values.flags: expected one of footer, header, metadata, tensors"
    assert words({"header": {"Flags": 1024}}).startswith("header.Flags: expected one of checksum, flags, ")
    assert words({"header": {7: 1}}).startswith("header[7]: expected one of ")


def test_texts_are_shown_from_where_they_differ() -> None:
    text = "x" * 1000
    said = of_metadata(text + "abc", text + "abd")
    assert said == 'metadata.k from character 1002 on: expected "c", found "d"'
    assert of_metadata("abc", "abd") == 'metadata.k: expected "abc", found "abd"'


def test_long_shapes_are_told_by_the_dimension_that_differs() -> None:
    wanted = expected()
    wanted["tensors"][0]["dims"] = list(range(255))
    found = copy.deepcopy(wanted)
    found["tensors"][0]["dims"][200] = 7
    assert difference(wanted, found)[0] == "tensors[0].dims[200]: expected 200, found 7"
    assert difference(wanted, tensors(0, dims=[1]))[0] == "tensors[0].dims: expected 255 dimensions, found 1"
    assert difference(wanted, tensors(0, dims=7))[0] == "tensors[0].dims: expected [0, 1, 2, 3, 4, 5, 6, 7, …], found 7"


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2J\u202e\ud800" * 10_000,
        10**5000,
        "9" * 5000,
        ["é" * 1000] * 1000,
        {"k" * 1000: 1, "\x1b[31m": 2},
        object(),
        b"\x1b",
        {1: {2: 3}},
    ],
    ids=["text", "integer", "digits", "list", "keys", "object", "bytes", "numbers"],
)
def test_what_is_said_is_short_and_prints(hostile: Any) -> None:
    for found in (hostile, {"header": {"flags": hostile}}, {"metadata": hostile}, tensors(0, dims=[hostile])):
        said = words(found, k="x")
        assert said
        assert len(said) < 700
        assert said.isprintable()
    assert 0 < len(of_metadata("x", hostile)) < 700


def test_a_hostile_key_is_escaped_in_the_place() -> None:
    key = "\x1b[2J" * 100
    said = words({"metadata": {"a": {key: 1}}}, a={key: 2})
    assert said.isprintable()
    assert len(said) < 300
    assert said.startswith(r'metadata.a["\u001b[2J')


def nested(levels: int, leaf: Any) -> Any:
    value = leaf
    for number in range(levels):
        value = [value] if number % 2 else {"a": value}
    return value


def test_no_depth_ends_in_an_error() -> None:
    deep, other = nested(20_001, 1), nested(20_001, 2)
    assert words({"metadata": deep}, a=1).startswith("metadata.a: expected 1, found [")
    same, parts = difference({**expected(), "metadata": deep}, {"metadata": deep})
    assert (same, parts) == ("", ("metadata",))
    said, _ = difference({**expected(), "metadata": deep}, {"metadata": other})
    assert said.endswith("expected 1, found 2")
    assert len(said) < 300


@pytest.mark.parametrize(
    ("value", "found"),
    [(10000000.5, 10000000.5), (10000000.5, 10000000.0), (1e-5, 9.999999747378752e-06), (1e39, None)],
)
def test_a_key_of_single_precision_may_be_read_in_single_precision(value: float, found: Any) -> None:
    assert words({"metadata": {"rope_theta": found}}, rope_theta=value) == ""


def test_other_values_are_not_excused_by_single_precision() -> None:
    assert words({"metadata": {"rope_theta": 10000001.0}}, rope_theta=10000000.5) != ""
    assert words({"metadata": {"rope_theta": None}}, rope_theta=1e38) != ""
    assert words({"metadata": {"other": 10000000.0}}, other=10000000.5) != ""
    assert words({"metadata": {"sharding": {"rope_theta": 1.0}}}, sharding={"rope_theta": 1.1}) != ""
