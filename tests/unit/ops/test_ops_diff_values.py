"""Numbers are compared as numbers, whatever they are stored as, and what is not finite is never called identical."""

from __future__ import annotations

import math
import struct
import sys
from typing import Any

import pytest
from tests.unit.rules.crafting import craft, entry_a

from aprfmt.container import Container
from aprfmt.errors import RequestError
from aprfmt.layout import DType, tensor_nbytes
from aprfmt.ops.diff.dequantise import Elements
from aprfmt.ops.diff.model import Pair, Side
from aprfmt.ops.diff.tensors import pairs_of
from aprfmt.ops.diff.values import TensorValues, Verdict, compare_values
from aprfmt.source import BytesSource

np = pytest.importorskip("numpy")

NAN, INF = math.nan, math.inf


def model(dtype: DType, shape: list[int], data: bytes) -> Container:
    entry = entry_a(dtype=int(dtype), dims=shape, len_tensor=len(data))
    return Container(BytesSource(craft(entry, tensor_data=data + bytes(-len(data) % 64))), lenient=True)


def floats(*values: float, code: str = "f", dtype: DType = DType.F32) -> Container:
    return model(dtype, [len(values)], struct.pack(f"<{len(values)}{code}", *values))


def compared(first: Container, second: Container) -> TensorValues:
    sides = Side(first), Side(second)
    pairs, _ = pairs_of(*sides, lambda _name: True)
    (found,) = compare_values(pairs, *sides)
    return found


def elements(container: Container) -> list[float]:
    tensor = container.tensors[0]
    read = Elements(container.source, tensor)
    assert read.why_not is None
    return [float(value) for value in read.read(0, read.n_elements)]


# ---- what the figures are ----


def test_figures_of_a_known_pair() -> None:
    found = compared(floats(1, 2, 3, 4), floats(1, 2, 5, 3))
    assert (found.verdict, found.n_elements, found.n_finite, found.n_different) == (Verdict.DIFFERENT, 4, 4, 2)
    assert (found.max_abs, found.mean_abs, found.rmse) == (2, 0.75, math.sqrt(5 / 4))
    assert found.cosine == pytest.approx((1 + 4 + 15 + 12) / math.sqrt(30 * 39))


def test_the_same_numbers_are_identical_whatever_they_are_stored_as() -> None:
    found = compared(floats(1, -2.5, 0), floats(1, -2.5, 0, code="e", dtype=DType.F16))
    assert (found.verdict, found.max_abs, found.cosine) == (Verdict.IDENTICAL, 0, 1)


@pytest.mark.parametrize(
    ("first", "second"), [((1, NAN), (1, 2)), ((1, 2), (1, NAN)), ((1, INF), (1, 2)), ((1, NAN), (1, NAN))]
)
def test_what_is_not_finite_is_counted_and_never_identical(first: tuple[float, ...], second: tuple[float, ...]) -> None:
    found = compared(floats(*first), floats(*second))
    assert found.verdict is Verdict.NOT_FINITE
    assert found.n_nan == (sum(map(math.isnan, first)), sum(map(math.isnan, second)))
    assert found.n_inf == (sum(map(math.isinf, first)), sum(map(math.isinf, second)))
    assert (found.n_finite, found.n_different, found.max_abs) == (1, 1, 0)


def test_infinities_of_one_sign_are_equal_and_still_not_identical() -> None:
    found = compared(floats(INF, -INF), floats(INF, INF))
    assert (found.verdict, found.n_different, found.n_inf) == (Verdict.NOT_FINITE, 1, (2, 2))
    assert (found.n_finite, found.max_abs, found.rmse, found.cosine) == (0, None, None, None)


def test_there_is_no_angle_to_nothing() -> None:
    found = compared(floats(0, 0), floats(0, 1))
    assert (found.max_abs, found.cosine) == (1, None)


def test_distances_beyond_a_double_are_infinite_and_no_crash() -> None:
    first, second = (floats(sign * 1e308, -sign * 1e308, code="d", dtype=DType.F64) for sign in (1, -1))
    found = compared(first, second)
    assert (found.verdict, found.max_abs, found.rmse, found.cosine) == (Verdict.DIFFERENT, INF, INF, None)


def test_large_integers_are_not_rounded_together() -> None:
    first, second = (floats(value, code="q", dtype=DType.I64) for value in (2**53, 2**53 + 1))
    found = compared(first, second)
    assert (found.verdict, found.n_different) == (Verdict.DIFFERENT, 1)


def test_what_cannot_be_compared_says_why() -> None:
    found = compared(floats(1, 2), model(DType.F32, [2, 1], bytes(8)))
    assert (found.verdict, found.reason) == (Verdict.NOT_COMPARED, "the shapes are [2] and [2, 1]")
    found = compared(floats(1, 2), model(DType.F32, [2], bytes(4)))
    assert (found.verdict, found.reason) == (
        Verdict.NOT_COMPARED,
        "second file: it has 4 bytes where element type and shape take 8",
    )
    unknown = floats(1)
    raw = bytearray(unknown.source.read(0, unknown.source.size))
    raw[unknown.tensors[0].field("dtype")[1][0]] = 99
    found = compared(Container(BytesSource(bytes(raw)), lenient=True), floats(1))
    assert found.reason == "first file: the element type is unknown"
    assert compared(floats(), floats()).reason == "it has no elements"
    side = Side(floats(1))
    (alone,) = compare_values([Pair(side.tensors[0], None)], side, side)
    assert alone.reason == "only the first file has it"


