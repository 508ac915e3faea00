"""What the parsers of other languages are told is what the specification says, and the same in every language."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from aprfmt.codegen import ksy, metadata_schema
from aprfmt.codegen.errors import CodegenError
from aprfmt.codegen.metadata_schema import Key
from aprfmt.codegen.parsers import EMITTERS, go, java, javascript, python
from aprfmt.codegen.parsers.facts import ParserFacts, gather
from aprfmt.layout import TensorIndexEntry, parse_header
from aprfmt.layout._generated import facts as ours
from aprfmt.layout._generated.metadata_schema import KEYS, MetadataKey

ROOT = Path(__file__).resolve().parents[3]
KSY = (ROOT / "spec/apr_v2.ksy").read_text(encoding="utf-8")
SCHEMA = (ROOT / "spec/metadata.schema.json").read_text(encoding="utf-8")


def facts_of(source: str) -> ParserFacts:
    return gather(ksy.load(source), metadata_schema.read(SCHEMA), hashlib.sha256(source.encode()).hexdigest())


FACTS = facts_of(KSY)
TEXTS = {
    "python": python.emit(FACTS),
    "javascript": javascript.emit(FACTS),
    "java": java.emit(FACTS) + java.emit_dtype(FACTS),
    "go": go.emit(FACTS),
}


@pytest.fixture(scope="module")
def module() -> Any:
    """The Python facts, running."""
    made = ModuleType("made_parser_facts")
    sys.modules[made.__name__] = made
    exec(compile(TEXTS["python"], "<facts>", "exec"), vars(made))  # noqa: S102 - this is what is under test
    return made


# What is said


def test_sizes_are_those_of_our_own_facts(module: Any) -> None:
    assert module.HEADER_SIZE == ours.HEADER_SIZE
    assert module.FOOTER_SIZE == ours.FOOTER_SIZE
    assert hashlib.sha256(KSY.encode()).hexdigest() == module.SPEC_SHA256
    assert module.LOOKALIKES == ours.MAGIC_LOOKALIKES


def test_places_are_those_of_our_own_facts(module: Any) -> None:
    header = parse_header(bytes(ours.HEADER_SIZE))
    assert ours.spans_header(header, 0) == module.HEADER_FIELDS
    for name, dims in ((b"", ()), (b"abc", ()), (b"", (1, 2)), (b"a" * 300, (5,) * 255)):
        entry = TensorIndexEntry(
            len_name=len(name), name=name, dtype=0, ndim=len(dims), dims=dims, ofs_tensor=0, len_tensor=0
        )
        found = {}
        for field, (start, size) in module.ENTRY_FIELDS.items():
            begin = start.at(len(name), len(dims))
            found[field] = (begin, begin + size.at(len(name), len(dims)))
        assert found == ours.spans_tensor_index_entry(entry, 0)
        assert module.ENTRY_SIZE.at(len(name), len(dims)) == ours.nbytes_tensor_index_entry(entry)


def test_flags_are_those_of_our_own_facts(module: Any) -> None:
    assert tuple(map(tuple, module.FLAGS)) == ours.FLAGS_BITS


def test_element_types_are_those_of_our_own_facts(module: Any) -> None:
    assert {item.name: item.value for item in module.DType} == {item.name: item.value for item in ours.DType}
    for code, fact in ours.DTYPE_FACTS.items():
        found = module.DType(code).facts
        for name in ("block_elems", "block_bytes", "scale_bytes", "row_padded", "quantized", "doc"):
            assert getattr(found, name) == getattr(fact, name), (code, name)
        assert found.name == fact.id
    assert f"{module.DType.APR_Q4_LEGACY} {module.DType.Q4_K!s}" == "apr_q4 q4_k"


def test_rules_are_the_errors_of_the_default_profile(module: Any) -> None:
    errors = {rule for rule, severity in ours.PROFILES["default"].items() if severity == "error"}
    assert set(module.RULES) == errors
    assert all(found.defect == ours.RULES[rule].defect for rule, found in module.RULES.items())


def test_every_field_that_kaitai_refuses_names_its_rule(module: Any) -> None:
    """The Kaitai output names the place in the ksy of every field that it refuses."""
    output = (ROOT / "parsers/python/src/aprfmt_reader/_generated/apr_v2.py").read_text(encoding="utf-8")
    places = set(re.findall(r'u"(/[^"]*)"', output))
    assert places
    assert set(module.RULE_AT) == places
    assert set(module.RULE_AT) <= set(module.FIELD_AT)
    assert set(module.RULE_AT.values()) <= set(module.RULES)
    assert module.FIELD_AT["/types/flags/seq/11"] == "header.flags.layout_column_major"
    assert module.RULE_AT["/types/tensor_index_entry/seq/1"] == "APR-I003"
    assert module.FIELD_AT["/types/tensor_index_entry/seq/1"] == "tensor_index.entries.name"


def test_metadata_keys_are_those_of_our_own_facts(module: Any) -> None:
    def plain(keys: tuple[MetadataKey, ...]) -> list[Any]:
        return [
            (key.name, key.kind, key.nullable, key.when_absent == "required", key.bits or 0, plain(key.keys))
            for key in keys
        ]

    def listed(keys: tuple[Any, ...]) -> list[Any]:
        return [(*key[:5], listed(key.keys)) for key in keys]

    assert listed(module.METADATA_KEYS) == plain(KEYS)


# The same in every language

LITERAL = re.compile(r"""b?"((?:\\.|[^"\\])*)"|b?'((?:\\.|[^'\\])*)'|\b(\d+)\b|\b(true|false|True|False)\b""")


