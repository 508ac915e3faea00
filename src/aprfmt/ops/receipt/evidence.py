"""A stamp with its proof in the shape of upstream's discharge evidence: the same names, null for what is not known.

Upstream writes such files by hand, about one release each. What belongs to that alone (what is discharged, where it was
bound to, which machine has which GPU) stays null; nothing is made up for it.
"""

from __future__ import annotations

import shlex
from typing import Any

from ...errors import readable
from ...metadata import Metadata, encode_value
from ...provenance import PROVENANCE_KEYS
from ..digests import FileProof
from ..stamp import Stamp
from .making import Context, proof_of, summary
from .values import changes, said, text_of

__all__ = ["EVIDENCE_SCHEMA", "MISSING", "evidence", "shown"]

EVIDENCE_SCHEMA = "evidence.schema.json"
MISSING = "(missing)"
"""How upstream writes a key that is absent or null."""
_ARTIFACT_KEYS = (
    "architecture",
    "num_layers",
    "num_heads",
    "num_kv_heads",
    "hidden_size",
    "vocab_size",
    "param_count",
)


def shown(metadata: Metadata | None, key: str) -> str:
    """The value of a provenance key as upstream writes it; JSON text when it is no string or too long to be said."""
    text = None if metadata is None else text_of(metadata, key)
    value = None if text is None else said(text)
    if value is None:
        return MISSING
    return value if isinstance(value, str) else encode_value(value)


def _verdict(proof: FileProof) -> str:
    """Upstream's verdict: whether none of the three is missing or empty."""
    values = [shown(proof.metadata, key) for key in PROVENANCE_KEYS]
    return "Pass" if all(value not in ("", MISSING) for value in values) else "Fail"


def evidence(stamp: Stamp, context: Context) -> dict[str, Any]:
    """The receipt in upstream's shape."""
    proof = proof_of(stamp)
    before, after = proof.before, proof.after
    delta = after.nbytes - before.nbytes
    n_flags = (int(stamp.input_flags) ^ int(stamp.flags)).bit_count()
    n_changed = len(changes(stamp.input_metadata, stamp.metadata))
    host = context.host or {}
    texts = {key: text_of(stamp.metadata, key) for key in _ARTIFACT_KEYS}
    provenance = [{key: shown(side.metadata, key) for key in PROVENANCE_KEYS} for side in (before, after)]
    found: dict[str, Any] = readable(
        {
            "$schema": EVIDENCE_SCHEMA,
            "evidence_id": f"aprfmt-stamp-{after.sha256}",
            **dict.fromkeys(("binds_to", "falsification_id", "gate_id", "discharge_status", "previous_status")),
            "discharge_date": context.finished_at.partition("T")[0],
            "discharge_session": None,
            "host": {
                "hostname": host.get("hostname"),
                **dict.fromkeys(("tier", "gpu", "cuda_compute_capability", "binary_path", "binary_features")),
            },
            "shipped_artifact": {
                "canonical_path": context.output,
                "format": "APR v2",
                "tensor_count": stamp.n_tensors,
                **{key: None if text is None else said(text) for key, text in texts.items()},
            },
            "pre_stamp": {
                "sha256": before.sha256,
                "size_bytes": before.nbytes,
                "provenance": provenance[0],
                "verdict_from_provenance_triple": _verdict(before),
                "ship_009_status_before": None,
            },
            "post_stamp": {
                "sha256": after.sha256,
                "size_bytes": after.nbytes,
                "size_delta_bytes": delta,
                "provenance": provenance[1],
                "verdict_from_provenance_triple": _verdict(after),
                "ship_009_status_after": None,
            },
            "stamp_command": shlex.join(context.command_line),
            "tensor_byte_identity_proof": {
                "tool": f"aprfmt {context.version}",
                "structural_diffs": n_flags + n_changed,
                "tensor_diffs": 0,
                "metadata_diffs": n_changed,
                "quantization_diffs": 0,
                "size_diffs": int(delta != 0),
                "size_delta_bytes": delta,
                "interpretation": (
                    f"{summary(proof)}: the data section was copied as a whole, and its SHA-256 were taken from the "
                    "bytes that were read and written. structural_diffs counts header flags and keys of the metadata."
                ),
            },
            "verification_command_chain": [
                {
                    "step": 1,
                    "tool": "aprfmt stamp",
                    "target": context.output,
                    "evidence": summary(proof),
                    "verdict": "Pass",
                }
            ],
            "deferred_irreversible_actions": [],
            "discharge_rationale": None,
            "tooling_chain_proof": {
                "aprfmt": context.version,
                "specification": f"apr_v2.ksy, SHA-256 {context.specification}",
            },
        }
    )
    return found
