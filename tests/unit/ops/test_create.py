"""New files are those of the reference, byte for byte, and what it would cut or repair in silence is refused."""

from __future__ import annotations

import array
import ctypes
import json
from pathlib import Path
from typing import Any

import pytest

from aprfmt import DType, Flags, LimitExceededError, NewTensor, RequestError, create_bytes, parse, tensor_nbytes
from aprfmt.container import Container
from aprfmt.ops.create import plan_container
from aprfmt.plan import Literal, Seal
from aprfmt.rules import run
from aprfmt.source import BytesSource

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"
# The streaming writer lays the data out as it comes: another form than the one that is made here.
CANONICAL = sorted(path.name for path in GOLDEN.glob("*.apr") if path.name != "streaming_order.apr")


def opened(raw: bytes) -> Container:
    return Container(BytesSource(raw))


def assert_sound(made: Container) -> None:
    """Nothing is wrong with a new file but what its author left out, or asked for."""
    report = run(made, profile="canonical", ignore=("APR-P001", "APR-I010"), read_data=True)
    assert report.findings == ()
    assert report.rules_skipped == ()


def tensor(
    name: str = "a", dtype: DType = DType.F32, shape: tuple[int, ...] = (1,), data: bytes = b"abcd"
) -> NewTensor:
    return NewTensor(name, dtype, shape, data)


def taken_apart(raw: bytes) -> tuple[list[NewTensor], Flags]:
    container = opened(raw)
    tensors = [NewTensor(item.name, item.dtype, item.shape, item.data) for item in container.tensors]
    return tensors, container.header.flags


def test_there_are_golden_files() -> None:
    assert {"every_dtype.apr", "stamped.apr", "no_tensors.apr", "unicode_names.apr"} <= set(CANONICAL)


@pytest.mark.parametrize("name", CANONICAL)
def test_golden_files_are_made_again_from_their_parts(name: str) -> None:
    raw = (GOLDEN / name).read_bytes()
    tensors, flags = taken_apart(raw)
    metadata = json.loads(parse(raw)["metadata"])
    assert create_bytes(tensors, metadata, flags=flags) == raw
    assert create_bytes(reversed(tensors), metadata, flags=flags) == raw
    assert create_bytes(tensors, parse(raw)["metadata"], flags=flags) == raw


def test_the_layout_of_the_streaming_writer_becomes_canonical() -> None:
    raw = (GOLDEN / "streaming_order.apr").read_bytes()
    tensors, flags = taken_apart(raw)
    made = create_bytes(tensors, parse(raw)["metadata"], flags=flags)
    assert made != raw
    assert opened(made).payload_digest() == opened(raw).payload_digest()
    offsets = [item.data_offset for item in opened(made).tensors]
    assert offsets == sorted(offsets)


def test_a_plan_holds_the_data_without_copying_it() -> None:
    data = bytearray(b"abcd")
    *head, part, filler, seal = plan_container([NewTensor("a", DType.F32, (1,), memoryview(data))], {})
    assert all(isinstance(item, Literal) for item in head)
    assert isinstance(part, Literal)
    assert isinstance(filler, Literal)
    assert isinstance(seal, Seal)
    assert part.data.obj is data  # type: ignore[union-attr] # a memoryview by now
    assert filler.data == bytes(60)


@pytest.mark.parametrize("dtype", DType, ids=lambda dtype: dtype.name)
def test_every_dtype_is_written_under_its_canonical_id(dtype: DType) -> None:
    nbytes = tensor_nbytes(dtype, (300,))
    made = opened(create_bytes([tensor(dtype=dtype, shape=(300,), data=bytes(nbytes))], {}))
    assert made.tensors[0].entry.dtype == dtype.facts.canonical_code
    assert_sound(made)


def test_legacy_ids_become_canonical() -> None:
    made = opened(create_bytes([tensor(dtype=DType.APR_Q8_LEGACY, data=b"12345")], {}))
    assert made["a"].dtype is DType.APR_Q8


