"""Statements about bytes: what they have to be, and that they are zero."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ...layout import ALIGNMENT, facts
from ...layout.model import Statement
from .bench import BASES, Bench, Recipe, edit_path
from .claims import Claim, Try, inside, outside, right

__all__ = ["content_claims", "zero_claims"]

_BYTE = 8
"""Bits of a byte."""

_FILLER = {
    "header_padding": "the filler in front of the metadata",
    "metadata_padding": "the filler behind the metadata",
    "tensor_index.padding": "the filler behind the index entries",
    "header.reserved": "the reserved bytes of the header",
}


def content_claims(bench: Bench) -> Iterator[Claim]:
    """Each byte of fixed contents with a bit flipped, and what other formats have in their place."""
    for statement in bench.of_kinds("contents"):
        name, rule = statement.path, statement.rule or ""
        yield right(statement)
        for number in range((statement.bits or 0) // _BYTE):
            recipe = Recipe("two", edits=({"flip": name, "bit": number * _BYTE},))
            about = f"One bit of byte {number} of the {statement.field} is wrong."
            yield Claim.of(rule, Try(f"{name}.byte-{number}", about, recipe, (rule,), (outside(statement),)))
        for found, what in facts.MAGIC_LOOKALIKES.items() if statement.field == "magic" else ():
            text = found.decode("ascii")
            recipe = Recipe("two", edits=({"set": name, "to": {"text": text}},))
            about = f"The {statement.field} is that of {what}."
            marks = (outside(statement, len(found)),)
            yield Claim.of(rule, Try(f"{name}.{text.lower()}", about, recipe, (rule,), marks))


def zero_claims(bench: Bench) -> Iterator[Claim]:
    """Zero bytes, of which the first one or the last one is not zero."""
    for statement in bench.of_kinds("zero"):
        for place in ("", "first", "last"):
            yield Claim(statement.rule, partial(_zeros, bench, statement, place))


def _zeros(bench: Bench, statement: Statement, place: str) -> Iterator[Try]:
    path = edit_path(statement)
    where = _FILLER.get(path, f"the field {path}")
    # Canonical files have no filler in front of the metadata, so that none of the bases has some.
    for plain in (*map(Recipe, BASES), Recipe("two", {"header_padding": {"zeros": ALIGNMENT}})):
        nbytes = bench.nbytes(bench.image(plain), path)
        if nbytes == 0:
            continue
        if not place:
            about = f"{where[0].upper()}{where[1:]}: {nbytes} zero bytes."
            yield Try(f"{statement.path}.zero", about, plain, marks=(inside(statement),))
            continue
        bit = 0 if place == "first" else nbytes * _BYTE - 1
        recipe = Recipe(plain.base, plain.given, ({"flip": path, "bit": bit},))
        about = f"One bit is set in the {place} byte of {where}."
        broken = (statement.rule,) if statement.rule else ()
        yield Try(f"{statement.path}.{place}-byte", about, recipe, broken, (outside(statement),))
