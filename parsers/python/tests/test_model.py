"""Opening, looking up, reading by ranges; what is wrong with a request or with the system is no verdict."""

from __future__ import annotations

import os
import tracemalloc
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import aprfmt_reader
from aprfmt_reader import DType, RequestError, UnknownTensorError
from aprfmt_reader._generated.facts import FLAGS, HEADER_FIELDS
from conftest import Write
from crafting import GOLDEN, Item, entry_span, file_of, golden_names, grid, put, sealed

DATA = bytes(range(200))
NAMES = ["", "a", "b.weight", "z\uffff", "z\U00010000"]
ITEMS = [Item(name.encode(), DATA, (200,), DType.U8) for name in NAMES]
RAW = file_of(ITEMS, b'{"name":"tiny","count":18446744073709551616,"whole":1.0}')


def test_tensors_are_found_by_name(write: Write) -> None:
    with aprfmt_reader.open(write(RAW)) as model:
        assert list(model) == [tensor.name for tensor in model.tensors] == NAMES
        assert [model[name].index for name in NAMES] == list(range(len(NAMES)))
        assert all(name in model for name in NAMES)
        for unknown in ("b", "c", "zz", "\ud800", "z\ud800"):
            assert unknown not in model
            with pytest.raises(UnknownTensorError):
                model[unknown]
        assert 1 not in model
        with pytest.raises(KeyError):
            model["c"]
        with pytest.raises(RequestError, match="there is no tensor 'c'"):
            model["c"]
        with pytest.raises(UnknownTensorError, match="there is no tensor 0"):
            model[0]  # type: ignore[index] # what the types forbid is refused


def test_what_a_tensor_says(write: Write) -> None:
    with aprfmt_reader.open(write(RAW)) as model:
        tensor = model["b.weight"]
        assert (tensor.dtype, tensor.shape, tensor.n_elements, tensor.nbytes) == (DType.U8, (200,), 200, 200)
        assert tensor.data_offset == 2 * grid(200)
        assert tensor.file_span == (model.header.ofs_data + tensor.data_offset, tensor.file_span[0] + 200)
        assert repr(tensor) == "<Tensor 'b.weight' u8 [200] 200 bytes>"
        assert RAW[slice(*tensor.file_span)] == DATA


def test_bytes_whole_by_range_in_pieces_and_into_a_buffer(write: Write) -> None:
    with aprfmt_reader.open(write(RAW)) as model:
        tensor = model["b.weight"]
        assert tensor.read() == DATA
        assert tensor.read(3) == DATA[3:]
        assert tensor.read(3, 70) == DATA[3:70]
        assert tensor.read(200) == tensor.read(7, 7) == b""
        assert [len(chunk) for chunk in tensor.chunks(64)] == [64, 64, 64, 8]
        assert b"".join(tensor.chunks(64)) == b"".join(tensor.chunks()) == DATA
        buffer = bytearray(5)
        tensor.read_into(buffer, 195)
        assert buffer == DATA[195:]
        numbers = array("I", [0, 0])
        tensor.read_into(numbers, 1)
        assert numbers.tobytes() == DATA[1 : 1 + len(numbers) * numbers.itemsize]
        tensor.read_into(array("I"), 200)
        with pytest.raises(TypeError):
            tensor.read_into(b"read only")


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (0, 201), (201, None), (5, 4), (0, 1 << 64)])
def test_a_range_outside_the_tensor(start: int, stop: int | None, write: Write) -> None:
    with (
        aprfmt_reader.open(write(RAW)) as model,
        pytest.raises(RequestError, match="expected a range within the 200 bytes of 'a', found"),
    ):
        model["a"].read(start, stop)


def test_pieces_without_bytes_and_buffers_too_long(write: Write) -> None:
    with aprfmt_reader.open(write(RAW)) as model:
        with pytest.raises(RequestError, match="expected pieces of at least 1 byte, found 0"):
            model["a"].chunks(0)
        with pytest.raises(RequestError, match="expected a range"):
            model["a"].read_into(bytearray(201))


def test_metadata_is_exact_and_read_only(write: Write) -> None:
    with aprfmt_reader.open(write(RAW)) as model:
        assert model.metadata == {"name": "tiny", "count": 1 << 64, "whole": 1.0}
        assert isinstance(model.metadata["whole"], float)
        assert model.metadata is model.metadata
        with pytest.raises(TypeError):
            model.metadata["name"] = "other"  # type: ignore[index] # what the types forbid is refused


def test_flags_by_name(write: Write) -> None:
    quantized = next(1 << flag.bit for flag in FLAGS if flag.name == "quantized")
    with aprfmt_reader.open(write(file_of(flags=quantized))) as model:
        assert model.header.flags == quantized
        assert model.header.flag_names == ("quantized",)
        assert model.header.has("quantized")
        assert not model.header.has("layout_row_major")
        with pytest.raises(RequestError, match=r"expected one of lz4_compressed, .*, found 'quantised'"):
            model.header.has("quantised")


def test_a_file_without_a_footer(write: Write) -> None:
    with aprfmt_reader.open(write(file_of(ITEMS, footer=False))) as model:
        assert model.footer is None
        model.verify()


