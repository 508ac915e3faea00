"""What writers are given: every refusal names the tensor, what was expected and what was found."""

from __future__ import annotations

import array
import ctypes
import json
from typing import Any

import pytest

from aprfmt import DEFAULT_LIMITS, DType, Flags, RequestError
from aprfmt.layout import TensorIndexEntry, build_entries, facts
from aprfmt.ops.entries import Declared, declare, flat_view, metadata_bytes, name_taken, writable_flags


def test_a_declared_tensor_has_its_name_as_bytes_and_the_id_of_today() -> None:
    declared = declare("ü", DType.APR_Q8_LEGACY, (2, 3))
    assert declared == Declared("ü".encode(), DType.APR_Q8, (2, 3), (10,))
    assert declared.label == "'ü'"


@pytest.mark.parametrize(
    ("dtype", "shape", "sizes"),
    [
        (DType.F32, (), (4,)),
        (DType.F32, (0, 4), (0,)),
        (DType.APR_Q8, (0,), (0, 4)),
        (DType.Q4_K, (2, 100), (144, 288)),
        (DType.U8, (1,) * 8, (1,)),
        (DType.U8, (2**64 - 1,), (2**64 - 1,)),
    ],
)
def test_the_sizes_it_may_have_follow_from_type_and_shape(
    dtype: DType, shape: tuple[int, ...], sizes: tuple[int, ...]
) -> None:
    assert declare("a", dtype, shape).sizes == sizes


def test_its_entry_is_one_that_the_layout_takes() -> None:
    entry = declare("ab", DType.F32, [2]).entry(128, 8)
    assert entry == TensorIndexEntry(2, b"ab", DType.F32, 1, (2,), 128, 8)
    assert len(build_entries([entry])) == facts.nbytes_tensor_index_entry(entry)


@pytest.mark.parametrize("nbytes", [0, 7, 9, 16])
def test_another_number_of_bytes_is_refused(nbytes: int) -> None:
    with pytest.raises(RequestError) as caught:
        declare("ab", DType.F32, (2,)).entry(0, nbytes)
    assert str(caught.value) == f"tensor 'ab': f32 [2] takes 8 bytes, found {nbytes}"


