"""Vectors that follow from the specification: both sides of every boundary that `spec/apr_v2.ksy` states.

A statement says on which side of it a file is, and so what the verdict must be; the rules have to agree, and find
nothing else. Where the file at a boundary breaks something beside, other bases and changes that go with it are tried.
What cannot be shown that way is listed in `coverage` with its reason; anything else that is not shown is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import RequestError
from ...layout import facts
from ...layout.model import Statement
from .bench import BASES, Bench, Recipe
from .bounds import bound_claims
from .claims import Claim, Try
from .contents import content_claims, zero_claims
from .coverage import EXCEPTIONS, missing
from .ends import end_claims
from .proof import Proof
from .sizes import size_claims
from .sums import sum_claims
from .tells import tell_claims
from .tensors import dims_claims, dtype_claims, name_claims

__all__ = ["derived", "proved"]

_MAKERS = (
    content_claims,
    bound_claims,
    tell_claims,
    name_claims,
    dtype_claims,
    size_claims,
    dims_claims,
    zero_claims,
    sum_claims,
    end_claims,
)


def derived(bases: Mapping[str, Any], statements: Sequence[Statement] = facts.STATEMENTS) -> list[dict[str, Any]]:
    """The recipes of all derived vectors, in the order of the specification, from the trees of `bases`.

    Raises `RequestError` when a statement is left without a vector right at its boundary on either side.
    """
    bench = Bench(bases, statements)
    proof = proved(bench)
    for key, side in missing(bench, proof):
        if (key, side) not in EXCEPTIONS:
            raise RequestError(f"{key}: expected a vector right at the boundary, {side}, found none that decides it")
    return proof.nodes()


def proved(bench: Bench) -> Proof:
    """Everything that can be proved with some bases and statements, complete or not."""
    proof = Proof(bench)
    for name, about in BASES.items():
        proof.decide(Claim.of(None, Try(f"base.{name}", about, Recipe(name)), in_both=True))
        if f"base.{name}" not in {made.id for made in proof.made}:
            raise RequestError(f"base {name}: expected a valid file that no other base makes")
    for claims in _MAKERS:
        for claim in claims(bench):
            proof.decide(claim)
    return proof
