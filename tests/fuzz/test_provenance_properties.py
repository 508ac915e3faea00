"""Laws: what a file says of its origin is judged by one rule at most, and as the licences are that a stamp takes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from aprfmt import build
from aprfmt.errors import RequestError
from aprfmt.files import validate_file
from aprfmt.licences import normalise_license
from aprfmt.provenance import says_nothing

WORDS = st.sampled_from(
    (
        *("MIT", "mit", "Apache-2.0", "GPL-2.0+", "llama3", "custom", "LLVM-exception", "LicenseRef-a", "NONE", "tbd"),
        *("OR", "and", "WITH", "(", ")", "+", "DocumentRef-b:LicenseRef-a", "AdditionRef-a", "Creative Commons", "x"),
    )
)
TEXTS = st.text(max_size=60) | st.lists(WORDS, max_size=8).map(" ".join)
VALUES = TEXTS | st.none() | st.sampled_from(["MIT OR ISC", " Apache-2.0\n"])


def rules_of(model: str | None, data: str | None) -> dict[str, list[str]]:
    """The errors of a published file, by field."""
    metadata = {"license": model, "data_source": "web", "data_license": data}
    tree: dict[str, Any] = {"metadata": json.dumps(metadata).encode(), "tensor_index": {"entries": []}}
    found: dict[str, list[str]] = {"metadata.license": [], "metadata.data_license": []}
    for finding in validate_file(build(tree), profile="publish").errors:
        found[finding.field].append(finding.rule)
    return found


def judged(value: str | None) -> list[str]:
    """What is wrong with a value, told by what the rules are made of."""
    if value is None:
        return ["APR-P001"]
    if says_nothing(value):
        return ["APR-P002"]
    try:
        normalise_license(value)
    except RequestError:
        return ["APR-P003"]
    return []


@given(VALUES, VALUES)
@example("MIT " * 600, "(" * 2000)
@example("\u0000\u2028", "\U0001f600" * 3000)
def test_a_licence_is_missing_or_says_nothing_or_is_unknown_or_is_one(one: str | None, other: str | None) -> None:
    """Each licence of a published file MUST break at most one rule, and none exactly when a stamp would take it."""
    assert rules_of(one, other) == {"metadata.license": judged(one), "metadata.data_license": judged(other)}


@given(TEXTS)
def test_what_a_stamp_makes_of_a_licence_is_known(text: str) -> None:
    """The canonical form of a licence MUST break no rule."""
    try:
        expression = normalise_license(text).expression
    except RequestError:
        return
    assert rules_of(expression, "MIT") == {"metadata.license": [], "metadata.data_license": []}
