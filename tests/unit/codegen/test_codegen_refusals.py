"""What the generator has not been taught ends the run, and the message begins with the path of its place.

Each case changes one thing in one of the small specifications, which are all accepted as they are.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests.unit.codegen.made import SPECS, TYPE, made, text_of

from aprfmt.codegen import ksy
from aprfmt.codegen.errors import CodegenError

GONE = object()


def changed(name: str, where: str, value: Any) -> str:
    """One of the small specifications with `value` at the path `where`, or without what is there."""
    document = yaml.safe_load(text_of(name))
    *steps, last = [int(step) if step.isdigit() else step for step in where.split("/")[1:]]
    node = document
    for step in steps:
        node = node[step]
    if value is GONE:
        del node[last]
    elif isinstance(node, list) and last == len(node):
        node.append(value)
    else:
        node[last] = value
    return yaml.safe_dump(document, sort_keys=False)


def refusal(source: str) -> CodegenError:
    with pytest.raises(CodegenError) as caught:
        made(source)
    assert str(caught.value) == f"{caught.value.path}: {caught.value.message}"
    return caught.value


@pytest.mark.parametrize("name", SPECS)
def test_the_small_specifications_are_accepted(name: str) -> None:
    ksy.load(yaml.safe_dump(yaml.safe_load(text_of(name)), sort_keys=False))


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("container", ""),
        ("container", "/meta"),
        ("bits", "/types/switches"),
        ("container", "/types/head/seq/0"),
        ("container", "/types/head/seq/0/valid"),
        ("container", "/types/head/seq/3/-warn/0"),
        ("container", "/types/head/seq/2/-checksum"),
        ("container", "/instances/gap"),
        ("container", "/instances/gap/-fill"),
        ("container", "/instances/gap/-warn/0"),
        ("container", "/instances/end_of_data"),
        ("lists", "/types/row/params/0"),
        ("lists", "/types/row/params/1"),
        ("lists", "/types/table/instances/first_seven"),
        ("elements", "/enums/colour/0"),
        ("elements", "/enums/element_type/2/-warn"),
        ("strings", "/types/head/seq/0/-lookalikes/0"),
        ("bits", "/types/switches/seq/0"),
        ("judged", "/-rules/T-H01"),
        ("judged", "/-profiles/quick"),
    ],
)
@pytest.mark.parametrize("key", ["unheard", "-unheard", "process", "consume"])
def test_unknown_keys_are_refused_at_every_level(name: str, level: str, key: str) -> None:
    error = refusal(changed(name, f"{level}/{key}", 1))
    assert error.path == f"{level}/{key}"
    assert error.message == "the generator does not know this key here"


@pytest.mark.parametrize(
    "key",
    ["process", "encoding", "terminator", "consume", "include", "pad-right", "eos-error", "repeat-until"],
)
def test_kaitai_keys_that_change_the_bytes_are_refused(key: str) -> None:
    assert refusal(changed("strings", f"/types/body/seq/3/{key}", "x")).path == f"/types/body/seq/3/{key}"


META = [
    ("endian", "be", "only little-endian is known, found 'be'"),
    ("endian", {"switch-on": "a", "cases": {}}, "only little-endian is known"),
    ("endian", GONE, "only little-endian is known, found None"),
    ("bit-endian", "be", "only little-endian bit fields are known, found 'be'"),
    ("id", "Bits", "expected a lower-case name"),
    ("id", "class", "expected a lower-case name that Python can use too"),
    ("id", GONE, "expected a lower-case name that Python can use too, found None"),
    ("title", 5, "expected a text, found 5"),
]


@pytest.mark.parametrize(("key", "value", "message"), META)
def test_meta(key: str, value: Any, message: str) -> None:
    error = refusal(changed("bits", f"/meta/{key}", value))
    assert error.path == f"/meta/{key}"
    assert error.message.startswith(message)


U1 = {"id": "x", "type": "u1", "doc": "X."}
BYTES = {"id": "x", "size": 4, "doc": "X."}
LIST = {**U1, "repeat": "expr", "repeat-expr": 3}
CONTENTS = {"id": "x", "contents": "AB", "doc": "X.", "-rule": "T-1"}
CHECK = {"-rule": "T-1", "eq": 1}

FIELDS: list[tuple[dict[str, Any], str, str]] = [
    # the field itself, the path below it, the message
    ({"type": "u1", "doc": "X."}, "id", "expected a lower-case name that Python can use too, found None"),
    ({**U1, "id": "from"}, "id", "expected a lower-case name that Python can use too"),
    ({**U1, "id": "Upper"}, "id", "expected a lower-case name"),
    ({**U1, "id": "keys"}, "id", "'keys' is a method of the trees that are built"),
    ({**U1, "id": "one"}, "id", "'one' is the id of another field of this type"),
    ({"id": "x", "type": "u1"}, "doc", "expected a text, found None"),
    ({**U1, "doc": "  "}, "doc", "expected a text"),
    ({**U1, "doc-ref": 5}, "doc-ref", "expected a text, found 5"),
    ({**U1, "-orig-id": 5}, "-orig-id", "expected a text, found 5"),
    # types
    *(
        ({**U1, "type": kind}, "type", f"the generator does not know the type {kind!r}")
        for kind in ("str", "strz", "f4", "f8", "s1", "s8", "u4be", "u4le", "f4be", "b65", "b4le", "u 1", "a::b", "T")
    ),
    ({**U1, "type": {"switch-on": "one", "cases": {}}}, "type", "switches are unknown here"),
    ({**U1, "type": 4}, "type", "switches are unknown here, found 4"),
    ({**U1, "type": "nothing"}, "type", "no type is called 'nothing'"),
    ({**U1, "type": "numbers(1)"}, "type", "numbers takes 0 parameters, found 1"),
    ({**U1, "type": "numbers"}, "type", "numbers would contain itself"),
    ({**U1, "type": "numbers(1"}, "type", "the generator does not know the type 'numbers(1'"),
    ({**U1, "type": "b4"}, "/seq", "a type is either all bits or all bytes"),
    # size
    ({"id": "x", "doc": "X."}, "", "the size of this field is not known"),
    ({**BYTES, "size-eos": True}, "", "expected a type, `size` or `size-eos`"),
    ({"id": "x", "doc": "X.", "size-eos": False}, "size-eos", "expected true, found False"),
    ({**U1, "size": 1}, "size", "does not go with a field of kind integer"),
    ({**U1, "size": 8}, "size", "does not go with a field of kind integer"),
    ({**CONTENTS, "size": 2}, "size", "does not go with a field of kind contents"),
    ({**U1, "size-eos": True}, "size-eos", "does not go with a field of kind integer"),
    ({**BYTES, "size": "nothing"}, "size", "'nothing' is no field of numbers"),
    ({**BYTES, "size": "one < 2"}, "size", "expected a number, found a truth value"),
    ({**BYTES, "size": "_"}, "size", "'_' is no field of numbers"),
    ({**BYTES, "size": "_index"}, "size", "'_index' is no field of numbers"),
    ({**BYTES, "size": "one.two"}, "size", "expected an object before .two, found a number"),
    ({**BYTES, "size": "one[0]"}, "size", "expected a list before [, found a number"),
    ({**BYTES, "size": "_root.nothing"}, "size", "'nothing' is no field of integers"),
    ({**BYTES, "size": "_root.numbers.nothing"}, "size", "'nothing' is no field of numbers"),
    ({**BYTES, "size": "_parent.nothing"}, "size", "'nothing' is no field of integers"),
    ({**BYTES, "size": "_io.size"}, "size", "only the size of the whole file is known of `_io`"),
    ({**BYTES, "size": "_io.pos"}, "size", "only the size of the whole file is known of `_io`"),
    ({**BYTES, "size": "4 / one"}, "size", "expected a constant that is not zero as the divisor"),
    ({**BYTES, "size": "4 % 0"}, "size", "expected a constant that is not zero as the divisor"),
    ({**BYTES, "size": "(one and 2)"}, "size", "expected a truth value, found a number"),
    ({**BYTES, "size": "one ? 2 : 3"}, "size", "expected a truth value, found a number"),
    ({**BYTES, "size": "true ? 2 : false"}, "size", "expected a number, found a truth value"),
    ({**BYTES, "size": "align(one, 4)"}, "size", "align stands under dash keys only"),
    ({**BYTES, "size": "x.length"}, "size", "expected an object before .length, found bytes"),
    ({**BYTES, "size": "one.to_s"}, "size", "expected an object before .to_s, found a number"),
    ({**BYTES, "size": "one.to_i(16)"}, "size", "methods are unknown here: 'to_i'"),
    ({**BYTES, "size": "sizeof(one)"}, "size", "unknown function 'sizeof'"),
    ({**BYTES, "size": '"four"'}, "size", "expected an expression"),
    ({**BYTES, "size": "1 < 2 < 3"}, "size", "comparisons do not chain"),
    ({**BYTES, "size": "0xffffffffffffffff"}, "size", "an integer beyond 2^53"),
    ({**BYTES, "size": None}, "size", "expected an expression, found None"),
    # contents
    ({**CONTENTS, "contents": []}, "contents", "expected at least one byte"),
    ({**CONTENTS, "contents": [256]}, "contents/0", "expected a byte, found 256"),
    ({**CONTENTS, "contents": ["A", -1]}, "contents/1", "expected an integer of at least 0, found -1"),
    ({**CONTENTS, "contents": 5}, "contents", "expected a list, found 5"),
    ({**CONTENTS, "type": "u2"}, "type", "does not go with a field of kind contents"),
    ({"id": "x", "contents": "AB", "doc": "X."}, "-rule", "expected a text, found None"),
    ({**CONTENTS, "valid": CHECK}, "valid", "does not go with a field of kind contents"),
    ({**CONTENTS, "-lookalikes": [{"bytes": "ABC", "name": "N"}]}, "-lookalikes/0/bytes", "expected other bytes"),
    ({**CONTENTS, "-lookalikes": [{"bytes": "AB", "name": "N"}]}, "-lookalikes/0/bytes", "expected other bytes"),
    ({**CONTENTS, "-lookalikes": [{"bytes": "AC"}]}, "-lookalikes/0/name", "expected a text, found None"),
    # repetition
    ({**LIST, "repeat": "eos"}, "repeat", "only `repeat: expr` is known, found 'eos'"),
    ({**LIST, "repeat": "until"}, "repeat", "only `repeat: expr` is known, found 'until'"),
    ({**U1, "repeat": "expr"}, "repeat-expr", "goes with `repeat: expr`"),
    ({**U1, "repeat-expr": 3}, "repeat-expr", "goes with `repeat: expr`"),
    ({**LIST, "repeat-expr": "nothing"}, "repeat-expr", "'nothing' is no field of numbers"),
    ({**LIST, "valid": CHECK}, "valid", "does not go with a repeated field"),
    ({**LIST, "-warn": []}, "-warn", "does not go with a repeated field"),
    ({**LIST, "-default": 1}, "-default", "does not go with a repeated field"),
    ({**LIST, "-build": 1}, "-build", "does not go with a repeated field"),
    ({**BYTES, "repeat": "expr", "repeat-expr": 3}, "repeat", "does not go with a field of kind bytes"),
    ({**CONTENTS, "repeat": "expr", "repeat-expr": 3}, "repeat", "does not go with a field of kind contents"),
    ({**LIST, "-unique-sorted": "one"}, "-unique-sorted", "does not go with a field of kind integer"),
    # conditions and places
    ({**U1, "if": "one == 1"}, "if", "`if` is known at the top level only"),
    ({**U1, "if": "one"}, "if", "expected a truth value, found a number"),
    ({**U1, "pos": 5}, "pos", "does not go with a field of kind integer"),
    ({**U1, "io": "_root._io"}, "io", "does not go with a field of kind integer"),
    ({**U1, "-optional": "absent"}, "-optional", "does not go with a field of kind integer"),
    # enums
    ({**U1, "enum": "nothing"}, "enum", "no enum is called 'nothing'"),
    ({**BYTES, "enum": "nothing"}, "enum", "does not go with a field of kind bytes"),
    # derivations
    ({**U1, "-default": 256}, "-default", "256 does not fit into the field"),
    ({**U1, "-default": -1}, "-default", "expected an integer of at least 0, found -1"),
    ({**U1, "-default": "one"}, "-default", "expected an integer of at least 0, found 'one'"),
    ({**U1, "-default": True}, "-default", "a truth value goes with a single bit"),
    ({**BYTES, "-default": 0}, "-default", "does not go with a field of kind bytes"),
    ({**U1, "-default": 1, "-build": "one"}, "-build", "derived in more than one way: -default, -build"),
    ({**U1, "-count-of": "one", "-size-of": "one"}, "-size-of", "derived in more than one way: -count-of, -size-of"),
    ({**CONTENTS, "-default": 1}, "-default", "does not go with a field of kind contents"),
    ({**U1, "-count-of": "nothing"}, "-count-of", "'nothing' is no field beside this one"),
    ({**U1, "-count-of": "one"}, "-count-of", "'one' is not repeated"),
    ({**U1, "-count-of": "numbers.nothing"}, "-count-of", "'numbers.nothing' leads nowhere"),
    ({**U1, "-count-of": "numbers.one.two"}, "-count-of", "'numbers.one.two' leads nowhere"),
    ({**U1, "-count-of": ["one"]}, "-count-of", "expected a text"),
    ({**U1, "-size-of": "one"}, "-size-of", "'one' is not bytes that are always given"),
    ({**U1, "-offset-of": "one"}, "-offset-of", "'one' is no section"),
    ({**U1, "-offset-of": "alignment"}, "-offset-of", "'alignment' is no section"),
    ({**U1, "-build": "nothing + 1"}, "-build", "'nothing' is no field of numbers"),
    ({**U1, "-build": "_io.size"}, "-build", "only the size of the whole file is known"),
    ({**U1, "-build": "max_of(one, _)"}, "-build", "expected a list, found a number"),
    ({**U1, "-build": "align(1, one)"}, "-build", "expected a constant that is not zero as the grid"),
    ({**U1, "-build": "nbytes(one, two)"}, "-build", "expected a list of a number, found a number"),
    # filler
    ({**U1, "-fill": {"byte": 0}}, "-fill", "does not go with a field of kind integer"),
    ({**BYTES, "-fill": 0}, "-fill", "expected a mapping, found 0"),
    ({**BYTES, "-fill": {"byte": 1}}, "-fill/byte", "only zero filler is known"),
    ({**BYTES, "-fill": {}}, "-fill/byte", "expected an integer of at least 0, found None"),
    (
        {**BYTES, "-fill": {"byte": 0, "align": 4}},
        "-fill/align",
        "goes with a size that the specification does",
    ),
    ({**BYTES, "size": "one", "-fill": {"byte": 0}}, "-fill/align", "expected: how far?"),
    ({**BYTES, "-fill": {"byte": 0, "align": 0}}, "-fill/align", "expected an integer of at least 1, found 0"),
    # meaning of bytes
    ({**BYTES, "-encoding": "latin-1"}, "-encoding", "expected UTF-8, found 'latin-1'"),
    ({**U1, "-encoding": "UTF-8"}, "-encoding", "does not go with a field of kind integer"),
    ({**BYTES, "-type": "xml"}, "-type", "expected json, found 'xml'"),
    ({**BYTES, "-schema": "x.json"}, "-schema", "goes with `-type: json`"),
    # statements
    ({**U1, "valid": 5}, "valid", "expected a mapping, found 5"),
    ({**U1, "valid": {"eq": 5}}, "valid/-rule", "expected a text, found None"),
    ({**U1, "valid": {"-rule": "T-1"}}, "valid", "a check says what it checks"),
    ({**U1, "valid": {"-rule": "T-1", "any-of": [1, 2]}}, "valid/any-of", "the generator does not know this key here"),
    ({**U1, "valid": {"-rule": "T-1", "eq": "nothing"}}, "valid/eq", "'nothing' is no field of numbers"),
    ({**U1, "valid": {"-rule": "T-1", "eq": True}}, "valid/eq", "expected a number, found a truth value"),
    ({**U1, "valid": {"-rule": "T-1", "max": 2**53 + 1}}, "valid/max", "an integer beyond 2^53 is lost"),
    (
        {**U1, "valid": {"-rule": "T-1", "max": str(2**64 - 1)}},
        "valid/max",
        "an integer beyond 2^53",
    ),
    ({**U1, "valid": {"-rule": "T-1", "max": "align(one, 8)"}}, "valid/max", "align stands under dash keys only"),
    ({**U1, "valid": {"-rule": "T-1", "max": "_"}}, "valid/max", "'_' is no field of numbers"),
    ({**U1, "valid": {"-rule": "T-1", "eq": 1, "min": 0}}, "valid", "eq and min do not go together"),
    ({**U1, "valid": {"-rule": "T-1", "expr": "_ == 1", "min": 0}}, "valid", "expr and min do not go together"),
    ({**U1, "valid": {"-rule": "T-1", "in-enum": True}}, "valid/in-enum", "goes with an enum"),
    ({**U1, "valid": {"-rule": "T-1", "in-enum": False}}, "valid/in-enum", "expected true, found False"),
    ({**U1, "valid": {"-rule": "T-1", "expr": "_ + 1"}}, "valid/expr", "expected a truth value, found a number"),
    ({**U1, "valid": {**CHECK, "-expected": "words"}}, "valid/-expected", "goes with `expr`"),
    ({**BYTES, "valid": CHECK}, "valid/eq", "the generator does not know this key here"),
    ({**U1, "-rule": "T-1"}, "-rule", "does not go with a field of kind integer"),
    ({**U1, "-warn": {"eq": 1}}, "-warn", "expected a list"),
    ({**U1, "-warn": [5]}, "-warn/0", "expected a mapping, found 5"),
    ({**U1, "-warn": [{"eq": 1}]}, "-warn/0/rule", "expected a text, found None"),
    (
        {**U1, "-warn": [{"eq": 1, "rule": "T-1", "severity": "info"}]},
        "-warn/0/severity",
        "the generator does not know this key here",
    ),
    ({**U1, "-warn": [{"rule": "T-1"}]}, "-warn/0", "a check says what it checks"),
    (
        {**U1, "-warn": [{"eq": "nothing", "rule": "T-1"}]},
        "-warn/0/eq",
        "'nothing' is no field of numbers",
    ),
    (
        {**U1, "-warn": [{"multiple-of": 0, "rule": "T-1"}]},
        "-warn/0/multiple-of",
        "expected an integer of at least 1",
    ),
    (
        {**U1, "-warn": [{"zero": True, "rule": "T-1"}]},
        "-warn/0/zero",
        "the generator does not know",
    ),
    (
        {**BYTES, "-warn": [{"zero": False, "rule": "T-1"}]},
        "-warn/0/zero",
        "expected true, found False",
    ),
    (
        {**U1, "-warn": [{"present": True, "rule": "T-1"}]},
        "-warn/0/present",
        "the generator does not know this key here",
    ),
    # checksums
    ({**U1, "-checksum": 5}, "-checksum", "expected a mapping, found 5"),
    ({**U1, "-checksum": {}}, "-checksum/algorithm", "expected crc32, found None"),
    ({**U1, "-checksum": {"algorithm": "md5"}}, "-checksum/algorithm", "expected crc32, found 'md5'"),
    ({**U1, "-checksum": {"algorithm": "crc32"}}, "-checksum/covers", "expected all-before or header, found None"),
    (
        {**U1, "-checksum": {"algorithm": "crc32", "covers": "everything", "rule": "T-1"}},
        "-checksum/covers",
        "expected all-before or header, found 'everything'",
    ),
    ({**U1, "-checksum": {"algorithm": "crc32", "covers": "header"}}, "-checksum/rule", "expected a text, found None"),
    (
        {**U1, "-checksum": {"algorithm": "crc32", "covers": "header", "rule": "T-1"}},
        "-checksum",
        "goes with a u4 of a type that is one section",
    ),
]


@pytest.mark.parametrize(
    ("field", "below", "message"), FIELDS, ids=lambda value: value if isinstance(value, str) else None
)
def test_fields(field: dict[str, Any], below: str, message: str) -> None:
    error = refusal(changed("integers", "/types/numbers/seq/4", field))
    path = "/types/numbers/seq/4" if not below.startswith("/") else "/types/numbers"
    assert error.path == f"{path}/{below.lstrip('/')}".rstrip("/")
    assert error.message.startswith(message) or message in error.message


PLACES: list[tuple[str, str, Any, str | None, str]] = [
    # specification, where, what, the path of the error when it is another, message
    ("bits", "/types/switches/seq/0/-build", 1, None, "does not go with a field of kind bits"),
    ("bits", "/types/switches/seq/0/repeat", "expr", None, "does not go with a field of kind bits"),
    ("bits", "/types/switches/seq/1/-default", 8, None, "8 does not fit into the field"),
    ("bits", "/types/switches/seq/1/-default", True, None, "a truth value goes with a single bit"),
    ("bits", "/types/switches/seq/1/type", "b2", "/types/switches/seq", "expected whole bytes, found 15 bits"),
    ("bits", "/types/switches/seq/3/valid/eq", 0, None, "expected a truth value, found a number"),
    ("bits", "/types/switches/seq/3/valid/eq", "low", None, "'low' is a bit: bits cannot be used in an expression"),
    ("bits", "/types/switches/seq/4", {"id": "x", "type": "u1", "doc": "X."}, "/types/switches/seq", "either all bits"),
    ("bits", "/types/switches/meta", {"bit-endian": "be"}, "/types/switches/meta/bit-endian", "only little-endian bit"),
    ("bits", "/types/switches/meta", {"endian": "be"}, "/types/switches/meta/endian", "only little-endian is known"),
    ("bits", "/types/switches/meta", {"encoding": "UTF-8"}, "/types/switches/meta/encoding", "does not know this key"),
    ("bits", "/meta/bit-endian", GONE, "/types/switches/meta/bit-endian", "expected le"),
    ("bits", "/types/panel/seq/0/size", 3, None, "expected the size of switches, 2"),
    ("bits", "/types/panel/seq/0/size", "lamp", None, "expected the size of switches, 2"),
    ("bits", "/types/panel/seq/0/valid", CHECK, None, "does not go with a field of kind type"),
    ("bits", "/types/panel/seq/0/-default", 0, None, "does not go with a field of kind type"),
    (
        "bits",
        "/types/panel/seq/1/valid",
        {"-rule": "T", "eq": "switches.level"},
        "/types/panel/seq/1/valid/eq",
        "is a bit",
    ),
    ("bits", "/seq/0/size", 4, None, "expected the size of panel, 3"),
    ("bits", "/seq/0/if", "true", "/seq/0", "no `if`"),
    ("bits", "/-records", ["Panel"], None, "expected a mapping"),
    ("bits", "/-records/panel", 5, None, "expected a text, found 5"),
    ("bits", "/-records/panel", "panel", None, "expected a capitalised name of its own"),
    ("bits", "/-records/panel", "Switches", None, "expected a capitalised name of its own"),
    ("bits", "/-records/nothing", "Nothing", None, "no type or enum is called so"),
    ("bits", "/-records/switches", GONE, "/types/panel/seq/0/type", "'switches' has no name under -records"),
    ("bits", "/-layout", "panel", None, "expected a list, found 'panel'"),
    ("bits", "/-layout", [5], "/-layout/0", "expected a lower-case name"),
    ("bits", "/-layout", ["panel", "nothing"], None, "no field or instance is called 'nothing'"),
    ("bits", "/-layout", ["panel", "panel"], "/-layout/1", "'panel' is placed twice"),
    ("bits", "/-layout", [], None, "expected panel first"),
    ("bits", "/types/len", {"doc": "X."}, None, "the generated modules use this name themselves"),
    ("bits", "/types/bits", {"doc": "X."}, None, "the generated modules use this name themselves"),
    ("bits", "/types/Upper", {"doc": "X."}, None, "expected a lower-case name"),
    ("bits", "/types/panel/doc", GONE, None, "expected a text, found None"),
    ("bits", "/types/panel", 5, None, "expected a mapping, found 5"),
    ("bits", "/types/panel/seq", {}, None, "expected a list"),
    ("bits", "/doc", GONE, None, "expected a text, found None"),
    ("container", "/-layout/1", "grid", "/-layout/1", "a section is bytes or a type, found 'grid' of kind value"),
    ("container", "/-layout", ["head", "gap", "payload"], "/instances/data", "-layout places every part of the file"),
    ("container", "/-layout", ["gap", "head"], None, "expected head first"),
    ("container", "/seq/0/size", "head.last", "/seq/0", "a section of the sequence needs a fixed size"),
    ("container", "/seq/0/size", 27, None, "expected the size of head, 28"),
    ("container", "/instances/gap/pos", GONE, None, "an instance has a value or a place"),
    ("container", "/instances/gap/pos", "nothing", None, "'nothing' is no field of container"),
    ("container", "/instances/gap/pos", "_parent", None, "container has no parent"),
    ("container", "/instances/gap/size", 4, "/instances/gap", "a section of bytes has a computed size"),
    ("container", "/instances/gap/size-eos", True, "/instances/gap", "expected a type, `size` or `size-eos`"),
    ("container", "/instances/gap/contents", "AB", "/instances/gap/size", "does not go with a field of kind contents"),
    ("container", "/instances/gap/io", "_root._io", None, "does not go with a field of kind bytes"),
    ("container", "/instances/gap/value", 1, "/instances/gap/size", "does not go with a field of kind value"),
    ("container", "/instances/gap/-optional", "absent", None, "goes with `if` on a section"),
    ("container", "/instances/gap/if", "len_file > 5", "/instances/gap/-optional", "goes with `if` on a section"),
    ("container", "/instances/tail/-optional", "maybe", None, "expected absent or derived, found 'maybe'"),
    ("container", "/instances/tail/-optional", GONE, None, "goes with `if` on a section, and `if` with it"),
    ("container", "/instances/tail/if", "end_of_data", None, "expected a truth value, found a number"),
    ("container", "/instances/tail/size", "head.last", None, "expected the size of tail, 4"),
    ("container", "/instances/tail/-warn/0/present", False, None, "expected true, found False"),
    ("container", "/instances/tail/type", "record", None, "record stands alone, and is no part of the file"),
    ("container", "/types/record/-standalone", True, None, "expected a text, found True"),
    ("container", "/types/record/-standalone", " ", None, "expected a text, found ' '"),
    ("container", "/instances/len_file/value", "_io.pos", None, "only the size of the whole file is known"),
    ("container", "/instances/grid/valid", CHECK, None, "does not go with a field of kind value"),
    ("container", "/instances/grid/if", "true", None, "does not go with a value"),
    ("container", "/instances/grid/pos", 5, None, "does not go with a value"),
    ("container", "/instances/grid/type", "u4", None, "does not go with a field of kind value"),
    ("container", "/instances/grid/value", "grid + 1", "/instances/grid", "'grid' is defined by itself"),
    ("container", "/instances/grid/value", "grid", "/instances/grid", "'grid' is defined by itself"),
    ("container", "/instances/grid/value", "_root.grid", "/instances/grid", "'grid' is defined by itself"),
    ("container", "/instances/grid/value", "1 < 2", None, "expected a number, found a truth value"),
    (
        "container",
        "/instances/end_of_data/-value",
        "max_of(head, _)",
        "/instances/end_of_data/value",
        "expected a list",
    ),
    ("container", "/types/head/seq/0/-build", "_root.len_file", None, "derived in more than one way"),
    ("container", "/types/head/seq/2/-checksum/covers", "header-and-all", None, "expected all-before or header"),
    (
        "container",
        "/types/head/seq/2/type",
        "u8",
        "/types/head/seq/2/-checksum",
        "goes with a u4",
    ),
    ("container", "/types/head/seq/1/-size-of", "gap", None, "'gap' is not bytes that are always given"),
    ("container", "/types/head/seq/1/-size-of", "tail", None, "'tail' is not bytes that are always given"),
    (
        "container",
        "/types/head/instances",
        {"p": {"pos": 4, "size": 1, "doc": "P."}},
        "/types/head/instances/p/pos",
        "top",
    ),
    ("strings", "/instances/body/size", GONE, None, "expected a computed size, and body to take up all of it"),
    ("strings", "/instances/body/size", 40, None, "expected a computed size, and body to take up all of it"),
    ("strings", "/types/body/seq/3", {**U1}, "/instances/body/size", "body to take up all of it by `size-eos`"),
    ("strings", "/types/body/seq/4", {**U1}, "/types/body/seq/3/size-eos", "nothing can stand behind it"),
    ("strings", "/types/body/seq/1/-encoding", True, None, "expected UTF-8, found True"),
    ("strings", "/types/body/seq/2/size", "16 - len_text / version", None, "'version' is no field of body"),
    ("lists", "/types/row/params/0/-value", GONE, "/types/row/params/0", "expected either -value"),
    (
        "lists",
        "/types/row/params/0/-kaitai-only",
        "why",
        "/types/row/params/0",
        "expected either -value or -kaitai-only",
    ),
    ("lists", "/types/row/params/1/-kaitai-only", True, None, "expected a text, found True"),
    ("lists", "/types/row/params/0/type", "str", None, "the generator does not know the type 'str' here"),
    ("lists", "/types/row/params/0/type", "struct", None, "the generator does not know the type 'struct' here"),
    ("lists", "/types/row/params/0/id", "key", "/types/row/params/0/id", "'key' is the id of another field"),
    ("lists", "/types/table/instances/first_seven/-kaitai-only", 5, None, "expected a text, found 5"),
    ("lists", "/types/table/instances/first_seven/-default", 5, None, "does not go with a field for Kaitai alone"),
    ("lists", "/types/table/seq/0/type", "row", None, "row takes 2 parameters, found 0"),
    ("lists", "/types/table/seq/0/type", "row(1, 2, 3)", None, "row takes 2 parameters, found 3"),
    ("lists", "/types/table/seq/0/type", "row(1, align(2, 3))", None, "align stands under dash keys only"),
    ("lists", "/types/table/seq/0/size", 4, None, "row has no fixed size"),
    ("lists", "/types/table/seq/0/size", "_root.head.num_rows", None, "row has no fixed size"),
    ("lists", "/types/table/seq/0/-unique-sorted", "ofs", None, "'ofs' is no field of bytes"),
    ("lists", "/types/table/seq/0/-unique-sorted", "nothing", None, "'nothing' is no field of bytes"),
    ("lists", "/types/table/seq/1/repeat-expr", "first_seven", None, "it exists for Kaitai alone"),
    ("lists", "/types/table/seq/1/repeat-expr", "rows", None, "expected a number, found a list of a row"),
    ("lists", "/types/table/seq/1/repeat-expr", "rows[0]", None, "expected a number, found a row"),
    ("lists", "/types/table/seq/1/repeat-expr", "rows.ofs", None, "before .ofs, found a list of a row"),
    ("lists", "/types/table/seq/1/repeat-expr", "rows[0].double", None, "'double' is no field of row"),
    ("lists", "/types/point/seq", [], "/types/table/seq/1/repeat", "point may be empty"),
    ("lists", "/types/row/seq/2/-build", "nbytes(ofs, cells)", None, "expected a field of an enum with -block-elems"),
    ("lists", "/types/row/seq/2/-build", "_root.table.nothing", None, "'nothing' is no field of table"),
    ("lists", "/types/head/seq/0/-count-of", "table.rows.key", None, "'table.rows.key' leads nowhere"),
    ("lists", "/-records/table", "Table", "/types/table/seq/0/repeat", "a record holds no list of records"),
    ("elements", "/enums", [], None, "expected a mapping"),
    ("elements", "/enums/colour", [], None, "expected a mapping of integers to members"),
    ("elements", "/enums/colour", {}, None, "expected a mapping of integers to members"),
    ("elements", "/enums/Colour", {0: {}}, None, "expected a lower-case name"),
    ("elements", "/enums/colour/0", "red", None, "expected a mapping, found 'red'"),
    (
        "elements",
        "/enums/colour/red",
        {"id": "pink", "doc": "P."},
        None,
        "expected an integer of at least 0, found 'red'",
    ),
    ("elements", "/enums/colour/512/id", "red", None, "'red' is the id of another member"),
    ("elements", "/enums/colour/512/id", "None", None, "expected a lower-case name"),
    ("elements", "/enums/colour/512/doc", GONE, None, "expected a text, found None"),
    ("elements", "/enums/colour/512/-orig-id", 5, None, "expected a text, found 5"),
    ("elements", "/enums/colour/512/-quantized", True, "/enums/colour/512", "expected -block-elems"),
    ("elements", "/enums/element_type/1/-block-elems", 0, None, "expected an integer of at least 1, found 0"),
    ("elements", "/enums/element_type/1/-block-elems", True, None, "expected an integer of at least 1, found True"),
    ("elements", "/enums/element_type/1/-block-bytes", GONE, "/enums/element_type/1", "expected -block-bytes"),
    ("elements", "/enums/element_type/1/-row-padded", 1, None, "expected true or false, found 1"),
    ("elements", "/enums/element_type/2/-alias-of", "nothing", None, "'nothing' is no member with a place of its own"),
    ("elements", "/enums/element_type/2/-alias-of", "old_block", None, "is no member with a place of its own"),
    ("elements", "/enums/element_type/2/-alias-of", GONE, "/enums/element_type/2", "expected -block-elems"),
    ("elements", "/enums/element_type/2/-block-elems", 32, None, "an alias takes this from the member"),
    ("elements", "/enums/element_type/2/-warn/rule", GONE, None, "expected a text, found None"),
    ("elements", "/enums/element_type/2/-warn/severity", "info", None, "the generator does not know this key here"),
    (
        "elements",
        "/types/element/seq/1/type",
        "u1",
        "/types/element/seq/1/enum",
        "512 (/enums/colour/512) does",
    ),
    ("elements", "/types/element/seq/0/valid/min", 1, "/types/element/seq/0/valid", "do not go together"),
    ("elements", "/types/element/seq/4/-build", "nbytes(ndim, dims)", None, "expected a field of an enum with -block"),
    ("elements", "/types/element/seq/4/-build", "nbytes(kind, kind)", None, "expected a list of a number"),
    ("elements", "/types/colour", {"doc": "X."}, "/enums/colour", "a type is called the same"),
]


@pytest.mark.parametrize(
    ("name", "where", "value", "path", "message"),
    PLACES,
    ids=str,
)
def test_places(name: str, where: str, value: Any, path: str | None, message: str) -> None:
    error = refusal(changed(name, where, value))
    assert error.path == (path or where)
    assert message in error.message


def test_the_size_of_the_file_is_unknown_while_it_is_built() -> None:
    source = changed(
        "container", "/types/head/seq/4", {"id": "x", "type": "u8", "doc": "X.", "-build": "_root.len_file"}
    )
    error = refusal(source)
    assert error.path == "/types/head/seq/4/-build"
    assert error.message == "the size of the file is not known while it is built"


def test_sizes_from_geometry_are_known_while_building_only() -> None:
    warn = [{"eq": "nbytes(kind, dims)", "rule": "T-1"}]
    error = refusal(changed("elements", "/types/element/seq/4/-warn", warn))
    assert error.path == "/types/element/seq/4/-warn/0/eq"
    assert error.message == "nbytes stands under -build only"


def test_two_constants_of_one_name_are_refused() -> None:
    source = changed("container", "/types/tail/seq/1", {"id": "last", "type": "u4", "doc": "X.", "-default": 5})
    error = refusal(source)
    assert error.path == "/types/head/seq/4"
    assert error.message == "LAST is a constant already, made from /types/tail/seq/1"


def test_types_that_contain_each_other_are_refused() -> None:
    source = TYPE + "    seq: [{id: a, type: u, doc: A.}]\n  u:\n    doc: U.\n    seq: [{id: b, type: t, doc: B.}]\n"
    assert refusal(source).path == "/types/u/seq/0/type"


def test_a_type_that_reads_to_the_end_is_a_section_or_nothing() -> None:
    rest = "  u:\n    doc: U.\n    seq: [{id: b, size-eos: true, doc: B.}]\n"
    error = refusal(TYPE + "    seq: [{id: a, type: u, doc: A.}]\n" + rest)
    assert (error.path, error.message) == ("/types/t/seq/0/type", "u reads up to the end: it can be a section only")


def test_a_section_of_a_number_or_a_list_is_refused() -> None:
    document = "meta: {id: small, endian: le}\ndoc: Small.\nseq:\n  - "
    number = refusal(document + "{id: a, type: u4, doc: A.}\n")
    assert (number.path, number.message) == ("/-layout/0", "a section is bytes or a type, found 'a' of kind integer")
    fixed = refusal(document + "{id: a, size: 4, doc: A.}\n")
    assert fixed.path == "/seq/0"
    variable = refusal(document + "{id: a, size: _io.size, doc: A.}\n")
    assert (variable.path, variable.message) == ("/seq/0/size", "a section of the sequence needs a fixed size")
    types = "types:\n  t:\n    doc: T.\n    seq: [{id: b, type: u1, doc: B.}]\n"
    repeated = refusal(document + "{id: a, type: t, repeat: expr, repeat-expr: 2, doc: A.}\n" + types)
    assert repeated.path == "/seq/0/repeat"


@pytest.mark.parametrize(
    ("yaml_text", "path", "message"),
    [
        ("", "/", "expected a mapping, found None"),
        ("- a", "/", "expected a mapping"),
        ("a: [", "/", "not YAML"),
        ("a: 1\n\tb: 2", "/", "not YAML"),
        ("meta: {id: x}\nmeta: {id: y}", "/meta", "duplicate key (line 2)"),
        (
            "types:\n  t:\n    seq:\n      - id: a\n        doc: A.\n        doc: B.",
            "/types/t/seq/0/doc",
            "duplicate key (line 6)",
        ),
        ("enums:\n  e:\n    1: {id: a}\n    0x1: {id: b}", "/enums/e/1", "duplicate key (line 4)"),
        ("a: &x 1\nb: *x", "/b", "aliases are unknown here"),
        ("a: &x [*x]", "/a/0", "aliases are unknown here"),
        ("? [a]\n: 1", "/", "expected a text or an integer as a key"),
        ("a: {b: 010}", "/a/b", "YAML readers differ about '010'"),
        ("a: yes", "/a", "YAML readers differ about 'yes'"),
        ("a: [off]", "/a/0", "YAML readers differ about 'off'"),
        ("a: 1_000", "/a", "YAML readers differ about '1_000'"),
        ("a: 1:30", "/a", "YAML readers differ about '1:30'"),
        ("a: 2024-01-01", "/a", "YAML readers differ about '2024-01-01'"),
        ("a: .inf", "/a", "YAML readers differ about '.inf'"),
        ("a: !!binary aGk=", "/a", "YAML readers differ about 'aGk='"),
        ("<<: {a: 1}", "/<<", "YAML readers differ about '<<'"),
        ("a: 9007199254740993", "/a", "an integer beyond 2^53 is lost"),
        ("1: 2", "/1", "expected a text as a key"),
    ],
)
def test_documents(yaml_text: str, path: str, message: str) -> None:
    error = refusal(yaml_text)
    assert message in error.message
    assert error.path == path
