"""The text of `inspect`: groups that people know, everything in its place, cut where it is long."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.cli.inspection.made import look, metadata_of, text_of
from tests.unit.cli.running import assert_printable
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt.cli.inspection.text import GROUPS, show, shown
from aprfmt.layout._generated.metadata_schema import KEYS

Capture = pytest.CaptureFixture[str]
FACE = "\U0001f600"


def group(text: str, title: str) -> list[str]:
    """The lines of a group, without their indentation."""
    blocks = [block.split("\n") for block in text.rstrip("\n").split("\n\n")]
    (lines,) = [lines[1:] for lines in blocks if lines[0].startswith(f"  {title}:")]
    assert all(line.startswith("    ") for line in lines)
    return [line[4:] for line in lines]


def titles(text: str) -> list[str]:
    return [line.strip(" :") for line in text.splitlines() if line.startswith("  ") and line.endswith(":")]


def test_every_known_key_has_its_place() -> None:
    """In one group, or with the provenance, or with the totals."""
    placed = [key for keys in GROUPS.values() for key in keys]
    elsewhere = ["license", "data_source", "data_license", "param_count", "total_size"]
    assert sorted([*placed, *elsewhere]) == sorted(key.name for key in KEYS)


def test_every_known_key_is_shown_with_its_value(capsys: Capture) -> None:
    metadata: dict[str, Any] = {}
    for key in KEYS:
        if key.kind == "object":
            metadata[key.name] = {child.name: f"value of {key.name} {child.name}" for child in key.keys}
        else:
            metadata[key.name] = f"value of {key.name}"
    text = text_of(metadata, capsys)
    for key in KEYS:
        for name in [f"{key.name}.{child.name}" for child in key.keys] or [key.name]:
            assert f"\n    {name}: value of {name.replace('.', ' ')}\n" in text
    assert titles(text) == [
        "Sections",
        "Parameters",
        "Provenance",
        "Identity",
        "Architecture",
        "Quantisation",
        "Sharding",
        "Tokenizer",
        "Chat",
    ]


def test_case_60_missing_provenance_is_said(capsys: Capture) -> None:
    missing = ["license: (missing)", "data_source: (missing)", "data_license: (missing)"]
    assert group(text_of(b"{}", capsys), "Provenance") == missing
    text = text_of(b'{"license":null,"data_source":null,"data_license":null}', capsys)
    assert group(text, "Provenance") == [*missing, "(an explicit null: license, data_source, data_license)"]
    text = text_of(b'{"data_license":null}', capsys)
    assert group(text, "Provenance") == [*missing, "(an explicit null: data_license)"]


def test_case_61_an_empty_text_is_not_missing(capsys: Capture) -> None:
    text = text_of({"license": None, "data_source": "", "data_license": "(missing)"}, capsys)
    assert group(text, "Provenance") == [
        "license: (missing)",
        'data_source: ""',
        'data_license: "(missing)"',
        "(an explicit null: license)",
    ]


def test_other_known_keys_tell_null_and_empty_apart_too(capsys: Capture) -> None:
    text = text_of({"name": None, "author": "", "description": "null", "num_heads": None}, capsys)
    assert group(text, "Identity") == ["name: null", 'description: "null"', 'author: ""']
    assert group(text, "Architecture") == ["num_heads: null"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ("", '""'),
        ('""', '"\\"\\""'),
        ("null", '"null"'),
        ("(unreadable)", '"(unreadable)"'),
        (" MIT ", '" MIT "'),
        ("MIT\n", '"MIT\\n"'),
        ("MIT", "MIT"),
        (True, "true"),
        (0, "0"),
        (1e-06, "1e-06"),
        (["a", {"b": None}], '["a", {"b": null}]'),
        ("a\x1b[31m", "a\\x1b[31m"),
        (f"a\u202e{FACE}", f"a\\u202e{FACE}"),
    ],
)
def test_values_are_shown_as_what_they_are(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abcdefghij", "abcdefghij"),
        ("abcdefghijk", "abcdefghij... (11 characters)"),
        (" bcdefghij", '" bcdefghij"'),
        (" bcdefghijk", '" bcdefghij"... (11 characters)'),
        ([1, 2, 3, 4, 5], "[1, 2, 3, ... (15 characters)"),
    ],
)
def test_what_is_longer_is_cut(value: Any, text: str) -> None:
    assert shown(value, 10) == text


KEYS_OF_TEXT = ("chat_template", "description", "license")


@pytest.mark.parametrize("position", range(205))
def test_case_64_a_character_of_four_bytes_may_stand_anywhere(position: int, capsys: Capture) -> None:
    """At the cut, before it and behind it, in values, in members of objects, in keys, and in custom values."""
    value = "x" * position + FACE + "y" * 300
    metadata = {
        **dict.fromkeys(KEYS_OF_TEXT, value),
        "special_tokens": {"bos_token": value},
        value: value,
        f"tokenizer.{value}": [value],
    }
    text = text_of(metadata, capsys, verbose=True)
    text.encode("utf-8")
    assert_printable(text)
    assert f"... ({len(value)} characters)\n" in text
    for key in KEYS_OF_TEXT:
        (line,) = [line for line in text.splitlines() if line.startswith(f"    {key}: ")]
        assert line == f"    {key}: {value[:160]}... ({len(value)} characters)"
    (line,) = [line for line in text.splitlines() if "bos_token" in line]
    assert line == f"    special_tokens.bos_token: {value[:80]}... ({len(value)} characters)"


@pytest.mark.parametrize("at_end", range(155, 165))
def test_a_text_is_cut_only_when_it_is_longer(at_end: int, capsys: Capture) -> None:
    value = "x" * (at_end - 1) + FACE
    (line,) = group(text_of({"name": value}, capsys), "Identity")
    assert line == (f"name: {value}" if at_end <= 160 else f"name: {value[:160]}... ({at_end} characters)")


def test_custom_keys_have_type_and_size(capsys: Capture) -> None:
    metadata = (
        b'{"a":[1, 2],"b":{},"c":"BPE","d":"%s","e":-0.5,"f":true,"g":null,"tokenizer.model_type":"BPE",'
        b'"tokenizer.merges":["a b"],"tokenizers":1,"key \xc3\xa9\\n":"\\u001b"}' % (b"x" * 2000)
    )
    text = text_of(metadata, capsys)
    assert group(text, "Tokenizer") == [
        'tokenizer.model_type: "BPE" (string, 5 bytes)',
        "tokenizer.merges: array, 1 item, 7 bytes",
    ]
    assert group(text, "Custom keys") == [
        "a: array, 2 items, 6 bytes",
        "b: object, 0 items, 2 bytes",
        'c: "BPE" (string, 5 bytes)',
        "d: string, 2.0 KiB",
        "e: -0.5 (number, 4 bytes)",
        "f: true (boolean, 4 bytes)",
        "g: null (null, 4 bytes)",
        "tokenizers: 1 (number, 1 byte)",
        'key \u00e9\\n: "\\u001b" (string, 8 bytes)',
    ]


def test_many_custom_keys_are_cut_unless_all_are_asked_for(capsys: Capture) -> None:
    metadata = {f"key{number:03}": number for number in range(100)}
    lines = group(text_of(metadata, capsys), "Custom keys")
    assert len(lines) == 41
    assert lines[-1] == "... and 60 more (-v shows all)"
    lines = group(text_of(metadata, capsys, verbose=True), "Custom keys")
    assert (len(lines), lines[-1]) == (100, "key099: 99 (number, 2 bytes)")
    exactly = {f"key{number:03}": number for number in range(40)}
    assert len(group(text_of(exactly, capsys), "Custom keys")) == 40


def test_many_members_of_an_object_are_cut_too(capsys: Capture) -> None:
    metadata = {"quantization": {f"key{number:03}": None for number in range(50)}}
    lines = group(text_of(metadata, capsys), "Quantisation")
    assert lines[:1] == ["quantization.key000: null"]
    assert lines[40:] == ["... and 10 more (-v shows all)"]


@pytest.mark.parametrize(("value", "text"), [({}, "{}"), (5, "5"), ([1], "[1]"), (None, "null"), ("x", "x")])
def test_what_should_be_an_object_is_shown_as_it_is(value: Any, text: str, capsys: Capture) -> None:
    assert group(text_of({"quantization": value}, capsys), "Quantisation") == [f"quantization: {text}"]


def test_parameters_are_a_table_with_totals(capsys: Capture) -> None:
    entries = [entry_a(dims=[1000, 1000], len_tensor=4_000_000), entry_b()]
    show(look(craft(*entries, metadata=b'{"param_count":1000003,"total_size":7}')), verbose=False)
    assert group(capsys.readouterr().out, "Parameters") == [
        "DTYPE  TENSORS  PARAMETERS      BYTES",
        "f32          1   1,000,000  4,000,000",
        "u8           1           3          3",
        "total        2   1,000,003  4,000,003",
        "param_count: 1,000,003 (as in the index)",
        "total_size: 7, but the index has 4,000,003",
    ]


@pytest.mark.parametrize(
    ("metadata", "lines"),
    [
        (b"{}", []),
        (b'{"param_count":0,"total_size":0}', ["param_count: 0 (unset)", "total_size: 0 (unset)"]),
        (b'{"param_count":"many","total_size":null}', ["param_count: many", "total_size: null"]),
        (b'{"param_count":false,"total_size":[]}', ["param_count: false", "total_size: []"]),
        (b'{"sharding":{},"param_count":9}', ["param_count: 9"]),
        (
            b'{"param_count":%s}' % (b"9" * 300),
            [f"param_count: {'999,' * 50}... (399 characters), but the index has 5"],
        ),
    ],
)
def test_totals_that_the_metadata_state(metadata: bytes, lines: list[str], capsys: Capture) -> None:
    assert group(text_of(metadata, capsys), "Parameters")[4:] == lines


def test_an_index_of_nothing_or_of_nonsense(capsys: Capture) -> None:
    show(look(craft(tensor_index={"entries": []}, tensor_data=b"")), verbose=False)
    assert group(capsys.readouterr().out, "Parameters") == ["(no tensors)"]
    show(look(craft(header={"num_tensors": 99})), verbose=False)
    assert "\n  Parameters: (unreadable)\n" in capsys.readouterr().out
    show(look(craft(entry_a(dims=[2**64 - 1] * 255))), verbose=False)
    assert group(capsys.readouterr().out, "Parameters")[1].split() == ["f32", "1", "(impossible)", "8"]


def test_metadata_that_cannot_be_read(capsys: Capture) -> None:
    text = text_of(b"{]", capsys)
    assert group(text, "Provenance") == [f"{key}: (unreadable)" for key in ("license", "data_source", "data_license")]
    assert text.endswith("\n  Metadata: (unreadable)\n")


def test_a_score_is_shown_with_what_would_add_to_it(capsys: Capture) -> None:
    metadata = {"license": "unknown", "hidden_size": 8, "num_layers": 1, "num_heads": 1, "architecture": "qwen2"}
    key = "tokenizer.vocabulary"
    show(look(metadata_of({**metadata, key: ["a"]}), scored=True), verbose=False)
    assert group(capsys.readouterr().out, "Quality") == [
        "physics:     20 of 20",
        "structural:  20 of 20",
        "provenance:   9 of 25",
        "hf_identity:  0 of 20",
        "tokenizer:    0 of 15",
        "missing:",
        "  15  flag has_vocab   aprfmt stamp --tokenizer DIR",
        "  12  hf_architecture  aprfmt stamp --hf-architecture TEXT",
        "   8  data_source      aprfmt stamp --data-source TEXT",
        "   8  data_license     aprfmt stamp --data-license TEXT",
        "   8  hf_model_type    aprfmt stamp --hf-model-type TEXT",
        "note: license counts, although 'unknown' answers nothing",
        f"note: a vocabulary is embedded ({key}) and does not count, because the flag has_vocab is not set",
    ]


def test_nothing_that_a_file_says_reaches_the_terminal_raw(capsys: Capture) -> None:
    text = "\x1b[31m\u202e\x9b\n::error::x ##[group]"
    metadata = {key.name: text for key in KEYS if key.kind != "object"}
    metadata |= {key.name: {text: text} for key in KEYS if key.kind == "object"}  # type: ignore[misc] # hostile
    out = text_of({**metadata, text: text, f"tokenizer.{text}": json.dumps(text)}, capsys, verbose=True)
    assert_printable(out)
    assert "##[" not in out
    assert not [line for line in out.splitlines() if line.lstrip().startswith("::")]
