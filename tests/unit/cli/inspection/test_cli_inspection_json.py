"""The object of `inspect --json`: everything the metadata knows, and the size of what it does not know."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.cli.inspection.made import json_of, look
from tests.unit.rules.crafting import SIZE, craft, entry_a, entry_b

from aprfmt.cli.inspection.json import as_json
from aprfmt.layout._generated.metadata_schema import KEYS, MetadataKey

ALWAYS = ("license", "data_source", "data_license", "architecture", "hf_architecture", "hf_model_type")


def example(key: MetadataKey) -> Any:
    """A value of the type of a key."""
    values: dict[str, Any] = {"string": key.name, "integer": 3, "number": 1.5, "boolean": True}
    return {child.name: example(child) for child in key.keys} if key.kind == "object" else values[key.kind]


def test_every_known_key_is_there_by_name_and_type() -> None:
    assert len(KEYS) == 35
    metadata = {key.name: example(key) for key in KEYS}
    said = json_of(metadata)
    assert said["metadata"] == metadata
    assert (said["custom_keys"], said["explicit_nulls"]) == ({}, [])
    assert said["valid"] is True


def test_without_metadata_there_is_what_is_always_there() -> None:
    assert json_of(b"{}")["metadata"] == dict.fromkeys(ALWAYS)
    said = json_of(b"{]")
    assert (said["metadata"], said["explicit_nulls"], said["custom_keys"]) == (None, [], {})
    assert said["provenance"] == dict.fromkeys(("license", "data_source", "data_license"))
    assert said["error"]["rule_id"] == "APR-M003"


def test_missing_null_and_empty_are_told_apart() -> None:
    said = json_of({"license": None, "data_source": "", "num_heads": None, "hf_model_type": ""})
    assert said["provenance"] == {"license": None, "data_source": "", "data_license": None}
    assert said["explicit_nulls"] == ["license", "num_heads"]
    assert said["metadata"]["hf_model_type"] == ""
    assert "num_heads" in said["metadata"]
    assert "num_heads" not in said
    assert "num_layers" not in said["metadata"]


def test_objects_have_all_members_that_need_not_be_there() -> None:
    said = json_of(
        {
            "quantization": {"quant_type": "int4", "bits": 4, "symmetric": True, "more": 1},
            "sharding": {"shard_count": 2, "shard_index": 0, "total_size": 9, "pattern": "x"},
            "special_tokens": {"eos_token": "</s>"},
        }
    )["metadata"]
    assert said["quantization"] == {
        "quant_type": "int4",
        "bits": 4,
        "symmetric": True,
        "more": 1,
        "block_size": None,
    }
    assert said["sharding"] == {"shard_count": 2, "shard_index": 0, "total_size": 9, "pattern": "x"}
    assert said["special_tokens"]["eos_token"] == "</s>"  # noqa: S105 - a token of a tokenizer
    assert list(said["special_tokens"].values()).count(None) == 5
    wrong = json_of({"quantization": 5, "special_tokens": None})["metadata"]
    assert (wrong["quantization"], wrong["special_tokens"]) == (5, None)


def test_custom_keys_have_type_and_size() -> None:
    text = '{"a": [1, 2,3],"b":{"c":{}}, "d":"\u00e9", "e":null,"f":-1.50,"g":true, "h":"%s","tokenizer.model":[]}'
    said = json_of((text % ("x" * 201)).encode())
    assert said["custom_keys"] == {
        "a": {"type": "array", "bytes": 8, "items": 3},
        "b": {"type": "object", "bytes": 8, "items": 1},
        "d": {"type": "string", "bytes": 4, "value": "\u00e9"},
        "e": {"type": "null", "bytes": 4, "value": None},
        "f": {"type": "number", "bytes": 5, "value": -1.5},
        "g": {"type": "boolean", "bytes": 4, "value": True},
        "h": {"type": "string", "bytes": 203},
        "tokenizer.model": {"type": "array", "bytes": 2, "items": 0},
    }


def test_of_a_custom_key_that_occurs_twice_the_last_one_counts() -> None:
    said = json_of(b'{"a":1,"b":2,"a":[33]}')
    assert said["custom_keys"]["a"] == {"type": "array", "bytes": 4, "items": 1}
    assert list(said["custom_keys"]) == ["a", "b"]


def test_what_converters_say_of_the_source_is_shown_as_the_reference_does() -> None:
    said = json_of({"source_metadata": {"format": "pt"}})
    assert said["metadata"]["source_metadata"] == {"format": "pt"}
    assert said["custom_keys"]["source_metadata"] == {"type": "object", "bytes": 16, "items": 1}


def test_parameters_and_bytes_of_every_element_type() -> None:
    said = json_of({"param_count": 5, "total_size": 12})
    assert (said["total_params"], said["tensor_bytes"]) == (5, 11)
    assert said["dtypes"] == [
        {"dtype": "f32", "tensors": 1, "params": 2, "bytes": 8},
        {"dtype": "u8", "tensors": 1, "params": 3, "bytes": 3},
    ]
    assert said["claims"] == {
        "param_count": {"metadata": 5, "index": 5, "agrees": True},
        "total_size": {"metadata": 12, "index": 11, "agrees": False},
    }
    assert json_of({"total_size": SIZE - len('{"name":"m"}') + len('{"total_size":324}')})["size_bytes"] == SIZE


def test_an_index_that_cannot_be_read_has_no_totals() -> None:
    said = json_of({}, header={"num_tensors": 99})
    assert (said["total_params"], said["tensor_bytes"], said["dtypes"]) == (None, None, None)
    assert as_json(look(craft(tensor_index={"entries": []}, tensor_data=b"")))["dtypes"] == []


def test_more_elements_than_a_file_can_hold_are_null() -> None:
    """The number itself may have more digits than Python prints."""
    said = as_json(look(craft(entry_a(dims=[2**64 - 1] * 255), entry_b())))
    assert said["total_params"] is None
    assert [(item["dtype"], item["params"]) for item in said["dtypes"]] == [("f32", None), ("u8", 3)]
    json.dumps(said)


@pytest.mark.parametrize("scored", [False, True])
def test_the_score_is_there_when_asked_for(scored: bool) -> None:
    said = as_json(look(craft(), scored=scored))
    assert ("quality" in said) is scored
    if scored:
        assert said["quality"]["breakdown"]["physics"] == 20
        assert said["quality"]["notes"] == []
