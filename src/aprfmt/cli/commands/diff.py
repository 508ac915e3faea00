"""`aprfmt diff`: what differs between two files, and that nothing else does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..options import about, drawing, output_options_saying, progress

if TYPE_CHECKING:
    from ...files import OpenContainer
    from ...ops.diff import Diff, Difference, Place
    from ...ops.diff.values import TensorValues
    from ...rules import Finding

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "file1, file2": "the paths as given, `-` for standard input",
    "format1, format2": "`APR`",
    "identical": "whether nothing differs of what was compared; the exit code says the same",
    "difference_count": "number of differences, listed or not",
    "structural_diffs": "how many of them are of the categories format, metadata and tensor",
    "category_counts": "how many there are of `format`, `metadata`, `tensor`, `quantization` and `size`",
    "differences[].field": (
        "what differs: the path in the specification, `tensor.NAME` and `tensor.NAME.…` for what belongs to a tensor"
    ),
    "differences[].file1_value, differences[].file2_value": (
        "the values as text, long ones cut: strings of the metadata as they are, other values of it as JSON; "
        "`(missing)` when the file has none"
    ),
    "differences[].category": "one of the categories above",
    "differences[].type": "`format`, `data`, `dtype` or `size`",
    "differences[].section": "the section that it is in, or `file`",
    "differences[].tensor": "name of the tensor that it is about, otherwise null",
    "differences[].follows": "whether it follows from other differences, as a checksum does",
    "differences[].differing_bytes": "number of bytes that differ, null where they were not counted",
    "differences[].file1_place, differences[].file2_place": (
        "`path` of the field in the specification, `start` and `end` in bytes from the start of the file; "
        "null when the file has no such field"
    ),
    "tensor_bytes": (
        "`total`: bytes of all tensors that were compared, of two sizes the larger; `differing`: how many differ"
    ),
    "payload_identical": "whether the same tensors have the same element types, shapes and bytes, wherever they lie",
    "tensors": (
        "`compared`: number of names; `left_out`: how many `--filter` left out; `moved`: how many lie elsewhere in the "
        "data section"
    ),
    "ignored": "the keys of the metadata that differ and do not count",
    "values": (
        "a list with `--values`, otherwise null: of each tensor `name`, `verdict` (`identical`, `different`, "
        "`not finite`, `not compared`), `reason`, `elements`, `finite`, `differing`, `nan` and `inf` (counts for each "
        "file), `max_abs`, `mean_abs`, `rmse`, `cosine`"
    ),
    "findings1, findings2": "the faults of each file that every careful reader must raise, as `inspect` has them",
    "notes": "sentences about what was found or could not be compared",
}

_PER_SECTION = 20


@click.command(short_help="Say what differs between two files, byte for byte.", add_help_option=False)
@click.argument("first", type=click.Path(readable=False, allow_dash=True), metavar="A")
@click.argument("second", type=click.Path(readable=False, allow_dash=True), metavar="B")
@click.option(
    "--ignore",
    multiple=True,
    metavar="KEY,…",
    help="Keys of the metadata that may differ, with all that follows from them. Repeatable.",
)
@click.option(
    "--filter",
    "pattern",
    metavar="PATTERN",
    help="Compare only tensors with this substring in their name, or that match it whole when it has * or ?.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"List at most N differences; 0 lists all. {_PER_SECTION} of a section unless given, all with -v and --json.",
)
@click.option(
    "--values",
    "with_values",
    is_flag=True,
    help="Compare the numbers too: largest and mean distance, RMSE, cosine. Needs the extra 'values'.",
)
@output_options_saying(
    json="Print one JSON object, on errors too.",
    quiet="Print nothing but errors (and the JSON, with --json); stop at the first difference.",
)
def command(
    first: str,
    second: str,
    ignore: tuple[str, ...],
    pattern: str | None,
    limit: int | None,
    with_values: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Compare A and B: header, flags, metadata, tensors with every byte, filler, footer.

    Each difference is shown with its place in both files. Tensors are compared by name: their order in the file is
    layout, and their bytes are counted one by one. Exit code 0 when nothing differs, 1 when something does, 4 when one
    of them is no APR v2 file. Damaged files are compared as far as they go, and the damage is said on stderr. One of
    the two may be - for standard input.
    """
    from ...ops.diff import diff
    from ...ops.diff.dequantise import library
    from ...rules import run
    from ...tensors import name_matcher
    from .. import render
    from ..exits import FINDINGS, OK

    if first == second == "-":
        raise click.UsageError("Only one of the two can be standard input.", click.get_current_context())
    brief = quiet and not as_json
    if with_values:
        library("numpy")  # before hours of reading
    keys = tuple(key for text in ignore for key in text.split(",") if key)
    with _opened(first) as left, _opened(second) as right:
        with about(f"{first}, {second}"), progress("comparing", second, quiet=quiet) as update:
            seen = diff(
                left,
                right,
                ignore=keys,
                matches=None if pattern is None else name_matcher(pattern),
                brief=brief,
                progress=update,
            )
        values = _values(seen, left, right, f"{first}, {second}", quiet=quiet) if with_values and not brief else None
        faults = [run(container).errors for container in (left, right)]
        left.check_unchanged()
        right.check_unchanged()
    if as_json:
        listed = seen.differences[:limit] if limit else seen.differences
        render.json_object(_json((first, second), seen, listed, values, faults))
    else:
        if not quiet:
            _text(seen, (None if verbose else _PER_SECTION), limit)
            if values is not None:
                _text_of_values(values)
            _summary(seen)
        for file, found in zip((first, second), faults, strict=True):
            render.findings(found, {}, file=file, verbose=verbose, quiet=quiet)
        for text in () if quiet else seen.notes:
            render.note(text)
    return OK if seen.identical else FINDINGS


