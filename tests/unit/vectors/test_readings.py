"""What a careful reader reads, as values that every language can compare."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from aprfmt import build
from aprfmt.container import Container
from aprfmt.errors import FormatError
from aprfmt.layout import DType
from aprfmt.source import BytesSource
from aprfmt.vectors.readings import HEADER_FIELDS, reading

ROOT = Path(__file__).resolve().parents[3]


def container(metadata: bytes = b'{"name":"m"}', **sections: Any) -> Container:
    tree = {
        "metadata": metadata,
        "tensor_index": {
            "entries": [
                {"name": b"a", "dtype": DType.F32, "dims": [2]},
                {"name": "é".encode(), "dtype": DType.APR_Q4, "dims": [0, 2**53 + 1]},
            ]
        },
        "tensor_data": bytes(range(8)) + bytes(56),
        **sections,
    }
    return Container(BytesSource(build(tree)), lenient=True)


def test_everything_is_read() -> None:
    made = container()
    assert reading(made) == {
        "header": {
            "version_major": 2,
            "version_minor": 0,
            "flags": 0x0400,
            "num_tensors": 2,
            "ofs_metadata": 64,
            "len_metadata": 12,
            "ofs_tensor_index": 128,
            "ofs_data": 256,
            "checksum": made.header.checksum,
        },
        "metadata": {"name": "m"},
        "tensors": [
            {
                "name": "a",
                "dtype": 0,
                "dims": [2],
                "ofs_tensor": 0,
                "len_tensor": 8,
                "crc32": f"{zlib.crc32(bytes(range(8))):08x}",
            },
            {
                "name": "é",
                "dtype": 128,
                "dims": [0, str(2**53 + 1)],
                "ofs_tensor": 64,
                "len_tensor": 0,
                "crc32": "00000000",
            },
        ],
        "footer": made.footer and made.footer.checksum,
    }


def test_the_fields_of_the_header_are_those_that_are_numbers() -> None:
    assert set(HEADER_FIELDS) == set(reading(container())["header"])
    assert "magic" not in HEADER_FIELDS
    assert "reserved" not in HEADER_FIELDS


def test_checksums_of_tensors_are_left_out_where_they_are_not_wanted() -> None:
    for tensor in reading(container(), crc32=False)["tensors"]:
        assert "crc32" not in tensor
        assert {"name", "dtype", "dims", "ofs_tensor", "len_tensor"} == tensor.keys()


def test_a_file_without_a_footer_has_none() -> None:
    assert reading(container(footer=None))["footer"] is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9007199254740992", 2**53),
        ("9007199254740993", "9007199254740993"),
        ("-9007199254740992", -(2**53)),
        ("-9007199254740993", "-9007199254740993"),
        ("18446744073709551616", "18446744073709551616"),
        ("true", True),
        ("null", None),
        ("1.5", 1.5),
        ("1e300", 1e300),
        ('"9007199254740993"', "9007199254740993"),
        ("[1,[9007199254740993,false]]", [1, ["9007199254740993", False]]),
        ('{"b":{"c":9007199254740993}}', {"b": {"c": "9007199254740993"}}),
        ("[]", []),
    ],
)
def test_integers_of_the_metadata_are_not_rounded_at_any_depth(text: str, value: Any) -> None:
    found = reading(container(b'{"a":%s}' % text.encode()))["metadata"]["a"]
    assert (found, type(found)) == (value, type(value))


def test_of_a_key_that_occurs_twice_the_last_value_counts() -> None:
    assert reading(container(b'{"a":1,"b":2,"a":3}'))["metadata"] == {"a": 3, "b": 2}


def test_what_cannot_be_read_is_raised() -> None:
    for made in (container(b"[]"), container(header={"num_tensors": 99}), container(header={"ofs_data": 2**40})):
        with pytest.raises(FormatError):
            reading(made)


def test_a_reading_is_what_the_protocol_asks_for() -> None:
    schema = json.loads((ROOT / "spec" / "protocol" / "answer.schema.json").read_text(encoding="utf-8"))
    values = reading(container(b'{"a":[9007199254740993,{"b":null}]}'))
    assert json.loads(json.dumps(values)) == values
    jsonschema.Draft202012Validator(schema["$defs"]["values"] | {"$defs": schema["$defs"]}).validate(values)


def test_a_name_that_is_no_text_is_left_out() -> None:
    entries = [{"name": b"\xff", "dtype": DType.F32, "dims": [2]}]
    (tensor,) = reading(container(tensor_index={"entries": entries}, tensor_data=bytes(64)))["tensors"]
    assert "name" not in tensor
