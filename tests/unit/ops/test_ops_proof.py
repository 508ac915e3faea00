"""A proof says what was seen, refuses to say what was not, and leaves no thread behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from tests.unit.ops.receipts import MIT, cut, stamped
from tests.unit.rules.crafting import craft, entry_a, entry_b, opened

from aprfmt import DType, FormatError, LimitExceededError, MetadataPatch, NewTensor, create_bytes, stamp_file
from aprfmt.ops.proof import Proof, Witness, digest_file
from aprfmt.ops.stamp import Stamp, plan_stamp
from aprfmt.plan import Copy, Literal, Seal, iter_plan
from aprfmt.source import CHUNK_BYTES

LARGE = create_bytes(
    [
        NewTensor("a", DType.U8, (3 * CHUNK_BYTES + 17,), (bytes(range(251)) * 12_600)[: 3 * CHUNK_BYTES + 17]),
        NewTensor("b", DType.U8, (5,), b"12345"),
        NewTensor("c", DType.U8, (CHUNK_BYTES,), bytes(CHUNK_BYTES)),
    ],
    {"name": "large"},
)
"""More than a piece, so that threads help."""


def helpers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("aprfmt-digest")]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    assert helpers() == []
    yield
    assert helpers() == []


def proof_of(raw: bytes, **options: object) -> Proof:
    proof = stamped(raw, **options).stamp.proof  # type: ignore[arg-type] # options of `stamped`
    assert proof is not None
    return proof


def test_large_pieces_are_digested_side_by_side() -> None:
    done = stamped(LARGE)
    proof = done.stamp.proof
    assert proof is not None
    assert proof.before.sha256 == sha256(LARGE).hexdigest()
    assert proof.after.sha256 == sha256(done.after).hexdigest()
    tensors = opened(done.after).tensors
    assert [item.sha256 for item in proof.after.tensors] == [sha256(item.data).hexdigest() for item in tensors]
    assert proof.after.payload_digest == opened(LARGE).payload_digest()
    assert proof.after.n_tensor_bytes == 4 * CHUNK_BYTES + 22


def test_helpers_are_used_and_go_away() -> None:
    container = opened(LARGE)
    stamp = plan_stamp(container, MIT)
    seen: list[list[str]] = []
    with Witness(container, stamp) as witness:
        at = 0
        for piece in iter_plan(stamp.plan, container.source):
            witness.see(at, piece)
            at += len(piece)
            seen.append(helpers())
        witness.proof()
    assert seen[0] == []  # a small piece is not worth waking anybody
    assert max(map(len, seen)) == 2
    witness.close()


def test_a_piece_is_not_looked_at_any_more_once_it_was_seen() -> None:
    """The writer uses one buffer again and again."""
    container = opened(LARGE)
    stamp = plan_stamp(container, MIT)
    buffer = bytearray(CHUNK_BYTES)
    with Witness(container, stamp) as witness:
        at = 0
        for part in iter_plan(stamp.plan, container.source):
            for piece in cut(part, CHUNK_BYTES // 2 + 1):
                buffer[: len(piece)] = piece
                witness.see(at, memoryview(buffer)[: len(piece)])
                at += len(piece)
                buffer[:] = b"\xff" * len(buffer)
        assert witness.proof() == stamped(LARGE).stamp.proof


def test_nothing_of_the_data_is_read_for_a_proof() -> None:
    class Watched:
        """A source that says what is read of it."""

        def __init__(self, raw: bytes) -> None:
            self.inner = opened(raw).source
            self.size = self.inner.size
            self.spans: list[tuple[int, int]] = []

        def read(self, start: int, stop: int) -> bytes:
            self.spans.append((start, stop))
            return self.inner.read(start, stop)

        def read_into(self, start: int, buffer: memoryview) -> None:
            self.spans.append((start, start + len(buffer)))
            self.inner.read_into(start, buffer)

        def view(self, start: int, stop: int) -> memoryview:
            raise AssertionError((start, stop))

    container = opened(LARGE)
    stamp = plan_stamp(container, MIT)
    pieces = [bytes(piece) for piece in iter_plan(stamp.plan, container.source)]
    watched = Watched(LARGE)
    container.source = watched
    with Witness(container, stamp) as witness:
        at = 0
        for piece in pieces:
            witness.see(at, piece)
            at += len(piece)
        witness.proof()
    start, stop = container.header.ofs_data, container.required_len
    assert [span for span in watched.spans if span[1] > start and span[0] < stop] == []


@pytest.mark.parametrize("at", [1, 63, 10_000])
def test_a_piece_out_of_order_is_a_fault(at: int) -> None:
    container = opened(craft())
    with (
        Witness(container, plan_stamp(container, MIT)) as witness,
        pytest.raises(ValueError, match=f"expected the piece at byte 0, found that at {at}"),
    ):
        witness.see(at, b"x")


def test_what_was_not_seen_is_not_proved() -> None:
    container = opened(craft())
    stamp = plan_stamp(container, MIT)
    with Witness(container, stamp) as witness:
        *most, _last = iter_plan(stamp.plan, container.source)
        at = 0
        for piece in most:
            witness.see(at, piece)
            at += len(piece)
        with pytest.raises(ValueError, match=f"expected all {stamp.output_nbytes} bytes of the new file, found {at}"):
            witness.proof()


@pytest.mark.parametrize("number", [0, 2])
def test_a_plan_that_is_not_that_of_a_stamp_is_a_fault(number: int) -> None:
    container = opened(craft())
    stamp = plan_stamp(container, MIT)
    copies = [part for part in stamp.plan if isinstance(part, Copy)]
    others = [part for part in stamp.plan if isinstance(part, Literal | Seal)]
    with pytest.raises(ValueError, match=f"expected a plan with one Copy, found {number}"):
        Witness(container, replace(stamp, plan=(*others, *copies * number)))


def test_a_stamp_that_fails_half_way_leaves_no_thread() -> None:
    raw = bytearray(LARGE)
    raw[len(raw) // 2] ^= 1
    with pytest.raises(FormatError, match="APR-F002"):
        stamped(bytes(raw))


def test_a_digest_that_fails_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when a helper takes it."""
    container = opened(LARGE)
    stamp = plan_stamp(container, MIT)

    def fail(*_arguments: object) -> None:
        raise MemoryError("out of it")

    with Witness(container, stamp) as witness:
        monkeypatch.setattr(witness._data, "feed", fail)
        head = b"".join(bytes(part.data) for part in stamp.plan if isinstance(part, Literal))
        witness.see(0, head)
        with pytest.raises(MemoryError, match="out of it"):
            witness.see(len(head), container.source.view(container.header.ofs_data, container.required_len))


