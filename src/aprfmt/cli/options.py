"""Options and behaviour that every command has, declared once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..files import OpenContainer

__all__ = [
    "Pace",
    "about",
    "drawing",
    "file_argument",
    "help_option",
    "known_profile",
    "open_container",
    "output_options",
    "output_options_saying",
    "progress",
    "rule_ids",
]

_F = TypeVar("_F", bound=Callable[..., Any])

# The bar appears for files that take longer than a glance.
_PROGRESS_MIN_BYTES = 32 * 1024 * 1024
# For the name: what is left beside the longest verb and a size in a terminal of 80; less when there is more to say.
_PROGRESS_COLUMNS = (40, 28, 16)


def _print_help(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from . import render

        render.line(ctx.get_help())
        ctx.exit()


# Click's own would print past `render`, and so past its handling of an output that is gone or full.
help_option = click.option(
    "-h",
    "--help",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_help,
    help="Show this message and exit.",
)


def output_options(function: _F) -> _F:
    """`--json`, `-q/--quiet`, `-v/--verbose` and `-h/--help`; passed are `as_json`, `quiet` and `verbose`."""
    return output_options_saying(
        json="Print one JSON object, on errors too.",
        quiet="Print nothing but errors (and the JSON, with --json).",
    )(function)


def output_options_saying(*, json: str, quiet: str) -> Callable[[_F], _F]:
    """The same options with other words in the help."""

    def decorated(function: _F) -> _F:
        for decorate in (
            help_option,
            click.option("-v", "--verbose", is_flag=True, help="Say more."),
            click.option("-q", "--quiet", is_flag=True, help=quiet),
            click.option("--json", "as_json", is_flag=True, help=json),
        ):
            function = decorate(function)
        return function

    return decorated


def file_argument(function: _F) -> _F:
    """The container to read, `-` for standard input, passed as `file`."""
    # Whether it can be read is the system's to say, when it is read: a file that cannot be is no wrong usage.
    return click.argument("file", type=click.Path(readable=False, allow_dash=True), metavar="FILE")(function)


@contextmanager
def about(file: str, output: str | None = None) -> Iterator[None]:
    """Faults that are found inside are about `file`: the report names it.

    The system does not say which file a read or a write failed on: with an `output`, the report names both.
    """
    from ..errors import FormatError, LimitExceededError, UnsupportedError

    try:
        yield
    except (FormatError, LimitExceededError, UnsupportedError) as error:
        error.add_note(file)
        raise
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = file if output is None else f"{file} -> {output}"
        raise


@contextmanager
def open_container(file: str, *, lenient: bool = False) -> Iterator[OpenContainer]:
    """The container at a path, or from standard input for `-`; any bytes, when it is to be `lenient`."""
    from .. import files
    from .inputs import standard_input

    with about(file), files.open(standard_input() if file == "-" else file, lenient=lenient) as container:
        yield container


class Pace:
    """How fast a pass goes: the average over the last seconds, so that it is steady and yet follows a change."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._marks = deque[tuple[float, int]](maxlen=_PACE_MARKS)
        self._total = 0
        self._said = ""

    def words(self, done: int, total: int) -> str:
        """`, 1.2 GiB/s, 4 s left` after `done` of `total` bytes; nothing while a rate cannot be known.

        Renewed twice a second. A total that is another one, and bytes that become fewer, begin another pass.
        """
        now = self._clock()
        if total != self._total or (self._marks and done < self._marks[-1][1]):
            self._marks.clear()
            self._total, self._said = total, ""
        if not self._marks:
            self._marks.append((now, done))
        elif now - self._marks[-1][0] >= _PACE_STEP_S or done >= total:
            (before, had), self._said = self._marks[0], ""
            if now - before >= _PACE_MIN_S and done > had:
                self._said = _pace((done - had) / (now - before), total - done)
            self._marks.append((now, done))
        return self._said


