"""Options that every command has, declared once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

__all__ = ["file_argument", "output_options", "progress"]

_F = TypeVar("_F", bound=Callable[..., Any])


def output_options(function: _F) -> _F:
    """`--json`, `-q/--quiet` and `-v/--verbose`, passed as `as_json`, `quiet` and `verbose`."""
    for decorate in (
        click.option("-v", "--verbose", is_flag=True, help="Say more."),
        click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors (and the JSON, with --json)."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object, on errors too."),
    ):
        function = decorate(function)
    return function


def file_argument(function: _F) -> _F:
    """The container to read, `-` for standard input, passed as `file`."""
    return click.argument("file", type=click.Path(allow_dash=True), metavar="FILE")(function)


@contextmanager
def progress(label: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress callback `(done, total)` in bytes that draws on stderr, None when stderr is no terminal."""
    import sys

    if quiet or not sys.stderr.isatty():
        yield None
        return
    bar: Any = None
    drawn = 0

    def update(done: int, total: int) -> None:
        nonlocal bar, drawn
        if bar is None:
            bar = click.progressbar(length=total, label=label, file=sys.stderr, update_min_steps=max(total // 200, 1))
            bar.__enter__()
        bar.update(done - drawn)
        drawn = done

    try:
        yield update
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)
