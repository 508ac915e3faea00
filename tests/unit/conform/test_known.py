"""The list of known failures: what it may say, what it does to results, how it is rewritten."""

from __future__ import annotations

import pytest

from aprfmt.conform.known import NOT_LOOKED_INTO, Known, KnownEntry
from aprfmt.conform.results import KnownFailure, Outcome, Result
from aprfmt.errors import RequestError

IDS = ("footer.absent", "footer.wrong.1", "footer.wrong.2", "header.crc", "names.utf16", "ok.small")
RULES = {
    "footer.absent": "APR-F001",
    "footer.wrong.1": "APR-F002",
    "footer.wrong.2": "APR-F002",
    "header.crc": "APR-H003",
}
FOOTER = """
[[failure]]
rule = "APR-F002"
vectors = ["footer.wrong.*"]
outcome = "accepted-invalid"
kind = "wontfix"
reason = "the reader never looks at the footer"
issue = "https://example.org/1"
"""
NAMES = """
[[failure]]
vectors = ["names.utf16", "ok.small"]
outcome = "rejected-valid"
kind = "bug"
reason = "sorts by UTF-16"
"""


def result(vector: str, outcome: str) -> Result:
    rule = RULES.get(vector)
    return Result(vector, "read", "reject" if rule else "accept", rule, "structure", Outcome(outcome))


def results(**outcomes: str) -> list[Result]:
    """A run of all vectors; those that are not named pass."""
    given = {name.replace("__", "."): outcome for name, outcome in outcomes.items()}
    assert set(given) <= set(IDS)
    return [result(vector, given.get(vector, "pass")) for vector in IDS]


def failure(**changes: str | None) -> str:
    values = {
        "vectors": '["ok.small"]',
        "outcome": '"crash"',
        "kind": '"bug"',
        "reason": '"r"',
        **changes,
    }
    return "[[failure]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items() if value is not None)


def test_a_list_is_read() -> None:
    known = Known.of_toml(FOOTER + NAMES, "known.toml")
    assert known == Known(
        "known.toml",
        (
            KnownEntry(
                ("footer.wrong.*",),
                Outcome.ACCEPTED_INVALID,
                "wontfix",
                "the reader never looks at the footer",
                "https://example.org/1",
                "APR-F002",
            ),
            KnownEntry(("names.utf16", "ok.small"), Outcome.REJECTED_VALID, "bug", "sorts by UTF-16"),
        ),
    )
    assert Known.of_toml("", "known.toml").entries == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[failure]", r"k: expected TOML, found TOMLDecodeError: .*line 1"),
        ("a = " + "[" * 100_000, r"k: expected TOML, found RecursionError"),
        ("a = " + "1" * 5000, r"k: expected TOML, found ValueError"),
        ("[[known]]\na = 1", r"k: expected tables \[\[failure\]\] and nothing else, found 'known'"),
        ("failure = 1", r"k: expected tables \[\[failure\]\], found 1"),
        ("failure = [1]", r"k: expected tables \[\[failure\]\], found \[1\]"),
        ("[failure]\nkind = 'bug'", r"k: expected tables \[\[failure\]\], found \{'kind': 'bug'\}"),
        (failure(vector="1"), r"k: failure 1: expected keys out of rule, vectors, .*, found 'vector'"),
        (failure(reason=None), r"k: failure 1: expected the keys reason, found none of them"),
        (failure(kind=None, outcome=None), r"k: failure 1: expected the keys outcome, kind, found none of them"),
        (failure(vectors="[]"), r"k: failure 1\.vectors: expected a list of ids or patterns, found \[\]"),
        (failure(vectors='"x"'), r"k: failure 1\.vectors: expected a list of ids or patterns, found 'x'"),
        (failure(vectors="[1]"), r"k: failure 1\.vectors: .*found \[1\]"),
        (failure(vectors='[""]'), r"k: failure 1\.vectors: .*found \[''\]"),
        (failure(vectors='["a", "a"]'), r"k: failure 1\.vectors: expected 'a' once, found it twice"),
        (failure() + failure(outcome='"timeout"'), r"k: failure 2\.vectors: expected 'ok\.small' once, found it twice"),
        (failure(outcome='"pass"'), r"k: failure 1\.outcome: expected one of accepted-invalid, .*, found 'pass'"),
        (failure(outcome='"skip"'), r"k: failure 1\.outcome: .*, found 'skip'"),
        (failure(outcome="[1]"), r"k: failure 1\.outcome: .*, found \[1\]"),
        (failure(outcome=f"0x{'f' * 5000}"), r"k: failure 1\.outcome: .*, found a very large int"),
        (failure(kind='"maybe"'), r"k: failure 1\.kind: expected one of bug, wontfix, found 'maybe'"),
        (failure(rule='"APR-X999"'), r"k: failure 1\.rule: expected one of the id of a rule, found 'APR-X999'"),
        (failure(reason='"  "'), r"k: failure 1\.reason: expected a text, found '  '"),
        (failure(reason="7"), r"k: failure 1\.reason: expected a text, found 7"),
        (failure(issue='""'), r"k: failure 1\.issue: expected a text, found ''"),
        (failure(vectors=r'["\u001b[2J", "\u001b[2J"]'), r"k: failure 1\.vectors: expected '\\x1b\[2J' once"),
    ],
    ids=range(26),
)
def test_what_is_not_a_list_is_refused(text: str, said: str) -> None:
    with pytest.raises(RequestError, match=f"^{said}"):
        Known.of_toml(text, "k")


