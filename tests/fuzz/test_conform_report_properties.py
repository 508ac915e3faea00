"""Laws: a run survives its own JSON, and whatever strangers say in it, every report has the form of its kind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli.matrix.forms import FORMS, made_by
from tests.unit.cli.matrix.made import any_runs, failing
from tests.unit.cli.running import assert_printable

from aprfmt.cli.matrix.grid import bands
from aprfmt.conform import Run
from aprfmt.errors import printable


@given(any_runs())
def test_a_run_survives_its_own_json(run: Run) -> None:
    """`of_json` MUST take back what `as_json` gives, whatever texts and numbers there are."""
    assert Run.of_json(json.loads(json.dumps(run.as_json()))) == run


@given(any_runs())
def test_the_json_report_is_the_run(run: Run) -> None:
    """The printed JSON MUST be the same run, but for what no text can hold, which is shown as an escape."""
    once = Run.of_json(json.loads(made_by("json", [run])))
    assert Run.of_json(json.loads(made_by("json", [once]))) == once
    assert (once == run) or any("\ud800" <= c <= "\udfff" for c in json.dumps(run.as_json(), ensure_ascii=False))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.data())
def test_what_is_no_run_is_a_value_error(data: st.DataObject) -> None:
    """`of_json` MUST raise nothing but `ValueError`, and what it takes MUST be a run that can be reported."""
    node: dict[str, Any] = failing().as_json()
    node["results"] = node["results"][-2:]
    for _ in range(data.draw(st.integers(1, 3))):
        place: Any = data.draw(
            st.sampled_from([node, node["settings"], node["implementation"], *node["results"][:2]])
            if isinstance(node.get("settings"), dict) and isinstance(node.get("implementation"), dict)
            else st.just(node)
        )
        if isinstance(place, dict):
            place[data.draw(st.sampled_from(sorted(place)))] = data.draw(_JSON)
        if not isinstance(node["results"], list):
            break
    try:
        run = Run.of_json(node)
    except ValueError:
        return
    assert isinstance(run.conforms, bool)
    FORMS["text"](made_by("text", [run]), [run])


@pytest.mark.parametrize("node", [None, [], {}, 5, "x", {"error": {"kind": "file"}}])
def test_other_json_is_a_value_error(node: Any) -> None:
    with pytest.raises(ValueError, match=r"Expected|missing"):
        Run.of_json(node)


@given(st.sampled_from(sorted(FORMS)), st.lists(any_runs(), max_size=3))
def test_a_report_has_the_form_of_its_kind(name: str, runs: list[Run]) -> None:
    """Whatever an implementation, a vector, a detail or a reason says, a report MUST have the form of its kind."""
    for options in ({}, {"quiet": True}, {"verbose": True}):
        made = made_by(name, runs, **options)
        assert_printable(made)
        FORMS[name](made, runs)


@given(st.lists(any_runs(), min_size=1, max_size=3))
def test_the_matrix_loses_nothing(runs: list[Run]) -> None:
    """Every result MUST stand in a cell of the column of its run."""
    rows = [row for band in bands(runs) for row in band.rows]
    for at, run in enumerate(runs):
        shown = {id(result) for row in rows for result in row.cells[at].results}
        assert {id(result) for result in run.results} <= shown


@given(any_runs())
def test_the_last_line_is_the_summary(run: Run) -> None:
    """However the rest is told, the text MUST end with the summary, which needs no escaping."""
    for options in ({}, {"quiet": True}, {"verbose": True}):
        assert made_by("text", [run], **options).endswith(f"\n{run.summary}\n") or options == {"quiet": True}
    assert printable(run.summary) == run.summary
