"""The harness of the reference speaks the conformance protocol, and says what is in a file.

Both sides of every conversation are held against the schemas, so that they are tested by what really passes.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import aprfmt
from aprfmt.conform import Settings, recipes
from aprfmt.conform.compare import PARTS, difference
from aprfmt.conform.known import NOT_LOOKED_INTO
from aprfmt.conform.plugs.lines import NdjsonPlug
from aprfmt.conform.runner import conform
from aprfmt.conform.store import read_known
from aprfmt.container import Container
from aprfmt.source import BytesSource
from aprfmt.vectors import Suite
from aprfmt.vectors.readings import reading

REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = sorted((REPOSITORY / "tests" / "data" / "golden").glob("*.apr"))
SCHEMAS = {
    name: json.loads((REPOSITORY / "spec" / "protocol" / f"{name}.schema.json").read_text("utf-8"))
    for name in ("request", "answer")
}
# Each schema is found under its own id, which is how validators of other languages are given them, too.
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)
BUDGET = {"seconds": 20, "bytes": 512 * 1024 * 1024}


def check(kind: str, line: Mapping[str, Any]) -> None:
    """Raise for a line that the protocol does not know."""
    Draft202012Validator(SCHEMAS[kind], registry=REGISTRY).validate(line)


class Harness:
    """A conversation with `apr-reference conform`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.started = self.ask({"cmd": "start", "protocol": 1})

    def say(self, request: Mapping[str, Any]) -> None:
        check("request", request)
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.say(request)
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        check("answer", answer)
        return answer

    def run(self, op: str, **keys: Any) -> dict[str, Any]:
        """The answer to a case; paths may be given as such."""
        keys = {key: str(value) if isinstance(value, Path) else value for key, value in keys.items()}
        answer = self.ask({"cmd": "run", "id": "a case", "op": op, "profile": "default", "budget": BUDGET, **keys})
        assert answer.pop("id") == "a case"
        return answer


