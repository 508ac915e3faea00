"""Laws: the payload digest names the weights, all of the weights, and nothing but the weights."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.fuzz.laws import opened

from aprfmt import DType, NewTensor, create_bytes
from aprfmt.layout import build, parse
from aprfmt.testing import containers, tensors

SOME = tensors(min_tensors=1)


def digest(raw: bytes) -> str:
    return opened(raw).payload_digest()


def by_hand(given_tensors: list[NewTensor]) -> str:
    """The digest from its definition, with nothing of the package but the type ids."""
    whole = hashlib.sha256()
    for tensor in sorted(given_tensors, key=lambda tensor: tensor.name.encode()):
        name = tensor.name.encode()
        whole.update(len(name).to_bytes(2, "little") + name)
        whole.update(bytes([int(tensor.dtype), len(tensor.shape)]))
        whole.update(b"".join(dim.to_bytes(8, "little") for dim in tensor.shape))
        whole.update(hashlib.sha256(tensor.data).digest())
    return whole.hexdigest()


@given(tensors(), st.integers(0, 2**10 - 1))
def test_the_digest_is_what_its_definition_says(given_tensors: list[NewTensor], flags: int) -> None:
    """The digest MUST follow from names, types, shapes and bytes alone."""
    assert digest(create_bytes(given_tensors, {"name": str(flags)})) == by_hand(given_tensors)


@given(containers(canonical=False))
def test_the_digest_does_not_see_how_a_file_is_laid_out(raw: bytes) -> None:
    """Order of the data, gaps, filler, flags and legacy ids MUST NOT enter."""
    container = opened(raw)
    entries = [dict(entry) for entry in parse(raw)["tensor_index"]["entries"]]
    data = b""
    for entry, tensor in zip(entries, container.tensors, strict=True):
        entry.update(dtype=tensor.dtype.facts.canonical_code, ofs_tensor=len(data))
        data += bytes(tensor.data) + bytes(-tensor.nbytes % 64)
    canonical = build({"metadata": b'{"name":"x"}', "tensor_index": {"entries": entries}, "tensor_data": data})
    assert digest(canonical) == container.payload_digest()


@given(SOME, st.data())
def test_the_digest_sees_every_byte(given_tensors: list[NewTensor], data: st.DataObject) -> None:
    """One changed bit of one tensor MUST change the digest."""
    at = data.draw(st.integers(0, len(given_tensors) - 1))
    tensor = given_tensors[at]
    assume(len(tensor.data))
    changed = bytearray(tensor.data)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    others = [*given_tensors[:at], replace(tensor, data=bytes(changed)), *given_tensors[at + 1 :]]
    assert digest(create_bytes(others, {})) != digest(create_bytes(given_tensors, {}))


@given(SOME, st.data())
def test_the_digest_sees_names(given_tensors: list[NewTensor], data: st.DataObject) -> None:
    """A tensor under another name MUST change the digest."""
    at = data.draw(st.integers(0, len(given_tensors) - 1))
    renamed = replace(given_tensors[at], name="another name")
    others = [*given_tensors[:at], renamed, *given_tensors[at + 1 :]]
    assert digest(create_bytes(others, {})) != digest(create_bytes(given_tensors, {}))


@given(SOME, st.data())
def test_the_digest_sees_shapes(given_tensors: list[NewTensor], data: st.DataObject) -> None:
    """The same bytes in another shape MUST change the digest."""
    at = data.draw(st.integers(0, len(given_tensors) - 1))
    tensor = given_tensors[at]
    assume(len(tensor.shape) < 8)
    reshaped = replace(tensor, shape=(1, *tensor.shape))
    others = [*given_tensors[:at], reshaped, *given_tensors[at + 1 :]]
    assert digest(create_bytes(others, {})) != digest(create_bytes(given_tensors, {}))


@given(SOME, st.binary(min_size=4, max_size=4))
def test_the_digest_sees_types(given_tensors: list[NewTensor], data: bytes) -> None:
    """The same bytes and the same shape as another type MUST change the digest."""
    floats = NewTensor("another name", DType.F32, (1,), data)
    integers = replace(floats, dtype=DType.I32)
    assert digest(create_bytes([*given_tensors, floats], {})) != digest(create_bytes([*given_tensors, integers], {}))


@given(SOME)
def test_the_digest_sees_a_tensor_that_is_missing(given_tensors: list[NewTensor]) -> None:
    """A tensor more or less MUST change the digest, an empty one too."""
    assert digest(create_bytes(given_tensors[1:], {})) != digest(create_bytes(given_tensors, {}))
