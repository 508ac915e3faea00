"""The container: lazy, a mapping by name, with its sections, its limits and the identity of its weights."""

from __future__ import annotations

import hashlib
import json
import struct
import time
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import aprfmt
from aprfmt import DType, NewTensor, create_bytes
from aprfmt.container import Container
from aprfmt.errors import AprError, FormatError, LimitExceededError, TruncatedError, UnsupportedError
from aprfmt.layout import build, parse
from aprfmt.limits import DEFAULT_LIMITS, Limits
from aprfmt.rules import run
from aprfmt.source import BytesSource

GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden"
EXPECTED: dict[str, dict[str, Any]] = json.loads((GOLDEN / "expected.json").read_text("utf-8"))

TENSORS = [NewTensor(name, DType.U8, (5,), name.encode() * 5) for name in ("b", "a", "c")]
RAW = create_bytes(TENSORS, {"name": "m", "custom": [1]})


class Spy(BytesSource):
    """Notes every span that is read or looked at."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.spans: list[tuple[int, int]] = []

    def view(self, start: int, stop: int) -> memoryview:
        self.spans.append((start, stop))
        return super().view(start, stop)


def opened(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> Container:
    return Container(BytesSource(raw), limits=limits)


def edited(**sections: Any) -> bytes:
    """The file with other values in it; checksums are not touched."""
    tree = parse(RAW)
    for section, fields in sections.items():
        tree[section] = {**tree[section], **fields} if isinstance(fields, dict) else fields
    return build(tree)


def renamed(*names: bytes) -> Container:
    """The file with other names of one byte, in the order of the index."""
    tree = parse(RAW)
    for entry, name in zip(tree["tensor_index"]["entries"], names, strict=True):
        entry["name"] = name
    return opened(build(tree))


def single(key: str, value: Any) -> Any:
    """The value as the reference holds it: two keys are rounded to single precision when they are read."""
    return struct.unpack("<f", struct.pack("<f", value))[0] if key in {"rope_theta", "rms_norm_eps"} else value


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_golden_files_read_as_the_reference_reads_them(name: str) -> None:
    raw = (GOLDEN / name).read_bytes()
    container = opened(raw)
    header = container.header
    found = {
        "bytes": container.source.size,
        "checksum": f"{header.checksum:08x}",
        "data_offset": header.ofs_data,
        "flags": int(header.flags),
        "metadata": {key: single(key, value) for key, value in container.metadata.items()},
        "metadata_offset": header.ofs_metadata,
        "metadata_size": header.len_metadata,
        "required_len": container.required_len,
        "tensor_count": header.num_tensors,
        "tensor_index_offset": header.ofs_tensor_index,
        "tensors": [
            {
                "crc32": f"{zlib.crc32(tensor.data):08x}",
                "dtype": tensor.dtype.facts.orig_id,
                "name": tensor.name,
                "offset": tensor.data_offset,
                "shape": list(tensor.shape),
                "size": tensor.nbytes,
            }
            for tensor in container.tensors
        ],
        "version": [header.version_major, header.version_minor],
    }
    expected = {key: value for key, value in EXPECTED[name].items() if key not in {"aligned", "ok", "sha256"}}
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)
    assert container.header_checksum_valid
    assert container.footer is not None
    assert container.footer.checksum == zlib.crc32(raw[:-4])


def test_nothing_but_the_header_is_read_before_it_is_asked_for() -> None:
    source = Spy(RAW)
    container = Container(source)
    assert source.spans == [(0, 64)]
    _ = container.header, container.header_checksum_valid, container.root
    assert source.spans == [(0, 64)]


def test_each_part_reads_its_own_section_once() -> None:
    source = Spy(RAW)
    container = Container(source)
    sections = opened(RAW).sections
    source.spans.clear()
    _ = dict(container.metadata), dict(container.metadata)
    assert source.spans == [sections["metadata"]]
    source.spans.clear()
    assert (len(container), list(container)) == (3, ["a", "b", "c"])
    assert source.spans == [sections["tensor_index"]]
    source.spans.clear()
    _ = container["b"], container.sections, container.required_len, container.n_trailing_bytes
    assert source.spans == []
    _ = container.footer, container.footer
    assert source.spans == [sections["footer"]]
    source.spans.clear()
    assert bytes(container["b"].data) == b"bbbbb"
    assert source.spans == [container["b"].file_span]


def test_a_mapping_by_name_in_index_order() -> None:
    container = opened(RAW)
    assert list(container) == list(container.keys()) == ["a", "b", "c"]
    assert [tensor.index for tensor in container.values()] == [0, 1, 2]
    assert len(container) == 3
    assert "a" in container
    assert "d" not in container
    assert container.get("d") is None
    with pytest.raises(KeyError, match="'d'"):
        container["d"]


def test_an_empty_container() -> None:
    container = opened(create_bytes([], {}))
    assert (len(container), list(container), container.tensors) == (0, [], ())
    assert container.required_len == container.header.ofs_data == container.header.ofs_tensor_index
    assert container.footer is not None


def test_duplicates_are_listed_and_said_when_asked_for() -> None:
    container = renamed(b"a", b"a", b"c")
    assert [tensor.name for tensor in container.tensors] == ["a", "a", "c"]
    assert list(container) == ["c"]
    assert "a" not in container
    with pytest.raises(FormatError, match=r"occurs more than once.*entries 0, 1") as caught:
        container["a"]
    assert caught.value.rule_id == "APR-I003"


def test_names_that_are_not_utf8_are_listed_and_said_when_asked_for() -> None:
    container = renamed(b"a", b"b", b"\xff")
    assert [tensor.name_bytes for tensor in container.tensors] == [b"a", b"b", b"\xff"]
    assert list(container) == ["a", "b"]
    with pytest.raises(FormatError, match="not UTF-8") as caught:
        container["\udcff"]
    assert caught.value.rule_id == "APR-I005"


def test_two_names_that_are_not_utf8_stay_two() -> None:
    container = renamed(b"a", b"\xfe", b"\xff")
    assert len({tensor.name for tensor in container.tensors}) == 3


def test_names_out_of_order_are_found_all_the_same() -> None:
    container = renamed(b"z", b"y", b"x")
    assert list(container) == ["z", "y", "x"]
    assert container["x"].index == 2


@pytest.mark.parametrize(
    ("magic", "what"),
    [
        (b"APRN", "an APR v1 file"),
        (b"APR1", "an APR file of a kind that no published writer makes"),
        (b"APR2", "an APR file of a kind that only one reader knows"),
        (b"GGUF", "a GGUF file"),
        (b"ALBR", "an encrypted wrapper around an APR file"),
    ],
)
@pytest.mark.parametrize("size", [4, 63, 200])
def test_other_formats_are_called_by_their_name(magic: bytes, what: str, size: int) -> None:
    with pytest.raises(UnsupportedError) as caught:
        opened(magic.ljust(size, b"\1"))
    assert str(caught.value) == f"not an APR v2 container but {what}: expected the magic b'APR\\x00', found {magic!r}"


def test_what_is_no_known_format_is_a_wrong_magic() -> None:
    with pytest.raises(FormatError, match=r"expected b'APR\\x00', found b'PK\\x03\\x04'.*APR-H001"):
        opened(b"PK\x03\x04" + bytes(100))


@pytest.mark.parametrize("size", [0, 3, 4, 63])
def test_too_small_for_a_header(size: int) -> None:
    with pytest.raises(TruncatedError, match=f"expected at least 64 bytes, found {size} bytes.*APR-H008"):
        opened(RAW[:size])


def test_the_first_kibibyte_of_a_large_file() -> None:
    with pytest.raises(TruncatedError, match=r"too small for its sections.*APR-S00"):
        opened((GOLDEN / "teacher_q4k.apr").read_bytes()[:1024])


@pytest.mark.parametrize("field", ["ofs_metadata", "ofs_tensor_index", "ofs_data"])
@pytest.mark.parametrize("value", [len(RAW) + 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_section_beyond_the_end_is_a_truncation(field: str, value: int) -> None:
    with pytest.raises(TruncatedError) as caught:
        opened(edited(header={field: value}))
    assert caught.value.field == f"header.{field}"
    assert str(value) in str(caught.value)


def test_a_wrong_version_flag_or_checksum_does_not_keep_it_closed() -> None:
    container = opened(edited(header={"version_major": 9, "checksum": 1}))
    assert not container.header_checksum_valid
    assert container.header.version_major == 9
    assert list(container) == ["a", "b", "c"]


def sizes_by_time(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[AprError, float, int]:
    """The error that listing the tensors raises, the seconds it takes, and the most memory it holds."""
    with pytest.raises(AprError):
        _ = opened(raw, limits).tensors  # imports are not the file's
    tracemalloc.start()
    begin = time.perf_counter()
    try:
        with pytest.raises(AprError) as caught:
            _ = opened(raw, limits).tensors
        return caught.value, time.perf_counter() - begin, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_forged_count_is_refused_before_anything_is_allocated() -> None:
    raw = edited(header={"num_tensors": 0xFFFFFFFF}).ljust(1024, b"\0")
    error, seconds, nbytes = sizes_by_time(raw)
    assert isinstance(error, TruncatedError)
    assert (error.rule_id, error.field, error.found) == ("APR-I001", "header.num_tensors", "4294967295 entries")
    assert seconds < 0.1
    assert nbytes < 100_000


def large_index(n_bytes: int) -> bytes:
    """A file whose index section holds this many zero bytes, and claims to be full of entries."""
    header = struct.pack("<4sBBHIQIQQI20x", b"APR\0", 2, 0, 0, n_bytes // 20, 64, 2, 128, 128 + n_bytes, 0)
    return header + b"{}".ljust(64) + bytes(n_bytes)


def test_the_index_limit_is_held_before_anything_is_allocated() -> None:
    error, seconds, nbytes = sizes_by_time(large_index(20_000_000), Limits(max_index_bytes=1_000_000))
    assert isinstance(error, LimitExceededError)
    assert "max_index_bytes" in str(error)
    assert "1000000" in str(error)
    assert seconds < 0.1
    assert nbytes < 100_000


def test_the_index_limit_counts_what_entries_hold_too() -> None:
    tree = parse(RAW)
    tree["tensor_index"]["entries"][0] |= {"len_name": 60_000, "name": b"a" * 60_000}
    raw = build({**tree, "header": {}})
    assert len(opened(raw).tensors) == 3
    with pytest.raises(LimitExceededError, match="max_index_bytes"):
        _ = opened(raw, Limits(max_index_bytes=50_000)).tensors


def test_the_limit_of_dimensions() -> None:
    tree = parse(RAW)
    tree["tensor_index"]["entries"][1] |= {"ndim": 3, "dims": [1, 1, 5]}
    raw = build({**tree, "header": {}})
    assert opened(raw, Limits(max_ndim=3))["b"].shape == (1, 1, 5)
    with pytest.raises(LimitExceededError, match=r"at most 2 \(max_ndim\), found 3; tensor_index\.entries\[1\]\.ndim"):
        _ = opened(raw, Limits(max_ndim=2)).tensors


def test_the_metadata_limit() -> None:
    size = opened(RAW).header.len_metadata
    assert opened(RAW, Limits(max_metadata_bytes=size)).metadata["name"] == "m"
    source = Spy(RAW)
    container = Container(source, limits=Limits(max_metadata_bytes=size - 1))
    with pytest.raises(LimitExceededError, match="max_metadata_bytes"):
        _ = container.metadata
    assert source.spans == [(0, 64)]


def test_the_nesting_limit() -> None:
    raw = create_bytes([], b'{"a":[[[]]]}')
    assert opened(raw, Limits(max_json_nesting=4)).metadata["a"] == [[[]]]
    with pytest.raises(FormatError, match="APR-M005"):
        dict(opened(raw, Limits(max_json_nesting=3)).metadata)


def test_limits_are_replaced_one_at_a_time() -> None:
    limits = replace(DEFAULT_LIMITS, max_ndim=1)
    assert (limits.max_ndim, limits.max_index_bytes) == (1, DEFAULT_LIMITS.max_index_bytes)


END = len(RAW) - 4


@pytest.mark.parametrize(
    ("raw", "footer", "trailing"),
    [
        (RAW[:END], None, 0),
        (RAW, zlib.crc32(RAW[:END]), 0),
        (RAW + b"x", zlib.crc32(RAW[:END]), 1),
        (RAW[:END] + bytes(4), 0, 0),
        (RAW[:END] + bytes(104), 0, 100),
    ],
)
def test_the_length_says_whether_there_is_a_footer(raw: bytes, footer: int | None, trailing: int) -> None:
    container = opened(raw)
    assert container.required_len == END
    assert (None if container.footer is None else container.footer.checksum) == footer
    assert container.n_trailing_bytes == trailing


@pytest.mark.parametrize(
    ("size", "rule"), [(END + 1, "F001"), (END + 2, "F001"), (END + 3, "F001"), (END - 1, "D004"), (END - 64, "D004")]
)
def test_a_file_cut_at_its_end_never_looks_like_one_without_footer(size: int, rule: str) -> None:
    with pytest.raises(TruncatedError, match=f"truncated.*APR-{rule}"):
        _ = opened(RAW[:size]).footer


def test_sections_cover_the_file() -> None:
    container = opened(RAW + b"more")
    spans = [span for span in container.sections.values() if span is not None]
    assert [start for start, _ in spans] == [0, *(stop for _, stop in spans[:-1])]
    assert spans[-1] == (len(RAW), len(RAW) + 4)
    assert opened(RAW[:END]).sections["footer"] is None
    assert container.entries_span == (container.header.ofs_tensor_index, container.tensors[-1].entry_span[1])


def test_the_payload_digest_is_what_its_definition_says() -> None:
    whole = hashlib.sha256()
    for name in ("a", "b", "c"):
        record = struct.pack("<H1sBBQ", 1, name.encode(), 7, 1, 5)
        whole.update(record + hashlib.sha256(name.encode() * 5).digest())
    assert opened(RAW).payload_digest() == whole.hexdigest()


def test_the_payload_digest_of_nothing() -> None:
    assert opened(create_bytes([], {})).payload_digest() == hashlib.sha256().hexdigest()


def test_the_payload_digest_takes_an_old_id_for_the_new_one() -> None:
    raw = create_bytes([NewTensor("t", DType.APR_Q8, (2,), b"123456")], {})
    tree = parse(raw)
    tree["tensor_index"]["entries"][0]["dtype"] = 9
    assert opened(build(tree)).payload_digest() == opened(raw).payload_digest()
    whole = hashlib.sha256(struct.pack("<H1sBBQ", 1, b"t", 129, 1, 2) + hashlib.sha256(b"123456").digest())
    assert opened(raw).payload_digest() == whole.hexdigest()


def test_the_payload_digest_needs_types_that_are_known() -> None:
    tree = parse(RAW)
    tree["tensor_index"]["entries"][0]["dtype"] = 2
    with pytest.raises(FormatError, match="APR-I002"):
        opened(build(tree)).payload_digest()


def test_residue_ends_with_the_last_byte_that_is_not_zero() -> None:
    container = opened(bytes(RAW[:END]) + b"\0\1\0\0" + bytes(200))
    assert container.filler_residue(END, END + 204) == END + 2
    assert container.filler_residue(END + 2, END + 204) == END + 2
    assert container.filler_residue(END, END) == END


TERABYTES = 5 << 40


@pytest.mark.parametrize("field", ["ofs_metadata", "ofs_tensor_index", "ofs_data"])
def test_filler_of_terabytes_is_refused_without_being_read(tmp_path: Path, field: str) -> None:
    metadata = b'{"model_type":""}'
    at = {"ofs_metadata": 64, "ofs_tensor_index": 64 + len(metadata), "ofs_data": 64 + len(metadata)}
    names = list(at)
    for name in names[names.index(field) :]:
        at[name] = TERABYTES + (len(metadata) if field == "ofs_metadata" and name != field else 0)
    head = build({"header": {**at, "num_tensors": 0}, "metadata": metadata, "tensor_index": {"entries": []}})[:64]
    path = tmp_path / "sparse.apr"
    with path.open("wb") as file:
        file.write(head)
        file.seek(at["ofs_metadata"])
        file.write(metadata)
        file.truncate(at["ofs_data"] + 4)
    with aprfmt.open(path) as container:
        assert container.metadata["model_type"] == ""
        report = run(container)
        [excess] = [finding for finding in report.errors if finding.rule == "APR-L001"]
        assert excess.expected == f"at most {DEFAULT_LIMITS.max_filler_bytes} bytes (max_filler_bytes)"
        assert (
            excess.field
            == {
                "ofs_metadata": "header_padding",
                "ofs_tensor_index": "metadata_padding",
                "ofs_data": "tensor_index",
            }[field]
        )
        assert excess.span[1] - excess.span[0] > TERABYTES - 200
        assert set(report.rules_skipped) == (
            {"APR-I009", "APR-I012", "APR-S006"} if field == "ofs_data" else {"APR-S004"}
        )


def test_too_many_tensors_are_refused_before_they_are_read() -> None:
    raw = build(
        {"metadata": b"{}", "tensor_index": {"entries": [], "padding": bytes(64)}, "header": {"num_tensors": 3}}
    )
    with pytest.raises(LimitExceededError, match=r"at most 2 \(max_tensors\), found 3"):
        _ = opened(raw, limits=replace(DEFAULT_LIMITS, max_tensors=2)).tensors
