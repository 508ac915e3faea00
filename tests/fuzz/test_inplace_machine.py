"""Law: whatever is done to a file in place, and wherever it is cut, it says what a plain model of it says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.fuzz.laws import opened, tensor_facts, values
from tests.unit.files.inplace.faults import CRASHES, ERRORS, Crash, Emulated, Faulty
from tests.unit.files.inplace.power import Disk

from aprfmt import MetadataPatch, WriteOptions, canonicalise_file, stamp_file, validate_file
from aprfmt import open as open_container
from aprfmt.checksum import crc32
from aprfmt.errors import FormatError
from aprfmt.files.inplace import System, journal_of, recover
from aprfmt.testing import containers

KEYS = ("license", "data_source", "x.note")
TEXTS = st.sampled_from(("", "MIT", "a longer text " * 8)) | st.integers(0, 9000).map(lambda nbytes: "é" * nbytes)
CHANGES = st.dictionaries(st.sampled_from(KEYS), TEXTS, min_size=1)
HOW = st.fixed_dictionaries({"reserve": st.sampled_from((0, 0, 0, 500, 20_000)), "keep_footerless": st.booleans()})
POWER = st.none() | st.integers(0, 2**32)


class Model(NamedTuple):
    """What a file says: its values, by how much its footer is wrong (None without one), how much is behind that."""

    values: dict[str, Any]
    wrong_by: int | None
    n_trailing: int = 0

    @classmethod
    def of(cls, raw: bytes) -> Model:
        container = opened(raw)
        footer = container.footer
        wrong_by = None if footer is None else footer.checksum ^ crc32(raw[: container.required_len])
        return cls(values(raw), wrong_by, container.n_trailing_bytes)

    def stamped(self, changes: dict[str, str], *, keep_footerless: bool, **_how: Any) -> Model:
        wrong_by = self.wrong_by if self.wrong_by is not None or keep_footerless else 0
        return Model({**self.values, **changes}, wrong_by)


class InPlace(RuleBasedStateMachine):
    """One file in a folder, and what it says; while a stamp is cut, also what it would say afterwards. Tensors change
    by damage alone."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name, "model.apr")
        self.now = Model({}, 0)
        self.then: Model | None = None
        self.tensors: list[Any] = []

    def teardown(self) -> None:
        self.folder.cleanup()

    @initialize(raw=containers() | containers(canonical=False))
    def create(self, raw: bytes) -> None:
        self.path.write_bytes(raw)
        self.now, self.tensors = Model.of(raw), tensor_facts(raw)

    def _stamp(self, changes: dict[str, str], system: System, how: dict[str, Any]) -> bool:
        """Stamp by the function that everybody calls, on this system; whether anything changed."""
        with on(system):
            options, order = WriteOptions(**how), MetadataPatch(set=changes)
            done = stamp_file(self.path, None, order, in_place=True, drop_trailing=True, options=options)
        return done.changed

    def _found(self, *expected: Model) -> Model:
        found = Model.of(self.path.read_bytes())
        assert found in expected
        return found

    @precondition(lambda self: self.then is None)
    @rule(changes=CHANGES, how=HOW)
    def stamp(self, changes: dict[str, str], how: dict[str, Any]) -> None:
        """A second stamp with the same patch writes nothing."""
        if self._stamp(changes, Emulated(), how):
            self.now = self.now.stamped(changes, **how)
        before = self.path.stat()
        assert not self._stamp(changes, Emulated(), how)
        assert self.path.stat().st_mtime_ns == before.st_mtime_ns
        assert opened(self.path.read_bytes()).room_nbytes >= how["reserve"]

    @precondition(lambda self: self.then is None)
    @rule(changes=CHANGES, how=HOW, at=st.integers(0, 14), kind=st.sampled_from(CRASHES), power=POWER)
    def crash(self, changes: dict[str, str], how: dict[str, Any], at: int, kind: str, power: int | None) -> None:
        """A stamp that is cut, of the process alone or with the power."""
        disk = Disk(self.path.parent)
        try:
            if self._stamp(changes, Faulty(disk, at, kind), how):
                self.now = self.now.stamped(changes, **how)
        except Crash:
            self.then = self.now.stamped(changes, **how)
            if power is not None:
                disk.lose_power(power)

    @precondition(lambda self: self.then is None)
    @rule(
        changes=CHANGES,
        how=HOW,
        at=st.integers(0, 12),
        error=st.sampled_from(ERRORS),
        cut=st.none() | st.integers(0, 6),
    )
    def fail(self, changes: dict[str, str], how: dict[str, Any], at: int, error: str, cut: int | None) -> None:
        """A stamp of which a call fails, and which may be cut while that is undone."""
        base = Emulated() if cut is None else Faulty(Emulated(), at + cut, "after")
        then = self.now.stamped(changes, **how)
        try:
            if self._stamp(changes, Faulty(base, at, error), how):
                self.now = then
        except (OSError, Crash):
            if journal_of(self.path) is None:
                self.now = self._found(self.now, then)
            else:
                self.then = then

    @precondition(lambda self: self.then is not None)
    @rule(at=st.integers(0, 9), kind=st.sampled_from(CRASHES), power=POWER)
    def crash_again(self, at: int, kind: str, power: int | None) -> None:
        """A recovery that is cut."""
        disk = Disk(self.path.parent)
        try:
            self._recover(Faulty(disk, at, kind))
        except Crash:
            if power is not None:
                disk.lose_power(power)

    @precondition(lambda self: self.then is not None)
    @rule()
    def recover(self) -> None:
        self._recover(Emulated())

    def _recover(self, system: System) -> None:
        assert self.then is not None
        before = self.path.read_bytes()
        try:
            done = recover(self.path, system=system)
        except FormatError as error:
            # Nothing had begun, as far as the journal says, and whether that is so cannot be told from a damaged file.
            assert "the journal is torn" in str(error)  # noqa: PT017 - the file need not be damaged
            assert self.now.wrong_by
            assert self.path.read_bytes() == before
            journal = journal_of(self.path)
            assert journal is not None
            journal.unlink()
            self.then = None
            return
        self.now, self.then = self._found(self.now, self.then), None
        wanted = None if done.state == "none" or self.now.wrong_by is None else not self.now.wrong_by
        assert done.verified is wanted

    @precondition(lambda self: self.then is not None and not self.now.wrong_by)
    @rule(changes=CHANGES, how=HOW)
    def stamp_after_a_cut(self, changes: dict[str, str], how: dict[str, Any]) -> None:
        """What was cut is settled first, and then stamped."""
        assert self.then is not None
        self._stamp(changes, Emulated(), how)
        wanted = [model.stamped(changes, **how) for model in (self.now, self.then)]
        left_alone = [model for model in (self.now, self.then) if model.values == model.stamped(changes, **how).values]
        self.now, self.then = self._found(*wanted, *left_alone), None

    @precondition(lambda self: self.then is not None and journal_of(self.path) is not None)
    @rule()
    def read(self) -> None:
        """Readers refuse a file beside a journal, whatever it is like."""
        with pytest.raises(FormatError, match="was not finished"):
            open_container(self.path)
        with pytest.raises(FormatError, match="was not finished"):
            validate_file(self.path)

    @precondition(lambda self: self.then is None and self.now.wrong_by is not None)
    @rule(by=st.integers(1, 255), back=st.integers(1, 200))
    def damage(self, by: int, back: int) -> None:
        """A byte of the data or of the footer goes wrong: whatever follows leaves it as wrong as that."""
        raw = bytearray(self.path.read_bytes())
        container = opened(bytes(raw))
        at = max(container.header.ofs_data, len(raw) - self.now.n_trailing - back)
        raw[at] ^= by
        self.path.write_bytes(raw)
        self.now, self.tensors = Model.of(bytes(raw)), tensor_facts(bytes(raw))

    @precondition(lambda self: self.then is None and self.now.wrong_by is not None)
    @rule(tail=st.sampled_from((b"tail", bytes(5000))))
    def append(self, tail: bytes) -> None:
        """Bytes behind the footer, which the next stamp drops."""
        with self.path.open("ab") as file:
            file.write(tail)
        self.now = self.now._replace(n_trailing=self.now.n_trailing + len(tail))

    @precondition(lambda self: self.then is None and not self.now.wrong_by and not self.now.n_trailing)
    @rule()
    def canonicalise(self) -> None:
        """Whatever room there is goes."""
        canonicalise_file(self.path, self.path, force=True, drop_unexplained=True)
        self.now = self.now._replace(wrong_by=0)
        self.tensors = tensor_facts(self.path.read_bytes())

    @precondition(lambda self: self.then is None and not self.now.wrong_by and not self.now.n_trailing)
    @rule(changes=CHANGES)
    def copy(self, changes: dict[str, str]) -> None:
        """A stamp that copies, over the file itself."""
        stamp_file(self.path, self.path, MetadataPatch(set=changes), force=True)
        self.now = self.now.stamped(changes, keep_footerless=False)

    @invariant()
    def it_is_what_the_model_says(self) -> None:
        if not self.path.exists() or self.then is not None:
            return
        raw = self.path.read_bytes()
        assert Model.of(raw) == self.now
        assert tensor_facts(raw) == self.tensors
        wrong = {"APR-F002"} if self.now.wrong_by else set()
        assert {item.rule for item in validate_file(raw).errors} - {"APR-F004", "APR-F005"} == wrong
        assert os.listdir(self.path.parent) == [self.path.name]  # noqa: PTH208 - names are all that is asked for


class on:  # noqa: N801 - reads as a word
    """Has all that is done in place done by a system that is given."""

    def __init__(self, system: System) -> None:
        make: Callable[[], System] = lambda: system  # noqa: E731 - two lines more say no more
        self._patches = [patch(f"aprfmt.files.inplace.{name}.System", make) for name in ("writing", "recovery")]

    def __enter__(self) -> None:
        for item in self._patches:
            item.start()

    def __exit__(self, *_exception: object) -> None:
        for item in self._patches:
            item.stop()


InPlace.TestCase.settings = settings(max_examples=settings().max_examples // 2, stateful_step_count=20)
TestInPlace = InPlace.TestCase
