"""Metadata as a mapping: its types, its edits, its canonical form, on the golden files and crafted bytes."""

from __future__ import annotations

import json
import struct
import sys
import tracemalloc
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from aprfmt.codegen import metadata_schema as generator
from aprfmt.errors import FormatError, LimitExceededError, RequestError
from aprfmt.layout._generated import metadata_schema as facts
from aprfmt.limits import DEFAULT_LIMITS, Limits
from aprfmt.metadata import Metadata, canonical_metadata, is_known_key, same_json
from aprfmt.provenance import PROVENANCE_KEYS

REPOSITORY = Path(__file__).parents[2]
GOLDEN = sorted((REPOSITORY / "tests/data/golden").glob("*.apr"))
SCHEMA_TEXT = (REPOSITORY / "spec/metadata.schema.json").read_text(encoding="utf-8")
SCHEMA = json.loads(SCHEMA_TEXT)


def raw_of(path: Path) -> tuple[bytes, int]:
    """The metadata of a golden file, and where it starts: header fields at 12 (u64) and 20 (u32)."""
    data = path.read_bytes()
    start, size = struct.unpack_from("<QI", data, 12)
    return data[start : start + size], start


def test_golden_files_are_there() -> None:
    assert len(GOLDEN) >= 9


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
class TestGolden:
    def test_values(self, path: Path) -> None:
        raw, start = raw_of(path)
        metadata = Metadata(raw, file_offset=start)
        assert dict(metadata) == json.loads(raw)
        assert metadata.type_errors() == []
        assert metadata.duplicates == ()

    def test_members_lie_where_they_say(self, path: Path) -> None:
        data = path.read_bytes()
        raw, start = raw_of(path)
        for member in Metadata(raw, file_offset=start).members:
            assert json.loads(data[slice(*member.key_span)]) == member.key
            assert json.loads(data[slice(*member.value_span)]) == member.value

    def test_canonical_form_is_what_the_reference_wrote(self, path: Path) -> None:
        raw, _ = raw_of(path)
        assert canonical_metadata(Metadata(raw)) == raw

    def test_empty_patch_changes_nothing(self, path: Path) -> None:
        raw, start = raw_of(path)
        assert Metadata(raw, file_offset=start).splice({}) == raw

    def test_fits_the_schema(self, path: Path) -> None:
        raw, _ = raw_of(path)
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(raw))


