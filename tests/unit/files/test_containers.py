"""The façade over files: `aprfmt.open`, `stamp_file`, `canonicalise_file`, `create_file`, `read_spec`."""

from __future__ import annotations

import gc
import io
import json
import os
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

import aprfmt
from aprfmt import (
    DEFAULT_LIMITS,
    AprError,
    DType,
    Flags,
    FormatError,
    LimitExceededError,
    Limits,
    NewTensor,
    ProvenancePatch,
    RequestError,
    TruncatedError,
    UnsupportedError,
    canonicalise_bytes,
    create_bytes,
    stamp_bytes,
)
from aprfmt.files import read_spec

REPOSITORY = Path(__file__).resolve().parents[3]
GOLDEN = REPOSITORY / "tests" / "data" / "golden"
MODEL = GOLDEN / "teacher_q4k.apr"
RAW = MODEL.read_bytes()
MIT = ProvenancePatch(license="MIT")
TENSORS = [NewTensor("b", DType.F32, (2,), bytes(8)), NewTensor("a", DType.U8, (3,), b"abc")]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def n_descriptors() -> int:
    gc.collect()
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    path = folder / "model.apr"
    path.write_bytes(RAW)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "out.apr"


# ---- open ----


@pytest.mark.parametrize(
    "file",
    [
        lambda: MODEL,
        lambda: str(MODEL),
        lambda: RAW,
        lambda: bytearray(RAW),
        lambda: memoryview(RAW),
        lambda: io.BytesIO(RAW),
    ],
    ids=["path", "str", "bytes", "bytearray", "memoryview", "BytesIO"],
)
def test_open_takes_whatever_holds_the_bytes(file: Callable[[], Any]) -> None:
    with aprfmt.open(file()) as container:
        assert container.header.num_tensors == len(container.tensors) == len(container) == 27
        tensor = container["lm_head.weight"]
        assert bytes(tensor.data) == RAW[slice(*tensor.file_span)]
        assert container.metadata["name"]


def test_open_leaves_a_file_object_open() -> None:
    with MODEL.open("rb") as file:
        with aprfmt.open(file) as container:
            assert container.payload_digest()
        assert not file.closed
        assert file.tell() == 0


def test_closing_lets_go_of_the_file_and_keeps_views() -> None:
    before = n_descriptors()
    container = aprfmt.open(MODEL)
    view = container["lm_head.weight"].data
    container.close()
    container.close()
    assert len(view) == 107520
    del view  # the mapping goes with the last view of it
    assert n_descriptors() == before
    assert container.header.num_tensors == 27
    with pytest.raises(ValueError, match="closed"):
        _ = container.metadata


@pytest.mark.parametrize(
    ("raw", "kind"),
    [(b"", TruncatedError), (RAW[:63], TruncatedError), (RAW[:300], TruncatedError), (b"GGUF" + RAW, UnsupportedError)],
)
def test_a_file_that_is_refused_is_not_left_open(raw: bytes, kind: type[AprError], tmp_path: Path) -> None:
    path = tmp_path / "bad.apr"
    path.write_bytes(raw)
    before = n_descriptors()
    with pytest.raises(kind):
        aprfmt.open(path)
    assert n_descriptors() == before


def test_open_reads_the_header_only() -> None:
    reads: list[tuple[int, int]] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            reads.append((self.tell(), size or 0))
            return super().read(size)

    stream: BinaryIO = Watched(RAW)
    with aprfmt.open(stream):
        assert reads == [(0, 64)]


def test_limits_are_handed_down() -> None:
    with aprfmt.open(MODEL, limits=Limits(max_metadata_bytes=10, max_index_bytes=10)) as container:
        with pytest.raises(LimitExceededError, match="max_metadata_bytes"):
            _ = container.metadata
        with pytest.raises(LimitExceededError, match="max_index_bytes"):
            _ = container.tensors


