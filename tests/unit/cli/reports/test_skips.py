"""Why rules were skipped: what the run does, said from what its report holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.test_span_properties import ANY_FILE
from tests.unit.cli.reports.made import finding, judged
from tests.unit.rules.crafting import craft

from aprfmt.cli.reports.skips import reasons
from aprfmt.container import Container
from aprfmt.layout import facts
from aprfmt.limits import DEFAULT_LIMITS, Limits
from aprfmt.rules import Report, run
from aprfmt.source import BytesSource

NO_FOOTER = craft(footer=None)


def report(raw: bytes, limits: Limits = DEFAULT_LIMITS, **options: object) -> Report:
    container = Container(BytesSource(raw), limits=limits, lenient=True)
    return run(container, read_data=True, **options)  # type: ignore[arg-type] # handed on as they come


def test_without_a_skipped_rule_there_is_nothing_to_say() -> None:
    assert reasons(report(craft())) == {}


def test_a_file_of_another_format_has_one_reason() -> None:
    said = reasons(report(b"GGUF" + bytes(1020)))
    assert len(said) > 40
    assert set(said.values()) == {("APR-H001",)}


def test_the_reason_may_be_far_away() -> None:
    said = reasons(report(craft(metadata=b"[1]")))
    assert set(said) == {"APR-H012", "APR-M006", "APR-M008", "APR-M009", "APR-P001", "APR-P002", "APR-P003"}
    assert set(said.values()) == {("APR-M004",)}


def test_a_rule_has_the_reasons_that_are_its_own() -> None:
    failed = (finding("APR-M001"), finding("APR-D001"))
    said = reasons(judged(*failed, run=(), skipped=("APR-M004", "APR-D004", "APR-F004")).report)
    assert said == {"APR-M004": ("APR-M001",), "APR-D004": ("APR-D001",), "APR-F004": ("APR-D001",)}


def test_several_reasons_stand_in_the_order_of_the_specification() -> None:
    found = (finding("APR-S002"), finding("APR-M001"))
    assert reasons(judged(*found, run=(), skipped=("APR-M002",)).report) == {"APR-M002": ("APR-S002", "APR-M001")}


@pytest.mark.parametrize("limits", [{"max_tensors": 1}, {"max_metadata_bytes": 1}, {"max_metadata_values": 1}])
def test_a_limit_is_a_reason(limits: dict[str, int]) -> None:
    said = reasons(report(craft(metadata=b'{"a":[1,2,3]}'), replace(DEFAULT_LIMITS, **limits)))
    assert said
    assert set(said.values()) == {("APR-L001",)}


@pytest.mark.parametrize("select", [("APR-I003",), ("APR-F002",), ("APR-F002", "APR-L001")])
@pytest.mark.parametrize("ignore", [(), ("APR-F003",)])
def test_a_limit_behind_rules_that_nobody_asked_for_is_the_reason(
    select: tuple[str, ...], ignore: tuple[str, ...]
) -> None:
    limits = replace(DEFAULT_LIMITS, max_tensors=1)
    assert set(reasons(report(craft(), limits, select=select, ignore=ignore)).values()) == {("APR-L001",)}


@pytest.mark.parametrize("select", [(), ("APR-F002",), ("APR-F002", "APR-F004", "APR-D004")])
def test_a_rule_that_is_ignored_is_named(select: tuple[str, ...]) -> None:
    """The rules behind an absent footer have nothing to judge, also when nobody wants to hear of it."""
    for ignore in ((), ("APR-F003",)):
        made = report(NO_FOOTER, select=select, ignore=ignore)
        assert set(made.rules_skipped) <= {"APR-F002", "APR-F004"}
        assert reasons(made) == dict.fromkeys(made.rules_skipped, ("APR-F003",))
        assert made.rules_skipped


def test_what_nobody_knows_is_not_made_up() -> None:
    assert reasons(judged(run=(), skipped=("APR-D004",)).report) == {"APR-D004": ()}


@given(
    ANY_FILE,
    st.sampled_from(sorted(facts.PROFILES)),
    st.sampled_from([{}, {"max_tensors": 1}, {"max_metadata_members": 1}, {"max_filler_bytes": 8}]),
)
def test_every_rule_that_is_skipped_has_a_reason(raw: bytes, profile: str, limits: dict[str, int]) -> None:
    """Law: a reason has findings; without them, and without the rules that wait for it, the rule is judged."""
    made = report(raw, replace(DEFAULT_LIMITS, **limits), profile=profile)
    failed = {finding.rule for finding in made.findings}
    said = reasons(made)
    assert tuple(said) == made.rules_skipped
    for rule, names in said.items():
        assert names
        assert set(names) <= failed
        assert not {name for name in names if name != "APR-L001"} - needed(rule)
        # Nothing that is needed and wrong is left out.
        assert needed(rule) & failed <= set(names)


def needed(rule: str) -> set[str]:
    return {rule}.union(*map(needed, facts.RULES[rule].needs)) - {rule} | set(facts.RULES[rule].needs)
