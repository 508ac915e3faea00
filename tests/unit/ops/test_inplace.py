"""A stamp in place by numbers: which bytes of one small file are written, and which are not."""

from __future__ import annotations

import pytest
from tests.unit.rules.crafting import craft, entry_a, entry_b, opened

from aprfmt.container import Container
from aprfmt.errors import LimitExceededError
from aprfmt.footers import Verify
from aprfmt.layout import HEADER_SIZE
from aprfmt.limits import Limits
from aprfmt.ops.inplace import plan_in_place, read_through
from aprfmt.patch import MetadataPatch
from aprfmt.source import BytesSource

# 12 bytes of metadata at 0x40, the index at 0x80, the data at 0xc0, the footer at 0x140
RAW = craft(metadata=b'{"note":"x"}')
SHORT = MetadataPatch(set={"note": "y" * 9})
LONG = MetadataPatch(set={"note": "y" * 90})


def test_what_fits_writes_the_metadata_and_what_was_left_of_the_old_one() -> None:
    made = plan_in_place(opened(RAW), SHORT)
    assert (made.shift, made.footer_at, made.room) == (0, 0x140, 0x40 - 20)
    assert made.body == b'{"note":"yyyyyyyyy"}'
    assert made.before == RAW[: 0x40 + 12]
    shorter = plan_in_place(opened(RAW), MetadataPatch(unset=("note",)))
    assert shorter.body == b"{}" + bytes(10)


def test_what_does_not_fit_moves_everything_by_blocks_and_leaves_room() -> None:
    made = plan_in_place(opened(RAW), LONG)
    assert (made.shift, made.footer_at, made.input_nbytes, made.output_nbytes) == (4096, 0x1140, 0x144, 0x1144)
    # Up to where the old metadata ended, once it has moved on.
    assert HEADER_SIZE + len(made.body) == 4096 + len(made.before) == 4096 + 0x4C
    assert made.room == 4096 + 0x40 - 101
    assert plan_in_place(opened(RAW), SHORT, reserve=5000).shift == 8192


def test_the_index_stays_where_it_is_beside_the_data() -> None:
    made = plan_in_place(opened(RAW), LONG)
    assert HEADER_SIZE + len(made.body) <= 0x80 + made.shift


def test_the_rules_that_need_every_byte_are_said_to_be_skipped() -> None:
    assert plan_in_place(opened(RAW), SHORT).stamp.skipped == ("APR-D006", "APR-F002")
    assert plan_in_place(opened(RAW), SHORT, verify=Verify.FULL).stamp.skipped == ("APR-D006",)


class Watched(BytesSource):
    """Remembers what was read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.spans: list[tuple[int, int]] = []

    def view(self, start: int, stop: int) -> memoryview:
        self.spans.append((start, stop))
        return super().view(start, stop)


def test_the_data_is_not_read() -> None:
    """Not even to derive the footer."""
    source = Watched(RAW)
    plan_in_place(Container(source), LONG)
    assert source.spans
    assert all(stop <= 0xC0 or start >= 0x140 for start, stop in source.spans)


def test_a_file_is_read_once_and_seen_whole() -> None:
    made = plan_in_place(opened(RAW), LONG, verify=Verify.FULL)
    assert made.must_read
    seen, progress = bytearray(), []
    done = read_through(
        made,
        opened(RAW),
        progress=lambda *both: progress.append(both),
        observe=lambda at, piece: seen.extend(piece) if at == len(seen) else None,
    )
    assert not done.must_read
    assert done.footer == made.footer == seen[-4:]
    assert len(seen) == made.output_nbytes
    assert progress[-1] == (len(seen), len(seen))


def test_much_filler_that_is_not_zero_is_not_rewritten() -> None:
    raw = craft(metadata=b"{}", metadata_padding=bytes(5000) + b"\1" + bytes(5000))
    container = opened(raw)
    container.limits = Limits(max_metadata_bytes=1000, max_index_bytes=3000)
    with pytest.raises(LimitExceededError, match="too much filler to rewrite in place"):
        plan_in_place(container, SHORT)


def grown(nbytes: int) -> MetadataPatch:
    """A patch that makes the metadata so many bytes longer."""
    key = '"k":"",'
    return MetadataPatch(set={"k": "x" * (nbytes - len(key))}) if nbytes >= len(key) else MetadataPatch()


@pytest.mark.parametrize("behind_index", [0, 63, 64, 640])
def test_the_room_is_what_fits_before_the_data_moves(behind_index: int) -> None:
    raw = craft(
        metadata=b'{"a":1}',
        metadata_padding=bytes(100),
        tensor_index={"entries": [entry_a(), entry_b()], "padding": bytes(behind_index)},
    )
    room = opened(raw).room_nbytes
    assert room >= 100 + behind_index // 64 * 64
    fits, does_not = (plan_in_place(opened(raw), grown(room + more)) for more in (0, 1))
    assert len(fits.stamp.metadata.raw) == len(opened(raw).metadata.raw) + room
    assert (fits.shift, fits.room) == (0, 0)
    assert does_not.shift > 0
