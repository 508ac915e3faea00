"""Elements as numbers: what `struct` and the definition of bf16 say."""

from __future__ import annotations

import math
import struct

import pytest

from aprfmt.layout import facts
from aprfmt.layout.elements import decode_elements

PLAIN = [code for code, known in facts.DTYPE_FACTS.items() if not known.quantized]


@pytest.mark.parametrize(
    ("name", "raw", "wanted"),
    [
        ("f32", struct.pack("<2f", 0.5, -2.0), (0.5, -2.0)),
        ("f16", struct.pack("<2e", 0.5, -2.0), (0.5, -2.0)),
        ("f64", struct.pack("<2d", 0.1, -1e300), (0.1, -1e300)),
        ("bf16", b"\x80\x3f\x00\xc0", (1.0, -2.0)),
        ("i8", b"\x00\xff\x80", (0, -1, -128)),
        ("u8", b"\x00\xff\x80", (0, 255, 128)),
        ("i32", struct.pack("<2i", -5, 7), (-5, 7)),
        ("i64", struct.pack("<2q", -(1 << 63), 7), (-(1 << 63), 7)),
    ],
)
def test_numbers(name: str, raw: bytes, wanted: tuple[float, ...]) -> None:
    (code,) = (code for code in PLAIN if facts.DTYPE_FACTS[code].id == name)
    assert decode_elements(code, raw) == wanted
    assert decode_elements(code, raw + b"\x01"[: facts.DTYPE_FACTS[code].block_bytes - 1]) == wanted


@pytest.mark.parametrize("code", PLAIN)
def test_every_type_that_is_not_quantised_has_numbers(code: int) -> None:
    nbytes = facts.DTYPE_FACTS[code].block_bytes
    assert decode_elements(code, bytes(3 * nbytes)) == (0, 0, 0)
    assert decode_elements(code, b"") == ()
    assert decode_elements(code, bytes(nbytes)[1:]) == ()


@pytest.mark.parametrize("code", [*(set(facts.DTYPE_FACTS) - set(PLAIN)), 2, 13, 255])
def test_other_types_have_none(code: int) -> None:
    assert decode_elements(code, bytes(256)) is None


def test_what_is_no_number_is_kept() -> None:
    (code,) = (code for code in PLAIN if facts.DTYPE_FACTS[code].id == "bf16")
    infinity, nan = decode_elements(code, b"\x80\x7f\xc0\x7f") or ()
    assert math.isinf(infinity)
    assert math.isnan(nan)