def _opened(file: str) -> OpenContainer:
    """The file, whatever is wrong inside; raises for one that is no container at all.

    Faults that are found later are about two files: `open_container` would put them down to one.
    """
    from ... import files
    from ...container import refuse_other_formats
    from ..inputs import standard_input

    with about(file):
        container = files.open(standard_input() if file == "-" else file, lenient=True)
        try:
            refuse_other_formats(container.first_bytes)
            _ = container.header_bytes
        except BaseException:
            container.close()
            raise
        return container


def _values(seen: Diff, first: OpenContainer, second: OpenContainer, files: str, *, quiet: bool) -> list[TensorValues]:
    from ...ops.diff.model import Side
    from ...ops.diff.values import compare_values

    total = sum(pair.first.n_elements for pair in seen.pairs if pair.first is not None and pair.second is not None)
    done = 0
    with about(files), drawing(quiet=quiet) as draw:

        def count(n_elements: int) -> None:
            nonlocal done
            done += n_elements
            if draw is not None and total:
                draw(f"comparing values: {done * 100 // total} %")

        return list(compare_values(seen.pairs, Side(first), Side(second), progress=count))


def _value(item: Difference, number: int, *, quoted: bool) -> str:
    """A value as text; that of a member of the metadata as JSON, when `quoted` strings too."""
    import json

    from .. import render

    value = item.values[number]
    if item.places[number] is None:
        return "(missing)"
    if item.section == "metadata" and item.field == getattr(item.places[number], "path", None):
        if value is None:
            return "null"
        return render.short(json.dumps(value, ensure_ascii=False) if quoted and isinstance(value, str) else value)
    return render.short(str(value))


def _json(
    files: tuple[str, str],
    seen: Diff,
    listed: Sequence[Difference],
    values: list[TensorValues] | None,
    faults: Sequence[Sequence[Finding]],
) -> dict[str, Any]:

    return {
        "file1": files[0],
        "file2": files[1],
        "format1": "APR",
        "format2": "APR",
        "identical": seen.identical,
        "difference_count": len(seen.differences),
        "structural_diffs": seen.n_structural,
        "category_counts": {str(category): number for category, number in seen.counts.items()},
        "differences": [
            {
                "field": item.field,
                "file1_value": _value(item, 0, quoted=False),
                "file2_value": _value(item, 1, quoted=False),
                "category": str(item.category),
                "type": item.category.data_type,
                "section": item.section,
                "tensor": item.tensor,
                "follows": item.follows,
                "differing_bytes": item.n_bytes,
                "file1_place": _place(item.places[0]),
                "file2_place": _place(item.places[1]),
            }
            for item in listed
        ],
        "tensor_bytes": {"total": seen.n_tensor_bytes, "differing": seen.n_differing_bytes},
        "payload_identical": seen.payload_identical,
        "tensors": {"compared": seen.n_pairs, "left_out": seen.n_left_out, "moved": seen.n_moved},
        "ignored": list(seen.ignored),
        "values": None if values is None else list(map(_values_json, values)),
        "findings1": [item.as_json() for item in faults[0]],
        "findings2": [item.as_json() for item in faults[1]],
        "notes": list(seen.notes),
    }


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"path": place.path, "start": place.span[0], "end": place.span[1]}


