"""A stamp with its proof, as a receipt: in our own shape, or as a statement of in-toto about the output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ...errors import readable
from ...patch import MetadataPatch
from ..proof import Proof
from ..stamp import Stamp
from .values import changes, file_json, said_value, tensors_json

__all__ = [
    "HOST_KEYS",
    "PREDICATE_TYPE",
    "SHAPE",
    "STATEMENT_TYPE",
    "Context",
    "own_receipt",
    "proof_of",
    "statement",
    "summary",
    "verdict_of",
]

SHAPE = "aprfmt/1"
"""Name and version of our own shape; another set of fields is another version."""
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:aprfmt:receipt:v1"
"""The type of the predicate of a statement, which is a receipt in our own shape."""
HOST_KEYS = ("hostname", "system", "release", "machine", "python")
"""What a receipt may say of the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What only the command line knows of a stamp.

    `input` and `output` are paths as given, the same for a stamp in place. `specification` is the SHA-256 of the ksy in
    hexadecimal. Times are RFC 3339 in UTC, with a `Z`. `host` has some of `HOST_KEYS`, None to say nothing of it.
    `notes` are sentences on how what was asked for came about, as from a model card.
    """

    input: str
    output: str
    version: str
    specification: str
    command_line: Sequence[str]
    started_at: str
    finished_at: str
    host: Mapping[str, str] | None = None
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        if unknown := set(self.host or ()) - set(HOST_KEYS):
            raise ValueError(f"expected a host of {', '.join(HOST_KEYS)}, found {', '.join(sorted(unknown))}")


def proof_of(stamp: Stamp) -> Proof:
    """The proof of a stamp; raises `ValueError` when it was made without one."""
    if stamp.proof is None:
        raise ValueError("expected a stamp that was made with prove=True, found one without a proof")
    return stamp.proof


def verdict_of(proof: Proof) -> str:
    """`unchanged` when both files are the same to the last byte, otherwise `stamped`."""
    return "unchanged" if proof.before.sha256 == proof.after.sha256 else "stamped"


def summary(proof: Proof) -> str:
    """The sentence that people want."""
    number = len(proof.after.tensors)
    tensors = f"{number} tensor{'' if number == 1 else 's'}"
    return f"0 of {proof.after.n_tensor_bytes:,} tensor bytes differ ({tensors})"


def own_receipt(stamp: Stamp, context: Context) -> dict[str, Any]:
    """The receipt in our own shape."""
    proof = proof_of(stamp)
    host = context.host
    made: dict[str, Any] = readable(
        {
            "receipt": SHAPE,
            "verdict": verdict_of(proof),
            "statement": summary(proof),
            "tool": {"name": "aprfmt", "version": context.version},
            "specification": {"name": "apr_v2.ksy", "sha256": context.specification},
            "command_line": list(context.command_line),
            "started_at": context.started_at,
            "finished_at": context.finished_at,
            "host": None if host is None else {key: host.get(key) for key in HOST_KEYS},
            "input": context.input,
            "output": context.output,
            "before": file_json(proof.before),
            "after": file_json(proof.after),
            "patch": _asked(stamp.patch),
            "changed": changes(stamp.input_metadata, stamp.metadata),
            "tensor_bytes": {"total": proof.after.n_tensor_bytes, "differing": 0},
            "tensors": tensors_json(proof),
            "notes": [*context.notes, *stamp.notes],
            "accepted": [item.as_json() for item in stamp.accepted],
        }
    )
    return made


def _asked(patch: MetadataPatch) -> dict[str, Any]:
    """What was asked for, whether or not it changed anything."""
    members = None if patch.tokenizer is None else patch.tokenizer.members()
    return {
        "set": {key: said_value(value) for key, value in patch.set.items()},
        "merge": {key: said_value(value) for key, value in patch.merge.items()},
        "unset": list(patch.unset),
        "dedupe": patch.dedupe,
        "tokenizer": None if members is None else {key: said_value(value) for key, value in members.items()},
    }


def statement(stamp: Stamp, context: Context) -> dict[str, Any]:
    """An in-toto Statement, version 1, about the output, with the receipt as its predicate."""
    name = PurePath(context.output).name or "_"
    subject = {"name": name, "digest": {"sha256": proof_of(stamp).after.sha256}}
    return {
        "_type": STATEMENT_TYPE,
        "subject": [readable(subject)],
        "predicateType": PREDICATE_TYPE,
        "predicate": own_receipt(stamp, context),
    }
