"""An inspection for programs: one object, with all keys of the reference's `apr inspect --json` among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...layout._generated.metadata_schema import KEYS
from ...metadata import is_known_key
from ...provenance import REPORTED_KEYS
from .. import render
from . import Seen, flags, json_type, version

if TYPE_CHECKING:
    from ...metadata import Member, Metadata
    from ...ops.inspect import Inspection
    from ...ops.quality import Quality

__all__ = ["as_json"]

_SUMMARY = ("architecture", "num_layers", "num_heads", "hidden_size", "vocab_size")
_SHOWN_TOO = "source_metadata"
"""A key that converters write and the schema does not know, whose value the reference shows all the same."""
_SHORT = 200
"""Characters of a string under a custom key that is shown with its size."""


def as_json(found: Seen) -> dict[str, Any]:
    """The object for a file; it has `error` when the file has a fault."""
    seen = found.inspection
    header = seen.header
    known = _known(seen.metadata)
    custom = _custom(seen.metadata)
    value = {
        "file": found.file,
        "valid": seen.valid,
        "format": f"APR v{header.version_major}",
        "version": version(seen),
        "tensor_count": header.num_tensors,
        "size_bytes": seen.nbytes,
        "checksum_valid": seen.checksum_valid,
        **{key: known[key] for key in _SUMMARY if known.get(key) is not None},
        "flags": flags(seen),
        "header_flags_bits": int(header.flags),
        "header": {
            "metadata_offset": header.ofs_metadata,
            "metadata_size": header.len_metadata,
            "tensor_index_offset": header.ofs_tensor_index,
            "data_offset": header.ofs_data,
            "checksum": f"{header.checksum:#010x}",
            "reserved": header.reserved.hex(),
        },
        "sections": {name: None if span is None else list(span) for name, span in seen.sections.items()},
        "room_bytes": seen.room_nbytes,
        "footer": {
            "present": seen.footer_present,
            "stored": None if seen.footer is None else f"{seen.footer:#010x}",
            "valid": seen.footer_valid,
        },
        "provenance": dict(seen.provenance),
        "metadata": None if seen.metadata is None else known,
        "explicit_nulls": [key for key, item in (seen.metadata or {}).items() if item is None and is_known_key(key)],
        "custom_keys": {key: _custom_json(member) for key, member in custom.items()},
        **_totals(seen),
        "rules_run": list(seen.rules_run),
        "rules_skipped": list(seen.rules_skipped),
        "rules_left_out": list(seen.rules_left_out),
        "not_kept": dict(seen.not_kept),
        "findings": [item.as_json() for item in seen.findings],
    }
    if found.digested:
        value["payload_digest"] = found.payload_digest
    if found.quality is not None:
        value["quality"] = _quality(found.quality)
    if not seen.valid:
        value["error"] = render.error_json(seen.findings, found.file)
    return value


def _known(metadata: Metadata | None) -> dict[str, Any]:
    """The known keys, and one that converters write; in objects the members that a writer fills in, null at least."""
    if metadata is None:
        return {}
    known: dict[str, Any] = dict.fromkeys(REPORTED_KEYS)
    known.update((key, value) for key, value in metadata.items() if is_known_key(key) or key == _SHOWN_TOO)
    for key in KEYS:
        value = known.get(key.name)
        if key.keys and isinstance(value, Mapping):
            filled = {child.name: child.default for child in key.keys if child.when_absent == "write"}
            known[key.name] = {**value, **{name: item for name, item in filled.items() if name not in value}}
    return known


def _custom(metadata: Metadata | None) -> dict[str, Member]:
    """The members of other keys, of a key that occurs more than once the last one."""
    members = () if metadata is None else metadata.members
    return {member.key: member for member in members if not is_known_key(member.key)}


def _nbytes(member: Member) -> int:
    start, stop = member.value_span
    return stop - start


def _custom_json(member: Member) -> dict[str, Any]:
    """Type and size of a value, and itself when it is no larger than what is said of it."""
    value = member.value
    said: dict[str, Any] = {"type": json_type(value), "bytes": _nbytes(member)}
    if isinstance(value, list | Mapping):
        return {**said, "items": len(value)}
    return {**said, "value": value} if not isinstance(value, str) or len(value) <= _SHORT else said


def _totals(seen: Inspection) -> dict[str, Any]:
    return {
        "total_params": seen.n_elements,
        "tensor_bytes": seen.tensor_nbytes,
        "dtypes": None
        if seen.dtypes is None
        else [
            {"dtype": item.dtype, "tensors": item.n_tensors, "params": item.n_elements, "bytes": item.nbytes}
            for item in seen.dtypes
        ],
        "claims": {
            key: {"metadata": claim.stated, "index": claim.counted, "agrees": claim.agrees}
            for key, claim in seen.claims.items()
        },
    }


def _quality(found: Quality) -> dict[str, Any]:
    return {
        "score": found.score,
        "ship_ready": found.ship_ready,
        "threshold": found.threshold,
        "breakdown": dict(found.breakdown),
        "missing": [
            {"what": item.what, "part": item.part, "points": item.points, "option": item.option, "fix": item.remedy}
            for item in found.missing
        ],
        "notes": list(found.notes),
    }
