"""Diff: what differs between two containers, and the proof that nothing else does.

Rules of this file:
1. Two files are called identical only when every byte of them is: each is a field, filler, or held against its place.
2. Memory does not depend on the size of the files; what is kept is the index and the differences.
3. Whatever follows from another difference (offsets, sizes, checksums) is said to, and never hidden by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from ...container import Container, refuse_other_formats
from ...errors import FormatError, RequestError, quoted
from .head import compare_fillers, compare_footers, compare_gaps, compare_headers, compare_rest, compare_sizes
from .metadata import compare_metadata
from .model import Category, Diff, Difference, Pair, Place, Side
from .payload import ByteComparer
from .tensors import compare_data, compare_entries, compare_places, is_moved, pairs_of

__all__ = ["Category", "Diff", "Difference", "Pair", "Place", "diff"]


def diff(
    first: Container,
    second: Container,
    *,
    ignore: Collection[str] = (),
    matches: Callable[[str], bool] | None = None,
    brief: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Diff:
    """How two containers compare: header, flags, sections, metadata, tensors with every byte, filler, footer.

    `ignore` has keys of the metadata that do not count; what follows from them alone does not count either. Of the
    tensors only those whose name `matches` are compared, and then the footer and the filler of the data are not. With
    `brief` the comparison ends as soon as the files are known to differ. `progress` is called with bytes done and bytes
    in all.

    Damaged files are compared as far as they can be read, and then byte by byte (`Container(..., lenient=True)`).
    Raises `UnsupportedError`, `FormatError` or `TruncatedError` for a file that is no container at all, and for
    damage in the way of leaving something out; `RequestError` when no tensor matches; `OSError` as
    the system reports it.
    """
    for container in (first, second):
        refuse_other_formats(container.first_bytes)
        _ = container.header
    sides = Side(first), Side(second)
    pairs, n_left_out = pairs_of(*sides, matches or (lambda _name: True))
    if matches is not None and not pairs:
        raise RequestError("expected a pattern that the name of a tensor matches, found one that none does")
    total = sum(_larger(pair, *sides) for pair in pairs)
    done = 0

    def count(nbytes: int) -> None:
        nonlocal done
        done += nbytes
        if progress is not None and total:
            progress(min(done, total), total)

    comparer = ByteComparer(first.source, second.source, stop_early=brief)
    found = list(compare_headers(*sides))
    metadata = compare_metadata(*sides, frozenset(ignore), comparer)
    found += metadata.differences
    found += compare_entries(pairs)
    found += compare_places(pairs)
    found += compare_fillers(*sides, comparer)
    notes = []
    missing = set(ignore) - set(metadata.ignored)
    absent = [key for key in sorted(missing) if not any(key in side.container.metadata for side in sides)]
    notes += [f"neither file has the key {quoted(key)} that is to be ignored" for key in absent]
    n_bytes, n_differing = 0, 0
    read = not (brief and any(not item.follows for item in found))
    if read:
        reader = ByteComparer(first.source, second.source, stop_early=brief, progress=count)
        for nbytes, data, item in compare_data(pairs, *sides, reader):
            n_bytes, n_differing = n_bytes + nbytes, n_differing + data.n_differing
            if item is not None:
                found.append(item)
                if brief:
                    read = False
                    break
    if read and matches is None:
        found += compare_gaps(*sides, comparer)
    anything = bool(found or metadata.ignored or matches is not None)
    footers = list(compare_footers(*sides, follows=anything))
    if matches is None and anything and not footers and found and sides[0].inside("footer") is not None:
        notes.append("the footers are the same although bytes before them differ: at least one of them is wrong")
    found += footers
    found += compare_sizes(*sides)
    partly = bool(metadata.ignored or n_left_out)
    if all(item.follows for item in found):
        # What follows from nothing but what does not count, does not count; what follows from nothing at all, does.
        found = [] if partly else [replace(item, follows=False) for item in found]
    if not (sides[0].is_sound and sides[1].is_sound):
        notes.append("not every byte belongs to a field, because a file is damaged")
        if not found and partly:
            raise FormatError(
                "too damaged to be compared in part", expected="files whose bytes all belong to a field", found="others"
            )
        if not found:
            found += compare_rest(*sides, comparer)
    return Diff(
        differences=tuple(found),
        n_tensor_bytes=n_bytes if read else None,
        n_differing_bytes=n_differing if read else None,
        n_pairs=len(pairs),
        n_left_out=n_left_out,
        n_moved=sum(map(is_moved, pairs)),
        ignored=metadata.ignored,
        notes=tuple(notes),
        pairs=tuple(pairs),
    )


def _larger(pair: Pair, first: Side, second: Side) -> int:
    spans = [side.data_of(tensor) for side, tensor in zip((first, second), pair, strict=True) if tensor is not None]
    return max(stop - start for start, stop in spans)
