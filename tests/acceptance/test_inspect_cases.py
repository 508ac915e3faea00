"""The acceptance cases of `aprfmt inspect`, 60 to 64: provenance, the score, cut files, characters of four bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.models import ALL, COMPLETE, PROVENANCE, large_model, model
from tests.unit.cli.running import GOLDEN, aprfmt, assert_printable, process

from aprfmt import Flags

TEACHER = GOLDEN / "teacher_q4k.apr"
PARTS = ("physics", "structural", "provenance", "hf_identity", "tokenizer")


def test_case_60_what_is_missing_is_said_three_times(tmp_path: Path) -> None:
    """A file without provenance: three lines `(missing)`, three nulls, and null for what the model hub would know."""
    path = model(tmp_path / "model.apr")
    run = aprfmt("inspect", path)
    assert run.code == 0
    lines = [f"    {key}: (missing)" for key in PROVENANCE]
    assert "\n".join(["", "  Provenance:", *lines, ""]) in run.out
    said = aprfmt("inspect", path, "--json").json
    assert {key: said["metadata"][key] for key in PROVENANCE} == dict.fromkeys(PROVENANCE)
    assert {key: said["metadata"][key] for key in ("hf_architecture", "hf_model_type")} == {
        "hf_architecture": None,
        "hf_model_type": None,
    }


def test_case_60_what_is_there_is_shown(tmp_path: Path) -> None:
    """The same keys, with values: the same places."""
    said = aprfmt("inspect", model(tmp_path / "model.apr", COMPLETE), "--json").json
    assert {key: said["metadata"][key] for key in ALL} == ALL
    text = aprfmt("inspect", tmp_path / "model.apr").out
    assert all(f"    {key}: {ALL[key]}\n" in text for key in PROVENANCE)


def test_case_61_empty_is_not_missing(tmp_path: Path) -> None:
    """An empty value is shown as one: quotes with nothing in them, where a missing one is called so."""
    path = model(tmp_path / "model.apr", {"model_type": "qwen2", "data_source": ""})
    assert '    license: (missing)\n    data_source: ""\n    data_license: (missing)\n' in aprfmt("inspect", path).out
    said = aprfmt("inspect", path, "--json").json["metadata"]
    assert [said[key] for key in PROVENANCE] == [None, "", None]


# ---- 62: the score ----


def quality(path: Path) -> dict[str, Any]:
    run = aprfmt("inspect", path, "--json", "--quality")
    assert run.code == 0  # the score is no verdict
    value = run.json["quality"]
    assert isinstance(value, dict)
    assert list(value)[:4] == ["score", "ship_ready", "threshold", "breakdown"]
    assert value["threshold"] == 90
    assert tuple(value["breakdown"]) == PARTS
    assert value["score"] == sum(value["breakdown"].values())
    return value


WITHOUT = {
    key: value for key, value in COMPLETE.items() if key not in (*PROVENANCE, "hf_architecture", "hf_model_type")
}


@pytest.mark.parametrize(
    ("metadata", "flags", "breakdown", "ready"),
    [
        (COMPLETE, Flags.QUANTIZED, (20, 20, 25, 20, 0), False),
        (COMPLETE, Flags.HAS_VOCAB, (20, 20, 25, 20, 15), True),
        (WITHOUT, Flags.QUANTIZED, (20, 20, 0, 0, 0), False),
        (WITHOUT | {"license": "x"}, Flags.QUANTIZED, (20, 20, 9, 0, 0), False),
        (WITHOUT | {"data_source": "x"}, Flags.QUANTIZED, (20, 20, 8, 0, 0), False),
        (WITHOUT | {"data_license": "x"}, Flags.QUANTIZED, (20, 20, 8, 0, 0), False),
        (WITHOUT | {"hf_architecture": "x"}, Flags.QUANTIZED, (20, 20, 0, 12, 0), False),
        (WITHOUT | {"hf_model_type": "x", "license": ""}, Flags.QUANTIZED, (20, 20, 0, 8, 0), False),
        (WITHOUT | {"architecture": "unknown"}, Flags.QUANTIZED, (20, 15, 0, 0, 0), False),
        ({"model_type": "qwen2"}, Flags.HAS_VOCAB, (20, 0, 0, 0, 15), False),
    ],
)
def test_case_62_the_score_is_upstreams(
    metadata: dict[str, Any], flags: Flags, breakdown: tuple[int, ...], ready: bool, tmp_path: Path
) -> None:
    """85 and not ready without a vocabulary alone, 100 with everything, 40 without provenance, hub and vocabulary."""
    found = quality(model(tmp_path / "model.apr", metadata, flags=flags))
    assert found["breakdown"] == dict(zip(PARTS, breakdown, strict=True))
    assert (found["score"], found["ship_ready"]) == (sum(breakdown), ready)


def test_case_62_what_is_missing_for_ready_is_named(tmp_path: Path) -> None:
    """Whoever sees 85 also sees what the other points are for, in the text too."""
    path = model(tmp_path / "model.apr", COMPLETE)
    assert "has_vocab" in str(quality(path)).lower()
    text = aprfmt("inspect", path, "--quality").out
    assert "85" in text
    assert all(part in text for part in PARTS)
    bare = model(tmp_path / "bare.apr", WITHOUT)
    said = str(quality(bare)["missing"])
    text = aprfmt("inspect", bare, "--quality").out
    for key in (*PROVENANCE, "hf_architecture", "hf_model_type"):
        assert key in said
        assert key in text
    assert "quality" not in aprfmt("inspect", path, "--json").json


def test_case_62_a_wrong_header_checksum_costs_its_points(tmp_path: Path) -> None:
    """Physics is about the header: with a wrong checksum there is nothing of it, and the file is not called valid."""
    path = model(tmp_path / "model.apr", COMPLETE)
    raw = bytearray(path.read_bytes())
    raw[45] ^= 1
    path.write_bytes(raw)
    run = aprfmt("inspect", path, "--json", "--quality")
    assert run.code == 4
    assert run.json["valid"] is False
    assert run.json["quality"]["breakdown"]["physics"] == 0


# ---- 63: cut files ----


def test_case_63_the_head_of_a_large_file_is_no_file(tmp_path: Path) -> None:
    """1 KiB of a file: exit code 4, whose error says what is wanted and what is there."""
    large = large_model(tmp_path / "large.apr", 1 << 33)
    for name, raw in {"tiny head.apr": None, "stamped.apr": (GOLDEN / "stamped.apr").read_bytes()}.items():
        path = tmp_path / name
        with large.open("rb") as file:
            path.write_bytes(file.read(1024) if raw is None else raw[:1024])
        run = aprfmt("inspect", path)
        assert run.code == 4
        assert run.err.startswith(f"error: {path}: ")
        assert "1024" in run.err
        said = aprfmt("inspect", path, "--json").json
        assert said.get("valid", False) is False
        assert said["error"]["exit_code"] == 4
        assert said["error"]["rule_id"] in ("APR-S003", "APR-D001")


# ---- 64: characters of four bytes ----


@pytest.mark.parametrize("at", [*range(92, 109)])
@pytest.mark.parametrize("character", ["\U0001f600", "\U00020000", "é"], ids=["emoji", "ideograph", "two bytes"])
def test_case_64_a_text_may_be_cut_anywhere(character: str, at: int, tmp_path: Path) -> None:
    """A template with a character of several bytes around byte 100, where a reader that counts bytes cuts it in two."""
    template = "x" * at + character * 40
    path = model(tmp_path / "model.apr", {**COMPLETE, "chat_template": template})
    run = aprfmt("inspect", path)
    assert (run.code, run.err) == (0, "")
    assert "\ufffd" not in run.out
    assert_printable(run.out)
    said = aprfmt("inspect", path, "--json", "--quality")
    assert said.code == 0
    assert said.json["metadata"]["chat_template"] == template


def test_case_64_every_text_may_be_cut_anywhere(tmp_path: Path) -> None:
    """Other keys, other commands, a terminal without such characters: long values of them crash nothing."""
    texts = {
        key: "x" * shift + "\U0001f600" * 300 for shift, key in enumerate(("name", "description", "author", "source"))
    }
    custom = {"custom.\U0001f600" + "\U0001f600" * 200: "\U0001f600" * 500}
    path = model(tmp_path / "model.apr", {**COMPLETE, **texts, **custom})
    commands: list[list[str | Path]] = [
        ["inspect", path],
        ["dump", path, "--limit", "100"],
        ["diff", path, TEACHER],
        ["stamp", path, "--license", "MIT", "-n"],
        ["inspect", path, "--quality", "-v"],
        ["inspect", path, "--json"],
        ["validate", path],
    ]
    runs = [aprfmt(*command) for command in commands]
    runs += [process(*command, environment={"LC_ALL": "C", "PYTHONUTF8": "0"}) for command in commands[:3]]
    for run in runs:
        assert run.code in (0, 1)
        assert "Traceback" not in run.err
        assert "\ufffd" not in run.out + run.err
