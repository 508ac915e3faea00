"""What the checks of a run share: tensors inside the file, bytes of no tensor, entries beyond the count, the pass."""

from __future__ import annotations

from zlib import crc32

import pytest
from tests.unit.rules.crafting import QUIET, SIZE, craft, entry_a, entry_b, file, lenient

from aprfmt.container import Container
from aprfmt.errors import LimitExceededError
from aprfmt.limits import Limits
from aprfmt.rules import run
from aprfmt.rules.case import Case, Pass, unclaimed
from aprfmt.source import CHUNK_BYTES, BytesSource


def case(raw: bytes, *, reads_all: bool = True) -> Case:
    return Case(lenient(raw), reads_all=reads_all, progress=None)


# ---- bytes of no tensor ----


@pytest.mark.parametrize(
    ("spans", "rest"),
    [
        ([], [(10, 90)]),
        ([(10, 90)], []),
        ([(10, 20), (20, 90)], []),
        ([(10, 20), (30, 40)], [(20, 30), (40, 90)]),
        ([(15, 20)], [(10, 15), (20, 90)]),
        ([(10, 80), (20, 30)], [(80, 90)]),  # one inside another
        ([(10, 50), (40, 60), (45, 55)], [(60, 90)]),
        ([(20, 20), (20, 30)], [(10, 20), (30, 90)]),
    ],
)
def test_what_no_span_claims(spans: list[tuple[int, int]], rest: list[tuple[int, int]]) -> None:
    assert list(unclaimed(spans, 10, 90)) == rest


def test_nothing_is_between_equal_ends() -> None:
    assert list(unclaimed([], 10, 10)) == []


def test_filler_and_gaps_are_what_no_tensor_claims() -> None:
    assert case(file()).unclaimed == ((0xC8, 0x100), (0x103, 0x140))
    raw = craft(entry_a(ofs_tensor=64), entry_b(ofs_tensor=0), tensor_data=bytes(128))
    assert case(raw).unclaimed == ((0xC3, 0x100), (0x108, 0x140))


def test_empty_tensors_claim_nothing() -> None:
    raw = craft(entry_a(), entry_b(dims=[0], len_tensor=0, ofs_tensor=32), tensor_data=bytes(64))
    assert case(raw).unclaimed == ((0xC8, 0x100),)


def test_tensors_outside_the_file_are_not_inside() -> None:
    raw = craft(entry_a(ofs_tensor=64), entry_b(ofs_tensor=0), entry_b(name=b"c", ofs_tensor=1 << 63))
    assert [tensor.name for tensor in case(raw).tensors_inside] == ["b", "a"]
    assert [tensor.name for tensor in case(file()[:0x102]).tensors_inside] == ["a"]
    assert [tensor.name for tensor in case(file()[:0x103]).tensors_inside] == ["a", "b"]


# ---- entries that the header does not count ----

END = 0x80 + 2 * 29  # of the two entries


def uncounted(padding: bytes, **header: int) -> tuple[int, int]:
    index = {"entries": [entry_a(), entry_b()], "padding": padding}
    return case(craft(header=header, tensor_index=index)).uncounted


def entry(name: bytes, dtype: int = 0) -> bytes:
    """The bytes of an entry without dimensions, 20 and its name."""
    return len(name).to_bytes(2, "little") + name + bytes([dtype, 0]) + bytes(16)


@pytest.mark.parametrize(
    ("padding", "number", "nbytes"),
    [
        (b"", 0, 0),
        (bytes(6), 0, 0),
        (bytes(60), 0, 0),  # as long as entries, and nothing but zeros
        (entry(b"c"), 1, 21),
        (entry(b"c") + bytes(43), 1, 21),
        (entry(b"c") + entry(b"d") + bytes(22), 2, 42),
        (entry(b"b"), 0, 0),  # the name of the last entry
        (entry(b"a"), 0, 0),  # one before it
        (entry(b""), 0, 0),
        (entry(b"c", dtype=2), 0, 0),
        (entry(b"c") + entry(b"c"), 1, 21),
        (entry(b"d") + entry(b"c"), 1, 21),
        (entry(b"c")[:-1], 0, 0),
        (entry(b"c") + entry(b"d")[:-1], 1, 21),
        (bytes(3) + entry(b"c"), 0, 0),
        (b"\xff" * 60, 0, 0),
    ],
)
def test_an_entry_has_a_name_that_follows_and_a_known_type(padding: bytes, number: int, nbytes: int) -> None:
    assert uncounted(padding) == (number, END + nbytes)


