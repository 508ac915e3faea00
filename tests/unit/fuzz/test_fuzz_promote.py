"""Promotion: the recipe makes the bytes of the finding, and what is wrong with it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.fuzz.toys import Toy, answers_like_us, ignoring, run_of, shipped, the_only

from aprfmt.conform.plugs import Answer
from aprfmt.errors import RequestError
from aprfmt.fuzz.drawing.recipe import Recipe
from aprfmt.fuzz.findings import Finding
from aprfmt.fuzz.promote import NAME, document_text, promoted
from aprfmt.vectors import Suite


def rejected() -> Finding:
    finding: Finding = the_only(run_of(Toy(reply=ignoring("APR-D002")), cases=1, start=84))
    return finding


def test_a_finding_becomes_a_vector_that_is_proved() -> None:
    finding = rejected()
    found = promoted(shipped(), finding)
    assert found.flaws == ()
    assert found.node["verdict"] == "reject"
    assert found.node["rule"] == "APR-D002"
    assert found.node["origin"] == f"fuzz seed 0 case {finding.index}"
    joined = Suite({**shipped().documents, NAME: found.document})
    assert joined.image(found.node["id"]).whole() == finding.raw
    assert joined[found.node["twin"]].verdict == "accept"
    assert f'"id": "{found.node["id"]}"' in document_text(found.document)


def test_bytes_without_a_tree_become_a_vector_too() -> None:
    finding = rejected()
    bare = replace(finding, recipe=Recipe(raw=finding.raw, seal=()))
    found = promoted(shipped(), bare, vector_id="fuzz.bare", about="Bare bytes.", twin="base.two")
    assert found.flaws == ()
    assert found.node["edits"][0] == {"keep": 0}
    assert (found.node["about"], found.node["twin"]) == ("Bare bytes.", "base.two")


def test_what_the_vectors_have_already_is_a_flaw() -> None:
    finding = replace(
        rejected(), recipe=Recipe.of_vector(shipped(), "base.two"), raw=shipped().image("base.two").whole()
    )
    found = promoted(shipped(), finding)
    assert ["found that of base.two" in flaw.what for flaw in found.flaws] == [True]


def test_a_file_that_breaks_several_rules_is_a_flaw() -> None:
    finding = rejected()
    recipe = finding.recipe.simply(edits=(*finding.recipe.edits, {"set": "header.version_major", "to": 9}))
    found = promoted(shipped(), replace(finding, recipe=recipe, raw=recipe.build()))
    assert any(flaw.what.startswith("errors: expected") for flaw in found.flaws)


def test_a_recipe_of_other_bytes_is_refused() -> None:
    finding = rejected()
    with pytest.raises(RequestError, match="expected the bytes of the finding"):
        promoted(shipped(), replace(finding, raw=finding.raw + b"x"))


def test_an_id_is_given_once() -> None:
    with pytest.raises(RequestError, match="an id of its own"):
        promoted(shipped(), rejected(), vector_id="base.two")
    document = {"vectors": [{"id": "fuzz.x"}]}
    with pytest.raises(RequestError, match="an id of its own"):
        promoted(shipped(), rejected(), vector_id="fuzz.x", document=document)


def test_a_stamp_and_a_tree_are_promoted_as_such() -> None:
    def reply(request: Mapping[str, Any]) -> Answer:
        found = answers_like_us(request)
        if request["op"] != "read" and found.verdict == "accept":
            path = Path(request["output"])
            path.write_bytes(path.read_bytes() + b"x")
        return found

    toy = Toy(reply=reply, can=("read", "stamp", "write"))
    run = run_of(toy, cases=30, start=200, tries=60)
    ops = set()
    for finding in run.findings:
        if finding.symptom.judge in ("stamp", "bytes"):
            found = promoted(shipped(), finding)
            assert found.flaws == (), finding.symptom.signature
            assert found.node["output_sha256"]
            ops.add(found.node["op"])
    assert ops == {"stamp", "write"}
