"""Metadata are compared as JSON, as deep as it can be said, and what means the same in other words is said too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.rules.crafting import craft

from aprfmt.container import Container
from aprfmt.metadata import same_json
from aprfmt.ops.diff import Difference, diff
from aprfmt.source import BytesSource


def texts(first: str, second: str) -> tuple[bytes, bytes]:
    return craft(metadata=first.encode()), craft(metadata=second.encode())


def compared(first: str, second: str, **options: Any) -> list[Difference]:
    """The differences of the metadata, each of whose places must hold what it says."""
    raws = texts(first, second)
    containers = [Container(BytesSource(raw)) for raw in raws]
    found = [item for item in diff(*containers, **options).differences if item.section == "metadata"]
    for item in found:
        for raw, value, place in zip(raws, item.values, item.places, strict=True):
            if place is not None and place.path == item.field:
                assert same_json(json.loads(raw[slice(*place.span)]), value)
    return found


def fields(first: str, second: str, **options: Any) -> list[str]:
    return [item.field for item in compared(first, second, **options)]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ('{"a":1}', '{"a":2}', ["metadata.a"]),
        ('{"a":1}', '{"a":"1"}', ["metadata.a"]),
        ('{"a":1}', '{"a":1.0}', ["metadata.a"]),
        ('{"a":1}', '{"a":true}', ["metadata.a"]),
        ('{"a":0.0}', '{"a":-0.0}', ["metadata.a"]),
        ('{"a":null}', "{}", ["metadata.a"]),
        ('{"a":[]}', '{"a":{}}', ["metadata.a"]),
        ('{"a":{"b":{"c":1,"d":2}}}', '{"a":{"b":{"c":3,"d":2}}}', ["metadata.a.b.c"]),
        ('{"a":{"b":1}}', '{"a":{"c":1}}', ["metadata.a.b", "metadata.a.c"]),
        ('{"a":[1,2,3]}', '{"a":[1,5,3]}', ["metadata.a[1]"]),
        ('{"a":["é",[2,{"b":"ü"}]]}', '{"a":["é",[2,{"b":"ö"}]]}', ["metadata.a[1][1].b"]),
        ('{"a":[1,2,3]}', '{"a":[1,9,2,3]}', ["metadata.a[1]"]),
        ('{"a":[1,2,3]}', '{"a":[1]}', ["metadata.a[1]", "metadata.a[2]"]),
        ('{"a":[]}', '{"a":[1]}', ["metadata.a[0]"]),
        ('{"a.b":1}', '{"a":{"b":1}}', ["metadata.a.b", "metadata.a"]),
        ('{"a":1000000000000000000001}', '{"a":1000000000000000000002}', ["metadata.a"]),
        ('{"a":1,"a":2}', '{"a":1,"a":3}', ["metadata.a"]),
        # the same values in other words
        ('{"a":1e2}', '{"a":100.0}', ["metadata.a (spelling)"]),
        ('{"a":"x"}', '{"a":"\\u0078"}', ["metadata.a (spelling)"]),
        ('{"a":{"b":1,"c":2}}', '{"a":{"c":2,"b":1}}', ["metadata.a (spelling)"]),
        ('{"a":1,"b":2}', '{"b":2,"a":1}', ["metadata (order)"]),
        ('{"a":1}', '{"a": 1}', ["metadata (white space and escapes)"]),
        ('{"a":1}', '{"\\u0061":1}', ["metadata (white space and escapes)"]),
        ('{"a":1}', '{"a":2,"a":1}', ["metadata (overridden members)"]),
        ('{"a":1,"b":2}', '{ "a":1,"b":3}', ["metadata.b", "metadata (white space and escapes)"]),
        ('{"a": 1,"b":2}', '{"a":1,"b": 2}', ["metadata (spelling)"]),
    ],
)
def test_what_differs(first: str, second: str, said: list[str]) -> None:
    assert fields(first, second) == said
    assert sorted(fields(second, first)) == sorted(said)
    assert fields(first, first) == fields(second, second) == []


def test_one_of_very_many_is_found_and_very_many_are_one() -> None:
    words = [f"tök{number}" for number in range(50_000)]
    other = [*words[:777], "x", *words[778:]]
    first, second = (json.dumps({"v": value}, ensure_ascii=False) for value in (words, other))
    (item,) = compared(first, second)
    assert (item.field, item.values) == ("metadata.v[777]", ("tök777", "x"))
    inserted = json.dumps({"v": [*words[:5], "new", *words[5:]]}, ensure_ascii=False)
    assert fields(first, inserted) == ["metadata.v[5]"]
    assert fields(first, json.dumps({"v": words[::-1]}, ensure_ascii=False)) == ["metadata.v"]
    assert len(fields(json.dumps(dict.fromkeys(words, 1)), json.dumps(dict.fromkeys(words, 2)))) == len(words)


def test_keys_that_are_ignored_are_ignored_in_every_way() -> None:
    assert fields('{"a":1,"b":2}', '{"b":2,"a":5,"a":3}', ignore=["a"]) == []
    assert fields('{"a":1,"b":2}', '{"b":3}', ignore=["a"]) == ["metadata.b"]
    assert fields('{"tokenizer.x":1}', '{"tokenizer.x":2}', ignore=["tokenizer"]) == ["metadata.tokenizer.x"]


def test_a_number_of_very_many_digits_is_a_number() -> None:
    digits = "0." + "9" * 6_000
    assert fields(f'{{"a":[1,{digits},2]}}', f'{{"a":[1,{digits},3]}}') == ["metadata.a[2]"]
