"""The strategies of `aprfmt.testing`: the time of a draw, and the share of draws that come to nothing."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import shake_128
from typing import Any

from bench.harness import Goal, Group, Row, Run

__all__ = ["strategy_groups"]

DRAWS = 30
"""Of each strategy in a round, each from bytes of its own, in every round from the same ones."""
EXAMPLES = 100
"""Of each strategy, once: as many as Hypothesis takes for a test that says nothing else."""
ROUNDS = 3
"""Times as many rounds as elsewhere: a run takes a fraction of a second."""
TITLE = "strategies, in process"
GOALS = (Goal("ratio", 3.0), Goal("in_vain", 0.0), Goal("cut_short", 0.2))
_NBYTES = 8192
"""What Hypothesis grants to a draw."""


def strategy_groups() -> Iterator[Group]:
    """Each strategy against as many plain integers as it takes choices.

    A choice is what Hypothesis takes time for, and what shrinking works on, so that these integers are what no strategy
    for the same values falls below. What a row has above them are the bytes: sizes, places, text, checksums.
    """
    try:
        from hypothesis import strategies as st

        from aprfmt.testing import drawer, measure
    except ImportError as error:
        yield Group(TITLE, {}, (), (f"all: the strategies need {error.name}, which is not installed",))
        return

    entropies = [shake_128(b"%d" % number).digest(_NBYTES) for number in range(DRAWS)]

    def timed(strategy: Any, in_vain: float = 0.0, cut_short: float | None = None) -> Callable[[], Run]:
        drawer(strategy)(entropies[0])  # what the first one costs is not asked for

        def run() -> Run:
            gc.collect()
            begin = time.process_time()  # a draw computes, and does nothing else
            drawn = measure(strategy, entropies)
            seconds = (time.process_time() - begin) / DRAWS
            return Run(seconds, in_vain=max(in_vain, drawn.rejected_share), cut_short=cut_short)

        return run

    ways: dict[str, Callable[[], Run]] = {}
    rows = []
    for name, strategy in _strategies().items():
        number = _choices(strategy, entropies)
        peer = f"{number} integers"
        ways[name] = timed(strategy, *_wasted(strategy))
        ways[peer] = timed(st.tuples(*[st.integers(0, 255)] * number))
        rows.append(Row(name, peer, GOALS))
    yield Group(TITLE, ways, tuple(rows), rounds=ROUNDS, per=" a draw")


@cache
def _strategies() -> Mapping[str, Any]:
    """What is measured, by its name: the published ones that draw more than a piece."""
    from aprfmt import testing

    return {
        "`containers()`": testing.containers(),
        "`containers(canonical=False)`": testing.containers(canonical=False),
        "`containers(sound=True)`": testing.containers(sound=True),
        "`containers(breaking=…)`, any rule": testing.containers(breaking=testing.breakable(large=False)),
        "`damaged(containers())`": testing.damaged(testing.containers()),
        "`headers()`": testing.headers(),
        "`indexes()`": testing.indexes(),
        "`metadata_json()`": testing.metadata_json(),
        "`tensors()`": testing.tensors(),
        "`patches()`": testing.patches(),
        "`metadata_patches()`": testing.metadata_patches(),
    }


def _choices(strategy: Any, entropies: list[bytes]) -> int:
    """How many choices a draw takes, as the mean of all."""
    from hypothesis import strategies as st
    from hypothesis.control import current_build_context

    from aprfmt.testing import drawer

    def count(_: object) -> int:
        return len(current_build_context().data.choices)

    draw = drawer(st.builds(count, strategy))
    found = [number for number in map(draw, entropies) if number is not None]
    return max(1, round(sum(found) / len(found)))


def _wasted(strategy: Any) -> tuple[float, float]:
    """The shares of test cases that Hypothesis does not count as valid, in a test as anybody has it, by its own word:
    those that were refused, and those for which it granted too few choices, as it does to try short ones."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.statistics import collector

    quiet = settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @quiet
    @given(strategy)
    def test(_: object) -> None:
        pass

    said: list[dict[str, Any]] = []
    collected: Any = collector
    with collected.with_value(said.append):
        test()
    phases = [phase for phases in said for phase in phases.values() if "test-cases" in phase]
    cases = [case["status"] for phase in phases for case in phase["test-cases"]]
    return cases.count("invalid") / len(cases), cases.count("overrun") / len(cases)
