"""Drafts: what is asked for is there, names are unique, and a change of one part breaks nothing else."""

from __future__ import annotations

from tests.unit.testing.drawing_kit import many, rules_of, smallest

from aprfmt.layout import DType, Flags, parse_header
from aprfmt.testing.drafts import Ask, Body, Draft, bodies, drafts

ORIGIN = b'{"license":"MIT","data_source":"web","data_license":"MIT"}'


def draft(*given: Body, metadata: bytes = ORIGIN) -> Draft:
    names = [bytes([97 + number]) for number in range(len(given))]
    return Draft(metadata, names, list(given), Flags(0), True)


def scalar() -> Body:
    return Body(DType.F32, (), b"\1\2\3\4")


def test_what_is_asked_for_is_there() -> None:
    for found in many(drafts(Ask(min_tensors=2, max_tensors=3, solid=True, ragged=True, plain=True)), 60):
        assert 2 <= len(found.bodies) == len(found.names) <= 3
        assert all(body.data and 0 not in body.dims for body in found.bodies)
        assert len(found.bodies[-1].data) % 64
        assert not any(DType(body.dtype).facts.quantized for body in found.bodies)


def test_names_are_unique_sorted_and_not_too_long() -> None:
    for found in many(drafts(Ask(min_tensors=4)), 80):
        assert found.names == sorted(set(found.names))
        assert all(0 < len(name) <= 256 for name in found.names)
        assert all(name.decode() for name in found.names)


def test_in_the_place_of_a_name_that_is_taken_stands_a_letter() -> None:
    assert smallest(drafts(Ask(min_tensors=3))).names == [b"a", b"b", b"c"]


def test_many_names_that_are_taken_become_numbers() -> None:
    [found] = many(drafts(Ask(min_tensors=30, max_tensors=30)), 1)
    names = found.names
    assert len(set(names)) == 30
    assert {b"a", b"z", b"0", b"3"} <= set(names)


def test_tensors_lie_on_the_grid_one_behind_the_other() -> None:
    made = draft(scalar(), Body(DType.F32, (20,), bytes(80)), scalar())
    assert made.starts() == [0, 64, 192]
    made.bodies[1].at = 70
    assert made.starts() == [0, 70, 192]
    made.order = [2, 0, 1]
    assert made.starts() == [64, 70, 0]
    assert len(made.tree()["tensor_data"]) == 70 + 128


def test_a_draft_that_nobody_changes_is_sound() -> None:
    assert rules_of(draft(scalar(), scalar()).built(), "publish") == set()


def test_flags_follow_what_they_announce() -> None:
    block = Body(DType.Q4_K, (256,), bytes(144))
    assert parse_header(draft(block).built()).flags == Flags.LAYOUT_ROW_MAJOR | Flags.QUANTIZED
    assert parse_header(draft(scalar()).built()).flags == Flags.LAYOUT_ROW_MAJOR
    told = draft(metadata=b'{"tokenizer.vocabulary":["a"],' + ORIGIN[1:])
    assert parse_header(told.built()).flags == Flags.LAYOUT_ROW_MAJOR | Flags.HAS_VOCAB
    assert parse_header(draft(metadata=b"{").built()).flags == Flags.LAYOUT_ROW_MAJOR


def test_what_is_claimed_wins() -> None:
    body = scalar()
    body.claimed["len_tensor"] = 5
    made = draft(body)
    made.flags["signed"] = 1
    assert rules_of(made.built(), "publish") == {"APR-D002", "APR-H010"}


def test_bodies_are_as_large_as_their_shape_takes() -> None:
    sizes = {len(body.data) for body in many(bodies(of=(DType.Q4_K,)), 80)}
    assert {0, 144} <= sizes
    assert all(size % 144 == 0 for size in sizes)
    padded = [body for body in many(bodies(of=(DType.Q4_K,)), 80) if body.dims == (3, 40)]
    assert {len(body.data) for body in padded} <= {144, 3 * 144}