def test_entries_of_an_index_that_counts_none() -> None:
    assert uncounted(b"", num_tensors=0) == (2, END)
    assert uncounted(entry(b"\0"), num_tensors=0) == (2, END)
    index = {"entries": [entry_a(name=b"!")], "padding": b""}
    assert case(craft(header={"num_tensors": 0}, tensor_index=index)).uncounted[0] == 1  # whatever its name is


def test_what_follows_is_not_looked_through_beyond_the_limit() -> None:
    raw = craft(tensor_index={"entries": [entry_a(), entry_b()], "padding": bytes(70)})
    container = type(lenient(raw))(BytesSource(raw), limits=Limits(max_filler_bytes=69), lenient=True)
    with pytest.raises(LimitExceededError, match="max_filler_bytes"):
        _ = Case(container, reads_all=True, progress=None).uncounted


# ---- the pass ----


def test_the_pass_sees_the_checksum_of_all_that_the_footer_covers() -> None:
    assert case(file()).data == Pass(crc32(file()[:-4]), ())
    assert case(file() + b"more").data == Pass(crc32(file()[:-4]), ())


def test_there_is_no_checksum_without_a_footer_or_when_nobody_asks() -> None:
    assert case(craft(footer=None)).data == Pass(None, ())
    assert case(file(), reads_all=False).data == Pass(None, ())
    assert case(file()[: SIZE - 1]).data == Pass(None, ())


@pytest.mark.parametrize("footer", [True, False])
def test_residues_end_with_the_last_byte_that_is_not_zero(footer: bool) -> None:
    section = bytearray(128)
    section[9], section[20], section[127] = 1, 2, 3
    raw = craft(tensor_data=bytes(section), **({} if footer else {"footer": None}))
    assert case(raw).data.residues == ((0xC8, 0xC0 + 21), (0x103, 0x140))


@pytest.mark.parametrize("footer", [True, False])
@pytest.mark.parametrize("shift", [-65, -64, -2, -1, 0, 1, 2, 64])
def test_a_stretch_may_cross_the_borders_of_chunks(shift: int, footer: bool) -> None:
    """A gap of two chunks that begins at a border of the pass, or near it, with one byte that is not zero."""
    start = CHUNK_BYTES + shift
    size = start - 0xC0
    entries = (
        entry_a(dtype=6, dims=[size], len_tensor=size),
        entry_b(ofs_tensor=size + 2 * CHUNK_BYTES),
    )
    rest = {} if footer else {"footer": None}
    for at in (0, 1, CHUNK_BYTES - shift - 1, CHUNK_BYTES - shift, CHUNK_BYTES - shift + 1, 2 * CHUNK_BYTES - 1):
        data = bytearray(size + 2 * CHUNK_BYTES + 64)
        data[size + at] = 1
        raw = craft(*entries, tensor_data=bytes(data), **rest)
        seen = case(raw).data
        assert seen.residues == ((start, start + at + 1),)
        assert seen.crc32 == (crc32(raw[:-4]) if footer else None)
        data[size] = 1
        assert case(craft(*entries, tensor_data=bytes(data), **rest)).data.residues == seen.residues


@pytest.mark.parametrize("padding", [bytes(180), bytes(179) + b"?", b"?" + bytes(179), bytes(90) + b"?" + bytes(89)])
def test_the_pass_says_of_long_filler_what_the_container_says(padding: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filler that is not zero ends with its last byte that is not; of filler that is, nothing is left."""
    raw = craft(metadata_padding=padding)
    span = lenient(raw).sections["metadata_padding"]
    assert span is not None
    expected = span[0] + len(padding.rstrip(b"\0"))
    for glance in (len(padding) - 1, len(padding)):
        monkeypatch.setattr("aprfmt.rules.case._GLANCE_BYTES", glance)
        for reads_all in (True, False):
            judged = case(raw, reads_all=reads_all)
            assert judged.filler_residue(*span) == expected
        assert [item.span for item in run(lenient(raw), read_data=True).findings if item.rule == "APR-S004"] == (
            [(span[0], expected)] if expected > span[0] else []
        )


def test_long_filler_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the pass over the file, and not for its rule too; up to the limit of what is looked through."""
    raw = craft(metadata_padding=bytes(180))
    start, stop = lenient(raw).sections["metadata_padding"] or (0, 0)
    monkeypatch.setattr("aprfmt.rules.case._GLANCE_BYTES", 100)
    n_read = 0

    class Counted(BytesSource):
        def view(self, first: int, end: int) -> memoryview:
            nonlocal n_read
            n_read += max(0, min(stop, end) - max(start, first))
            return super().view(first, end)

    limits = Limits(max_filler_bytes=stop - start)
    assert run(Container(Counted(raw), limits=limits), read_data=True, ignore=QUIET).valid
    assert n_read == stop - start