def test_a_closed_model_reads_nothing(write: Write) -> None:
    model = aprfmt_reader.open(write(RAW))
    chunks = model["a"].chunks(10)
    next(chunks)
    model.close()
    model.close()
    assert model["a"].shape == (200,)
    for read in (model["a"].read, model.verify, lambda: next(chunks)):
        with pytest.raises(RequestError, match="the model is closed"):
            read()


def test_an_error_closes_the_file(write: Write) -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("the system does not list open files")
    path = write(RAW[:-1])
    before = len(list(descriptors.iterdir()))
    for _ in range(20):
        with pytest.raises(aprfmt_reader.FormatError):
            aprfmt_reader.open(path)
    assert len(list(descriptors.iterdir())) <= before


def test_what_cannot_be_opened_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        aprfmt_reader.open(tmp_path / "absent.apr")
    with pytest.raises(FileNotFoundError):
        aprfmt_reader.open("")
    with pytest.raises(TypeError):
        aprfmt_reader.open(0)  # type: ignore[arg-type] # what the types forbid is refused
    with pytest.raises(IsADirectoryError):
        aprfmt_reader.open(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="expected a regular file"):
            aprfmt_reader.open(tmp_path / "pipe")


def test_a_file_that_shrinks_while_it_is_open(write: Write) -> None:
    """The error is one of the system, not a signal: the file is not mapped."""
    path = write(RAW)
    with aprfmt_reader.open(path) as model:
        os.truncate(path, model["b.weight"].file_span[0] + 10)
        assert model["a"].read() == DATA
        for read in (model["b.weight"].read, model.verify):
            with pytest.raises(OSError, match="the file became shorter while it was open"):
                read()


def test_threads_read_from_one_model() -> None:
    with aprfmt_reader.open(GOLDEN / "teacher_q4k.apr") as model, ThreadPoolExecutor(8) as pool:
        tensors = model.tensors * 20
        raw = (GOLDEN / "teacher_q4k.apr").read_bytes()
        for tensor, found in zip(tensors, pool.map(lambda tensor: tensor.read(), tensors), strict=True):
            assert found == raw[slice(*tensor.file_span)]
        assert len({id(footer) for footer in pool.map(lambda _: model.footer, range(8))}) == 1


@pytest.mark.skipif(not hasattr(os, "pread"), reason="every test is about such a system")
def test_systems_without_positioned_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pread")
    for name in golden_names():
        with aprfmt_reader.open(GOLDEN / name) as model:
            model.verify()


def test_a_file_beyond_4_gib_is_read_by_ranges(tmp_path: Path) -> None:
    """Made of holes: two tensors, the second one behind 5 GiB."""
    vast, small = 5 << 30, 4
    items = [Item(b"a", b"", (vast,), DType.U8, 0, vast), Item(b"b", b"", (1,), DType.F32, vast, small)]
    head = file_of([item._replace(nbytes=0, offset=0) for item in items], footer=False)
    for number, item in enumerate(items):
        for field, value in (("ofs_tensor", item.offset), ("len_tensor", item.nbytes)):
            head = put(head, entry_span(head, items, number, field), value or 0)
    path = tmp_path / "vast.apr"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + vast + grid(small))
        file.seek(len(head) + vast)
        file.write(b"\1\2\3\4")
    with aprfmt_reader.open(path) as model:
        assert model.footer is None
        assert model["b"].read() == b"\1\2\3\4"
        assert model["a"].read(vast - 2) == b"\0\0"
        assert next(model["a"].chunks(3)) == b"\0\0\0"


def test_a_large_tensor_takes_its_own_size_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one read of the system takes is put together without a second copy."""
    monkeypatch.setattr("aprfmt_reader._source._MAX_READ_BYTES", 1 << 16)
    data = bytes(range(256)) * (1 << 14)
    with aprfmt_reader.open(write(file_of([Item(b"a", data, (len(data),), DType.U8)]))) as model:
        tracemalloc.start()
        try:
            assert model["a"].read() == data
            assert tracemalloc.get_traced_memory()[1] < 1.2 * len(data)
        finally:
            tracemalloc.stop()


def test_an_index_of_dimensions_takes_little_more_than_its_size(write: Write) -> None:
    items = [Item(b"%04d" % number, b"", (*[(1 << 64) - 1] * 254, 0)) for number in range(500)]
    raw = file_of(items)
    path = write(raw)
    tracemalloc.start()
    try:
        with aprfmt_reader.open(path) as model:
            assert model.tensors[7].shape == items[7].dims
            assert tracemalloc.get_traced_memory()[1] < 2 * len(raw)
    finally:
        tracemalloc.stop()


def test_filler_of_any_size_is_not_held(tmp_path: Path) -> None:
    """A hole of 1 GiB behind the entries of the index belongs to the index."""
    start, stop = HEADER_FIELDS["ofs_data"]
    hole, raw = 1 << 30, file_of(ITEMS, footer=False)
    ofs_data = int.from_bytes(raw[start:stop], "little")
    path = tmp_path / "hole.apr"
    with path.open("wb") as file:
        file.write(sealed(put(raw[:ofs_data], (start, stop), ofs_data + hole)))
        file.seek(ofs_data + hole)
        file.write(raw[ofs_data:])
    tracemalloc.start()
    try:
        with aprfmt_reader.open(path) as model:
            assert model["a"].read() == DATA
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
