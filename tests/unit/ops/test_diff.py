"""A comparison finds every byte that differs, says where it is in both files, and what follows from what."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tests.unit.rules.crafting import SIZE, craft, entry_a, entry_b

from aprfmt import ProvenancePatch, canonicalise_bytes, stamp_bytes
from aprfmt.container import Container
from aprfmt.errors import FormatError, RequestError, TruncatedError, UnsupportedError
from aprfmt.ops.diff import Category, Diff, Difference, Pair, diff
from aprfmt.source import BytesSource
from aprfmt.tensors import name_matcher

GOLDEN = Path(__file__).resolve().parents[2] / "data" / "golden"
SOUND = craft(tensor_data=bytes(range(128)))
TEACHER = (GOLDEN / "teacher_q4k.apr").read_bytes()


def opened(raw: bytes) -> Container:
    return Container(BytesSource(raw), lenient=True)


def compared(first: bytes, second: bytes, **options: Any) -> Diff:
    return diff(opened(first), opened(second), **options)


def fields(found: Diff, *, follows: bool | None = None) -> list[str]:
    return [item.field for item in found.differences if follows is None or item.follows is follows]


def the(found: Diff, field: str) -> Difference:
    (item,) = [item for item in found.differences if item.field == field]
    return item


def spans(item: Difference) -> list[tuple[int, int] | None]:
    return [None if place is None else place.span for place in item.places]


def changed(raw: bytes, at: int, to: int | None = None) -> bytes:
    new = bytearray(raw)
    new[at] = new[at] ^ 0x10 if to is None else to
    return bytes(new)


# ---- identical means every byte ----


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.apr")), ids=lambda path: path.name)
def test_a_file_is_identical_to_itself(path: Path) -> None:
    raw = path.read_bytes()
    found = compared(raw, raw)
    assert found.identical
    assert found.payload_identical
    assert (found.differences, found.notes, found.n_differing_bytes, found.n_moved) == ((), (), 0, 0)
    assert found.n_tensor_bytes == sum(tensor.nbytes for tensor in opened(raw).tensors)


@pytest.mark.parametrize("raw", [SOUND, craft(footer=None), SOUND + b"behind", SOUND[:-2]], ids=range(4))
def test_no_byte_can_change_unnoticed(raw: bytes) -> None:
    for at in range(4, len(raw)):  # another magic is another format
        for other in (changed(raw, at), changed(raw, at, 0xFF ^ raw[at])):
            found = compared(raw, other)
            assert not found.identical, hex(at)
            assert any(not item.follows for item in found.differences), hex(at)
            assert compared(raw, other, brief=True).identical is False


@pytest.mark.parametrize("raw", [SOUND, SOUND + b"behind"], ids=["sound", "trailing"])
def test_no_length_passes_for_another(raw: bytes) -> None:
    for length in range(0x40, len(raw)):
        for pair in ((raw, raw[:length]), (raw[:length], raw)):
            assert not compared(*pair).identical, length


def test_random_changes_are_noticed_whatever_they_are() -> None:
    chance = random.Random(5)  # noqa: S311 - the same changes each time
    for path in sorted(GOLDEN.glob("*.apr")):
        raw = path.read_bytes()
        if len(raw) > 100_000:
            continue
        for _ in range(60):
            other = bytearray(raw)
            for _ in range(chance.randint(1, 4)):
                other[chance.randrange(4, min(len(other), 3_000))] = chance.randrange(256)
            assert compared(raw, bytes(other)).identical is (bytes(other) == raw)


def test_it_is_the_same_from_both_sides() -> None:
    other = craft(entry_a(dims=[1], len_tensor=4), metadata=b'{"name":"n","x":[1]}')
    there, back = compared(SOUND, other), compared(other, SOUND)
    assert sorted(fields(there)) == sorted(fields(back))
    assert (there.n_tensor_bytes, there.n_differing_bytes) == (back.n_tensor_bytes, back.n_differing_bytes)
    for item in there.differences:
        assert the(back, item.field).places == item.places[::-1]


# ---- what follows from what ----


def test_a_stamp_changes_what_it_says_and_nothing_else() -> None:
    patch = ProvenancePatch(license="MIT", data_source="teacher-only", data_license="CC-BY-4.0")
    stamped = stamp_bytes(TEACHER, patch)
    found = compared(TEACHER, stamped)
    keys = ["metadata.license", "metadata.data_source", "metadata.data_license"]
    assert sorted(fields(found, follows=False)) == sorted(keys)
    assert {"header.len_metadata", "header.checksum", "footer.checksum"} <= set(fields(found, follows=True))
    assert (found.n_differing_bytes, found.n_tensor_bytes, found.payload_identical) == (0, 925_952, True)
    assert found.counts[Category.METADATA] == 3
    assert found.counts[Category.TENSOR] == found.counts[Category.QUANTIZATION] == 0
    assert found.n_structural == len(found.differences) - found.counts[Category.SIZE]
    item = the(found, "metadata.license")
    assert item.values == (None, "MIT")
    start, stop = item.places[1].span if item.places[1] else (0, 0)
    assert stamped[start:stop] == b'"MIT"'


def test_ignored_keys_take_what_follows_from_them_along() -> None:
    stamped = stamp_bytes(TEACHER, ProvenancePatch(license="MIT", author="A" * 200))
    assert "file_size" in fields(compared(TEACHER, stamped), follows=True)
    found = compared(TEACHER, stamped, ignore=["license", "author"])
    assert found.identical
    assert found.ignored == ("license", "author")
    found = compared(TEACHER, stamped, ignore=["license"])
    assert fields(found, follows=False) == ["metadata.author"]
    assert "footer.checksum" in fields(found, follows=True)


def test_a_key_that_is_ignored_hides_no_other_change() -> None:
    stamped = bytearray(stamp_bytes(TEACHER, ProvenancePatch(license="MIT")))
    stamped[-100] ^= 1
    found = compared(TEACHER, bytes(stamped), ignore=["license"])
    assert not found.identical
    assert found.n_differing_bytes == 1


def test_a_key_that_nobody_has_is_said() -> None:
    found = compared(SOUND, SOUND, ignore=["nmae", "name"])
    assert found.identical
    assert [note for note in found.notes if "'nmae'" in note]
    assert not [note for note in found.notes if "'name'" in note]


def test_metadata_that_cannot_be_read_cannot_be_ignored_in_part() -> None:
    broken = craft(metadata=b'{"name":}')
    assert "metadata" in fields(compared(SOUND, broken))
    with pytest.raises(FormatError, match="not JSON"):
        compared(SOUND, broken, ignore=["name"])


def test_equal_footers_over_different_bytes_are_said() -> None:
    found = compared(SOUND, changed(SOUND, 0xC1))
    assert fields(found) == ["tensor.a.data"]
    assert any("footers are the same" in note for note in found.notes)
    assert not compared(SOUND, craft(tensor_data=bytes(128))).notes


def test_only_a_footer_differs() -> None:
    found = compared(SOUND, changed(SOUND, SIZE - 1))
    assert fields(found, follows=False) == ["footer.checksum"]
    assert spans(found.differences[0]) == [(0x140, 0x144), (0x140, 0x144)]


# ---- tensors ----


def test_one_byte_is_counted_and_found() -> None:
    found = compared(SOUND, changed(SOUND, 0x101))
    item = the(found, "tensor.b.data")
    assert (item.n_bytes, item.tensor, spans(item)) == (1, "b", [(0x101, 0x102), (0x101, 0x102)])
    assert (found.n_differing_bytes, found.n_tensor_bytes, found.payload_identical) == (1, 11, False)


def test_another_order_of_the_data_is_layout() -> None:
    streamed = (GOLDEN / "streaming_order.apr").read_bytes()
    found = compared(streamed, canonicalise_bytes(streamed))
    assert found.payload_identical
    assert not found.identical
    assert (found.n_differing_bytes, found.n_moved) == (0, 3)
    moved = [item for item in found.differences if not item.follows]
    assert {item.category for item in moved} == {Category.FORMAT}
    assert {item.field.rpartition(".")[2] for item in moved} == {"data_offset"}


def test_a_tensor_of_one_file_counts_with_all_its_bytes() -> None:
    other = craft(entry_a(), tensor_data=bytes(range(64)))
    found = compared(SOUND, other)
    item = the(found, "tensor.b")
    assert item.values[1] is None
    assert spans(item) == [(0x9D, 0xBA), None]
    assert (found.n_tensor_bytes, found.n_differing_bytes) == (11, 3)
    assert "header.num_tensors" in fields(found, follows=True)


def test_types_shapes_and_sizes() -> None:
    other = craft(entry_a(dtype=4), entry_b(dims=[1, 3]), tensor_data=bytes(range(128)))
    found = compared(SOUND, other)
    dtype, shape = the(found, "tensor.a.dtype"), the(found, "tensor.b.shape")
    assert (dtype.category, dtype.values) == (Category.QUANTIZATION, ("f32 (id 0)", "i32 (id 4)"))
    assert (shape.category, shape.values) == (Category.TENSOR, ("[3]", "[1, 3]"))
    assert found.n_differing_bytes == 0
    assert found.payload_identical is False


def test_an_id_of_older_writers_is_no_other_type() -> None:
    pair = [craft(entry_a(dtype=code, dims=[4], len_tensor=8)) for code in (9, 129)]
    found = compared(*pair)
    assert the(found, "tensor.a.dtype").category is Category.FORMAT
    assert found.payload_identical


def test_sizes_are_compared_where_type_and_shape_leave_a_choice() -> None:
    shape = {"dtype": 12, "dims": [2, 128]}
    pair = [craft(entry_a(**shape, len_tensor=size), tensor_data=bytes(320)) for size in (144, 288)]
    item = the(compared(*pair), "tensor.a.nbytes")
    assert (item.category, item.values) == (Category.SIZE, ("144 bytes", "288 bytes"))


def test_a_selection_compares_nothing_else_of_the_data() -> None:
    other = craft(tensor_data=bytes(64) + bytes(range(64, 128)))
    found = compared(SOUND, other, matches=name_matcher("b"))
    assert found.identical
    assert (found.n_pairs, found.n_left_out, found.n_tensor_bytes) == (1, 1, 3)
    found = compared(SOUND, other, matches=name_matcher("a"))
    assert fields(found, follows=False) == ["tensor.a.data"]
    with pytest.raises(RequestError, match="one that none does"):
        compared(SOUND, other, matches=name_matcher("c"))


def test_filler_differs_where_it_is_more_than_zeros() -> None:
    data = bytes(range(8)) + bytes(56) + bytes(range(64, 67)) + bytes(61)
    sound = craft(tensor_data=data)
    found = compared(sound, craft(tensor_data=data[:20] + b"\x07" + data[21:]))
    item = the(found, "tensor.a.filler")
    assert (item.section, item.tensor, item.n_bytes, spans(item)) == ("tensor_data", "a", 1, [(0xD4, 0xD5)] * 2)
    assert found.payload_identical
    padded = changed(SOUND, 0x60, 1)
    assert fields(compared(SOUND, padded)) == ["metadata_padding"]


def test_names_that_occur_twice_go_in_order() -> None:
    double = craft(entry_a(), entry_b(name=b"a"))
    found = compared(double, double)
    assert found.identical
    assert [(pair.first and pair.first.index, pair.second and pair.second.index) for pair in found.pairs] == [
        (0, 0),
        (1, 1),
    ]
    assert Pair(None, None).name == ""


def test_brief_reads_no_data_when_the_head_says_it_all() -> None:
    class Watched(BytesSource):
        most = 0

        def read_into(self, start: int, buffer: memoryview) -> None:
            self.most = max(self.most, start + len(buffer))
            super().read_into(start, buffer)

    sources = Watched(SOUND), Watched(craft(metadata=b'{"name":"n"}', tensor_data=bytes(128)))
    found = diff(Container(sources[0]), Container(sources[1]), brief=True)
    assert not found.identical
    assert found.n_differing_bytes is found.payload_identical is None
    assert max(source.most for source in sources) <= 0xC0


def test_progress_ends_where_it_said_it_would() -> None:
    seen: list[tuple[int, int]] = []
    other = craft(entry_a(), tensor_data=bytes(range(64)))
    compared(SOUND, other, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (11, 11)
    assert seen == sorted(seen)


# ---- damaged files, and none at all ----


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", TruncatedError),
        (SOUND[:63], TruncatedError),
        (b"GGUF" + SOUND[4:], UnsupportedError),
        (b"{\n  " + SOUND[4:], FormatError),
    ],
    ids=["empty", "short", "gguf", "text"],
)
def test_what_is_no_container_is_refused(raw: bytes, error: type[Exception]) -> None:
    for pair in ((SOUND, raw), (raw, SOUND), (raw, raw)):
        with pytest.raises(error):
            compared(*pair)


def test_damaged_files_are_compared_as_far_as_they_go() -> None:
    cut = SOUND[:0x102]
    assert compared(cut, cut).identical
    found = compared(SOUND, cut)
    assert (found.n_differing_bytes, found.n_tensor_bytes) == (1, 11)
    assert any("damaged" in note for note in found.notes)
    with pytest.raises(FormatError, match="too damaged to be compared in part"):
        compared(cut, cut, matches=name_matcher("a"))
    lost = craft(header={"num_tensors": 99}, tensor_data=bytes(range(128)))
    assert compared(lost, lost).identical
    assert compared(lost, changed(lost, len(lost) - 20)).identical is False
    assert {"header.num_tensors"} <= set(fields(compared(SOUND, lost), follows=False))