def test_a_listed_failure_does_not_count_and_keeps_its_outcome() -> None:
    known = Known.of_toml(FOOTER + NAMES, "known.toml")
    run = results(
        footer__wrong__1="accepted-invalid",
        footer__wrong__2="accepted-invalid",
        names__utf16="rejected-valid",
        ok__small="rejected-valid",
        header__crc="crash",
    )
    judged, faults = known.apply(run, IDS)
    assert faults == ()
    assert [item.vector for item in judged] == list(IDS)
    assert [item.outcome for item in judged] == [item.outcome for item in run]
    assert [item.vector for item in judged if item.counts] == ["header.crc"]
    expected = KnownFailure("wontfix", "the reader never looks at the footer", "https://example.org/1")
    assert judged[1].known == judged[2].known == expected
    assert judged[4].known == KnownFailure("bug", "sorts by UTF-16")
    assert judged[0].known is None


def test_the_first_entry_of_the_outcome_wins() -> None:
    known = Known.of_toml(
        failure(vectors='["*"]', outcome='"timeout"')
        + failure(vectors='["ok.small"]', reason='"first"')
        + failure(vectors='["ok.*"]', reason='"second"'),
        "k",
    )
    judged, faults = known.apply([result("ok.small", "crash")], IDS)
    assert judged[0].known == KnownFailure("bug", "first")
    assert faults == ()


def test_an_unexpected_pass_is_a_fault() -> None:
    known = Known.of_toml(FOOTER, "known.toml")
    judged, faults = known.apply(results(footer__wrong__1="accepted-invalid"), IDS)
    assert faults == ("known.toml: failure 1: footer.wrong.2: expected accepted-invalid, found unexpected pass",)
    assert judged[2].known is None


def test_another_outcome_counts_and_is_a_fault() -> None:
    known = Known.of_toml(failure(), "k")
    judged, faults = known.apply(results(ok__small="timeout"), IDS)
    assert faults == ("k: failure 1: ok.small: expected crash, found timeout",)
    assert judged[-1].counts


def test_what_matches_no_vector_of_the_suite_is_a_fault() -> None:
    known = Known.of_toml(failure(vectors='["nothing.*", "ok.small", "gone"]'), "k")
    _, faults = known.apply([result("ok.small", "crash")], IDS)
    assert faults == (
        "k: failure 1.vectors: expected vectors of the suite, found none for 'nothing.*'",
        "k: failure 1.vectors: expected vectors of the suite, found none for 'gone'",
    )


def test_a_vector_of_another_rule_is_a_fault() -> None:
    known = Known.of_toml(failure(rule='"APR-F001"', vectors='["footer.*", "ok.small"]'), "k")
    run = [result(vector, "crash") for vector in IDS if vector.startswith(("footer", "ok"))]
    _, faults = known.apply(run, IDS)
    assert faults == (
        "k: failure 1: footer.wrong.1: expected a vector of APR-F001, found one of APR-F002",
        "k: failure 1: footer.wrong.2: expected a vector of APR-F001, found one of APR-F002",
        "k: failure 1: ok.small: expected a vector of APR-F001, found one of no rule",
    )


def test_what_was_not_run_or_skipped_makes_no_fault() -> None:
    known = Known.of_toml(FOOTER + NAMES + failure(rule='"APR-F001"', vectors='["header.crc"]'), "k")
    run = [result("footer.wrong.1", "accepted-invalid"), result("names.utf16", "skip"), result("header.crc", "skip")]
    judged, faults = known.apply(run, IDS)
    assert faults == ()
    assert [item.known is None for item in judged] == [False, True, True]
    assert known.apply([], IDS) == ((), ())


def test_an_id_with_brackets_is_an_id_before_it_is_a_pattern() -> None:
    known = Known.of_toml(failure(vectors='["a[1]"]'), "k")
    run = [result("a[1]", "crash"), result("a1", "pass")]
    assert known.apply(run, ["a[1]", "a1"])[1] == ()
    assert known.apply(run[1:], ["a1"])[1] == ("k: failure 1: a1: expected crash, found unexpected pass",)


