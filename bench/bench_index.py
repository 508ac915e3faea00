"""The tensor index of a 670-billion-parameter model, parsed and built in every way there is.

`python bench/bench_index.py` prints a table in Markdown: the median of every way, and its ratio to a loop written by
hand with `struct`. All ways run in turn, round after round, so that whatever else the machine does disturbs all of them
alike; a ratio is the median of the ratios of the rounds. Every way is first shown to give the same.

The peers know the layout by heart, which nothing else in this repository may: they are what one would write without a
specification. Not a test: a busy machine is no fault.
"""

from __future__ import annotations

import argparse
import gc
import io
import struct
import sys
import time
from collections import namedtuple
from collections.abc import Callable
from dataclasses import make_dataclass
from statistics import median
from types import FunctionType, SimpleNamespace
from typing import Any

from construct import Array, Bytes, Container, Int8ul, Int16ul, Int64ul, Struct, this
from kaitaistruct import KaitaiStream

from aprfmt import layout
from aprfmt.container import Container as AprContainer
from aprfmt.layout._generated import codec, structs
from aprfmt.source import BytesSource
from aprfmt_reader._generated.apr_v2 import AprV2

__all__ = ["main"]

N_ENTRIES = 92_000
ROUNDS = 9
HAND = "hand-written `struct`, tuples"
CODEC = "**aprfmt codec**, records with their places"

Entry = tuple[int, bytes, int, int, tuple[int, ...], int, int]
"""Length of the name, name, dtype, number of dims, dims, offset, size."""