def test_the_system_speaks_for_itself(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        aprfmt.open(tmp_path / "none")
    assert caught.value.filename == str(tmp_path / "none") or caught.value.filename == tmp_path / "none"
    with pytest.raises(IsADirectoryError):
        aprfmt.open(tmp_path)


# ---- stamp_file ----


@pytest.mark.parametrize("kind", [Path, str])
def test_a_stamped_file_is_what_is_made_in_memory(kind: type, source: Path, out: Path) -> None:
    before = n_descriptors()
    stamp = aprfmt.stamp_file(kind(source), kind(out), MIT)
    assert out.read_bytes() == stamp_bytes(RAW, MIT)
    assert source.read_bytes() == RAW
    assert stamp.output_nbytes == out.stat().st_size
    assert stamp.metadata["license"] == "MIT"
    assert stamp.input_metadata["license"] is None
    assert (names(source.parent), names(out.parent)) == (["model.apr"], ["out.apr"])
    assert n_descriptors() == before


def test_an_output_that_exists_takes_force(source: Path, out: Path) -> None:
    out.write_bytes(b"precious")
    with pytest.raises(RequestError, match="output exists"):
        aprfmt.stamp_file(source, out, MIT)
    assert out.read_bytes() == b"precious"
    aprfmt.stamp_file(source, out, MIT, force=True)
    assert out.read_bytes() == stamp_bytes(RAW, MIT)


def test_the_output_may_be_the_input(source: Path) -> None:
    with pytest.raises(RequestError, match="output exists"):
        aprfmt.stamp_file(source, source, MIT)
    assert source.read_bytes() == RAW
    aprfmt.stamp_file(source, source, MIT, force=True)
    assert source.read_bytes() == stamp_bytes(RAW, MIT)
    assert names(source.parent) == ["model.apr"]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (RAW[:-1], FormatError),
        (RAW[:1024], FormatError),
        (RAW[:-1000] + b"!" + RAW[-999:], FormatError),
        (RAW + b"!", FormatError),
        (b"", TruncatedError),
        (b"GGUF" + RAW, UnsupportedError),
    ],
    ids=["footer cut", "head", "flipped", "trailing", "empty", "GGUF"],
)
def test_nothing_happens_when_the_input_is_refused(
    raw: bytes, kind: type[AprError], dry_run: bool, source: Path, out: Path
) -> None:
    source.write_bytes(raw)
    for target, force in ((out, False), (source, True)):
        with pytest.raises(kind):
            aprfmt.stamp_file(source, target, MIT, force=force, dry_run=dry_run)
    assert source.read_bytes() == raw
    assert (names(source.parent), names(out.parent)) == (["model.apr"], [])


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_empty_patch_is_refused_first(dry_run: bool, tmp_path: Path, out: Path) -> None:
    with pytest.raises(RequestError, match="the patch is empty"):
        aprfmt.stamp_file(tmp_path / "none", out, ProvenancePatch(), dry_run=dry_run)
    with pytest.raises(TypeError, match=r"^patch: expected a MetadataPatch or a ProvenancePatch, found dict$"):
        aprfmt.stamp_file(tmp_path / "none", out, {"license": "MIT"}, dry_run=dry_run)  # type: ignore[arg-type] # as users do


def test_an_output_is_needed_to_write_one(source: Path) -> None:
    with pytest.raises(RequestError, match="a path for the output"):
        aprfmt.stamp_file(source, None, MIT)


def test_trailing_bytes_are_dropped_when_asked(source: Path, out: Path) -> None:
    source.write_bytes(RAW + b"tail")
    stamp = aprfmt.stamp_file(source, out, MIT, drop_trailing=True)
    assert out.read_bytes() == stamp_bytes(RAW, MIT)
    assert stamp.notes == ("4 bytes behind the footer are dropped",)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_disk_without_room_is_refused_before_anything_is_written(
    dry_run: bool, source: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(source.parent))
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage(10_000, 9_000, 1_000))
    with pytest.raises(OSError, match="not enough free space") as caught:
        aprfmt.stamp_file(source, out, MIT, dry_run=dry_run)
    assert caught.value.filename == str(out)
    assert not out.exists()


