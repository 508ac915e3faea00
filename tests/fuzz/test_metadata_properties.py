"""Laws: any bytes are metadata or a `FormatError`, and an edit touches exactly what it names."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aprfmt.errors import FormatError, RequestError
from aprfmt.layout._generated.metadata_schema import KEYS, MetadataKey
from aprfmt.metadata import Metadata, canonical_metadata, encode_value

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
SPACE = st.text(" \t\n\r", max_size=2)
KNOWN = {key.name: key for key in KEYS}
NAMES = st.sampled_from(list(KNOWN)) | TEXT


def typed(key: MetadataKey) -> st.SearchStrategy[Any]:
    """Values that readers of the format accept for a key."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "string": TEXT,
        "boolean": st.booleans(),
        "integer": st.integers(0, 2 ** (key.bits or 0) - 1),
        "number": st.floats(width=32, allow_nan=False, allow_infinity=False) | st.integers(0, 10**9),
        "object": st.fixed_dictionaries(
            {child.name: typed(child) for child in key.keys if child.when_absent == "required"},
            optional={child.name: typed(child) for child in key.keys if child.when_absent != "required"},
        ),
    }
    return kinds[key.kind] | st.none() if key.nullable else kinds[key.kind]


def patches(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: typed(KNOWN[name]) for name in names})


KNOWN_PATCHES = st.sets(st.sampled_from(list(KNOWN)), max_size=4).flatmap(lambda names: patches(sorted(names)))
OTHER_PATCHES = st.dictionaries(TEXT.filter(lambda key: key not in KNOWN), VALUES, max_size=3)
PATCHES = st.builds(lambda known, other: {**other, **known}, KNOWN_PATCHES, OTHER_PATCHES)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """An object in any layout, with duplicate keys and values of any type."""
    members = draw(st.lists(st.tuples(NAMES, VALUES), max_size=6))
    space = st.shared(SPACE, key="space") if draw(st.booleans()) else SPACE
    texts = [
        draw(space)
        + json.dumps(key, ensure_ascii=draw(st.booleans()))
        + draw(space)
        + ":"
        + draw(space)
        + json.dumps(value, ensure_ascii=draw(st.booleans()))
        + draw(space)
        for key, value in members
    ]
    return (draw(space) + "{" + (",".join(texts) or draw(space)) + "}" + draw(space)).encode()


def as_written(patch: dict[str, Any]) -> dict[str, Any]:
    """The patch as a reader meets it: numbers of single precision in their shortest digits."""
    return {key: json.loads(encode_value(value, f32=key in KNOWN and KNOWN[key].f32)) for key, value in patch.items()}


@given(st.binary() | st.text().map(str.encode))
@example(b"")
@example(b"\xef\xbb\xbf{}")
@example(b'{"a":' + b"[" * 100_000)
@example(b'{"a":' + b"1" * 5000 + b"}")
@example(b'{"\\ud800":1}')
@example(b'{"a":1.7976931348623158e308}')
@example(b'{"a":17976931348623157' + b"0" * 292 + b"}")
def test_any_bytes_are_metadata_or_a_format_error(raw: bytes) -> None:
    """Reading MUST end in values or in a `FormatError` whose span lies in the bytes, and in nothing else."""
    check_total(raw)


@given(documents(), st.data())
def test_damaged_documents_are_metadata_or_a_format_error(raw: bytes, data: st.DataObject) -> None:
    """One changed byte MUST NOT lead to anything but values or a `FormatError`."""
    place = data.draw(st.integers(0, len(raw)))
    width = data.draw(st.integers(0, 2))
    patch = data.draw(st.binary(max_size=2) | st.sampled_from([b'"', b"{", b"]", b"\\", b"\\ud800", b"e999", b"-"]))
    check_total(raw[:place] + patch + raw[place + width :])


def check_total(raw: bytes) -> None:
    metadata = Metadata(raw, file_offset=64)
    error: FormatError | None = None
    try:
        members = metadata.members
    except FormatError as refusal:
        error = refusal
    if error is not None:
        assert error.span is not None
        assert 64 <= error.span[0] <= error.span[1] <= 64 + len(raw)
        assert error.rule_id is not None
        return
    assert dict(metadata) == json.loads(raw)
    assert metadata.splice({}) == raw
    for member in members:
        assert json.loads(raw[member.value_span[0] - 64 : member.value_span[1] - 64]) == member.value
    for fault in metadata.type_errors():
        assert fault.span is not None


@given(documents(), PATCHES)
def test_splice_is_a_merge(raw: bytes, patch: dict[str, Any]) -> None:
    """The values behind an edit MUST be those before it, overridden by the patch."""
    assert json.loads(Metadata(raw).splice(patch)) == {**json.loads(raw), **as_written(patch)}


@given(documents(), PATCHES)
def test_splice_twice_is_splice_once(raw: bytes, patch: dict[str, Any]) -> None:
    """Applying a patch again MUST change no byte."""
    once = Metadata(raw).splice(patch)
    assert Metadata(once).splice(patch) == once


@given(documents(), PATCHES, st.data())
def test_disjoint_patches_commute(raw: bytes, known: dict[str, Any], data: st.DataObject) -> None:
    """Disjoint patches of known keys MUST give the bytes of their union, in either order."""
    known = {key: value for key, value in known.items() if key in KNOWN}
    left = set(data.draw(st.lists(st.sampled_from(sorted(known)), unique=True))) if known else set()
    ours = {key: value for key, value in known.items() if key in left}
    theirs = {key: value for key, value in known.items() if key not in left}
    whole = Metadata(raw).splice({**ours, **theirs})
    assert Metadata(Metadata(raw).splice(ours)).splice(theirs) == whole
    assert Metadata(Metadata(raw).splice(theirs)).splice(ours) == whole


@given(documents(), PATCHES)
def test_unpatched_members_keep_their_bytes(raw: bytes, patch: dict[str, Any]) -> None:
    """Every member but the last one of a patched key MUST keep its text, its white space and its order."""
    before, after = Metadata(raw), Metadata(Metadata(raw).splice(patch))

    def kept(metadata: Metadata) -> list[bytes]:
        losing = set(map(id, metadata.duplicates))
        return [
            metadata.raw[member.key_span[0] : member.value_span[1]]
            for member in metadata.members
            if member.key not in patch or id(member) in losing
        ]

    assert kept(before) == kept(after)


@given(PATCHES)
def test_canonical_form_is_a_fixed_point(values: dict[str, Any]) -> None:
    """Reading the canonical form and writing it again MUST give the same bytes, without a type error."""
    raw = canonical_metadata(values)
    metadata = Metadata(raw)
    assert metadata.type_errors() == []
    assert canonical_metadata(metadata) == raw
    assert next(iter(metadata)) == "model_type"


@given(st.integers(int(sys.float_info.max) - 2**975, int(sys.float_info.max) + 2**971))
@example(int(sys.float_info.max))
def test_large_integers_are_written_only_when_they_are_read(value: int) -> None:
    """Near the largest double, what the encoder accepts MUST be what the scanner accepts."""
    try:
        encode_value(value)
    except RequestError:
        with pytest.raises(FormatError):
            len(Metadata(b'{"v":%d}' % value))
    else:
        assert Metadata(b'{"v":%d}' % value)["v"] == value


@given(VALUES)
def test_encoding_round_trips(value: Any) -> None:
    """What is written MUST be read back as the same value."""
    assert json.loads(encode_value(value)) == value
    assert Metadata(b'{"v":' + encode_value(value).encode() + b"}")["v"] == value
