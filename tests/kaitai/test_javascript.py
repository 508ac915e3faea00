"""The generated JavaScript and Python readers agree, on whole files and on damaged ones.

Verdicts are equal, and where both accept, values are equal; messages are never compared. JavaScript holds
numbers of 64 bits as doubles, so a value from 2^53 on arrives as the nearest double, and the exact one from
Python is rounded the same way before it is compared. Only dimensions can be that large in an accepted file:
offsets and sizes are bounded by its length. Neither reader looks at checksums, so none is repaired here.
"""

from __future__ import annotations

import ast
import hashlib
import struct
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.kaitai.python_reader import read

from aprfmt.layout._generated.kaitai import apr_v2

if TYPE_CHECKING:
    from tests.line_server import LineServer

REPOSITORY = Path(__file__).resolve().parents[2]
COMPILE = REPOSITORY / "tools" / "kaitai" / "compile.mjs"
SPEC = REPOSITORY / "spec" / "apr_v2.ksy"
GOLDEN = REPOSITORY / "tests" / "data" / "golden"
GOLDEN_FILES = sorted(path.name for path in GOLDEN.glob("*.apr"))

TARGETS = {
    *("python", "javascript", "java", "go", "rust", "cpp_stl", "csharp"),
    *("ruby", "php", "perl", "lua", "html", "graphviz"),
}

Answer = dict[str, Any]


def as_double(decimal: str) -> str:
    return str(int(float(int(decimal))))


def comparable(answer: Answer) -> Answer:
    """The answer without its path and its message, and with the dimensions that a double can hold."""
    kept = {key: value for key, value in answer.items() if key not in {"file", "error"}}
    if "entries" in kept:
        kept["entries"] = [{**entry, "dims": [as_double(dim) for dim in entry["dims"]]} for entry in kept["entries"]]
    return kept


class Both:
    """Asks both readers, and insists that they agree."""

    def __init__(self, javascript: LineServer, scratch: Path) -> None:
        self._javascript = javascript
        self._scratch = scratch

    def read_file(self, path: Path) -> Answer:
        answer = read(path)
        assert comparable(self._javascript.ask(path)) == comparable(answer)
        return answer

    def read_bytes(self, content: bytes) -> Answer:
        self._scratch.write_bytes(content)
        return self.read_file(self._scratch)


@pytest.fixture
def both(javascript: LineServer, tmp_path: Path) -> Both:
    return Both(javascript, tmp_path / "damaged.apr")


def make_file(
    entries: list[bytes],
    *,
    index: bytes = b"",
    count: int | None = None,
    data: int = 0,
    places: Mapping[str, int] | None = None,
) -> bytes:
    """A file with `{}` as metadata, `data` zero bytes of tensor data and a footer; checksums are zero.

    `index` comes before the entries; `count` and `places`, offsets of the header, override what is right.
    """
    body = index + b"".join(entries)
    body += bytes(-len(body) % 64)
    offsets = {"ofs_metadata": 64, "ofs_tensor_index": 128, "ofs_data": 128 + len(body), **(places or {})}
    header = struct.pack(
        "<4sBBHIQIQQI20x",
        *(b"APR\0", 2, 0, 1 << 10, len(entries) if count is None else count),
        *(offsets["ofs_metadata"], 2, offsets["ofs_tensor_index"], offsets["ofs_data"], 0),
    )
    return header + b"{}".ljust(64, b"\0") + body + bytes(data) + bytes(4)


def make_entry(name: bytes, *, dims: tuple[int, ...] = (), offset: int = 0, nbytes: int = 4, dtype: int = 0) -> bytes:
    head = struct.pack("<H", len(name)) + name + bytes((dtype, len(dims)))
    return head + struct.pack(f"<{len(dims) + 2}Q", *dims, offset, nbytes)


# What is compiled


def test_every_target_gave_output(compiled: Path) -> None:
    assert {folder.name for folder in compiled.iterdir()} == TARGETS
    for target in TARGETS:
        files = list((compiled / target).iterdir())
        assert files, target
        assert all(file.stat().st_size > 1000 for file in files), target