@pytest.mark.parametrize(
    ("name", "dtype", "shape", "says"),
    [
        ("", DType.U8, (), "tensor '': len_name: expected at least 1, found 0 [APR-I006]"),
        ("n" * 257, DType.U8, (), "len_name: expected at most 256, found 257 [APR-I006]"),
        ("a\udc80", DType.U8, (), "tensor 'a\\udc80': the name cannot be written as UTF-8: surrogates not allowed"),
        (b"a", DType.U8, (), "tensor: expected a name as text, found bytes"),
        ("a", 13, (), "tensor 'a': expected a member of DType, found 13"),
        ("a", "f32", (), "tensor 'a': expected a member of DType, found 'f32'"),
        ("a", 10**5000, (), "tensor 'a': expected a member of DType, found a very large int"),
        ("a", DType.U8, (1,) * 9, "tensor 'a': ndim: expected at most 8, found 9 [APR-I007]"),
        ("a", DType.U8, (-1, 2), "tensor 'a': expected dimensions of at least 0, found [-1, 2]"),
        (
            "a",
            DType.U8,
            (2**64,),
            "dims: expected an integer from 0 to 18446744073709551615, found 18446744073709551616",
        ),
        ("a", DType.U8, (-(10**5000),), "dims: expected an integer from 0 to 18446744073709551615, found a very large"),
        ("a", DType.U8, (1.5,), "tensor 'a': expected a shape of integers, found (1.5,)"),
        ("a", DType.U8, None, "tensor 'a': expected a shape of integers, found None"),
        ("a", DType.U8, "12", "tensor 'a': expected a shape of integers, found '12'"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_no_reader_takes_is_refused(name: Any, dtype: Any, shape: Any, says: str) -> None:
    with pytest.raises(RequestError) as caught:
        declare(name, dtype, shape)
    assert says in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_the_error_about_a_name_that_is_taken_names_it() -> None:
    assert str(name_taken(declare("a\n", DType.U8, ()))) == "tensor 'a\\n': the name occurs more than once"


@pytest.mark.parametrize(
    "data",
    [b"abcdefgh", array.array("h", [25185, 25699, 26213, 26727]), memoryview(b"abcdefgh").cast("B", (2, 2, 2))],
    ids=["bytes", "array", "three dimensions"],
)
def test_bytes_are_looked_at_where_they_are(data: Any) -> None:
    view = flat_view(data, "'a'")
    assert (view.format, view.ndim, bytes(view)) == ("B", 1, b"abcdefgh")
    assert view.obj is (data.obj if isinstance(data, memoryview) else data)


def test_what_cannot_be_looked_at_is_copied() -> None:
    numbers = (ctypes.c_uint16 * 4)(25185, 25699, 26213, 26727)
    assert bytes(flat_view(numbers, "'a'")) == b"abcdefgh"
    assert bytes(flat_view((ctypes.c_float * 4 * 0)(), "'a'")) == b""


def test_gaps_and_other_objects_are_refused() -> None:
    with pytest.raises(RequestError, match="tensor 'a': expected data without gaps, found a strided view"):
        flat_view(memoryview(b"abcd")[::2], "'a'")
    with pytest.raises(TypeError, match=r"^tensor 'a': expected bytes, found str$"):
        flat_view("text", "'a'")


def test_metadata_is_written_as_the_reference_does_or_as_it_is() -> None:
    assert metadata_bytes({"name": "m"}).startswith(b'{"model_type":"","name":"m",')
    assert metadata_bytes(b' {"name":"m"} ') == b' {"name":"m"} '
    for wrong in (b"", b"[]", b'{"license":5}'):
        with pytest.raises(RequestError, match="the metadata cannot be written"):
            metadata_bytes(wrong)


@pytest.mark.parametrize(
    ("metadata", "where", "found"),
    [
        ({"x": 10**30 + 1}, "metadata.x", "1000000000000000000000000000001"),
        ({"x": -(2**63) - 1}, "metadata.x", "-9223372036854775809"),
        ({"x": 2**64}, "metadata.x", "18446744073709551616"),
        ({"a": 1, "x": [{"y": 1}, {"y": [0, 2**64]}]}, "metadata.x[1].y[1]", "18446744073709551616"),
        ({"x": 10**300}, "metadata.x", "100000000000000000...0000000000000000000"),
    ],
)
def test_an_integer_that_would_be_rounded_is_refused(metadata: dict[str, Any], where: str, found: str) -> None:
    with pytest.raises(RequestError) as caught:
        metadata_bytes(metadata)
    assert str(caught.value) == f"{where}: expected an integer of 64 bits, found {found}; write it as a string"


def test_integers_that_are_not_rounded_are_written_digit_by_digit() -> None:
    raw = metadata_bytes({"x": [2**64 - 1, -(2**63)], "text": str(10**30 + 1), "rope_theta": 10**6})
    assert raw.endswith(
        b'"rope_theta":1000000.0,"x":[18446744073709551615,-9223372036854775808],'
        b'"text":"1000000000000000000000000000001"}'
    )
    assert metadata_bytes(b'{"x":18446744073709551616}') == b'{"x":18446744073709551616}'


def test_an_integer_that_no_double_holds_is_refused_too() -> None:
    with pytest.raises(RequestError, match=r"^x: an integer beyond .* cannot be written; write it as a string$"):
        metadata_bytes({"x": 10**400})


@pytest.mark.parametrize("metadata", ["{}", None, 5, [("name", "m")]], ids=lambda value: type(value).__name__)
def test_metadata_of_another_kind_is_refused(metadata: Any) -> None:
    with pytest.raises(TypeError) as caught:
        metadata_bytes(metadata)
    assert str(caught.value) == f"metadata: expected a mapping or JSON as bytes, found {type(metadata).__name__}"


@pytest.mark.parametrize("flags", ["QUANTIZED", None, 1.0, [Flags.QUANTIZED]], ids=lambda value: type(value).__name__)
def test_flags_of_another_kind_are_refused(flags: Any) -> None:
    with pytest.raises(TypeError, match=rf"^flags: expected members of Flags, found {type(flags).__name__}$"):
        writable_flags(flags)


def test_the_row_major_flag_is_added_and_others_are_refused() -> None:
    assert writable_flags(Flags.QUANTIZED) == Flags.QUANTIZED | Flags.LAYOUT_ROW_MAJOR
    with pytest.raises(RequestError, match="layout_column_major"):
        writable_flags(Flags.LAYOUT_COLUMN_MAJOR)
    with pytest.raises(RequestError, match="expected members of Flags, found 0x8001"):
        writable_flags(Flags(0x8001))


def test_the_largest_dimension_has_room_in_the_layout() -> None:
    limit = facts.FIELDS["tensor_index_entry"]["dims"].limit
    assert limit is not None
    assert build_entries([declare("a", DType.U8, (0, limit - 1)).entry(0, 0)])
    with pytest.raises(RequestError, match="dims: expected an integer from 0"):
        declare("a", DType.U8, (0, limit))


def test_metadata_beyond_the_limits_of_a_reader_is_refused_in_either_form() -> None:
    many = {f"k{number}": 1 for number in range(DEFAULT_LIMITS.max_metadata_members + 1)}
    for metadata in (many, json.dumps(many).encode()):
        with pytest.raises(RequestError, match="max_metadata_members"):
            metadata_bytes(metadata)
