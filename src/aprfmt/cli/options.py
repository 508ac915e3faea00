"""Options and behaviour that every command has, declared once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..files import OpenContainer

__all__ = ["about", "file_argument", "help_option", "open_container", "output_options", "progress"]

_F = TypeVar("_F", bound=Callable[..., Any])

# The bar appears for files that take longer than a glance.
_PROGRESS_MIN_BYTES = 32 * 1024 * 1024


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
    for decorate in (
        help_option,
        click.option("-v", "--verbose", is_flag=True, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors (and the JSON, with --json)."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object, on errors too."),
    ):
        function = decorate(function)
    return function


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
def open_container(file: str) -> Iterator[OpenContainer]:
    """The container at a path, or from standard input for `-`."""
    import errno
    import os
    import sys

    from .. import files

    with about(file):
        if file == "-" and sys.stdin is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard input")
        with files.open(sys.stdin.buffer if file == "-" else file) as container:
            yield container


@contextmanager
def progress(label: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress callback `(done, total)` in bytes that draws on stderr, None when stderr is no terminal."""
    from . import render

    if quiet or not render.is_terminal():
        yield None
        return
    drawn = ""

    def update(done: int, total: int) -> None:
        nonlocal drawn
        text = f"{label} {done * 100 // total} % of {render.size(total)}"
        if total >= _PROGRESS_MIN_BYTES and text != drawn:
            render.redraw(text, over=drawn)
            drawn = text

    try:
        yield update
    finally:
        if drawn:
            render.redraw("", over=drawn)