def test_a_dry_run_refuses_a_folder_that_takes_no_files(
    source: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(PermissionError) as caught:
        aprfmt.stamp_file(source, out, MIT, dry_run=True)
    assert caught.value.filename == str(out.parent)


def test_a_dry_run_plans_the_same_and_writes_nothing(source: Path, out: Path) -> None:
    dry = aprfmt.stamp_file(source, out, MIT, dry_run=True)
    blind = aprfmt.stamp_file(source, None, MIT, dry_run=True)
    assert names(out.parent) == []
    wet = aprfmt.stamp_file(source, out, MIT)
    for stamp in (dry, blind):
        assert (stamp.output_nbytes, stamp.metadata.raw, stamp.flags, stamp.notes) == (
            wet.output_nbytes,
            wet.metadata.raw,
            wet.flags,
            wet.notes,
        )


@pytest.mark.parametrize("force", [False, True])
def test_a_dry_run_refuses_the_outputs_that_the_real_one_refuses(force: bool, source: Path, out: Path) -> None:
    targets = [out.parent, out.parent / "none" / "out.apr", source / "below", Path(os.devnull)]
    if not force:
        targets.append(source)
    for target in targets:
        with pytest.raises((AprError, OSError)) as wet:
            aprfmt.stamp_file(source, target, MIT, force=force)
        with pytest.raises(type(wet.value)) as dry:
            aprfmt.stamp_file(source, target, MIT, force=force, dry_run=True)
        assert str(dry.value) == str(wet.value)


@pytest.mark.parametrize("dry_run", [False, True])
def test_progress_counts_to_the_size_of_the_output(dry_run: bool, source: Path, out: Path) -> None:
    calls: list[tuple[int, int]] = []
    stamp = aprfmt.stamp_file(
        source, out, MIT, dry_run=dry_run, progress=lambda done, total: calls.append((done, total))
    )
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1] == (stamp.output_nbytes, stamp.output_nbytes)


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_progress_raises_ends_it_without_a_trace(dry_run: bool, source: Path, out: Path) -> None:
    class Stop(BaseException):
        pass

    def stop(_done: int, _total: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        aprfmt.stamp_file(source, out, MIT, dry_run=dry_run, progress=stop)
    assert names(out.parent) == []


@pytest.mark.parametrize("dry_run", [False, True])
def test_memory_does_not_depend_on_the_size_of_the_file(dry_run: bool, source: Path, out: Path) -> None:
    nbytes = 24 << 20
    source.write_bytes(create_bytes([NewTensor("w", DType.U8, (nbytes,), bytes(nbytes))], {}))
    aprfmt.stamp_file(MODEL, out, MIT)  # imports what it needs
    tracemalloc.start()
    try:
        aprfmt.stamp_file(source, out, MIT, force=True, dry_run=dry_run)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_stamp_file_hands_limits_down(source: Path, out: Path) -> None:
    with pytest.raises(LimitExceededError, match="max_index_bytes"):
        aprfmt.stamp_file(source, out, MIT, limits=Limits(max_index_bytes=10))
    aprfmt.stamp_file(source, out, MIT, limits=DEFAULT_LIMITS)


# ---- canonicalise_file ----

STREAMED = (GOLDEN / "streaming_order.apr").read_bytes()


@pytest.mark.parametrize("kind", [Path, str])
def test_a_canonical_file_is_what_is_made_in_memory(kind: type, source: Path, out: Path) -> None:
    source.write_bytes(STREAMED)
    before = n_descriptors()
    made = aprfmt.canonicalise_file(kind(source), kind(out))
    assert out.read_bytes() == canonicalise_bytes(STREAMED) != STREAMED
    assert made.output_nbytes == out.stat().st_size
    assert made.n_tensors_moved == 3
    assert source.read_bytes() == STREAMED
    assert (names(source.parent), names(out.parent)) == (["model.apr"], ["out.apr"])
    assert n_descriptors() == before


def test_a_canonical_file_may_replace_its_input(source: Path) -> None:
    source.write_bytes(STREAMED)
    with pytest.raises(RequestError, match="output exists"):
        aprfmt.canonicalise_file(source, source)
    assert source.read_bytes() == STREAMED
    aprfmt.canonicalise_file(source, source, force=True)
    assert source.read_bytes() == canonicalise_bytes(STREAMED)
    assert names(source.parent) == ["model.apr"]


def test_a_dry_run_of_canonicalise_checks_all_and_writes_nothing(source: Path, out: Path) -> None:
    source.write_bytes(STREAMED)
    dry = aprfmt.canonicalise_file(source, None, dry_run=True)
    assert names(out.parent) == []
    assert dry.output_nbytes == aprfmt.canonicalise_file(source, out).output_nbytes
    with pytest.raises(RequestError, match="a path for the output"):
        aprfmt.canonicalise_file(source, None)
    for dry_run in (False, True):
        with pytest.raises(RequestError, match="output exists"):
            aprfmt.canonicalise_file(source, out, dry_run=dry_run)


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (RAW[:-1], FormatError),
        (RAW[:-1000] + b"!" + RAW[-999:], FormatError),
        (RAW + b"!", FormatError),
        (b"", TruncatedError),
        (b"GGUF" + RAW, UnsupportedError),
    ],
    ids=["footer cut", "flipped", "trailing", "empty", "GGUF"],
)
def test_nothing_happens_when_the_file_cannot_be_canonicalised(
    raw: bytes, kind: type[AprError], dry_run: bool, source: Path, out: Path
) -> None:
    source.write_bytes(raw)
    for target, force in ((out, False), (source, True)):
        with pytest.raises(kind):
            aprfmt.canonicalise_file(source, target, force=force, dry_run=dry_run)
    assert source.read_bytes() == raw
    assert (names(source.parent), names(out.parent)) == (["model.apr"], [])


