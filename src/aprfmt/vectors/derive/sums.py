"""Checksums: a bit flipped in every region that one covers, in its own bytes, and outside of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ...container import Container
from ...layout import ALIGNMENT, facts
from ...layout.model import Statement
from ...spans import FieldMap, FieldSpan, Kind
from ..edits import SEALS
from .bench import BASES, Bench, Recipe
from .claims import Claim, Try, inside, outside, right

__all__ = ["sum_claims"]

_BYTE = 8
"""Bits of a byte."""
_BITS = 10
"""Bits of a field that are tried."""
_MOST = 150
"""Files that are tried for one region: a flipped bit is often an error of its own."""

_REGIONS = {
    "header": "the header",
    "header_padding": "the filler in front of the metadata",
    "metadata": "the metadata",
    "metadata_padding": "the filler behind the metadata",
    "tensor_index": "an index entry",
    "tensor_index.padding": "the filler behind the index entries",
    "tensor_data": "the bytes of a tensor",
    "filler": "the filler between tensors",
}


def sum_claims(bench: Bench) -> Iterator[Claim]:
    """For each checksum: a flipped bit in each region that it covers, with the others computed again, and with all."""
    for statement in bench.of_kinds("checksum"):
        yield right(statement)
        others = tuple(seal for seal in SEALS if seal != statement.path)
        for name in _covered(statement):
            yield _claim(bench, statement, name, others)
        for place, bit in (("first", 0), ("last", (statement.bits or 1) - 1)):
            recipe = Recipe("two", edits=({"flip": statement.path, "bit": bit},), seal=others)
            about = f"The {place} bit of the {statement.owner} checksum is flipped."
            rule = statement.rule or ""
            yield Claim.of(rule, Try(f"{statement.path}.{place}-bit", about, recipe, (rule,), (outside(statement),)))
        for name in _REGIONS if statement.target != "header" else ():
            yield _claim(bench, statement, name, SEALS)


def _covered(statement: Statement) -> Sequence[str]:
    """The regions that a checksum covers: fields of the header, or parts of the file."""
    if statement.target == "header":
        return [f"header.{name}" for name in facts.FIELDS["header"] if name != statement.field]
    return list(_REGIONS)


def _claim(bench: Bench, statement: Statement, region: str, seal: tuple[str, ...]) -> Claim:
    is_sealed = statement.path in seal
    words = _REGIONS.get(region, f"the field {region}")
    label = region.removeprefix("header.") + (".sealed" if is_sealed else "")
    what = "both checksums are" if is_sealed else f"the {statement.owner} checksum is not"
    about = f"A bit of {words} is flipped, and {what} computed again."
    mark = (inside if is_sealed else outside)(statement)
    broken = () if is_sealed or statement.rule is None else (statement.rule,)

    def tries() -> Iterator[Try]:
        for recipe in islice(_flipped(bench, region), _MOST):
            sealed = replace(recipe, seal=seal)
            yield Try(f"{statement.path}.over-{label}", about, sealed, broken, (mark,))

    return Claim(statement.rule, tries, is_quiet=True)


def _flipped(bench: Bench, region: str) -> Iterator[Recipe]:
    """Files with one bit of a region flipped: the lowest bits of each of its fields, which change a number least."""
    for plain in _plain(bench):
        for field in _fields(bench, plain, region):
            section = next(item for item in _map(bench, plain).walk(field.path) if item.path == field.path)
            start = (field.span[0] - section.span[0]) * _BYTE
            for bit in range(start, start + min(field.nbytes * _BYTE, _BITS)):
                yield Recipe(plain.base, plain.given, ({"flip": field.path, "bit": bit},))


def _map(bench: Bench, recipe: Recipe) -> FieldMap:
    return FieldMap(Container(bench.image(recipe), lenient=True))


def _plain(bench: Bench) -> Iterator[Recipe]:
    """The bases, and files that stay readable when a bit of an offset or of a size in their header is flipped."""
    yield from map(Recipe, BASES)
    text = f" {bench.bases['two']['metadata']['text']}"
    blank = {"join": [{"text": " "}, {"zeros": -(len(text) + 1) % ALIGNMENT}]}
    yield Recipe("two", {"metadata": {"text": text}, "metadata_padding": blank})
    end = facts.HEADER_SIZE + len(str(bench.bases["empty"]["metadata"]["text"]))
    yield Recipe("empty", {"metadata_padding": {"zeros": 7 * ALIGNMENT - end}})
    yield Recipe("two", {"header_padding": {"zeros": ALIGNMENT}})


def _fields(bench: Bench, recipe: Recipe, region: str) -> list[FieldSpan]:
    """The leaves of a file that are in a region."""
    found = []
    for field in _map(bench, recipe).walk("tensor_data" if region == "filler" else region):
        if not field.is_leaf or not field.nbytes:
            continue
        if region == "filler":
            is_in = field.kind is Kind.FILLER
        elif region == "tensor_data":
            is_in = field.kind is Kind.FIELD
        elif region == "tensor_index":
            is_in = field.tensor is not None
        else:
            is_in = field.path not in SEALS
        if is_in:
            found.append(field)
    return found
