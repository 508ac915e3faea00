"""Files stamped in place are read alike by every implementation of the table, as the stamp that copies is.

The layout of a stamp in place is growable: there may be any number of zeros behind the metadata, and behind the index.
Stamped are what the reference wrote and files in which the metadata fits, grows, or gets room for later stamps; the
stamps are those of the disk itself where its file system inserts blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.parsers.readers import Reader, Values, expected_of
from tests.unit.files.inplace.faults import SCENARIOS, real_system
from tools.conformance.columns import COLUMNS, ROOT

import aprfmt
from aprfmt import DType, MetadataPatch, NewTensor
from aprfmt.container import Container
from aprfmt.files import validate_file
from aprfmt.files.inplace import System, Written, write_in_place
from aprfmt.files.sources import FileSource
from aprfmt.layout import ALIGNMENT, HEADER_SIZE, build
from aprfmt.ops.inplace import InPlace, plan_in_place, read_through
from aprfmt.source import BytesSource

COLUMN_NAMES = [column.name for column in COLUMNS]
GOLDEN = sorted((ROOT / "tests" / "data" / "golden").glob("*.apr"))
SHORT = MetadataPatch(set={"license": "MIT", "data_source": "teacher-only", "data_license": "CC-BY-4.0"})
LONG = MetadataPatch(set={"author": '模型 😀 "\\\n', "description": "d" * 5000, "hf_architecture": ""})
ONE_KEY = MetadataPatch(set={"license": "MIT"})

PLACES = ("ofs_metadata", "ofs_tensor_index", "ofs_data")
FOLLOWS = (*PLACES, "checksum")
"""What of a header follows from the room, so that it is another in the copy."""

Options = dict[str, Any]
Steps = tuple[tuple[MetadataPatch, Options], ...]


class Case(NamedTuple):
    """A file, and the stamps in place that are made of it one after the other."""

    name: str
    raw: bytes
    steps: Steps


class Product(NamedTuple):
    """A stamped file on the disk, its last stamp and the room in it, what aprfmt reads in it, and the copy."""

    name: str
    path: Path
    last: InPlace
    room: int
    expected: Values
    copy: bytes


# ---- the files that are stamped ----


def cases() -> Iterator[Case]:
    for path in GOLDEN:
        raw = path.read_bytes()
        yield Case(f"{path.name}, short", raw, ((SHORT, {}),))
        yield Case(f"{path.name}, long", raw, ((LONG, {}),))
        yield Case(f"{path.name}, reserve", raw, ((SHORT, {"reserve": 10_000}),))
        yield Case(f"{path.name}, in the room", raw, ((SHORT, {"reserve": 10_000}), (LONG, {})))
    for scenario in SCENARIOS:
        yield Case(scenario.name, scenario.raw, ((scenario.patch, scenario.options),))
    two = aprfmt.create_bytes([NewTensor("a", DType.U8, (9,), bytes(range(9)))], {"license": None, "name": "n" * 200})
    yield Case("shrinks", two, ((MetadataPatch(unset=("name",)), {}),))
    yield Case(
        "grows again and again", two, tuple((MetadataPatch(set={"name": "n" * n}), {}) for n in (5_000, 10_000, 20_000))
    )
    yield Case("a mebibyte of room", two, ((ONE_KEY, {"reserve": 1 << 20}),))
    yield Case("nothing but a header", aprfmt.create_bytes([], {}), ((LONG, {"reserve": 1}),))
    yield Case("room behind the index", filled(behind_index=4 * ALIGNMENT), ((LONG_SOURCE, {}),))
    yield Case("filler before the metadata", filled(before=bytes(ALIGNMENT)), ((LONG_SOURCE, {}),))
    yield Case("filler that is not zero", filled(behind=b"\1" * 3 * ALIGNMENT), ((ONE_KEY, {}),))
    yield Case("filler that is not zero, grows", filled(behind=b"\1" * 3 * ALIGNMENT), ((LONG, {}),))


LONG_SOURCE = MetadataPatch(set={"license": "MIT", "data_source": "x" * 100})


def filled(*, before: bytes = b"", behind: bytes = b"", behind_index: int = 0) -> bytes:
    """A file with more filler than the grid takes: before or behind its metadata, or behind its index."""
    entry = {"name": b"a", "dtype": 0, "dims": [2], "ofs_tensor": 0, "len_tensor": 8}
    tree: dict[str, Any] = {
        "header": {"flags": {"layout_row_major": True}},
        "metadata": b'{"license":null}',
        "tensor_index": {"entries": [entry], "padding": bytes(35 + behind_index)},
        "tensor_data": bytes(range(8)) + bytes(ALIGNMENT - 8),
    }
    if before:
        tree["header"]["ofs_metadata"] = HEADER_SIZE + len(before)
        tree["header_padding"] = before
    if behind:
        tree["metadata_padding"] = behind
    return build(tree)


# ---- the stamps ----


def stamped(path: Path, steps: Steps, system: System) -> InPlace:
    """Stamp a file in place; the last of the plans."""
    for patch, options in steps:
        with aprfmt.open(path) as container:
            assert isinstance(container.source, FileSource)
            made = plan_in_place(container, patch, **options)
            made = read_through(made, container) if made.must_read else made
            assert made.changed
            assert isinstance(write_in_place(path, made, container.source, system=system), Written)
    return made


def copied(case: Case) -> bytes:
    """The same with stamps that copy; one without a footer gets one here."""
    raw = case.raw
    for patch, options in case.steps:
        raw = aprfmt.stamp_bytes(raw, patch, drop_trailing=options.get("drop_trailing", False))
    return raw


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> list[Product]:
    """The stamped files; aprfmt itself finds no error in any."""
    folder = tmp_path_factory.mktemp("growable")
    made = []
    for number, case in enumerate(cases()):
        path = folder / f"{number}.apr"
        path.write_bytes(case.raw)
        last = stamped(path, case.steps, real_system(folder))
        raw = path.read_bytes()
        errors = validate_file(raw).errors
        assert not errors, (case.name, errors)
        room = Container(BytesSource(raw)).room_nbytes
        assert room == last.room >= case.steps[-1][1].get("reserve", 0), case.name
        made.append(Product(case.name, path, last, room, expected_of(raw), copied(case)))
    return made


def said(values: Values) -> Values:
    """What a file says: all but where its sections lie, and the two checksums that follow from that."""
    header = {name: value for name, value in values["header"].items() if name not in FOLLOWS}
    return {**values, "header": header, "footer": values["footer"] is not None}


# ---- the tests ----


def test_stamps_of_every_kind_are_there(products: list[Product]) -> None:
    """Metadata that fits, that moves the index, that moves the data; room behind it, none, and much of it."""
    assert {bool(item.last.shift) for item in products} == {True, False}
    rooms = [item.room for item in products]
    assert min(rooms) < ALIGNMENT
    assert max(rooms) > 1 << 20
    assert sum(room >= 5000 for room in rooms) >= len(GOLDEN)
    off_the_copy = [item for item in products if item.expected["header"] != expected_of(item.copy)["header"]]
    assert len(off_the_copy) > len(products) / 2
    moved = {item.name: item.last.shift for item in products}
    assert moved["room behind the index"] == 0
    assert moved[f"{GOLDEN[0].name}, in the room"] == 0
    assert moved[f"{GOLDEN[0].name}, long"] > 0


def test_they_say_what_the_copy_says(products: list[Product]) -> None:
    """Header, metadata, tensors with their bytes; the footer is there unless it was to be left out."""
    for item in products:
        expected, found = said(expected_of(item.copy)), said(item.expected)
        if item.name.endswith("no footer"):
            assert found.pop("footer") is False
            del expected["footer"]
        assert found == expected, item.name


@pytest.mark.parametrize("reader", COLUMN_NAMES, indirect=True)
def test_they_are_read_alike(products: list[Product], reader: Reader) -> None:
    found = [(item.name, complaint) for item in products if (complaint := reader.complaint(item.path, item.expected))]
    assert not found, f"{len(found)} of {len(products)} files are read differently: {found[:5]}"


def test_their_canonical_form_is_that_of_the_copy(products: list[Product]) -> None:
    """Whoever reads nothing but the canonical layout is given it: no trace is left of the room."""
    for item in products:
        assert canonical(item.path.read_bytes()) == canonical(item.copy), item.name


def canonical(raw: bytes) -> bytes:
    return aprfmt.canonicalise_bytes(raw, drop_unexplained=True)