def test_what_belongs_to_nothing_is_dropped_when_asked(source: Path, out: Path) -> None:
    source.write_bytes(RAW + b"tail")
    made = aprfmt.canonicalise_file(source, out, drop_unexplained=True)
    assert out.read_bytes() == RAW
    assert len(made.notes) == 1


def test_a_file_that_changes_before_it_is_copied_is_refused(source: Path, out: Path) -> None:
    source.write_bytes(STREAMED)

    def meddle(done: int, total: int) -> None:
        if done > total // 2:  # behind the check, which is the first half
            with source.open("r+b") as file:
                file.seek(-8, os.SEEK_END)
                file.write(b"!")

    with pytest.raises(FormatError, match="the input changed while it was read"):
        aprfmt.canonicalise_file(source, out, progress=meddle)
    assert names(out.parent) == []


@pytest.mark.parametrize("raw", [RAW, STREAMED], ids=["canonical", "streamed"])
@pytest.mark.parametrize("dry_run", [False, True])
def test_progress_is_one_sum_over_the_check_and_the_copy(raw: bytes, dry_run: bool, source: Path, out: Path) -> None:
    source.write_bytes(raw)
    calls: list[tuple[int, int]] = []
    aprfmt.canonicalise_file(source, out, dry_run=dry_run, progress=lambda done, total: calls.append((done, total)))
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert all(done <= total for done, total in calls)
    assert calls[-1][0] == calls[-1][1]
    assert (calls[-1][0] > len(raw)) != dry_run


def test_what_progress_raises_ends_canonicalise_without_a_trace(source: Path, out: Path) -> None:
    class Stop(BaseException):
        pass

    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise Stop

    with pytest.raises(Stop):
        aprfmt.canonicalise_file(source, out, progress=stop)
    assert names(out.parent) == []


