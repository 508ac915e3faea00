"""`aprfmt dump`: every byte of a file with the field it belongs to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from ..options import file_argument, open_container, output_options

if TYPE_CHECKING:
    from ...ops.dump import Dump, Part
    from ...spans import FieldSpan

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "file": "the path as given, `-` for standard input",
    "valid": "whether no fault was found in the head that every careful reader must raise; the data is not judged",
    "size_bytes": "size of the file",
    "findings": (
        "all faults, warnings and infos: `rule`, `severity`, `field`, `start`, `end`, `message`, `expected`, `found`, "
        "`tensor`"
    ),
    "not_kept": "how many more findings of a rule there are, when there are very many",
    "fields[].path": (
        "path of the field in the specification; `gap` for bytes that nothing explains. All tensors have the path "
        "`tensor_data`"
    ),
    "fields[].kind": (
        "`group` (its bytes are those of the fields that follow), `field`, `bits` (some bits of the field before), "
        "`syntax` (between the members of the metadata), `filler` (between tensors) or `gap`"
    ),
    "fields[].start, fields[].end": "span in bytes from the start of the file, end exclusive",
    "fields[].declared": "`[start, end]` that the file declares when it is another one, otherwise null",
    "fields[].value": (
        "the value: bytes and checksums in hexadecimal, names as text, the dtype by its name; null for what is not all "
        "there and for bytes without a meaning of their own"
    ),
    "fields[].tensor": "name of the tensor whose entry or data it is",
    "fields[].rules": "ids of the rules that fail there",
    "fields[].hex": "the bytes, as many as are shown; null in a tree and for what has no bytes of its own",
    "fields[].left_out": "how many bytes of the field are not in `hex`",
    "fields[].numbers": (
        "the elements in `hex`, with `--tensor` and for a dtype that stores each on its own; otherwise null. A number "
        "that is not finite is a string"
    ),
    "error": "the first fault, as under [Errors](#errors); only there with exit code 4",
}

_AT_ONCE = 100
"""How many fields are handed over at a time."""


@click.command(short_help="Show every byte with the field it belongs to.", add_help_option=False)
@file_argument
@click.option("--tree", is_flag=True, help="Fields with their spans and values, no bytes.")
@click.option(
    "--field",
    metavar="PATH",
    help="This field and what is in it: header.flags, metadata.license, tensor_index.entries[3], footer; gap for bytes "
    "that nothing explains.",
)
@click.option(
    "--tensor",
    metavar="NAME",
    help="The entry and the data of this tensor, with its elements as numbers. NAME may also be as it is printed, with "
    "escapes.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help="Show at most N bytes of a field; 0 shows all. Four lines unless given, all with -v.",
)
@click.option(
    "--diffable",
    is_flag=True,
    help="No offsets and no spans, so that diff of two dumps shows what differs; what is cut short has a SHA-256.",
)
@output_options
def command(
    file: str,
    tree: bool,
    field: str | None,
    tensor: str | None,
    limit: int | None,
    diffable: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Show FILE byte by byte: offset, hex, text, and beside them the field, its value, its span, and what is wrong.

    Any file can be shown, as far as it goes: what cannot be located is left out, and bytes that nothing explains are a
    gap. Long fields are cut short; brackets and commas of the metadata stand behind the member that they follow. FILE
    may be - for standard input.

    Exit code 4 when a fault was found that every careful reader must raise; everything is shown all the same. Only the
    head is judged, as by `inspect`; `validate` reads every byte.
    """
    from ...ops.dump import SHOWN_BYTES, Dump
    from .. import render
    from ..exits import FORMAT, OK

    context = click.get_current_context()
    if field is not None and tensor is not None:
        raise click.UsageError("--field and --tensor exclude each other.", context)
    if as_json and diffable:
        raise click.UsageError("--json and --diffable exclude each other.", context)
    most = (None if verbose else SHOWN_BYTES) if limit is None else limit or None
    is_part = field is not None or tensor is not None
    with open_container(file, lenient=True) as container:
        dump = Dump(container, field=field or "", tensor=tensor, limit=most)
        if as_json:
            render.pieces(_json(dump, file, tree=tree))
        elif not quiet:
            from ..hexdump import pieces

            render.pieces(pieces(dump, file=file, tree=tree, diffable=diffable, is_part=is_part))
        container.check_unchanged()
    if not as_json:
        if is_part and not quiet and not dump.n_parts:
            render.note(f"{file}: this file has no {field}, or it cannot be located")
        if quiet or is_part:
            left = dump.report.findings if quiet else dump.findings_left()
            render.findings(left, dump.report.not_kept, file=file, verbose=verbose, quiet=quiet or not verbose)
    return OK if dump.valid else FORMAT


def _json(dump: Dump, file: str, *, tree: bool) -> Iterator[str]:
    """One object, in pieces: a field a line."""
    from ...layout import facts
    from .. import render

    checksums = frozenset(fact.field for fact in facts.CHECKSUMS)
    report = dump.report
    head = {
        "file": file,
        "valid": dump.valid,
        "size_bytes": dump.nbytes,
        "findings": [item.as_json() for item in report.findings],
        "not_kept": dict(report.not_kept),
    }
    yield render.json_text(head, indent=2).removesuffix("\n}") + ',\n  "fields": ['
    before = "\n"
    for parts in _several(dump.parts()):
        yield before + ",\n".join(f"    {render.json_text(_field_json(dump, part, checksums, tree))}" for part in parts)
        before = ",\n"
    yield "]" if before == "\n" else "\n  ]"
    if not dump.valid:
        error = render.json_text({"error": render.error_json(report.findings, file)}, indent=2)
        yield "," + error.removeprefix("{").removesuffix("\n}")
    yield "\n}\n"


def _several(parts: Iterator[Part]) -> Iterator[list[Part]]:
    while several := list(islice(parts, _AT_ONCE)):
        yield several


def _field_json(dump: Dump, part: Part, checksums: frozenset[str], tree: bool) -> dict[str, Any]:
    field = part.field
    raw = None if tree or not field.is_leaf else b"".join(row for _, row in dump.rows(part, 1 << 16, aligned=False))
    numbers = None if raw is None else dump.elements(part, raw)
    return {
        "path": field.path,
        "kind": str(field.kind),
        "start": field.span[0],
        "end": field.span[1],
        "declared": None if field.declared is None else list(field.declared),
        "value": _value_json(part.field, checksums),
        "tensor": None if field.tensor is None else field.tensor.name,
        "rules": list(dict.fromkeys(finding.rule for finding in part.findings)),
        "hex": None if raw is None else raw.hex(),
        "left_out": part.n_left_out if raw is not None else 0,
        "numbers": None if numbers is None else list(map(_finite, numbers)),
    }


def _value_json(field: FieldSpan, checksums: frozenset[str]) -> Any:
    if field.path in checksums and field.value is not None:
        return f"{field.value:#010x}"
    if field.name == "dtype" and field.tensor is not None:
        return field.tensor.dtype_name
    if isinstance(field.value, bytes):
        return field.value.hex() if field.tensor is None else field.tensor.name
    return int(field.value) if field.name == "flags" and field.value is not None else field.value


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