def model(count: int) -> list[Entry]:
    """Entries such as a mixture of experts has: names of some 45 bytes, one or two dims, Q4_K."""
    entries: list[Entry] = []
    at = 0
    places = [(index // 1500, index % 1500 // 3, ("gate", "up", "down")[index % 3]) for index in range(count)]
    names = [f"model.layers.{layer}.mlp.experts.{expert}.{matrix}_proj.weight" for layer, expert, matrix in places]
    for index, name in enumerate(sorted(text.encode() for text in names)):
        dims = (7168, 2048) if index % 10 else (7168,)
        size = (7168 * 2048 if index % 10 else 7168) // 256 * 144
        entries.append((len(name), name, 12, len(dims), dims, at, size))
        at += -(-size // 64) * 64
    return entries


# By hand: the fastest loops that a person would still write, one format for each number of dims.

_LEN = struct.Struct("<H")
_TAILS = [struct.Struct(f"<BB{ndim}QQQ") for ndim in range(256)]


def parse_by_hand(raw: bytes, count: int) -> list[Entry]:
    """The entries as tuples."""
    entries: list[Entry] = []
    at = 0
    for _ in range(count):
        (len_name,) = _LEN.unpack_from(raw, at)
        start = at + 2
        at = start + len_name
        name = raw[start:at]
        tail = _TAILS[raw[at + 1]]
        values = tail.unpack_from(raw, at)
        at += tail.size
        entries.append((len_name, name, values[0], values[1], values[2:-2], values[-2], values[-1]))
    return entries


def build_by_hand(entries: list[Entry]) -> bytes:
    """The bytes of the entries."""
    parts = []
    for len_name, name, dtype, ndim, dims, ofs, size in entries:
        parts.append(_LEN.pack(len_name))
        parts.append(name)
        parts.append(_TAILS[len(dims)].pack(dtype, ndim, *dims, ofs, size))
    return b"".join(parts)


# Construct as its manual has it: plain declarations and `this` expressions, which `.compile()` can translate.

_ENTRY = Struct(
    "len_name" / Int16ul,
    "name" / Bytes(this.len_name),
    "dtype" / Int8ul,
    "ndim" / Int8ul,
    "dims" / Array(this.ndim, Int64ul),
    "ofs_tensor" / Int64ul,
    "len_tensor" / Int64ul,
)
_FIELDS = ("len_name", "name", "dtype", "ndim", "dims", "ofs_tensor", "len_tensor")


def kaitai(raw: bytes, count: int) -> Any:
    """What the Kaitai compiler's Python reader makes of the index; its checks run too, as they cannot be left out."""
    file = SimpleNamespace(header=SimpleNamespace(ofs_data=0, num_tensors=count), len_file=2**63)
    return AprV2.TensorIndex(KaitaiStream(io.BytesIO(raw)), None, file).entries


def with_rows_of(kind: Any) -> Callable[[bytes, int, int], tuple[list[Any], list[int]]]:
    """The codec's own loop with records of another kind."""
    function = codec.scan_tensor_index_entry
    return FunctionType(function.__code__, {**vars(codec), "TensorIndexEntry": kind}, "scan", function.__defaults__)


def ways(entries: list[Entry]) -> dict[str, dict[str, Callable[[], Any]]]:
    """Every way to parse and to build, each as a call without arguments."""
    count = len(entries)
    raw = build_by_hand(entries)
    plain = Array(count, _ENTRY)
    compiled = plain.compile()
    ours = structs.tensor_index_entry
    records, _ = codec.scan_tensor_index_entry(raw, 0, count)
    trees = [Container(zip(_FIELDS, entry, strict=True)) for entry in entries]
    source = BytesSource(b"".join(layout.build_head({"num_tensors": count}, b"{}", raw)))
    reference = Array(count, ours)
    as_named_tuples = with_rows_of(namedtuple("Row", _FIELDS))
    as_dataclasses = with_rows_of(make_dataclass("Row", _FIELDS, frozen=True, slots=True))

    def streamed() -> list[Any]:
        return [entry for entry, _ in layout.iter_entries(io.BytesIO(raw), count)]

    parse: dict[str, Callable[[], Any]] = {
        HAND: lambda: parse_by_hand(raw, count),
        CODEC: lambda: codec.scan_tensor_index_entry(raw, 0, count)[0],
        "the same, records as named tuples": lambda: as_named_tuples(raw, 0, count)[0],
        "the same, records as frozen dataclasses": lambda: as_dataclasses(raw, 0, count)[0],
        "`layout.iter_entry_blocks`, from a stream": lambda: [
            entry for some, _ in layout.iter_entry_blocks(io.BytesIO(raw), count) for entry in some
        ],
        "`layout.iter_entries`, from a stream": streamed,
        "`Container.tensors`, limits checked": lambda: AprContainer(source).tensors,
        "Kaitai's Python": lambda: kaitai(raw, count),
        "Construct `.compile()`": lambda: compiled.parse(raw),
        "Construct": lambda: plain.parse(raw),
        "aprfmt's Construct structs": lambda: reference.parse(raw),
    }
    build: dict[str, Callable[[], Any]] = {
        HAND: lambda: build_by_hand(entries),
        CODEC: lambda: codec.join_tensor_index_entry(records),
        "`layout.build_entries`, records": lambda: layout.build_entries(records),
        "Construct `.compile()`": lambda: compiled.build(trees),
        "Construct": lambda: plain.build(trees),
        "aprfmt's Construct structs": lambda: reference.build(trees),
    }
    for name, way in parse.items():
        for found, wanted in zip(way(), entries, strict=True):
            assert as_tuple(found) == wanted, name
    for name, way in build.items():
        assert way() == raw, name
    return {"parse": parse, "build": build}


def as_tuple(entry: Any) -> tuple[Any, ...]:
    """An entry of any way as the tuple that the loop by hand makes."""
    if isinstance(entry, tuple):
        return tuple(entry)
    entry = getattr(entry, "entry", entry)
    values = (getattr(entry, name) for name in _FIELDS)
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)


def measure(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round; the garbage of the way before is collected outside of them."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            gc.collect()
            begin = time.perf_counter()
            result = way()
            times[name].append(time.perf_counter() - begin)
            del result
    return times


def table(measured: dict[str, dict[str, list[float]]]) -> list[str]:
    """The medians in milliseconds and the ratios to the first way, as Markdown."""
    lines = ["| | parse | ratio | build | ratio |", "|---|---|---|---|---|"]
    names = dict.fromkeys(name for times in measured.values() for name in times)
    for name in names:
        cells = [name]
        for times in measured.values():
            first = next(iter(times.values()))
            own = times.get(name)
            cells += ["", ""] if own is None else [f"{median(own) * 1e3:.0f} ms", f"{ratio(own, first):.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def ratio(times: list[float], others: list[float]) -> float:
    """The median of the ratios of the rounds."""
    return median(one / other for one, other in zip(times, others, strict=True))


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--entries", type=int, default=N_ENTRIES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    entries = model(options.entries)
    found = {job: measure(jobs, options.rounds) for job, jobs in ways(entries).items()}
    version = ".".join(map(str, sys.version_info[:2]))
    size = len(build_by_hand(entries)) / 1e6
    print(f"{options.entries} entries, {size:.1f} MB, Python {version}, medians of {options.rounds} rounds\n")
    print("\n".join(table(found)))
    for job, times in found.items():
        compiled, codec_times = times["Construct `.compile()`"], times[CODEC]
        print(f"\n{job}: the codec is {ratio(compiled, codec_times):.1f} times as fast as Construct's `.compile()`")


if __name__ == "__main__":
    main()
