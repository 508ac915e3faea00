"""Arguments that cannot be meant: one clear error at once, before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from tests.unit.testing.drawing_kit import many, rules_of

from aprfmt import testing
from aprfmt.errors import RequestError
from aprfmt.testing.asked import rules_asked

ASK: Any = testing
"""As somebody sees it who has no type checker."""
Make = Callable[..., Any]
COUNTED: tuple[Make, ...] = (
    ASK.containers,
    ASK.indexes,
    ASK.tensors,
    ASK.trees,
    lambda **counts: ASK.containers(sound=True, **counts),
    lambda **counts: ASK.containers(canonical=False, **counts),
    lambda **counts: ASK.containers(breaking="APR-D003", **counts),
    lambda **counts: ASK.indexes(breaking="APR-D003", **counts),
)
BROKEN: tuple[tuple[Make, str, str], ...] = (
    (ASK.containers, "APR-H002", "APR-D006"),
    (ASK.headers, "APR-H002", "APR-S005"),
    (ASK.indexes, "APR-I002", "APR-D003"),
    (ASK.metadata_json, "APR-M003", "APR-P001"),
    (ASK.patches, "APR-P002", "APR-P003"),
    (ASK.metadata_patches, "APR-M009", "APR-P001"),
)


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({"min_tensors": -1}, "min_tensors: expected a number of at least 0, found -1"),
        ({"max_tensors": -1}, "max_tensors: expected a number of at least 0, found -1"),
        ({"min_tensors": "1"}, "min_tensors: expected a number of at least 0, found '1'"),
        ({"max_tensors": 1.5}, "max_tensors: expected a number of at least 0, found 1.5"),
        ({"min_tensors": True}, "min_tensors: expected a number of at least 0, found True"),
        ({"min_tensors": 5}, "max_tensors: expected at least 5.*, found 4"),
    ],
)
@pytest.mark.parametrize("make", COUNTED)
def test_numbers_of_tensors_are_numbers_in_order(make: Make, counts: dict[str, object], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        make(**counts)


@pytest.mark.parametrize(("make", "first", "second"), BROKEN)
def test_any_strategy_breaks_one_rule_of_several(make: Make, first: str, second: str) -> None:
    """Whatever holds several ids will do; each value MUST be one that breaks one of them."""
    for several in ([first, second], (second, first), {first: 0, second: 0}, iter([first, second])):
        assert many(make(breaking=several), 3)
    if make is ASK.containers:
        assert {frozenset(rules_of(raw)) for raw in many(make(breaking={first, second}), 20)} == {
            frozenset({first}),
            frozenset({second}),
        }


@pytest.mark.parametrize("make", [make for make, _, _ in BROKEN])
@pytest.mark.parametrize(
    ("breaking", "says"),
    [
        (1, "breaking: expected the id of a rule, or several, found 1"),
        (b"APR-H002", "breaking: expected the id of a rule, or several, found b'APR-H002'"),
        ([], "breaking: expected the id of a rule, or several, found none"),
        ([1], "breaking: expected the id of a rule, found 1"),
        ([["APR-H002"]], "breaking: expected the id of a rule, found "),
        ("APR-X001", "breaking: expected .*'APR-X001'"),
        (["APR-X001"], "breaking: expected .*'APR-X001'"),
    ],
)
def test_what_is_no_rule_is_refused(make: Make, breaking: object, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        make(breaking=breaking)


def test_the_order_of_a_set_of_rules_does_not_depend_on_the_process() -> None:
    assert rules_asked({"APR-M003", "APR-H002", "APR-D006"}) == ("APR-D006", "APR-H002", "APR-M003")
    assert rules_asked(["APR-M003", "APR-D006", "APR-M003"]) == ("APR-M003", "APR-D006")


@pytest.mark.parametrize("make", [ASK.containers, ASK.metadata_json, ASK.patches])
def test_what_is_broken_is_not_sound(make: Make) -> None:
    with pytest.raises(RequestError, match="sound: expected no rule to break with it, found 'APR-P002'"):
        make(sound=True, breaking="APR-P002")


def test_a_profile_is_one_in_which_something_is_broken() -> None:
    for arguments in ({}, {"sound": True}, {"canonical": False}):
        with pytest.raises(RequestError, match="profile: expected a rule to break in it, found none"):
            ASK.containers(profile="reader", **arguments)
        with pytest.raises(RequestError, match=r"expected one of default, .* as a profile, found 'lax'"):
            ASK.containers(profile="lax", **arguments)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ASK.containers(metadata=b"{}"), r"metadata: expected a strategy, such as .*, found b'\{\}'"),
        (lambda: ASK.containers(metadata=b"{}", sound=True), "metadata: expected a strategy"),
        (lambda: ASK.containers(metadata=b"{}", breaking="APR-D003"), "metadata: expected a strategy"),
        (lambda: ASK.trees(metadata={}), "metadata: expected a strategy"),
        (lambda: ASK.damaged("x"), "base: expected bytes, or a strategy of them, found 'x'"),
        (lambda: ASK.damaged(None), "base: expected bytes, or a strategy of them, found None"),
        (
            lambda: ASK.drawer(ASK.damaged(st.text()))(bytes(99)),
            "base: expected bytes, or a strategy of them, found ''",
        ),
        (lambda: ASK.drawer(ASK.containers(metadata=st.just(0)))(bytes(999)), "metadata: expected bytes, found 0"),
        (lambda: ASK.drawer(ASK.containers)(b""), "strategy: expected a strategy, such as"),
        (lambda: ASK.drawer(st.none())("x"), "entropy: expected bytes, found 'x'"),
        (lambda: ASK.measure(st.none(), b"abc"), "entropy: expected bytes, found 97"),
        (lambda: ASK.metadata_json(max_members=-1), "max_members: expected a number of at least 0, found -1"),
        (lambda: ASK.metadata_json(sound=True, max_members=None), "max_members: expected a number of at least 0"),
        (lambda: ASK.patches([]), "keys: expected some of license, .*, found none"),
        (lambda: ASK.patches(["x"]), "keys: expected some of license, .*, found 'x'"),
        (lambda: ASK.patches("license"), r"keys: expected some of license, .*, found 'license' \(not in a list\)"),
        (lambda: ASK.patches([["license"]]), r"keys: expected some of license, .*, found \['license'\]"),
        (lambda: ASK.patches(7), r"keys: expected some of license, .*, found 7 \(not in a list\)"),
        (lambda: ASK.patches(max_keys=0), "max_keys: expected a number of at least 1, found 0"),
        (lambda: ASK.patches(max_keys=0, breaking="APR-P002"), "max_keys: expected a number of at least 1, found 0"),
        (lambda: ASK.shapes(max_ndim=-1), "max_ndim: expected a number of at least 0, found -1"),
        (lambda: ASK.shapes(max_elements=0), "max_elements: expected a number of at least 1, found 0"),
        (lambda: ASK.shapes(max_elements=[]), "max_elements: expected a number of at least 1"),
        (lambda: ASK.sealed(""), "raw: expected bytes, found ''"),
        (lambda: ASK.expand(-1, 3), f"seed: expected a number of at least 0, and at most {2**64 - 1}, found -1"),
        (
            lambda: ASK.expand(1 << 64, 3),
            f"seed: expected a number of at least 0, and at most {2**64 - 1}, found {2**64}",
        ),
        (lambda: ASK.expand(0, -3), "nbytes: expected a number of at least 0, found -3"),
        (lambda: ASK.breakable([]), r"expected one of default, .* as a profile, found \[\]"),
        (lambda: ASK.breakable(severity=[]), r"expected one of error, .* as a severity, found \[\]"),
        (lambda: ASK.consequences([]), r"breaking: expected the id of a rule, found \[\]"),
        (lambda: ASK.consequences("APR-D003", {}), r"expected one of default, .* as a profile, found \{\}"),
    ],
)
def test_what_cannot_be_meant_is_refused(make: Make, says: str) -> None:
    with pytest.raises(RequestError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_every_error_of_this_kind_is_one_of_the_caller() -> None:
    assert issubclass(RequestError, ValueError)
    assert {"containers", "damaged", "drawer"} <= set(testing.__all__)


def test_bytes_of_other_types_are_taken() -> None:
    raw = many(ASK.containers(), 2)[1]
    assert ASK.sealed(bytearray(raw)) == ASK.sealed(memoryview(raw)) == raw
    assert isinstance(many(ASK.damaged(bytearray(raw)), 2)[1], bytes)
    assert ASK.drawer(st.binary())(bytearray(99)) is not None
