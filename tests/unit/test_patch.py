"""What a stamp changes in the metadata: values, removals, merges, duplicates, a tokenizer; what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aprfmt.errors import LimitExceededError, RequestError
from aprfmt.layout import Flags
from aprfmt.limits import DEFAULT_LIMITS
from aprfmt.metadata import Metadata
from aprfmt.patch import MetadataPatch, json_value, metadata_patch
from aprfmt.provenance import ProvenancePatch


def applied(raw: str, **patch: Any) -> str:
    return MetadataPatch(**patch).apply(Metadata(raw.encode())).metadata.raw.decode()


@pytest.mark.parametrize(
    ("raw", "unset", "result"),
    [
        ('{"a":1,"b":2,"c":3}', ("a",), '{"b":2,"c":3}'),
        ('{"a":1,"b":2,"c":3}', ("b",), '{"a":1,"c":3}'),
        ('{"a":1,"b":2,"c":3}', ("c",), '{"a":1,"b":2}'),
        ('{"a":1,"b":2,"c":3}', ("b", "c"), '{"a":1}'),
        ('{"a":1,"b":2,"c":3}', ("a", "b", "c"), "{}"),
        ('{"a":1,"b":2,"a":3}', ("a",), '{"b":2}'),
        ('{ "a" : 1 ,\n  "b" : 2\n}', ("b",), '{ "a" : 1\n}'),
        ('{\n  "a": 1,\n  "b": 2\n}', ("a",), '{\n  "b": 2\n}'),
        ('{ "a" : 1 }', ("a",), "{  }"),
        ('{"a":1}', ("x",), '{"a":1}'),
        (
            '{"tokenizer":{"model_type":1},"tokenizer.model_type":2}',
            ("tokenizer.model_type",),
            '{"tokenizer":{"model_type":1}}',
        ),
    ],
)
def test_removal(raw: str, unset: tuple[str, ...], result: str) -> None:
    assert applied(raw, unset=unset) == result


@pytest.mark.parametrize(
    ("raw", "merge", "result"),
    [
        ('{"a":{"x":1, "y":2}}', {"a": {"x": 3}}, '{"a":{"x":3, "y":2}}'),
        ('{"a":{"x":1, "y":2}}', {"a": {"x": None, "z": 1}}, '{"a":{"y":2,"z":1}}'),
        ('{"a":{"x":{"y":1}}}', {"a": {"x": {"y": None}}}, '{"a":{"x":{}}}'),
        ('{"a":1}', {"a": {"x": None, "y": 2}}, '{"a":{"y":2}}'),
        ('{"a":1}', {"a": None}, "{}"),
        ('{"a":[1]}', {"a": [2, None]}, '{"a":[2,null]}'),
        ('{"q":{"license":1}}', {"q": {"license": 2}}, '{"q":{"license":2}}'),
        (
            '{"special_tokens":{"eos_token":null}}',
            {"special_tokens": {"bos_token": "<s>"}},
            '{"special_tokens":{"eos_token":null,"bos_token":"<s>"}}',
        ),
    ],
)
def test_merge(raw: str, merge: dict[str, Any], result: str) -> None:
    assert applied(raw, merge=merge) == result


def test_a_known_key_is_set_in_its_place_and_null_is_a_value() -> None:
    assert applied('{"model_type":"x","zz":1}', set={"license": None, "a.b": [1]}) == (
        '{"model_type":"x","license":null,"zz":1,"a.b":[1]}'
    )
    assert applied('{"license":"MIT"}', set={"license": None}) == '{"license":null}'


def test_what_is_set_counts_more_than_a_merge() -> None:
    assert applied('{"a":{"x":1}}', set={"a": 2}, merge={"a": {"y": 1}, "b": 1}) == '{"a":2,"b":1}'


def test_duplicates_stay_and_are_told_with_their_places() -> None:
    raw = b'{"a":1,"b":{"x":1,"x":2},"a":3}'
    seen = MetadataPatch(set={"c": 1}).apply(Metadata(raw, file_offset=64))
    assert seen.metadata.raw == b'{"a":1,"b":{"x":1,"x":2},"a":3,"c":1}'
    assert [note.partition(" occurs")[0] for note in seen.notes] == [
        "metadata.b.x @0x4c..0x4f",
        "metadata.a @0x41..0x44",
    ]
    assert all("--dedupe" in note for note in seen.notes)
    done = MetadataPatch(dedupe=True).apply(Metadata(raw, file_offset=64))
    assert done.metadata.raw == b'{"b":{"x":2},"a":3}'
    assert [note.partition(" and ")[2] for note in done.notes] == [
        "is removed; the one @0x52..0x55 counts",
        "is removed; the one @0x59..0x5c counts",
    ]


def test_many_duplicates_are_counted() -> None:
    raw = "{" + ",".join(f'"k{n}":1,"k{n}":2' for n in range(20)) + "}"
    notes = MetadataPatch(set={"c": 1}).apply(Metadata(raw.encode())).notes
    assert len(notes) == 6
    assert notes[-1] == "15 more keys occur twice"


def test_a_patched_value_of_the_wrong_type_is_refused() -> None:
    for patch in ({"set": {"hidden_size": "x"}}, {"set": {"model_type": None}}, {"merge": {"hidden_size": -1}}):
        with pytest.raises(RequestError, match=r"(hidden_size|model_type): expected .* not "):
            applied("{}", **patch)
    with pytest.raises(
        RequestError, match=r"^metadata.quantization.bits: expected an unsigned integer of 8 bits, found"
    ):
        applied('{"quantization":{"quant_type":"q","bits":4,"symmetric":true}}', merge={"quantization": {"bits": 300}})


def test_a_wrong_type_elsewhere_is_not_the_fault_of_the_patch() -> None:
    assert applied('{"hidden_size":"x"}', set={"a": 1}) == '{"hidden_size":"x","a":1}'


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"set": {"a": 1}, "unset": ("a",)}, "'a' is to be set and to be removed"),
        ({"merge": {"a": 1}, "unset": ("a",)}, "'a' is to be set and to be removed"),
        ({"set": {1: 1}}, "a key of the metadata is a string, not 1"),
        ({"unset": "abc"}, "unset: expected a collection of keys, not 'abc'"),
        ({"unset": (None,)}, "a key of the metadata is a string, not None"),
        ({"merge": [1]}, r"merge: expected a mapping, not \[1\]"),
        ({"set": 5}, "set: expected a mapping, not 5"),
    ],
)
def test_a_patch_that_makes_no_sense_is_refused(patch: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        MetadataPatch(**patch)


@pytest.mark.parametrize("key", ["quantization.bits", "metadata.quantization"])
def test_a_wrong_type_of_a_key_is_not_that_of_a_dotted_one(key: str) -> None:
    raw = '{"quantization":{"quant_type":"q","bits":"x","symmetric":true}}'
    assert applied(raw, set={key: 1}).endswith(f',"{key}":1}}')


@pytest.mark.parametrize("where", ["set", "merge", "unset"])
def test_a_key_is_utf_8(where: str) -> None:
    given: Any = ("\udcff",) if where == "unset" else {"\udcff": 1}
    with pytest.raises(RequestError, match=r"^the key '\\xff': the text is not UTF-8: found the byte 0xff$"):
        MetadataPatch(**{where: given})


@pytest.mark.parametrize(
    "patch",
    [
        {"merge": {"quantization": {"bits": 4}}},
        {"merge": {"sharding": {"pattern": None}, "special_tokens": {"bos_token": None}}},
        {"merge": {"quantization": None, "other": {"x": None}}},
        {"set": {"quantization": {"quant_type": "q", "bits": 4, "symmetric": False}}, "unset": ("name",)},
        {"dedupe": True},
    ],
)
def test_what_some_metadata_can_hold_is_possible(patch: dict[str, Any]) -> None:
    MetadataPatch(**patch).require_possible()


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"merge": {"quantization": {"bits": "4"}}}, r"quantization\.bits: expected an unsigned integer of 8 bits"),
        ({"merge": {"quantization": {"bits": None}}}, r"quantization\.bits: expected .* found nothing"),
        ({"set": {"quantization": {"bits": 4}}}, r"quantization\.quant_type: expected a string, found nothing"),
        ({"merge": {"hidden_size": 1.0}}, "hidden_size: expected an unsigned integer of 64 bits or null"),
        ({"set": {"x": float("nan")}}, "x: JSON has no nan"),
    ],
)
def test_what_no_metadata_can_hold_is_not(patch: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        MetadataPatch(**patch).require_possible()


def test_values_that_cannot_be_written_are_refused() -> None:
    for value in (float("nan"), object(), {1: 2}, "\ud800"):
        with pytest.raises(RequestError, match=r"^k: "):
            applied("{}", set={"k": value})


def test_the_result_stays_within_the_limits() -> None:
    limits = replace(DEFAULT_LIMITS, max_metadata_bytes=20)
    text = r"^the metadata would become too large: too many bytes; expected at most 20 .*found 28 "
    with pytest.raises(LimitExceededError, match=text):
        MetadataPatch(set={"a": "x" * 20}).apply(Metadata(b"{}", limits=limits))


@pytest.mark.parametrize(
    ("limit", "patch", "message"),
    [
        ("max_metadata_values", {"set": {"x": [1] * 20}}, "too many values; expected at most 10 "),
        ("max_metadata_members", {"set": dict.fromkeys("abcdefghijklm", 1)}, "too many members; expected at most 10 "),
        ("max_metadata_bytes", {"merge": {"a": {"x": "y" * 20}}}, "too many bytes; expected at most 10 "),
    ],
)
def test_a_limit_that_the_patch_exceeds_is_no_fault_of_the_file(limit: str, patch: Any, message: str) -> None:
    metadata = Metadata(b'{"a":{}}', limits=replace(DEFAULT_LIMITS, **{limit: 10}))
    with pytest.raises(LimitExceededError, match=f"^the metadata would become too large: {message}") as excess:
        MetadataPatch(**patch).apply(metadata)
    assert excess.value.span is None
    metadata = Metadata(b'{"a":[1,2,3]}', limits=replace(DEFAULT_LIMITS, **{limit: 0}))
    with pytest.raises(LimitExceededError, match=r"^too many ") as excess:
        MetadataPatch(**patch).apply(metadata)
    assert excess.value.span is not None


def test_a_key_that_is_not_there_is_said() -> None:
    assert MetadataPatch(unset=("x\n",)).apply(Metadata(b"{}")).notes == (
        "'x\\n' is not there, so there is nothing to remove",
    )


def test_a_provenance_key_that_says_nothing_is_said() -> None:
    assert MetadataPatch(merge={"license": "unknown"}).apply(Metadata(b"{}")).notes == (
        "license is set to 'unknown', which says nothing",
    )


def test_any_patch_becomes_the_general_one() -> None:
    patch = metadata_patch(ProvenancePatch(license="MIT"))
    assert patch == MetadataPatch(set={"license": "MIT"})
    assert metadata_patch(patch) is patch
    for empty in (MetadataPatch(), ProvenancePatch()):
        with pytest.raises(RequestError, match="the patch is empty"):
            metadata_patch(empty)
    wrong: Any = {"license": "MIT"}
    with pytest.raises(TypeError, match=r"^patch: expected a MetadataPatch or a ProvenancePatch, found dict$"):
        metadata_patch(wrong)
    for full in ({"set": {"a": 1}}, {"merge": {"a": 1}}, {"unset": ("a",)}, {"dedupe": True}):
        assert not MetadataPatch(**full).is_empty


class _Tokenizer:
    """As much of a tokenizer as a patch knows of."""

    notes = ("scores are left out",)

    def members(self) -> dict[str, Any]:
        return {"tokenizer.vocabulary": ["a"], "tokenizer.vocab_size": 1}

    def stale_keys(self, metadata: Any) -> tuple[str, ...]:
        return tuple(key for key in metadata if key == "tokenizer.merges")


def test_a_tokenizer_sets_its_keys_and_the_flag_and_removes_stale_ones() -> None:
    tokenizer: Any = _Tokenizer()
    raw = b'{"tokenizer.merges":["a b"],"x":1}'
    done = MetadataPatch(tokenizer=tokenizer).apply(Metadata(raw))
    assert done.metadata.raw == b'{"x":1,"tokenizer.vocabulary":["a"],"tokenizer.vocab_size":1}'
    assert (done.flags, done.removed) == (Flags.HAS_VOCAB, ("tokenizer.merges",))
    assert "scores are left out" in done.notes
    for other in ({"set": {"tokenizer.vocab_size": 2}}, {"merge": {"tokenizer.vocabulary": None}}):
        with pytest.raises(RequestError, match="the tokenizer sets it too"):
            MetadataPatch(tokenizer=tokenizer, **other)
    with pytest.raises(RequestError, match="to be set and to be removed"):
        MetadataPatch(tokenizer=tokenizer, unset=("tokenizer.vocabulary",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a JSON value at byte 0, found its end"),
        ("nul", "expected a JSON value at byte 0, found 'nul'"),
        ("1,2", "expected .* at byte 2, found '2'"),
        ('{"a":1,"a":2}', 'expected a key once, found "a" twice, at byte 1 first'),
        ('1,"":2', "expected one JSON value, found more behind it"),
        ("NaN", "expected a JSON value at byte 0, found 'NaN'"),
        ("é]", "expected a JSON value at byte 0"),
    ],
)
def test_what_is_no_json_value_is_refused(text: str, message: str) -> None:
    with pytest.raises(RequestError, match=rf"^--set k: {message}"):
        json_value(text, "--set k")


def test_integers_are_exact() -> None:
    assert json_value(b"123456789012345678901234567890", "x") == 123456789012345678901234567890
