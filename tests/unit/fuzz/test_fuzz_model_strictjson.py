"""The second reader of JSON takes and refuses what the first one does, and says when it cannot know."""

from __future__ import annotations

import pytest
from tests.unit.fuzz.toys import shipped

from aprfmt.errors import AprError, FormatError
from aprfmt.fuzz.drawing.cases import Cases
from aprfmt.fuzz.model.strictjson import Pairs, RefusedError, UndecidedError, depth_of, value_of
from aprfmt.metadata import Metadata

TAKEN = (
    "{}",
    ' \t\r\n{ "a" : 1 } \n',
    '{"a":[1,-0,0.5,1e5,1E-5,"x",null,true,false,{"b":[]}]}',
    r'{"a":"\"\\\/\b\f\n\r\t\u0041\ud83d\ude00"}',
    '{"a":1,"a":2}',
    '{"":123456789012345678901234567890}',
    "[1]",
    '"x"',
    "-0.0",
)
REFUSED = (
    "",
    " ",
    "{",
    "{}{}",
    "{} x",
    "{,}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "[1,]",
    "[1 2]",
    "{'a':1}",
    "{a:1}",
    '{"a":NaN}',
    '{"a":-Infinity}',
    '{"a":01}',
    '{"a":.5}',
    '{"a":5.}',
    '{"a":+1}',
    '{"a":1e}',
    '{"a":1e400}',
    r'{"a":"\x41"}',
    r'{"a":"\u12"}',
    r'{"a":"\ud800"}',
    r'{"\udc00":1}',
    '{"a":"\n"}',
    '{"a":"x}',
    "\ufeff{}",
    "\xa0{}",
    '{"a":tru}',
    '{"a":1]',
    "[1}",
)


@pytest.mark.parametrize("text", TAKEN)
def test_json_is_taken(text: str) -> None:
    value_of(text)


@pytest.mark.parametrize("text", REFUSED)
def test_other_text_is_refused_by_both(text: str) -> None:
    with pytest.raises(RefusedError):
        value_of(text)
    with pytest.raises(FormatError):
        _ = Metadata(text.encode()).members


def plain(value: object) -> object:
    if isinstance(value, Pairs):
        return {key: plain(item) for key, item in value.items}
    return [plain(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("text", [text for text in TAKEN if text.strip().startswith("{")])
def test_both_read_the_same(text: str) -> None:
    assert plain(value_of(text)) == dict(Metadata(text.encode()))


def test_members_are_in_order_and_all_there() -> None:
    found = value_of('{"b":1,"a":2,"b":3}')
    assert found == Pairs([("b", 1), ("a", 2), ("b", 3)])
    assert found.last() == {"b": 3, "a": 2}


def test_a_number_at_the_end_of_doubles_is_undecided() -> None:
    with pytest.raises(UndecidedError):
        value_of('{"a":1.7976931348623157e308}')
    with pytest.raises(UndecidedError):
        value_of('{"a":' + "9" * 309 + "}")


def test_depth_is_no_matter_of_the_reader() -> None:
    text = "[" * 5000 + "]" * 5000
    value_of(text)
    assert depth_of(text) == 5000


@pytest.mark.parametrize(("text", "depth"), [("1", 0), ("{}", 1), ('{"[":["]"]}', 2), (r'{"a\"[":[]}', 2), ('"[[', 0)])
def test_depth_counts_brackets_outside_of_strings(text: str, depth: int) -> None:
    assert depth_of(text) == depth


def test_drawn_metadata_is_judged_alike() -> None:
    """Some hundred texts, many of them broken on purpose."""
    cases = Cases(shipped(), 5)
    n_boundary = len(cases.boundary)
    for index in range(n_boundary, n_boundary + 300):
        tree = cases[index].recipe.tree or {}
        text = tree.get("metadata", {}).get("text")
        if not isinstance(text, str) or depth_of(text) > 127:
            continue
        try:
            ours = dict(Metadata(text.encode()))
        except AprError:
            with pytest.raises((RefusedError, UndecidedError, AssertionError)):
                assert isinstance(value_of(text), Pairs)
            continue
        assert repr(plain(value_of(text))) == repr(ours), text
