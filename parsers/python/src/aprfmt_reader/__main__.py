"""`apr-tensors FILE`, or `python -m aprfmt_reader FILE`: one line a tensor, with name, dtype, shape and bytes."""

from __future__ import annotations

import argparse
import io
import signal
import sys
from collections.abc import Sequence

import aprfmt_reader

from ._errors import printable

__all__ = ["entry_point", "main"]

_OK, _UNREADABLE, _INVALID = 0, 3, 4


def main(argv: Sequence[str] | None = None) -> int:
    """List the tensors of a file; returns 0, 3 for a file that cannot be read, 4 for one that is not a valid APR file.

    Usage errors raise `SystemExit` with 2.
    """
    parser = argparse.ArgumentParser(
        prog="apr-tensors",
        description="List the tensors of an APR v2 file, one a line: name, dtype, shape and bytes between tabs.",
        epilog="Exit codes: 0 done, 2 wrong usage, 3 the file cannot be read, 4 it is not a valid APR file.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--verify", action="store_true", help="check the metadata and every byte of the file first")
    parser.add_argument("--version", action="version", version=aprfmt_reader.__version__)
    options = parser.parse_args(argv)
    if sys.stdout is None:  # as Python has it when whoever started it closed the stream
        return _fail("there is no standard output", _UNREADABLE)
    try:
        with aprfmt_reader.open(options.file) as model:
            if options.verify:
                model.verify()
            sys.stdout.writelines(_line(tensor) for tensor in model.tensors)
        sys.stdout.flush()
    except aprfmt_reader.FormatError as error:
        return _fail(f"{options.file}: {error}", _INVALID)
    except OSError as error:
        return _fail(str(error), _UNREADABLE)
    except MemoryError:
        return _fail(f"{options.file}: there is not enough memory", _UNREADABLE)
    return _OK


def _line(tensor: aprfmt_reader.Tensor) -> str:
    shape = ", ".join(map(str, tensor.shape))
    return f"{printable(tensor.name)}\t{tensor.dtype}\t[{shape}]\t{tensor.nbytes}\n"


def _fail(message: str, code: int) -> int:
    if sys.stderr is not None:
        sys.stderr.write(f"apr-tensors: {printable(message)}\n")
    return code


def entry_point() -> None:
    """The console script."""
    # Whoever stops reading or listening ends it, as any other tool: quietly.
    for name in ("SIGPIPE", "SIGINT"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name is printed whatever the terminal can show
            stream.reconfigure(errors="backslashreplace")
    raise SystemExit(main())


if __name__ == "__main__":
    entry_point()
