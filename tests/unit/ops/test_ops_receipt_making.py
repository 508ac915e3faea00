"""Receipts in our own shape and as a statement: what they say of a stamp, and how they say it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from hashlib import sha256

import pytest
from tests.unit.ops.receipts import CONTEXT, faults, stamped
from tests.unit.rules.crafting import craft, entry_a, entry_b, opened

from aprfmt import MetadataPatch
from aprfmt.ops.receipt import Context, read_receipt, receipt, receipt_bytes
from aprfmt.ops.receipt.making import HOST_KEYS, STATEMENT_TYPE
from aprfmt.provenance import REPORTED_KEYS
from aprfmt.tokenizer import Tokenizer

SOUND = craft(tensor_data=bytes(range(128)))
PATCH = MetadataPatch(set={"license": "MIT", "long": "x" * 3000}, merge={"a": {"b": 1}}, unset=("name",), dedupe=True)


def test_what_a_receipt_says() -> None:
    done = stamped(SOUND, PATCH)
    document = done.receipt()
    assert document["receipt"] == "aprfmt/1"
    assert document["verdict"] == "stamped"
    assert document["statement"] == "0 of 11 tensor bytes differ (2 tensors)"
    assert document["tool"] == {"name": "aprfmt", "version": "1.2.3"}
    assert document["specification"] == {"name": "apr_v2.ksy", "sha256": "ab" * 32}
    assert document["command_line"] == list(CONTEXT.command_line)
    assert (document["started_at"], document["finished_at"]) == ("2026-03-01T23:59:59Z", "2026-03-02T00:00:01.5Z")
    assert document["host"] == {**dict.fromkeys(HOST_KEYS), "hostname": "desk", "system": "Linux"}
    assert (document["input"], document["output"]) == ("folder/in.apr", "folder/out.apr")
    for side, raw in (("before", done.before), ("after", done.after)):
        said = document[side]
        assert (said["size_bytes"], said["sha256"]) == (len(raw), sha256(raw).hexdigest())
        assert said["payload_digest"] == opened(SOUND).payload_digest()
        assert said["flags"] == {"bits": 0x400, "names": ["layout_row_major"]}
    assert document["before"]["provenance"] == dict.fromkeys(REPORTED_KEYS)
    assert document["after"]["provenance"] == {**dict.fromkeys(REPORTED_KEYS), "license": "MIT"}
    long = {"omitted": {"size_bytes": 3002, "sha256": sha256(b'"' + b"x" * 3000 + b'"').hexdigest()}}
    assert document["patch"] == {
        "set": {"license": "MIT", "long": long},
        "merge": {"a": {"b": 1}},
        "unset": ["name"],
        "dedupe": True,
        "tokenizer": None,
    }
    assert document["changed"] == {
        "name": {"before": "m"},
        "license": {"after": "MIT"},
        "a": {"after": {"b": 1}},
        "long": {"after": long},
    }
    assert document["tensor_bytes"] == {"total": 11, "differing": 0}
    assert document["tensors"][1] == {
        "name": "b",
        "dtype": "u8",
        "shape": [3],
        "size_bytes": 3,
        "before": {"start": 0x100, "end": 0x103, "sha256": sha256(bytes((64, 65, 66))).hexdigest()},
        "after": {
            "start": 0x100 + len(done.after) - len(SOUND),
            "end": 0x103 + len(done.after) - len(SOUND),
            "sha256": sha256(bytes((64, 65, 66))).hexdigest(),
        },
    }
    assert document["accepted"] == []


def test_a_vocabulary_is_said_by_its_digest() -> None:
    tokens = tuple(f"token {number}" for number in range(1000))
    tokenizer = Tokenizer(vocabulary=tokens, merges=None, model_type="BPE", source="tokenizer.json", notes=())
    document = stamped(SOUND, MetadataPatch(tokenizer=tokenizer)).receipt()
    text = json.dumps(tokens, separators=(",", ":")).encode()
    said = {"omitted": {"size_bytes": len(text), "sha256": sha256(text).hexdigest()}}
    assert document["patch"]["tokenizer"]["tokenizer.vocabulary"] == said
    assert document["patch"]["tokenizer"]["tokenizer.vocab_size"] == 1000
    assert document["changed"]["tokenizer.vocabulary"] == {"after": said}
    assert document["after"]["flags"]["names"] == ["has_vocab", "layout_row_major"]
    assert faults(document) == []
    assert len(receipt_bytes(document)) < 20_000


def test_a_file_that_is_left_as_it_is_is_unchanged() -> None:
    once = stamped(SOUND).after
    document = stamped(once).receipt()
    assert (document["verdict"], document["changed"]) == ("unchanged", {})
    assert document["before"] == document["after"]


def test_faults_that_were_accepted_are_said() -> None:
    document = stamped(craft(entry_a(dtype=99), entry_b()), accept=("APR-I002",)).receipt()
    assert [item["rule"] for item in document["accepted"]] == ["APR-I002"]
    assert document["after"]["payload_digest"] is None
    assert faults(document) == []
    assert read_receipt(receipt_bytes(document)).after.payload_digest is None


def test_a_receipt_needs_no_host() -> None:
    stamp = stamped(SOUND).stamp
    assert receipt(stamp, replace(CONTEXT, host=None))["host"] is None
    assert faults(receipt(stamp, replace(CONTEXT, host=None))) == []
    with pytest.raises(ValueError, match=r"expected a host of hostname, .*, found user"):
        replace(CONTEXT, host={"user": "me"})


def test_text_in_no_encoding_is_said_escaped() -> None:
    odd: Context = replace(CONTEXT, input="a\udcff.apr", command_line=("aprfmt", "a\udcff.apr"))
    done = stamped(craft(entry_a(name=b"a\xff"), entry_b(name=b"b\\xff")), accept=("APR-I005",))
    document = receipt(done.stamp, odd)
    assert document["input"] == "a\\xff.apr"
    assert document["command_line"] == ["aprfmt", "a\\xff.apr"]
    first, second = document["tensors"]
    assert (first["name"], first["name_hex"]) == ("a\\xff", "61ff")
    assert (second["name"], "name_hex" in second) == ("b\\xff", False)
    assert document["accepted"][0]["tensor"] == "a\\xff"
    raw = receipt_bytes(document)
    assert raw.isascii()
    assert b"\\ud" not in raw
    names = [tensor.name_bytes for tensor in read_receipt(raw).after.tensors or ()]
    assert names == [b"a\xff", b"b\\xff"]


def test_a_statement_is_one_of_in_toto() -> None:
    """The published rules: type, subjects with digests, type URI of the predicate in lower case with its version."""
    done = stamped(SOUND)
    document = done.receipt("in-toto")
    assert list(document) == ["_type", "subject", "predicateType", "predicate"]
    assert document["_type"] == STATEMENT_TYPE == "https://in-toto.io/Statement/v1"
    assert document["subject"] == [{"name": "out.apr", "digest": {"sha256": sha256(done.after).hexdigest()}}]
    assert re.fullmatch(r"urn:[a-z0-9][a-z0-9-]{0,30}[a-z0-9]:[a-z0-9:]+:v[0-9]+", document["predicateType"])
    assert document["predicate"] == done.receipt()