@contextmanager
def harness_of(program: Path, *options: str) -> Iterator[Harness]:
    """A conversation that ends with a stop."""
    command: list[str | Path] = [program, "conform", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        harness = Harness(process)
        yield harness
        harness.say({"cmd": "stop"})
        assert process.wait(timeout=60) == 0


@pytest.fixture(scope="module")
def harness(program: Path) -> Iterator[Harness]:
    with harness_of(program) as harness:
        yield harness


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_schemas_are_schemas(kind: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[kind])


def test_start_says_what_the_reference_is_and_can(harness: Harness) -> None:
    assert harness.started["implementation"]["name"] == "apr-format"
    assert harness.started["can"] == ["read", "stamp", "write"]
    rules = {rule for rules in harness.started["rules"].values() for rule in rules}
    assert rules <= set(aprfmt.layout.facts.RULES)


def test_the_streaming_writer_is_an_implementation_of_its_own(program: Path) -> None:
    with harness_of(program, "--streaming") as harness:
        assert harness.started["implementation"]["name"] == "apr-format (streaming writer)"
        assert harness.started["can"] == ["write"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_file_is_read_as_it_is(harness: Harness, path: Path) -> None:
    answer = harness.run("read", file=path, crc32=True)
    assert answer["verdict"] == "accept"
    expected = reading(Container(BytesSource(path.read_bytes())))
    # The reference does not read the footer; where there are no tensors, they have no checksums.
    compared = [part for part in PARTS if part != "footer" and (part != "crc32" or expected["tensors"])]
    assert difference(expected, answer["values"]) == ("", tuple(compared))


@pytest.mark.parametrize(("position", "code"), [(0, "InvalidMagic"), (4, "ChecksumMismatch"), (64, "MetadataError")])
def test_a_refusal_names_the_variant(harness: Harness, tmp_path: Path, position: int, code: str) -> None:
    content = bytearray(GOLDEN[0].read_bytes())
    content[position] ^= 0xFF
    damaged = tmp_path / "damaged.apr"
    damaged.write_bytes(content)
    answer = harness.run("read", file=damaged, crc32=True)
    assert (answer["verdict"], answer["code"]) == ("reject", code)
    assert code in harness.started["rules"]


def test_a_stamp_is_written_or_refused_or_skipped(harness: Harness, tmp_path: Path) -> None:
    output = tmp_path / "stamped.apr"
    assert harness.run("stamp", file=GOLDEN[0], patch={}, output=output)["code"] == "InvalidHeader"
    assert "author" in harness.run("stamp", file=GOLDEN[0], patch={"author": "me"}, output=output)["skip"]
    assert not output.exists()
    assert harness.run("stamp", file=GOLDEN[0], patch={"license": "MIT"}, output=output) == {"verdict": "accept"}
    with aprfmt.open(output) as file:
        assert file.metadata["license"] == "MIT"


@pytest.mark.parametrize("options", [(), ("--streaming",)])
def test_a_tree_is_written(program: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    tensors = [
        {"name": "b", "dtype": "apr_q8", "dims": ["2"], "data": "0000803f7f81"},
        {"name": "a", "dtype": "f32", "dims": [], "data": "0000003f"},
    ]
    output = tmp_path / "written.apr"
    with harness_of(program, *options) as harness:
        answer = harness.run("write", tree={"metadata": {"name": "m"}, "flags": [], "tensors": tensors}, output=output)
        assert answer == {"verdict": "accept"}
        flagged = {"metadata": {}, "flags": ["has_vocab"], "tensors": []}
        answer = harness.run("write", tree=flagged, output=tmp_path / "flagged.apr")
        assert ("skip" in answer) == bool(options)
    with aprfmt.open(output) as file:
        assert [(tensor.name, bytes(tensor.data).hex()) for tensor in file.tensors] == [
            ("a", "0000003f"),
            ("b", "0000803f7f81"),
        ]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the harness reads the holes of a file, too")
def test_a_file_of_holes_costs_no_memory(program: Path, tmp_path: Path) -> None:
    size = "5000000000"
    entries = [{"name": {"text": "a"}, "dtype": "u8", "dims": [size], "ofs_tensor": 0, "len_tensor": size}]
    recipe = {
        "bases": {"large": {"metadata": {"text": "{}"}, "tensor_index": {"entries": entries}, "footer": None}},
        "vectors": [{"id": "large", "about": "Of holes.", "base": "large", "verdict": "accept", "origin": "hand"}],
    }
    image = Suite({"large.json": recipe}).image("large")
    path = tmp_path / "large.apr"
    with path.open("wb") as stream:
        stream.truncate(image.size)
        for start, raw in image.extents:
            stream.seek(start)
            stream.write(raw)
    with harness_of(program) as harness:
        answer = harness.run("read", file=path, crc32=False)
        status = Path(f"/proc/{harness.process.pid}/status").read_text("ascii")
    assert difference(reading(Container(image), crc32=False), answer["values"])[0] == ""
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    assert int(peak) < 64 * 1024


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"cmd": "start", "protocol": 2}', "expected protocol 1, found 2"),
        ('{"cmd": "run", "id": "x", "op": "melt"}', "unknown variant `melt`"),
        ('{"cmd": "run", "id": "x", "op": "read", "file": "/nowhere/at.apr", "crc32": true}', "No such file"),
        ("hello", "expected value"),
        ('{"cmd": "start", "protocol": 1}', "end without a stop"),
    ],
)
def test_what_makes_no_sense_ends_the_harness_with_a_message(program: Path, line: str, message: str) -> None:
    done = subprocess.run([program, "conform"], input=line, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert "verdict" not in done.stdout


@pytest.mark.parametrize(("options", "name"), [((), ""), (("--streaming",), "-streaming")])
def test_every_failure_is_known_and_explained(program: Path, options: tuple[str, ...], name: str) -> None:
    command = shlex.join([str(program), "conform", *options])
    known = read_known(str(REPOSITORY / "parsers" / "rust-reference" / f"known-failures{name}.toml"))
    suite = Suite(recipes.read())
    run = conform(suite, lambda: NdjsonPlug(command), Settings(jobs=2), known=known, date="")
    assert not run.faults
    assert not [(result.vector, result.outcome, result.detail) for result in run.results if result.counts]
    assert NOT_LOOKED_INTO not in {entry.reason for entry in known.entries}
    # The list stands as `--update-known` leaves it.
    assert known.updated(run.results, suite.vectors.keys()) == Path(known.name).read_text("utf-8")
