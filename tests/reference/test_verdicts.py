"""The profile `reader` gives the verdict of the reference in both directions, on sound, odd and damaged files.

There are two exceptions, and both are files that the reference reads and this project refuses:

* a number of the metadata near the largest double, which the reference rounds to a finite one on another way;
* an object of known keys that is written as an array of its values, which no writer does.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.unit.rules.cases import CASES, READER_CASES
from tests.unit.rules.cases import Case as Pair

from aprfmt import build, parse
from aprfmt.files import validate_file
from aprfmt.layout import HEADER_SIZE, facts, parse_header
from aprfmt.layout._generated.metadata_schema import KEYS
from aprfmt.rules import Finding, Report
from aprfmt.testing import containers, damaged, metadata_json, sealed, trees

if TYPE_CHECKING:
    from tests.reference.conftest import Reference

DATA = Path(__file__).resolve().parents[1] / "data" / "golden"
# One process answers, and a file a case is written: examples are cheap, the first one builds nothing.
SETTINGS = settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def reads(reference: Reference, folder: Path, raw: bytes) -> bool:
    """Whether the reference reads the bytes."""
    path = folder / "case.apr"
    path.write_bytes(raw)
    answer = reference.read(path)
    assert answer.get("kind") != "panic", answer
    return bool(answer["ok"])


def text_of(raw: bytes, finding: Finding) -> bytes:
    return raw[slice(*finding.span)]


def is_near_the_largest_double(raw: bytes, finding: Finding) -> bool:
    if finding.rule != "APR-M003" or finding.expected != "a number within the range of a double":
        return False
    return abs(abs(Decimal(text_of(raw, finding).decode())) / Decimal(sys.float_info.max) - 1) < Decimal("1e-3")


def is_an_array_for_an_object(raw: bytes, finding: Finding) -> bool:
    return finding.rule == "APR-M006" and finding.expected.startswith("an object") and text_of(raw, finding)[:1] == b"["


def is_exception(raw: bytes, report: Report) -> bool:
    return bool(report.errors) and all(
        is_near_the_largest_double(raw, finding) or is_an_array_for_an_object(raw, finding) for finding in report.errors
    )


def assert_same_verdict(reference: Reference, folder: Path, raw: bytes) -> bool:
    """Both directions for the profile `reader`, one for the default profile; gives the verdict of the reference."""
    theirs = reads(reference, folder, raw)
    report = validate_file(raw, profile="reader")
    if report.valid != theirs:
        assert theirs, "refused by the reference, and valid here"
        assert is_exception(raw, report), report.errors
    if validate_file(raw).valid:
        assert theirs, "refused by the reference, and valid in the default profile"
    return theirs


# ---- files ----


@given(raw=containers() | containers(canonical=False))
@SETTINGS
def test_sound_files(reference: Reference, tmp_path: Path, raw: bytes) -> None:
    """Files that no careful reader refuses MUST be valid, and the reference MUST read them."""
    assert assert_same_verdict(reference, tmp_path, raw)
    assert validate_file(raw).valid


@given(raw=damaged(containers() | containers(canonical=False)))
@settings(SETTINGS, max_examples=500)
def test_damaged_files(reference: Reference, tmp_path: Path, raw: bytes) -> None:
    """A damaged file MUST be valid for the reader exactly when the reference reads it."""
    assert_same_verdict(reference, tmp_path, raw)


@st.composite
def flipped_heads(draw: st.DrawFn) -> bytes:
    """Files with some bytes before the data replaced, and a header checksum that is right again."""
    raw = bytearray(draw(containers(canonical=False)))
    stop = parse_header(bytes(raw)).ofs_data
    for _ in range(draw(st.integers(1, 3))):
        raw[draw(st.integers(0, stop - 1))] ^= draw(st.integers(1, 255))
    return sealed(bytes(raw))


@given(raw=flipped_heads())
@settings(SETTINGS, max_examples=500)
def test_flips_under_a_right_header_checksum(reference: Reference, tmp_path: Path, raw: bytes) -> None:
    """The same MUST hold for any bytes in the head that the header checksum does not give away."""
    assert_same_verdict(reference, tmp_path, raw)


@st.composite
def moved_sections(draw: st.DrawFn) -> bytes:
    """Files whose header says that sections lie somewhere else: overlapping, outside, out of order, moved whole."""
    raw = draw(containers(canonical=False))
    tree = parse(raw)
    header = parse_header(raw)
    metadata, index = tree["metadata"], raw[header.ofs_tensor_index : header.ofs_data]
    places = st.integers(0, len(raw) + 2) | st.sampled_from((0, HEADER_SIZE, len(raw), 1 << 63, (1 << 64) - 1))
    moved = {}
    for field in ("ofs_metadata", "ofs_tensor_index", "ofs_data"):
        if draw(st.booleans()):
            moved[field] = draw(places)
    # A section may also be copied behind the file, cut by a few bytes, where only the reference looks.
    for field, section in (("ofs_metadata", metadata), ("ofs_tensor_index", index)):
        if draw(st.booleans()):
            moved[field] = len(raw)
            raw += section
    if draw(st.booleans()):
        moved["num_tensors"] = draw(st.integers(0, header.num_tensors + 2))
    if draw(st.booleans()):
        moved["len_metadata"] = draw(st.integers(0, len(metadata) + 4))
    damaged_raw = bytearray(raw[: len(raw) - draw(st.sampled_from((0, 0, 0, 1, 2, 5)))])
    for field, value in moved.items():
        start, stop = facts.spans_header(header, 0)[field]
        damaged_raw[start:stop] = value.to_bytes(stop - start, "little")
    return sealed(bytes(damaged_raw))


@given(raw=moved_sections())
@settings(SETTINGS, max_examples=700)
@example(raw=READER_CASES["APR-S002"].twin())
@example(raw=READER_CASES["APR-S002"].broken())
def test_sections_that_lie_anywhere(reference: Reference, tmp_path: Path, raw: bytes) -> None:
    """The same MUST hold wherever the sections lie, overlaps and places outside of the file included."""
    assert_same_verdict(reference, tmp_path, raw)


@st.composite
def odd_names(draw: st.DrawFn) -> bytes:
    """Files with names that are not UTF-8, in the order of their bytes or not, and any element types."""
    pieces = st.sampled_from(
        (b"a", b"\xff", b"\xed\xa0\x80", b"\xf0\x9f", b"\xc3", b"\xef\xbf\xbd", b"\xc3\xa9", b"\xf4\x90")
    )
    names = draw(st.lists(st.lists(pieces, max_size=3).map(b"".join), min_size=1, max_size=4))
    if draw(st.booleans()):
        names = sorted(set(names))
    types = st.sampled_from(sorted(facts.DTYPE_CODES)) | st.integers(0, 255)
    wanted = draw(st.lists(types, min_size=len(names), max_size=len(names)))
    entries = [
        {"name": name, "dtype": dtype, "dims": [0], "ofs_tensor": 0, "len_tensor": 0}
        for name, dtype in zip(names, wanted, strict=True)
    ]
    return build({"metadata": b"{}", "tensor_index": {"entries": entries}, "tensor_data": b""})


@given(raw=odd_names())
@settings(SETTINGS, max_examples=500)
def test_names_that_are_not_text(reference: Reference, tmp_path: Path, raw: bytes) -> None:
    """The same MUST hold for names that are repaired before they are compared."""
    assert_same_verdict(reference, tmp_path, raw)


# ---- metadata ----

_VALUES = st.sampled_from(
    (
        *("null", "true", "0", "1", "-1", "-0", "255", "256", "4294967295", "4294967296", "1.0", "1e2", "0.5", "1e39"),
        *("18446744073709551615", "18446744073709551616", "-9223372036854775809", "1" * 300, '""', '"q4"', "[]", "{}"),
        *('{"quant_type":"q4","bits":4,"symmetric":true}', '{"quant_type":"q4","bits":256,"symmetric":true}'),
        *('{"shard_count":2,"shard_index":0,"total_size":1,"pattern":null,"x":[]}', '{"bos_token":null}'),
        *('["q4",4,null,true]', "[2,0,1,null]", "[null,null,null,null,null,null]"),
    )
)
_KNOWN = st.sampled_from([key.name for key in KEYS])


@st.composite
def typed_oddly(draw: st.DrawFn) -> bytes:
    """Known keys with values of any type, repeated now and then."""
    members = [f'"{draw(_KNOWN)}":{draw(_VALUES)}' for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        members.append(f'"{draw(_KNOWN)}":null')
    return ("{" + ",".join(members) + "}").encode()


@st.composite
def sub_objects(draw: st.DrawFn) -> bytes:
    """The objects of known keys with keys missing, of another type, unknown."""
    key = draw(st.sampled_from([key for key in KEYS if key.keys]))
    names = st.sampled_from([child.name for child in key.keys] + ["other"])
    members = [f'"{draw(names)}":{draw(_VALUES)}' for _ in range(draw(st.integers(0, 5)))]
    return f'{{"{key.name}":{{{",".join(members)}}}}}'.encode()


_PIECES = (
    *(
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b" ",
        b"\n",
        b"\x0b",
        b"\0",
        b"\x7f",
        b"\xff",
        b"\xc3\xa9",
        b"\xed\xa0\x80",
    ),
    *(
        b"\xef\xbb\xbf",
        rb"\ud800",
        rb"\ud83d\ude00",
        rb"\uDEAD",
        rb"\u00",
        rb"\x",
        b"0",
        b"1",
        b"-",
        b"+",
        b".",
        b"e",
        b"E9",
    ),
    *(
        b"1e309",
        b"1e308",
        b"NaN",
        b"Infinity",
        b"nul",
        b"null",
        b"true",
        b"/*",
        b"//",
        b"'",
        b"00",
        b"01",
        b"1.",
        b".5",
        b"1e",
        b"[" * 130,
    ),
)


@st.composite
def broken_json(draw: st.DrawFn) -> bytes:
    """Metadata with pieces cut out and put in."""
    raw = draw(metadata_json() | typed_oddly())
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        stop = draw(st.sampled_from((start, start, start + 1, start + 2)))
        raw = raw[:start] + draw(st.sampled_from(_PIECES) | st.just(b"")) + raw[stop:]
    return raw or b" "


_DEEP = st.integers(120, 135).flatmap(
    lambda levels: st.sampled_from(
        (b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}", b'{"a":' * levels + b"1" + b"}" * levels)
    )
)


@given(raw=st.one_of(typed_oddly(), sub_objects(), broken_json(), broken_json(), _DEEP, metadata_json()))
@settings(SETTINGS, max_examples=1200)
def test_metadata_of_any_kind(reference: Reference, tmp_path: Path, raw: bytes) -> None:
    """The same MUST hold for metadata of wrong types, for text that is not JSON, and for what JSON barely allows."""
    assert_same_verdict(reference, tmp_path, with_metadata(raw))


def with_metadata(raw: bytes) -> bytes:
    return build({"metadata": raw, "tensor_index": {"entries": []}})


@given(tree=trees(canonical=False, max_tensors=2, metadata=st.one_of(typed_oddly(), sub_objects(), broken_json())))
@SETTINGS
def test_metadata_beside_everything_else(reference: Reference, tmp_path: Path, tree: dict[str, Any]) -> None:
    """The same MUST hold for odd metadata in odd files."""
    assert_same_verdict(reference, tmp_path, build(tree))


# ---- the two exceptions ----


def test_numbers_near_the_largest_double_are_an_exception(reference: Reference, tmp_path: Path) -> None:
    raw = with_metadata(b'{"a":179769313486.231584E297}')
    assert reads(reference, tmp_path, raw)
    assert not validate_file(raw, profile="reader").valid
    assert is_exception(raw, validate_file(raw, profile="reader"))
    far = with_metadata(b'{"a":1e309}')
    assert not reads(reference, tmp_path, far)
    assert not is_exception(far, validate_file(far, profile="reader"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("quantization", ["q4", 4, None, True]),
        ("sharding", [2, 0, 1, None]),
        ("special_tokens", [None, "</s>", None, None, None, None]),
    ],
)
def test_objects_that_are_written_as_arrays_are_an_exception(
    reference: Reference, tmp_path: Path, key: str, value: list[object]
) -> None:
    raw = with_metadata(json.dumps({key: value}).encode())
    assert reads(reference, tmp_path, raw)
    report = validate_file(raw, profile="reader")
    assert [(finding.rule, finding.field) for finding in report.errors] == [("APR-M006", f"metadata.{key}")]
    assert is_exception(raw, report)
    wrong = with_metadata(json.dumps({key: [[]]}).encode())
    assert not reads(reference, tmp_path, wrong)
    assert not validate_file(wrong, profile="reader").valid


def test_the_largest_doubles_get_one_verdict_but_for_the_exception(reference: Reference, tmp_path: Path) -> None:
    """Literals one step of the last digit apart on both sides of the border, in several ways to write them."""
    differ = 0
    for digits in ("17976931348623157", "1797693134862315708", "179769313486231581", "17976931348623159"):
        for shift in (0, 1, 5, len(digits)):
            text = f"{digits[:shift] or '0'}.{digits[shift:] or '0'}e{309 - shift}"
            raw = with_metadata(f'{{"a":{text}}}'.encode())
            theirs = assert_same_verdict(reference, tmp_path, raw)
            differ += theirs != validate_file(raw, profile="reader").valid
    assert differ <= 4


# ---- files that are made by hand ----


@pytest.mark.parametrize("name", READER_CASES)
def test_the_files_of_the_rules_show_what_the_reference_does(reference: Reference, tmp_path: Path, name: str) -> None:
    """Each rule of the reader by two files: the reference refuses the one and reads the other."""
    pair: Pair = READER_CASES[name]
    assert reads(reference, tmp_path, pair.twin())
    if name != "APR-L001":  # the reference has no limits
        assert not reads(reference, tmp_path, pair.broken())


@pytest.mark.parametrize("name", [name for name in CASES if name != "APR-L001"])
def test_the_files_of_all_rules_get_the_verdict_of_the_reference(
    reference: Reference, tmp_path: Path, name: str
) -> None:
    assert assert_same_verdict(reference, tmp_path, CASES[name].twin())
    theirs = assert_same_verdict(reference, tmp_path, CASES[name].broken())
    if name not in facts.PROFILES["reader"]:
        assert theirs
    elif CASES[name] is READER_CASES[name]:
        assert not theirs


@pytest.mark.parametrize("name", ["no_tensors.apr", "one_custom_key.apr"])
@pytest.mark.parametrize("seal", [False, True])
def test_every_byte_of_the_head_replaced(reference: Reference, tmp_path: Path, name: str, seal: bool) -> None:
    raw = (DATA / name).read_bytes()
    verdicts = set()
    for at in range(parse_header(raw).ofs_data):
        for mask in (0x01, 0x80, 0xFF):
            changed = raw[:at] + bytes([raw[at] ^ mask]) + raw[at + 1 :]
            verdicts.add(assert_same_verdict(reference, tmp_path, sealed(changed) if seal else changed))
    assert verdicts == {False, True}


def test_every_length(reference: Reference, tmp_path: Path) -> None:
    raw = (DATA / "streaming_order.apr").read_bytes()
    verdicts = [assert_same_verdict(reference, tmp_path, raw[:size]) for size in range(len(raw))]
    assert verdicts == sorted(verdicts)
    assert set(verdicts) == {False, True}


# ---- what the reference writes ----


@pytest.mark.parametrize("streaming", [False, True])
@given(tree=trees(canonical=True, metadata=st.just(b"{}")), metadata=metadata_json())
@settings(SETTINGS, max_examples=80)
def test_what_the_reference_writes_has_no_error(
    reference: Reference, tmp_path: Path, streaming: bool, tree: dict[str, Any], metadata: bytes
) -> None:
    """Files of both writers of the reference MUST have no error, in the profile of the reader no finding at all."""
    data = tree["tensor_data"]
    described = {
        "metadata": json.loads(metadata),
        "tensors": [
            {
                "name": entry["name"].decode(),
                "dtype": facts.DTYPE_FACTS[entry["dtype"]].orig_id,
                "shape": entry["dims"],
                "data_hex": data[entry["ofs_tensor"] : entry["ofs_tensor"] + entry["len_tensor"]].hex(),
            }
            for entry in reversed(tree["tensor_index"]["entries"])
        ],
    }
    target = tmp_path / "written.apr"
    target.unlink(missing_ok=True)
    assert reference.write(target, described, streaming=streaming)["ok"]
    report = validate_file(target)
    assert report.valid, report.errors
    assert report.rules_skipped == ()
    assert validate_file(target, profile="reader").findings == ()
    canonical = {finding.rule for finding in validate_file(target, profile="canonical").errors}
    assert canonical <= ({"APR-D008"} if streaming else set())