@pytest.mark.parametrize(
    ("dtype", "shape", "nbytes"),
    [
        (DType.Q4_K, (2, 100), 144),
        (DType.Q4_K, (2, 100), 288),
        (DType.Q6_K, (3, 256), 630),
        (DType.F32, (), 4),
        (DType.F32, (0, 4), 0),
        (DType.APR_Q8, (0,), 0),
        (DType.APR_Q8, (0,), 4),
        (DType.U8, (1,) * 8, 1),
    ],
)
def test_sizes_that_fit(dtype: DType, shape: tuple[int, ...], nbytes: int) -> None:
    made = opened(create_bytes([tensor(dtype=dtype, shape=shape, data=bytes(nbytes))], {}))
    assert (made["a"].shape, made["a"].nbytes) == (shape, nbytes)
    assert_sound(made)


@pytest.mark.parametrize(
    "data",
    [
        b"\1\0\0\0\2\0\0\0",
        bytearray(b"\1\0\0\0\2\0\0\0"),
        array.array("i", [1, 2]),
        memoryview(b"\1\0\0\0\2\0\0\0").cast("B", (2, 4)),
    ],
    ids=["bytes", "bytearray", "array", "two dimensions"],
)
def test_anything_with_bytes_is_data(data: Any) -> None:
    made = opened(create_bytes([tensor(dtype=DType.I32, shape=(2, 1), data=data)], {}))
    assert bytes(made["a"].data) == b"\1\0\0\0\2\0\0\0"


def test_an_empty_view_of_two_dimensions_is_data() -> None:
    view = memoryview((ctypes.c_float * 4 * 0)())
    made = opened(create_bytes([NewTensor("a", DType.F32, (0, 4), view)], {}))
    assert made["a"].nbytes == 0


@pytest.mark.parametrize("name", ["n" * 256, "ü" * 128, "\x1b[31m", "a/b.c d"])
def test_names_that_are_allowed(name: str) -> None:
    assert list(opened(create_bytes([tensor(name)], {}))) == [name]


def test_names_are_sorted_as_bytes() -> None:
    names = ["é", "z", "Z", "a", "a.b", "a-b", "\U00010000", "\uffff"]
    made = list(opened(create_bytes([tensor(name) for name in names], {})))
    assert made == sorted(names, key=str.encode)


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ([tensor("n" * 257)], "len_name: expected at most 256, found 257"),
        ([tensor("ü" * 129)], "len_name: expected at most 256, found 258"),
        ([tensor("")], "len_name: expected at least 1, found 0"),
        ([tensor("\ud800")], "tensor '\\ud800': the name cannot be written as UTF-8"),
        ([tensor(), tensor("b"), tensor()], "tensor 'a': the name occurs more than once"),
        ([tensor(shape=(1,) * 9)], "ndim: expected at most 8, found 9"),
        ([tensor(data=b"abc")], "tensor 'a': f32 [1] takes 4 bytes, found 3"),
        ([tensor(data=b"abcde")], "tensor 'a': f32 [1] takes 4 bytes, found 5"),
        ([tensor(shape=())], None),
        ([tensor(dtype=DType.Q4_K, shape=(2, 100), data=bytes(145))], "takes 144 or 288 bytes, found 145"),
        ([tensor(shape=(-1,))], "expected dimensions of at least 0, found [-1]"),
        ([tensor(shape=(-1, -1))], "expected dimensions of at least 0, found [-1, -1]"),
        ([tensor(shape=(0, 1 << 64), data=b"")], "expected an integer from 0 to 18446744073709551615"),
        ([tensor(dtype=2)], "tensor 'a': expected a member of DType, found 2"),  # type: ignore[arg-type] # bf16 once
        ([tensor(dtype="f32")], "tensor 'a': expected a member of DType, found 'f32'"),  # type: ignore[arg-type]
        ([tensor(data=memoryview(b"abcdabcd")[::2])], "expected data without gaps"),  # type: ignore[arg-type]
        ([tensor("\x1b" * 1000)], "'\\x1b\\x1b"),
    ],
)
def test_tensors_that_a_careful_reader_would_not_take(tensors: list[NewTensor], says: str | None) -> None:
    if says is None:
        create_bytes(tensors, {})
        return
    with pytest.raises(RequestError) as caught:
        create_bytes(tensors, {})
    assert says in str(caught.value)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ([("a", DType.F32, (1,), b"abcd")], "tensors[0]: expected a NewTensor, found tuple"),
        ([tensor(), {"name": "b"}], "tensors[1]: expected a NewTensor, found dict"),
        ({"a": tensor()}, "tensors[0]: expected a NewTensor, found str"),
        ([tensor(data="abcd")], "tensor 'a': expected bytes, found str"),  # type: ignore[arg-type] # as users do
        ([tensor(data=None)], "tensor 'a': expected bytes, found NoneType"),  # type: ignore[arg-type] # as above
    ],
)
def test_what_is_no_tensor_is_refused(tensors: Any, says: str) -> None:
    with pytest.raises(TypeError) as caught:
        create_bytes(tensors, {})
    assert str(caught.value) == says


