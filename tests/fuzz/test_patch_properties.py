"""Laws: a patch does to the bytes what it says of the values, touches nothing else, and does nothing a second time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.test_metadata_properties import KNOWN, OTHER_PATCHES, TEXT, VALUES, as_written, documents

from aprfmt.errors import RequestError
from aprfmt.jsontext import encode_value
from aprfmt.jsonwalk import repeated_keys
from aprfmt.metadata import Metadata, same_json
from aprfmt.patch import MetadataPatch, json_value

OTHER = TEXT.filter(lambda key: key not in KNOWN)


@st.composite
def patched_documents(draw: st.DrawFn) -> tuple[bytes, MetadataPatch]:
    """A document of keys that have no type, and a patch that meets some of them."""
    names = draw(st.lists(OTHER, min_size=1, max_size=4, unique=True))
    name = st.sampled_from(names)
    members = draw(st.lists(st.tuples(name, VALUES | st.dictionaries(name, VALUES)), max_size=6))
    space = draw(st.sampled_from(["", " ", "\n  "]))
    raw = f"{{{space}" + f",{space}".join(f"{json.dumps(k)}:{space}{json.dumps(v)}" for k, v in members) + f"{space}}}"
    changes = st.recursive(
        st.none() | st.booleans() | st.integers() | TEXT,
        lambda inner: st.dictionaries(name, inner, max_size=3),
        max_leaves=5,
    )
    merge = draw(st.dictionaries(name, changes, max_size=3))
    given_values = draw(st.dictionaries(name, VALUES, max_size=2))
    unset = tuple(draw(st.sets(name, max_size=2)) - {*given_values} - {k for k, v in merge.items() if v is not None})
    return raw.encode(), MetadataPatch(set=given_values, merge=merge, unset=unset, dedupe=draw(st.booleans()))


def rfc7396(target: Any, patch: Any) -> Any:
    """The algorithm of RFC 7396, section 2, over values."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = rfc7396(result.get(key), value)
    return result


@given(patched_documents())
@example((b'{"a":{"x":1,"x":{"y":2}}}', MetadataPatch(merge={"a": {"x": {"y": None}}})))
@example((b'{"a":1,"a":2}', MetadataPatch(unset=("a",))))
def test_values_are_those_that_the_patch_says(given_: tuple[bytes, MetadataPatch]) -> None:
    """The values MUST be those before, without what is removed, merged as RFC 7396 has it, with what is set."""
    raw, patch = given_
    merge = {key: change for key, change in patch.merge.items() if key not in patch.set}
    kept = {key: value for key, value in json.loads(raw).items() if key not in patch.unset}
    expected = {**rfc7396(kept, merge), **as_written(dict(patch.set))}
    done = patch.apply(Metadata(raw))
    assert same_json(json.loads(done.metadata.raw), json.loads(json.dumps(expected)))
    assert set(done.removed) == set(json.loads(raw)) - set(expected)


@given(patched_documents())
def test_a_patch_twice_is_a_patch_once(given_: tuple[bytes, MetadataPatch]) -> None:
    """Applying a patch again MUST change no byte."""
    raw, patch = given_
    once = patch.apply(Metadata(raw)).metadata
    assert patch.apply(Metadata(once.raw)).metadata.raw == once.raw


@given(patched_documents())
def test_what_the_patch_does_not_name_keeps_its_bytes(given_: tuple[bytes, MetadataPatch]) -> None:
    """Members that no patch names MUST keep their text and their order; without `dedupe` all occurrences of them."""
    raw, patch = given_
    metadata = Metadata(raw)
    lost = set(map(id, metadata.duplicates)) if patch.dedupe else set()

    def texts(source: Metadata) -> list[bytes]:
        return [
            source.raw[member.key_span[0] : member.value_span[1]]
            for member in source.members
            if member.key not in patch.keys and id(member) not in lost
        ]

    assert texts(patch.apply(metadata).metadata) == texts(metadata)


@given(documents())
@example(b'{"a":{"b":1,"b":2},"a":{"b":{"c":1,"c":2}}}')
@example(b'[{"a":1}]')
def test_dedupe_keeps_the_values_and_leaves_no_key_twice(raw: bytes) -> None:
    """Collapsing MUST keep what every key means, leave none twice, and keep every byte where there is nothing to do."""
    if raw.lstrip()[:1] != b"{":
        return
    try:
        done = MetadataPatch(dedupe=True).apply(Metadata(raw)).metadata.raw
    except RequestError:
        return
    assert json.loads(done) == json.loads(raw)
    assert not list(repeated_keys(done))
    assert (done == raw) == (not list(repeated_keys(raw)))


@given(VALUES)
def test_a_json_value_is_read_as_it_is_written(value: Any) -> None:
    """Whatever the encoder writes MUST be read back, integers of any size exact."""
    assert same_json(json_value(encode_value(value), "x"), json.loads(encode_value(value)))


@given(st.text() | st.binary())
@example("1,2")
@example('1,"":2')
@example("1}{")
@example("")
@example(" ")
@example("\ud800")
@example("[" * 10_000)
@example("1" * 5_000)
def test_any_text_is_a_value_or_a_request_error(text: str | bytes) -> None:
    """Any text MUST be one JSON value or a `RequestError` that names what it was for."""
    try:
        value = json_value(text, "--set k")
    except RequestError as error:
        said = str(error)
    else:
        said = "--set k: "
        assert value == json.loads(text)
    assert said.startswith("--set k: ")


@given(documents(), OTHER_PATCHES)
def test_set_is_a_splice(raw: bytes, patch: dict[str, Any]) -> None:
    """Setting alone MUST be what `Metadata.splice` makes."""
    try:
        done = MetadataPatch(set=patch).apply(Metadata(raw)).metadata.raw
    except RequestError:  # a document with a typed key of the wrong type is refused for nothing else than that
        raise AssertionError("no typed key is set") from None
    assert done == Metadata(raw).splice(patch)
