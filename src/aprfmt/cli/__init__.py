"""The command line: `aprfmt VERB FILE…`. Everything here is a thin skin over the façade.

Exit codes: 0 done · 1 findings · 2 the request is wrong · 3 a file cannot be read or written · 4 not an APR v2 file, or
too broken for what was asked · 128 + N ended by signal N (130 and 143) · 70 a fault of aprfmt.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["entry_point", "main"]


def main(argv: Sequence[str] | None = None, *, restore_signals: bool = True) -> int:
    """Run one command; returns its exit code and raises nothing.

    Without `restore_signals` a second signal is ignored until the process ends, which is then the next thing to do.
    """
    from . import signals

    args = list(sys.argv[1:] if argv is None else argv)
    options = args[: args.index("--")] if "--" in args else args
    as_json = not {"--json", "--format=json"}.isdisjoint(options) or ("--format", "json") in pairwise(options)
    with signals.raising(restore=restore_signals):
        try:
            code = _run(args, as_json=as_json)
            signals.wait()  # what was asked for is done: a signal changes nothing any more
            return code
        except signals.SignalledError as error:
            from . import render
            from .exits import Failure

            return render.fail(Failure.of_signal(error), as_json=as_json)


def _run(args: list[str], *, as_json: bool) -> int:
    import click

    from . import render, signals
    from .exits import REQUEST, Failure
    from .group import cli

    render.prepare_streams()
    try:
        code = int(cli.main(args=args, prog_name="aprfmt", standalone_mode=False, obj=("aprfmt", *args)) or 0)
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
        signals.insist()
        # Whatever it is: an exit code of 1 would read as findings, and a traceback helps no user.
        failure = Failure.of(error)
        code = render.fail(failure, as_json=as_json)
        if failure.kind == "internal" and {"-v", "--verbose"}.intersection(args):
            render.traceback(error)
        return code


def entry_point() -> None:
    """The console script."""
    import gc
    import signal

    # What imports make stays until the end: looking for garbage among it is a tenth of the time of a short command.
    gc.set_threshold(100_000)
    # Until `main` has a handler there is nothing to clean up, and where an import was interrupted helps no user. What
    # is ignored stays ignored. `signals` is imported late for this: it takes longer than all that comes before it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = main(restore_signals=False)
    gc.freeze()  # the process ends: nothing is left that has to be looked at for that
    raise SystemExit(code)
