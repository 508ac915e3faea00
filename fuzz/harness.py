"""Runs a law over inputs that atheris finds by coverage, or, where atheris is not installed, over files that are given.

    python fuzz/atheris_reader.py [-runs=N] [-max_total_time=S] [-seed=N] [other options of libFuzzer] [FOLDER|FILE…]

With atheris, the first folder takes what is found; files alone are replayed. Without it, all files are tried once,
which says whether the law holds for them and finds nothing new.
"""

from __future__ import annotations

import io
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["DEFAULTS", "inputs", "main", "mutated", "replay"]

Law = Callable[[bytes], None]
DEFAULTS = {"-max_len": "4096", "-timeout": "10", "-rss_limit_mb": "1024"}
"""Options of libFuzzer unless given: sizes of seeds, seconds for one input, MiB for the process."""


def main(name: str, argv: Sequence[str] | None = None) -> int:
    """Run the law of that name from `fuzz.laws`; returns an exit code, but with atheris, libFuzzer ends the process."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if find_spec("atheris") is None:
        print(
            "atheris is not installed (pip install 'aprfmt[fuzz]'): the files are tried once, nothing is searched for"
        )
        return replay(_law(name), [argument for argument in arguments if not argument.startswith("-")])
    import atheris

    # A line for each module would bury what is found.
    with redirect_stderr(io.StringIO()), atheris.instrument_imports(include=["aprfmt"]):
        law = _law(name)
        warm_up(law)
    given = {argument.partition("=")[0] for argument in arguments}
    options = [f"{option}={value}" for option, value in DEFAULTS.items() if option not in given]

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        return mutated(data, max_size, random.Random(seed), atheris.Mutate)

    atheris.Setup([sys.argv[0], *options, *arguments], law, custom_mutator=mutate)
    atheris.Fuzz()
    return 0


def _law(name: str) -> Law:
    laws: ModuleType = __import__("fuzz.laws", fromlist=[name])
    found: Law = getattr(laws, name)
    return found


def warm_up(law: Law) -> None:
    """Import what is imported at the first call, while imports are instrumented."""
    for metadata in (b"{}", b'{"license":"MIT","license":1}', b"["):
        law(_sample(metadata))


def _sample(metadata: bytes) -> bytes:
    from aprfmt.layout import build

    entry = {"name": b"a", "dtype": 0, "dims": [1]}
    return build({"metadata": metadata, "tensor_index": {"entries": [entry]}, "tensor_data": bytes(4)})


def inputs(places: Sequence[str]) -> Iterator[Path]:
    """The files that are named, and those in the folders that are named, in the order of their names."""
    for place in map(Path, places):
        yield from sorted(path for path in place.iterdir() if path.is_file()) if place.is_dir() else [place]


def replay(law: Law, places: Sequence[str]) -> int:
    """Try every input once; exit code 1 when the law does not hold for one, 2 when there is none, or no such place."""
    began = time.perf_counter()
    tried = failed = 0
    if missing := [place for place in places if not Path(place).exists()]:
        print(f"expected files and folders, found nothing at {', '.join(missing)}", file=sys.stderr)
        return 2
    for path in inputs(places):
        tried += 1
        try:
            law(path.read_bytes())
        except Exception:
            failed += 1
            print(f"{path}:\n{traceback.format_exc()}")
    if not tried:
        print("expected files, or folders with some, found none", file=sys.stderr)
        return 2
    print(f"{tried} inputs, {failed} findings, {time.perf_counter() - began:.1f} s")
    return int(failed > 0)


# ---- mutation ----

Mutate = Callable[[bytes, int], bytes]
_SEALED_OF = 16
"""Of so many inputs all but one have checksums that are right."""
_TREES_OF = 4
"""Of so many mutations one is of a part of the file, with all that depends on it derived again."""


def mutated(data: bytes, max_size: int, drawn: random.Random, mutate: Mutate) -> bytes:
    """Another input: bytes that libFuzzer changed, or a part of the file that it changed, mostly with right checksums.

    Without that, nearly everything ends at a checksum, and what lies behind it is never seen.
    """
    from aprfmt.errors import AprError

    found = b""
    if drawn.randrange(_TREES_OF) == 0:
        try:
            found = _other_part(data, max_size, drawn, mutate)
        except AprError:
            found = b""
    found = found or mutate(data, max_size)
    if drawn.randrange(_SEALED_OF):
        found = _sealed(found)
    return found[:max_size]


def _other_part(data: bytes, max_size: int, drawn: random.Random, mutate: Mutate) -> bytes:
    """The file with other metadata, another index entry, or its tensors elsewhere; places and sizes are derived."""
    from aprfmt.layout import build, parse

    tree = parse(data)
    entries: list[dict[str, Any]] = tree["tensor_index"]["entries"]
    kind = drawn.choice(("metadata", "metadata", "name", "dims", "twice", "without", "data"))
    if kind == "metadata" or (not entries and kind != "data"):
        tree["metadata"] = mutate(tree["metadata"], max_size)
    elif kind == "data":
        tree["tensor_data"] = mutate(tree["tensor_data"], max_size)
    else:
        _change_entry(entries, kind, max_size, drawn, mutate)
    derived = {"magic", "version_major", "version_minor", "flags", "reserved"}
    header = {key: value for key, value in tree["header"].items() if key in derived}
    index = {"entries": entries}
    return build(
        {"header": header, "metadata": tree["metadata"], "tensor_index": index, "tensor_data": tree["tensor_data"]}
    )


def _change_entry(
    entries: list[dict[str, Any]], kind: str, max_size: int, drawn: random.Random, mutate: Mutate
) -> None:
    at = drawn.randrange(len(entries))
    entry = dict(entries[at])
    if kind == "without":
        del entries[at]
        return
    if kind == "twice":
        entry["name"] += b"2"
        entries.insert(at + 1, entry)
    elif kind == "name":
        entry["name"] = mutate(entry["name"], max_size)
    else:
        entry["dims"] = [*entry["dims"], drawn.choice((0, 1, 2, 3))]
    for key in ("len_name", "ndim"):
        entry.pop(key)
    entries[at] = entry


def _sealed(raw: bytes) -> bytes:
    """The bytes with right checksums in the header and at the end, as far as there is room for them."""
    from aprfmt.checksum import crc32
    from aprfmt.layout import FOOTER_SIZE, HEADER_SIZE, build_footer, header_crc32, with_header_checksum

    if len(raw) < HEADER_SIZE + FOOTER_SIZE:
        return raw
    body = with_header_checksum(raw[:-FOOTER_SIZE], header_crc32(raw[:HEADER_SIZE]))
    return body + build_footer(crc32(body))
