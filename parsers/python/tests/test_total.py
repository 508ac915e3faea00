"""Whatever is done to a file, it is read or refused with a rule, as by aprfmt where that is installed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import aprfmt_reader
from aprfmt_reader import FormatError
from aprfmt_reader._generated.facts import FOOTER_SIZE, HEADER_FIELDS, HEADER_SIZE, RULES
from aprfmt_reader.harness import answer
from conftest import Write
from crafting import GOLDEN, golden_names, put, sealed, with_footer

SMALL = ["no_tensors.apr", "unicode_names.apr"]
EVIL = (0, 1, 0xFF, 0xFFFF, 1 << 31, (1 << 32) - 1, 1 << 53, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def rule_of(path: Path) -> str | None:
    """The rule that a file breaks, None for one that is read to its last byte; anything else is raised."""
    try:
        with aprfmt_reader.open(path) as model:
            model.verify()
            for tensor in model.tensors:
                tensor.read()
    except FormatError as error:
        return error.rule_id
    return None


@pytest.mark.parametrize("name", SMALL)
def test_every_byte_damaged(name: str, write: Write) -> None:
    """A footer protects every byte before it, whether one bit of it is flipped or all."""
    raw = (GOLDEN / name).read_bytes()
    path = write(raw)
    for at in range(len(raw)):
        for mask in (1 << at % 8, 0xFF):
            path.write_bytes(raw[:at] + bytes([raw[at] ^ mask]) + raw[at + 1 :])
            assert rule_of(path) in RULES


@pytest.mark.parametrize("name", SMALL)
def test_every_truncation(name: str, write: Write) -> None:
    """Of all cuts only the one that leaves no footer is taken."""
    raw = (GOLDEN / name).read_bytes()
    path = write(raw)
    taken = []
    for size in range(len(raw)):
        path.write_bytes(raw[:size])
        if rule_of(path) is None:
            taken.append(size)
    assert taken == [len(raw) - FOOTER_SIZE]


def damaged(seed: int, count: int) -> Iterator[bytes]:
    """Golden files with bytes flipped, cut, moved or overwritten by evil integers, checksums sealed again or not."""
    chance = random.Random(seed)  # noqa: S311 - the same files every time
    bases = [(GOLDEN / name).read_bytes() for name in golden_names()]
    for _ in range(count):
        raw = chance.choice(bases)
        for _ in range(chance.randint(1, 2)):
            raw = chance.choice(KINDS)(chance, raw)
        if len(raw) > HEADER_SIZE + FOOTER_SIZE and chance.random() < 0.7:
            raw = with_footer(sealed(raw)[:-FOOTER_SIZE])
        yield raw


def flipped(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw)) if raw else 0
    return raw[:at] + bytes(byte ^ 1 << chance.randrange(8) for byte in raw[at : at + 1]) + raw[at + 1 :]


def cut(chance: random.Random, raw: bytes) -> bytes:
    return raw[: max(0, len(raw) - chance.randint(1, 200))]


def moved(chance: random.Random, raw: bytes) -> bytes:
    at, first = chance.randint(0, len(raw)), chance.randint(0, len(raw))
    return raw[:at] + raw[first : first + chance.randint(0, 40)] + raw[at + chance.randint(0, 3) :]


def lied(chance: random.Random, raw: bytes) -> bytes:
    start, stop = HEADER_FIELDS[chance.choice(list(HEADER_FIELDS))]
    value = chance.choice((*EVIL, len(raw), len(raw) - 1)) & ((1 << 8 * (stop - start)) - 1)
    return put(raw, (start, stop), value) if len(raw) >= HEADER_SIZE else raw


def overwritten(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randint(0, len(raw))
    return raw[:at] + chance.choice(EVIL).to_bytes(8, "little") + raw[at + 8 :]


KINDS: tuple[Callable[[random.Random, bytes], bytes], ...] = (flipped, cut, moved, lied, overwritten)


def test_damaged_files_are_read_or_refused(write: Write) -> None:
    rules = {rule_of(write(raw)) for raw in damaged(seed=1, count=300)}
    assert len(rules) > 10


def test_damaged_files_are_judged_as_aprfmt_judges_them(write: Write) -> None:
    """Both ways: the verdict is the same, the rule is one that aprfmt finds broken, the values are equal."""
    own = pytest.importorskip("aprfmt.conform.own", exc_type=ImportError)
    path = write(b"")
    for raw in damaged(seed=2, count=300):
        path.write_bytes(raw)
        request = {"op": "read", "file": str(path), "profile": "default", "crc32": True}
        ours, theirs = answer(request), own.answer(request)
        assert ours["verdict"] == theirs["verdict"], (ours, theirs)
        assert ours.get("values") == theirs.get("values")
        if ours["verdict"] == "reject":
            assert ours["code"] in broken(path), (ours, theirs)


def broken(path: Path) -> set[str]:
    """The rules that aprfmt finds broken, and those that it cannot judge because others are."""
    from aprfmt.files import validate_file

    report = validate_file(path)
    return {finding.rule for finding in report.errors} | set(report.rules_skipped)
