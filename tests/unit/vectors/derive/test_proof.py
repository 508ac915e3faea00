"""What becomes a vector: a prediction that the rules agree with, once for each file and profile."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.vectors.derive.benches import bench, statement

from aprfmt.errors import RequestError
from aprfmt.vectors.derive.bench import Recipe
from aprfmt.vectors.derive.claims import Claim, Mark, Try, inside, outside
from aprfmt.vectors.derive.proof import Proof

MAJOR = statement("header.version_major", "eq")
GRID = statement("header.ofs_data", "multiple-of")
BASE = Claim.of(None, Try("base", "A base.", Recipe("two")), in_both=True)


def major(number: int) -> Recipe:
    return Recipe("two", edits=({"set": "header.version_major", "to": number},))


def off_grid(size: int = 7) -> Recipe:
    return Recipe("two", {"tensor_index": {"padding": {"zeros": size}}})


def proof(*claims: Claim) -> Proof:
    made = Proof(bench())
    for claim in (BASE, *claims):
        made.decide(claim)
    return made


def made_of(*claims: Claim) -> dict[str, dict[str, Any]]:
    """The nodes by their ids, without those of the base."""
    return {node["id"]: node for node in proof(*claims).nodes() if not node["id"].startswith("base")}


def test_what_is_predicted_and_found_becomes_a_vector() -> None:
    item = Try("three", "It is 3.", major(3), ("APR-H002",), (outside(MAJOR),), 3)
    assert made_of(Claim.of("APR-H002", item)) == {
        "three": {
            "id": "three",
            "about": "It is 3.",
            "base": "two",
            "edits": [{"set": "header.version_major", "to": 3}],
            "verdict": "reject",
            "rule": "APR-H002",
            "tags": ["boundary"],
            "twin": "base",
            "origin": "derived",
        }
    }


@pytest.mark.parametrize(
    ("recipe", "rule", "broken", "marks"),
    [
        (major(2), "APR-H002", ("APR-H002",), (outside(MAJOR),)),  # nothing is broken
        (major(3), "APR-H002", (), (inside(MAJOR),)),  # something is
        (major(3), "APR-H001", ("APR-H001",), ()),  # something else
        (major(3), "APR-H006", ("APR-H002",), ()),  # the claim is about another rule
        (major(3), "APR-H002", ("APR-H002", "APR-H006"), ()),  # two errors are no proof of one
        (major(3), "APR-H002", ("APR-H002", "APR-S005"), ()),  # a warning is predicted that is not there
        (major(3), "APR-H002", ("APR-H002",), (Mark("k", False, 1, "APR-H002", "version_minor"),)),  # another field
        (off_grid(), "APR-S005", (), (inside(GRID),)),  # a warning that is not predicted, at the field in question
    ],
)
def test_where_prediction_and_rules_disagree_there_is_no_vector(
    recipe: Recipe, rule: str, broken: tuple[str, ...], marks: tuple[Mark, ...]
) -> None:
    assert made_of(Claim.of(rule, Try("wrong", "It is wrong.", recipe, broken, marks))) == {}


def test_the_first_file_that_decides_is_taken() -> None:
    tries = (
        Try("one", "It is 2.", major(2), ("APR-H002",)),
        Try("two", "It is 3.", major(3), ("APR-H002",)),
        Try("three", "It is 4.", major(4), ("APR-H002",)),
    )
    assert list(made_of(Claim.of("APR-H002", *tries))) == ["two"]


def test_a_quiet_file_is_preferred_when_it_is_asked_for() -> None:
    loud = Recipe("two", {"footer": None}, ({"set": "header.version_major", "to": 3},))
    tries = (Try("loud", "Loud.", loud, ("APR-H002",)), Try("quiet", "Quiet.", major(3), ("APR-H002",)))
    assert list(made_of(Claim("APR-H002", lambda: iter(tries), is_quiet=True))) == ["quiet"]
    assert list(made_of(Claim("APR-H002", lambda: iter(tries)))) == ["loud"]
    assert made_of(Claim("APR-H002", lambda: iter(tries)))["loud"]["beside"] == ["APR-F003"]


def test_what_only_the_stricter_profile_refuses_is_asked_of_both() -> None:
    item = Try("off", "It is off.", off_grid(), ("APR-S005",), (outside(GRID),), 257)
    made = made_of(Claim.of("APR-S005", item))
    assert {name: (node["verdict"], node.get("profile"), node.get("rule")) for name, node in made.items()} == {
        "off": ("accept", None, None),
        "off.canonical": ("reject", "canonical", "APR-S005"),
    }
    assert (made["off"]["layer"], made["off"]["beside"]) == ("canonical", ["APR-S005"])
    assert made["off.canonical"]["twin"] == "base.canonical"


def test_a_file_of_a_profile_is_one_vector_whatever_it_shows() -> None:
    again = Try("again", "The same file.", Recipe("two"), marks=(inside(MAJOR),))
    made = list(proof(Claim.of("APR-H002", again)).made)
    assert [item.id for item in made] == ["base", "base.canonical"]
    assert made[0].marks == [inside(MAJOR)]


def test_one_id_for_two_files_is_refused() -> None:
    claims = [Claim.of("APR-H002", Try("same", "It is wrong.", major(n), ("APR-H002",))) for n in (3, 4)]
    with pytest.raises(RequestError, match="same: expected one file for an id, found two"):
        proof(*claims)


def test_a_recipe_that_makes_no_sense_is_not_passed_over() -> None:
    nowhere = Recipe("two", edits=({"flip": "nowhere", "bit": 0},))
    with pytest.raises(RequestError, match="nowhere"):
        proof(Claim.of(None, Try("wrong", "It is wrong.", nowhere)))


def test_the_twin_is_the_nearest_one_across_the_boundary() -> None:
    def accepted(name: str, size: int, distance: int, at: int, group: str = "") -> Claim:
        """A file that differs from others by the blanks in its metadata."""
        recipe = Recipe("two", {"metadata": {"text": "{}" + " " * size}})
        return Claim.of("APR-H002", Try(name, "Good.", recipe, (), (inside(MAJOR, distance),), at, group))

    def twin(*claims: Claim, group: str = "") -> str:
        item = Try("bad", "Bad.", major(3), ("APR-H002",), (outside(MAJOR),), 10, group)
        return str(made_of(Claim.of("APR-H002", item), *claims)["bad"]["twin"])

    far, near = accepted("far", 1, 5, 9), accepted("near", 2, 0, 1)
    assert twin() == "base"
    assert twin(far) == "far"
    assert twin(far, near) == "near"
    assert twin(near, accepted("nearer", 3, 0, 8)) == "nearer"
    assert twin(near, accepted("friend", 3, 9, 99, "friends"), group="friends") == "friend"


def test_wide_integers_of_an_accepted_file_are_tagged() -> None:
    for value, tags in ((2**53, None), (2**53 + 1, ["integers-53"]), (2**63, ["integers-53", "integers-64"])):
        dims = [0, str(value)]
        entries = [{"name": {"text": "a"}, "dtype": "f32", "dims": dims, "ofs_tensor": 0, "len_tensor": 0}]
        recipe = Recipe("empty-tensor", {"tensor_index": {"entries": entries}})
        node = made_of(Claim.of(None, Try("wide", "It is wide.", recipe)))["wide"]
        assert node.get("tags") == tags
