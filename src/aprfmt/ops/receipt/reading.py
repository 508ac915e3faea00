"""Bytes of a receipt, of any shape, as what they say of the two files.

Rules of this file:
1. A receipt comes from strangers: its size and the number of its values are bounded before it is taken apart, and every
   error is a `RequestError` that says what was expected, what was found, and where.
2. Our own shape is taken with all of its fields and no others. Of a statement and of upstream's evidence, fields that
   nobody here knows are passed over, as their rules ask.
3. A receipt that contradicts itself is none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import msgspec
from msgspec import UNSET, Struct

from ...errors import RequestError, printable, quoted
from ...jsontext import MAX_VALUE_NESTING, shorten
from ...layout import facts
from ...provenance import REPORTED_KEYS
from ..digests import DATA, Digested, Filler, Places, Span, TensorDigest, between
from .making import HOST_KEYS, PREDICATE_TYPE, SHAPE, STATEMENT_TYPE
from .shapes import Evidence, FileSaid, Omitted, Own, Section, Statement, Tensor
from .values import OMITTED

__all__ = ["MOST_BYTES", "Receipt", "Said", "read_receipt"]

MOST_BYTES = 1 << 27
"""Of a receipt: that of the largest known model, 92,000 tensors, has some 30 MB."""
_MOST_VALUES = 8_000_000
"""Of a receipt; that of 92,000 tensors has 1.3 million. A value takes up to a hundred bytes of memory."""
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Said:
    """What a receipt says of one file; None for what its shape has no place for.

    `provenance` and `changed` have values as `values.said` makes them; of evidence, texts as upstream writes them.
    `changed` is of our own shape, and has UNSET for a key that is missing.
    """

    nbytes: int
    sha256: str
    payload_digest: str | None = None
    flags: int | None = None
    sections: Mapping[str, Digested | None] | None = None
    filler: Filler | None = None
    provenance: Mapping[str, Any] | None = None
    changed: Mapping[str, Any] | None = None
    tensors: tuple[TensorDigest, ...] | None = None
    n_tensors: int | None = None
    data: Span | None = None

    @property
    def places(self) -> Places:
        """Where the parts of the file lie."""
        tensors = {(tensor.start, tensor.end) for tensor in self.tensors or ()}
        sections = {(item.start, item.end) for item in (self.sections or {}).values() if item is not None}
        return Places(frozenset(tensors | sections), () if self.data is None else tuple(between(tensors, self.data)))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that was read: its shape (`aprfmt`, `in-toto`, `evidence`) and what it says of both files."""

    shape: str
    before: Said
    after: Said


def read_receipt(data: bytes) -> Receipt:
    """The receipt in these bytes, of any of the shapes.

    Raises `RequestError` for anything else, for more than 128 MiB, and for a receipt that contradicts itself.
    """
    document = _document(data)
    if "_type" in document or "predicateType" in document:
        return _of_statement(document)
    if "receipt" in document:
        return _of_own(document, "aprfmt", "")
    if "pre_stamp" in document or "post_stamp" in document:
        return _of_evidence(document)
    if "payloadType" in document:
        raise RequestError(
            "expected a receipt, found a signed envelope (DSSE): check its signature, and hand over what is inside"
        )
    keys = ", ".join(shorten(key) for key in list(document)[:3]) or "none"
    raise RequestError(
        f"expected a receipt, which has the key receipt, an in-toto statement or evidence with pre_stamp and "
        f"post_stamp, found an object with the keys {keys}"
    )


