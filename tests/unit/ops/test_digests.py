"""Digests of a file by its parts: of damaged ones as far as they go, and of bytes where somebody else says they lie."""

from __future__ import annotations

from hashlib import sha256

import pytest
from tests.unit.ops.receipts import lenient, stamped
from tests.unit.rules.crafting import SIZE, craft, entry_a, entry_b, file, opened

from aprfmt.container import payload_digest_of
from aprfmt.layout import facts
from aprfmt.ops.digests import Joined, Places, Spans, TensorDigest, between
from aprfmt.ops.proof import digest_file

SOUND = craft(tensor_data=bytes(range(128)))
DATA = bytes(range(256))


def hexed(data: bytes) -> str:
    return sha256(data).hexdigest()


@pytest.mark.parametrize("chunk", [1, 7, 100, 256])
def test_spans_may_overlap_touch_and_be_empty(chunk: int) -> None:
    wanted = [(0, 256), (0, 1), (10, 20), (15, 30), (20, 21), (255, 256), (10, 20)]
    spans, joined = Spans(wanted), Joined([(0, 3), (3, 9), (250, 256)])
    for at in range(0, len(DATA), chunk):
        piece = memoryview(DATA)[at : at + chunk]
        spans.feed(at, piece)
        joined.feed(at, piece)
    assert {span: spans.of(span) for span in wanted} == {span: sha256(DATA[slice(*span)]).digest() for span in wanted}
    assert spans.of((40, 40)) == sha256().digest()
    assert joined.result == (15, hexed(DATA[:9] + DATA[250:]))


@pytest.mark.parametrize(
    ("tensors", "found"),
    [
        ([], [(10, 20)]),
        ([(10, 20)], []),
        ([(12, 14), (10, 11)], [(11, 12), (14, 20)]),
        ([(10, 18), (11, 12), (12, 12)], [(18, 20)]),
        ([(15, 99)], [(10, 15)]),
        ([(15, 15), (30, 40)], [(10, 15), (15, 20)]),
    ],
)
def test_what_lies_between_tensors(tensors: list[tuple[int, int]], found: list[tuple[int, int]]) -> None:
    assert between(tensors, (10, 20)) == found


def test_a_section_without_bytes_has_no_filler() -> None:
    assert between([(10, 10)], (10, 10)) == []


def test_the_payload_digest_is_that_of_the_container() -> None:
    container = opened(SOUND)
    found = payload_digest_of(reversed(container.tensors), lambda tensor: tensor.sha256())
    assert found == container.payload_digest()


def test_of_a_truncated_file_the_rest_is_digested() -> None:
    cut = SOUND[:0x101]  # one byte of b
    proof = digest_file(lenient(cut))
    assert (proof.nbytes, proof.sha256) == (0x101, hexed(cut))
    a, b = proof.tensors
    assert (a.sha256, b.sha256) == (hexed(SOUND[0xC0:0xC8]), None)
    assert (b.start, b.end) == (0x100, 0x103)
    assert proof.payload_digest is None
    assert proof.data == (0xC0, 0x101)
    assert proof.filler == (0x38, hexed(SOUND[0xC8:0x100]))
    assert proof.sections["footer"] is None
    assert proof.is_complete


def test_an_index_that_is_cut_is_not_complete() -> None:
    proof = digest_file(lenient(SOUND[:0xA0]))
    assert not proof.is_complete
    assert [tensor.name for tensor in proof.tensors] == ["a"]
    assert (proof.filler, proof.payload_digest, proof.tensors[0].sha256) == (None, None, None)


@pytest.mark.parametrize("nbytes", [0, 3, 63])
def test_of_less_than_a_header_all_is_digested(nbytes: int) -> None:
    proof = digest_file(lenient(SOUND[:nbytes]))
    assert (proof.nbytes, proof.sha256) == (nbytes, hexed(SOUND[:nbytes]))
    assert (proof.header, proof.flags, proof.metadata, proof.tensors) == (None, None, None, ())
    assert [name for name, section in proof.sections.items() if section is not None] == ["header"] * (nbytes > 0)


def test_metadata_that_cannot_be_read_are_none() -> None:
    proof = digest_file(lenient(craft(metadata=b"{")))
    assert proof.metadata is None
    assert proof.sections["metadata"] == (0x40, 0x41, hexed(b"{"))


def test_every_section_but_the_data_is_there() -> None:
    proof = digest_file(lenient(file(ofs_metadata=1 << 60)))
    assert list(proof.sections) == [name for name in facts.LAYOUT if name != "tensor_data"]
    assert proof.sections["metadata"] is None


def test_places_are_digested_whatever_the_file_says() -> None:
    lost = file(ofs_tensor_index=1 << 40)
    spans = frozenset({(0xC0, 0xC8), (0x80, 0xC0), (5, 5), (0x100, SIZE + 1), (-4, 8)})
    proof = digest_file(lenient(lost), places=Places(spans, ((0xC8, 0x100),)))
    assert proof.at_places == {span: hexed(lost[slice(*span)]) for span in ((0xC0, 0xC8), (0x80, 0xC0))}
    assert proof.filler_at_places == (0x38, hexed(lost[0xC8:0x100]))
    assert proof.tensors == ()


def test_places_behind_the_file_are_not_digested() -> None:
    proof = digest_file(lenient(SOUND), places=Places(frozenset({(0, SIZE + 1)}), ((SIZE - 1, SIZE + 1),)))
    assert (proof.at_places, proof.filler_at_places) == ({}, None)


def test_places_that_lie_over_one_another_without_end_are_passed_over() -> None:
    many = frozenset((0, stop) for stop in range(1, SIZE + 1))
    proof = digest_file(lenient(SOUND), places=Places(many, ()))
    assert proof.at_places == {}
    assert proof == digest_file(lenient(SOUND), places=Places(frozenset(), ()))


def test_a_tensor_digest_knows_its_size() -> None:
    tensor = TensorDigest(b"\xff", "u8", (3,), 7, 10, None)
    assert (tensor.nbytes, tensor.name) == (3, "\udcff")


def test_a_proof_sees_an_empty_tensor() -> None:
    raw = craft(entry_a(), entry_b(dims=[0], len_tensor=0), tensor_data=bytes(64))
    tensors = digest_file(lenient(raw)).tensors
    assert (tensors[1].nbytes, tensors[1].sha256) == (0, hexed(b""))
    proof = stamped(raw).stamp.proof
    assert proof is not None
    assert proof.after.tensors[1].sha256 == hexed(b"")
