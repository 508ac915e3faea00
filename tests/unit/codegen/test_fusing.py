"""How a record is cut into steps, and what ends the run because no codec could be right."""

from __future__ import annotations

import pytest
from tests.unit.codegen.made import made, text_of

from aprfmt.codegen import fusing, ksy
from aprfmt.codegen.errors import CodegenError

FIELDS = """
meta: {id: small, endian: le}
doc: Small.
-records: {t: Thing}
types:
  t:
    doc: A type.
    seq:
"""


def record(*fields: str) -> fusing.Record:
    spec = ksy.load(FIELDS + "".join(f"      - {{{field}, doc: D.}}\n" for field in fields))
    return fusing.fuse(spec, spec.types["t"])


def steps(made_record: fusing.Record) -> list[str]:
    """Each step as the fields it takes; a list inside a run with the field that is looked at before."""
    found = []
    for step in made_record.steps:
        if isinstance(step, fusing.Piece):
            found.append(f"{step.attr.id}[{step.size}]")
            continue
        names = [attr.id for attr in step.before]
        if step.repeated is not None:
            peeked = "" if step.peeked is None else f"peek {step.peeked.id} "
            names.append(f"{peeked}{step.repeated.id}[{step.count}]")
        found.append(" ".join([*names, *(attr.id for attr in step.after)]))
    return found


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        (["id: a, type: u1", "id: b, type: u8", "id: c, size: 5"], ["a b c"]),
        (["id: a, type: u1", "id: b, size: a", "id: c, type: u1"], ["a", "b[_a]", "c"]),
        (["id: a, type: u1", "id: b, type: u2, repeat: expr, repeat-expr: a"], ["a peek a b[_a]"]),
        (["id: x, size: 3", "id: a, type: u1", "id: b, type: u2, repeat: expr, repeat-expr: a"], ["x a peek a b[_a]"]),
        (["id: a, type: u2", "id: b, type: u2, repeat: expr, repeat-expr: a"], ["a", "b[_a]"]),
        (["id: a, type: u1", "id: b, type: u2, repeat: expr, repeat-expr: a * 2"], ["a", "b[_a * 2]"]),
        (["id: b, type: u2, repeat: expr, repeat-expr: 3", "id: a, type: u2"], ["b[3] a"]),
        (["id: a, size-eos: true"], ["a[None]"]),
    ],
)
def test_what_has_a_fixed_size_is_taken_together(fields: list[str], wanted: list[str]) -> None:
    assert steps(record(*fields)) == wanted


def test_a_list_is_among_other_fields_when_its_length_is_known_before() -> None:
    lists = [f"id: {name}, type: u4, repeat: expr, repeat-expr: n" for name in ("x", "y")]
    made_record = record("id: n, type: u1", lists[0], "id: m, type: u1", lists[1], "id: o, type: u1")
    assert steps(made_record) == ["n peek n x[_n] m", "y[_n] o"]
    assert made_record.named == {"n"}
    assert record("id: n, type: u1", lists[0]).named == set()


@pytest.mark.parametrize("size", ["later", "_root.len_file - later"])
def test_a_size_behind_what_it_measures_is_refused(size: str) -> None:
    source = FIELDS.replace("types:", "instances:\n  len_file: {value: _io.size.as<u8>, doc: D.}\ntypes:")
    for field in (f"size: {size}", f"type: u2, repeat: expr, repeat-expr: {size}"):
        with pytest.raises(CodegenError) as caught:
            made(f"{source}      - {{id: x, {field}, doc: D.}}\n      - {{id: later, type: u1, doc: D.}}\n")
        assert caught.value.path.startswith("/types/t/seq/0/")
        assert caught.value.message == "'later' is not read before what it says the size of"


@pytest.mark.parametrize("field", ["value: 5", "-kaitai-only: a reason"])
def test_fields_without_bytes_are_refused(field: str) -> None:
    with pytest.raises(CodegenError, match=r"^/types/t/seq/0: nothing is known of a field of kind"):
        made(f"{FIELDS}      - {{id: x, {field}, doc: D.}}\n")


@pytest.mark.parametrize("name", ["Struct", "CodecError", "Any"])
def test_names_of_records_that_the_codec_uses_itself_are_refused(name: str) -> None:
    with pytest.raises(
        CodegenError, match=rf"^/-records/panel: the generated modules use the name '{name}' themselves"
    ):
        made(text_of("bits").replace("panel: Panel", f"panel: {name}"))


@pytest.mark.parametrize("name", ["at", "scan_row", "values_0", "exactly"])
def test_names_of_functions_that_the_codec_uses_itself_are_refused(name: str) -> None:
    source = text_of("surroundings").replace("end_of_table", name)
    made(source)
    with pytest.raises(CodegenError, match=rf"^/instances/{name}: the generated modules use this name themselves"):
        made(source.replace("size: _root.head.width", f"size: _root.{name}"))


def test_a_size_may_be_a_function_of_the_whole_file() -> None:
    text = made(text_of("surroundings").replace("size: _root.head.width", "size: _root.end_of_table % 3"))["codec"]
    assert "at = start + end_of_table(root) % 3\n" in text
    assert "    end_of_table,\n" in text