_PACE_MIN_S = 1.0  # of less, what the first moments happen to take is most
_PACE_STEP_S = 0.5
_PACE_MARKS = 21  # of ten seconds


def _pace(rate: float, left_nbytes: int) -> str:
    """In words: a rate in bytes a second, and the time that so many bytes take."""
    from . import render

    if rate < 1:
        return ""
    said = f", {render.size(int(rate))}/s"
    if left_nbytes <= 0:
        return said
    return f"{said}, {_duration(-int(-left_nbytes // rate))} left"


def _duration(seconds: int) -> str:
    """Whole seconds in the units that somebody who waits thinks in, rounded up."""
    minutes = -(-seconds // 60)
    if seconds < 60:
        return f"{seconds} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 48 * 60 else f"{-(-minutes // (24 * 60))} days"


@contextmanager
def progress(label: str, file: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress callback `(done, total)` in bytes that draws on stderr, None when stderr is no terminal.

    Of a long name of the `file` the end is drawn: a line that does not fit the terminal cannot be drawn over.
    """
    from . import render

    with drawing(quiet=quiet) as draw:
        if draw is None:
            yield None
            return
        pace, drawn = Pace(), ""

        def update(done: int, total: int) -> None:
            nonlocal drawn
            if total < _PROGRESS_MIN_BYTES:
                return
            said = f"{min(done, total) * 100 // total} % of {render.size(total)}{pace.words(done, total)}"
            if said != drawn:
                drawn = said
                lines = (f"{label} {render.tail(file, columns)}: {said}" for columns in _PROGRESS_COLUMNS)
                draw(next((line for line in lines if render.fitted(line) == line), f"{label}: {said}"))

        yield update


@contextmanager
def drawing(*, quiet: bool) -> Iterator[Callable[[str], None] | None]:
    """What draws a line on stderr over the one before, until the end; None when stderr is no terminal."""
    from . import render

    if quiet or not render.is_terminal():
        yield None
        return
    drawn = ""

    def draw(text: str) -> None:
        nonlocal drawn
        text = render.fitted(text)
        if text != drawn:
            render.redraw(text, over=drawn)
            drawn = text

    try:
        yield draw
    finally:
        if drawn:
            render.redraw("", over=drawn)


def rule_ids(names: Sequence[str]) -> tuple[str, ...]:
    """Ids of the rules that are called so: ids or names in any case, several separated by commas; `P001` is APR-P001.

    Raises `RequestError` for a name that no rule has.
    """
    from ..layout import facts

    if not names:
        return ()
    known = {rule.id: rule.id for rule in facts.RULES.values()}
    known |= {rule.partition("-")[2]: rule for rule in facts.RULES}
    known |= {rule.name: rule.id for rule in facts.RULES.values()}
    wanted = [name.strip() for text in names for name in text.split(",")]
    return tuple(dict.fromkeys(_known(name, known, "the id or name of a rule") for name in wanted))


def known_profile(name: str) -> str:
    """The profile of that name; raises `RequestError` when there is none."""
    from ..layout import facts

    *most, last = facts.PROFILES
    there_are = f"; there are {', '.join(most)} and {last}"
    return _known(name, {profile: profile for profile in facts.PROFILES}, "a profile", otherwise=there_are)


def _known(name: str, known: Mapping[str, str], what: str, *, otherwise: str = "") -> str:
    """The value of a key in any case; an error says which keys are close, or `otherwise`."""
    from ..errors import RequestError

    folded = {spelt.casefold(): spelt for spelt in known}
    if name.casefold() in folded:
        return known[folded[name.casefold()]]
    from difflib import get_close_matches

    found = [folded[match] for match in get_close_matches(name.casefold(), folded, n=3)]
    # What is short for another key is shown as that one.
    close = dict.fromkeys(known[spelt] if known[spelt].endswith(spelt) else spelt for spelt in found)
    hint = f"; did you mean {' or '.join(close)}?" if close else otherwise
    raise RequestError(f"expected {what}, found {name!a}{hint}")
