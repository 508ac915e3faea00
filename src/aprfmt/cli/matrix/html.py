"""The report as one HTML file: a card for each implementation, the matrix of rules and implementations, and behind each
cell the vectors that decide it.

Rules of this file:
1. The file asks for nothing: no script, no font, no picture; the policy in its head forbids what would slip in.
2. Everything that is not ours goes through `_escape`; the text is ASCII, the same in whatever encoding it is printed.
3. A mark is a sign and words; its colour says it once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files as package_files

from ...conform import Result, Run
from ...conform.results import Enforcement
from .. import render
from . import words
from .grid import SYMBOLS, Band, Cell, Mark, Row, bands

__all__ = ["pieces"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_ID = re.compile(r"\bAPR-\w+")
_FEW, _TWO = 6, 2
"""Up to how many columns the matrix needs no box of its own to be scrolled in: on a desk, and everywhere."""
_MARKS = {
    Enforcement.ENFORCED: Mark.HELD,
    Enforcement.PARTLY: Mark.PARTLY,
    Enforcement.NOT: Mark.NOT,
    Enforcement.UNTESTED: Mark.UNTESTED,
}


def pieces(runs: Sequence[Run], *, quiet: bool = False, verbose: bool = False) -> Iterator[str]:
    """The document: head, cards, matrix, and what is behind each cell; always whole."""
    del quiet, verbose
    found = bands(runs)
    rows = [row for band in found for row in band.rows]
    yield _ascii(_head(runs))
    yield _ascii('<section class="cards" aria-label="implementations">\n')
    for run in runs:
        yield _ascii(_card(run))
    yield _ascii("</section>\n")
    yield _ascii("".join(_matrix(runs, found)))
    yield _ascii('<section class="sheets" aria-labelledby="sheets">\n<h2 id="sheets">Cell by cell</h2>\n')
    for number, row in enumerate(rows):
        yield _ascii("".join(_sheet(row, cell, run, f"{number}-{at}") for at, run, cell in _columns(row, runs)))
    yield _ascii("</section>\n")
    yield _ascii(_foot(runs))


def _columns(row: Row, runs: Sequence[Run]) -> Iterator[tuple[int, Run, Cell]]:
    for at, (run, cell) in enumerate(zip(runs, row.cells, strict=True)):
        if cell.ran or cell.skipped:
            yield at, run, cell


def _ascii(text: str) -> str:
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _escape(text: str) -> str:
    return escape(render.escape(text))


def _name(text: str) -> str:
    """A name, which may break where its parts meet."""
    return _escape(text).replace(".", ".<wbr>").replace("/", "/<wbr>")


def _ids(text: str) -> str:
    """Escaped text in which the ids of rules do not break."""
    return _ID.sub(r'<span class="id">\g<0></span>', text)


def _code(text: str) -> str:
    return f"<code>{_escape(text)}</code>"


def _words(text: str) -> str:
    return f"<b>{_escape(render.short(text))}</b>"


# --- the head


def _head(runs: Sequence[Run]) -> str:
    style = package_files(__package__).joinpath("report.css").read_text(encoding="utf-8")
    one = f": {_escape(runs[0].implementation.title)}" if len(runs) == 1 else ""
    many = "" if len(runs) == 1 else f" of {render.count(len(runs), 'implementation')}"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>APR v2 conformance{one}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<header>\n"
        f"<h1>APR v2 conformance{many}</h1>\n<p>Which rules of the format does an implementation not enforce, and "
        "which valid files does it refuse or misread? Every cell leads to the files that say so.</p>\n"
        '<nav><a href="#matrix">Rule by rule</a></nav>\n</header>\n<main>\n'
    )


def _foot(runs: Sequence[Run]) -> str:
    made = sorted({(run.aprfmt, run.suite, run.settings.profile) for run in runs})
    lines = "".join(
        f"<p>Made by <code>aprfmt conform</code>, version {_words(version)}, profile {_words(profile)}; "
        f"suite <code>{_escape(suite)}</code>.</p>\n"
        for version, suite, profile in made
    )
    return f"</main>\n<footer>\n{lines}</footer>\n</body>\n</html>\n"


# --- the cards


def _card(run: Run) -> str:
    state = "held" if run.conforms else "not"
    sign = SYMBOLS[Mark.HELD if run.conforms else Mark.NOT].sign
    implementation = run.implementation
    version = f" <small>{_escape(implementation.version)}</small>" if implementation.version else ""
    refused, valid = run.valid_files
    found = list(run.enforcement().values())
    judged = len(found) - found.count(Enforcement.UNTESTED)
    return (
        f'<article class="card {state}">\n<h2>{_name(implementation.name)}{version}</h2>\n'
        f'<p class="verdict"><span aria-hidden="true">{sign}</span> {words.verdict(run)}</p>\n'
        '<ul class="figures">\n'
        f"<li><b>{found.count(Enforcement.ENFORCED)}<i>/{judged}</i></b> rules enforced</li>\n"
        f"<li><b>{refused}<i>/{valid}</i></b> valid files refused</li>\n</ul>\n{_bar(found)}"
        f'<p class="summary">{_ids(_escape(run.summary))}</p>\n<dl>{_terms(_brief(run))}</dl>\n{_more(run)}</article>\n'
    )


def _bar(found: Sequence[Enforcement]) -> str:
    """How the rules divide, for the eye; the words above and below say the same."""
    parts = "".join(
        f'<span class="{_MARKS[what]}" style="flex-grow:{found.count(what)}"></span>'
        for what in Enforcement
        if what in found
    )
    return f'<div class="bar" aria-hidden="true">{parts}</div>\n'


def _terms(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<div><dt>{label}</dt><dd>{text}</dd></div>" for label, text in pairs)


def _brief(run: Run) -> Iterator[tuple[str, str]]:
    yield "asked", words.plug(run, _code)
    yield "outcomes", words.outcomes(run)
    yield "date", _escape(run.date)


def _more(run: Run) -> str:
    pairs = [("who", words.who(run, _words)), ("what", words.asked(run, _words)), ("how", words.setup(run))]
    lines = f"<dl>{_terms([*pairs, *words.figures(run, _code)])}</dl>\n"
    known = [
        f"<b>{len(results)} {_escape(entry.kind)}</b>: {_entry(entry.reason, entry.issue)}"
        for entry, results in words.known(run).items()
    ]
    skips = [
        f"<b>{len(results)}</b>: {_escape(reason or 'no reason given')}" for reason, results in words.skips(run).items()
    ]
    lists = (
        ("Faults of the list of known failures", map(_escape, run.faults)),
        ("Known failures", known),
        ("Skipped", skips),
    )
    for title, items in lists:
        if text := "".join(f"<li>{item}</li>\n" for item in items):
            lines += f"<h3>{title}</h3>\n<ul>\n{text}</ul>\n"
    return f"<details><summary>How it was run, known failures, skips</summary>\n{lines}</details>\n"


def _entry(reason: str, issue: str) -> str:
    """A reason with its issue, which becomes a link when it is a plain address of the web."""
    text = _escape(reason or "no reason given")
    if not issue:
        return text
    address = _escape(issue)
    if issue.startswith(("https://", "http://")) and issue.isprintable():
        return f'{text} (<a href="{address}" rel="noreferrer nofollow">{address}</a>)'
    return f"{text} ({address})"


# --- the matrix


def _matrix(runs: Sequence[Run], found: Sequence[Band]) -> Iterator[str]:
    yield '<section aria-labelledby="matrix">\n<h2 id="matrix">Rule by rule</h2>\n'
    yield '<ul class="legend" aria-label="legend">\n'
    for mark, symbol in SYMBOLS.items():
        yield f'<li><span class="sign {mark}" aria-hidden="true">{symbol.sign}</span> {symbol.words}</li>\n'
    yield '</ul>\n<p class="note">Numbers are vectors: those that are as they must be, of those that were run.</p>\n'
    yield '<input type="checkbox" id="only"><label for="only">Hide rows in which all is as it must be</label>\n'
    size = (" few" if len(runs) <= _FEW else "") + (" two" if len(runs) <= _TWO else "")
    yield f'<div class="box{size}" role="region" aria-labelledby="matrix" tabindex="0">\n'
    yield f'<table style="--columns:{len(runs)}">\n'
    yield "<caption>Rules and what else is owed, by implementation</caption>\n<thead>\n<tr>\n"
    yield '<th scope="col" class="corner">rule</th>\n'
    for run in runs:
        version = f"<small>{_escape(run.implementation.version)}</small>" if run.implementation.version else ""
        yield f'<th scope="col">{_name(run.implementation.name)}{version}</th>\n'
    yield "</tr>\n</thead>\n"
    number = 0
    for band in found:
        clean = " clean" if all(row.is_clean for row in band.rows) else ""
        yield f'<tbody class="band{clean}">\n<tr class="title"><th scope="rowgroup">{band.title}</th>'
        yield f"{''.join(_total(band, at) for at in range(len(runs)))}</tr>\n"
        for row in band.rows:
            yield _row(row, number)
            number += 1
        yield "</tbody>\n"
    yield "</table>\n</div>\n</section>\n"


def _total(band: Band, at: int) -> str:
    """How many rules of a layer are enforced, of those that were tested."""
    marks = [row.cells[at].mark for row in band.rows if row.rule]
    judged = [mark for mark in marks if mark not in (Mark.UNTESTED, Mark.OUTSIDE)]
    return f"<td>{judged.count(Mark.HELD)} of {len(judged)}</td>" if judged else "<td></td>"


def _row(row: Row, number: int) -> str:
    rule = f"<code>{row.rule}</code> " if row.rule else ""
    cells = "".join(f"{_cell(cell, f'{number}-{at}')}\n" for at, cell in enumerate(row.cells))
    kind = ' class="clean"' if row.is_clean else ""
    head = f'<th scope="row">{rule}<b>{row.title}</b> <span class="about">{row.about}</span></th>'
    return f"<tr{kind}>\n{head}\n{cells}</tr>\n"


def _cell(cell: Cell, place: str) -> str:
    symbol = SYMBOLS[cell.mark]
    text = f'<b aria-hidden="true">{symbol.sign}</b><span class="ratio">{cell.ratio}</span>'
    text += f'<span class="said">{symbol.words}</span>'
    if not cell.ran and not cell.skipped:
        return f'<td class="{cell.mark}"><span class="in">{text}</span></td>'
    return f'<td class="{cell.mark}"><a class="in" id="c{place}" href="#s{place}">{text}</a></td>'


# --- behind the cells


def _sheet(row: Row, cell: Cell, run: Run, place: str) -> str:
    symbol = SYMBOLS[cell.mark]
    title = f"{row.rule} {row.title}" if row.rule else row.title
    bad = " bad" if cell.failed else ""
    # The link that closes leads to a place that does not exist: the sheet goes away, and the page stays where it is.
    text = (
        f'<article class="sheet{bad}" id="s{place}" tabindex="-1" aria-labelledby="h{place}">\n<header>\n'
        f'<h3 id="h{place}">{_ids(title)}<small>{_escape(run.implementation.title)}</small></h3>\n'
        '<a class="close" href="#!">close</a>\n</header>\n'
        f'<p class="state"><span class="sign {cell.mark}" aria-hidden="true">{symbol.sign}</span> '
        f"{symbol.words}: {len(cell.held)} of {cell.ran}</p>\n"
    )
    if row.rule or cell.failed:
        text += f'<p class="about">{"To be refused" if row.rule else "Wrong"}: {row.about}</p>\n'
    if cell.failed:
        ordered = sorted(cell.failed, key=lambda result: result.known is not None)
        text += f'<ol class="failed">\n{"".join(map(_failure, ordered))}</ol>\n'
    for results, words_of_it in ((cell.held, "as they must be"), (cell.skipped, "skipped")):
        if results:
            names = ", ".join(_code(result.vector) for result in results)
            fold = "" if cell.failed else " open"
            number = render.count(len(results), "vector")
            text += f'<details class="rest"{fold}><summary>{number} {words_of_it}</summary>'
            text += f"<p>{names}</p></details>\n"
    return f'{text}<p class="back"><a href="#c{place}">back to the cell</a></p>\n</article>\n'


def _failure(result: Result) -> str:
    outcome = str(result.outcome) if result.failed else "wrong reason"
    said = words.beside(result, _code)
    known = result.known
    lines = [
        f'<p><span class="outcome">{outcome}</span> {_code(result.vector)}</p>',
        f"<p>{_escape(result.detail)}</p>" if result.detail else "",
        f'<p class="soft">{said}</p>' if said else "",
        f'<p class="soft">known {_escape(known.kind)}: {_entry(known.reason, known.issue)}</p>' if known else "",
        f"<pre>{_code(result.reproduce)}</pre>" if result.reproduce else "",
    ]
    kind = ' class="known"' if known else ""
    return f"<li{kind}>{''.join(lines)}</li>\n"
