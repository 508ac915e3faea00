"""Header and sections: each error rule by one file that breaks only it, beside one that just does not."""

from __future__ import annotations

from zlib import crc32

import pytest
from tests.unit.rules.crafting import (
    NO_TENSORS,
    SIZE,
    Fault,
    craft,
    entry_a,
    errors_of,
    fault,
    file,
    findings_of,
    opened,
    report_of,
)

from aprfmt.errors import FormatError, TruncatedError, UnsupportedError
from aprfmt.layout import facts


def test_the_file_that_everything_else_breaks_is_sound() -> None:
    assert len(file()) == SIZE
    assert findings_of(file()) == []


ERRORS = [
    (file(magic=b"XPR\0"), Fault("APR-H001", "header.magic", (0, 4), r"b'APR\x00'", r"b'XPR\x00'")),
    (file(magic=b"GGUF"), Fault("APR-H001", "header.magic", (0, 4), r"b'APR\x00'", "b'GGUF'")),
    (file()[:63], Fault("APR-H008", "header", (0, 63), "at least 64 bytes", "63 bytes")),
    (file(version_major=3), Fault("APR-H002", "header.version_major", (4, 5), "2", "3")),
    (file(version_major=1), Fault("APR-H002", "header.version_major", (4, 5), "2", "1")),
    (file(ofs_metadata=63), Fault("APR-S001", "header.ofs_metadata", (12, 20), f"64 to {SIZE}", "63")),
    (
        file(ofs_metadata=SIZE + 1),
        Fault("APR-S001", "header.ofs_metadata", (12, 20), f"64 to {SIZE}", str(SIZE + 1)),
    ),
    (file(ofs_tensor_index=75), Fault("APR-S002", "header.ofs_tensor_index", (24, 32), f"76 to {SIZE}", "75")),
    (file(len_metadata=65), Fault("APR-S002", "header.ofs_tensor_index", (24, 32), f"129 to {SIZE}", "128")),
    (file(ofs_data=127), Fault("APR-S003", "header.ofs_data", (32, 40), f"128 to {SIZE}", "127")),
    (file(ofs_data=2**64 - 1), Fault("APR-S003", "header.ofs_data", (32, 40), f"128 to {SIZE}", str(2**64 - 1))),
    (
        file(checksum=1),
        Fault(
            "APR-H006",
            "header.checksum",
            (40, 44),
            f"{crc32(file()[:40] + file()[44:64]):#010x} for these bytes",
            "0x00000001",
        ),
    ),
    (craft(metadata=b"", **NO_TENSORS), Fault("APR-M001", "header.len_metadata", (20, 24), "at least 1", "0")),
]


@pytest.mark.parametrize(("raw", "said"), ERRORS, ids=lambda value: value.rule if isinstance(value, Fault) else "")
def test_one_error_and_no_other(raw: bytes, said: Fault) -> None:
    assert errors_of(raw) == [said]


TWINS = {
    "APR-S001 at the header": file(ofs_metadata=64),
    "APR-S002 without filler": craft(metadata_padding=b""),
    "APR-S003 without index": craft(**NO_TENSORS),
    "APR-M001 one byte too many for a section": craft(metadata=b"{}".ljust(64)),
}


@pytest.mark.parametrize("raw", TWINS.values(), ids=TWINS)
def test_just_not_an_error(raw: bytes) -> None:
    assert errors_of(raw) == []


