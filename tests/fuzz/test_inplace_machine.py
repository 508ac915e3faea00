"""Law: whatever is done to a file in place, and wherever it is cut, it says what a plain model of it says."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.fuzz.laws import opened, tensor_facts, values
from tests.unit.files.inplace.faults import CRASHES, Crash, Emulated, Faulty
from tests.unit.files.inplace.power import Disk

from aprfmt import MetadataPatch, canonicalise_file, stamp_file, validate_file
from aprfmt import open as open_container
from aprfmt.checksum import crc32
from aprfmt.errors import FormatError
from aprfmt.files.inplace import System, Written, journal_of, recover, write_in_place
from aprfmt.files.sources import FileSource
from aprfmt.ops.inplace import plan_in_place
from aprfmt.testing import containers

KEYS = ("license", "data_source", "x.note")
TEXTS = st.sampled_from(("", "MIT", "a longer text " * 8)) | st.integers(0, 9000).map(lambda nbytes: "é" * nbytes)
CHANGES = st.dictionaries(st.sampled_from(KEYS), TEXTS, min_size=1)
RESERVES = st.sampled_from((0, 0, 0, 500, 20_000))
SYNCED_OR_NOT = st.none() | st.integers(0, 2**32)


class InPlace(RuleBasedStateMachine):
    """One file in a folder. The model is the values of its metadata, its tensors, and by how much its footer is wrong;
    while a stamp is cut, also what these would be afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name, "model.apr")
        self.values: dict[str, Any] = {}
        self.after: dict[str, Any] | None = None
        self.tensors: list[Any] = []
        self.wrong_by = 0
        self.room = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    @initialize(raw=containers(footer=True) | containers(canonical=False, footer=True))
    def create(self, raw: bytes) -> None:
        self.path.write_bytes(raw)
        self.values, self.tensors = values(raw), tensor_facts(raw)

    def _stamp(self, patch: MetadataPatch, reserve: int, system: System) -> None:
        with open_container(self.path) as container:
            made = plan_in_place(container, patch, reserve=reserve)
            assert isinstance(container.source, FileSource)
            if made.changed:
                assert isinstance(write_in_place(self.path, made, container.source, system=system), Written)

    @precondition(lambda self: self.after is None)
    @rule(changes=CHANGES, reserve=RESERVES)
    def stamp(self, changes: dict[str, str], reserve: int) -> None:
        """A second stamp with the same patch writes nothing."""
        patch = MetadataPatch(set=changes)
        self._stamp(patch, reserve, Emulated())
        self.values |= changes
        before = self.path.stat()
        self._stamp(patch, reserve, Emulated())
        assert self.path.stat().st_mtime_ns == before.st_mtime_ns
        if reserve:
            header = opened(self.path.read_bytes()).header
            assert header.ofs_tensor_index - header.ofs_metadata - header.len_metadata >= reserve

    @precondition(lambda self: self.after is None)
    @rule(changes=CHANGES, reserve=RESERVES, at=st.integers(0, 14), kind=st.sampled_from(CRASHES), power=SYNCED_OR_NOT)
    def crash(self, changes: dict[str, str], reserve: int, at: int, kind: str, power: int | None) -> None:
        """A stamp that is cut, of the process alone or with the power."""
        disk = Disk(self.path.parent)
        system = Faulty(disk, at, kind)
        try:
            self._stamp(MetadataPatch(set=changes), reserve, system)
            self.values |= changes
        except Crash:
            self.after = {**self.values, **changes}
            if power is not None:
                disk.lose_power(power)

    @precondition(lambda self: self.after is not None)
    @rule(at=st.integers(0, 9), kind=st.sampled_from(CRASHES))
    def crash_again(self, at: int, kind: str) -> None:
        """A recovery that is cut."""
        try:
            recover(self.path, system=Faulty(Emulated(), at, kind))
            self._settle()
        except Crash:
            pass

    @precondition(lambda self: self.after is not None and journal_of(self.path) is not None)
    @rule()
    def refuse(self) -> None:
        """A stamp beside a journal is refused, whatever the file is like."""
        before = self.path.read_bytes()
        try:
            self._stamp(MetadataPatch(set={"name": "never"}), 0, Emulated())
        except FormatError:
            assert self.path.read_bytes() == before
        else:
            raise AssertionError("expected a refusal")

    @precondition(lambda self: self.after is not None)
    @rule()
    def recover(self) -> None:
        done = recover(self.path, system=Emulated())
        assert done.verified in ((None,) if done.state == "none" else (self.wrong_by == 0,))
        self._settle()

    def _settle(self) -> None:
        assert self.after is not None
        found = values(self.path.read_bytes())
        assert found in (self.values, self.after)
        self.values, self.after = found, None

    @precondition(lambda self: self.after is None)
    @rule(by=st.integers(1, 255))
    def damage(self, by: int) -> None:
        """The last byte of the footer goes wrong: whatever follows leaves it as wrong as that."""
        raw = bytearray(self.path.read_bytes())
        raw[-1] ^= by
        self.path.write_bytes(raw)
        self.wrong_by ^= by << 24

    @precondition(lambda self: self.after is None and not self.wrong_by)
    @rule()
    def canonicalise(self) -> None:
        """Whatever room there is goes."""
        canonicalise_file(self.path, self.path, force=True, drop_unexplained=True)
        self.tensors = tensor_facts(self.path.read_bytes())

    @precondition(lambda self: self.after is None and not self.wrong_by)
    @rule(changes=CHANGES)
    def copy(self, changes: dict[str, str]) -> None:
        """A stamp that copies, over the file itself."""
        stamp_file(self.path, self.path, MetadataPatch(set=changes), force=True)
        self.values |= changes

    @invariant()
    def it_is_what_the_model_says(self) -> None:
        if not self.path.exists() or self.after is not None:
            return
        raw = self.path.read_bytes()
        container = opened(raw)
        assert dict(container.metadata) == self.values
        assert tensor_facts(raw) == self.tensors
        assert container.footer is not None
        assert container.footer.checksum ^ crc32(raw[: container.required_len]) == self.wrong_by
        assert {item.rule for item in validate_file(raw).errors} == ({"APR-F002"} if self.wrong_by else set())
        assert os.listdir(self.path.parent) == [self.path.name]  # noqa: PTH208 - names are all that is asked for


InPlace.TestCase.settings = settings(max_examples=30, stateful_step_count=12)
TestInPlace = InPlace.TestCase
