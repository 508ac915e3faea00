"""Small specifications and what is generated from them, as text beside them in `data/`.

After a change that is meant: `APRFMT_WRITE_GOLDENS=1 python -m pytest tests/unit/codegen/test_codegen_goldens.py`, then
read the difference.
"""

from __future__ import annotations

import os

import pytest
from tests.unit.codegen.made import DATA, SPECS, made, text_of

from aprfmt.codegen import emit_docs, emit_rules, ksy

WRITE = "APRFMT_WRITE_GOLDENS" in os.environ


def test_there_are_small_specifications() -> None:
    assert SPECS == ["bits", "container", "elements", "integers", "judged", "lists", "strings", "surroundings"]


MODULES = ["facts", "structs", "codec"]


PAGES = {"format": lambda spec: emit_docs.emit(spec, '{"properties": {}}'), "rules": emit_rules.emit_page}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("name", SPECS)
def test_generated_text_is_the_golden_text(name: str, module: str) -> None:
    compare(f"{name}.{module}.txt", made(text_of(name))[module])


@pytest.mark.parametrize("page", PAGES)
def test_generated_page_is_the_golden_page(page: str) -> None:
    compare(f"judged.{page}.txt", PAGES[page](ksy.load(text_of("judged"))))


def compare(name: str, text: str) -> None:
    golden = DATA / name
    if WRITE:
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert golden.exists(), f"no golden for {name}: read the top of this file"
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_belongs_to_a_specification() -> None:
    wanted = {f"{name}.{module}.txt" for name in SPECS for module in MODULES}
    wanted |= {f"judged.{page}.txt" for page in PAGES}
    assert {path.name for path in DATA.glob("*.txt")} == wanted


@pytest.mark.parametrize("name", SPECS)
def test_two_runs_make_the_same(name: str) -> None:
    assert made(text_of(name)) == made(text_of(name))
