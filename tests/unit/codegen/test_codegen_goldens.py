"""Small specifications and what is generated from them, as text beside them in `data/`.

After a change that is meant: `APRFMT_WRITE_GOLDENS=1 python -m pytest tests/unit/codegen/test_codegen_goldens.py`, then
read the difference.
"""

from __future__ import annotations

import os

import pytest
from tests.unit.codegen.made import DATA, SPECS, made, text_of

WRITE = "APRFMT_WRITE_GOLDENS" in os.environ


def test_there_are_small_specifications() -> None:
    assert SPECS == ["bits", "container", "elements", "integers", "lists", "strings"]


@pytest.mark.parametrize("module", ["facts", "structs"])
@pytest.mark.parametrize("name", SPECS)
def test_generated_text_is_the_golden_text(name: str, module: str) -> None:
    golden = DATA / f"{name}.{module}.txt"
    text = made(text_of(name))[module]
    if WRITE:
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert golden.exists(), f"no golden for {name}: read the top of this file"
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_belongs_to_a_specification() -> None:
    wanted = {f"{name}.{module}.txt" for name in SPECS for module in ("facts", "structs")}
    assert {path.name for path in DATA.glob("*.txt")} == wanted


@pytest.mark.parametrize("name", SPECS)
def test_two_runs_make_the_same(name: str) -> None:
    assert made(text_of(name)) == made(text_of(name))