def test_the_column_major_flag_is_an_error() -> None:
    [said] = errors_of(file(flags={"layout_column_major": True}))
    assert said[:3] == ("APR-H004", "header.flags.layout_column_major", (6, 8))
    assert errors_of(file(flags={"layout_column_major": True, "layout_row_major": False}))[0].rule == "APR-H004"
    assert errors_of(file(flags={"layout_row_major": False})) == []


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", TruncatedError),
        (b"APR", TruncatedError),
        (file()[:63], TruncatedError),
        (file()[:127], TruncatedError),
        (file(ofs_data=SIZE + 1), TruncatedError),
        (file(ofs_data=127), FormatError),
        (b"APRN" + bytes(60), UnsupportedError),
    ],
)
def test_what_is_not_opened_says_of_which_kind_it_is(raw: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        opened(raw)
    assert type(caught.value) is kind
    if isinstance(caught.value, FormatError):
        assert fault(caught.value) == errors_of(raw)[0]


def test_another_format_is_named() -> None:
    [finding] = report_of(b"GGUF" + file()[4:]).findings
    assert finding.message == "the magic is not that of APR v2: this is a GGUF file"
    [finding] = report_of(b"GGUX" + file()[4:]).findings
    assert finding.message == "the magic is not that of APR v2"


WARNINGS = [
    (file(version_minor=1), Fault("APR-H003", "header.version_minor", (5, 6), "0", "1")),
    (file(flags={"reserved": 8}), Fault("APR-H005", "header.flags.reserved", (6, 8), "0", "8")),
    (
        file(reserved=bytes(19) + b"\1"),
        Fault("APR-H007", "header.reserved", (44, 64), "zero bytes", ascii(bytes(19) + b"\1")),
    ),
]


@pytest.mark.parametrize(("raw", "said"), WARNINGS, ids=lambda value: value.rule if isinstance(value, Fault) else "")
def test_one_warning_and_no_other(raw: bytes, said: Fault) -> None:
    assert findings_of(raw) == [said]
    assert errors_of(raw) == []


def test_very_large_metadata_is_warned_about() -> None:
    largest = b"{}".ljust(16 * 1024 * 1024)
    assert findings_of(craft(metadata=largest, **NO_TENSORS)) == []
    [said] = findings_of(craft(metadata=largest + b" ", **NO_TENSORS))
    assert said == ("APR-M007", "header.len_metadata", (20, 24), "at most 16777216", "16777217")


@pytest.mark.parametrize(
    ("name", "found"),
    [("lz4_compressed", "1"), ("zstd_compressed", "1"), ("encrypted", "1"), ("signed", "1")],
)
def test_a_flag_for_what_the_format_does_not_have_is_a_warning(name: str, found: str) -> None:
    assert findings_of(file(flags={name: True})) == [
        ("APR-H010", f"header.flags.{name}", (6, 8), "0", found),
    ]


def test_every_idle_announcement_is_named() -> None:
    raw = file(flags=dict.fromkeys(("lz4_compressed", "signed", "has_vocab", "sharded", "quantized"), True))
    assert [(said.rule, said.field) for said in findings_of(raw)] == [
        ("APR-H009", "header.flags.quantized"),
        ("APR-H010", "header.flags.lz4_compressed"),
        ("APR-H010", "header.flags.signed"),
        ("APR-H012", "header.flags.has_vocab"),
        ("APR-H012", "header.flags.sharded"),
    ]


@pytest.mark.parametrize(
    ("dtype", "dims", "nbytes"),
    [(12, [256], 144), (14, [256], 210), (8, [32], 18), (9, [4], 8), (128, [32], 18), (129, [4], 8)],
)
def test_the_quantised_flag_is_true_of_every_quantised_type(dtype: int, dims: list[int], nbytes: int) -> None:
    entry = entry_a(dtype=dtype, dims=dims, len_tensor=nbytes)
    raw = craft(entry, header={"flags": {"quantized": True}}, tensor_data=bytes(-nbytes % 64 + nbytes))
    assert "APR-H009" not in {said.rule for said in findings_of(raw)}


def test_the_quantised_flag_is_idle_without_a_quantised_tensor() -> None:
    idle = Fault("APR-H009", "header.flags.quantized", (6, 8), "a tensor of a quantised type", "none")
    assert findings_of(file(flags={"quantized": True})) == [idle]
    assert findings_of(craft(header={"flags": {"quantized": True}}, **NO_TENSORS)) == [idle]


def test_a_file_without_a_layout_flag_is_read_row_by_row() -> None:
    said = Fault("APR-H011", "header.flags.layout_row_major", (6, 8), "the flag", "neither layout flag")
    assert findings_of(file(flags={"layout_row_major": False})) == [said]
    assert errors_of(file(flags={"layout_row_major": False})) == []
    both = file(flags={"layout_row_major": False, "layout_column_major": True})
    assert [other.rule for other in findings_of(both)] == ["APR-H004"]


@pytest.mark.parametrize(("flag", "key"), [("has_vocab", "tokenizer.vocabulary"), ("sharded", "sharding")])
def test_a_flag_and_the_key_that_it_announces_come_together(flag: str, key: str) -> None:
    value = '{"shard_count":2,"shard_index":0,"total_size":1}' if key == "sharding" else '["a"]'
    there = f'{{"{key}":{value}}}'.encode()
    for said, metadata, fault_text in (
        (True, there, None),
        (False, b"{}", None),
        (True, b"{}", (f"the key {key}", "no such key")),
        (True, f'{{"{key}":null}}'.encode(), (f"the key {key}", "no such key")),
        (False, there, (f"the flag that announces the key {key}", "no such flag")),
    ):
        raw = craft(header={"flags": {flag: said}}, metadata=metadata, **NO_TENSORS)
        expected = [] if fault_text is None else [("APR-H012", f"header.flags.{flag}", (6, 8), *fault_text)]
        assert findings_of(raw) == expected


def test_a_flipped_bit_of_the_header_is_told() -> None:
    raw = bytearray(file())
    raw[0x2C] ^= 0x10
    [damaged] = [finding for finding in report_of(bytes(raw)).findings if finding.rule == "APR-H006"]
    assert damaged.message == (
        "the header checksum does not match the header; "
        "one flipped bit would explain it: bit 4 of byte 0x2c, in header.reserved"
    )


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", None),
        (facts.MAGIC[:3], None),
        (facts.MAGIC + b"\2", None),
        (b"A?", "no APR v2 file"),
        (b"no APR v2 file", "no APR v2 file"),
        *((magic + bytes(20), what) for magic, what in facts.MAGIC_LOOKALIKES.items()),
    ],
)
def test_what_is_too_small_is_told_by_its_first_bytes(raw: bytes, what: str | None) -> None:
    """As far as they are not those of the format."""
    [finding] = report_of(raw).findings
    assert finding.rule == "APR-H008"
    message, found, named = finding.message.partition("; by its first bytes this is ")
    assert message
    assert named == (what or "")
    assert bool(found) == (what is not None)
