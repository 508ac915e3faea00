"""The command line: `aprfmt VERB FILE…`. Everything here is a thin skin over the façade.

Exit codes: 0 done · 1 findings · 2 the request is wrong · 3 a file cannot be read or written · 4 not an APR v2 file, or
too broken for what was asked · 130 and 143 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from ..errors import AprError, RequestError

__all__ = ["entry_point", "main"]

EXIT_REQUEST = 2
EXIT_FILE = 3
EXIT_FORMAT = 4
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class _TerminatedError(BaseException):
    """SIGTERM or SIGHUP, as an exception, so that what is being written is cleaned up."""


@contextmanager
def _signals_raise() -> Iterator[None]:
    def raise_terminated(_number: int, _frame: FrameType | None) -> None:
        raise _TerminatedError

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    try:
        previous = {number: signal.signal(number, raise_terminated) for number in numbers}
    except ValueError:  # not the main thread: whoever runs us there owns the signals
        previous = {}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code and raises nothing."""
    import click

    from . import render
    from .group import cli

    args = list(sys.argv[1:] if argv is None else argv)
    render.prepare_streams()
    as_json = "--json" in (args[: args.index("--")] if "--" in args else args)
    try:
        with _signals_raise():
            code = cli.main(args=args, prog_name="aprfmt", standalone_mode=False)
            sys.stdout.flush()
            return int(code or 0)
    except click.ClickException as error:
        usage = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx is not None else None
        return render.fail(error.format_message(), "usage", EXIT_REQUEST, as_json=as_json, usage=usage)
    except RequestError as error:
        return render.fail(str(error), "request", EXIT_REQUEST, as_json=as_json)
    except AprError as error:
        return render.fail(str(error), "format", EXIT_FORMAT, as_json=as_json, error=error)
    except BrokenPipeError:
        # The reader went away, which is its right; the interpreter must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return render.fail(render.os_error_text(error), "file", EXIT_FILE, as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        return render.fail("interrupted", "interrupted", EXIT_INTERRUPTED, as_json=as_json)
    except _TerminatedError:
        return render.fail("terminated", "interrupted", EXIT_TERMINATED, as_json=as_json)


def entry_point() -> None:
    """The console script."""
    raise SystemExit(main())
