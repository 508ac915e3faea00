"""Laws of model cards: any bytes are a card or an error of ours, and what was taken can be taken again."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from aprfmt.card import Card, read_card
from aprfmt.errors import RequestError
from aprfmt.jsontext import encode_value
from aprfmt.licences import normalise_license

KEYS = {"license": "license", "datasets": "data_source", "base_model": "source"}
NAMES = st.sampled_from(
    ["license", "license_name", "datasets", "base_model", "language", "<<", "1", "~", "? a", "&x a"]
)
WORDS = st.sampled_from(
    [
        *(
            "mit",
            "other",
            "[mit, isc]",
            "[a, 'b', \"c\"]",
            "no",
            "1.0",
            "~",
            "*x",
            "&x y",
            "|\n  text",
            "!!str 1",
            "{a: b}",
        ),
        *(
            "!!binary x",
            "!<!> a",
            '"\\ud800"',
            '"\\UFFFFFFFF"',
            "'",
            "[",
            "- a",
            "%YAML 1.1",
            "...",
            "--- a",
            "\x85",
            "\t",
        ),
    ]
)
LINES = st.builds("{}: {}".format, NAMES, WORDS) | WORDS | st.text(max_size=20)
FRONTS = st.lists(LINES, max_size=8).map("\n".join) | st.text()
BREAKS = st.sampled_from(["\n", "\r\n"])


@st.composite
def cards(draw: st.DrawFn) -> bytes:
    """Bytes that look like a card, some of them damaged."""
    text = f"---\n{draw(FRONTS)}\n---\n{draw(st.text(max_size=9))}".replace("\n", draw(BREAKS))
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    if draw(st.booleans()):
        raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw)


@given(st.binary() | cards(), st.booleans())
@example(b"---\n%YAML 99999999999999999999999999999.1\n--- \n", False)
@example(b'---\nlicense: "\\U00110000"\n---\n', False)
def test_any_bytes_are_a_card_or_a_request_error(data: bytes, base_model: bool) -> None:
    """Whatever the bytes, the answer MUST be a card with members that can be written, or a `RequestError`."""
    try:
        card = read_card(data, base_model=base_model)
    except RequestError:
        return
    assert isinstance(card, Card)
    assert card.members
    assert {item.key: item.value for item in card.mapped} == card.members
    assert set(card.members) <= {"license", "data_source", *(("source",) if base_model else ())}
    for value in card.members.values():
        encode_value(value)
    if "license" in card.members:
        assert normalise_license(card.members["license"]).expression == card.members["license"]


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1).filter(str.strip)
VALUES = st.lists(TEXTS, min_size=1, max_size=5) | TEXTS


@given(
    st.fixed_dictionaries(
        {"datasets": VALUES},
        optional={"license": st.sampled_from(["mit", "Apache-2.0", "gpl-3.0"]), "base_model": VALUES, "tags": VALUES},
    ),
    st.booleans(),
)
def test_what_a_yaml_writer_writes_is_read(front: dict[str, Any], as_json: bool) -> None:
    """Names that a writer of YAML has written MUST come out as they are, in their order, each once."""
    text = json.dumps(front) if as_json else yaml.safe_dump(front, allow_unicode=True)
    card = read_card(f"---\n{text}\n---\n".encode(), base_model=True)
    for field, key in KEYS.items():
        if field == "license" or field not in front:
            continue
        names = front[field] if isinstance(front[field], list) else [front[field]]
        assert card.members[key] == ", ".join(dict.fromkeys(name.strip() for name in names))


@given(cards(), st.binary())
def test_what_follows_the_front_matter_says_nothing(data: bytes, rest: bytes) -> None:
    """What stands behind the front matter MUST NOT change what the card says."""
    with suppress(RequestError):
        assert read_card(data + rest) == read_card(data) or b"\n---\n" not in data
