"""The generated codec of this format: golden files, refusals, and that reading needs no Construct.

That it agrees with the Construct structs on everything is a law: `tests/fuzz/test_codec_properties.py`.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.layout import golden

from aprfmt import layout
from aprfmt.errors import RequestError, TruncatedError
from aprfmt.layout import Flags, Footer, TensorIndexEntry, facts
from aprfmt.layout._generated import codec
from aprfmt.layout.fused import CodecError

ROOT = Path(__file__).resolve().parents[3]
ENTRY = TensorIndexEntry(3, b"a.b", 12, 2, (2, 256), 64, 288)


@pytest.mark.parametrize("name", golden.NAMES)
def test_golden_files_come_back(name: str) -> None:
    """What the codec reads of a golden file it builds again, byte for byte."""
    raw = golden.raw(name)
    header, end = codec.parse_header(raw)
    assert end == layout.HEADER_SIZE
    assert codec.build_header(header) == raw[:end]
    start = header.ofs_tensor_index
    records, ends = codec.scan_tensor_index_entry(raw, start, header.num_tensors)
    assert len(records) == header.num_tensors
    assert codec.join_tensor_index_entry(records) == raw[start : ends[-1] if ends else start]
    at = start
    for record, stop in zip(records, ends, strict=True):
        assert codec.parse_tensor_index_entry(memoryview(raw), at) == (record, stop)
        assert codec.build_tensor_index_entry(record) == raw[at:stop]
        assert stop - at == facts.nbytes_tensor_index_entry(record)
        at = stop


def test_records_in_blocks_are_those_one_by_one() -> None:
    """More than a block of entries, each with its place in the file."""
    raw = codec.build_tensor_index_entry(ENTRY)
    count = 10_000
    stream = io.BytesIO(raw * count + b"behind")
    blocks = list(layout.iter_entry_blocks(stream, count, start=100))
    assert len(blocks) > 1
    entries = [entry for some, _ in blocks for entry in some]
    ends = [end for _, some in blocks for end in some]
    assert entries == [ENTRY] * count
    assert ends == [100 + len(raw) * (at + 1) for at in range(count)]
    spans = [span for _, span in layout.iter_entries(io.BytesIO(raw * count), count, start=100)]
    assert spans == list(zip([100, *ends[:-1]], ends, strict=True))


def test_an_index_that_ends_in_a_later_block_is_truncated() -> None:
    raw = codec.build_tensor_index_entry(ENTRY) * 10_000
    entries = layout.iter_entries(io.BytesIO(raw[:-1]), 10_000, start=64)
    assert sum(1 for _ in zip(range(9_999), entries, strict=False)) == 9_999
    with pytest.raises(TruncatedError) as caught:
        next(entries)
    assert (caught.value.found, caught.value.field) == ("9999 whole entries", "tensor_index.entries[9999]")
    assert isinstance(caught.value.__cause__, CodecError)


def test_the_largest_entry_is_read() -> None:
    """A name of 64 KiB and 255 dimensions of any size."""
    largest = TensorIndexEntry(2**16 - 1, b"n" * (2**16 - 1), 255, 255, (2**64 - 1,) * 255, 2**64 - 1, 2**64 - 1)
    raw = layout.build_entries([ENTRY, largest, largest, largest, largest, ENTRY])
    found = [entry for entry, _ in layout.iter_entries(io.BytesIO(raw), 6)]
    assert found == [ENTRY, largest, largest, largest, largest, ENTRY]


def test_entries_are_built_from_records_and_trees() -> None:
    tree: layout.Tree = {name: getattr(ENTRY, name) for name in facts.FIELDS["tensor_index_entry"]}
    short = {name: value for name, value in tree.items() if name not in ("len_name", "ndim")}
    raw = codec.build_tensor_index_entry(ENTRY)
    for entry in (ENTRY, tree, {**tree, "dims": [2, 256]}, {**tree, "name": bytearray(b"a.b")}, short):
        assert layout.build_entries([entry]) == raw
    mixed: list[TensorIndexEntry | layout.Tree] = [short, ENTRY, tree]
    assert layout.build_entries(iter(mixed)) == raw * 3
    assert layout.build_entries([]) == b""


def test_records_may_lie_as_trees_may() -> None:
    """A damaged entry is built as it is: with a length that its name does not have."""
    lying = TensorIndexEntry(9, b"a", 7, 3, (1,), 0, 0)
    assert layout.build_entries([lying]) == b"\x09\0a\x07\x03\x01" + bytes(7 + 16)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("dtype", 256, "expected an integer from 0 to 255, found 256"),
        ("ofs_tensor", -1, "expected an integer from 0 to 18446744073709551615, found -1"),
        ("len_name", 2**16, "expected an integer from 0 to 65535, found 65536"),
        ("ndim", 1.5, "expected an integer, found 1.5"),
        ("name", "text", "expected bytes, found 'text'"),
        ("dims", 5, "expected a list, found 5"),
        ("dims", b"ab", "expected a list, found bytes of 2"),
    ],
)
def test_what_does_not_fit_is_named(field: str, value: object, message: str) -> None:
    tree = {name: getattr(ENTRY, name) for name in facts.FIELDS["tensor_index_entry"]} | {field: value}
    record = TensorIndexEntry(**tree)
    with pytest.raises(CodecError, match=r"^tensor_index_entry: "):
        codec.build_tensor_index_entry(record)
    for entry in (record, tree):
        with pytest.raises(RequestError) as caught:
            layout.build_entries([ENTRY, entry])
        assert str(caught.value) == f"the tree cannot be built: tensor_index.entries[1].{field}: {message}"


def test_headers_and_footers_that_do_not_fit_are_refused() -> None:
    header = codec.parse_header(golden.raw("every_dtype.apr"))[0]
    values = {name: getattr(header, name) for name in facts.FIELDS["header"]}
    for name, value in [
        ("magic", b"APR"),
        ("magic", b"APR\0\0"),
        ("reserved", 20),
        ("flags", 2**16),
        ("checksum", None),
    ]:
        with pytest.raises(CodecError, match=r"^header: "):
            codec.build_header(layout.Header(**{**values, name: value}))
    assert codec.build_header(layout.Header(**{**values, "flags": Flags(0xFFFF)}))[6:8] == b"\xff\xff"
    for checksum in (2**32, -1, None, "1"):
        with pytest.raises(RequestError, match="the tree cannot be built: footer: "):
            layout.build_footer(checksum)  # type: ignore[arg-type] # what the type forbids must not slip through
    assert codec.build_footer(Footer(1)) == b"\1\0\0\0"


def loaded(script: str) -> set[str]:
    """The modules that a script makes a fresh interpreter load."""
    run = subprocess.run(
        [sys.executable, "-c", f"{script}\nimport sys\nprint()\nprint(*sys.modules)"],
        env={"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return set(run.stdout.splitlines()[-1].split())


TEACHER = str(golden.FOLDER / "teacher_q4k.apr")
COMMAND = """
import runpy, sys
sys.argv = ['aprfmt', *{arguments!r}]
try:
    runpy.run_module('aprfmt', run_name='__main__')
except SystemExit as end:
    assert not end.code, end.code
"""


@pytest.mark.parametrize(
    "script",
    [
        f"import aprfmt\nwith aprfmt.open({TEACHER!r}) as f: assert len(f.tensors) > 1 and f.footer and f.sections",
        COMMAND.format(arguments=["inspect", "--json", TEACHER]),
        COMMAND.format(arguments=["inspect", TEACHER]),
        COMMAND.format(arguments=["tensors", TEACHER]),
    ],
    ids=["open", "inspect-json", "inspect", "tensors"],
)
def test_reading_needs_no_construct(script: str) -> None:
    """Construct takes longer to load than these take for everything else."""
    found = loaded(script)
    assert "msgspec" in found
    assert [name for name in ("construct", "kaitaistruct", "aprfmt.codegen") if name in found] == []


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["inspect", "--help"]])
def test_help_loads_neither(arguments: list[str]) -> None:
    found = loaded(COMMAND.format(arguments=arguments))
    assert [name for name in ("construct", "msgspec") if name in found] == []
