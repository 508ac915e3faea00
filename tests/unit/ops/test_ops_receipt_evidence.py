"""Receipts in upstream's shape: its names, what is known filled in, and nothing made up."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from tests.unit.ops.receipts import CONTEXT, faults, stamped
from tests.unit.rules.crafting import craft

from aprfmt import Flags, MetadataPatch, ProvenancePatch
from aprfmt.layout import flags_tree
from aprfmt.metadata import Metadata
from aprfmt.ops.receipt import receipt
from aprfmt.ops.receipt.evidence import shown

ALL = ProvenancePatch(license="Apache-2.0", data_source="somewhere", data_license="Apache-2.0")
RAW = craft(metadata=b'{"architecture":"qwen2","num_layers":28,"param_count":7615616512,"custom":1}')

# The names of the evidence that upstream keeps of its releases.
NAMES = {
    "": (
        "$schema evidence_id binds_to falsification_id gate_id discharge_status previous_status discharge_date "
        "discharge_session host shipped_artifact pre_stamp post_stamp stamp_command tensor_byte_identity_proof "
        "verification_command_chain deferred_irreversible_actions discharge_rationale tooling_chain_proof"
    ),
    "host": "hostname tier gpu cuda_compute_capability binary_path binary_features",
    "shipped_artifact": (
        "canonical_path format tensor_count architecture num_layers num_heads num_kv_heads hidden_size vocab_size "
        "param_count"
    ),
    "pre_stamp": "sha256 size_bytes provenance verdict_from_provenance_triple ship_009_status_before",
    "post_stamp": (
        "sha256 size_bytes size_delta_bytes provenance verdict_from_provenance_triple ship_009_status_after"
    ),
    "tensor_byte_identity_proof": (
        "tool structural_diffs tensor_diffs metadata_diffs quantization_diffs size_diffs size_delta_bytes "
        "interpretation"
    ),
}


def evidence(raw: bytes = RAW, patch: Any = ALL, **context: Any) -> dict[str, Any]:
    return receipt(stamped(raw, patch).stamp, replace(CONTEXT, **context), "evidence")


def test_the_names_are_those_of_upstream() -> None:
    document = evidence()
    for where, names in NAMES.items():
        assert list(document[where] if where else document) == names.split(), where
    assert document["verification_command_chain"][0].keys() == {"step", "tool", "target", "evidence", "verdict"}


def test_what_is_known_is_said() -> None:
    done = stamped(RAW, ALL)
    document = done.receipt("evidence")
    triple = ("license", "data_source", "data_license")
    assert document["discharge_date"] == "2026-03-02"
    assert document["host"]["hostname"] == "desk"
    assert document["shipped_artifact"] == {
        "canonical_path": "folder/out.apr",
        "format": "APR v2",
        "tensor_count": 2,
        "architecture": "qwen2",
        "num_layers": 28,
        **dict.fromkeys(("num_heads", "num_kv_heads", "hidden_size", "vocab_size")),
        "param_count": 7615616512,
    }
    assert document["pre_stamp"] == {
        "sha256": sha256(done.before).hexdigest(),
        "size_bytes": len(done.before),
        "provenance": dict.fromkeys(triple, "(missing)"),
        "verdict_from_provenance_triple": "Fail",
        "ship_009_status_before": None,
    }
    assert document["post_stamp"] == {
        "sha256": sha256(done.after).hexdigest(),
        "size_bytes": len(done.after),
        "size_delta_bytes": len(done.after) - len(done.before),
        "provenance": dict(zip(triple, ("Apache-2.0", "somewhere", "Apache-2.0"), strict=True)),
        "verdict_from_provenance_triple": "Pass",
        "ship_009_status_after": None,
    }
    assert document["stamp_command"] == "aprfmt stamp folder/in.apr --license MIT -o folder/out.apr"
    proof = document["tensor_byte_identity_proof"]
    assert (proof["tensor_diffs"], proof["quantization_diffs"], proof["size_diffs"]) == (0, 0, 1)
    assert (proof["metadata_diffs"], proof["structural_diffs"]) == (3, 3)
    assert proof["interpretation"].startswith("0 of 11 tensor bytes differ (2 tensors): ")


def test_what_is_not_known_is_null() -> None:
    document = evidence(host=None)
    assert set(document["host"].values()) == {None}
    for name in ("binds_to", "falsification_id", "gate_id", "discharge_status", "previous_status"):
        assert document[name] is None
    assert document["discharge_session"] is document["discharge_rationale"] is None
    assert document["deferred_irreversible_actions"] == []
    assert faults(document, "evidence") == []


@pytest.mark.parametrize(("value", "verdict"), [("", "Fail"), ("(missing)", "Fail"), ("x", "Pass")])
def test_the_verdict_is_upstreams(value: str, verdict: str) -> None:
    document = evidence(patch=replace(ALL, data_source=value))
    assert document["post_stamp"]["verdict_from_provenance_triple"] == verdict


def test_flags_that_are_added_are_differences() -> None:
    flagless = craft(header={"flags": flags_tree(Flags(0))})
    proof = evidence(flagless, ALL)["tensor_byte_identity_proof"]
    assert (proof["metadata_diffs"], proof["structural_diffs"]) == (3, 4)


def test_a_stamp_that_changes_nothing_has_no_differences() -> None:
    proof = evidence(stamped(RAW, ALL).after, ALL)["tensor_byte_identity_proof"]
    counts = {value for name, value in proof.items() if name.endswith("_diffs") or name == "size_delta_bytes"}
    assert counts == {0}


def test_values_that_are_long_or_no_text_are_said_as_json() -> None:
    metadata = Metadata(b'{"license":["MIT"],"a":"%s","b":null,"c":"x"}' % (b"y" * 5000))
    assert shown(metadata, "license") == '["MIT"]'
    assert shown(metadata, "a").startswith('{"omitted":{"size_bytes":5002,"sha256":"')
    assert [shown(metadata, key) for key in ("b", "c", "d")] == ["(missing)", "x", "(missing)"]
    assert shown(None, "a") == "(missing)"
    long = evidence(craft(), MetadataPatch(set={"license": "y" * 5000, "architecture": "z" * 5000}))
    assert len(str(long)) < 6000
    assert faults(long, "evidence") == []


def test_what_upstream_wrote_by_hand_meets_the_schema() -> None:
    """Steps without a target, actions of its own kind, notes about its own tools."""
    document = evidence()
    document.update(binds_to="A", gate_id="G", discharge_status="DISCHARGED", discharge_rationale="because")
    document["host"].update(tier="t", gpu="g", cuda_compute_capability="8.9", binary_path="/b", binary_features="f")
    document["verification_command_chain"].append({"step": 2, "tool": "t", "args": "a b", "verdict": "Pass - well"})
    document["deferred_irreversible_actions"].append({"action": "a", "user_authorization_required": True})
    document["tooling_chain_proof"] = {"tool": "shipped"}
    assert faults(document, "evidence") == []