def rewritten(text: str, run: list[Result]) -> str:
    """The rewritten list without its head, checked to fit."""
    updated = Known.of_toml(text, "k").updated(run, IDS)
    again = Known.of_toml(updated, "k")
    judged, faults = again.apply(run, IDS)
    assert faults == ()
    assert not any(item.counts for item in judged)
    assert again.updated(run, IDS) == updated
    head, _, rest = updated.partition("\n")
    assert head.startswith("# ")
    return rest


def test_a_list_that_fits_stays_as_it_is() -> None:
    run = results(footer__wrong__1="accepted-invalid", footer__wrong__2="accepted-invalid", names__utf16="crash")
    text = FOOTER + failure(vectors='["names.utf16"]').replace("[[", "\n[[", 1)
    assert rewritten(text, run) == text


def test_new_failures_are_listed_by_rule_and_outcome() -> None:
    run = results(
        ok__small="crash",
        footer__wrong__2="accepted-invalid",
        footer__wrong__1="accepted-invalid",
        footer__absent="accepted-invalid",
        names__utf16="crash",
    )
    assert (
        rewritten("", run)
        == rewritten("", run[::-1])
        == (
            '\n[[failure]]\nvectors = [\n    "names.utf16",\n    "ok.small",\n]\n'
            f'outcome = "crash"\nkind = "bug"\nreason = "{NOT_LOOKED_INTO}"\n'
            '\n[[failure]]\nrule = "APR-F001"\nvectors = ["footer.absent"]\n'
            f'outcome = "accepted-invalid"\nkind = "bug"\nreason = "{NOT_LOOKED_INTO}"\n'
            '\n[[failure]]\nrule = "APR-F002"\nvectors = [\n    "footer.wrong.1",\n    "footer.wrong.2",\n]\n'
            f'outcome = "accepted-invalid"\nkind = "bug"\nreason = "{NOT_LOOKED_INTO}"\n'
        )
    )


def test_what_passes_is_dropped_and_a_pattern_becomes_ids() -> None:
    run = results(footer__wrong__2="accepted-invalid", names__utf16="rejected-valid")
    assert rewritten(FOOTER + NAMES, run) == FOOTER.replace(".*", ".2") + NAMES.replace(', "ok.small"', "")
    assert rewritten(FOOTER + NAMES, results()) == ""


def test_what_was_not_run_is_kept() -> None:
    run = [result("footer.wrong.1", "pass"), result("ok.small", "skip")]
    text = NAMES.replace('["names.utf16", "ok.small"]', '[\n    "names.utf16",\n    "ok.small",\n]')
    assert rewritten(FOOTER + NAMES, run) == FOOTER.replace(".*", ".2") + text
    assert rewritten(FOOTER, []) == FOOTER


def test_what_the_suite_does_not_have_is_dropped() -> None:
    assert rewritten(failure(vectors='["gone", "gone.*"]'), results()) == ""


def test_another_outcome_is_listed_anew() -> None:
    text = rewritten(
        failure() + failure(vectors='["ok.*"]', outcome='"timeout"', reason='"t"'), results(ok__small="budget")
    )
    assert 'outcome = "budget"' in text
    assert text.count("[[failure]]") == 1


def test_new_failures_join_what_nobody_has_explained() -> None:
    text = failure(reason=f'"{NOT_LOOKED_INTO}"').replace("[[", "\n[[", 1)
    run = results(ok__small="crash", names__utf16="crash", header__crc="crash")
    found = Known.of_toml(rewritten(text, run), "k").entries
    assert [(entry.rule, entry.vectors) for entry in found] == [
        (None, ("ok.small", "names.utf16")),
        ("APR-H003", ("header.crc",)),
    ]


def test_an_entry_of_the_wrong_rule_is_not_kept() -> None:
    text = rewritten(failure(rule='"APR-F001"', vectors='["footer.wrong.1"]'), results(footer__wrong__1="crash"))
    assert Known.of_toml(text, "k").entries[0].rule == "APR-F002"


def test_texts_survive_rewriting() -> None:
    reason = 'a "quote", a \\ and\nlines,\ttabs, \x7f\x00\x1b\u202e\U0001f600 ü'
    entry = KnownEntry(("ok.small",), Outcome.CRASH, "bug", reason, "https://example.org/ü")
    text = Known("k", (entry,)).updated(results(ok__small="crash"), IDS)
    assert Known.of_toml(text, "k").entries == (entry,)
    assert all(line.isprintable() for line in text.split("\n"))