# ---- what the bytes mean ----


@pytest.mark.parametrize(
    ("dtype", "code", "values"),
    [
        (DType.F32, "f", (1.5, -2.25)),
        (DType.F64, "d", (1e300, -0.1)),
        (DType.F16, "e", (0.5, -8.0)),
        (DType.I8, "b", (-128, 127)),
        (DType.U8, "B", (0, 255)),
        (DType.I32, "i", (-(2**31), 7)),
        (DType.I64, "q", (-(2**40), 9)),
    ],
)
def test_plain_types(dtype: DType, code: str, values: tuple[float, ...]) -> None:
    assert elements(floats(*values, code=code, dtype=dtype)) == list(values)


def test_eight_bits_with_one_scale() -> None:
    raw = struct.pack("<f5b", 0.5, -128, -1, 0, 1, 127)
    for dtype in (DType.APR_Q8, DType.APR_Q8_LEGACY):
        assert elements(model(dtype, [5], raw)) == [-64, -0.5, 0, 0.5, 63.5]
    assert elements(model(DType.APR_Q8, [0], b"")) == []


def test_four_bits_in_blocks_the_low_half_first() -> None:
    halves = [number % 16 for number in range(40)]
    packed = bytes(low | high << 4 for low, high in zip(halves[::2], halves[1::2], strict=True)).ljust(32, b"\0")
    raw = struct.pack("<e16se16s", 2.0, packed[:16], -0.25, packed[16:])
    expected = [(half - 8) * (2.0 if at < 32 else -0.25) for at, half in enumerate(halves)]
    for dtype in (DType.APR_Q4, DType.APR_Q4_LEGACY):
        assert elements(model(dtype, [5, 8], raw)) == expected


def block_q4_k(scale: float, minimum: float, scales: bytes, halves: bytes) -> bytes:
    return struct.pack("<ee", scale, minimum) + scales + halves


def test_q4_k_is_decoded_by_the_library() -> None:
    pytest.importorskip("gguf")
    # All sub-blocks have scale 1 and minimum 0; every byte holds 3 below and 12 above.
    raw = block_q4_k(0.5, 1.0, bytes([1] * 4 + [0] * 4 + [1] * 4), b"\xc3" * 128)
    found = elements(model(DType.Q4_K, [256], raw))
    assert found[:32] == [1.5] * 32
    assert found[32:64] == [6.0] * 32
    assert len(found) == 256


def test_q6_k_and_bf16_are_decoded_by_the_library() -> None:
    pytest.importorskip("gguf")
    raw = bytes(128) + bytes(64) + bytes([1] * 16) + struct.pack("<e", 0.5)
    assert elements(model(DType.Q6_K, [256], raw)) == [-16.0] * 256
    values = (1.0, -2.5, 3.140625)
    raw = b"".join(struct.pack("<f", value)[2:] for value in values)
    assert elements(model(DType.BF16, [3], raw)) == list(values)


def test_rows_that_are_filled_up_are_read_without_the_filling() -> None:
    pytest.importorskip("gguf")
    scales = bytes([1] * 4 + [0] * 4 + [1] * 4)
    blocks = [block_q4_k(row + 1, 0, scales, b"\x11" * 128) for row in range(3)]
    shape = [3, 100]
    sizes = tensor_nbytes(int(DType.Q4_K), shape)
    assert sizes == (288, 432)
    padded = model(DType.Q4_K, shape, b"".join(blocks))
    assert elements(padded) == [1.0] * 100 + [2.0] * 100 + [3.0] * 100
    flat = floats(*elements(padded))
    raw = flat.source.read(*flat.tensors[0].file_span)
    assert compared(padded, model(DType.F32, shape, raw)).verdict is Verdict.IDENTICAL


def test_ranges_cover_all_elements_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gguf")
    from aprfmt.ops.diff import values

    scales = bytes([1] * 4 + [0] * 4 + [1] * 4)
    blocks = b"".join(block_q4_k(number + 1, 0, scales, bytes([number % 7 * 17]) * 128) for number in range(12))
    for shape in ([4, 600], [12, 100], [3072]):
        quantised = model(DType.Q4_K, shape, blocks)
        everything = elements(quantised) if shape != [4, 600] else None
        for at_once in (256, 300, 512, 1000, 1 << 18):
            monkeypatch.setattr(values, "_AT_ONCE", at_once)
            sides = Side(quantised), Side(quantised)
            (found,) = compare_values([Pair(sides[0].tensors[0], sides[1].tensors[0])], *sides)
            assert (found.verdict, found.n_finite) == (Verdict.IDENTICAL, math.prod(shape))
            if everything is not None:
                data = struct.pack(f"<{len(everything)}f", *everything)
                assert compared(quantised, model(DType.F32, shape, data)).verdict is Verdict.IDENTICAL


def test_progress_counts_elements() -> None:
    done: list[int] = []
    sides = Side(floats(1, 2, 3)), Side(floats(1, 2, 3))
    list(compare_values([Pair(sides[0].tensors[0], sides[1].tensors[0])], *sides, progress=done.append))
    assert done == [3]


@pytest.mark.parametrize("name", ["numpy", "gguf"])
def test_a_library_that_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    missing: Any = None
    monkeypatch.setitem(sys.modules, name, missing)
    container = model(DType.BF16, [1], bytes(2))
    with pytest.raises(RequestError, match=rf"needs {name}, which is not installed: pip install 'aprfmt\[values\]'"):
        compared(container, container)
