"""The streaming writer: what it writes, what it refuses, and that nothing is left of what did not succeed."""

from __future__ import annotations

import array
import ctypes
import errno
import gc
import io
import json
import mmap
import os
import shutil
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest

import aprfmt
from aprfmt import DType, Flags, NewTensor, RequestError, Writer, create_bytes
from aprfmt.files import writing
from aprfmt.source import CHUNK_BYTES

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"
OLD = b"the file that was there before"
TENSORS = [
    NewTensor("m", DType.F32, (2, 3), bytes(range(24))),
    NewTensor("z", DType.APR_Q4, (40,), bytes(range(36))),
    NewTensor("a", DType.U8, (65,), bytes(range(65))),
    NewTensor("empty", DType.F32, (0, 4), b""),
]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def n_descriptors() -> int:
    gc.collect()
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def raising(error: BaseException) -> Callable[..., NoReturn]:
    def do(*_args: object, **_kwargs: object) -> NoReturn:
        raise error

    return do


def add_all(writer: Writer, tensors: list[NewTensor]) -> None:
    for item in tensors:
        writer.add(item.name, item.dtype, item.shape, item.data)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A path of no file in a folder of its own."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "new.apr"


@pytest.fixture(params=["new", "existing"])
def target(request: pytest.FixtureRequest, out: Path) -> Iterator[tuple[Path, bool]]:
    """An output to be made and one to be replaced; afterwards nothing has happened to either, and nothing is open."""
    existing = request.param == "existing"
    if existing:
        out.write_bytes(OLD)
        os.utime(out, ns=(5, 5))
    before = n_descriptors()
    yield out, existing
    assert names(out.parent) == (["new.apr"] if existing else [])
    if existing:
        assert out.read_bytes() == OLD
        assert out.stat().st_mtime_ns == 5
    assert n_descriptors() == before


# ---- what is written ----


def test_the_golden_file_of_the_streaming_writer_is_made_again(out: Path) -> None:
    raw = (GOLDEN / "streaming_order.apr").read_bytes()
    with aprfmt.open(raw) as container, Writer(out, json.loads(container.metadata.raw)) as writer:
        in_order = sorted(container.tensors, key=lambda tensor: tensor.data_offset)
        assert in_order != list(container.tensors)
        for item in in_order:
            writer.add(item.name, item.dtype, item.shape, item.data)
    assert out.read_bytes() == raw
    assert writer.nbytes == len(raw)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.apr")), ids=lambda path: path.name)
def test_golden_files_are_made_again_in_the_order_of_their_data(path: Path, out: Path) -> None:
    with aprfmt.open(path) as container:
        with Writer(out, container.metadata.raw, flags=container.header.flags) as writer:
            for item in sorted(container.tensors, key=lambda tensor: tensor.data_offset):
                writer.add(item.name, item.dtype, item.shape, item.iter_data())
        assert out.read_bytes() == path.read_bytes()


def test_data_lies_in_the_order_in_which_it_came_and_the_index_is_sorted(out: Path) -> None:
    with Writer(out) as writer:
        add_all(writer, TENSORS)
    with aprfmt.open(out) as container:
        assert [(tensor.name, tensor.data_offset) for tensor in container.tensors] == [
            ("a", 128),
            ("empty", 256),
            ("m", 0),
            ("z", 64),
        ]
        for item in TENSORS:
            assert bytes(container[item.name].data) == item.data
            assert container[item.name].shape == item.shape


def test_in_the_order_of_the_names_it_is_a_new_file_like_any_other(out: Path) -> None:
    with Writer(out, {"name": "m"}, flags=Flags.QUANTIZED) as writer:
        add_all(writer, sorted(TENSORS, key=lambda item: item.name))
    assert out.read_bytes() == create_bytes(TENSORS, {"name": "m"}, flags=Flags.QUANTIZED)


def test_a_file_without_tensors_and_metadata_is_that_of_an_empty_mapping(out: Path) -> None:
    with Writer(out):
        pass
    assert out.read_bytes() == create_bytes([], {})


