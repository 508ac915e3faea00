"""Laws: any bytes give a result or an AprError, in bounded memory; nothing else ever comes out."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.fuzz.laws import golden

import aprfmt
from aprfmt import AprError, ProvenancePatch, build, parse, stamp_bytes
from aprfmt.files import validate_file
from aprfmt.layout import build_head
from aprfmt.ops.inspect import inspect
from aprfmt.rules import run
from aprfmt.testing import containers, damaged, sealed

PATCH = ProvenancePatch(license="MIT")
SMALL = golden("one_custom_key.apr")

MANY_TIMES = 40
"""Bytes of Python objects that a byte of an index may become; an entry of 20 bytes is some 500 in memory."""
ALLOWANCE = 3 << 20
"""Two buffers of a pass over the file, with room for what a first call leaves behind."""


def entry(name: bytes, *, dtype: int = 0, dims: tuple[int, ...] = (), offset: int = 0, size: int = 4) -> bytes:
    head = struct.pack("<H", len(name)) + name + bytes([dtype, len(dims)])
    return head + struct.pack(f"<{len(dims) + 2}Q", *dims, offset, size)


def evil_header(**fields: int) -> bytes:
    tree = parse(SMALL)
    tree["header"] |= fields
    return sealed(build(tree))


def with_metadata(raw: bytes) -> bytes:
    return build({"metadata": raw, "tensor_index": {"entries": []}})


EVIL_JSON = {
    "empty": b"",
    "not an object": b"[1]",
    "deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "unclosed": b'{"a":' + b"[" * 100_000,
    "5,000 digits": b'{"a":' + b"1" * 5000 + b"}",
    "5,000 digits of a known key": b'{"hidden_size":' + b"1" * 5000 + b"}",
    "300 digits": b'{"license":null,"a":' + b"1" * 300 + b"}",
    "5,000 decimals": b'{"a":0.' + b"1" * 5000 + b"}",
    "exponent": b'{"a":1e999999999}',
    "lone surrogate": rb'{"a":"\ud800"}',
    "lone surrogate as key": rb'{"\udfff":1}',
    "lone surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "not UTF-8": b'{"a":"\xff"}',
    "byte-order mark": b"\xef\xbb\xbf{}",
    "nul": b'{"a":"\0"}',
    "NaN": b'{"a":NaN}',
    "quotes": b'{"' + b'\\"' * 50_000,
}

EVIL_FILES = {
    "nothing": b"",
    "head": SMALL[:64],
    "almost a head": SMALL[:63],
    "zeros": bytes(1024),
    "all ones": b"APR\0" + b"\xff" * 1020,
    **{f"metadata: {name}": with_metadata(raw) for name, raw in EVIL_JSON.items()},
    **{
        f"{field}={value:#x}": evil_header(**{field: value})
        for field in ("num_tensors", "len_metadata", "ofs_metadata", "ofs_tensor_index", "ofs_data")
        for value in (0, 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
        if value < 2**32 or field.startswith("ofs")
    },
    **{
        f"entry: {name}": b"".join(build_head({"num_tensors": 1}, b"{}", raw)) + bytes(64)
        for name, raw in {
            "255 huge dimensions": entry(b"a", dims=(2**64 - 1,) * 255),
            "huge offset": entry(b"a", offset=2**64 - 1),
            "huge size": entry(b"a", size=2**64 - 1),
            "huge both": entry(b"a", offset=2**63, size=2**63),
            "long name": entry(b"n" * 65535),
            "name not UTF-8": entry(b"\xff\xfe"),
            "surrogate name": entry(b"\xed\xa0\x80"),
            "no name": entry(b""),
            "unknown type": entry(b"a", dtype=2),
            "huge type": entry(b"a", dtype=14, dims=(2**64 - 1, 2**64 - 1)),
            "cut": entry(b"a")[:10],
        }.items()
    },
}


def everything(raw: bytes) -> None:
    """Call all that reads a file, each on its own, as callers do who go on after an error."""
    readers: tuple[Callable[[], Any], ...] = (
        lambda: aprfmt.parse(raw),
        lambda: stamp_bytes(raw, PATCH),
        lambda: stamp_bytes(raw, PATCH, drop_trailing=True),
        lambda: validate_file(raw),
        lambda: validate_file(raw, profile="reader"),
    )
    for reader in readers:
        with contextlib.suppress(AprError):
            reader()
    with contextlib.suppress(AprError), aprfmt.open(raw) as container:
        parts: tuple[Callable[[], Any], ...] = (
            lambda: dict(container.metadata),
            lambda: [str(fault) for fault in container.metadata.type_errors()],
            lambda: container.tensors,
            lambda: [(tensor.dtype, tensor.n_elements, repr(tensor), tensor.file_span) for tensor in container.tensors],
            lambda: [bytes(tensor.data) for tensor in container.tensors],
            lambda: [container[tensor.name] for tensor in container.tensors],
            lambda: dict(container),
            lambda: container.sections,
            lambda: container.footer,
            lambda: container.n_trailing_bytes,
            container.payload_digest,
            lambda: run(container),
            lambda: inspect(container, check=True),
        )
        for part in parts:
            with contextlib.suppress(AprError):
                part()


@given(st.binary(max_size=300))
@example(b"")
def test_any_bytes(raw: bytes) -> None:
    """Bytes that never were a file MUST give AprError."""
    everything(raw)


@given(st.binary(min_size=60, max_size=300).map(lambda raw: sealed(b"APR\0\2\0" + raw)))
def test_any_bytes_behind_a_magic(raw: bytes) -> None:
    """Bytes that begin as a file does, with the right checksum, MUST give a result or AprError."""
    everything(raw)


@given(damaged(containers(canonical=False)))
def test_any_damage(raw: bytes) -> None:
    """Damaged files MUST give a result or AprError, from every entry point."""
    everything(raw)


@pytest.mark.parametrize("name", EVIL_FILES)
def test_crafted_files(name: str) -> None:
    """Files made to break a reader MUST give a result or AprError."""
    everything(EVIL_FILES[name])


def peak_nbytes(raw: bytes) -> int:
    tracemalloc.start()
    try:
        everything(raw)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", EVIL_FILES)
def test_memory_is_bounded_by_the_file(name: str) -> None:
    """Memory MUST be bounded by the bytes that are there, never by the numbers in them."""
    raw = EVIL_FILES[name]
    everything(raw)  # what is imported and cached once is not the file's
    assert peak_nbytes(raw) < ALLOWANCE + MANY_TIMES * len(raw)


@settings(max_examples=30)
@given(damaged(containers(canonical=False)))
def test_memory_of_damaged_files(raw: bytes) -> None:
    """The same MUST hold for files that nobody crafted."""
    assert peak_nbytes(raw) < ALLOWANCE + MANY_TIMES * len(raw)
