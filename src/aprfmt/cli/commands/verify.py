"""`aprfmt verify`: whether a file is the one that a receipt speaks of, and which part is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ..options import about, file_argument, output_options, progress

if TYPE_CHECKING:
    from ...ops.receipt import Checked, Receipt, Verification

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "file": "the path as given, `-` for standard input",
    "receipt": "the path of the receipt as given",
    "shape": "`aprfmt`, `in-toto` or `evidence`",
    "holds": "whether everything that the receipt says of the file is so; the exit code says the same",
    "is_before": "whether the file is, to the last byte, the one from before the stamp",
    "counts": "how many parts are `ok`, how many `differ`, and how many were `not_checked`",
    "checked[].part": (
        "a section of the container, `size`, `file` (all bytes), `flags`, `metadata.KEY`, `tensor`, `tensors` (how "
        "many there are, for a receipt that does not list them), `payload`, or `filler` (the bytes between tensors)"
    ),
    "checked[].tensor": "name of the tensor that it is about, otherwise null",
    "checked[].holds": "whether the part is as the receipt says; null when it was not checked",
    "checked[].expected, checked[].found": "what the receipt says and what the file has; null when not checked",
    "checked[].start, checked[].end": "where the part lies in the file, in bytes; null when it is not there",
    "checked[].reason": "why it was not checked, or what else there is to know; otherwise null",
}

_SHOWN = 20
_WIDEST = 40


@click.command(short_help="Hold a file against the receipt of its stamp.", add_help_option=False)
@file_argument
@click.option(
    "--receipt",
    "receipt_path",
    required=True,
    type=click.Path(readable=False, allow_dash=True),
    metavar="PATH",
    help="What `aprfmt stamp --receipt` wrote, in any of its shapes.",
)
@output_options
def command(file: str, receipt_path: str, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Hold FILE against a receipt, part by part: size, digest, header, flags, metadata, every tensor, filler, footer.

    Every byte is read once. What the receipt does not say is not checked, and is listed as such. Exit code 0 when all
    that it says is so, 1 when something differs, 2 for what is no receipt, 4 when FILE is no APR v2 file. A damaged or
    truncated file is held against the receipt as far as it goes. FILE or the receipt may be - for standard input.
    """
    from ...ops.proof import digest_file
    from ...ops.receipt import verify
    from .. import render
    from ..exits import FINDINGS, OK
    from ..inputs import standard_input

    if file == receipt_path == "-":
        raise click.UsageError("Only one of the two can be standard input.", click.get_current_context())
    receipt = _read(receipt_path)
    from ... import files
    from ...container import refuse_other_formats

    with (
        about(file),
        files.open(standard_input() if file == "-" else file, lenient=True) as container,
        progress("verifying", file, quiet=quiet) as update,
    ):
        refuse_other_formats(container.first_bytes)
        found = verify(digest_file(container, places=receipt.after.places, progress=update), receipt)
        container.check_unchanged()
    if as_json:
        render.json_object(_json(file, receipt_path, receipt, found))
    elif not quiet:
        _text(found, verbose=verbose)
        _summary(file, found)
    return OK if found.holds else FINDINGS


def _read(path: str) -> Receipt:
    """The receipt at a path; the errors name it."""
    from ...errors import RequestError
    from ...ops.receipt import MOST_BYTES, read_receipt
    from ..inputs import standard_input

    try:
        if path == "-":
            return read_receipt(standard_input().read(MOST_BYTES + 1))
        from pathlib import Path

        with about(path), Path(path).open("rb") as stream:
            return read_receipt(stream.read(MOST_BYTES + 1))
    except RequestError as error:
        raise RequestError(f"{path}: {error}") from error


def _json(file: str, path: str, receipt: Receipt, found: Verification) -> dict[str, Any]:
    return {
        "file": file,
        "receipt": path,
        "shape": receipt.shape,
        "holds": found.holds,
        "is_before": found.is_before,
        "counts": dict(found.counts),
        "checked": [
            {
                "part": item.part,
                "tensor": item.tensor,
                "holds": item.holds,
                "expected": item.expected,
                "found": item.found,
                "start": None if item.span is None else item.span[0],
                "end": None if item.span is None else item.span[1],
                "reason": item.reason,
            }
            for item in found.checked
        ],
    }


def _text(found: Verification, *, verbose: bool) -> None:
    """A line for each part, tensors in one line unless they differ; what was expected below what differs."""
    from .. import render

    width = max(len(render.escape(item.part)) for item in found.checked)
    width = min(width, _WIDEST)
    tensors = [item for item in found.checked if item.part == "tensor"]
    for item in found.checked:
        if item.part != "tensor":
            _line(item, width)
        elif item is tensors[0]:
            _tensors(tensors, width, verbose=verbose)
    if found.is_before:
        render.line("this is the file from before the stamp, to the last byte")


def _tensors(tensors: Sequence[Checked], width: int, *, verbose: bool) -> None:
    from .. import render

    if tensors[0].holds is None or verbose:
        for item in tensors:
            _line(item, width)
        return
    wrong = [item for item in tensors if not item.holds]
    word = "DIFFERS" if wrong else "ok"
    render.line(f"{'tensors':<{width}}  {word:<11}  {len(tensors) - len(wrong)} of {len(tensors)} as in the receipt")
    for item in wrong[:_SHOWN]:
        _line(item, width)
    if len(wrong) > _SHOWN:
        render.line(f"  … and {len(wrong) - _SHOWN} more (-v lists all)")


def _line(item: Checked, width: int) -> None:
    from .. import render

    word = {True: "ok", False: "DIFFERS", None: "not checked"}[item.holds]
    name = item.part if item.tensor is None else f"tensor {render.short(item.tensor)}"
    place = "" if item.span is None or item.holds is None else f"@{item.span[0]:#x}..{item.span[1]:#x}"
    told = "  ".join(text for text in (place, item.reason) if text)
    render.line(f"{render.escape(name):<{width}}  {word:<11}  {told}".rstrip())
    if item.holds is False:
        render.line(f"  expected {render.short(item.expected)}")
        render.line(f"  found    {render.short(item.found)}")


def _summary(file: str, found: Verification) -> None:
    """What it comes to, and whether at least the weights are those of the receipt."""
    from .. import render

    number = found.counts
    told = f"{number['ok']} ok, {number['differ']} differ, {number['not_checked']} not checked"
    if found.holds:
        render.line(f"{render.escape(file)}: as the receipt says ({told})")
        return
    payload = next(item for item in found.checked if item.part == "payload")
    weights = "; the weights are those of the receipt" if payload.holds else ""
    render.line(f"{render.escape(file)}: NOT as the receipt says ({told}){weights}")
