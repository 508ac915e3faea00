"""Recipes as values: what they say, what they leave out, which bytes they give, and what makes no sense."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from aprfmt.container import Container
from aprfmt.errors import RequestError
from aprfmt.layout import facts
from aprfmt.vectors import Suite, Vector
from aprfmt.vectors import suite as suite_module
from aprfmt.vectors.edits import SEALS
from aprfmt.vectors.image import Image

BASES: dict[str, Any] = {
    "plain": {
        "metadata": {"text": "{}"},
        "tensor_index": {
            "entries": [
                {"name": {"text": "a"}, "dtype": "f32", "dims": [2]},
                {"name": {"text": "b"}, "dtype": "f16", "dims": [3]},
            ]
        },
        "tensor_data": {"join": [{"counting": 8}, {"zeros": 56}, {"counting": 6}, {"zeros": 58}]},
    }
}
GIB = 1024**3


def node(name: Any = "v", /, **keys: Any) -> dict[str, Any]:
    """The least recipe that reads a file, and more; `given` is what stands under `with`."""
    more = {"with" if key == "given" else key: value for key, value in keys.items()}
    return {"id": name, "about": "About.", "verdict": "accept", "origin": "hand", **more}


def suite(*nodes: dict[str, Any], **documents: Any) -> Suite:
    return Suite({"some.json": {"bases": BASES, "vectors": list(nodes)}, **documents})


def image(**keys: Any) -> Image:
    return suite(node(**keys)).image("v")


def test_what_a_recipe_leaves_out() -> None:
    vector = Vector.of(node())
    assert (vector.op, vector.profile, vector.layer, vector.base) == ("read", "default", "structure", None)
    assert (vector.edits, vector.seal, vector.beside, vector.tags, vector.extents) == ((), (), (), (), ())
    assert (vector.rule, vector.twin, vector.nbytes, vector.sha256, vector.given) == (None, None, None, None, {})
    assert not vector.is_sparse
    assert not vector.is_huge


def test_a_rejected_file_is_of_the_layer_of_its_rule() -> None:
    assert Vector.of(node(verdict="reject", rule="APR-D002")).layer == facts.RULES["APR-D002"].layer == "integrity"
    assert Vector.of(node(layer="metadata")).layer == "metadata"


def test_what_is_edited_is_sealed_unless_something_else_is_said() -> None:
    edits = [{"flip": "header.magic", "bit": 0}]
    assert Vector.of(node(edits=edits)).seal == SEALS
    assert Vector.of(node(edits=edits, seal=["header.checksum"])).seal == ("header.checksum",)
    assert Vector.of(node(edits=edits, seal=[])).seal == ()


def test_wide_numbers_and_holes() -> None:
    vector = Vector.of(node(nbytes=str(2**60), extents=[[0, 4, "ab"], [str(2**59), 1, "cd"]], tags=["huge"]))
    assert (vector.nbytes, vector.extents) == (2**60, ((0, 4, "ab"), (2**59, 1, "cd")))
    assert vector.is_sparse
    assert vector.is_huge


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"sise": 5}, "expected keys out of about, base, beside, "),
        ({"edits": {"flip": "header.magic"}}, "expected lists under edits, beside, tags, extents"),
        ({"beside": "APR-P001"}, "expected lists under"),
        ({"tags": "huge"}, "expected lists under"),
        ({"op": "write-again"}, "expected a known op, verdict and rule, found 'write-again', 'accept', None"),
        ({"verdict": "maybe"}, "expected a known op, verdict and rule, found 'read', 'maybe', None"),
        ({"rule": "APR-X999"}, "expected a known op, verdict and rule, found 'read', 'accept', 'APR-X999'"),
        ({"profile": "lax"}, "expected a profile out of default, reader, canonical, publish, found 'lax'"),
        ({"nbytes": "many"}, "expected an integer, or its decimal digits beyond 2^53, found 'many'"),
        ({"extents": [["x", 4, "ab"]]}, "expected an integer, or its decimal digits"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError) as caught:
        Vector.of(node(**keys))
    assert str(caught.value).startswith(f"vector 'v': {message}")


@pytest.mark.parametrize("key", ["about", "verdict", "origin"])
def test_what_every_recipe_says_is_asked_for(key: str) -> None:
    left = {name: value for name, value in node().items() if name != key}
    with pytest.raises(RequestError, match=f"vector 'v': expected the keys {key}, found none"):
        Vector.of(left)


@pytest.mark.parametrize("name", ["", "A", "../up", "a/b", "a b", "a[1]", "-a", ".a", "a" * 101, 5, None])
def test_an_id_names_a_file(name: Any) -> None:
    with pytest.raises(RequestError, match="expected an id of lower-case letters"):
        Vector.of(node(name))


def test_an_id_is_used_once_in_all_documents() -> None:
    with pytest.raises(RequestError, match="vector 'v': expected an id of its own, found it twice"):
        suite(node(), **{"other.json": {"vectors": [node()]}})


def test_vectors_stand_in_the_order_of_the_recipes() -> None:
    made = suite(node("b"), node("a"), **{"other.json": {"vectors": [node("c")]}})
    assert list(made.vectors) == ["b", "a", "c"]
    assert made["a"].id == "a"
    assert made.nodes["c"] == node("c")
    with pytest.raises(RequestError, match="expected the id of a vector, found 'd'"):
        made["d"]


def test_the_edition_is_that_of_the_recipes_and_not_of_their_order() -> None:
    one, other = {"vectors": [node("a")]}, {"vectors": [node("b", about="Größe.")]}
    digest = Suite({"1.json": one, "2.json": other}).digest
    assert digest == Suite({"2.json": other, "1.json": one}).digest
    assert digest != Suite({"1.json": other, "2.json": one}).digest
    assert len(digest) == 64
    assert digest.startswith(Suite({"1.json": one, "2.json": other}).edition)


def test_some_are_chosen_by_profile_layer_operation_and_size() -> None:
    made = suite(
        node("plain"),
        node("meta", layer="metadata"),
        node("strict", profile="canonical"),
        node("stamped", op="stamp"),
        node("large", tags=["huge"]),
    )

    def chosen(**how: Any) -> list[str]:
        return [vector.id for vector in made.select(**how)]

    assert chosen() == ["plain", "meta", "stamped"]
    assert chosen(huge=True) == ["plain", "meta", "stamped", "large"]
    assert chosen(profile="canonical") == ["strict"]
    assert chosen(layers=["metadata"]) == ["meta"]
    assert chosen(layers=iter(["metadata", "structure"]), ops=iter(["read"])) == ["plain", "meta"]
    assert chosen(ops=["write"]) == []


def test_a_summary_is_plain_json_without_the_recipe() -> None:
    made = Vector.of(node(nbytes=str(2**60), extents=[[str(2**59), 1, "cd"]], edits=[{"drop": 1}], beside=["APR-P001"]))
    summary = made.summary()
    assert json.loads(json.dumps(summary)) == summary
    assert summary["nbytes"] == str(2**60)
    assert summary["extents"] == [[str(2**59), 1, "cd"]]
    assert summary["beside"] == ["APR-P001"]
    assert not {"base", "with", "data", "edits", "seal", "patch", "tree"} & summary.keys()


def test_a_base_is_built_with_what_replaces_its_parts() -> None:
    assert image(base="plain").size == 0x144
    changed = Container(
        image(
            base="plain",
            given={
                "metadata": {"hex": "7b7d20"},  # bytes are replaced, however both are said
                "header": {"version_minor": 7},
                "tensor_index": {"entries": {"1": {"name": {"repeat": [{"text": "b"}, 3]}}}},
                "footer": None,
            },
        )
    )
    assert changed.metadata.raw == b"{} "
    assert changed.header.version_minor == 7
    assert [tensor.name for tensor in changed.tensors] == ["a", "bbb"]
    assert changed.footer is None


def test_a_list_is_replaced_by_a_list() -> None:
    entries = [{"name": {"text": "c"}, "dtype": "u8", "dims": [4]}]
    changed = Container(image(base="plain", given={"tensor_index": {"entries": entries}}))
    assert [tensor.name for tensor in changed.tensors] == ["c"]


def test_a_base_is_not_changed_by_what_is_made_of_it() -> None:
    before = json.dumps(BASES)
    image(base="plain", given={"metadata": {"text": '{"a":1}'}}, edits=[{"drop": 4}])
    assert json.dumps(BASES) == before


def test_a_vector_may_start_from_another_one() -> None:
    made = suite(
        node("second", base="first", edits=[{"append": {"text": "!"}}], seal=[]),
        node("first", base="plain", edits=[{"set": "header.version_minor", "to": 1}]),
    )
    assert made.image("second").whole() == made.image("first").whole() + b"!"
    assert made.image("second") is made.image("second")


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([node()], "vector 'v': expected a base, found none"),
        (
            [node(base="nothing")],
            "vector 'v': expected a base or, without `with` and `data`, a vector, found 'nothing'",
        ),
        ([node(base="w", given={"footer": None}), node("w", base="plain")], "vector 'v': expected a base or, "),
        ([node(base="v")], "vector 'v': expected a base that is made without it, found 'v'"),
        ([node(base="w"), node("w", base="v")], "vector 'v': expected a base that is made without it, found 'w'"),
        ([node(base="plain", given={"head": {}})], "vector 'v'.head: expected one of header, "),
        ([node(base="plain", given=[])], "vector 'v': expected an object, found []"),
        ([node(base="plain", edits=[{"bend": 1}])], "vector 'v': expected an edit with one of "),
    ],
)
def test_files_that_cannot_be_made(nodes: list[dict[str, Any]], message: str) -> None:
    made = suite(*nodes)
    for _ in range(2):  # the second time as the first
        with pytest.raises(RequestError) as caught:
            made.image("v")
        assert str(caught.value).startswith(message)


def test_a_file_may_be_asked_for_while_another_thread_makes_its_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run with several jobs has one suite: what one thread is making is no circle for another one."""
    made = suite(node("second", base="first", edits=[{"append": {"text": "!"}}], seal=[]), node("first", base="plain"))
    inside, leave = Event(), Event()

    def slow_once(*given: Any) -> Image:
        if not inside.is_set():
            inside.set()
            assert leave.wait(60)
        return build(*given)

    build = suite_module._built
    monkeypatch.setattr(suite_module, "_built", slow_once)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(made.image, "first")
        try:
            assert inside.wait(60)
            second = made.image("second")
        finally:
            leave.set()
        assert second.whole() == first.result(60).whole() + b"!"


