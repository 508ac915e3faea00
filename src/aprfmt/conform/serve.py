"""`python -m aprfmt.conform.serve package.module:function`: a Python callable as a harness that answers line by line.

The callable takes a request of `spec/protocol/request.schema.json` as a dict, and returns True to accept, False to
reject, or the answer as a dict; its `id` may be missing. An exception is no verdict: it ends the process with a
traceback on standard error, and counts as a crash. What the module of the callable has of `implementation`, `can`,
`skips` and `rules` becomes the answer to `start`.

Rule of this file: the callable never sees the streams of the protocol. What it prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from .plugs.answers import PROTOCOL

__all__ = ["Handler", "main", "resolve", "serve", "started"]

Handler = Callable[[dict[str, Any]], Any]
_OK, _USAGE, _CRASH = 0, 2, 70


def serve(handler: Handler, greeting: Mapping[str, Any], asked: BinaryIO, said: BinaryIO) -> int:
    """Answer the requests until `stop` or the end; the exit code is 0, or 70 when the callable raised."""
    for line in asked:
        request = json.loads(line)
        if request["cmd"] == "stop":
            break
        try:
            text = json.dumps(greeting if request["cmd"] == "start" else _answer(handler, request))
        except KeyboardInterrupt:
            raise
        except BaseException:  # SystemExit too: no callable ends this process with a code that means something else
            traceback.print_exc()
            return _CRASH
        said.write(text.encode("ascii") + b"\n")
        said.flush()
    return _OK


def _answer(handler: Handler, request: dict[str, Any]) -> dict[str, Any]:
    found = handler(request)
    if isinstance(found, bool):
        found = {"verdict": "accept" if found else "reject"}
    if not isinstance(found, Mapping):
        raise TypeError(f"expected a bool or a dict as the answer, found {type(found).__name__}")
    return {"id": request["id"], **found}


def resolve(target: str) -> Handler:
    """The callable that `package.module:function` names; the working directory is searched too.

    Raises `ImportError`, `AttributeError` and `TypeError` when there is none, and what its module raises.
    """
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    home, _, name = target.partition(":")
    handler: Any = reduce(getattr, name.split("."), import_module(home))
    if not callable(handler):
        raise TypeError(f"{target}: expected a callable, found {type(handler).__name__}")
    found: Handler = handler
    return found


def started(target: str) -> dict[str, Any]:
    """The answer to `start`, of what the module of the callable says about itself."""
    home = import_module(target.partition(":")[0])
    who = getattr(home, "implementation", None) or {"name": target, "language": "Python"}
    greeting: dict[str, Any] = {
        "protocol": PROTOCOL,
        "implementation": {"name": who} if isinstance(who, str) else dict(who),
    }
    for key in ("can", "skips"):
        if hasattr(home, key):
            greeting[key] = list(getattr(home, key))
    if hasattr(home, "rules"):
        greeting["rules"] = dict(home.rules)
    return greeting


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the callable that the arguments name; exit code 2 when there is none."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m aprfmt.conform.serve package.module:function\n")
        return _USAGE
    asked, said = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        handler = resolve(arguments[0])
        greeting = started(arguments[0])
    except Exception:
        traceback.print_exc()
        return _USAGE
    return serve(handler, greeting, asked, said)


if __name__ == "__main__":
    raise SystemExit(main())
