"""The rules of the house in the parsers of other languages: what people write there knows no number of the format.

Sizes, places, element types and their geometry come from the generated files beside it. Here source is read line by
line, without its texts and comments.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from aprfmt.codegen import ksy, metadata_schema
from aprfmt.codegen.parsers import EMITTERS
from aprfmt.codegen.parsers.facts import gather

ROOT = Path(__file__).resolve().parents[2]
PARSERS = ROOT / "parsers"
LANGUAGES = {"python": ".py", "javascript": ".js", "java": ".java", "go": ".go"}
LONGEST = 400
"""Lines of the longest module, as in the rest of the project."""

# What looks like a number of the format and is none, by file and number.
EXCEPTIONS = {
    ("go/apr/dtype.go", 64): "the width of a machine integer, beyond which a product is not computed",
    ("go/apr/jsontext.go", 20): "digits that the reference keeps of a number",
    ("java/src/main/java/org/aprfmt/reader/MetadataParser.java", 20): "digits that the reference keeps of a number",
    ("java/src/main/java/org/aprfmt/reader/Texts.java", 40): "how much a message shows",
    ("java/src/main/java/org/aprfmt/reader/MetadataParser.java", 128): "the bits that mark a byte of UTF-8",
    ("python/src/aprfmt_reader/_json.py", 20): "digits that the reference keeps of a number",
    ("javascript/src/json.js", 20): "digits that the reference keeps of a number",
    ("javascript/src/json.js", 32): "the blank in ASCII",
    ("javascript/src/json.js", 44): "the comma in ASCII",
    ("javascript/src/stream.js", 32): "half the bits of an integer of 64 bits",
    ("javascript/src/text.js", 40): "how much a message shows",
    ("javascript/src/text.js", 64): "how much a message shows",
}

_TEXTS = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|/\*.*?\*/|\"{3}.*?\"{3}""", re.DOTALL)
_COMMENT = re.compile(r"(?://|(?<!\S)#).*")
# Powers of two that bound memory, and the bases and widths that functions of the library are given.
_MEMORY = re.compile(r"\d+(?: \* 1024)+|\d+ << \d+|toString\(16\)|padStart\(\d+|Parse\w+\(.*")
_NUMBER = re.compile(r"(?<![\w.#])(0x[0-9a-fA-F]+|\d[\d_]*)(?![\w.])")


@cache
def numbers_of_the_format() -> frozenset[int]:
    """Those that are not so small that anything may be one of them."""
    source = (ROOT / "spec/apr_v2.ksy").read_text(encoding="utf-8")
    schema = (ROOT / "spec/metadata.schema.json").read_text(encoding="utf-8")
    facts = gather(ksy.load(source), metadata_schema.read(schema), hashlib.sha256(source.encode()).hexdigest())
    found = {facts.header_size, facts.footer_size, facts.entry_size.constant}
    found |= {number for _, start, stop in facts.header_fields for number in (start, stop)}
    for dtype in facts.dtypes:
        found |= {dtype.code, dtype.block_elems, dtype.block_bytes, dtype.scale_bytes}
    return frozenset(number for number in found if number > 9 and number not in (16, 255, 256))


def written_by_hand(language: str) -> list[Path]:
    """The sources of a parser, without what is generated, what is installed, and the tests."""
    generated = {(ROOT / path).resolve() for path in EMITTERS}
    skipped = {"_generated", "generated", "aprv2", "node_modules", "target", "build", "tests", "test", ".venv", "venv"}
    return [
        path
        for path in sorted((PARSERS / language).rglob(f"*{LANGUAGES[language]}"))
        if path.resolve() not in generated
        and not skipped.intersection(path.relative_to(PARSERS).parts)
        and not path.stem.endswith("_test")
    ]


def code_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a source with their numbers, without texts, comments and amounts of memory."""
    bare = _TEXTS.sub(lambda found: "\n" * found[0].count("\n"), text)
    for number, line in enumerate(bare.splitlines(), 1):
        yield number, _MEMORY.sub("", _COMMENT.sub("", line))


def faults(text: str) -> Iterator[tuple[int, int]]:
    """Lines of a source with the numbers of the format that stand there."""
    for number, line in code_of(text):
        for literal in _NUMBER.findall(line):
            value = int(literal.replace("_", ""), 0)
            if value in numbers_of_the_format():
                yield number, value


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_number_of_the_format_is_written_by_hand(language: str) -> None:
    sources = written_by_hand(language)
    assert len(sources) > 3
    found = [
        f"{path.relative_to(ROOT)}:{line}: {value}"
        for path in sources
        for line, value in faults(path.read_text(encoding="utf-8"))
        if (path.relative_to(PARSERS).as_posix(), value) not in EXCEPTIONS
    ]
    assert not found, "take it from the generated facts:\n" + "\n".join(found)


@pytest.mark.parametrize(("name", "value"), EXCEPTIONS)
def test_every_exception_is_needed(name: str, value: int) -> None:
    assert value in {found for _, found in faults((PARSERS / name).read_text(encoding="utf-8"))}
    assert EXCEPTIONS[name, value]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_module_is_long(language: str) -> None:
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in written_by_hand(language)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    ]
    assert not long


@pytest.mark.parametrize(
    "line", ["start = 44", "long n = 0x40;", "if (code === 12) return", "blocks * 144", "at += 20 + len(name)"]
)
def test_a_number_of_the_format_is_noticed(line: str) -> None:
    assert list(faults(line))


@pytest.mark.parametrize(
    "line",
    [
        "# 64 bytes",
        "x = 1 // 64",
        'x = "64"',
        "piece = 64 * 1024",
        "n = 1 << 20",
        "/* 12 */",
        "name64 = 1",
        "x.toString(16)",
    ],
)
def test_a_number_of_another_thing_is_not(line: str) -> None:
    assert not list(faults(line))