@pytest.mark.parametrize("flags", [Flags.LAYOUT_COLUMN_MAJOR, 0x0C00, 0x1000, 0x8000, 0x10000, -1])
def test_flags_that_a_careful_reader_would_not_take(flags: int) -> None:
    with pytest.raises(RequestError, match="flags"):
        create_bytes([], {}, flags=Flags(flags) if flags > 0 else flags)  # type: ignore[arg-type]


@pytest.mark.parametrize("flags", [Flags(0), Flags.QUANTIZED, Flags.HAS_VOCAB | Flags.SHARDED])
def test_the_row_major_flag_is_added(flags: Flags) -> None:
    assert opened(create_bytes([], {}, flags=flags)).header.flags == flags | Flags.LAYOUT_ROW_MAJOR


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        (b"", "empty"),
        (b"[]", "a JSON object"),
        (b"{", "JSON"),
        (b'{"a":1,}', "JSON"),
        (b'{"a":"\xff"}', "UTF-8"),
        (b'{"license":3}', "metadata.license"),
        (b'{"a":' + b"[" * 127 + b"]" * 127 + b"}", "nested too deeply"),
        ({"license": 3}, "license: expected a string or null"),
        ({"hidden_size": -1}, "hidden_size"),
        ({"a": float("nan")}, "nan"),
        ({"a": {1: 2}}, "a: "),
        ({"a": object()}, "a: "),
        ({"a": "\ud800"}, "a: "),
        ({1: 2}, "a key of the metadata is a string"),
        ({"a": [2**64]}, "metadata.a[0]: expected an integer of 64 bits"),
    ],
)
def test_metadata_that_a_careful_reader_would_not_take(metadata: Any, says: str) -> None:
    with pytest.raises((RequestError, LimitExceededError)) as caught:
        create_bytes([], metadata)
    assert says in str(caught.value)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_metadata_bytes_are_written_as_they_are(kind: type) -> None:
    raw = b' {"license" : "MIT", "license":null, "z":1E5}\n'
    made = parse(create_bytes([], kind(raw)))
    assert made["metadata"] == raw


def test_metadata_values_are_written_as_the_reference_does() -> None:
    values = {"custom": [1], "license": "MIT", "rope_theta": 10000}
    assert parse(create_bytes([], values))["metadata"] == (
        b'{"model_type":"","license":"MIT","data_source":null,"data_license":null,"total_size":0,"param_count":0,'
        b'"rope_theta":10000.0,"custom":[1]}'
    )


def test_a_file_without_tensors_is_a_head_and_a_footer() -> None:
    made = opened(create_bytes([], b"{}"))
    assert made.source.size == 64 + 64 + 4
    assert_sound(made)
