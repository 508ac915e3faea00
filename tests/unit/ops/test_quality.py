"""The score is the reference's: it counts presence, and says what would add to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.rules.crafting import craft

from aprfmt import Limits
from aprfmt.container import Container
from aprfmt.ops.inspect import inspect
from aprfmt.ops.quality import CRITERIA, PARTS, READY_AT, Quality, quality
from aprfmt.source import BytesSource

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"

STRUCTURE = {"architecture": "qwen2", "hidden_size": 0, "num_layers": 2, "num_heads": 4}
PROVENANCE = {"license": "MIT", "data_source": "teacher-only", "data_license": "CC0-1.0"}
HF = {"hf_architecture": "Qwen2ForCausalLM", "hf_model_type": "qwen2"}
ALL: dict[str, Any] = {**STRUCTURE, **PROVENANCE, **HF}
VOCAB = {"flags": {"has_vocab": True}}
NOTHING = {"physics": 20, "structural": 0, "provenance": 0, "hf_identity": 0, "tokenizer": 0}


def opened(metadata: dict[str, Any] | bytes, **header: Any) -> Container:
    raw = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
    return Container(BytesSource(craft(metadata=raw, header=header)))


def scored(metadata: dict[str, Any] | bytes, **header: Any) -> Quality:
    return quality(opened(metadata, **header))


def test_the_points_are_those_of_the_reference() -> None:
    assert PARTS == {"physics": 20, "structural": 20, "provenance": 25, "hf_identity": 20, "tokenizer": 15}
    assert {item.what: item.points for item in CRITERIA} == {
        "header checksum": 20,
        "architecture": 5,
        "hidden_size": 5,
        "num_layers": 5,
        "num_heads": 5,
        "license": 9,
        "data_source": 8,
        "data_license": 8,
        "hf_architecture": 12,
        "hf_model_type": 8,
        "flag has_vocab": 15,
    }
    assert sum(PARTS.values()) == 100
    assert READY_AT == 90


@pytest.mark.parametrize(
    ("metadata", "header", "score", "ready"),
    [
        (ALL, VOCAB, 100, True),
        (ALL, {}, 85, False),
        (STRUCTURE, {}, 40, False),
        ({}, {}, 20, False),
        ({key: value for key, value in ALL.items() if key != "hf_model_type"}, VOCAB, 92, True),
        ({key: value for key, value in ALL.items() if key not in ("num_heads", "num_layers")}, VOCAB, 90, True),
        ({key: value for key, value in ALL.items() if key != "hf_architecture"}, VOCAB, 88, False),
    ],
    ids=["all", "no vocabulary", "structure alone", "nothing", "no model type", "at the threshold", "below it"],
)
def test_case_62(metadata: dict[str, Any], header: dict[str, Any], score: int, ready: bool) -> None:
    found = scored(metadata, **header)
    assert (found.score, found.ship_ready, found.threshold) == (score, ready, 90)
    assert sum(found.breakdown.values()) == score
    assert list(found.breakdown) == list(PARTS)


def test_everything_is_missing_largest_gains_first() -> None:
    found = scored({})
    assert found.breakdown == NOTHING
    assert [(item.points, item.what) for item in found.missing] == [
        (15, "flag has_vocab"),
        (12, "hf_architecture"),
        (9, "license"),
        (8, "data_source"),
        (8, "data_license"),
        (8, "hf_model_type"),
        (5, "architecture"),
        (5, "hidden_size"),
        (5, "num_layers"),
        (5, "num_heads"),
    ]
    assert found.notes == ()
    assert scored(ALL, **VOCAB).missing == ()


@pytest.mark.parametrize("what", [item.what for item in CRITERIA if item.what in ALL])
@pytest.mark.parametrize("value", [None, "absent"])
def test_each_key_has_its_points_and_no_other(what: str, value: str | None) -> None:
    metadata = {key: item for key, item in ALL.items() if key != what} | ({what: None} if value is None else {})
    found = scored(metadata, **VOCAB)
    (missing,) = found.missing
    assert (missing.what, 100 - found.score) == (what, missing.points)
    assert found.breakdown == {**PARTS, missing.part: PARTS[missing.part] - missing.points}


@pytest.mark.parametrize("key", [*PROVENANCE, *HF, "architecture"])
def test_an_empty_text_is_as_good_as_none(key: str) -> None:
    assert [item.what for item in scored({**ALL, key: ""}, **VOCAB).missing] == [key]
    assert scored({**ALL, key: " "}, **VOCAB).missing == ()


def test_an_unknown_architecture_is_none() -> None:
    assert [item.what for item in scored({**ALL, "architecture": "unknown"}, **VOCAB).missing] == ["architecture"]
    for key in ("hf_architecture", "license"):
        assert scored({**ALL, key: "unknown"}, **VOCAB).missing == ()


def test_numbers_count_whatever_they_are() -> None:
    assert scored({**ALL, "hidden_size": 0, "num_layers": 2**64 - 1}, **VOCAB).score == 100


def test_of_a_key_that_occurs_twice_the_last_one_counts() -> None:
    assert scored(b'{"license":"MIT","license":null}').score == 20
    assert scored(b'{"license":null,"license":"MIT"}').score == 29


def test_a_damaged_header_has_no_points_and_no_option_mends_it() -> None:
    raw = bytearray(craft(metadata=json.dumps(ALL).encode(), header=VOCAB))
    raw[44] = 1  # the first of the reserved bytes
    found = quality(Container(BytesSource(bytes(raw))))
    assert (found.score, found.breakdown["physics"]) == (80, 0)
    (missing,) = found.missing
    assert (missing.what, missing.option) == ("header checksum", None)
    assert "no option" in missing.remedy


def test_what_can_be_stamped_names_the_option() -> None:
    for item in CRITERIA:
        assert (item.option is None) == (item.part == "physics")
        if item.option is not None:
            assert item.remedy == f"aprfmt stamp {item.option}"
            assert item.option.startswith("--")


@pytest.mark.parametrize(
    "metadata",
    [
        b"",
        b"{]",
        b"[]",
        json.dumps({**ALL, "rope_theta": "x"}).encode(),
        json.dumps({**ALL, "model_type": None}).encode(),
    ],
    ids=["none", "no JSON", "no object", "a wrong type", "a null"],
)
def test_metadata_that_the_reference_refuses_have_no_points(metadata: bytes) -> None:
    found = scored(metadata, **VOCAB)
    assert found.score == 35
    assert found.notes[0] == "the metadata count as empty, because they cannot be read as the reference reads them"


def test_metadata_beyond_a_limit_have_no_points() -> None:
    raw = craft(metadata=json.dumps(ALL).encode())
    found = quality(Container(BytesSource(raw), limits=Limits(max_metadata_bytes=3)))
    assert (found.score, len(found.notes)) == (20, 1)


@pytest.mark.parametrize("value", ["unknown", " TBD ", "NOASSERTION"])
def test_a_value_that_answers_nothing_counts_and_is_said(value: str) -> None:
    found = scored(
        {**ALL, "data_source": value},
        **VOCAB,
    )
    assert found.score == 100
    assert found.notes[0] == f"data_source counts, although {value.strip()!r} answers nothing"


def test_a_vocabulary_without_the_flag_is_said() -> None:
    embedded = {**ALL, "tokenizer.vocabulary": ["a"]}
    found = scored(embedded)
    assert (found.score, found.breakdown["tokenizer"]) == (85, 0)
    assert found.notes == (
        "a vocabulary is embedded (tokenizer.vocabulary) and does not count, because the flag has_vocab is not set",
    )
    assert scored(embedded, **VOCAB).notes == ()
    assert scored(ALL, **VOCAB).notes == (
        "the flag has_vocab counts, although no vocabulary is embedded (tokenizer.vocabulary)",
    )


def test_an_inspection_is_enough() -> None:
    container = opened(ALL)
    assert quality(inspect(container)) == quality(container)
    assert quality(inspect(container, check=True)) == quality(container)


POINTS = {
    **dict.fromkeys(STRUCTURE, 5),
    "license": 9,
    "data_source": 8,
    "data_license": 8,
    "hf_architecture": 12,
    "hf_model_type": 8,
}


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.glob("*.apr")))
def test_golden_files_have_the_scores_that_the_reference_gives(name: str) -> None:
    """Counted from what the reference says of their metadata and flags."""
    said = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))[name]
    points = [number for key, number in POINTS.items() if said["metadata"].get(key) is not None]
    score = quality(Container(BytesSource((GOLDEN / name).read_bytes()))).score
    assert score == 20 + sum(points) + (15 if said["flags"] & 0x0200 else 0)
    assert score == {"stamped.apr": 100, "teacher_q4k.apr": 40}.get(name, 20)
