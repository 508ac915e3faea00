"""Laws of the map from bytes to fields: it covers any file, once, and both ways of asking it agree."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.laws import SMALL_GOLDEN, golden

from aprfmt.container import Container
from aprfmt.layout import facts
from aprfmt.source import BytesSource
from aprfmt.spans import FieldMap, FieldSpan, Kind, field_at, walk
from aprfmt.testing import containers, damaged, sealed

ANY_BYTES = st.binary(max_size=400)
BEHIND_A_MAGIC = st.binary(min_size=60, max_size=400).map(lambda raw: sealed(facts.MAGIC + b"\2\0" + raw))
ANY_FILE = st.one_of(
    containers(canonical=False), damaged(containers(canonical=False)), damaged(containers()), ANY_BYTES, BEHIND_A_MAGIC
)


class Watched(BytesSource):
    """A source that counts what is read, and refuses nothing that lies inside."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self.furthest = 0

    def view(self, start: int, stop: int) -> memoryview:
        self.furthest = max(self.furthest, stop)
        return super().view(start, stop)


def lenient(raw: bytes) -> Container:
    return Container(BytesSource(raw), lenient=True)


def leaves(raw: bytes) -> list[FieldSpan]:
    return [field for field in walk(lenient(raw)) if field.is_leaf]


@given(ANY_FILE)
@example(b"")
@example(facts.MAGIC)
@example(b"GGUF" + bytes(100))
@example(facts.MAGIC + b"\xff" * 300)
def test_every_byte_is_in_exactly_one_leaf(raw: bytes) -> None:
    """The leaves, in the order in which they come, MUST divide the file."""
    at = 0
    for leaf in leaves(raw):
        assert leaf.span[0] == at or leaf.nbytes == 0
        assert leaf.span[0] <= leaf.span[1]
        at = max(at, leaf.span[1])
    assert at == len(raw)


@given(ANY_FILE)
def test_groups_and_bits_hold_nothing_of_their_own(raw: bytes) -> None:
    """A group MUST lie around the leaves that follow it one level deeper, and bits in the field before them."""
    around: list[FieldSpan] = []
    last: FieldSpan | None = None
    for field in walk(lenient(raw)):
        del around[field.depth :]
        if field.kind is Kind.BITS:
            assert last is not None
            assert field.span == last.span
            assert field.path.startswith(f"{last.path}.")
            continue
        assert len(around) == field.depth or field.kind is Kind.GAP
        for group in around:
            assert group.span[0] <= field.span[0] <= field.span[1] <= group.span[1] or field.kind is Kind.GAP
        if field.kind is Kind.GROUP:
            around.append(field)
        else:
            last = field


@given(ANY_FILE)
def test_what_is_declared_elsewhere_lies_around(raw: bytes) -> None:
    """A declared span MUST hold the span that is there, and MUST be given only when it is another one."""
    for field in walk(lenient(raw)):
        if field.declared is not None:
            assert field.declared != field.span
            assert field.declared[0] <= field.span[0] <= field.span[1] <= field.declared[1]


@given(ANY_FILE)
def test_a_byte_is_found_in_the_leaf_that_the_walk_has_it_in(raw: bytes) -> None:
    """`field_at` MUST name the leaf of `walk` for every byte, and nothing for gaps."""
    container = lenient(raw)
    for leaf in leaves(raw):
        for offset in {leaf.span[0], leaf.span[1] - 1} if leaf.nbytes else ():
            found = field_at(container, offset)
            if leaf.kind is Kind.GAP:
                assert found is None
                continue
            assert found is not None
            assert found.path == leaf.path
            assert found.span[0] <= leaf.span[0] <= leaf.span[1] <= found.span[1]
            assert found.tensor == (None if leaf.tensor is None else leaf.tensor.name)
    assert field_at(container, len(raw)) is None
    assert field_at(container, -1) is None


@given(ANY_FILE)
def test_a_part_of_the_walk_is_what_lies_below_its_path(raw: bytes) -> None:
    """`walk` of a path MUST be the whole walk without all other paths."""
    fields = FieldMap(lenient(raw))
    whole = list(map(plain, fields.walk()))
    for path in sorted({field.path for field in whole}):
        below = [field for field in whole if field.path == path or field.path.startswith((f"{path}.", f"{path}["))]
        assert list(map(plain, fields.walk(path))) == below


def plain(field: FieldSpan) -> FieldSpan:
    """Without the tensor, which has no equality of its own."""
    return field._replace(tensor=None)


@given(ANY_FILE)
def test_nothing_is_read_beyond_the_end(raw: bytes) -> None:
    """Whatever a file claims, a read MUST end inside it: the source refuses any other, which would surface here."""
    source = Watched(raw)
    list(walk(Container(source, lenient=True)))
    assert source.furthest <= len(raw)


@given(containers())
def test_a_canonical_file_has_no_gap(raw: bytes) -> None:
    """Every byte of a canonical file MUST be explained."""
    assert Kind.GAP not in {leaf.kind for leaf in leaves(raw)}


@given(st.sampled_from(SMALL_GOLDEN))
def test_values_are_those_of_the_container(name: str) -> None:
    """Each header and entry field MUST have the value that the container reads there."""
    container = lenient(golden(name))
    for field in walk(container):
        if field.path.startswith("header.") and field.kind is Kind.FIELD:
            assert field.value == getattr(container.header, field.name)
        if field.path.startswith("tensor_index.entries[") and field.kind is Kind.FIELD:
            assert field.tensor is not None
            assert field.value == getattr(field.tensor.entry, field.name)
        if field.path.startswith("metadata."):
            assert field.value == container.metadata[field.name]
