"""How far the numbers in two tensors are apart, in constant memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .dequantise import Elements, library
from .model import Pair, Side

__all__ = ["TensorValues", "Verdict", "compare_values"]

_AT_ONCE = 1 << 18
"""How many elements are looked at together, rounded to what blocks and rows allow."""


class Verdict(StrEnum):
    """What the numbers of two tensors are."""

    IDENTICAL = "identical"
    """All of them are the same, and all are finite."""
    DIFFERENT = "different"
    """All of them are finite, and some differ."""
    NOT_FINITE = "not finite"
    """There is a NaN or an infinity, on either side: nothing is called identical then."""
    NOT_COMPARED = "not compared"
    """There are no pairs of numbers; `reason` says why."""


@dataclass(frozen=True, slots=True)
class TensorValues:
    """The numbers of one tensor in both files.

    `n_different` counts pairs that are not equal; NaN is equal to nothing. The other figures are about the pairs of
    finite numbers, `n_finite` of them, and None without any; `cosine` is None too when one side is zero throughout, or
    too long for a double, in which the others are infinite.
    `n_nan` and `n_inf` are counts for each file.
    """

    name: str
    verdict: Verdict
    reason: str | None = None
    n_elements: int = 0
    n_finite: int = 0
    n_different: int = 0
    n_nan: tuple[int, int] = (0, 0)
    n_inf: tuple[int, int] = (0, 0)
    max_abs: float | None = None
    mean_abs: float | None = None
    rmse: float | None = None
    cosine: float | None = None


def compare_values(
    pairs: Iterable[Pair], first: Side, second: Side, *, progress: Callable[[int], None] | None = None
) -> Iterator[TensorValues]:
    """The numbers of each tensor, one after the other. `progress` is told how many elements are done.

    Raises `RequestError` when numpy, or gguf for a type that it decodes, is not installed.
    """
    np = library("numpy")
    for pair in pairs:
        if pair.first is None or pair.second is None:
            which = "second" if pair.first is None else "first"
            yield TensorValues(pair.name, Verdict.NOT_COMPARED, f"only the {which} file has it")
            continue
        ours = Elements(first.container.source, pair.first)
        theirs = Elements(second.container.source, pair.second)
        if pair.first.shape != pair.second.shape:
            reason = f"the shapes are {list(pair.first.shape)} and {list(pair.second.shape)}"
            yield TensorValues(pair.name, Verdict.NOT_COMPARED, reason)
        elif ours.why_not is not None or theirs.why_not is not None:
            which = "first" if ours.why_not is not None else "second"
            yield TensorValues(pair.name, Verdict.NOT_COMPARED, f"{which} file: {ours.why_not or theirs.why_not}")
        else:
            with np.errstate(all="ignore"):  # what is not finite is counted
                yield _compare(np, pair.name, ours, theirs, progress)


class _Sums:
    """What is added up over the pairs of finite numbers."""

    def __init__(self) -> None:
        self.n_finite = self.n_different = 0
        self.n_nan, self.n_inf = [0, 0], [0, 0]
        self.largest = 0.0
        self.apart: list[float] = []
        self.squares: list[float] = []
        self.products: tuple[list[float], list[float], list[float]] = ([], [], [])


def _compare(
    np: Any, name: str, ours: Elements, theirs: Elements, progress: Callable[[int], None] | None
) -> TensorValues:
    sums = _Sums()
    for start, stop in _ranges(ours, theirs):
        _add(np, sums, ours.read(start, stop), theirs.read(start, stop))
        if progress is not None:
            progress(stop - start)
    nan, inf = (sums.n_nan[0], sums.n_nan[1]), (sums.n_inf[0], sums.n_inf[1])
    verdict = Verdict.DIFFERENT if sums.n_different else Verdict.IDENTICAL
    if any((*nan, *inf)):
        verdict = Verdict.NOT_FINITE
    if not ours.n_elements:
        return TensorValues(name, Verdict.NOT_COMPARED, "it has no elements")
    figures: dict[str, float | None] = {}
    if sums.n_finite:
        dot, left, right = (sum(part) for part in sums.products)
        length = math.sqrt(left) * math.sqrt(right)
        figures = {
            "max_abs": sums.largest,
            "mean_abs": sum(sums.apart) / sums.n_finite,
            "rmse": math.sqrt(sum(sums.squares) / sums.n_finite),
            # Rounding must not make more than parallel of it.
            "cosine": max(-1.0, min(1.0, dot / length)) if length and math.isfinite(dot / length) else None,
        }
    return TensorValues(
        name,
        verdict,
        None,
        ours.n_elements,
        sums.n_finite,
        sums.n_different,
        nan,
        inf,
        **figures,
    )


def _add(np: Any, sums: _Sums, ours: Any, theirs: Any) -> None:
    # Integers are compared as what they are: beyond 53 bits several are the same double.
    sums.n_different += int(np.count_nonzero(ours != theirs))
    left, right = ours.astype("f8"), theirs.astype("f8")
    finite = None
    for number, side in enumerate((left, right)):
        is_finite = np.isfinite(side)
        n_odd = len(side) - int(np.count_nonzero(is_finite))
        if n_odd:
            n_nan = int(np.count_nonzero(np.isnan(side)))
            sums.n_nan[number] += n_nan
            sums.n_inf[number] += n_odd - n_nan
            finite = is_finite if finite is None else finite & is_finite
    if finite is not None:
        left, right = left[finite], right[finite]
    if not len(left):
        return
    apart = np.abs(left - right)
    sums.n_finite += len(left)
    sums.largest = max(sums.largest, float(apart.max()))
    sums.apart.append(float(apart.sum()))
    sums.squares.append(float(np.dot(apart, apart)))
    for total, pair in zip(sums.products, ((left, right), (left, left), (right, right)), strict=True):
        total.append(float(np.dot(*pair)))


def _ranges(ours: Elements, theirs: Elements) -> Iterator[tuple[int, int]]:
    """The elements in ranges that both can read: whole rows where rows are filled up, or whole blocks of one row."""
    row = ours.row or theirs.row
    total = ours.n_elements
    if row is None:
        yield from ((at, min(at + _AT_ONCE, total)) for at in range(0, total, _AT_ONCE))
    elif row <= _AT_ONCE:
        step = _AT_ONCE // row * row
        yield from ((at, min(at + step, total)) for at in range(0, total, step))
    else:
        step = _AT_ONCE // max(ours.block, theirs.block) * max(ours.block, theirs.block)
        for begin in range(0, total, row):
            for at in range(begin, begin + row, step):
                yield at, min(at + step, begin + row)