def test_tensors_that_share_their_bytes_are_all_there() -> None:
    raw = craft(entry_a(), entry_a(name=b"b"), entry_b(name=b"c", ofs_tensor=0), tensor_data=bytes(64))
    proof = proof_of(raw, accept=("APR-D003",))
    assert [tensor.sha256 for tensor in proof.after.tensors] == [sha256(bytes(n)).hexdigest() for n in (8, 8, 3)]
    assert proof.after.n_tensor_bytes == 19
    assert proof.after.filler == (56, sha256(bytes(56)).hexdigest())
    assert proof.after.payload_digest == opened(raw).payload_digest()


def test_tensors_that_lie_over_one_another_without_end_are_refused() -> None:
    entries = [entry_b(name=b"%02d" % number, dims=[100 - number], len_tensor=100 - number) for number in range(80)]
    raw = craft(*entries, tensor_data=bytes(192))
    container = opened(raw)
    stamp = plan_stamp(container, MIT, accept=("APR-D003",))
    assert len(raw) < sum(range(21, 101)) < 16 * len(raw)
    with Witness(container, stamp):
        pass
    many = [entry_b(name=b"%03d" % number, dims=[999 - number], len_tensor=999 - number) for number in range(900)]
    container = opened(craft(*many, tensor_data=bytes(1088)))
    stamp = plan_stamp(container, MIT, accept=("APR-D003",))
    assert sum(range(100, 1000)) > 16 * container.source.size
    with pytest.raises(LimitExceededError, match="too many tensors lie over one another"):
        Witness(container, stamp)
    with pytest.raises(LimitExceededError, match="expected at most 16 times the"):
        digest_file(container)


