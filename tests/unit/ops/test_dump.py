"""What a dump is made of: fields with their findings, and as many of their bytes as are asked for."""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import Any

import pytest
from tests.unit.rules.crafting import craft, entry_a, entry_b

from aprfmt.container import Container
from aprfmt.errors import RequestError
from aprfmt.ops import dump as dump_module
from aprfmt.ops.dump import SHOWN_BYTES, Dump, Part
from aprfmt.source import BytesSource
from aprfmt.spans import Kind

PROVENANCE = b'{"license":"MIT","data_source":"x","data_license":"MIT"}'
SOUND = craft(metadata=PROVENANCE)
LONG = craft(entry_a(dtype=7, dims=[1000], len_tensor=1000), metadata=PROVENANCE, tensor_data=bytes(range(256)) * 4)


def small(entry: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """A file of one tensor of 8 bytes, in which nothing is wrong but what the changes make so."""
    return craft(entry or entry_a(), **{"metadata": PROVENANCE, "tensor_data": bytes(64), **changes})


class Watched(BytesSource):
    """A source that counts the bytes that are read."""

    n_read = 0

    def view(self, start: int, stop: int) -> memoryview:
        self.n_read += stop - start
        return super().view(start, stop)


def dumped(raw: bytes, *, field: str = "", tensor: str | None = None, limit: int | None = SHOWN_BYTES) -> Dump:
    return Dump(Container(BytesSource(raw), lenient=True), field=field, tensor=tensor, limit=limit)


def paths(dump: Dump) -> list[str]:
    return [part.field.path for part in dump.parts()]


def found_at(raw: bytes) -> dict[str, list[str]]:
    """Rules by the path and kind of the field that they are shown at."""
    dump = dumped(raw)
    found = {
        f"{part.field.path} {part.field.kind}": [finding.rule for finding in part.findings]
        for part in dump.parts()
        if part.findings
    }
    left = [finding.rule for finding in dump.findings_left()]
    return {**found, "left": left} if left else found


def data_of(dump: Dump) -> Part:
    return next(part for part in dump.parts() if part.field.path == "tensor_data" and part.field.is_leaf)


# --- what is wrong where


def test_a_sound_file_has_nothing_to_say() -> None:
    dump = dumped(small())
    parts = list(dump.parts())
    assert not any(part.findings for part in parts)
    assert (dump.valid, dump.nbytes, dump.n_parts) == (True, 260, len(parts))
    assert dump.findings_left() == []


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (small(header={"version_minor": 7}), {"header.version_minor field": ["APR-H003"]}),
        (
            small(header={"flags": {"layout_column_major": True}}),
            {"header.flags.layout_column_major bits": ["APR-H004"]},
        ),
        (small(entry_a(dtype=13)), {"tensor_index.entries[0].dtype field": ["APR-I002"]}),
        (small(metadata=PROVENANCE[:-1] + b',"a":1,"a":2}'), {"metadata.a field": ["APR-M008"]}),
        (small(metadata=b"{"), {"metadata field": ["APR-M003"]}),
        # About a key that is not there, and whose place is the whole of the metadata.
        (small(metadata=b'{"license":"MIT","data_source":"x"}'), {"metadata group": ["APR-P001"]}),
        (small()[:0xD0], {"tensor_data group": ["APR-D004"]}),
        (small() + b"x", {"trailing field": ["APR-F004"]}),
        (small()[:-1], {"footer.checksum field": ["APR-F001"]}),
        # At no byte at all.
        (small()[:-4], {"left": ["APR-F003"]}),
        (b"", {"left": ["APR-H008"]}),
        (b"APR\0\2", {"header group": ["APR-H008"]}),
    ],
    ids=lambda value: str(list(value.items())) if isinstance(value, dict) else "",
)
def test_a_finding_is_shown_at_its_field(raw: bytes, wanted: dict[str, list[str]]) -> None:
    assert found_at(raw) == wanted


def test_a_finding_about_a_gap_is_shown_at_the_gap() -> None:
    raw = craft(
        entry_a(), entry_b(dtype=0, dims=[1], len_tensor=4, ofs_tensor=256), metadata=PROVENANCE, tensor_data=bytes(320)
    )
    assert found_at(raw) == {"gap gap": ["APR-D007"]}


def test_a_finding_whose_field_is_elsewhere_is_shown_at_the_field() -> None:
    raw = craft(entry_a(), entry_b(dtype=0, dims=[1], len_tensor=4, ofs_tensor=0), metadata=PROVENANCE)
    assert "APR-D003" in found_at(raw)["tensor_index.entries[1].ofs_tensor field"]


