"""Where a file ends: cut in each section and right at its borders, without a footer, with bytes behind it."""

from __future__ import annotations

from collections.abc import Iterator

from ...container import Container
from ...layout import ALIGNMENT, FOOTER_SIZE, HEADER_SIZE
from .bench import Bench, Recipe, value_of
from .claims import Claim, Mark, Try, outside, right, said

__all__ = ["end_claims"]

_SPREAD = Recipe("two", {"header_padding": {"zeros": ALIGNMENT}})
"""A file in which every section has bytes."""
_WORDS = {
    "plus-1": "one byte into",
    "half": "in the middle of",
    "minus-1": "one byte before the end of",
    "end": "behind",
}
_NAMES = {
    "header": "the header",
    "header_padding": "the filler in front of the metadata",
    "metadata": "the metadata",
    "metadata_padding": "the filler behind the metadata",
    "tensor_index": "the tensor index",
    "tensor_data": "the data section",
    "footer": "the footer",
}


def end_claims(bench: Bench) -> Iterator[Claim]:
    """The footer there and not there, nothing and something behind it, and the file cut at every border."""
    for statement in bench.of_kinds("present"):
        rule = statement.rule or ""
        yield right(statement)
        about = "The file ends with its data section."
        recipe = Recipe("two", {statement.field: None})
        yield Claim.of(rule, Try(f"{statement.path}.absent", about, recipe, (rule,), (outside(statement),)))
    for statement in bench.of_kinds("absent"):
        rule = statement.rule or ""
        yield right(statement)
        for nbytes in (1, FOOTER_SIZE):
            recipe = Recipe("two", edits=({"append": {"zeros": nbytes}},), seal=())
            about = f"Behind the footer the file goes on for {nbytes} zero byte{'s' * (nbytes > 1)}."
            marks = (outside(statement, nbytes),)
            yield Claim.of(rule, Try(f"{statement.path}.{nbytes}", about, recipe, (rule,), marks))
    yield from _cuts(bench)


def _cuts(bench: Bench) -> Iterator[Claim]:
    """The file cut inside each of its parts, at the border of each, and one byte beside the border."""
    image = bench.image(_SPREAD)
    whole = Container(image, lenient=True)
    about = "A file in which every section has bytes, and all of them."
    yield Claim.of(None, Try("cut.nothing", about, _SPREAD, at=image.size, group="cut"))
    last = whole.tensors[-1]
    for name, span in (*whole.sections.items(), (f"tensor-{last.name}", last.file_span)):
        if span is None:
            continue
        start, stop = span
        places = {"plus-1": start + 1, "half": (start + stop) // 2, "minus-1": stop - 1, "end": stop}
        for label, nbytes in places.items():
            if nbytes < image.size:
                recipe = Recipe(_SPREAD.base, _SPREAD.given, ({"keep": nbytes},), seal=())
                rule, marks = _prediction(bench, recipe, whole.required_len)
                about = f"The file is cut {_WORDS[label]} {_NAMES.get(name, f'tensor {last.name}')}."
                yield Claim.of(rule, Try(f"cut.{name}.{label}", about, recipe, (rule,), marks, nbytes, "cut"))


def _prediction(bench: Bench, recipe: Recipe, required_len: int) -> tuple[str, tuple[Mark, ...]]:
    """The rule that a file breaks which was cut: the first one that holds a place or a size against the end."""
    image = bench.image(recipe)
    if image.size < HEADER_SIZE:
        return "APR-H008", ()
    for statement in bench.of_kinds("max"):
        for entry in range(len(bench.bases[recipe.base]["tensor_index"]["entries"])):
            reading = bench.reading(image, statement.owner, entry)
            mark = None if reading is None else said(statement, value_of(statement, reading), reading)
            if mark is not None and not mark.is_inside and mark.rule is not None:
                return mark.rule, (mark,)
    if image.size < required_len:
        return "APR-D004", ()
    return "APR-F003" if image.size == required_len else "APR-F001", ()