class TestSchema:
    def test_is_a_schema(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_generated_facts_are_those_of_the_schema(self, monkeypatch: pytest.MonkeyPatch) -> None:
        module = types.ModuleType("emitted")
        monkeypatch.setitem(sys.modules, "emitted", module)
        source = generator.emit(SCHEMA_TEXT, source_name="spec/metadata.schema.json")
        exec(compile(source, "emitted.py", "exec"), module.__dict__)  # noqa: S102 - our own generator's output
        assert repr(module.KEYS) == repr(facts.KEYS)

    def test_keys_are_those_of_the_reference(self) -> None:
        names = [key.name for key in facts.KEYS]
        assert len(names) == 35
        assert (names[0], names[4], names[11], names[34]) == (
            "model_type",
            "license",
            "total_size",
            "moe_intermediate_size",
        )
        assert [key.name for key in facts.KEYS if not key.nullable] == [
            "model_type",
            "total_size",
            "param_count",
        ]
        assert tuple(key.name for key in facts.KEYS if key.when_absent == "write" and key.nullable) == PROVENANCE_KEYS
        assert [key.name for key in facts.KEYS if key.f32] == ["rope_theta", "rms_norm_eps"]

    @pytest.mark.parametrize(
        ("path", "change"),
        [
            ("$.pattern", {"pattern": "x"}),
            ("$.$schema", {"$schema": "http://json-schema.org/draft-07/schema#"}),
            ("$.type", {"type": "array"}),
            ("$.additionalProperties", {"additionalProperties": False}),
            ("$.properties", {"properties": []}),
            ("$.properties.k.format", {"format": "date"}),
            ("$.properties.k.minimum", {"minimum": 0}),
            ("$.properties.k.type", {"type": "array"}),
            ("$.properties.k.type", {"type": ["string", "integer"]}),
            ("$.properties.k.type", {"type": []}),
            ("$.properties.k.description", {"description": ""}),
            ("$.properties.k.x-when-absent", {"x-when-absent": "null"}),
            ("$.properties.k.x-when-absent.write", {"x-when-absent": {"write": 1}}),
            ("$.properties.k.x-when-absent.write", {"type": "string", "x-when-absent": {"write": None}}),
            ("$.properties.k.x-integer-bits", {"type": "integer", "minimum": 0, "x-integer-bits": 63}),
            ("$.properties.k.minimum", {"type": "integer", "x-integer-bits": 64}),
            (
                "$.properties.k.maximum",
                {"type": "integer", "minimum": 0, "maximum": 256, "x-integer-bits": 8},
            ),
            ("$.properties.k.x-float", {"type": "number", "x-float": "f16"}),
            ("$.properties.k.additionalProperties", {"type": "object", "properties": {}}),
            (
                "$.properties.k.required",
                {"type": "object", "properties": {}, "required": ["a"], "additionalProperties": True},
            ),
            ("$.properties.k", 1),
        ],
    )
    def test_generator_refuses_what_it_does_not_know(self, path: str, change: Any) -> None:
        key: Any = {"type": ["string", "null"], "description": "A key.", "x-when-absent": "skip"}
        schema = {**SCHEMA, "properties": {"k": key}}
        generator.emit(json.dumps(schema), source_name="test")
        if path.startswith("$.properties.k"):
            schema["properties"] = {"k": {**key, **change} if isinstance(change, dict) else change}
        else:
            schema.update(change)
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
            generator.emit(json.dumps(schema), source_name="test")
        assert str(caught.value).startswith(f"{path}:")

    def test_generator_refuses_a_key_declared_twice(self) -> None:
        with pytest.raises(ValueError, match=r"\$\.\.title: declared twice"):
            generator.emit('{"title":1,"title":2}', source_name="test")
        with pytest.raises(ValueError, match="not JSON"):
            generator.emit("{", source_name="test")


class TestMapping:
    def test_construction_does_not_parse(self) -> None:
        metadata = Metadata(b"\xff not JSON")
        assert metadata.raw == b"\xff not JSON"
        assert repr(metadata) == "<Metadata: 10 bytes at 0x0>"
        with pytest.raises(FormatError):
            len(metadata)

    def test_refusal_is_repeated(self) -> None:
        metadata = Metadata(b"{", file_offset=64)
        for _ in range(2):
            with pytest.raises(FormatError) as caught:
                metadata.get("license")
            assert (caught.value.rule_id, caught.value.span) == ("APR-M003", (65, 65))

    def test_limits(self) -> None:
        with pytest.raises(
            LimitExceededError, match=r"at most 3 \(max_metadata_bytes\), found 6; metadata @0x9\.\.0xf"
        ):
            len(Metadata(b'{"":1}', limits=Limits(max_metadata_bytes=3), file_offset=9))
        with pytest.raises(FormatError) as caught:
            len(Metadata(b'{"":{}}', limits=Limits(max_json_nesting=1)))
        assert caught.value.rule_id == "APR-M005"

    def test_limit_of_members(self) -> None:
        raw = b'{"a":1,"a":2}'
        assert len(Metadata(raw, limits=Limits(max_metadata_members=2)).members) == 2
        with pytest.raises(
            LimitExceededError, match=r"at most 1 \(max_metadata_members\), found more; metadata @0x10\.\.0x16"
        ):
            len(Metadata(raw, limits=Limits(max_metadata_members=1), file_offset=9))
        with pytest.raises(LimitExceededError, match=r"at most 100000 \(max_metadata_members\)"):
            len(Metadata(b"{" + b'"":0,' * 100_000 + b'"":0}'))

    def test_limit_of_members_is_about_the_outermost_object(self) -> None:
        raw = b'{"quantization":{"a":1,"b":2,"bits":256}}'
        faults = Metadata(raw, limits=Limits(max_metadata_members=1)).type_errors()
        assert [raw[slice(*fault.span)] for fault in faults if fault.span][1] == b"256"

    @pytest.mark.parametrize(
        ("raw", "bound"),
        [
            (b"{}", 2),
            (b'{"a":[],"b":{},"c":[1,2]}', 8),
            (b'{"a":"[{,","b":"\\",[","c":[]}', 5),  # what stands in strings does not count
            (b"[" * 50, 51),  # before it is known to be JSON
        ],
    )
    def test_limit_of_values(self, raw: bytes, bound: int) -> None:
        with pytest.raises(LimitExceededError, match=rf"at most {bound - 1} \(max_metadata_values\), found {bound};"):
            len(Metadata(raw, limits=Limits(max_metadata_values=bound - 1)))
        if raw.startswith(b"{"):
            assert len(Metadata(raw, limits=Limits(max_metadata_values=bound))) < bound

    def test_limit_of_values_stands_before_memory(self) -> None:
        raw = b'{"a":[' + b"[]," * 2_000_000 + b"[]]}"
        tracemalloc.start()
        try:
            with pytest.raises(LimitExceededError, match=r"at most 2000000 \(max_metadata_values\)"):
                len(Metadata(raw))
            assert tracemalloc.get_traced_memory()[1] < 3 * len(raw)  # the text again, and no value
        finally:
            tracemalloc.stop()

    def test_more_levels_than_the_interpreter_can_read(self) -> None:
        levels = 500_000
        raw = b'{"a":' + b"[" * levels + b"]" * levels + b"}"
        with pytest.raises(LimitExceededError, match="deeper than this interpreter can read"):
            Metadata(raw, limits=Limits(max_json_nesting=2 * levels))["a"]

    def test_what_is_derived_is_derived_once(self) -> None:
        metadata = Metadata(b'{"a":1,"a":2}')
        assert metadata.members is metadata.members
        assert metadata.duplicates is metadata.duplicates

    def test_duplicates(self) -> None:
        metadata = Metadata(b'{"a":1,"b":2,"\\u0061":3}', file_offset=10)
        assert dict(metadata) == {"a": 3, "b": 2}
        assert list(metadata) == ["a", "b"]
        assert len(metadata) == 2
        assert [member.key for member in metadata.members] == ["a", "b", "a"]
        assert [(member.key, member.value_span) for member in metadata.duplicates] == [("a", (15, 16))]


class TestTypes:
    @pytest.mark.parametrize(
        ("raw", "field", "expected", "found"),
        [
            ('{"model_type":null}', "metadata.model_type", "a string", "'null'"),
            ('{"total_size":null}', "metadata.total_size", "an unsigned integer of 64 bits", "'null'"),
            ('{"license":5}', "metadata.license", "a string or null", "'5'"),
            ('{"license":["MIT"]}', "metadata.license", "a string or null", "'[\"MIT\"]'"),
            (
                '{"hidden_size":"5"}',
                "metadata.hidden_size",
                "an unsigned integer of 64 bits or null",
                "'\"5\"'",
            ),
            (
                '{"hidden_size":4096.0}',
                "metadata.hidden_size",
                "an unsigned integer of 64 bits or null",
                "'4096.0'",
            ),
            (
                '{"hidden_size":1e3}',
                "metadata.hidden_size",
                "an unsigned integer of 64 bits or null",
                "'1e3'",
            ),
            ('{"hidden_size":-1}', "metadata.hidden_size", "an unsigned integer of 64 bits or null", "'-1'"),
            ('{"hidden_size":-0}', "metadata.hidden_size", "an unsigned integer of 64 bits or null", "'-0'"),
            (
                '{"hidden_size":true}',
                "metadata.hidden_size",
                "an unsigned integer of 64 bits or null",
                "'true'",
            ),
            (
                '{"hidden_size":18446744073709551616}',
                "metadata.hidden_size",
                "an unsigned integer of 64 bits or null",
                "'18446744073709551616'",
            ),
            (
                '{"rope_type":4294967296}',
                "metadata.rope_type",
                "an unsigned integer of 32 bits or null",
                "'4294967296'",
            ),
            ('{"rope_theta":"1"}', "metadata.rope_theta", "a number or null", "'\"1\"'"),
            ('{"rope_theta":true}', "metadata.rope_theta", "a number or null", "'true'"),
            ('{"quantization":[]}', "metadata.quantization", "an object or null", "'[]'"),
            (
                '{"special_tokens":{"bos_token":1}}',
                "metadata.special_tokens.bos_token",
                "a string or null",
                "'1'",
            ),
        ],
    )
    def test_wrong(self, raw: str, field: str, expected: str, found: str) -> None:
        [error] = Metadata(raw.encode(), file_offset=64).type_errors()
        assert (error.rule_id, error.field, error.expected, error.found) == (
            "APR-M006",
            field,
            expected,
            found,
        )
        assert error.span is not None
        assert repr(raw[error.span[0] - 64 : error.span[1] - 64]) == found

    @pytest.mark.parametrize(
        "raw",
        [
            '{"hidden_size":18446744073709551615,"license":null,"rope_type":4294967295}',
            '{"rope_theta":1000000,"rms_norm_eps":1e39}',
            '{"license":5,"license":"MIT"}',
            '{"quantization":{"symmetric":true,"bits":255,"quant_type":"","extra":[]}}',
            '{"sharding":{"shard_count":1,"shard_index":0,"total_size":0,"pattern":null}}',
            '{"special_tokens":{}}',
            '{"other":-1.5}',
        ],
    )
    def test_right(self, raw: str) -> None:
        assert Metadata(raw.encode()).type_errors() == []

    def test_all_faults_in_schema_order(self) -> None:
        raw = '{"é":1,"quantization":{"bits":256,"symmetric":null},"license":1}'.encode()
        errors = Metadata(raw).type_errors()
        assert [error.field for error in errors] == [
            "metadata.license",
            "metadata.quantization.quant_type",
            "metadata.quantization.bits",
            "metadata.quantization.symmetric",
        ]
        texts = [raw[slice(*error.span)] for error in errors if error.span]
        assert texts == [b"1", b'{"bits":256,"symmetric":null}', b"256", b"null"]
        assert errors[1].found == "nothing"


class TestSplice:
    @pytest.mark.parametrize(
        ("raw", "patch", "result"),
        [
            ("{}", {"license": "MIT"}, '{"license":"MIT"}'),
            ("{ }", {"x": 1, "license": None}, '{"license":null,"x":1 }'),
            (' {\n"x" : 1\n} ', {"license": "MIT"}, ' {"license":"MIT",\n"x" : 1\n} '),
            ('{"x":1 }', {"z": 1, "y": 2}, '{"x":1,"z":1,"y":2 }'),
            ('{"license" : "a" ,"x":1.50}', {"license": "b"}, '{"license" : "b" ,"x":1.50}'),
            ('{"license":"a","license":"b"}', {"license": "c"}, '{"license":"a","license":"c"}'),
            ('{"license":"a","license":"b"}', {"license": "b"}, '{"license":"a","license":"b"}'),
            ('{"lic\\u0065nse":"\\u0061"}', {"license": "a"}, '{"lic\\u0065nse":"\\u0061"}'),
            ('{"lic\\u0065nse":"\\u0061"}', {"license": "é"}, '{"lic\\u0065nse":"é"}'),
            (
                '{"model_type":"q" ,"total_size":0}',
                {"data_license": "CC0-1.0", "license": "MIT"},
                '{"model_type":"q","license":"MIT","data_license":"CC0-1.0" ,"total_size":0}',
            ),
            ('{"license":null}', {"license": "MIT", "version": "1"}, '{"license":"MIT","version":"1"}'),
            (
                '{"source":"s","name":"n","é":1}',
                {"license": "L"},
                '{"source":"s","name":"n","license":"L","é":1}',
            ),
            (
                '{"total_size":1,"name":"n"}',
                {"model_type": "q"},
                '{"model_type":"q","total_size":1,"name":"n"}',
            ),
            ('{"rms_norm_eps":1e-06}', {"rms_norm_eps": 1e-6}, '{"rms_norm_eps":1e-06}'),
            ('{"rope_theta":1e4}', {"rope_theta": 1000000}, '{"rope_theta":1000000.0}'),
            ('{"x":1}', {"x": 1.0}, '{"x":1.0}'),
            ('{"x":1}', {"x": True}, '{"x":true}'),
            ('{"x":0.0}', {"x": -0.0}, '{"x":-0.0}'),
            ('{"x":{"b":1, "a":[2]}}', {"x": {"a": (2,), "b": 1}}, '{"x":{"b":1, "a":[2]}}'),
            ('{"x":{"b":1, "a":[2]}}', {"x": {"a": [2.0], "b": 1}}, '{"x":{"a":[2.0],"b":1}}'),
            ('{"x":[1, null]}', {"x": [1, False]}, '{"x":[1,false]}'),
            ('{"x":[1]}', {"x": [1, 2]}, '{"x":[1,2]}'),
        ],
    )
    @pytest.mark.parametrize("file_offset", [0, 64])
    def test_bytes(self, raw: str, patch: dict[str, Any], result: str, file_offset: int) -> None:
        assert Metadata(raw.encode(), file_offset=file_offset).splice(patch).decode() == result

    @pytest.mark.parametrize(
        ("patch", "text"),
        [
            ({"license": 5}, "license: expected a string or null, not 5"),
            ({"model_type": None}, "model_type: expected a string, not null"),
            ({"hidden_size": 4096.0}, "hidden_size: expected an unsigned integer"),
            ({"hidden_size": 10**5000}, "hidden_size: expected an unsigned integer.*very large int"),
            (
                {"quantization": {"quant_type": "q4"}},
                "quantization.bits: expected an unsigned integer of 8 bits",
            ),
            ({"license": "\ud800"}, "license: the text is not UTF-8: found the lone surrogate U\\+D800"),
            ({"rope_theta": 1e39}, "rope_theta: .*single precision"),
            ({"x": float("nan")}, "x: JSON has no nan"),
            ({1: 2}, "key of the metadata is a string, not 1"),
            ({"\ud800": 2}, "the text is not UTF-8"),
        ],
    )
    def test_refuses_what_readers_would_refuse(self, patch: Any, text: str) -> None:
        with pytest.raises(RequestError, match=text):
            Metadata(b'{"license":null}').splice(patch)

    def test_needs_metadata_that_can_be_read(self) -> None:
        with pytest.raises(FormatError):
            Metadata(b"[]").splice({})


class TestCanonical:
    def test_nothing(self) -> None:
        expected = (
            b'{"model_type":"","license":null,"data_source":null,"data_license":null,"total_size":0,"param_count":0}'
        )
        assert canonical_metadata({}) == expected
        assert canonical_metadata({"name": None, "license": None}) == expected

    def test_order_and_explicit_nulls(self) -> None:
        values = {
            "z": {"b": 1, "a": 2**64},
            "special_tokens": {"pad_token": "p", "unknown": 1},
            "sharding": {"total_size": 3, "shard_index": 0, "shard_count": 1},
            "quantization": {"symmetric": False, "bits": 4, "quant_type": "q4", "block_size": None},
            "rms_norm_eps": 1e-6,
            "rope_theta": 1e39,
            "a": 1e-6,
            "model_type": "q",
        }
        assert canonical_metadata(values).decode() == (
            '{"model_type":"q","license":null,"data_source":null,"data_license":null,"total_size":0,"param_count":0,'
            '"quantization":{"quant_type":"q4","bits":4,"block_size":null,"symmetric":false},'
            '"sharding":{"shard_count":1,"shard_index":0,"total_size":3,"pattern":null},'
            '"special_tokens":{"bos_token":null,"eos_token":null,"unk_token":null,"pad_token":"p",'
            '"im_start_token":null,"im_end_token":null},"rope_theta":null,"rms_norm_eps":0.000001,'
            '"z":{"b":1,"a":1.8446744073709552e+19},"a":1e-6}'
        )

    @pytest.mark.parametrize(
        ("values", "text"),
        [
            ({"hidden_size": -1}, "hidden_size: expected"),
            ({"sharding": {"shard_count": 1}}, "sharding.shard_index: expected .*, found nothing"),
            ({"rope_theta": float("inf")}, "rope_theta: "),
            ({"x": b""}, "x: a value of type bytes"),
            ({1: ""}, "a key of the metadata is a string"),
        ],
    )
    def test_refuses(self, values: Any, text: str) -> None:
        with pytest.raises(RequestError, match=text):
            canonical_metadata(values)

    def test_the_largest_number_is_finite_and_an_infinity_of_single_precision(self) -> None:
        assert canonical_metadata({"rope_theta": sys.float_info.max}) == canonical_metadata({"rope_theta": 1e39})
        assert b'"rope_theta":null' in canonical_metadata({"rope_theta": -sys.float_info.max})

    def test_a_refusal_shows_the_value_at_fault_alone(self) -> None:
        values = {"quantization": {"quant_type": "q4", "bits": 300, "block_size": None, "symmetric": False}}
        with pytest.raises(RequestError, match=r"^quantization\.bits: expected .* of 8 bits, not 300$"):
            canonical_metadata(values)


class TestWhere:
    def test_other_bytes_stand_in_the_same_place_and_cost_as_much(self) -> None:
        limits = Limits(max_metadata_bytes=9)
        other = Metadata(b"{}", limits=limits, file_offset=100).replaced(b'{"a":1}')
        assert other.span_of("a") == (105, 106)
        with pytest.raises(LimitExceededError) as caught:
            len(other.replaced(bytes(10)))
        assert caught.value.span == (100, 110)

    def test_an_inner_object_is_bounded_as_the_outer_one_is_but_for_its_members(self) -> None:
        inner = b"[" * 200 + b"]" * 200
        raw = b'{"a":{"b":1,"c":%s}}' % inner
        limits = replace(DEFAULT_LIMITS, max_json_nesting=300, max_metadata_members=1)
        assert list(Metadata(raw, limits=limits).inside("a")) == ["b", "c"]


def test_the_known_keys_are_those_of_the_schema() -> None:
    assert all(is_known_key(name) for name in SCHEMA["properties"])
    assert not any(is_known_key(name) for name in ("", "Name", "x", "tokenizer.vocabulary"))


@pytest.mark.parametrize("text", ["10000.00", "1e4", "1.0e+4"])
def test_a_number_of_single_precision_is_left_as_it_is_written_when_its_value_stays(text: str) -> None:
    """Whether it is given as an integer or as a fraction; and no key without a type takes one for the other."""
    raw = b'{"rope_theta":%s,"x":%s}' % (text.encode(), text.encode())
    for value in (10000, 10000.0):
        assert Metadata(raw).splice({"rope_theta": value}) == raw
    assert Metadata(raw).splice({"x": 10000}) == raw.removesuffix(text.encode() + b"}") + b"10000}"


VALUES: list[Any] = [None, True, False, 0, 1, 0.0, -0.0, 1.0, "", "1", "a", [], [None], ["a"], [1], {}, {"a": None}]


@pytest.mark.parametrize("ours", VALUES, ids=repr)
def test_values_are_the_same_json_when_they_are_written_alike(ours: Any) -> None:
    for theirs in VALUES:
        alike = json.dumps(ours) == json.dumps(theirs)
        for put in (lambda value: value, lambda value: [value], lambda value: {"k": value}):
            assert same_json(put(ours), put(theirs)) is alike, theirs
        assert not same_json([ours, theirs], [ours])
    assert not same_json({"k": ours}, {"other": ours})
