"""The JSON: runs that `Run.of_json` takes back."""

from __future__ import annotations

import json

import pytest
from tests.unit.cli.matrix.forms import made_by
from tests.unit.cli.matrix.made import conforming, failing, mixed

from aprfmt.conform import Run


@pytest.mark.parametrize("done", [conforming(), failing(), mixed()], ids=lambda done: done.implementation.name)
def test_one_run_is_an_object(done: Run) -> None:
    value = json.loads(made_by("json", [done]))
    assert Run.of_json(value) == done
    assert (value["conforms"], value["summary"]) == (done.conforms, done.summary)
    assert value["rules"] == {name: str(what) for name, what in done.enforcement().items()}


def test_several_runs_are_an_array() -> None:
    runs = [conforming(), failing(), mixed()]
    assert [Run.of_json(node) for node in json.loads(made_by("json", runs))] == runs
    assert json.loads(made_by("json", [])) == []


def test_it_is_always_whole() -> None:
    assert made_by("json", [failing()], quiet=True) == made_by("json", [failing()], verbose=True)


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        (("settings",), "profile", "no-such"),
        ((), "seconds", float("nan")),
        ((), "sparse_seconds", -1.0),
        (("results", 0), "seconds", float("inf")),
        (("results", 0), "outcome", "fine"),
        (("results", 0), "known", "yes"),
        (("results",), 0, None),
        ((), "faults", "none"),
    ],
)
def test_what_is_no_run_is_refused(where: tuple[str | int, ...], key: str | int, value: object) -> None:
    node = json.loads(json.dumps(failing().as_json()))
    place = node
    for step in where:
        place = place[step]
    place[key] = value
    with pytest.raises(ValueError, match=r"xpected|nvalid"):
        Run.of_json(node)
