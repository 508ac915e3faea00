"""Receipts that are read: any of the shapes comes back, and what is none is refused with the place of the fault."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.unit.ops.receipts import stamped
from tests.unit.rules.crafting import craft

from aprfmt import MetadataPatch, RequestError
from aprfmt.ops.receipt import SHAPES, read_receipt, receipt_bytes
from aprfmt.ops.receipt import reading as module

DONE = stamped(craft(tensor_data=bytes(range(128))), MetadataPatch(set={"license": "MIT", "x": {"y": 1}}))


def refused(document: Any, message: str) -> None:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(RequestError, match=re.escape(message)):
        read_receipt(data)


def own(**fields: Any) -> dict[str, Any]:
    return {**DONE.receipt(), **fields}


def altered(path: str, value: Any, shape: str = "aprfmt") -> dict[str, Any]:
    """A receipt with another value at a path of keys."""
    document: dict[str, Any] = json.loads(receipt_bytes(DONE.receipt(shape)))
    inner: Any = document
    *most, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in most:
        inner = inner[step]
    inner[last] = value
    return document


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_written_comes_back(shape: str) -> None:
    said = read_receipt(receipt_bytes(DONE.receipt(shape)))
    proof = DONE.stamp.proof
    assert proof is not None
    assert said.shape == shape
    for side, file in ((said.before, proof.before), (said.after, proof.after)):
        assert (side.nbytes, side.sha256, side.n_tensors) == (file.nbytes, file.sha256, 2)
        if shape == "evidence":
            assert (side.sections, side.tensors, side.flags, side.payload_digest, side.filler) == (None,) * 5
            assert (side.places.spans, side.places.filler) == (frozenset(), ())
        else:
            assert side.sections == file.sections
            assert side.tensors == file.tensors
            assert (side.flags, side.payload_digest) == (file.flags, file.payload_digest)
            assert (side.filler, side.data) == (file.filler, file.data)
            assert side.places.spans >= {(tensor.start, tensor.end) for tensor in file.tensors}
            assert sum(stop - start for start, stop in side.places.filler) == 117


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected a receipt in JSON, found something else at line 1, column 1"),
        (b'{"receipt": }', "expected a receipt in JSON, found something else at line 1, column 13"),
        (b'{"a": "\xff"}', "expected a receipt in UTF-8, found other bytes at byte 7"),
        (b"\xef\xbb\xbf{}", "expected a receipt in JSON, found something else at line 1, column 1"),
        (b"[]", "expected a receipt, which is a JSON object, found an array"),
        (b"null", "expected a receipt, which is a JSON object, found null"),
        (b"1", "expected a receipt, which is a JSON object, found a number"),
        (b'"a"', "expected a receipt, which is a JSON object, found a string"),
        (b"true", "expected a receipt, which is a JSON object, found a boolean"),
        (b"{}", "found an object with the keys none"),
        (b'{"a\\u001b": 1, "b": 2}', "found an object with the keys 'a\\x1b', 'b'"),
        (b'{"receipt": 1, "a": {"b": 1, "c": 2, "b": 3}}', "expected each key of a receipt once, found 'b' twice"),
        (b'{"a": NaN}', "expected a receipt in JSON, found NaN"),
        (b'{"a": -Infinity}', "expected a receipt in JSON, found -Infinity"),
        (b'{"a": ' + b"9" * 5000 + b"}", "found a number that is too long"),
        (b'{"a": ' + b"[" * 100_000, "found JSON that is nested too deeply"),
        (b'{"payloadType": "application/vnd.in-toto+json", "payload": ""}', "found a signed envelope (DSSE)"),
    ],
)
def test_what_is_no_receipt_is_refused(data: bytes, message: str) -> None:
    refused(data, message)


@pytest.mark.parametrize("name", ["MOST_BYTES", "_MOST_VALUES"])
def test_a_receipt_beyond_the_limits_is_not_taken_apart(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, name, 60)
    refused(receipt_bytes(DONE.receipt()), "expected a receipt of at most 60 ")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("receipt", "aprfmt/2", "receipt: expected aprfmt/1, found 'aprfmt/2'"),
        ("receipt", 1, "receipt: expected aprfmt/1, found '1'"),
        ("before/size_bytes", "1", "before.size_bytes: expected `int`, found `str`"),
        ("before/size_bytes", -1, "before.size_bytes: expected `int` >= 0"),
        ("before/size_bytes", 1.5, "before.size_bytes: expected `int`, found `float`"),
        ("after/sha256", "AB" * 32, "after.sha256: expected `str` matching regex"),
        ("after/sha256", "ab" * 32 + "\n", "after.sha256: expected `str` matching regex"),
        ("finished_at", "2026-03-01T23:59:59+01:00", "finished_at: expected `str` matching regex"),
        ("tensors/1/shape/0", None, "tensors[1].shape[0]: expected `int`, found `null`"),
        ("tensors/1/more", None, "tensors[1]: expected only fields of this shape, found `more`"),
        ("verdict", "maybe", "verdict: "),
        ("tensor_bytes/differing", 1, "tensor_bytes.differing: expected `int` <= 0"),
        ("host", {"hostname": "a"}, "host: expected the keys hostname, system, release, machine, python, found none"),
        ("before/sections/more", None, "before.sections: expected the keys header, "),
        ("after/provenance/x", 1, "after.provenance: expected the keys license, "),
        ("changed/x", {}, "changed: expected before or after for 'x', found none of them"),
        ("changed/x/after", {"omitted": 1}, "changed.x.after.omitted: expected `object`, found `int`"),
        ("patch/set/x", {"omitted": {}}, "patch.set.x.omitted: expected the field `size_bytes`, found none"),
        (
            "patch/merge/x",
            {"omitted": {"size_bytes": 1, "sha256": "0" * 64}, "y": 1},
            "patch.merge.x: expected only fields of this shape, found `y`",
        ),
    ],
)
def test_a_wrong_field_is_named(path: str, value: Any, message: str) -> None:
    refused(altered(path, value), message)
    refused(altered(f"predicate/{path}", value, "in-toto"), f"predicate.{message}")


def test_a_field_that_is_missing_is_named() -> None:
    document = own()
    del document["tensors"]
    refused(document, "the top level: expected the field `tensors`, found none")
    document = altered("before/flags", {"bits": 1})
    refused(document, "before.flags: expected the field `names`, found none")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("after/payload_digest", "0" * 64, "after.payload_digest: expected "),
        ("after/tensor_data/filler/size_bytes", 7, "after.tensor_data.filler.size_bytes: expected 117, found '7'"),
        ("tensors/0/after/sha256", "0" * 64, "tensors[0].after.sha256: expected "),
        ("tensors/0/before/end", 7, "tensors[0].size_bytes: expected "),
        ("tensors/0/size_bytes", 7, "tensors[0].size_bytes: expected "),
        ("tensor_bytes/total", 7, "tensor_bytes.total: expected 11, found '7'"),
        ("verdict", "unchanged", "verdict: expected stamped, found 'unchanged'"),
        ("before/sha256", DONE.receipt()["after"]["sha256"], "verdict: expected unchanged, found 'stamped'"),
    ],
)
def test_a_receipt_that_contradicts_itself_is_none(path: str, value: Any, message: str) -> None:
    refused(altered(path, value), message)


def test_values_are_nested_no_deeper_than_metadata() -> None:
    deep: Any = 1
    for _ in range(126):
        deep = [deep]
    read_receipt(json.dumps(altered("changed/x", {"after": deep})).encode())
    refused(altered("changed/x", {"after": {"a": deep}}), "changed.x.after: expected at most 126 levels, found more")


def test_a_statement_about_another_file_is_refused() -> None:
    refused(altered("subject/0/digest/sha256", "0" * 64, "in-toto"), "subject: expected the file whose SHA-256 is ")
    refused(altered("_type", "https://in-toto.io/Statement/v0.1", "in-toto"), "_type: expected https://in-toto.io/St")
    refused(altered("predicateType", "https://slsa.dev/provenance/v1", "in-toto"), "predicateType: expected urn:aprfmt")
    refused(altered("subject", [], "in-toto"), "subject: expected `array` of length >= 1")


def test_fields_that_in_toto_allows_are_passed_over() -> None:
    """A consumer ignores fields that it does not know, digests of other kinds, and other subjects."""
    document = DONE.receipt("in-toto")
    document["more"] = 1
    document["subject"] = [
        {"digest": {"sha256": "0" * 64}},
        {
            **document["subject"][0],
            "mediaType": "application/x",
            "digest": {**document["subject"][0]["digest"], "x": "1"},
        },
    ]
    assert read_receipt(json.dumps(document).encode()).after.sha256 == document["predicate"]["after"]["sha256"]


def test_evidence_that_upstream_wrote_is_read() -> None:
    """Its own fields are passed over; what is held against a file is all that has to be there."""
    side = {"sha256": "0" * 64, "size_bytes": 8035635524, "provenance": {"license": "(missing)"}, "other": None}
    said = read_receipt(json.dumps({"evidence_id": "X", "pre_stamp": side, "post_stamp": side, "host": 1}).encode())
    assert (said.shape, said.before.nbytes, said.after.n_tensors) == ("evidence", 8035635524, None)
    refused({"pre_stamp": side}, "the top level: expected the field `post_stamp`, found none")
    refused({"pre_stamp": side, "post_stamp": {**side, "sha256": 1}}, "post_stamp.sha256: expected `str`, found `int`")


def test_messages_show_nothing_that_moves_a_cursor() -> None:
    document = own()
    document["\x1b[2J" * 100] = 1
    with pytest.raises(RequestError) as caught:
        read_receipt(json.dumps(document).encode())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    document = altered("changed/x", {"after": {"omitted": 1}})
    document["changed"]["\x1b\u202e" * 500] = {"after": {"omitted": 1}}
    del document["changed"]["x"]
    with pytest.raises(RequestError) as caught:
        read_receipt(json.dumps(document).encode())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 4000
