"""The command line: `aprfmt VERB FILE…`. Everything here is a thin skin over the façade.

Exit codes: 0 done · 1 findings · 2 the request is wrong · 3 a file cannot be read or written · 4 not an APR v2 file, or
too broken for what was asked · 128 + N ended by signal N (130 and 143) · 70 a fault of aprfmt.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from types import FrameType

__all__ = ["entry_point", "main"]


class _SignalledError(BaseException):
    """A signal that asks for the end, as an exception, so that what is being written is cleaned up."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def _signals_raise(*, restore: bool) -> Iterator[None]:
    def end(number: int, _frame: FrameType | None) -> None:
        # One is enough: a second Ctrl-C must not interrupt the cleaning up. A handler that does nothing rather than
        # SIG_IGN, because Python complains about a signal that is already on its way when it becomes ignored.
        for other in previous:
            signal.signal(other, lambda _number, _frame: None)
        raise _SignalledError(number)

    previous = {}
    try:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            # What whoever started us has set to be ignored stays so: that is what `nohup` does.
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                previous[number] = signal.signal(number, end)
    except ValueError:  # not the main thread: whoever runs us there owns the signals
        previous = {}
    try:
        yield
    finally:
        for number, handler in previous.items() if restore else ():
            signal.signal(number, handler)


def main(argv: Sequence[str] | None = None, *, restore_signals: bool = True) -> int:
    """Run one command; returns its exit code and raises nothing.

    Without `restore_signals` a second signal is ignored until the process ends, which is then the next thing to do.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    options = args[: args.index("--")] if "--" in args else args
    as_json = not {"--json", "--format=json"}.isdisjoint(options) or ("--format", "json") in pairwise(options)
    with _signals_raise(restore=restore_signals):
        try:
            return _run(args, as_json=as_json)
        except _SignalledError as error:
            from . import render
            from .exits import Failure

            name = signal.Signals(error.number).name
            text = "interrupted" if name == "SIGINT" else f"ended by {name}"
            return render.fail(Failure("interrupted", text, 128 + error.number), as_json=as_json)


def _run(args: list[str], *, as_json: bool) -> int:
    import click

    from . import render
    from .exits import REQUEST, Failure
    from .group import cli

    render.prepare_streams()
    try:
        code = int(cli.main(args=args, prog_name="aprfmt", standalone_mode=False) or 0)
        render.flush()
        return code
    except click.exceptions.NoArgsIsHelpError as error:
        if not as_json and error.ctx is not None:
            render.talk(error.ctx.get_help())
            return REQUEST
        return render.fail(Failure("usage", "Missing command.", REQUEST), as_json=as_json)
    except click.ClickException as error:
        failure = Failure("usage", error.format_message(), REQUEST)
        context = getattr(error, "ctx", None)
        if context is not None and not as_json:
            render.talk(f"{context.get_usage()}\nTry '{context.command_path} -h' for help.")
        return render.fail(failure, as_json=as_json)
    except Exception as error:
        # Whatever it is: an exit code of 1 would read as findings, and a traceback helps no user.
        failure = Failure.of(error)
        code = render.fail(failure, as_json=as_json)
        if failure.kind == "internal" and {"-v", "--verbose"}.intersection(args):
            render.traceback(error)
        return code


def entry_point() -> None:
    """The console script."""
    raise SystemExit(main(restore_signals=False))
