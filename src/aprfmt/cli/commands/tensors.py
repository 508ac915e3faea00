"""`aprfmt tensors`: the tensor index as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..options import file_argument, output_options

if TYPE_CHECKING:
    from ...tensors import Tensor

__all__ = ["command"]


@click.command(short_help="List the tensors with dtype, shape and size.")
@file_argument
@click.option("--filter", "pattern", metavar="PATTERN", help="Names with this substring; a glob when it has * or ?.")
@click.option("--limit", type=click.IntRange(min=0), default=0, metavar="N", help="List at most N; 0 lists all.")
@output_options
def command(file: str, pattern: str | None, limit: int, as_json: bool, quiet: bool, verbose: bool) -> int:
    """List the tensors of FILE in the order of the index; totals count all that match, listed or not.

    Exit code 4 when the head has a fault that every careful reader must raise; the list is shown all the same.
    """
    from ... import files
    from ...rules import run
    from .. import EXIT_FORMAT, render

    with files.open(file) as container:
        report = run(container)
        matching = [tensor for tensor in container.tensors if _matches(tensor.name, pattern)]
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
                value["error"] = render.first_error_json(report.errors, EXIT_FORMAT)
            render.json_object(value)
        elif not quiet:
            _text(listed, verbose=verbose)
            hidden = f", {len(matching) - len(listed)} not listed" if len(listed) < len(matching) else ""
            render.line(f"{len(matching)} tensors, {total} bytes ({render.size(total)}){hidden}")
    if not as_json:
        render.findings(report.findings, verbose=verbose)
    return EXIT_FORMAT if report.errors else 0


def _matches(name: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    if "*" in pattern or "?" in pattern:
        from fnmatch import fnmatchcase

        return fnmatchcase(name, pattern)
    return pattern in name


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
    head = ["NAME", "DTYPE", "SHAPE", "BYTES", *(["DATA OFFSET", "IN FILE"] if verbose else [])]
    rows = [head]
    for tensor in tensors:
        start, stop = tensor.file_span
        row = [
            tensor.name,
            tensor.dtype_name,
            "x".join(map(str, tensor.shape)) or "scalar",
            str(tensor.nbytes),
        ]
        rows.append([*row, *([str(tensor.data_offset), f"{start:#x}..{stop:#x}"] if verbose else [])])
    render.table(rows, right=(3, 4))
