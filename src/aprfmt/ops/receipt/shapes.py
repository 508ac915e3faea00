"""The fields of a receipt in each of its shapes, and their types; `spec/receipt/` has the same as JSON Schemas."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = ["Change", "Evidence", "FileSaid", "Omitted", "Own", "Section", "Statement", "Tensor"]

_Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Count = Annotated[int, Meta(ge=0)]
_Time = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z\Z")]
_Hex = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})+\Z")]


class _Strict(Struct, forbid_unknown_fields=True):
    """What has these fields and no others."""


class Section(_Strict):
    """Bytes of a file, and their SHA-256."""

    start: _Count
    end: _Count
    sha256: _Sha256


class _Filler(_Strict):
    size_bytes: _Count
    sha256: _Sha256


class _Data(_Strict):
    start: _Count
    end: _Count
    filler: _Filler


class _Flags(_Strict):
    bits: _Count
    names: list[str]


class FileSaid(_Strict):
    """One of the two files."""

    size_bytes: _Count
    sha256: _Sha256
    payload_digest: _Sha256 | None
    flags: _Flags
    sections: dict[str, Section | None]
    tensor_data: _Data
    provenance: dict[str, Any]


class Tensor(_Strict):
    """A tensor, which is the same in both files."""

    name: str
    dtype: str
    shape: list[_Count]
    size_bytes: _Count
    before: Section
    after: Section
    name_hex: _Hex | UnsetType = UNSET


class _Named(_Strict):
    name: str
    version: str


class _Specification(_Strict):
    name: str
    sha256: _Sha256


class _Patch(_Strict):
    set: dict[str, Any]
    merge: dict[str, Any]
    unset: list[str]
    dedupe: bool
    tokenizer: dict[str, Any] | None


class _Length(_Strict):
    size_bytes: _Count
    sha256: _Sha256


class Omitted(_Strict):
    """What stands for a value that is left out."""

    omitted: _Length


class Change(_Strict):
    """A value before and after, UNSET where the key is missing."""

    before: Any = UNSET
    after: Any = UNSET


class _TensorBytes(_Strict):
    total: _Count
    differing: Annotated[int, Meta(ge=0, le=0)]


class _Finding(_Strict):
    rule: str
    severity: Literal["error", "warning", "info"]
    field: str
    start: _Count
    end: _Count
    message: str
    expected: str | None
    found: str | None
    tensor: str | None


class Own(_Strict):
    """A receipt in our own shape."""

    receipt: str
    verdict: Literal["stamped", "unchanged"]
    statement: str
    tool: _Named
    specification: _Specification
    command_line: list[str]
    started_at: _Time
    finished_at: _Time
    host: dict[str, str | None] | None
    input: str
    output: str
    before: FileSaid
    after: FileSaid
    patch: _Patch
    changed: dict[str, Change]
    tensor_bytes: _TensorBytes
    tensors: list[Tensor]
    notes: list[str]
    accepted: list[_Finding]


class _Digests(Struct):
    sha256: _Sha256


class _Subject(Struct):
    digest: _Digests


class Statement(Struct):
    """What is read of a statement beside its types."""

    subject: Annotated[list[_Subject], Meta(min_length=1)]
    predicate: dict[str, Any]


class _EvidenceFile(Struct):
    sha256: _Sha256
    size_bytes: _Count
    provenance: dict[str, str]


class _Artifact(Struct):
    tensor_count: _Count | None = None


class Evidence(Struct):
    """What is read of upstream's evidence."""

    pre_stamp: _EvidenceFile
    post_stamp: _EvidenceFile
    shipped_artifact: _Artifact | None = None