def _values_json(item: TensorValues) -> dict[str, Any]:
    return {
        "name": item.name,
        "verdict": str(item.verdict),
        "reason": item.reason,
        "elements": item.n_elements,
        "finite": item.n_finite,
        "differing": item.n_different,
        "nan": list(item.n_nan),
        "inf": list(item.n_inf),
        **{name: _finite(getattr(item, name)) for name in ("max_abs", "mean_abs", "rmse", "cosine")},
    }


def _finite(value: float | None) -> float | str | None:
    """JSON has no infinity."""
    import math

    return value if value is None or math.isfinite(value) else str(value)


def _text(seen: Diff, per_section: int | None, limit: int | None) -> None:
    """The differences by section, causes before what follows from them."""
    from .. import render

    left = limit or len(seen.differences)
    groups: dict[str, list[Difference]] = {}
    for item in sorted(seen.differences, key=lambda item: item.follows):
        groups.setdefault("follows from these" if item.follows else item.section, []).append(item)
    for title, items in groups.items():
        shown = items[: left if per_section is None or limit is not None else min(left, per_section)]
        left -= len(shown)
        if not shown:
            continue
        render.line(f"{title}:")
        for item in shown:
            render.line(f"  {_line(item)}")
        if len(shown) < len(items):
            render.line(f"  … and {len(items) - len(shown)} more{' (-v lists all)' if limit is None else ''}")


def _line(item: Difference) -> str:
    from .. import render

    name = render.short(item.field)
    if item.n_bytes is not None and item.section == "tensor_data" and item.category == "tensor":
        sizes = dict.fromkeys(map(str, item.values))
        what = f"{item.n_bytes:,} bytes differ of {' | '.join(sizes)}"
    else:
        what = f"{_value(item, 0, quoted=True)} -> {_value(item, 1, quoted=True)}"
    return f"{name}: {what}  {_where(item)}"


def _where(item: Difference) -> str:
    """The places in both files, said once when they are the same; the path when the name of the difference is none."""
    from .. import render

    paths = [None if place is None else place.path for place in item.places]
    spans = ["-" if place is None else f"{place.span[0]:#x}..{place.span[1]:#x}" for place in item.places]
    told = {path for path in paths if path is not None}
    if told == {item.field}:
        return "@" + " | ".join(dict.fromkeys(spans))
    if len(told) == 1:
        return f"{render.short(told.pop())} @" + " | ".join(dict.fromkeys(spans))
    pieces = ("-" if path is None else f"{render.short(path)} @{span}" for path, span in zip(paths, spans, strict=True))
    return " | ".join(pieces)


def _text_of_values(values: Iterable[TensorValues]) -> None:
    from .. import render

    def figure(value: float | None) -> str:
        return "-" if value is None else f"{value:.6g}"

    def rows() -> Iterator[tuple[str, ...]]:
        yield "VERDICT", "DIFFER", "NAN", "INF", "MAX", "MEAN", "RMSE", "COSINE", "TENSOR"
        for item in values:
            counts = ("|".join(map(str, dict.fromkeys(pair))) for pair in (item.n_nan, item.n_inf))
            figures = map(figure, (item.max_abs, item.mean_abs, item.rmse, item.cosine))
            tail = item.name if item.reason is None else f"{item.name} ({item.reason})"
            yield str(item.verdict), str(item.n_different), *counts, *figures, tail

    render.line("values:")
    render.table(list(rows()), right=(1, 2, 3, 4, 5, 6, 7))


def _summary(seen: Diff) -> None:
    """The sentence that people want, and what it is about."""
    from .. import render

    tensors = render.count(seen.n_pairs, "tensor")
    left_out = f"; {seen.n_left_out} not compared" if seen.n_left_out else ""
    render.line(f"{seen.n_differing_bytes:,} of {seen.n_tensor_bytes:,} tensor bytes differ ({tensors}{left_out})")
    if seen.n_moved and seen.payload_identical:
        render.line(f"payload identical, layout differs: {seen.n_moved} of {tensors} lie elsewhere in the data section")
    if seen.ignored:
        render.line(f"ignored: {', '.join(map(render.short, seen.ignored))}")
    number = len(seen.differences)
    follows = sum(item.follows for item in seen.differences)
    if number:
        told = f", {follows} of them following from the others" if follows else ""
        render.line(f"{render.count(number, 'difference')}{told}")
    else:
        partly = seen.ignored or seen.n_left_out
        render.line("no differences in what was compared" if partly else "identical, byte for byte")
