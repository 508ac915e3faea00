"""CRC-32/IEEE over bytes that arrive in pieces, and the algebra that joins two checksums.

The accelerated implementation (ISA-L) is used when it is installed; results are the same either way.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import cast

__all__ = ["crc32", "crc32_combine"]

_POLYNOMIAL = 0xEDB88320  # CRC-32/IEEE, reflected: the polynomial of zlib, and of APR's header and footer


def _load() -> Callable[[bytes | bytearray | memoryview, int], int]:
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.crc32
    return cast("Callable[[bytes | bytearray | memoryview, int], int]", isal_zlib.crc32)


_implementation: Callable[[bytes | bytearray | memoryview, int], int] | None = None


def crc32(data: bytes | bytearray | memoryview, value: int = 0) -> int:
    """CRC-32/IEEE of `data`, continuing from `value`, the checksum of what came before it."""
    global _implementation  # noqa: PLW0603 - resolved at the first use, so that importing stays cheap
    if _implementation is None:
        _implementation = _load()
    return _implementation(data, value)


def _times(matrix: list[int], vector: int) -> int:
    total = 0
    for column in matrix:
        if not vector:
            break
        if vector & 1:
            total ^= column
        vector >>= 1
    return total


def crc32_combine(first: int, second: int, second_nbytes: int) -> int:
    """CRC-32 of A+B from crc32(A), crc32(B) and the number of bytes of B, without reading either.

    CRC-32 is linear over GF(2): appending n bytes multiplies the state of A by x^(8n). The matrix of one zero
    byte is squared once a bit of n, so 8 GB costs no more than 8 KB.
    """
    if second_nbytes < 0:
        raise ValueError("expected a length of at least 0 bytes")
    # Column i is what one zero *bit* makes of state bit i; three squarings make it one zero byte.
    matrix = [_POLYNOMIAL] + [1 << bit for bit in range(31)]
    for _ in range(3):
        matrix = [_times(matrix, column) for column in matrix]
    remaining = second_nbytes
    while remaining:
        if remaining & 1:
            first = _times(matrix, first)
        matrix = [_times(matrix, column) for column in matrix]
        remaining >>= 1
    return first ^ second