def test_metadata_can_be_replaced_until_the_end(out: Path) -> None:
    with Writer(out, {"name": "first"}) as writer:
        writer.add("a", DType.U8, (1,), b"x")
        writer.set_metadata({"name": "second", "param_count": 1})
        with pytest.raises(RequestError, match="license"):
            writer.set_metadata(b'{"license":5}')
        with pytest.raises(TypeError, match=r"^metadata: expected a mapping or JSON as bytes, found str$"):
            writer.set_metadata("{}")  # type: ignore[arg-type] # as users do
        with pytest.raises(RequestError, match=r"^metadata\.x: expected an integer of 64 bits, found .* as a string$"):
            writer.set_metadata({"x": 2**64})
    assert out.read_bytes() == create_bytes(
        [NewTensor("a", DType.U8, (1,), b"x")], {"name": "second", "param_count": 1}
    )
    with pytest.raises(RequestError, match="closed"):
        writer.set_metadata({})


def test_metadata_bytes_are_written_as_they_are(out: Path) -> None:
    raw = b' {"license" : "MIT", "z":1E5}\n'
    with Writer(out, raw):
        pass
    with aprfmt.open(out) as container:
        assert container.metadata.raw == raw


def test_the_mapping_of_the_caller_is_not_looked_at_again(out: Path) -> None:
    metadata = {"name": "m"}
    with Writer(out, metadata):
        metadata["name"] = "changed"
    with aprfmt.open(out) as container:
        assert container.metadata["name"] == "m"


FLOATS = array.array("f", [0.5, -1.0, 2.0, 4.0])


