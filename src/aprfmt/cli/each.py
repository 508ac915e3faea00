"""One file after the other: what a command makes of each, and of those that it cannot read, until a signal ends it.

Rules of this file:
1. A file that cannot be read does not stop the others: it becomes a result like any other.
2. A signal raises while a file is looked for or worked at, and nowhere else: no report is left half written. It becomes
   the result of the file that it keeps from being done, which is the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from . import render, signals
from .exits import INTERNAL, Failure
from .inputs import Inputs

__all__ = ["each", "failure_of"]

R = TypeVar("R")


def each(
    files: Inputs,
    work: Callable[[str], R],
    failed: Callable[[str, Failure], R],
    *,
    exit_code: Callable[[Failure], int],
    verbose: bool,
) -> Iterator[R]:
    """The result of every file: of `work` with its name or, when that raises or the file is not there, of `failed`.

    `exit_code` says what a failure counts as; a fault of aprfmt itself always counts as one, and with `verbose` is
    shown where it is. `signals.wait` is to be called before the first result is asked for.
    """
    while (name := files.argument) is not None:
        try:
            with signals.may_raise():
                if (item := next(files, None)) is None:
                    return
                name = item.name
                try:
                    if item.error is not None:
                        raise item.error
                    result = work(name)
                except Exception as error:
                    signals.insist()
                    failure = failure_of(error, name)
                    if failure.exit_code == INTERNAL:
                        if verbose:
                            render.traceback(error)
                    else:
                        failure = replace(failure, exit_code=exit_code(failure))
                    result = failed(name, failure)
        except signals.SignalledError as error:
            yield failed(name, Failure.of_signal(error, name))
            return
        yield result


def failure_of(error: Exception, file: str) -> Failure:
    """The failure that an exception about one of several files stands for, which its message names in any case."""
    failure = Failure.of(error, file)
    named = failure.kind == "file" or file in failure.message
    message = failure.message if named else f"{file}: {failure.message}"
    return replace(failure, message=message, file=failure.file or file)