def _document(data: bytes) -> dict[str, Any]:
    """The JSON object, in which no key may occur twice."""
    if len(data) > MOST_BYTES:
        raise RequestError(f"expected a receipt of at most {MOST_BYTES} bytes, found more")
    if (n_values := sum(map(data.count, (b",", b"[", b"{")))) > _MOST_VALUES:
        raise RequestError(f"expected a receipt of at most {_MOST_VALUES} values, found some {n_values}")
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise RequestError(f"expected a receipt in UTF-8, found other bytes at byte {error.start}") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RequestError(f"expected a receipt in JSON, found something else at {where}: {error.msg}") from error
    except RecursionError as error:
        raise RequestError("expected a receipt, found JSON that is nested too deeply") from error
    except RequestError:
        raise
    except ValueError as error:  # Python refuses to read integers of some thousand digits
        raise RequestError("expected a receipt, found a number that is too long") from error
    if not isinstance(document, dict):
        raise RequestError(f"expected a receipt, which is a JSON object, found {_kind(document)}")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for twice, _ in pairs:
            if twice in seen:
                break
            seen.add(twice)
        raise RequestError(f"expected each key of a receipt once, found {quoted(twice, _SHOWN)} twice")
    return found


def _no_constant(literal: str) -> NoReturn:
    raise RequestError(f"expected a receipt in JSON, found {literal}")


def _kind(value: object) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


