"""For every rule a file that breaks nothing else, and its twin just on the other side, which breaks nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.unit.rules.crafting import craft, entry_a

from aprfmt.container import Container
from aprfmt.layout import DType
from aprfmt.limits import DEFAULT_LIMITS
from aprfmt.source import BytesSource

__all__ = ["CASES", "READER_CASES", "Case", "b", "flip", "sound"]

_MIB = 1024 * 1024
TRIPLE = b'"license":"MIT","data_source":"web","data_license":"CC0-1.0"'
METADATA = b'{"name":"m",%s}' % TRIPLE


def b(**fields: Any) -> dict[str, Any]:
    return {"name": b"b", "dtype": DType.F16, "dims": [3], "ofs_tensor": 64, "len_tensor": 6, **fields}


def sound(*entries: dict[str, Any], header: dict[str, Any] | None = None, **sections: Any) -> bytes:
    """A file in order, with nothing to say about; one tensor of 8 bytes and one of 6 unless given."""
    return craft(*(entries or (entry_a(), b())), header=header, **{"metadata": METADATA, **sections})


def head(**fields: Any) -> bytes:
    return sound(header=fields)


def flags(*names: str, **others: Any) -> bytes:
    return sound(header={"flags": {**dict.fromkeys(names, True), **others}})


def meta(text: bytes) -> bytes:
    """The file with another member beside the provenance."""
    return sound(metadata=b"{%s,%s}" % (text, TRIPLE))


def says(**values: bytes) -> bytes:
    """The file with other provenance; what is empty is left out."""
    triple = {"license": b"MIT", "data_source": b"web", "data_license": b"CC0-1.0", **values}
    return sound(metadata=b"{%s}" % b",".join(b'"%s":"%s"' % (k.encode(), v) for k, v in triple.items() if v != b"-"))


def data(*nonzero: int, size: int = 128) -> bytes:
    """Tensor data with some bytes that are not zero."""
    raw = bytearray(size)
    for at in nonzero:
        raw[at] = 1
    return bytes(raw)


def filler(*, extra: int = 0, last: int = 0) -> bytes:
    """What follows the metadata up to the grid, with more bytes than that takes, and another last one."""
    return bytes(-len(METADATA) % 64 + extra - 1) + bytes([last])


def index_filler(last: int) -> dict[str, Any]:
    """The index of the sound file with a filler of 6 bytes."""
    return {"entries": [entry_a(), b()], "padding": bytes(5) + bytes([last])}


def empty(**fields: Any) -> dict[str, Any]:
    """A tensor without elements, behind the first one."""
    return b(dims=[0], len_tensor=0, **fields)


def q4_k(**fields: Any) -> dict[str, Any]:
    return b(dtype=DType.Q4_K, dims=[256], len_tensor=144, **fields)


def many(number: int) -> bytes:
    """A file with so many entries of the smallest kind, which are all zero."""
    size = number * 20
    index = {"entries": [], "padding": bytes(size + -size % 64)}
    return craft(header={"num_tensors": number}, metadata=METADATA, tensor_index=index, tensor_data=b"")


def flip(raw: bytes, entry: int, field: str, bit: int) -> bytes:
    """The file with one bit of a field of an index entry flipped, and nothing resealed."""
    start, _ = Container(BytesSource(raw)).tensors[entry].field(field)[1]
    damaged = bytearray(raw)
    damaged[start + bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


@dataclass(frozen=True, slots=True)
class Case:
    """Makers of the two files, because some are large. `beside` are rules of no error that break along inevitably."""

    broken: Callable[[], bytes]
    twin: Callable[[], bytes]
    beside: frozenset[str] = frozenset()


def case(broken: Callable[[], bytes], twin: Callable[[], bytes] = sound, beside: tuple[str, ...] = ()) -> Case:
    return Case(broken, twin, frozenset(beside))


CASES: Mapping[str, Case] = {
    "APR-H001": case(lambda: head(magic=b"GGUF")),
    "APR-H002": case(lambda: head(version_major=3)),
    "APR-H003": case(lambda: head(version_minor=1)),
    "APR-H004": case(lambda: flags("layout_column_major", layout_row_major=False)),
    "APR-H005": case(lambda: flags(reserved=8)),
    "APR-H006": case(lambda: head(checksum=0)),
    "APR-H007": case(lambda: head(reserved=bytes(19) + b"\1")),
    "APR-H008": case(lambda: sound()[:63]),
    "APR-H009": case(
        lambda: flags("quantized"),
        lambda: sound(entry_a(), q4_k(), header={"flags": {"quantized": True}}, tensor_data=bytes(256)),
    ),
    "APR-H010": case(lambda: flags("lz4_compressed")),
    "APR-H011": case(lambda: flags(layout_row_major=False)),
    "APR-H012": case(
        lambda: flags("has_vocab"),
        lambda: sound(header={"flags": {"has_vocab": True}}, metadata=b'{"tokenizer.vocabulary":["a"],%s}' % TRIPLE),
    ),
    "APR-S001": case(lambda: head(ofs_metadata=0)),
    "APR-S002": case(lambda: head(ofs_tensor_index=64)),
    "APR-S003": case(lambda: head(ofs_data=64)),
    "APR-S004": case(lambda: sound(metadata_padding=filler(last=1)), lambda: sound(metadata_padding=filler())),
    "APR-S005": case(lambda: sound(metadata_padding=filler(extra=-1))),
    "APR-S006": case(lambda: sound(metadata_padding=filler(extra=64))),
    "APR-M001": case(lambda: sound(metadata=b"")),
    "APR-M002": case(lambda: meta(b'"a":"\xff"'), lambda: meta(b'"a":"\xc3\xbf"')),
    "APR-M003": case(lambda: meta(b'"a":NaN'), lambda: meta(b'"a":null')),
    "APR-M004": case(lambda: sound(metadata=b"[]")),
    "APR-M005": case(
        lambda: meta(b'"a":%s%s' % (b"[" * 127, b"]" * 127)), lambda: meta(b'"a":%s%s' % (b"[" * 126, b"]" * 126))
    ),
    "APR-M006": case(lambda: meta(b'"hidden_size":4096.0'), lambda: meta(b'"hidden_size":4096')),
    "APR-M007": case(
        lambda: sound(metadata=METADATA + b" " * (16 * _MIB - len(METADATA) + 1)),
        lambda: sound(metadata=METADATA + b" " * (16 * _MIB - len(METADATA))),
    ),
    "APR-M008": case(lambda: meta(b'"a":[{"x":1,"x":2}]'), lambda: meta(b'"a":[{"x":1,"X":2}]')),
    "APR-M009": case(lambda: meta(b'"a":[18446744073709551616]'), lambda: meta(b'"a":[18446744073709551615]')),
    "APR-P001": case(lambda: says(license=b"-")),
    "APR-P002": case(lambda: says(data_license=b" Unknown "), lambda: says(data_license=b" LicenseRef-Unknown ")),
    "APR-P003": case(lambda: says(license=b"Apache License 2"), lambda: says(license=b"Apache-2.0")),
    "APR-I001": case(lambda: head(num_tensors=100)),
    "APR-I002": case(lambda: sound(entry_a(), b(dtype=2))),
    "APR-I003": case(lambda: sound(entry_a(name=b"b"), b(name=b"a"))),
    "APR-I005": case(lambda: sound(entry_a(), b(name=b"\xff")), lambda: sound(entry_a(), b(name=b"\xc3\xbf"))),
    "APR-I006": case(lambda: sound(entry_a(name=b"a" * 257), b()), lambda: sound(entry_a(name=b"a" * 256), b())),
    "APR-I007": case(lambda: sound(entry_a(dims=[2] + [1] * 8), b()), lambda: sound(entry_a(dims=[2] + [1] * 7), b())),
    "APR-I008": case(
        lambda: sound(entry_a(), b(dtype=DType.APR_Q4_LEGACY, dims=[32], len_tensor=18)),
        lambda: sound(entry_a(), b(dtype=DType.APR_Q4, dims=[32], len_tensor=18)),
    ),
    "APR-I009": case(lambda: sound(tensor_index=index_filler(1)), lambda: sound(tensor_index=index_filler(0))),
    "APR-I010": case(
        lambda: sound(entry_a(), b(dtype=DType.U8, dims=[6])), lambda: sound(entry_a(), b(dtype=DType.F16, dims=[3]))
    ),
    "APR-I011": case(lambda: sound(entry_a(name=b"a\7"), b()), lambda: sound(entry_a(name=b"a\\7"), b())),
    "APR-I012": case(
        lambda: sound(entry_a(), empty(), header={"num_tensors": 1}, tensor_data=bytes(64)),
        lambda: sound(entry_a(), empty(), tensor_data=bytes(64)),
    ),
    "APR-D001": case(
        lambda: sound(entry_a(), b(ofs_tensor=1 << 63), tensor_data=bytes(64)),
        lambda: sound(entry_a(), b(ofs_tensor=64), tensor_data=bytes(128)),
    ),
    "APR-D002": case(lambda: sound(entry_a(), b(len_tensor=5))),
    "APR-D003": case(lambda: sound(entry_a(), b(ofs_tensor=0), tensor_data=bytes(64))),
    "APR-D004": case(lambda: sound()[:-5]),
    "APR-D005": case(
        lambda: sound(entry_a(), b(ofs_tensor=68), tensor_data=bytes(132)),
        lambda: sound(entry_a(), b(ofs_tensor=64), tensor_data=bytes(128)),
    ),
    "APR-D006": case(lambda: sound(tensor_data=data(8)), lambda: sound(tensor_data=data(7))),
    "APR-D007": case(
        lambda: sound(entry_a(), b(ofs_tensor=128), tensor_data=bytes(192)),
        lambda: sound(entry_a(dims=[17], len_tensor=68), b(ofs_tensor=128), tensor_data=bytes(192)),
    ),
    "APR-D008": case(lambda: sound(entry_a(ofs_tensor=64), b(ofs_tensor=0))),
    "APR-F001": case(lambda: sound()[:-2]),
    "APR-F002": case(lambda: sound(tensor_data=data(0, 1))[:-4] + sound()[-4:], lambda: sound(tensor_data=data(0, 1))),
    "APR-F003": case(lambda: sound(footer=None)),
    "APR-F004": case(lambda: sound(trailing=b"\0")),
    "APR-F005": case(lambda: flip(sound(), 1, "ofs_tensor", 2), beside=("APR-D005", "APR-D006", "APR-F003")),
    "APR-L001": case(
        lambda: many(DEFAULT_LIMITS.max_tensors + 1),
        lambda: sound(header={"num_tensors": 2}),
    ),
}


def metadata_last(cut: int) -> bytes:
    """The metadata behind everything else, without its last bytes."""
    raw = sound()
    return sound(header={"ofs_metadata": len(raw)}, trailing=METADATA)[: len(raw) + len(METADATA) - cut]


def index_behind(num_tensors: int) -> bytes:
    """The index behind the end of the file."""
    fields = {"num_tensors": num_tensors, "ofs_tensor_index": 1 << 40}
    return craft(header=fields, metadata=METADATA, tensor_index={"entries": []}, tensor_data=b"")


def index_to_end(num_tensors: int) -> bytes:
    """Two entries with nothing behind them, in a section of no size."""
    index = {"entries": [entry_a(), b()], "padding": b""}
    fields = {"num_tensors": num_tensors, "ofs_data": 192}
    return sound(header=fields, tensor_index=index, tensor_data=b"", footer=None)


_SAME_IN_READER = (
    *("APR-H001", "APR-H004", "APR-H006", "APR-H008", "APR-I002", "APR-L001"),
    *("APR-M001", "APR-M002", "APR-M003", "APR-M004", "APR-M005", "APR-M006"),
)

READER_CASES: Mapping[str, Case] = {
    **{name: CASES[name] for name in _SAME_IN_READER},
    "APR-S001": case(lambda: metadata_last(1), lambda: metadata_last(0)),
    "APR-S002": case(lambda: index_behind(1), lambda: index_behind(0)),
    "APR-I001": case(lambda: index_to_end(3), lambda: index_to_end(2)),
    # What is not UTF-8 is replaced before names are compared.
    "APR-I003": case(
        lambda: sound(entry_a(name=b"\xfe"), b(name=b"\xff")), lambda: sound(entry_a(name=b"\xff"), b(name=b"\xff\xff"))
    ),
}
"""The same for the rules of the profile `reader`, as the reader of apr-format decides them."""
