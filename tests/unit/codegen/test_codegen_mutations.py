"""Specifications with anything in the wrong place: the generator refuses them, or makes modules that run.

Rules of this file: no name in the generated source is left undefined, not even in a function that nobody calls here.
"""

from __future__ import annotations

import builtins
import dis
from collections.abc import Iterator
from copy import deepcopy
from types import CodeType
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.codegen.made import SPECS, made, modules, text_of

from aprfmt.codegen import emit_docs, emit_rules, ksy
from aprfmt.codegen.errors import CodegenError

DOCUMENTS = {name: yaml.safe_load(text_of(name)) for name in SPECS}


def nodes(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(found for key, item in items for found in nodes(item, (*path, key)))]


PLACES = {name: nodes(document)[1:] for name, document in DOCUMENTS.items()}


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 300),
    st.sampled_from([2**53, 2**64, 0.5, "", "u1", "u4", "b1", "str", "le", "be", "x", "seq"]),
    st.sampled_from(["_", "_index", "_root", "_parent", "_io", "_parent.rows[0].ofs"]),
    st.sampled_from(
        ["align(1, 2)", "_root.len_file", "1 / 0", "1 < 2", "not true", "len_key", "eos", "expr", '"a"', "a b"]
    ),
    st.just([]),
    st.just({}),
)


@given(st.data())
def test_a_changed_specification_is_refused_or_works(data: st.DataObject) -> None:
    """Whatever nodes are deleted, replaced, or put in another's place: `CodegenError`, or source that compiles."""
    name = data.draw(st.sampled_from(SPECS))
    document = deepcopy(DOCUMENTS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        places = nodes(document)[1:]
        if not places:
            break
        *steps, last = data.draw(st.sampled_from(places))
        node = at(document, tuple(steps))
        other = data.draw(st.sampled_from(SPECS))
        change = data.draw(st.sampled_from(("delete", "junk", "swap", "rename")))
        if change == "delete":
            del node[last]
        elif change == "rename" and isinstance(node, dict):
            node[data.draw(st.sampled_from(PLACES[other]))[-1]] = node.pop(last)
        else:
            taken = at(DOCUMENTS[other], data.draw(st.sampled_from(PLACES[other])))
            node[last] = data.draw(JUNK) if change == "junk" else deepcopy(taken)
    source = yaml.dump(document, Dumper=_Plain, sort_keys=False)
    try:
        texts = made(source)
    except CodegenError as error:
        assert error.path.startswith("/")  # noqa: PT017 - both outcomes are right
        return
    assert list(texts) == ["facts", "structs", "codec"]
    spec = ksy.load(source)
    assert emit_docs.emit(spec, '{"properties": {}}').startswith("# ")
    assert emit_rules.emit_page(spec).count("\n## ") == 2 + len(spec.rules)
    for module in modules.__wrapped__(source):
        for code in codes(compile(texts[module.__name__.rpartition(".")[2]], "<made>", "exec")):
            used = {item.argval for item in dis.get_instructions(code) if item.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
            assert used <= {*vars(module), *dir(builtins)} | local(code)


def codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and every one inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def local(code: CodeType) -> set[str]:
    """The names that a class body or a module binds itself."""
    return {item.argval for item in dis.get_instructions(code) if item.opname == "STORE_NAME"} | {"__name__"}


class _Plain(yaml.SafeDumper):
    """Aliases would be refused as such, and hide what is wrong behind them."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True
