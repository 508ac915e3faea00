"""What a receipt says, as plain JSON values: texts that any reader takes, and digests in the place of long values.

Rules of this file:
1. No value of the metadata makes a receipt long: one that is long is said by its size and digest.
2. Nothing that strict readers of JSON refuse leaves here, such as half of a surrogate pair.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from ...errors import is_text
from ...layout import Flags
from ...metadata import Metadata, encode_value, same_json
from ...provenance import REPORTED_KEYS
from ..digests import Digested, FileProof
from ..proof import Proof

__all__ = [
    "OMITTED",
    "changes",
    "file_json",
    "flag_names",
    "said",
    "said_value",
    "tensors_json",
    "text_of",
]

OMITTED = "omitted"
"""The only key of the object that stands for a long value."""
_LONGEST_BYTES = 2048
"""JSON text of a value that is said in full: any licence, any link, a few sentences; no vocabulary and no template."""


def said(text: bytes) -> Any:
    """The value of a JSON text or, when that is long, `{"omitted": …}` with its size in bytes and its SHA-256.

    An object that has the key `omitted` itself is left out too, so that nothing can be taken for something else.
    """
    value = json.loads(text) if len(text) <= _LONGEST_BYTES else None
    if len(text) <= _LONGEST_BYTES and not (isinstance(value, dict) and OMITTED in value):
        return value
    return {OMITTED: {"size_bytes": len(text), "sha256": sha256(text).hexdigest()}}


def said_value(value: Any) -> Any:
    """As `said`, of a value that is written with the JSON text of `encode_value`."""
    return said(encode_value(value).encode())


def text_of(metadata: Metadata, key: str) -> bytes | None:
    """The JSON text of the value that counts for a key, as it stands in the file; None when there is none."""
    if key not in metadata:
        return None
    start, stop = metadata.span_of(key)
    return metadata.raw[start - metadata.file_offset : stop - metadata.file_offset]


def changes(before: Metadata, after: Metadata) -> dict[str, dict[str, Any]]:
    """The keys with another value than before, each with `before` and `after`, left out where the key is missing."""
    found = {}
    for key in dict.fromkeys((*before, *after)):
        texts = {"before": text_of(before, key), "after": text_of(after, key)}
        same = texts["before"] == texts["after"]
        if not same and key in before and key in after:
            same = same_json(before[key], after[key])
        if not same:
            found[key] = {side: said(text) for side, text in texts.items() if text is not None}
    return found


def flag_names(flags: Flags) -> list[str]:
    """The names of the flags that are set; bits that are not defined have none."""
    return [flag.name.lower() for flag in flags if flag.name]


def file_json(proof: FileProof) -> dict[str, Any]:
    """What a receipt says of one of its two files."""
    metadata = proof.metadata
    texts = {key: None if metadata is None else text_of(metadata, key) for key in REPORTED_KEYS}
    return {
        "size_bytes": proof.nbytes,
        "sha256": proof.sha256,
        "payload_digest": proof.payload_digest,
        "flags": None if proof.flags is None else {"bits": int(proof.flags), "names": flag_names(proof.flags)},
        "sections": {name: _digested(section) for name, section in proof.sections.items()},
        "tensor_data": None
        if proof.data is None
        else {
            "start": proof.data[0],
            "end": proof.data[1],
            "filler": None
            if proof.filler is None
            else {"size_bytes": proof.filler.nbytes, "sha256": proof.filler.sha256},
        },
        "provenance": {key: None if text is None else said(text) for key, text in texts.items()},
    }


def _digested(section: Digested | None) -> dict[str, Any] | None:
    return None if section is None else section._asdict()


def tensors_json(proof: Proof) -> list[dict[str, Any]]:
    """The tensors in the order of the index. A name that is not UTF-8 also stands in hexadecimal."""
    return [
        {
            "name": old.name,
            **({} if is_text(old.name) else {"name_hex": old.name_bytes.hex()}),
            "dtype": old.dtype,
            "shape": list(old.shape),
            "size_bytes": old.nbytes,
            "before": {"start": old.start, "end": old.end, "sha256": old.sha256},
            "after": {"start": new.start, "end": new.end, "sha256": new.sha256},
        }
        for old, new in zip(proof.before.tensors, proof.after.tensors, strict=True)
    ]
