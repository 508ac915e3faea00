"""The recipes of `spec/vectors`: what each of them claims is proved, and the suite as a whole keeps its laws."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import pytest
from tests.unit.layout import golden

from aprfmt import layout
from aprfmt.conform import recipes
from aprfmt.container import Container
from aprfmt.errors import AprError
from aprfmt.vectors import Suite, Vector, check

DOCUMENTS = recipes.read()
SUITE = Suite(DOCUMENTS)
DENSE = [name for name, vector in SUITE.vectors.items() if not vector.is_sparse]
SPARSE = [name for name, vector in SUITE.vectors.items() if vector.is_sparse]
GIB = 1024**3


@pytest.mark.parametrize("name", DENSE)
def test_what_a_recipe_claims_is_so(name: str) -> None:
    assert list(check.flaws(SUITE, SUITE[name])) == []


@pytest.mark.parametrize("name", SPARSE)
def test_what_a_recipe_of_holes_claims_is_so(name: str) -> None:
    vector, image = SUITE[name], SUITE.image(name)
    assert sum(len(raw) for _, raw in image.extents) <= 1024**2
    assert vector.is_huge == (image.size > 5 * GIB)
    assert {tag for tag, size in (("files-2gib", 2), ("files-4gib", 4)) if image.size > size * GIB} <= set(vector.tags)
    assert "sparse" in vector.tags
    assert list(check.flaws(SUITE, vector)) == []


def test_there_is_something_to_prove() -> None:
    assert len(DENSE) > 200
    assert len(SPARSE) >= 8


def test_every_id_is_used_once_and_names_a_file_anywhere() -> None:
    ids = [node["id"] for document in DOCUMENTS.values() for node in document.get("vectors", ())]
    assert [name for name, number in Counter(ids).items() if number > 1] == []
    # Lower case, and nothing that a file system or a pattern of fnmatch takes for something else.
    assert [name for name in ids if not re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", name) or len(name) > 100] == []


def test_no_base_has_the_name_of_a_vector_or_of_another_base() -> None:
    bases = Counter(name for document in DOCUMENTS.values() for name in document.get("bases", ()))
    assert [name for name, number in bases.items() if number > 1 or name in SUITE.vectors] == []


def test_no_vector_asks_what_another_one_asks() -> None:
    assert list(check.unique(SUITE.vectors)) == []


def test_recipes_are_small_enough_to_read() -> None:
    assert sum(path.stat().st_size for path in recipes.PATH.glob("*.json")) < 2 * 1024**2


def test_a_refused_file_is_another_one_than_its_twin() -> None:
    refused = [vector for vector in SUITE.vectors.values() if vector.verdict != "accept" and vector.op == "read"]
    same = [vector.id for vector in refused if SUITE.image(vector.id) == SUITE.image(str(vector.twin))]
    assert same == []


def integers(vector: Vector) -> Iterator[int]:
    """The integers that a reader of the file has to hold."""
    container = Container(SUITE.image(vector.id), lenient=True)
    for tensor in container.tensors:
        yield from (*tensor.shape, tensor.nbytes, tensor.data_offset)
    pending: list[Any] = list(container.metadata.values())
    while pending:
        value = pending.pop()
        if isinstance(value, int):
            yield value
        elif isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list | tuple):
            pending += value


def is_double(value: int) -> bool:
    """Whether a double holds the integer exactly: it has at most 53 bits between its first and last one."""
    value = abs(value)
    return value == 0 or (value // (value & -value)).bit_length() <= 53


WIDTHS: dict[str, Callable[[int], bool]] = {
    "integers-53": is_double,
    "integers-64": lambda value: -(2**63) <= value < 2**63,
}


def test_files_with_wide_integers_can_be_skipped_by_tag() -> None:
    missing = []
    for vector in SUITE.vectors.values():
        if (vector.op, vector.verdict) == ("read", "accept") and vector.profile != "reader":
            tags = {tag for value in integers(vector) for tag, holds in WIDTHS.items() if not holds(value)}
            missing += [(vector.id, tag) for tag in tags - set(vector.tags)]
    assert missing == []


@pytest.mark.parametrize("name", golden.SMALL)
def test_a_file_of_the_reference_is_said_byte_for_byte(name: str) -> None:
    (vector,) = (item for item in SUITE.vectors.values() if item.origin.endswith(f"tests/data/golden/{name}"))
    assert SUITE.image(vector.id).whole() == golden.raw(name)


def crc32c(data: bytes) -> int:
    """CRC-32C, bit by bit."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def swapped(value: int) -> int:
    return int.from_bytes(value.to_bytes(4, "big"), "little")


FOOTERS: dict[str, Callable[[bytes], int]] = {
    "big-endian": lambda body: swapped(crc32(body)),
    "crc-32c": crc32c,
}


@pytest.mark.parametrize("name", FOOTERS)
def test_a_wrong_footer_is_wrong_as_its_recipe_says(name: str) -> None:
    raw = SUITE.image(f"integrity.footer.{name}").whole()
    assert layout.parse_footer(raw[-4:]).checksum == FOOTERS[name](raw[:-4])


HEADERS: dict[str, Callable[[bytes], int]] = {
    "of-all-64-bytes": lambda head: crc32(head[:40] + bytes(4) + head[44:]),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_wrong_header_checksum_is_wrong_as_its_recipe_says(name: str) -> None:
    head = SUITE.image(f"integrity.header-checksum.{name}").read(0, layout.HEADER_SIZE)
    assert layout.parse_header(head).checksum == HEADERS[name](head)


def test_crc_32c_is_the_published_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283


def names_of(vector: Vector) -> list[bytes]:
    return [tensor.name_bytes for tensor in Container(SUITE.image(vector.id), lenient=True).tensors]


def test_names_sorted_by_utf_16_are_those_of_the_twin() -> None:
    vectors = [vector for name, vector in SUITE.vectors.items() if name.endswith(".by-utf-16")]
    assert len(vectors) >= 2
    for vector in vectors:
        names = names_of(vector)
        assert names == sorted(names, key=lambda name: name.decode().encode("utf-16-be"))
        assert sorted(names) == names_of(SUITE[str(vector.twin)])


def test_integers_that_wrap_have_the_size_that_they_wrap_to() -> None:
    """What a reader finds that multiplies 64-bit integers without care is exactly what the file says."""
    found = 0
    for name in ("two-of-2-32", "elements-wrap", "bytes-wrap"):
        (tensor,) = Container(SUITE.image(f"large.product.{name}"), lenient=True).tensors
        (right,) = layout.tensor_nbytes(tensor.entry.dtype, tensor.shape)
        assert right != tensor.nbytes
        assert right % 2**64 == tensor.nbytes
        found += 1
    assert found == 3


def test_a_recipe_without_sense_is_refused() -> None:
    with pytest.raises(AprError, match="twice"):
        Suite({name: {"vectors": [next(iter(SUITE.nodes.values()))]} for name in ("a", "b")})