def test_names_that_are_no_text_survive() -> None:
    raw = craft(entry_a(name=b"a\xff"), entry_b(name=b"b\\xff"))
    first, second = proof_of(raw, accept=("APR-I005",)).after.tensors
    assert (first.name_bytes, first.name) == (b"a\xff", "a\udcff")
    assert (second.name_bytes, second.name) == (b"b\\xff", "b\\xff")


def test_an_element_type_that_nobody_knows_has_no_payload_digest() -> None:
    proof = proof_of(craft(entry_a(dtype=99), entry_b()), accept=("APR-I002",))
    assert proof.before.payload_digest is proof.after.payload_digest is None
    assert proof.after.tensors[0].dtype == "unknown(99)"


def test_bytes_behind_the_footer_are_part_of_the_file_before() -> None:
    raw = stamped(craft()).after + b"more"
    proof = proof_of(raw, drop_trailing=True)
    assert proof.before.sections["trailing"] == (len(raw) - 4, len(raw), sha256(b"more").hexdigest())
    assert proof.after.sections["trailing"] is None
    assert proof.before.sha256 == sha256(raw).hexdigest()


@pytest.mark.parametrize("footer", [None, {}])
def test_an_absent_footer_is_none(footer: dict[str, int] | None) -> None:
    proof = proof_of(craft(footer=footer) if footer is None else craft())
    assert (proof.before.sections["footer"] is None) == (footer is None)
    assert proof.after.sections["footer"] is not None


def test_a_file_without_tensors_has_a_proof() -> None:
    raw = craft(entry_a(), header={"num_tensors": 0}, tensor_index={"entries": []}, tensor_data=b"")
    proof = proof_of(raw)
    assert proof.after.tensors == ()
    assert proof.after.filler == (0, sha256().hexdigest())
    assert proof.after.sections["tensor_index"] is None


def test_a_file_that_is_left_alone_is_the_same_before_and_after(tmp_path: Path) -> None:
    path = tmp_path / "a.apr"
    path.write_bytes(stamped(LARGE).after)
    was = path.read_bytes()
    done = stamp_file(path, None, MIT, in_place=True, prove=True)
    assert path.read_bytes() == was
    assert (done.changed, done.proof is not None) == (False, True)
    assert done.proof is not None
    assert done.proof.before is done.proof.after
    assert done.proof.after.sha256 == sha256(was).hexdigest()


def test_a_stamp_of_a_file_is_proved_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "a.apr").write_bytes(LARGE)
    patch = MetadataPatch(set={"x": [1, 2]}, unset=("name",))
    done: Stamp = stamp_file(tmp_path / "a.apr", tmp_path / "b.apr", patch, prove=True)
    assert done.proof is not None
    for side, name in ((done.proof.before, "a.apr"), (done.proof.after, "b.apr")):
        assert side == replace(digest_file(opened((tmp_path / name).read_bytes())), metadata=side.metadata)
    assert done.proof.after.metadata is not None
    assert dict(done.proof.after.metadata)["x"] == [1, 2]


def test_progress_goes_to_the_end() -> None:
    seen: list[tuple[int, int]] = []
    digest_file(opened(LARGE), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(LARGE), len(LARGE))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_a_progress_that_raises_leaves_no_thread() -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        digest_file(opened(LARGE), progress=stop)