def large(**keys: Any) -> Image:
    """A file of which one tensor has 5 GiB."""
    entries = [
        {"name": {"text": "a"}, "dtype": "u8", "dims": [5 * GIB], "ofs_tensor": 0, "len_tensor": 5 * GIB},
        {"name": {"text": "b"}, "dtype": "u8", "dims": [3], "ofs_tensor": 5 * GIB, "len_tensor": 3},
    ]
    bases = {"large": {"metadata": {"text": "{}"}, "tensor_index": {"entries": entries}, **keys.pop("base", {})}}
    return Suite({"large.json": {"bases": bases, "vectors": [node(base="large", **keys)]}}).image("v")


def test_tensors_larger_than_memory_are_holes_with_a_footer_behind_them() -> None:
    made = large(data=[{"at": str(5 * GIB), "bytes": {"text": "end"}}, {"at": 1, "bytes": {"hex": "ff"}}])
    assert made.is_sparse
    assert sum(len(raw) for _, raw in made.extents) < 1024
    container = Container(made)
    assert made.size == container.required_len + facts.FOOTER_SIZE
    assert bytes(container["b"].data) == b"end"
    start = container.header.ofs_data
    assert made.read(start, start + 3) == b"\0\xff\0"
    assert container.footer is not None
    assert container.footer.checksum == made.crc32(container.required_len)


def test_a_large_file_may_be_without_a_footer() -> None:
    assert Container(large(base={"footer": None})).footer is None


def test_the_recipes_of_the_repository_are_a_suite() -> None:
    folder = Path(__file__).resolve().parents[3] / "spec" / "vectors"
    documents = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    assert len(Suite(documents).vectors) == sum(len(document.get("vectors", ())) for document in documents.values()) > 0
