"""Laws of the list of known failures: a rewritten list fits, and says nothing that is not so."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aprfmt.conform.known import KINDS, Known, KnownEntry
from aprfmt.conform.results import Outcome, Result
from aprfmt.errors import RequestError

FAILURES = [outcome for outcome in Outcome if outcome not in (Outcome.PASS, Outcome.SKIP)]
RULES = {"a": "APR-F001", "b": "APR-F002", "c": None}
"""The rule of a vector goes by its first letter."""
IDS = st.text("abc.1[]*", min_size=1, max_size=4).filter(lambda text: text[0] in RULES)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6).filter(lambda text: text.strip())


@st.composite
def cases(draw: st.DrawFn) -> tuple[Known, list[Result], list[str]]:
    """A list, the results of a run of a part of a suite, and the suite."""
    ids = draw(st.lists(IDS, min_size=1, max_size=8, unique=True))
    outcomes = st.sampled_from([*Outcome, Outcome.CRASH, Outcome.CRASH])
    ran = draw(st.lists(st.sampled_from(ids), unique=True))
    results = [Result(name, "read", "free", RULES[name[0]], "structure", draw(outcomes)) for name in ran]
    patterns = st.sampled_from(ids) | st.sampled_from(["*", "a*", "b*", "?", "[ab]*", "*1*", "*.*", "nothing"])
    texts = draw(st.lists(patterns, max_size=8, unique=True))
    entries = []
    while texts:
        size = draw(st.integers(1, len(texts)))
        kind, outcome = draw(st.sampled_from(KINDS)), draw(st.sampled_from([Outcome.CRASH, *FAILURES]))
        rule, issue = draw(st.sampled_from([None, None, "APR-F001", "APR-F002"])), draw(st.just("") | TEXTS)
        entries.append(KnownEntry(tuple(texts[:size]), outcome, kind, draw(TEXTS), issue, rule))
        texts = texts[size:]
    return Known("k", tuple(entries)), results, ids


@given(cases())
def test_a_rewritten_list_fits(case: tuple[Known, list[Result], list[str]]) -> None:
    """What `updated` writes MUST leave nothing that counts and no fault, and MUST stay as it is when rewritten."""
    known, results, ids = case
    text = known.updated(results, ids)
    again = Known.of_toml(text, "k")
    judged, faults = again.apply(results, ids)
    assert faults == ()
    assert not [result for result in judged if result.counts]
    assert again.updated(results, ids) == text
    assert known.updated(results[::-1], set(ids)) == text


@given(cases())
def test_nobody_loses_a_reason_that_still_holds(case: tuple[Known, list[Result], list[str]]) -> None:
    """A failure that was known and made no fault MUST be known after rewriting, and of vectors that were not run the
    list MUST go on to say something when it did."""
    known, results, ids = case
    again = Known.of_toml(known.updated(results, ids), "k")
    for before, after in zip(known.apply(results, ids)[0], again.apply(results, ids)[0], strict=True):
        if before.known is not None and sum(before.vector in entry.listed(ids) for entry in known.entries) == 1:
            listing = next(entry for entry in known.entries if before.vector in entry.listed(ids))
            assert listing.rule not in (None, before.rule) or after.known == before.known
    unsaid = set(ids) - {result.vector for result in results if result.outcome is not Outcome.SKIP}
    for vector in unsaid:
        said = [any(vector in entry.listed(ids) for entry in listing.entries) for listing in (known, again)]
        assert said[0] == said[1]


@given(cases())
def test_a_result_is_known_only_by_its_outcome(case: tuple[Known, list[Result], list[str]]) -> None:
    """Results MUST keep all but what is known of them; only a failure of the outcome that is listed may be known, and
    a run that agrees with the list in everything makes no fault."""
    known, results, ids = case
    judged, faults = known.apply(results, ids)
    assert [(item.vector, item.outcome) for item in judged] == [(item.vector, item.outcome) for item in results]
    for item in judged:
        listing = [entry for entry in known.entries if item.vector in entry.listed(ids)]
        assert (item.known is not None) == any(entry.outcome is item.outcome for entry in listing)
        assert item.known is None or item.failed
        surprising = bool(listing) and item.known is None and item.outcome is not Outcome.SKIP
        assert any(
            f": {item.vector}: expected {entry.outcome}, " in fault for entry in listing for fault in faults
        ) == (surprising)
    idle = [text for entry in known.entries for text in entry.vectors if text not in ids]
    n_idle = sum(not any(fnmatchcase(vector, text) for vector in ids) for text in idle)
    assert sum("vectors of the suite" in fault for fault in faults) == n_idle


TOML = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["crash", "bug", "APR-F001"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
KEYS = st.sampled_from(["rule", "vectors", "outcome", "kind", "reason", "issue", "other"])


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, int):
        return str(value)
    return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'


def refusal(text: str) -> str:
    try:
        Known.of_toml(text, "known.toml")
    except RequestError as error:
        return str(error)
    return ""


@given(st.lists(st.dictionaries(KEYS, TOML)) | st.text())
def test_any_text_is_a_list_or_refused(content: list[dict[str, Any]] | str) -> None:
    """Any text MUST be a list or end in a `RequestError` that names the file."""
    if isinstance(content, str):
        text = content
    else:
        tables = ["".join(f"{key} = {toml(value)}\n" for key, value in table.items()) for table in content]
        text = "".join(f"[[failure]]\n{table}" for table in tables)
    assert refusal(text).startswith("known.toml: ") or Known.of_toml(text, "known.toml")