class Forward:
    """The least a stream can be: it gives as little as it likes."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, nbytes: int) -> bytes:
        return self._data.read(min(nbytes, 3))


@pytest.mark.parametrize(
    "data",
    [
        FLOATS.tobytes(),
        bytearray(FLOATS.tobytes()),
        memoryview(FLOATS),
        memoryview(FLOATS.tobytes()).cast("B", (4, 4)),
        FLOATS,
        (ctypes.c_float * 4)(*FLOATS),
        io.BytesIO(FLOATS.tobytes()),
        Forward(FLOATS.tobytes()),
        [FLOATS.tobytes()[:5], b"", bytearray(FLOATS.tobytes()[5:6]), memoryview(FLOATS.tobytes())[6:]],
        [FLOATS[:1], FLOATS[1:]],
        (bytes([byte]) for byte in FLOATS.tobytes()),
    ],
    ids=[
        *("bytes", "bytearray", "memoryview", "two dimensions", "array", "ctypes"),
        *("file", "forward", "list of pieces", "pieces of several bytes an item", "generator"),
    ],
)
def test_anything_that_gives_bytes_is_data(out: Path, data: Any) -> None:
    with Writer(out) as writer:
        assert writer.add("a", DType.F32, (4,), data) == 16
    with aprfmt.open(out) as container:
        assert bytes(container["a"].data) == FLOATS.tobytes()


def test_one_buffer_may_be_filled_again_for_every_piece(out: Path) -> None:
    buffer = bytearray(2)

    def pieces() -> Iterator[bytearray]:
        for number in range(4):
            buffer[:] = bytes([number, number])
            yield buffer

    with Writer(out) as writer:
        writer.add("a", DType.U8, (8,), pieces())
    with aprfmt.open(out) as container:
        assert bytes(container["a"].data) == bytes([0, 0, 1, 1, 2, 2, 3, 3])


def test_a_file_is_read_from_where_it_is(out: Path, tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"headabcd")
    with path.open("rb") as file, Writer(out) as writer:
        file.seek(4)
        writer.add("a", DType.U8, (4,), file)
    with aprfmt.open(out) as container:
        assert bytes(container["a"].data) == b"abcd"


def test_a_mapping_and_a_pipe_are_data(out: Path, tmp_path: Path) -> None:
    path = tmp_path / "raw"
    path.write_bytes(b"abcd")
    reading, writing_end = os.pipe()

    def write() -> None:
        with os.fdopen(writing_end, "wb") as pipe:
            pipe.write(b"efgh")

    thread = threading.Thread(target=write)
    thread.start()
    with Writer(out) as writer:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapping:
            writer.add("a", DType.U8, (4,), cast("Any", mapping))
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            writer.add("b", DType.U8, (4,), cast("Any", pipe))
    thread.join()
    with aprfmt.open(out) as container:
        assert [bytes(tensor.data) for tensor in container.tensors] == [b"abcd", b"efgh"]


def test_either_size_of_a_quantised_matrix_is_taken(out: Path) -> None:
    with Writer(out) as writer:
        assert writer.add("flat", DType.Q4_K, (2, 100), bytes(144)) == 144
        assert writer.add("rows", DType.Q4_K, (2, 100), iter([bytes(288)])) == 288
        with pytest.raises(RequestError, match="takes 144 or 288 bytes, found 145"):
            writer.add("neither", DType.Q4_K, (2, 100), iter([bytes(145)]))
    with aprfmt.open(out) as container:
        assert [tensor.nbytes for tensor in container.tensors] == [144, 288]


def test_dimensions_may_be_anything_that_is_an_integer(out: Path) -> None:
    class Four:
        def __index__(self) -> int:
            return 4

    with Writer(out) as writer:
        writer.add("a", DType.U8, [Four()], b"abcd")
    with aprfmt.open(out) as container:
        assert container["a"].shape == (4,)


def test_memory_does_not_depend_on_the_size_of_the_tensors(out: Path) -> None:
    nbytes = 64 << 20
    piece = bytes(CHUNK_BYTES)
    with Writer(out, force=True) as writer:  # imports what it needs
        writer.add("a", DType.U8, (1,), b"x")
    tracemalloc.start()
    try:
        with Writer(out, force=True) as writer:
            writer.add("a", DType.U8, (nbytes,), (piece for _ in range(nbytes // CHUNK_BYTES)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert out.stat().st_size > nbytes
    assert peak < 4 << 20


def test_many_tensors_take_a_moment_each(out: Path) -> None:
    with Writer(out) as writer:
        for number in range(2000):
            writer.add(f"t{number:05}", DType.U8, (1,), bytes([number % 256]))
    with aprfmt.open(out) as container:
        assert [tensor.data_offset for tensor in container.tensors] == [number * 64 for number in range(2000)]


# ---- what happens to the folder ----


def test_nothing_has_a_name_before_the_end(out: Path) -> None:
    with Writer(out) as writer:
        writer.add("a", DType.U8, (CHUNK_BYTES,), bytes(CHUNK_BYTES))
        if os.name != "nt":  # where a file without a name does not exist
            assert names(out.parent) == []
        assert writer.nbytes is None
    assert names(out.parent) == ["new.apr"]
    assert writer.nbytes == out.stat().st_size


def test_closing_again_says_the_size_again(out: Path) -> None:
    writer = Writer(out)
    writer.add("a", DType.U8, (1,), b"x")
    before = n_descriptors()
    assert writer.close() == writer.close() == writer.nbytes == out.stat().st_size
    assert n_descriptors() < before or not before
    writer.discard()
    assert out.exists()
    with pytest.raises(RequestError, match=r"the writer is closed: expected one that is open: .*new\.apr"):
        writer.add("b", DType.U8, (1,), b"x")


def test_a_relative_path_survives_a_change_of_folder(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out.parent)
    with Writer("new.apr"):
        monkeypatch.chdir(tmp_path)
    assert out.exists()
    assert names(tmp_path) == ["out"]


def test_a_link_stays_and_the_data_waits_in_the_folder_of_its_target(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(out)
    made: list[Path] = []
    temporary = tempfile.TemporaryFile

    def note(**options: Any) -> Any:
        made.append(options["dir"])
        return temporary(**options)

    monkeypatch.setattr(tempfile, "TemporaryFile", note)
    with Writer(link):
        pass
    assert made == [out.parent]
    assert link.is_symlink()
    assert out.exists()


def test_force_replaces_when_it_is_closed(out: Path) -> None:
    out.write_bytes(OLD)
    out.chmod(0o604)
    with Writer(out, force=True):
        assert out.read_bytes() == OLD
    assert out.read_bytes() == create_bytes([], {})
    assert out.stat().st_mode & 0o777 == 0o604


def test_a_new_file_has_the_usual_mode(out: Path) -> None:
    before = os.umask(0o027)
    try:
        with Writer(out):
            pass
    finally:
        os.umask(before)
    assert out.stat().st_mode & 0o777 == 0o640


def test_the_file_that_is_replaced_may_be_the_one_that_is_read(out: Path) -> None:
    out.write_bytes(create_bytes(TENSORS, {}))
    with aprfmt.open(out) as container, Writer(out, {}, force=True) as writer:
        for item in reversed(container.tensors):
            writer.add(item.name, item.dtype, item.shape, item.iter_data())
    with aprfmt.open(out) as container:
        assert {tensor.name: bytes(tensor.data) for tensor in container.tensors} == {
            item.name: item.data for item in TENSORS
        }


# ---- what is refused ----


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"metadata": b"[]"}, "a JSON object"),
        ({"metadata": {"license": 3}}, "license"),
        ({"flags": Flags.LAYOUT_COLUMN_MAJOR}, "layout_column_major"),
        ({"flags": 0x1000}, "expected members of Flags, found 0x1000"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(
    target: tuple[Path, bool], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(RequestError, match=says):
        Writer(target[0], force=target[1], **options)


def test_a_file_that_exists_is_refused_at_once(out: Path) -> None:
    out.write_bytes(OLD)
    with pytest.raises(RequestError, match="output exists"):
        Writer(out)
    assert out.read_bytes() == OLD


def test_outputs_that_cannot_be_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="found a directory"):
        Writer(tmp_path, force=True)
    with pytest.raises(RequestError, match="found a directory"):
        Writer(f"{tmp_path}/absent/")
    with pytest.raises(FileNotFoundError):
        Writer(tmp_path / "absent" / "new.apr")
    assert names(tmp_path) == []


def test_a_file_that_appears_meanwhile_is_refused_and_kept(out: Path) -> None:
    before = n_descriptors()
    writer = Writer(out)
    writer.add("a", DType.U8, (1,), b"x")
    out.write_bytes(OLD)
    with pytest.raises(RequestError, match="output exists"):
        writer.close()
    assert out.read_bytes() == OLD
    assert names(out.parent) == ["new.apr"]
    assert n_descriptors() == before
    assert writer.nbytes is None
    with pytest.raises(RequestError, match="the writer is closed"):
        writer.close()


REFUSED: list[tuple[tuple[Any, ...], str]] = [
    (("a", DType.U8, (1,), b"x"), "tensor 'a': the name occurs more than once"),
    (("", DType.U8, (1,), b"x"), "len_name: expected at least 1, found 0"),
    (("ü" * 129, DType.U8, (1,), b"x"), "len_name: expected at most 256, found 258"),
    (("\ud800", DType.U8, (1,), b"x"), r"'\ud800': the name cannot be written as UTF-8"),
    ((b"b", DType.U8, (1,), b"x"), "expected a name as text, found bytes"),
    (("b", 2, (1,), b"x"), "expected a member of DType, found 2"),
    (("b", DType.U8, (1,) * 9, b"x"), "ndim: expected at most 8, found 9"),
    (("b", DType.U8, (-1,), b"x"), "expected dimensions of at least 0, found [-1]"),
    (("b", DType.U8, (0, 1 << 64), b""), "dims: expected an integer from 0 to 18446744073709551615, found"),
    (("b", DType.U8, (10**5000,), b""), "found a very large int"),
    (("b", DType.U8, (1.0,), b"x"), "expected a shape of integers, found (1.0,)"),
    (("b", DType.U8, 3, b"x"), "expected a shape of integers, found 3"),
    (("b", DType.F32, (1,), b"abc"), "tensor 'b': f32 [1] takes 4 bytes, found 3"),
    (("b", DType.F32, (1,), b"abcde"), "tensor 'b': f32 [1] takes 4 bytes, found 5"),
    (("b", DType.F32, (1,), iter([b"abc"])), "tensor 'b': f32 [1] takes 4 bytes, found 3"),
    (("b", DType.F32, (1,), iter([])), "tensor 'b': f32 [1] takes 4 bytes, found 0"),
    (("b", DType.F32, (1,), iter([b"abc", b"def"])), "tensor 'b': f32 [1] takes 4 bytes, found at least 6"),
    (("b", DType.F32, (1,), io.BytesIO(b"abc")), "tensor 'b': f32 [1] takes 4 bytes, found 3"),
    (("b", DType.F32, (1,), io.BytesIO(b"abcdefgh")), "tensor 'b': f32 [1] takes 4 bytes, found at least 5"),
    (("b", DType.F32, (0,), io.BytesIO(b"a")), "tensor 'b': f32 [0] takes 0 bytes, found at least 1"),
    (("b", DType.U8, (2,), memoryview(b"abcd")[::2]), "expected data without gaps, found a strided view"),
    (("b", DType.U8, (2,), [memoryview(b"abcd")[::2]]), "expected data without gaps, found a strided view"),
]


@pytest.mark.parametrize(("arguments", "says"), REFUSED, ids=[says for _, says in REFUSED])
def test_a_tensor_that_is_refused_changes_nothing(out: Path, arguments: tuple[Any, ...], says: str) -> None:
    with Writer(out) as writer:
        writer.add("a", DType.U8, (1,), b"x")
        with pytest.raises(RequestError) as caught:
            writer.add(*arguments)
        assert says in str(caught.value)
        assert str(caught.value).isprintable()
        writer.add("b", DType.U8, (3,), b"abc")
    assert out.read_bytes() == create_bytes(
        [NewTensor("a", DType.U8, (1,), b"x"), NewTensor("b", DType.U8, (3,), b"abc")], {}
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (5, "tensor 'b': expected bytes, a binary file or an iterable of bytes, found int"),
        (None, "found NoneType"),
        ("abcd", "found str"),
        (["ab", "cd"], "tensor 'b': expected pieces of bytes, found str"),
        ([1, 2, 3, 4], "expected pieces of bytes, found int"),
        (io.StringIO("abcd"), "expected pieces of bytes, found str"),
        (io.StringIO(""), "expected pieces of bytes, found str"),
    ],
    ids=["number", "nothing", "text", "pieces of text", "numbers", "text file", "empty text file"],
)
def test_data_of_another_kind_is_a_type_error_and_changes_nothing(out: Path, data: Any, says: str) -> None:
    with Writer(out) as writer:
        writer.add("a", DType.U8, (1,), b"x")
        with pytest.raises(TypeError, match=says):
            writer.add("b", DType.F32, (1,), data)
    assert out.read_bytes() == create_bytes([NewTensor("a", DType.U8, (1,), b"x")], {})


def test_a_pipe_without_bytes_yet_is_not_taken_for_its_end(out: Path) -> None:
    reading, writing_end = os.pipe()
    os.set_blocking(reading, False)
    writer = Writer(out)
    with os.fdopen(reading, "rb", buffering=0) as pipe, pytest.raises(BlockingIOError, match="blocking stream"):
        writer.add("a", DType.U8, (1,), cast("Any", pipe))
    os.close(writing_end)
    writer.close()
    assert out.read_bytes() == create_bytes([], {})


def test_a_stream_without_end_is_not_read_to_its_end(out: Path) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(10)

    with Writer(out) as writer:
        with pytest.raises(RequestError, match="takes 25 bytes, found at least 30"):
            writer.add("a", DType.U8, (25,), endless())
        with Path("/dev/zero").open("rb") as file, pytest.raises(RequestError, match="found at least 26"):
            writer.add("a", DType.U8, (25,), file)
    assert taken == 3


def test_a_tensor_is_not_added_while_another_one_is(out: Path) -> None:
    with Writer(out) as writer:

        def pieces() -> Iterator[bytes]:
            yield b"ab"
            with pytest.raises(RequestError, match="a tensor is being added"):
                writer.add("b", DType.U8, (1,), b"x")
            with pytest.raises(RequestError, match="a tensor is being added"):
                writer.close()
            yield b"cd"

        writer.add("a", DType.U8, (4,), pieces())
    assert out.read_bytes() == create_bytes([NewTensor("a", DType.U8, (4,), b"abcd")], {})


# ---- what is left behind: nothing ----


class Stop(BaseException):
    """What a handler of SIGTERM may raise."""


ENDS = [ZeroDivisionError(), KeyboardInterrupt(), SystemExit(3), Stop()]


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
def test_leaving_by_an_exception_discards_everything(target: tuple[Path, bool], error: BaseException) -> None:
    writer = Writer(target[0], force=target[1])

    def use() -> None:
        with writer:
            writer.add("a", DType.U8, (1,), b"x")
            raise error

    with pytest.raises(type(error)):
        use()
    assert writer.nbytes is None
    with pytest.raises(RequestError, match="the writer is closed"):
        writer.add("b", DType.U8, (1,), b"x")


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
def test_an_iterator_that_raises_ends_the_tensor_and_not_the_writer(out: Path, error: BaseException) -> None:
    def pieces() -> Iterator[bytes]:
        yield bytes(200)
        raise error

    with Writer(out) as writer:
        writer.add("b", DType.U8, (1,), b"x")
        with pytest.raises(type(error)):
            writer.add("a", DType.U8, (400,), pieces())
        writer.add("c", DType.U8, (1,), b"y")
    assert out.read_bytes() == create_bytes(
        [NewTensor("b", DType.U8, (1,), b"x"), NewTensor("c", DType.U8, (1,), b"y")], {}
    )


def test_an_iterator_that_raises_discards_everything_when_nobody_catches_it(target: tuple[Path, bool]) -> None:
    def pieces() -> Iterator[bytes]:
        yield bytes(200)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Writer(target[0], force=target[1]) as writer:
        writer.add("a", DType.U8, (400,), pieces())


def test_the_space_of_a_tensor_that_failed_is_given_back(out: Path) -> None:
    with Writer(out) as writer:
        writer.add("a", DType.U8, (1,), b"x")
        spool = writer._spool
        assert spool is not None
        with pytest.raises(RequestError):
            writer.add("b", DType.U8, (1 << 20,), iter([bytes(1 << 19)]))
        assert os.fstat(spool.fileno()).st_size == 64


def test_a_discarded_writer_leaves_its_context_in_peace(target: tuple[Path, bool]) -> None:
    with Writer(target[0], force=target[1]) as writer:
        writer.add("a", DType.U8, (1,), b"x")
        writer.discard()
        writer.discard()
    with pytest.raises(RequestError, match="the writer is closed"):
        writer.close()


def test_a_writer_that_is_discarded_in_the_middle_of_a_tensor_writes_nothing(target: tuple[Path, bool]) -> None:
    writer = Writer(target[0], force=target[1])

    def pieces() -> Iterator[bytes]:
        yield b"ab"
        writer.discard()
        yield b"cd"

    with pytest.raises(RequestError, match="discarded while a tensor was being added"):
        writer.add("a", DType.U8, (4,), pieces())
    with pytest.raises(RequestError, match="the writer is closed"):
        writer.close()


def test_a_disk_that_fills_up_ends_the_tensor_and_not_the_writer(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.FileIO):
        """A file on a disk with room for 1024 bytes, which takes 700 at a time."""

        def write(self, data: Any) -> int:
            room = min(1024 - self.tell(), 700)
            if room <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(memoryview(data)[:room])

    def full(**options: Any) -> Full:
        descriptor, path = tempfile.mkstemp(dir=options["dir"])
        Path(path).unlink()
        return Full(descriptor, "w+b")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with Writer(out) as writer:
        writer.add("a", DType.U8, (1,), b"x")
        with pytest.raises(OSError, match="No space left") as caught:
            writer.add("b", DType.U8, (2000,), bytes(2000))
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(out))
        writer.add("c", DType.U8, (900,), bytes(900))
    assert out.read_bytes() == create_bytes(
        [NewTensor("a", DType.U8, (1,), b"x"), NewTensor("c", DType.U8, (900,), bytes(900))], {}
    )


def test_a_disk_without_room_for_the_second_copy_is_refused_with_numbers(
    target: tuple[Path, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(target[0], force=target[1])
    writer.add("a", DType.U8, (2000,), bytes(2000))
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage(10_000, 9_000, 1_000))
    with pytest.raises(OSError, match="not enough free space") as caught:
        writer.close()
    assert caught.value.filename == str(target[0])
    assert writer.nbytes is None


@pytest.mark.parametrize("call", ["fsync", "write"])
@pytest.mark.parametrize("error", [OSError(errno.EIO, "disk on fire"), KeyboardInterrupt()], ids=["EIO", "interrupt"])
def test_nothing_happens_when_closing_fails(
    target: tuple[Path, bool], monkeypatch: pytest.MonkeyPatch, call: str, error: BaseException
) -> None:
    writer = Writer(target[0], force=target[1])
    writer.add("a", DType.U8, (2000,), bytes(2000))
    monkeypatch.setattr(os, call, raising(error))
    with pytest.raises(type(error)):
        writer.close()
    monkeypatch.undo()
    assert writer.nbytes is None
    with pytest.raises(RequestError, match="the writer is closed"):
        writer.close()


def test_data_that_reads_back_wrong_is_not_sealed(target: tuple[Path, bool]) -> None:
    writer = Writer(target[0], force=target[1])
    writer.add("a", DType.U8, (2000,), bytes(2000))
    spool = writer._spool
    assert spool is not None
    os.pwrite(spool.fileno(), b"!", 1000)
    with pytest.raises(OSError, match="the temporary file reads back wrong: expected 0x") as caught:
        writer.close()
    assert caught.value.errno == errno.EIO


def test_a_writer_that_is_forgotten_leaves_nothing(target: tuple[Path, bool]) -> None:
    def forget() -> None:
        Writer(target[0], force=target[1]).add("a", DType.U8, (1,), b"x")
        gc.collect()

    with pytest.warns(ResourceWarning):
        forget()


def test_nothing_is_left_in_the_name_of_the_final_step(
    target: tuple[Path, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(target[0], force=target[1])
    writer.add("a", DType.U8, (1,), b"x")
    monkeypatch.setattr(writing, "_take_name", raising(OSError(errno.EXDEV, "no")))
    with pytest.raises(OSError, match="no"):
        writer.close()