def test_what_a_part_does_not_show_is_left() -> None:
    dump = dumped(
        craft(header={"version_minor": 7, "version_major": 3}, metadata=PROVENANCE), field="header.version_minor"
    )
    (part,) = dump.parts()
    assert [finding.rule for finding in part.findings] == ["APR-H003"]
    assert "APR-H002" in [finding.rule for finding in dump.findings_left()]
    assert not dump.valid


# --- bytes


def test_long_fields_are_cut_and_what_is_left_out_is_counted() -> None:
    dump = dumped(LONG)
    part = data_of(dump)
    assert b"".join(raw for _, raw in dump.rows(part, 16)) == bytes(range(SHOWN_BYTES))
    assert part.n_left_out == 1000 - SHOWN_BYTES
    assert dump.digest(part) == sha256((bytes(range(256)) * 4)[:1000]).hexdigest()


@pytest.mark.parametrize(("limit", "shown"), [(1, 1), (999, 999), (1000, 1000), (5000, 1000), (None, 1000)])
def test_a_limit_is_a_number_of_bytes(limit: int | None, shown: int) -> None:
    dump = dumped(LONG, limit=limit)
    part = data_of(dump)
    assert sum(len(raw) for _, raw in dump.rows(part, 16)) == shown
    assert part.n_left_out == 1000 - shown


def test_rows_are_aligned_or_begin_with_the_field() -> None:
    dump = dumped(SOUND)
    part = next(part for part in dump.parts() if part.field.path == "metadata_padding")
    start, stop = part.field.span
    assert start % 16
    aligned = list(dump.rows(part, 16))
    assert [at for at, _ in aligned] == [start, *range(start - start % 16 + 16, stop, 16)]
    assert aligned[0][1] == SOUND[start : start - start % 16 + 16]
    assert [at for at, _ in dump.rows(part, 16, aligned=False)] == [*range(start, stop, 16)]


def test_groups_and_bits_have_no_bytes_of_their_own() -> None:
    dump = dumped(SOUND)
    for part in dump.parts():
        if not part.field.is_leaf:
            assert list(dump.rows(part, 16)) == []
            assert part.n_left_out == 0


def test_rows_and_what_is_left_out_are_the_file() -> None:
    dump = dumped(SOUND, limit=None)
    assert b"".join(raw for part in dump.parts() for _, raw in dump.rows(part, 16)) == SOUND


def test_tensors_that_are_not_shown_are_not_read() -> None:
    nbytes = 1 << 20
    entries = [
        entry_a(name=b"%d" % index, dtype=7, dims=[nbytes], len_tensor=nbytes, ofs_tensor=index * nbytes)
        for index in range(4)
    ]
    source = Watched(craft(*entries, metadata=PROVENANCE, tensor_data=bytes(4 * nbytes)))
    dump = Dump(Container(source, lenient=True))
    for part in dump.parts():
        list(dump.rows(part, 16))
    assert source.n_read < 20_000


# --- one field


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("header.magic", ["header.magic"]),
        ("footer", ["footer", "footer.checksum"]),
        ("metadata.license", ["metadata.license"]),
        ("tensor_index.entries[1].name", ["tensor_index.entries[1].name"]),
        ("tensor_index.padding", ["tensor_index.padding"]),
        # Known to the specification, or to the schema, and not in this file.
        ("trailing", []),
        ("gap", []),
        ("metadata.hidden_size", []),
    ],
)
def test_one_field(field: str, wanted: list[str]) -> None:
    assert paths(dumped(SOUND, field=field)) == wanted


def test_all_entries_at_once() -> None:
    found = paths(dumped(SOUND, field="tensor_index.entries"))
    assert len(found) == 16
    assert found[0] == "tensor_index.entries[0]"


