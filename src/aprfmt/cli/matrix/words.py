"""What there is to say about one run besides its failures, in the same words in every report.

What comes from strangers goes through `quote`, with which a report marks and escapes it in its own way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from ...conform import Outcome, Result, Run
from ...conform.results import KnownFailure, Reason
from .. import render

__all__ = [
    "Quote",
    "asked",
    "beside",
    "duration",
    "edition",
    "figures",
    "issue",
    "known",
    "outcomes",
    "plug",
    "setup",
    "skips",
    "verdict",
    "who",
]

Quote = Callable[[str], str]
_DIGITS = 12
_PLUGS = {"exit": "by exit code", "json": "by its JSON", "ndjson": "over NDJSON", "call": "by call"}
_COMPARED = ("header", "metadata", "tensors", "crc32", "footer")
_ACCEPTED = (Outcome.PASS, Outcome.WRONG_VALUE)


def who(run: Run, quote: Quote) -> str:
    """Name, version and language."""
    implementation = run.implementation
    language = f" ({quote(implementation.language)})" if implementation.language else ""
    return f"{quote(implementation.title)}{language}"


def plug(run: Run, quote: Quote) -> str:
    """How it was asked, and with which command."""
    implementation = run.implementation
    way = _PLUGS.get(implementation.plug) or (
        quote(implementation.plug) if implementation.plug else "by an unknown plug"
    )
    return f"{way}: {quote(implementation.command)}" if implementation.command else way


def asked(run: Run, quote: Quote) -> str:
    """What it was asked: profile, layers, operations, the edition of the suite, and who asked when."""
    settings = run.settings
    parts = [
        f"profile {quote(settings.profile)}",
        _of(settings.layers, "layer", quote),
        *([_of(settings.ops, "operation", quote)] if settings.ops else []),
        *(["huge files too"] if settings.huge else []),
    ]
    made = [render.count(len(run.results), "vector"), f"suite {quote(edition(run))}"]
    return "; ".join([", ".join(parts), *made, f"aprfmt {quote(run.aprfmt)}", quote(run.date)])


def _of(names: tuple[str, ...], noun: str, quote: Quote) -> str:
    return f"{noun}{'' if len(names) == 1 else 's'} {', '.join(map(quote, names))}" if names else f"all {noun}s"


def edition(run: Run) -> str:
    """The edition of the suite, as many digits of it as tell editions apart."""
    return run.suite[:_DIGITS]


def setup(run: Run) -> str:
    """What a case may cost, and how many run at a time."""
    budget = run.settings.budget
    memory = render.size(budget.nbytes) if run.settings.memory_measured else "no bound on memory, which is not measured"
    return f"budget of a case {duration(budget.seconds)}, {memory}; {render.count(run.settings.jobs, 'job')}"


def verdict(run: Run) -> str:
    """Whether the implementation conforms, and whether only because its failures are known."""
    if not run.conforms:
        return "does not conform"
    n_known = sum(result.known is not None and result.failed for result in run.results)
    return f"conforms but for {render.count(n_known, 'known failure')}" if n_known else "conforms"


def outcomes(run: Run) -> str:
    """How many results there are of each outcome: `88 pass, 2 crash (1 known), 7 skip`."""
    held = Counter(result.outcome for result in run.results if result.known is not None and result.failed)
    found = run.outcomes
    parts = [
        f"{found[outcome]} {outcome}{f' ({held[outcome]} known)' if held[outcome] else ''}"
        for outcome in Outcome
        if found[outcome]
    ]
    return ", ".join(parts) or "nothing was run"


def figures(run: Run, quote: Quote) -> Iterator[tuple[str, str]]:
    """What was measured besides the outcomes, each with its label."""
    yield "right reason", _reasons(run.results)
    yield _compared(run.results)
    yield "stamps and writers", f"{_made(run.results, 'stamp', 'stamp')}; {_made(run.results, 'write', 'written file')}"
    yield "time", _cost(run, quote)


def _reasons(results: Iterable[Result]) -> str:
    number = Counter(result.reason for result in results if result.reason is not None)
    total = number.total()
    if not total:
        return "no file was refused"
    if number[Reason.UNSAID] == total:
        return f"unsaid for all of {render.count(total, 'refusal')}"
    text = f"{number[Reason.RIGHT]} of {render.count(total, 'refusal')}"
    return f"{text}; wrong {number[Reason.WRONG]}; unsaid {number[Reason.UNSAID]}"


def _compared(results: Iterable[Result]) -> tuple[str, str]:
    taken = [
        result
        for result in results
        if result.op == "read" and result.verdict == "accept" and result.outcome in _ACCEPTED
    ]
    number = Counter(part for result in taken for part in result.compared)
    if not taken:
        return "values not compared", "no valid file was accepted"
    if not number:
        return "values not compared", "the implementation gives none"
    parts = ", ".join(f"{part} {number[part]}" for part in _COMPARED)
    return "values compared", f"{parts} of {render.count(len(taken), 'accepted file')}"


def _made(results: Iterable[Result], op: str, noun: str) -> str:
    asked_for = [result for result in results if result.op == op]
    ran = [result for result in asked_for if result.outcome is not Outcome.SKIP]
    if not ran:
        return f"no {noun} was asked for" if not asked_for else f"{render.count(len(asked_for), noun)} skipped"
    return f"{sum(result.outcome is Outcome.PASS for result in ran)} of {render.count(len(ran), noun)} right"


def _cost(run: Run, quote: Quote) -> str:
    text = duration(run.seconds)
    if any(result.sparse for result in run.results):
        text += f", sparse files {duration(run.sparse_seconds)}"
    if run.results:
        slow = max(run.results, key=lambda result: result.seconds)
        text += f"; slowest case {duration(slow.seconds)} ({quote(slow.vector)})"
    large = max(run.results, key=lambda result: result.nbytes, default=None)
    if large is None or not large.nbytes or not run.settings.memory_measured:
        return f"{text}; memory not measured"
    return f"{text}; largest memory {render.size(large.nbytes)} ({quote(large.vector)})"


def duration(seconds: float) -> str:
    """A time for people."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s" if seconds % 1 else f"{seconds:.0f} s"


def skips(run: Run) -> dict[str, list[Result]]:
    """What was skipped, by the reason, most first."""
    found: dict[str, list[Result]] = {}
    for result in run.results:
        if result.outcome is Outcome.SKIP:
            found.setdefault(result.detail, []).append(result)
    return dict(sorted(found.items(), key=lambda item: -len(item[1])))


def known(run: Run) -> dict[KnownFailure, list[Result]]:
    """The failures that do not count, by the entry of the list of known failures that names them."""
    found: dict[KnownFailure, list[Result]] = {}
    for result in run.results:
        if result.known is not None and result.failed:
            found.setdefault(result.known, []).append(result)
    return dict(sorted(found.items(), key=lambda item: item[0].kind))


def issue(entry: KnownFailure, quote: Quote) -> str:
    """Why a known failure does not count, and where it is tracked."""
    where = f" ({quote(entry.issue)})" if entry.issue else ""
    return f"{quote(entry.reason)}{where}" if entry.reason else f"no reason given{where}"


def beside(result: Result, quote: Quote) -> str:
    """What the implementation said besides its verdict: its code, and whether that stands for the right reason."""
    parts = [f"code {quote(result.code)}"] if result.code else []
    parts += [f"reason {result.reason}"] if result.reason is not None else []
    return ", ".join(parts)
