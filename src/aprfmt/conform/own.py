"""The reader, the stamp and the writer of this package as a harness: what every plug is shown to work with.

`python -m aprfmt.conform.own` answers line by line; with a FILE, it prints the one JSON object about it; `answer` is
the callable.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from platform import python_version
from typing import Any

from .. import __version__
from ..errors import AprError
from ..files import FileSource, OpenContainer, create_file, stamp_file, validate_file
from ..files import open as open_container
from ..provenance import ProvenancePatch
from ..rules import Report
from ..vectors.check import new_container
from ..vectors.image import DENSE_NBYTES
from ..vectors.readings import reading_if_whole
from . import serve

__all__ = ["answer", "can", "implementation", "main"]

implementation = {"name": "aprfmt", "version": __version__, "language": f"Python {python_version()}"}
can = ("read", "stamp", "write")


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """What this package makes of one request of the protocol; the code of a refusal is the id of the rule."""
    if request["op"] == "read":
        return _read(request)
    try:
        if request["op"] == "stamp":
            stamp_file(request["file"], request["output"], ProvenancePatch(**request["patch"]))
        else:
            tensors, metadata, flags = new_container(request["tree"], "tree")
            create_file(request["output"], tensors, metadata, flags=flags)
    except AprError as error:
        return {"verdict": "reject", "code": getattr(error, "rule_id", None) or "", "message": str(error)}
    return {"verdict": "accept"}


def _read(request: Mapping[str, Any]) -> dict[str, Any]:
    with open_container(request["file"], lenient=True) as container:
        errors = _judged(container, request).errors
        if errors:
            return {"verdict": "reject", "code": errors[0].rule, "message": str(errors[0].error())}
        values = reading_if_whole(container, crc32=request["crc32"])
        return {"verdict": "accept"} if values is None else {"verdict": "accept", "values": values}


def _judged(container: OpenContainer, request: Mapping[str, Any]) -> Report:
    source = container.source
    if request["crc32"] or not isinstance(source, FileSource) or not hasattr(os, "posix_fadvise"):
        return container.validate(profile=request["profile"])

    def forget(done: int, _total: int) -> None:
        os.posix_fadvise(source.fileno(), 0, done, os.POSIX_FADV_DONTNEED)

    # The system keeps what it reads, holes too: gigabytes of them would take its memory and, where that is not at hand,
    # ten times as long.
    return validate_file(request["file"], profile=request["profile"], progress=forget)


def _request(options: argparse.Namespace) -> dict[str, Any]:
    request = {"op": "read", "file": options.file, "profile": options.profile}
    if options.file is not None:
        request["crc32"] = Path(options.file).stat().st_size <= DENSE_NBYTES  # what the runner asks for
    for op, key in (("stamp", "patch"), ("write", "tree")):
        given = getattr(options, op)
        if given is not None:
            request |= {"op": op, "output": options.output, key: json.loads(Path(given).read_bytes())}
    return request


def main(argv: Sequence[str] | None = None) -> int:
    """Answer about one file, or line by line; exit code 0 for accept, 1 for reject."""
    parser = argparse.ArgumentParser(prog="python -m aprfmt.conform.own", description=__doc__)
    parser.add_argument("file", nargs="?", help="the file to read or to stamp")
    parser.add_argument("--profile", default="default", help="what the file is judged for")
    parser.add_argument("--stamp", metavar="PATCH", help="stamp the file with the JSON object of this file")
    parser.add_argument("--write", metavar="TREE", help="write the container that the JSON of this file describes")
    parser.add_argument("--output", metavar="PATH", help="the file that is made")
    options = parser.parse_args(argv)
    if options.write is None and options.file is None:
        return serve.main([f"{__package__}.own:answer"])
    try:
        found = answer(_request(options))
    except (OSError, ValueError) as error:  # a ValueError: JSON that is none, or a request that makes no sense
        parser.error(str(error))
    sys.stdout.write(json.dumps(found) + "\n")
    return int(found["verdict"] == "reject")


if __name__ == "__main__":
    raise SystemExit(main())