_T = TypeVar("_T", bound=Struct)
_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at `(?P<path>.*)`)?", re.DOTALL)
_EXPECTED = re.compile(r"Expected (?P<expected>.*), got (?P<found>.*)", re.DOTALL)
_LACKS = re.compile(r"Object missing required field (?P<expected>.*)", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field (?P<found>.*)", re.DOTALL)


def _as(kind: type[_T], document: Any, inside: str) -> _T:
    """The document as a record; `inside` is the path to it."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        whole = _MESSAGE.fullmatch(str(error))
        what, path = (whole["what"], whole["path"]) if whole is not None else (str(error), None)
        where = f"{inside}{(path or '$').removeprefix('$')}".lstrip(".") or "the top level"
        if (said := _EXPECTED.fullmatch(what)) is not None:
            expected, found = said["expected"], said["found"]
        elif (said := _LACKS.fullmatch(what)) is not None:
            expected, found = f"the field {said['expected']}", "none"
        elif (said := _UNKNOWN.fullmatch(what)) is not None:
            expected, found = "only fields of this shape", said["found"]
        else:
            expected, found = what.removeprefix("Expected "), "another value"
        text = f"{where[:_SHOWN]}: expected {expected[:_SHOWN]}, found {found[:_SHOWN]}"
        raise RequestError(printable(text)) from error


def _require(where: str, expected: object, found: object) -> None:
    if expected != found:
        raise RequestError(f"{where}: expected {expected}, found {shorten(str(found))}")


def _require_keys(where: str, expected: Sequence[str], found: Mapping[str, Any]) -> None:
    if odd := found.keys() ^ set(expected):
        key = min(odd)
        what = f"none called {key}" if key in expected else shorten(key)
        raise RequestError(f"{where}: expected the keys {', '.join(expected)}, found {what}")


def _of_own(document: Mapping[str, Any], shape: str, inside: str) -> Receipt:
    at = f"{inside}." if inside else ""
    _require(f"{at}receipt", SHAPE, document.get("receipt"))
    own = _as(Own, document, inside)
    if own.host is not None:
        _require_keys(f"{at}host", HOST_KEYS, own.host)
    for side in ("before", "after"):
        _require_keys(
            f"{at}{side}.sections", [name for name in facts.LAYOUT if name != DATA], getattr(own, side).sections
        )
        _require_keys(f"{at}{side}.provenance", REPORTED_KEYS, getattr(own, side).provenance)
    _refuse_contradictions(own, at)
    _require_values(own, at)
    tensors = [[_tensor(item, getattr(item, side)) for item in own.tensors] for side in ("before", "after")]
    changed = [{key: getattr(item, side) for key, item in own.changed.items()} for side in ("before", "after")]
    return Receipt(shape, *(_said(*of) for of in zip((own.before, own.after), tensors, changed, strict=True)))


def _refuse_contradictions(own: Own, at: str) -> None:
    """A receipt says that no tensor byte differs: what it says of both files has to agree with that."""
    _require(f"{at}after.payload_digest", own.before.payload_digest, own.after.payload_digest)
    for name in ("size_bytes", "sha256"):
        fillers = [getattr(side.tensor_data.filler, name) for side in (own.before, own.after)]
        _require(f"{at}after.tensor_data.filler.{name}", *fillers)
    for number, tensor in enumerate(own.tensors):
        where = f"{at}tensors[{number}]"
        _require(f"{where}.after.sha256", tensor.before.sha256, tensor.after.sha256)
        for place in (tensor.before, tensor.after):
            _require(f"{where}.size_bytes", place.end - place.start, tensor.size_bytes)
    _require(f"{at}tensor_bytes.total", sum(tensor.size_bytes for tensor in own.tensors), own.tensor_bytes.total)
    verdict = "unchanged" if own.before.sha256 == own.after.sha256 else "stamped"
    _require(f"{at}verdict", verdict, own.verdict)


def _require_values(own: Own, at: str) -> None:
    """The values of the metadata are values that a receipt can have."""
    patch = own.patch
    groups = {"patch.set": patch.set, "patch.merge": patch.merge, "patch.tokenizer": patch.tokenizer or {}}
    groups |= {f"{side}.provenance": getattr(own, side).provenance for side in ("before", "after")}
    for key, change in own.changed.items():
        sides = {side: value for side in ("before", "after") if (value := getattr(change, side)) is not UNSET}
        if not sides:
            raise RequestError(f"{at}changed: expected before or after for {quoted(key, _SHOWN)}, found none of them")
        groups[f"changed.{key}"] = sides
    for group, values in groups.items():
        for key, value in values.items():
            _require_value(f"{at}{printable(group[:_SHOWN])}.{printable(key[:_SHOWN])}", value)


def _require_value(where: str, value: Any) -> None:
    """Not nested more deeply than metadata are; and where a value is left out, its size and digest are there."""
    if isinstance(value, dict) and OMITTED in value:
        _as(Omitted, value, where)
    level = [value]
    for _ in range(MAX_VALUE_NESTING + 1):
        level = [item for outer in level for item in _items(outer)]
        if not level:
            return
    raise RequestError(f"{where}: expected at most {MAX_VALUE_NESTING} levels, found more")


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def _tensor(item: Tensor, place: Section) -> TensorDigest:
    name = item.name.encode("utf-8", "surrogatepass") if item.name_hex is UNSET else bytes.fromhex(str(item.name_hex))
    return TensorDigest(name, item.dtype, tuple(item.shape), place.start, place.end, place.sha256)


def _said(file: FileSaid, tensors: list[TensorDigest], changed: Mapping[str, Any]) -> Said:
    sections = {
        name: None if item is None else Digested(item.start, item.end, item.sha256)
        for name, item in file.sections.items()
    }
    filler = file.tensor_data.filler
    return Said(
        nbytes=file.size_bytes,
        sha256=file.sha256,
        payload_digest=file.payload_digest,
        flags=file.flags.bits,
        sections=sections,
        filler=Filler(filler.size_bytes, filler.sha256),
        provenance=file.provenance,
        changed=changed,
        tensors=tuple(tensors),
        n_tensors=len(tensors),
        data=(file.tensor_data.start, file.tensor_data.end),
    )


def _of_statement(document: Mapping[str, Any]) -> Receipt:
    _require("_type", STATEMENT_TYPE, document.get("_type"))
    _require("predicateType", PREDICATE_TYPE, document.get("predicateType"))
    said = _as(Statement, document, "")
    receipt = _of_own(said.predicate, "in-toto", "predicate")
    digests = [subject.digest.sha256 for subject in said.subject]
    if receipt.after.sha256 not in digests:
        raise RequestError(
            f"subject: expected the file whose SHA-256 is {receipt.after.sha256} as in predicate.after, found others"
        )
    return receipt


def _of_evidence(document: Mapping[str, Any]) -> Receipt:
    said = _as(Evidence, document, "")
    artifact = said.shipped_artifact
    number = None if artifact is None else artifact.tensor_count
    before, after = (
        Said(nbytes=file.size_bytes, sha256=file.sha256, provenance=file.provenance, n_tensors=number)
        for file in (said.pre_stamp, said.post_stamp)
    )
    return Receipt("evidence", before, after)
