"""What our reader takes and what the published schemas take is the same, and both can refuse."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.unit.ops.receipts import faults, stamped
from tests.unit.rules.crafting import craft

from aprfmt import MetadataPatch, RequestError
from aprfmt.ops.receipt import read_receipt

SOUND = craft(tensor_data=bytes(range(128)))
PATCH = MetadataPatch(set={"license": "MIT", "long": "x" * 3000}, merge={"a": {"b": 1}}, unset=("name",), dedupe=True)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to every value in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, item in items for path in [(*at, key), *paths(item, (*at, key))]]


def changed(document: Any, path: tuple[Any, ...], change: str) -> Any:
    """A copy of a document with one member gone, of another type, or with a member more in it."""
    copy = json.loads(json.dumps(document))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    if change == "gone":
        del inner[path[-1]]
    elif change == "other":
        inner[path[-1]] = [] if isinstance(inner[path[-1]], str | int) else "text"
    else:
        inner[path[-1]]["more"] = 1
    return copy


_FREE = re.compile(r"(patch\.(set|merge|tokenizer)|changed|(before|after)\.provenance)\.")
"""Below this stand values of the metadata, which may be anything."""


@pytest.mark.parametrize("change", ["gone", "other", "more"])
def test_the_schema_of_a_receipt_can_fail_at_every_field(change: str) -> None:
    """What the published schema refuses is refused by our reader, and the other way round."""
    document = stamped(SOUND, PATCH).receipt()
    tried = 0
    for path in paths(document):
        where = ".".join(map(str, path))
        if _FREE.match(where) or isinstance(path[-1], int):
            continue
        value = document
        for step in path:
            value = value[step]
        if change == "more" and (not isinstance(value, dict) or _FREE.match(f"{where}.") or where == "changed"):
            continue
        if change == "other" and (value is None or _FREE.match(f"{where}.")):
            continue
        tried += 1
        odd = changed(document, path, change)
        assert faults(odd) != [], where
        with pytest.raises(RequestError):
            read_receipt(json.dumps(odd).encode())
    assert tried > 15


@pytest.mark.parametrize("shape", ["in-toto", "evidence"])
def test_the_other_schemas_can_fail(shape: str) -> None:
    document = stamped(SOUND).receipt(shape)
    for key in document:
        assert faults({name: value for name, value in document.items() if name != key}, shape) != [], key
    # The rules of in-toto let anybody add fields to a statement.
    assert (faults({**document, "more": 1}, shape) == []) == (shape == "in-toto")