def test_keys_with_a_common_beginning() -> None:
    raw = craft(metadata=b'{"tokenizer.model":"x","tokenizer.scores":[]}')
    assert paths(dumped(raw, field="metadata.tokenizer")) == ["metadata.tokenizer.model", "metadata.tokenizer.scores"]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("header.flgs", "'header.flags'"),
        ("HEADER.MAGIC", "'header.magic'"),
        ("metadata.licence", "'metadata.license'"),
        ("futer", "'footer'"),
        ("tensor_index.entries[2]", "entries[0] to entries[1]"),
        ("tensor_index.entries[99].name", "entries[0] to entries[1]"),
        ("tensor_index.entries[0].nam", "found 'tensor_index.entries[0].nam'"),
        ("zzz", "expected the path of a field, found 'zzz'"),
    ],
)
def test_an_unknown_field_is_refused_with_a_suggestion(field: str, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        dumped(SOUND, field=field)
    assert said in str(caught.value)


def test_an_index_without_entries_says_so() -> None:
    raw = craft(metadata=PROVENANCE, tensor_index={"entries": []}, tensor_data=b"")
    with pytest.raises(RequestError, match="the index has no entries"):
        dumped(raw, field="tensor_index.entries[0]")


def test_a_field_of_a_damaged_file() -> None:
    assert paths(dumped(b"APR\0", field="footer")) == []
    assert paths(dumped(b"APR\0", field="header.magic")) == ["header.magic"]


# --- one tensor


def test_a_tensor_is_its_entry_and_its_data() -> None:
    found = paths(dumped(SOUND, tensor="b"))
    assert (found[0], found[-1], len(found)) == ("tensor_index.entries[1]", "tensor_data", 9)


def test_a_limit_is_for_the_data_of_the_tensor() -> None:
    dump = dumped(SOUND, tensor="a", limit=3)
    left_out = {part.field.path: part.n_left_out for part in dump.parts()}
    assert left_out.pop("tensor_data") == 5
    assert set(left_out.values()) == {0}


def test_the_numbers_of_a_tensor() -> None:
    raw = craft(tensor_data=struct.pack("<2f", 0.5, -3.0) + bytes(120))
    dump = dumped(raw, tensor="a")
    *_, part = dump.parts()
    ((_, row),) = dump.rows(part, 16)
    assert dump.elements(part, row) == (0.5, -3.0)
    whole = dumped(raw)
    assert whole.elements(data_of(whole), row) is None


def test_a_quantised_tensor_has_no_numbers() -> None:
    dump = dumped(craft(entry_a(dtype=128, dims=[32], len_tensor=18)), tensor="a")
    *_, part = dump.parts()
    assert dump.elements(part, bytes(18)) is None


def test_a_tensor_that_another_one_covers_is_shown_whole() -> None:
    raw = craft(entry_a(), entry_b(ofs_tensor=2, len_tensor=3))
    *_, part = dumped(raw, tensor="a").parts()
    assert part.field.span == (0xC0, 0xC8)


def test_a_tensor_that_is_cut_is_shown_as_far_as_it_goes() -> None:
    *_, part = dumped(craft(tensor_data=b"")[:0xC4], tensor="a").parts()
    assert (part.field.span, part.field.declared) == ((0xC0, 0xC4), (0xC0, 0xC8))
    assert paths(dumped(craft(entry_a(ofs_tensor=1 << 63), entry_b()), tensor="a"))[-1].endswith("len_tensor")


def test_tensors_of_one_name_are_all_shown() -> None:
    found = paths(dumped(craft(entry_a(), entry_b(name=b"a")), tensor="a"))
    assert found.count("tensor_data") == 2


def test_an_unknown_tensor_is_refused_with_a_suggestion() -> None:
    raw = craft(entry_a(name=b"model.norm.weight"), entry_b(name=b"output.weight"))
    with pytest.raises(RequestError) as caught:
        dumped(raw, tensor="model.norm.weigth")
    assert "did you mean 'model.norm.weight'" in str(caught.value)
    with pytest.raises(RequestError) as caught:
        dumped(b"", tensor="x")
    assert str(caught.value) == "expected the name of a tensor, found 'x'"


def test_a_suggestion_is_found_among_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump_module, "_MAX_LOOKED_AT", 10)
    monkeypatch.setattr(dump_module, "_NEIGHBOURS", 3)
    raw = craft(*(entry_a(name=b"model.layers.%04d.weight" % index) for index in range(100)))
    for wrong in ("model.layers.0042.weigth", "nodel.layers.0042.weight"):
        with pytest.raises(RequestError) as caught:
            dumped(raw, tensor=wrong)
        assert "'model.layers.0042.weight'" in str(caught.value)


# --- entries that the header does not count


def test_entries_that_are_not_counted_are_shown() -> None:
    raw = craft(header={"num_tensors": 1}, metadata=PROVENANCE)
    parts = {part.field.path: part for part in dumped(raw).parts()}
    found = parts["tensor_index.entries[1]"].field
    assert (found.value, found.kind) == ("not counted by the header", Kind.GROUP)
    assert found.tensor is not None
    assert found.tensor.name == "b"
    padding = parts["tensor_index.padding"].field
    assert padding.span[0] == found.span[1]
    assert [finding.rule for finding in parts["header.num_tensors"].findings] == ["APR-I012"]
