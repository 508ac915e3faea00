"""Receipts in their three shapes: what they say, that their schemas take them, and that the schemas can refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.unit.ops.receipts import CONTEXT, MIT, SCHEMAS, faults, stamped
from tests.unit.rules.crafting import craft

from aprfmt import MetadataPatch, RequestError, create_bytes
from aprfmt.layout import facts
from aprfmt.ops.receipt import SHAPES, read_receipt, receipt, receipt_bytes
from aprfmt.ops.receipt.making import HOST_KEYS, PREDICATE_TYPE
from aprfmt.provenance import REPORTED_KEYS

SOUND = craft(tensor_data=bytes(range(128)))
PATCH = MetadataPatch(set={"license": "MIT", "long": "x" * 3000}, merge={"a": {"b": 1}}, unset=("name",), dedupe=True)


def schema(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("path", sorted(SCHEMAS.iterdir()), ids=lambda path: path.name)
def test_the_published_schemas_are_schemas(path: Any) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(document)
    assert document["$id"] == path.name
    assert document["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_the_published_schema_names_what_the_format_names() -> None:
    file = schema("receipt")["$defs"]["file"]["properties"]
    assert [*file["sections"]["properties"], "tensor_data"] == sorted(
        facts.LAYOUT, key=lambda name: (name == "tensor_data", facts.LAYOUT.index(name))
    )
    assert tuple(file["provenance"]["properties"]) == REPORTED_KEYS
    assert tuple(schema("receipt")["properties"]["host"]["oneOf"][1]["properties"]) == HOST_KEYS
    assert schema("statement")["properties"]["predicateType"]["const"] == PREDICATE_TYPE


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "raw", [SOUND, create_bytes([], {}), craft(footer=None), craft(metadata=b'{"license":null}')], ids=len
)
def test_every_receipt_meets_its_schema(raw: bytes, shape: str) -> None:
    document = stamped(raw, PATCH).receipt(shape)
    assert faults(document, shape) == []
    assert json.loads(receipt_bytes(document)) == document
    assert read_receipt(receipt_bytes(document)).shape == shape


def test_a_long_receipt_is_on_one_line() -> None:
    document = {"a": ["x" * 100] * 3}
    assert receipt_bytes(document).count(b"\n") == 7
    assert receipt_bytes({"a": ["x" * 100] * 20_000}).count(b"\n") == 1


def test_a_receipt_is_a_function() -> None:
    assert [receipt_bytes(stamped(SOUND).receipt(shape)) for shape in SHAPES] == [
        receipt_bytes(stamped(SOUND).receipt(shape)) for shape in SHAPES
    ]


def test_a_shape_that_is_none_is_refused() -> None:
    with pytest.raises(RequestError, match=r"expected a receipt of the shape aprfmt, in-toto, evidence, found 'pdf'"):
        receipt(stamped(SOUND, MIT).stamp, CONTEXT, "pdf")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_stamp_without_a_proof_has_no_receipt(shape: str) -> None:
    with pytest.raises(ValueError, match="prove=True"):
        receipt(replace(stamped(SOUND).stamp, proof=None), CONTEXT, shape)