def literals(text: str) -> list[object]:
    """Every text, number and truth of a source, in its order; comments are left out."""
    found: list[object] = []
    for line in text.splitlines():
        if re.match(r'\s*(?:"""|/\*\*|\*|//)', line):
            continue
        for double, single, number, truth in LITERAL.findall(line):
            if number:
                found.append(int(number))
            elif truth:
                found.append(truth.lower() == "true")
            else:
                body = double or single
                found.append(ast.literal_eval(f"'''{body}'''"))
    return found


def follows(found: list[object], wanted: list[object]) -> bool:
    """Whether all of `wanted` stand in `found`, one after another."""
    first = wanted[0]
    return any(
        found[at : at + len(wanted)] == wanted
        for at, item in enumerate(found)
        if item == first and type(item) is type(first)
    )


def sections() -> Iterator[tuple[str, list[object]]]:
    yield "header", [part for field in FACTS.header_fields for part in field]
    yield "flags", [part for flag in FACTS.flags for part in (flag.name, flag.bit, flag.width)]
    yield (
        "entry",
        [
            part
            for field in FACTS.entry_fields
            for part in (
                field.name,
                *(field.start.constant, field.start.per_name_byte, field.start.per_dim),
                *(field.size.constant, field.size.per_name_byte, field.size.per_dim),
            )
        ],
    )
    yield "rules at", [part for item in FACTS.statements if item.rule for part in (item.source, item.rule)]
    yield "fields at", [part for item in FACTS.statements for part in (item.source, item.field)]
    yield "rules", [part for rule in FACTS.rules for part in rule]


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("what", [name for name, _ in sections()])
def test_every_language_says_the_same(language: str, what: str) -> None:
    assert follows(literals(TEXTS[language]), dict(sections())[what])


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_has_the_same_geometry(language: str) -> None:
    found = literals(TEXTS[language])
    for dtype in FACTS.dtypes:
        numbers = [dtype.block_elems, dtype.block_bytes, dtype.scale_bytes, dtype.row_padded, dtype.quantized]
        member = [] if language == "java" else [dtype.member]
        assert follows(found, [dtype.code, dtype.name, *member, *numbers]) or follows(
            found, [dtype.code, dtype.code, dtype.name, *member, *numbers]
        ), dtype


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_has_the_same_metadata_keys(language: str) -> None:
    def wanted(keys: tuple[Key, ...]) -> Iterator[object]:
        for key in keys:
            yield key.name
            if language in ("python", "javascript"):
                yield key.kind
            yield from (key.nullable, key.when_absent == "required", key.bits or 0)
            yield from wanted(key.keys)

    assert follows(literals(TEXTS[language]), list(wanted(FACTS.metadata_keys)))
    kinds = re.findall(r"\b(string|integer|number|boolean|object)\b", TEXTS[language], re.IGNORECASE)
    assert {kind.lower() for kind in kinds} == {"string", "integer", "number", "boolean", "object"}


def test_the_files_are_the_ones_that_are_registered() -> None:
    assert {path for path, (_, emit) in EMITTERS.items() if emit is python.emit} == {
        "parsers/python/src/aprfmt_reader/_generated/facts.py"
    }
    for path, (comment, emit) in EMITTERS.items():
        assert (comment == "#") == path.endswith(".py")
        assert emit(FACTS).endswith("\n")
        assert not re.search(r"[ \t]+$", emit(FACTS), re.MULTILINE), path


def test_texts_of_the_specification_cannot_end_a_literal() -> None:
    source = KSY.replace("defect: the footer is truncated", 'defect: "the \\"footer\\" isn\'t \\\\ whole"')
    assert source != KSY
    defect = 'the "footer" isn\'t \\ whole'
    facts = facts_of(source)
    assert defect in {rule: words for rule, _, words in facts.rules}.values()
    for text in (python.emit(facts), javascript.emit(facts), java.emit(facts), go.emit(facts)):
        assert follows(literals(text), ["footer-truncated", defect])


# What cannot be said


@pytest.mark.parametrize("part", ["*/", '"""', "\\x"])
def test_a_text_that_would_end_a_comment_is_refused(part: str) -> None:
    """The doc of an element type stands in a comment of every language."""
    old = "doc: IEEE 754 binary32."
    assert KSY.count(old) == 1
    with pytest.raises(CodegenError, match="expected a text for a comment of any language"):
        facts_of(KSY.replace(old, "doc: " + json.dumps("One " + part + " two.")))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [("footer", "end_mark", "a type footer"), ("tensor_index_entry", "row", "a type tensor_index_entry")],
)
def test_a_specification_without_what_parsers_need_is_refused(old: str, new: str, what: str) -> None:
    spec = ksy.load(KSY)
    types = {new if name == old else name: owner for name, owner in spec.types.items()}
    with pytest.raises(CodegenError, match=f"the parsers need {what}, found none"):
        gather(replace(spec, types=types), metadata_schema.read(SCHEMA), "")


def test_bytes_of_go_are_bytes() -> None:
    odd = replace(FACTS, lookalikes=((b"\x93NUM", "a 🗿"),))
    assert '"\\x93NUM": "a 🗿",' in go.emit(odd)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("size: len_name\n        valid", "size: len_name + 0\n        valid", "/types/tensor_index_entry/seq/1"),
        ("repeat-expr: ndim\n", "repeat-expr: ndim + 0\n", "/types/tensor_index_entry/seq/4"),
    ],
)
def test_a_place_that_is_no_sum_of_multiples_is_refused(old: str, new: str, path: str) -> None:
    assert old in KSY
    with pytest.raises(CodegenError) as caught:
        facts_of(KSY.replace(old, new))
    assert caught.value.path.startswith(path)