def test_memory_of_canonicalise_does_not_depend_on_the_size_of_the_file(source: Path, out: Path) -> None:
    nbytes = 24 << 20
    with aprfmt.Writer(source, force=True) as writer:
        writer.add("w", DType.U8, (nbytes,), bytes(nbytes))
        writer.add("a", DType.U8, (1,), b"x")
    aprfmt.canonicalise_file(MODEL, out)  # imports what it needs
    tracemalloc.start()
    try:
        assert aprfmt.canonicalise_file(source, out, force=True).n_tensors_moved == 2
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_canonicalise_file_hands_limits_down(source: Path, out: Path) -> None:
    with pytest.raises(AprError, match="max_index_bytes"):
        aprfmt.canonicalise_file(source, out, limits=Limits(max_index_bytes=10))


# ---- create_file ----


def test_a_new_file_is_what_is_made_in_memory(out: Path) -> None:
    nbytes = aprfmt.create_file(out, TENSORS, {"name": "m"}, flags=Flags.QUANTIZED)
    assert out.read_bytes() == create_bytes(TENSORS, {"name": "m"}, flags=Flags.QUANTIZED)
    assert out.stat().st_size == nbytes
    assert names(out.parent) == ["out.apr"]


def test_a_new_file_replaces_another_only_with_force(out: Path) -> None:
    out.write_bytes(b"precious")
    with pytest.raises(RequestError, match="output exists"):
        aprfmt.create_file(out, TENSORS, {})
    assert out.read_bytes() == b"precious"
    aprfmt.create_file(str(out), iter(TENSORS), b"{}", force=True)
    assert out.read_bytes() == create_bytes(TENSORS, b"{}")


def test_a_new_file_that_is_refused_leaves_nothing(out: Path) -> None:
    with pytest.raises(RequestError, match="more than once"):
        aprfmt.create_file(out, [*TENSORS, TENSORS[0]], {})
    assert names(out.parent) == []


# ---- read_spec ----


@pytest.mark.parametrize("name", ["apr_v2.ksy", "metadata.schema.json", "README.md"])
def test_the_specification_is_that_of_the_repository(name: str) -> None:
    assert read_spec(name) == (REPOSITORY / "spec" / name).read_bytes()


def test_the_schema_is_json() -> None:
    assert "license" in json.loads(read_spec("metadata.schema.json"))["properties"]


def test_an_open_container_prints_what_it_is(source: Path) -> None:
    n_tensors = aprfmt.open(RAW).header.num_tensors
    with aprfmt.open(source) as container:
        assert repr(container) == f"<OpenContainer {str(source)!a}: {n_tensors} tensors, {len(RAW)} bytes>"
    assert repr(container) == f"<OpenContainer {str(source)!a}: {n_tensors} tensors, {len(RAW)} bytes>"
    with aprfmt.open(RAW) as container:
        assert repr(container) == f"<OpenContainer: {n_tensors} tensors, {len(RAW)} bytes>"
    assert repr(container) == f"<OpenContainer: {n_tensors} tensors, closed>"


def test_nothing_is_read_to_print_a_container() -> None:
    with aprfmt.open(b"", lenient=True) as container:
        assert repr(container) == "<OpenContainer: 0 bytes>"
        with pytest.raises(TruncatedError):
            _ = container.header
        assert repr(container) == "<OpenContainer: 0 bytes>"
    with aprfmt.open(RAW, lenient=True) as container:
        assert repr(container) == f"<OpenContainer: {len(RAW)} bytes>"


def test_a_canonical_form_prints_without_the_bytes_of_the_file(source: Path) -> None:
    made = aprfmt.canonicalise_file(source, None, dry_run=True)
    assert repr(made).startswith("Canonical(flags=<Flags.")
    assert "Literal" not in repr(made)


def test_a_container_tells_whether_its_file_is_still_the_one_that_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "m.apr"
    raw = (GOLDEN / "sharded.apr").read_bytes()
    path.write_bytes(raw)
    with aprfmt.open(path) as f, aprfmt.open(raw) as g:
        f.check_unchanged()
        with path.open("ab") as more:
            more.write(b"!")
        with pytest.raises(FormatError, match="the input changed while it was read"):
            f.check_unchanged()
        g.check_unchanged()
