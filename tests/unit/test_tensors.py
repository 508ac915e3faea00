"""A tensor of an opened container: what the index says of it, and its bytes as a view."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from aprfmt import DType, NewTensor, create_bytes
from aprfmt.container import Container
from aprfmt.errors import FormatError, RequestError, TruncatedError
from aprfmt.layout import build, parse
from aprfmt.source import CHUNK_BYTES, BytesSource
from aprfmt.tensors import Tensor, given_dtype, given_shape, name_matcher, tensor_nbytes

DATA = bytes(range(24))
RAW = create_bytes(
    [
        NewTensor("a", DType.F32, (2, 3), DATA),
        NewTensor("empty", DType.F16, (0, 7), b""),
        NewTensor("scalar", DType.U8, (), b"\x2a"),
    ],
    {},
)


def opened(raw: bytes | bytearray) -> Container:
    return Container(BytesSource(raw))


def edited(index: int, **fields: Any) -> Container:
    """The file with other values in one index entry."""
    tree = parse(RAW)
    tree["tensor_index"]["entries"][index] |= fields
    return opened(build(tree))


def test_what_the_index_says() -> None:
    container = opened(RAW)
    tensor = container["a"]
    assert (tensor.name, tensor.name_bytes, tensor.index) == ("a", b"a", 0)
    assert (tensor.dtype, tensor.dtype_name, str(tensor.dtype)) == (DType.F32, "f32", "f32")
    assert (tensor.shape, tensor.ndim, tensor.n_elements, tensor.nbytes) == ((2, 3), 2, 6, 24)
    assert tensor.data_offset == 0
    assert tensor.file_span == (container.header.ofs_data, container.header.ofs_data + 24)
    assert repr(tensor) == "<Tensor 'a' f32 [2, 3] 24 bytes>"
    assert tensor.entry_span == (container.header.ofs_tensor_index, container.header.ofs_tensor_index + 37)


def test_a_scalar_has_one_element_and_an_empty_tensor_none() -> None:
    container = opened(RAW)
    scalar, empty = container["scalar"], container["empty"]
    assert (scalar.shape, scalar.ndim, scalar.n_elements, bytes(scalar.data)) == ((), 0, 1, b"\x2a")
    assert (empty.shape, empty.n_elements, empty.nbytes, bytes(empty.data)) == ((0, 7), 0, 0, b"")


def test_sizes_are_exact_whatever_they_are() -> None:
    tensor = edited(0, ndim=2, dims=[2**64 - 1, 2**64 - 1]).tensors[0]
    assert tensor.n_elements == (2**64 - 1) ** 2


def test_the_data_is_a_view_of_the_same_buffer() -> None:
    buffer = bytearray(RAW)
    tensor = opened(buffer)["a"]
    view = tensor.data
    assert view.obj is buffer
    assert view.readonly
    assert view == DATA
    buffer[tensor.file_span[0]] = 0xEE
    assert view[0] == 0xEE


def test_the_data_comes_in_bounded_pieces_too() -> None:
    data = bytes(CHUNK_BYTES) + b"end"
    tensor = opened(create_bytes([NewTensor("t", DType.U8, (len(data),), data)], {}))["t"]
    assert [len(piece) for piece in tensor.iter_data()] == [CHUNK_BYTES, 3]
    assert tensor.sha256() == hashlib.sha256(data).digest()


def test_the_digest_of_nothing() -> None:
    assert opened(RAW)["empty"].sha256() == hashlib.sha256().digest()


@pytest.mark.parametrize("code", [2, 13, 31, 255])
def test_an_unknown_type_is_named_and_refused_when_asked_for(code: int) -> None:
    tensor = edited(0, dtype=code)["a"]
    assert tensor.dtype_name == f"unknown({code})"
    assert repr(tensor) == f"<Tensor 'a' unknown({code}) [2, 3] 24 bytes>"
    assert tensor.data == DATA
    with pytest.raises(FormatError, match=f"found {code}; .*APR-I002") as caught:
        _ = tensor.dtype
    assert caught.value.rule_id == "APR-I002"
    assert caught.value.span == tensor.entry_span


@pytest.mark.parametrize(
    ("code", "name"), [(8, "apr_q4"), (128, "apr_q4"), (9, "apr_q8"), (129, "apr_q8"), (12, "q4_k")]
)
def test_types_have_the_names_that_upstream_gives_them(code: int, name: str) -> None:
    assert edited(0, dtype=code)["a"].dtype_name == name


def test_every_type_has_the_id_of_the_reference() -> None:
    assert {str(code): int(code) for code in DType if code.facts.canonical_code == code} == {
        "f32": 0,
        "f16": 1,
        "f64": 3,
        "i32": 4,
        "i64": 5,
        "i8": 6,
        "u8": 7,
        "q4_k": 12,
        "q6_k": 14,
        "bf16": 30,
        "apr_q4": 128,
        "apr_q8": 129,
    }


@pytest.mark.parametrize(
    "fields", [{"ofs_tensor": 2**64 - 1}, {"len_tensor": 2**63}, {"ofs_tensor": 2**63, "len_tensor": 2**63}]
)
def test_data_outside_the_file_is_refused_when_asked_for(fields: dict[str, int]) -> None:
    tensor: Tensor = edited(0, **fields).tensors[0]
    for ask in (lambda: tensor.data, lambda: list(tensor.iter_data()), tensor.sha256):
        with pytest.raises(TruncatedError, match=r"outside the file.*APR-D001") as caught:
            ask()
        assert caught.value.tensor == "a"


def test_names_that_are_not_utf8_lose_nothing() -> None:
    tensor = edited(0, name=b"\xff", len_name=1).tensors[0]
    assert tensor.name == "\udcff"
    assert tensor.name_bytes == b"\xff"
    assert repr(tensor).isprintable()


@pytest.mark.parametrize(
    ("dtype", "shape", "nbytes"),
    [
        (DType.F32, (), 4),
        (DType.F32, [2, 3], 24),
        (DType.BF16, (0, 5), 0),
        (DType.Q4_K, (2, 100), 144),
        (DType.APR_Q8_LEGACY, (2, 3), 10),
        (DType.U8, (True, 2**64 - 1), 2**64 - 1),
        (12, (256,), 144),
    ],
)
def test_the_size_of_a_new_tensor(dtype: Any, shape: Any, nbytes: int) -> None:
    assert tensor_nbytes(dtype, shape) == nbytes


@pytest.mark.parametrize(
    ("dtype", "shape", "says"),
    [
        ("q4_k", (256,), "expected a member of DType, found 'q4_k'"),
        (13, (256,), "expected a member of DType, found 13"),
        (None, (256,), "expected a member of DType, found None"),
        ([], (256,), "expected a member of DType, found []"),
        (DType.F32, (-1,), "expected dimensions of at least 0, found [-1]"),
        (DType.F32, (-2, -3), "expected dimensions of at least 0, found [-2, -3]"),
        (DType.F32, (1.5,), "expected a shape of integers, found (1.5,)"),
        (DType.F32, 5, "expected a shape of integers, found 5"),
        (DType.F32, (2**64,), f"dims: expected an integer from 0 to {2**64 - 1}, found {2**64}"),
    ],
)
def test_a_size_that_no_tensor_has_is_refused(dtype: Any, shape: Any, says: str) -> None:
    with pytest.raises(RequestError) as caught:
        tensor_nbytes(dtype, shape)
    assert str(caught.value) == says


def test_what_a_caller_gives_becomes_a_type_and_a_shape() -> None:
    assert given_dtype(12) is DType.Q4_K  # type: ignore[arg-type] # an id will do
    assert given_shape([True, 2]) == (1, 2)
    assert all(type(dim) is int for dim in given_shape([True, 2]))


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("", True),
        ("mlp", True),
        ("MLP", False),
        ("*.mlp.*", True),
        ("mlp*", False),
        ("?.mlp.w", True),
        ("[a].mlp.w", False),
    ],
)
def test_a_pattern_is_part_of_a_name_unless_it_has_wildcards(pattern: str, matched: bool) -> None:
    assert name_matcher(pattern)("a.mlp.w") is matched
