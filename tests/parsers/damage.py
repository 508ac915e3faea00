"""Damaged files, thousands of them and the same ones every time: what every reader has to give one verdict on.

Systematic: every byte of small files changed, every length, with checksums left wrong and made right again. At random:
bytes of every vector, and what Hypothesis makes of whole files, of the metadata and of the places of sections.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.reference.test_verdicts import (
    broken_json,
    moved_sections,
    odd_names,
    sub_objects,
    typed_oddly,
    with_metadata,
)
from tools.conformance.columns import ROOT

from aprfmt.checksum import crc32
from aprfmt.conform import recipes
from aprfmt.layout import FOOTER_SIZE, HEADER_SIZE, parse_header
from aprfmt.testing import containers, damaged, metadata_json, sealed
from aprfmt.vectors import Suite

__all__ = ["Damaged", "all_damage", "drawn", "sealed_all"]

GOLDEN = ROOT / "tests" / "data" / "golden"
SMALL_NBYTES = 1 << 14
SEED = 20
T = TypeVar("T")


class Damaged(NamedTuple):
    """A file, and how to make it again."""

    how: str
    raw: bytes


def sealed_all(raw: bytes) -> bytes:
    """The file with a right header checksum, and the last bytes as the footer of all before them."""
    raw = sealed(raw)
    if len(raw) < HEADER_SIZE + FOOTER_SIZE:
        return raw
    body = raw[:-FOOTER_SIZE]
    return body + crc32(body).to_bytes(FOOTER_SIZE, "little")


def drawn(strategy: st.SearchStrategy[T], number: int) -> list[T]:
    """That many examples of a strategy, the same ones every time."""
    found: list[T] = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(example: T) -> None:
        found.append(example)

    collect()
    return found


MASKS = (0x01, 0x80, 0xFF)
SEALS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("as it is", bytes),
    ("header sealed", sealed),
    ("all sealed", sealed_all),
)


def changed_bytes(name: str) -> Iterator[Damaged]:
    """Every byte of a golden file changed: one bit at an end of it, or all of it, each under another of the seals."""
    raw = (GOLDEN / name).read_bytes()
    for at in range(len(raw)):
        for number, (how, seal) in enumerate(SEALS):
            mask = MASKS[(at + number) % len(MASKS)]
            yield Damaged(f"{name}: byte {at} ^ {mask:#x}, {how}", seal(_changed(raw, at, mask)))


def changed_head(name: str) -> Iterator[Damaged]:
    """Every byte in front of the data of a golden file changed, with all checksums right again."""
    raw = (GOLDEN / name).read_bytes()
    for at in range(parse_header(raw).ofs_data):
        mask = MASKS[at % len(MASKS)]
        yield Damaged(f"{name}: byte {at} ^ {mask:#x}, all sealed", sealed_all(_changed(raw, at, mask)))


def _changed(raw: bytes, at: int, mask: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ mask]) + raw[at + 1 :]


def lengths(name: str) -> Iterator[Damaged]:
    """A golden file cut to every length, with a wrong footer and with a right one."""
    raw = (GOLDEN / name).read_bytes()
    for size in range(len(raw)):
        yield Damaged(f"{name}: the first {size} bytes", raw[:size])
        yield Damaged(f"{name}: the first {size} bytes, all sealed", sealed_all(raw[:size]))


def changed_vectors() -> Iterator[Damaged]:
    """Every vector that is small enough, with one to three bytes changed; mostly in its head."""
    suite = Suite(recipes.read())
    generator = random.Random(SEED)  # noqa: S311 - damage is no secret
    for vector in suite.vectors.values():
        if vector.base is None or vector.nbytes is None or vector.nbytes > SMALL_NBYTES or vector.is_sparse:
            continue
        raw = suite.image(vector.id).whole()
        for how, seal in SEALS[1:]:
            changed = bytearray(raw)
            places = [generator.randrange(len(raw)) for _ in range(generator.randint(1, 3))] if raw else []
            for at in places:
                changed[at] = generator.choice((0, 1, 0x7F, 0xFF, changed[at] ^ 1, generator.randrange(256)))
            yield Damaged(f"{vector.id}: bytes {places} changed, {how}", seal(bytes(changed)))


def changed_models() -> Iterator[Damaged]:
    """Real models with one byte of the head changed, and all checksums right again."""
    generator = random.Random(SEED)  # noqa: S311 - damage is no secret
    for name in ("teacher_q4k.apr", "stamped.apr"):
        raw = (GOLDEN / name).read_bytes()
        for at in sorted(generator.sample(range(parse_header(raw).ofs_data), 20)):
            yield Damaged(f"{name}: byte {at} ^ 0x4, all sealed", sealed_all(_changed(raw, at, 0x04)))


def drawn_files(number: int) -> Iterator[Damaged]:
    """Whole files that Hypothesis makes and damages, half of them with all checksums right again."""
    for at, raw in enumerate(drawn(damaged(containers() | containers(canonical=False)), number)):
        yield Damaged(f"drawn file {at}", raw if at % 2 else sealed_all(raw))
    for at, raw in enumerate(drawn(moved_sections() | odd_names(), number // 2)):
        yield Damaged(f"drawn places and names {at}", raw)


def drawn_metadata(number: int) -> Iterator[Damaged]:
    """Metadata of wrong types, that is no JSON, or that is as odd as JSON allows."""
    texts = st.one_of(typed_oddly(), sub_objects(), broken_json(), broken_json(), metadata_json(), _deep())
    for raw in drawn(texts, number):
        yield Damaged(f"metadata {raw!r:.200}", with_metadata(raw))


def _deep() -> st.SearchStrategy[bytes]:
    """Metadata about as deep as a reader may refuse."""
    around = st.sampled_from(((b"[", b"", b"]"), (b'{"a":', b"1", b"}")))
    return st.builds(
        lambda levels, parts: b'{"a":' + parts[0] * levels + parts[1] + parts[2] * levels + b"}",
        st.integers(120, 130),
        around,
    )


def all_damage() -> Iterator[Damaged]:
    """All of it."""
    for name in ("no_tensors.apr", "one_custom_key.apr"):
        yield from changed_bytes(name)
    for name in ("unicode_names.apr", "every_dtype.apr"):
        yield from changed_head(name)
    yield from lengths("streaming_order.apr")
    yield from changed_vectors()
    yield from changed_models()
    yield from drawn_files(700)
    yield from drawn_metadata(1000)


def write_all(folder: Path) -> list[tuple[str, Path]]:
    """The damaged files on the disk, each with how it is made; two that are equal are one."""
    kept: dict[bytes, str] = {}
    for how, raw in all_damage():
        kept.setdefault(raw, how)
    made = []
    for number, (raw, how) in enumerate(kept.items()):
        path = folder / f"{number}.apr"
        path.write_bytes(raw)
        made.append((how, path))
    return made
