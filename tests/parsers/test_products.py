"""Every file that aprfmt makes is read alike by every implementation of the table.

Made are: what the writers make of the trees of the vectors, what the stamp makes of theirs and of the golden files, the
canonical form of every valid file, the sample of the README, and the same of files that Hypothesis draws.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.parsers.readers import FORGIVEN, Reader, Values, expected_of, misreadings
from tools.conformance.columns import COLUMNS, ROOT

import aprfmt
from aprfmt import NewTensor, ProvenancePatch
from aprfmt.conform import recipes
from aprfmt.files import validate_file
from aprfmt.testing import containers, metadata_json, patches, tensors
from aprfmt.vectors import Suite
from aprfmt.vectors.check import expected_output, new_container

COLUMN_NAMES = [column.name for column in COLUMNS]
GOLDEN = sorted((ROOT / "tests" / "data" / "golden").glob("*.apr"))
PATCH = ProvenancePatch(license="MIT", data_source="teacher-only", data_license="CC-BY-4.0")
LONG_PATCH = ProvenancePatch(author='模型 😀 "\\\n', description="d" * 300, hf_architecture="")

Named = tuple[str, bytes]
"""What a file is made from, and its bytes."""


# ---- the files that are made ----


def written(suite: Suite, _folder: Path) -> Iterator[Named]:
    """By the writer in memory, of the trees of the vectors."""
    for vector in suite.vectors.values():
        if (vector.op, vector.verdict) == ("write", "accept"):
            yield vector.id, expected_output(suite, vector)


def streamed(suite: Suite, folder: Path) -> Iterator[Named]:
    """By the writer that takes one tensor at a time, which here come in the reverse order."""
    for vector in suite.vectors.values():
        if vector.op == "write" and vector.verdict == "accept" and vector.tree is not None:
            given_tensors, metadata, flags = new_container(vector.tree, vector.id)
            with aprfmt.Writer(folder / vector.id, metadata, flags=flags) as writer:
                for tensor in reversed(given_tensors):
                    writer.add(tensor.name, tensor.dtype, tensor.shape, tensor.data)
            yield vector.id, (folder / vector.id).read_bytes()


def stamped(suite: Suite, _folder: Path) -> Iterator[Named]:
    """By the stamp, of the files and patches of the vectors."""
    for vector in suite.vectors.values():
        if (vector.op, vector.verdict) == ("stamp", "accept"):
            yield vector.id, expected_output(suite, vector)


def stamped_golden(_suite: Suite, _folder: Path) -> Iterator[Named]:
    """By the stamp, of what the reference wrote."""
    for path in GOLDEN:
        for patch in (PATCH, LONG_PATCH):
            yield path.name, aprfmt.stamp_bytes(path.read_bytes(), patch)


def canonical(suite: Suite, _folder: Path) -> Iterator[Named]:
    """The canonical form of every valid file that is not made of holes, and of what the reference wrote."""
    for vector in suite.vectors.values():
        if (vector.op, vector.verdict) == ("read", "accept") and not vector.is_sparse:
            raw = suite.image(vector.id).whole()
            if validate_file(raw).valid:  # the profile of the reference takes files that a careful reader refuses
                yield vector.id, canonical_bytes(raw)
    for path in GOLDEN:
        yield path.name, canonical_bytes(path.read_bytes())


def canonical_bytes(raw: bytes) -> bytes:
    """The canonical form, without the bytes that belong to nothing."""
    return aprfmt.canonicalise_bytes(raw, drop_unexplained=True)


def sample(_suite: Suite, folder: Path) -> Iterator[Named]:
    """The sample of the README, stamped as there."""
    path = folder / "sample.apr"
    command = (sys.executable, ROOT / "examples" / "make_sample.py", path)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    yield "make_sample.py", path.read_bytes()
    yield "make_sample.py, stamped", aprfmt.stamp_bytes(path.read_bytes(), PATCH)


def wide_integers(_suite: Suite, _folder: Path) -> Iterator[Named]:
    """Integers on both sides of what a double and what 64 bits hold, each in a file of its own, known key or not."""
    for edge in (1 << 53, 1 << 63, 1 << 64):
        for value in (edge - 1, edge, edge + 1, -edge + 1, -edge, -edge - 1):
            if -(1 << 63) <= value < 1 << 64:
                known = {"hidden_size": value} if value >= 0 else {}
                yield str(value), aprfmt.create_bytes([], {**known, "custom": [value, {"inside": value}]})


MAKERS = (wide_integers, written, streamed, stamped, stamped_golden, canonical, sample)


class Product(NamedTuple):
    """A file on the disk, what it is made from, and what aprfmt reads in it."""

    source: str
    path: Path
    expected: Values


@pytest.fixture(scope="session")
def products(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Product]]:
    """Gives the files of a maker, which are made once; aprfmt itself finds no error in any."""
    suite = Suite(recipes.read())
    folder = tmp_path_factory.mktemp("products")
    makers = {maker.__name__: maker for maker in MAKERS}
    made: dict[str, list[Product]] = {}

    def find(name: str) -> list[Product]:
        if name not in made:
            scratch = folder / name
            scratch.mkdir(exist_ok=True)
            made[name] = [
                product(folder / f"{name}-{number}.apr", *named)
                for number, named in enumerate(makers[name](suite, scratch))
            ]
        return made[name]

    return find


def product(path: Path, source: str, raw: bytes) -> Product:
    errors = validate_file(raw).errors
    assert not errors, (source, errors)
    path.write_bytes(raw)
    return Product(source, path, expected_of(raw))


# ---- the tests ----

all_columns = pytest.mark.parametrize("reader", COLUMN_NAMES, indirect=True)


@all_columns
@pytest.mark.parametrize("maker", [maker.__name__ for maker in MAKERS])
def test_what_is_made_is_read_alike(products: Callable[[str], list[Product]], reader: Reader, maker: str) -> None:
    made = products(maker)
    assert made
    found = [(item.source, complaint) for item in made if (complaint := reader.complaint(item.path, item.expected))]
    assert not found, f"{len(found)} of {len(made)} files are read differently: {found[:5]}"


def streamed_bytes(folder: Path, given_tensors: list[NewTensor], metadata: bytes) -> bytes:
    path = folder / "streamed.apr"
    with aprfmt.Writer(path, metadata, force=True) as writer:
        for tensor in given_tensors:
            writer.add(tensor.name, tensor.dtype, tensor.shape, tensor.data)
    return path.read_bytes()


def drawn(folder: Path) -> st.SearchStrategy[bytes]:
    """What the writers, the stamp and the canonical form make of anything."""
    sound = containers() | containers(canonical=False)
    return st.one_of(
        containers(),
        containers(canonical=False),
        st.builds(aprfmt.create_bytes, tensors(), metadata_json()),
        st.builds(partial(streamed_bytes, folder), tensors(), metadata_json()),
        st.builds(aprfmt.stamp_bytes, sound, patches()),
        sound.map(canonical_bytes),
    )


@settings(
    max_examples=300,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_what_is_drawn_is_read_alike(data: st.DataObject, readers: list[Reader], tmp_path: Path) -> None:
    raw = data.draw(drawn(tmp_path))
    path = tmp_path / "drawn.apr"
    path.write_bytes(raw)
    expected = expected_of(raw)
    assert {reader.name: reader.complaint(path, expected) for reader in readers} == {
        reader.name: "" for reader in readers
    }


def test_whatever_the_reference_misreads_is_explained() -> None:
    """A new entry in a list of known failures that is about values needs a function that says what is read instead."""
    for column in COLUMNS:
        assert set(misreadings(column.known)) <= set(FORGIVEN), column.name
