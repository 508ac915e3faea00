"""`aprfmt tensors`: the tensor index as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..options import file_argument, open_container, output_options

if TYPE_CHECKING:
    from ...tensors import Tensor

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "file": "the path as given, `-` for standard input",
    "format_version": "`v` and the major version",
    "valid": "whether the head has no fault that every careful reader must raise",
    "tensor_count": "number of tensors that match, listed or not",
    "total_size_bytes": "sum of their sizes",
    "tensors[].name": "the name; bytes that are not UTF-8 as `\\xNN`",
    "tensors[].shape": "number of elements along each dimension, the slowest first",
    "tensors[].dtype": "the element type in lower case; `unknown(ID)` for an id that the format does not have",
    "tensors[].size_bytes": "size of the data",
    "tensors[].data_offset": "start of the data, from the start of the data section",
    "tensors[].file_span": "`[start, end]` of the data, from the start of the file",
    "tensors[].name_hex": "the bytes of the name in hexadecimal; only there when they are not UTF-8",
    "error": "the first fault, as under [Errors](#errors); only there with exit code 4",
}


@click.command(short_help="List the tensors with dtype, shape and size.", add_help_option=False)
@file_argument
@click.option(
    "--filter",
    "pattern",
    metavar="PATTERN",
    help="Names with this substring, or that match it whole when it has * or ?. Case counts.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="List at most N; 0 lists all.",
)
@output_options
def command(file: str, pattern: str | None, limit: int, as_json: bool, quiet: bool, verbose: bool) -> int:
    """List the tensors of FILE in the order of the index; totals count all that match, listed or not.

    FILE may be - for standard input. Exit code 4 when the head has a fault that every careful reader must raise; the
    list is shown all the same.
    """
    from ...ops.inspect import SAID_ANYWAY
    from ...rules import run
    from ...tensors import name_matcher
    from .. import render
    from ..exits import FORMAT, OK

    with open_container(file) as container:
        report = run(container, ignore=SAID_ANYWAY)
        matches = name_matcher("" if pattern is None else pattern)  # every name holds the empty text
        matching = [tensor for tensor in container.tensors if matches(tensor.name)]
        container.check_unchanged()
    listed = matching[:limit] if limit else matching
    total = sum(tensor.nbytes for tensor in matching)
    if as_json:
        value: dict[str, Any] = {
            "file": file,
            "format_version": f"v{container.header.version_major}",
            "valid": not report.errors,
            "tensor_count": len(matching),
            "total_size_bytes": total,
            "tensors": [_json(tensor) for tensor in listed],
        }
        if report.errors:
            value["error"] = render.error_json(report.errors, file)
        render.json_object(value)
    else:
        if not quiet:
            _text(listed, verbose=verbose)
            hidden = f"; {len(matching) - len(listed)} not listed" if len(listed) < len(matching) else ""
            render.line(f"{render.count(len(matching), 'tensor')}, {render.exact_size(total)}{hidden}")
        render.findings(report.findings, report.not_kept, file=file, verbose=verbose, quiet=quiet)
    return FORMAT if report.errors else OK


def _json(tensor: Tensor) -> dict[str, Any]:
    from .. import render

    value: dict[str, Any] = {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype_name,
        "size_bytes": tensor.nbytes,
        "data_offset": tensor.data_offset,
        "file_span": list(tensor.file_span),
    }
    if any("\udc80" <= character <= "\udcff" for character in tensor.name):
        value["name"] = render.escape(tensor.name)
        value["name_hex"] = tensor.name_bytes.hex()
    return value


def _text(tensors: list[Tensor], *, verbose: bool) -> None:
    from .. import render

    if not tensors:
        return
    rows = [["DTYPE", "SHAPE", "BYTES", *(["DATA OFFSET", "IN FILE"] if verbose else []), "NAME"]]
    for tensor in tensors:
        start, stop = tensor.file_span
        shape = "x".join(map(str, tensor.shape)) or "scalar"
        places = [str(tensor.data_offset), f"{start:#x}..{stop:#x}"] if verbose else []
        rows.append([tensor.dtype_name, shape, str(tensor.nbytes), *places, tensor.name])
    render.table(rows, right=(2, 3))