def test_compiling_again_gives_the_same_bytes(node: str, compiled: Path, tmp_path: Path) -> None:
    subprocess.run([node, COMPILE, "--out", tmp_path], check=True)
    first, again = (
        {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        for folder in (compiled, tmp_path)
    )
    assert first == again


def test_the_committed_python_reader_has_not_drifted(node: str) -> None:
    done = subprocess.run([node, COMPILE, "--check-python"], stdout=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 0, done.stdout


def test_the_banner_names_the_spec_it_was_made_from() -> None:
    banner = Path(apr_v2.__file__).read_text("utf-8").splitlines()[:4]
    assert f"# source: spec/apr_v2.ksy sha256 {hashlib.sha256(SPEC.read_bytes()).hexdigest()}" in banner


@pytest.mark.parametrize("arguments", [[], ["--out", "x", "--check-python"], ["--out", "x", "--targets", "cobol"]])
def test_a_wrong_command_line_is_refused(node: str, tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run([node, COMPILE, *arguments], cwd=tmp_path, stderr=subprocess.PIPE, encoding="utf-8")
    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert not list(tmp_path.iterdir())


# What is read


def test_the_readers_tell_every_field_of_the_spec() -> None:
    """Both list the fields by hand; the names that the compiler wrote down show one that is missing."""
    answer = read(GOLDEN / "one_custom_key.apr")
    assert set(answer["header"]) == set(fields_of("Header"))
    assert set(answer["header"]["flags"]) == set(fields_of("Flags"))
    fields = {"name_hex" if field == "name" else field for field in fields_of("TensorIndexEntry")}
    assert set(answer["entries"][0]) == fields


def fields_of(type_name: str) -> Iterator[str]:
    """The public attributes that the generated `_read` of a type assigns, parameters left out."""
    tree = ast.parse(Path(apr_v2.__file__).read_text("utf-8"))
    [made] = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == type_name]
    [method] = [node for node in made.body if isinstance(node, ast.FunctionDef) and node.name == "_read"]
    for node in ast.walk(method):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store()) if not name.startswith("_"):
                yield name


@pytest.mark.parametrize("name", GOLDEN_FILES)
def test_golden_files_read_alike(both: Both, name: str) -> None:
    answer = both.read_file(GOLDEN / name)
    assert answer["ok"], answer
    assert answer["footer"] is not None
    assert answer["trailing"] is None


def test_there_are_golden_files() -> None:
    assert GOLDEN_FILES


@pytest.mark.parametrize("name", ["no_tensors.apr", "one_custom_key.apr"])
def test_files_cut_anywhere_get_one_verdict(both: Both, name: str) -> None:
    whole = (GOLDEN / name).read_bytes()
    accepted = [length for length in range(len(whole)) if both.read_bytes(whole[:length])["ok"]]
    # Without its footer the file ends where its data section ends; cut deeper, it is refused.
    assert accepted == [len(whole) - 4]


def test_bytes_behind_the_footer_are_trailing(both: Both) -> None:
    whole = (GOLDEN / "no_tensors.apr").read_bytes()
    for extra in (1, 3, 4, 100):
        assert both.read_bytes(whole + bytes(extra))["trailing"]["len"] == extra


@pytest.mark.parametrize("mask", [*(1 << bit for bit in range(8)), 0xFF])
def test_files_with_one_byte_changed_get_one_verdict(both: Both, mask: int) -> None:
    whole = (GOLDEN / "one_custom_key.apr").read_bytes()
    index_end = int(read(whole)["header"]["ofs_data"])
    verdicts = set()
    for position in range(index_end):
        damaged = bytearray(whole)
        damaged[position] ^= mask
        verdicts.add(both.read_bytes(bytes(damaged))["ok"])
    assert verdicts == {True, False}


def test_92000_entries(both: Both, tmp_path: Path) -> None:
    """A recursive running maximum overflows the stack here, and small files do not show it."""
    count = 92_000
    path = tmp_path / "large.apr"
    entries = [make_entry(b"t%06d" % i, dims=(i, 1), offset=64 * i) for i in range(count)]
    path.write_bytes(make_file(entries, data=64 * count))
    answer = both.read_file(path)
    assert answer["ok"], answer
    assert len(answer["entries"]) == count
    assert answer["footer"] == 0
    assert answer["trailing"] is None


def test_a_zero_index_passes_for_one_nameless_entry(both: Both) -> None:
    """No `valid` of the spec tells an entry from filler: an empty name is a warning, APR-I006."""
    answer = both.read_bytes(make_file([], index=bytes(64), count=1))
    assert answer["ok"], answer
    assert [entry["name_hex"] for entry in answer["entries"]] == [""]


@pytest.mark.parametrize("count", [2, 3, 4, 2**32 - 1])
def test_a_zero_index_is_refused_for_more_entries(both: Both, count: int) -> None:
    assert not both.read_bytes(make_file([], index=bytes(64), count=count))["ok"]


@pytest.mark.parametrize("dim", [0, 2**53 - 1, 2**53, 2**53 + 1, 2**63, 2**64 - 1])
def test_dimensions_are_not_bounded(both: Both, dim: int) -> None:
    answer = both.read_bytes(make_file([make_entry(b"a", dims=(dim,))], data=64))
    assert answer["ok"], answer
    assert answer["entries"][0]["dims"] == [str(dim)]


@pytest.mark.parametrize(
    "value",
    [1 << 31, 1 << 32, 2**32 + 4, 2**53 - 1, 2**53 + 1, 2**63 - 1, 1 << 63, 2**63 + 4, 2**64 - 64, 2**64 - 1],
)
def test_places_outside_the_file_are_refused(both: Both, value: int) -> None:
    """Some are small again after a conversion to 32 bits: JavaScript reads 2^32 + 4 bytes as 4."""
    entry = make_entry(b"a")
    assert both.read_bytes(make_file([entry], data=64))["ok"]
    assert not both.read_bytes(make_file([make_entry(b"a", offset=value)], data=64))["ok"]
    assert not both.read_bytes(make_file([make_entry(b"a", nbytes=value)], data=64))["ok"]
    for name in ("ofs_metadata", "ofs_tensor_index", "ofs_data"):
        assert not both.read_bytes(make_file([entry], data=64, places={name: value}))["ok"]


@pytest.mark.parametrize(
    ("names", "ok"),
    [
        (["\uffff", "\U00010000"], True),  # UTF-16 units order these the other way round
        (["\U00010000", "\uffff"], False),
        (["a", "a"], False),
        (["a", "a\0"], True),
        (["", "a"], True),
        (["b", "a"], False),
    ],
)
def test_names_are_ordered_as_bytes(both: Both, names: list[str], ok: bool) -> None:
    entries = [make_entry(name.encode()) for name in names]
    assert both.read_bytes(make_file(entries, data=64))["ok"] is ok


def test_names_need_not_be_utf8(both: Both) -> None:
    answer = both.read_bytes(make_file([make_entry(b"\x80\xff")], data=64))
    assert answer["entries"][0]["name_hex"] == "80ff"


def test_reading_by_path_and_by_bytes_is_the_same() -> None:
    path = GOLDEN / "every_dtype.apr"
    assert {**read(path), "file": None} == read(path.read_bytes())


def test_read_prints_one_line_a_file(node: str, compiled: Path) -> None:
    files = [GOLDEN / "no_tensors.apr", GOLDEN / "sharded.apr", GOLDEN / "expected.json"]
    reader = COMPILE.with_name("read.mjs")
    done = subprocess.run([node, reader, compiled, *files], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    assert len(done.stdout.splitlines()) == len(files)


def test_a_file_out_of_reach_is_no_verdict(node: str, compiled: Path, tmp_path: Path) -> None:
    reader = COMPILE.with_name("read.mjs")
    done = subprocess.run([node, reader, compiled, tmp_path / "absent"], capture_output=True, encoding="utf-8")
    assert done.returncode == 1
    assert done.stdout == ""
