"""What the writer vectors ask for: sound canonical files that say what the tree says, and refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

from aprfmt import build, parse, tensor_nbytes
from aprfmt.conform.recipes import read
from aprfmt.container import Container
from aprfmt.errors import RequestError
from aprfmt.files import validate_file
from aprfmt.layout import DType, facts
from aprfmt.layout._generated.metadata_schema import KEYS
from aprfmt.source import BytesSource
from aprfmt.vectors import Suite, Vector
from aprfmt.vectors.check import expected_output, flaws
from aprfmt.vectors.words import integer_of

DOCUMENTS = read()
SUITE = Suite({name: DOCUMENTS[name] for name in ("bases.json", "write.json")})
VECTORS = list(SUITE.vectors.values())
ACCEPTED = [vector for vector in VECTORS if vector.verdict == "accept"]
REFUSED = [vector for vector in VECTORS if vector.verdict == "reject"]
by_id = pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.id) for vector in VECTORS])
by_accepted = pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.id) for vector in ACCEPTED])


def tree_of(vector: Vector) -> Mapping[str, Any]:
    assert vector.tree is not None
    return vector.tree


def written(vector: Vector) -> bytes:
    return expected_output(SUITE, vector)


@by_id
def test_what_a_recipe_claims_holds(vector: Vector) -> None:
    assert vector.op == "write"
    assert list(flaws(SUITE, vector)) == []


@by_accepted
def test_the_file_is_canonical(vector: Vector) -> None:
    raw = written(vector)
    report = validate_file(raw, profile="canonical")
    assert report.errors == ()
    assert build(parse(raw)) == raw
    assert sha256(raw).hexdigest() == vector.output_sha256


@by_accepted
def test_the_tensors_are_those_of_the_tree(vector: Vector) -> None:
    """They are sorted by the bytes of their names, and follow each other on the grid with nothing but zeros between."""
    container = Container(BytesSource(written(vector)))
    given = sorted(tree_of(vector)["tensors"], key=lambda item: str(item["name"]).encode())
    assert [tensor.name for tensor in container.tensors] == [item["name"] for item in given]
    end = 0
    for tensor, item in zip(container.tensors, given, strict=True):
        assert tensor.dtype == DType[item["dtype"].upper()]
        assert tensor.shape == tuple(integer_of(dim, "dims") for dim in item["dims"])
        assert bytes(tensor.data).hex() == item["data"]
        assert tensor.data_offset == end
        end += tensor.nbytes + -tensor.nbytes % facts.ALIGNMENT
    assert len(parse(container.source.read(0, container.source.size))["tensor_data"]) == end


@by_accepted
def test_the_metadata_and_the_flags_are_those_of_the_tree(vector: Vector) -> None:
    tree = parse(written(vector))
    given = tree_of(vector)
    found = json.loads(tree["metadata"])
    for key in KEYS:
        value = given["metadata"].get(key.name)
        if value is None and key.when_absent == "skip":
            assert key.name not in found
        elif key.keys:
            assert {name: item for name, item in found[key.name].items() if name in value} == value
        elif key.f32:
            assert found[key.name] == pytest.approx(value)
        else:
            assert found[key.name] == (key.default if value is None else value)
    known = {key.name for key in KEYS}
    unknown = [(name, value) for name, value in given["metadata"].items() if name not in known]
    assert [(name, value) for name, value in found.items() if name not in known] == unknown
    assert [name for name in found if name in known] == [key.name for key in KEYS if key.name in found]
    flags = {name for name, is_set in tree["header"]["flags"].items() if is_set}
    assert flags == {"layout_row_major", *given["flags"]}


ALWAYS = '{"model_type":"","license":null,"data_source":null,"data_license":null,"total_size":0,"param_count":0'
TEXTS = {
    "layout.nothing": ALWAYS + "}",
    "metadata.order": (
        '{"model_type":"llama","name":"m","description":"d","license":"MIT","data_source":null,"data_license":null,'
        '"total_size":4,"param_count":0,"architecture":"llama","hidden_size":64,"a.key":1}'
    ),
    "metadata.always-written": ALWAYS + ',"x":null}',
    "metadata.sub-objects": ALWAYS
    + (
        ',"quantization":{"quant_type":"int4","bits":4,"block_size":null,"symmetric":true},'
        '"sharding":{"shard_count":2,"shard_index":0,"total_size":4096,"pattern":null},'
        '"special_tokens":{"bos_token":"<s>","eos_token":"</s>","unk_token":null,"pad_token":null,'
        '"im_start_token":null,"im_end_token":null}}'
    ),
    "metadata.integers": ALWAYS.replace('"param_count":0', '"param_count":18446744073709551615')
    + ',"x":[9007199254740993,-9223372036854775808,18446744073709551615,0,-1]}',
    "metadata.fractions": ALWAYS + ',"x":[0.1,0.00001,1e-6,562949953421312.5,5e-324,1.5e-10,123456.789,-2.5]}',
    "metadata.whole-fractions": ALWAYS + ',"x":[1.0,-0.0,1000000000000000.0,1e+16,1.5e+300]}',
    "metadata.texts": (
        '{"model_type":"","name":"","description":"\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\u007fé日😀\u2028\u05d0",'
        '"license":null,"data_source":null,"data_license":null,"total_size":0,"param_count":0}'
    ),
    "metadata.nested": ALWAYS + ',"x":{"a":[],"b":{},"c":[{"d":[null,true,false]}]}}',
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_metadata_is_the_text_that_is_expected(name: str) -> None:
    assert parse(written(SUITE[f"write.{name}"]))["metadata"].decode() == TEXTS[name]


def test_a_section_that_ends_on_the_grid_has_no_filler() -> None:
    assert parse(written(SUITE["write.layout.metadata-on-the-grid"]))["metadata_padding"] == b""


def test_every_element_type_has_a_vector() -> None:
    used = {item["dtype"] for vector in ACCEPTED for item in tree_of(vector)["tensors"]}
    assert used == {
        DType(code).name.lower() for code, known in facts.DTYPE_FACTS.items() if known.canonical_code == code
    }


def test_a_matrix_of_padded_rows_may_have_two_sizes() -> None:
    sizes = [len(bytes.fromhex(item["data"])) for item in tree_of(SUITE["write.dtype.rows-padded"])["tensors"]]
    assert sizes[0] == tensor_nbytes(DType.Q4_K, (2, 300)) < sizes[1] == 2 * tensor_nbytes(DType.Q4_K, (300,))


def test_names_that_utf_16_puts_in_another_order_are_among_them() -> None:
    names = [str(item["name"]) for item in tree_of(SUITE["write.order.utf-8"])["tensors"]]
    assert sorted(names, key=str.encode) != sorted(names, key=lambda name: name.encode("utf-16-be"))


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector.id) for vector in REFUSED])
def test_a_tree_of_which_no_sound_file_can_be_made_is_refused(vector: Vector) -> None:
    assert (vector.rule, vector.output_sha256) == (None, None)
    with pytest.raises(RequestError):
        written(vector)


def test_keys_that_nobody_knows_are_given_in_the_order_of_their_bytes() -> None:
    """The order is open in the specification: whether a writer keeps or sorts them must make no difference."""
    known = {key.name for key in KEYS}
    for vector in ACCEPTED:
        names = [name for name in tree_of(vector)["metadata"] if name not in known]
        assert names == sorted(names, key=str.encode)
