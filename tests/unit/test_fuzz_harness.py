"""The harnesses for atheris: their laws hold for every seed and notice what is wrong; mutations get past checksums."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from fuzz.harness import mutated, replay, warm_up

import aprfmt
from aprfmt import MetadataPatch, ProvenancePatch
from aprfmt.files.vectors import read_suite
from aprfmt.fuzz.corpus.seeds import make_corpus
from aprfmt.provenance import STAMP_KEYS
from fuzz import laws

ROOT = Path(__file__).resolve().parents[2]
LAWS = pytest.mark.parametrize("law", [laws.check_reader, laws.check_stamp])
GOOD = aprfmt.create_bytes([aprfmt.NewTensor("a", aprfmt.DType.F32, (2,), bytes(8))], {"name": "m"})


@cache
def seeds() -> dict[str, bytes]:
    return dict(make_corpus(read_suite()).seeds)


@LAWS
def test_the_laws_hold_for_every_seed(law: Callable[[bytes], None]) -> None:
    for raw in seeds().values():
        law(raw)


@LAWS
def test_the_laws_are_asked_for_what_is_imported_late(law: Callable[[bytes], None]) -> None:
    warm_up(law)


def test_every_patch_is_tried() -> None:
    assert {id(laws.patch_for(raw)) for raw in seeds().values()} == {id(patch) for patch in laws.PATCHES}
    kinds = {type(patch) for patch in laws.PATCHES}
    assert kinds == {ProvenancePatch, MetadataPatch}
    named = {key for patch in laws.PATCHES if isinstance(patch, ProvenancePatch) for key in patch.values()}
    assert named == set(STAMP_KEYS)


def with_patch(patch: ProvenancePatch | MetadataPatch) -> bytes:
    """A file that is stamped with this patch."""
    for number in range(1000):
        raw = aprfmt.create_bytes([aprfmt.NewTensor("a", aprfmt.DType.F32, (2,), bytes(8))], {"name": f"m{number}"})
        if laws.patch_for(raw) is patch:
            return raw
    raise AssertionError(patch)


FIRST = laws.PATCHES[0]
real_stamp = aprfmt.stamp_bytes


def tired(data: bytes | bytearray | memoryview, patch: ProvenancePatch | MetadataPatch) -> bytes:
    """A stamp that zeroes the last byte of the tensors, and makes the footer right again."""
    raw = real_stamp(data, patch)
    tree = aprfmt.parse(raw)
    tree["tensor_data"] = b"\1" + tree["tensor_data"][1:]
    del tree["footer"]["checksum"]
    return aprfmt.build(tree)


def growing(data: bytes | bytearray | memoryview, patch: ProvenancePatch | MetadataPatch) -> bytes:
    """A stamp that counts how often it was there."""
    raw = real_stamp(data, patch)
    metadata = dict(aprfmt.open(raw).metadata)
    return real_stamp(raw, MetadataPatch(set={"stamps": metadata.get("stamps", 0) + 1}))


def laundering(data: bytes | bytearray | memoryview, patch: ProvenancePatch | MetadataPatch) -> bytes:
    """A stamp that writes a fresh checksum over damage."""
    tree = aprfmt.parse(bytes(data))
    del tree["footer"]["checksum"]
    return real_stamp(aprfmt.build(tree), patch)


@pytest.mark.parametrize(
    ("stamp", "raw", "words"),
    [
        (tired, with_patch(FIRST), "a stamp keeps the tensors"),
        (growing, with_patch(FIRST), "a stamp twice is a stamp once"),
        (laundering, GOOD[:-5] + b"!" + GOOD[-4:], "damage is never covered up"),
        (lambda raw, _patch: bytes(raw), with_patch(FIRST), "the patch arrives, and the other values stay"),
    ],
)
def test_a_stamp_that_is_wrong_is_noticed(
    stamp: Callable[..., bytes], raw: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laws, "stamp_bytes", stamp)
    with pytest.raises(AssertionError, match=words):
        laws.check_stamp(raw)


def test_a_stamp_that_is_not_deterministic_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter("ab")
    monkeypatch.setattr(laws, "stamp_bytes", lambda raw, _: real_stamp(raw, ProvenancePatch(name=next(names))))
    with pytest.raises(AssertionError, match="a stamp is deterministic"):
        laws.check_stamp(with_patch(FIRST))


def test_a_reader_that_is_wrong_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(laws, "build", lambda _tree: b"")
        with pytest.raises(AssertionError, match="what is parsed builds the same bytes"):
            laws.check_reader(GOOD)
    with monkeypatch.context() as patched:
        patched.setattr(laws, "_tree", lambda _raw: None)
        with pytest.raises(AssertionError, match="a valid file can be parsed"):
            laws.check_reader(GOOD)
    with monkeypatch.context() as patched:
        patched.setattr(aprfmt.Container, "payload_digest", lambda self: self.header.no_such_field)
        with pytest.raises(AttributeError):
            laws.check_reader(GOOD)


# ---- mutation ----


def flip(data: bytes, max_size: int) -> bytes:
    """Stands for the mutation of libFuzzer: one bit in the middle."""
    middle = len(data) // 2
    return (data[:middle] + bytes(byte ^ 1 for byte in data[middle : middle + 1]) + data[middle + 1 :])[:max_size]


def drawn(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - to be repeated, not to be secret


def test_a_mutation_is_a_function_of_its_seed_and_has_its_size() -> None:
    for seed in range(200):
        once, again = (mutated(GOOD, 300, drawn(seed), flip) for _ in range(2))
        assert once == again
        assert len(once) <= 300
    for raw in (b"", b"APR\0", bytes(70), seeds()["header.magic.gguf"]):
        assert all(isinstance(mutated(raw, 4096, drawn(seed), flip), bytes) for seed in range(20))


def test_mutations_change_every_part_and_mostly_get_past_the_checksums() -> None:
    several = seeds()["base.three"]
    found = [mutated(several, 4096, drawn(seed), flip) for seed in range(400)]
    reports = [aprfmt.validate_file(raw) for raw in found]
    checksums = {"APR-H006", "APR-F002"}
    past = [report for report in reports if not checksums & {finding.rule for finding in report.findings}]
    assert len(past) > 300
    assert sum(report.valid for report in reports) > 40
    counts = {len(aprfmt.open(raw).tensors) for raw, report in zip(found, reports, strict=True) if report.valid}
    assert counts >= {2, 3}


# ---- without atheris ----


WITHOUT_ATHERIS = """
import runpy, sys
sys.modules["atheris"] = None  # how a machine looks that does not have it
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("script", ["atheris_reader.py", "atheris_stamp.py"])
def test_without_atheris_files_are_tried_once(script: str, tmp_path: Path) -> None:
    (tmp_path / "good.apr").write_bytes(GOOD)
    (tmp_path / "cut.apr").write_bytes(GOOD[:70])
    (tmp_path / "start.py").write_text(WITHOUT_ATHERIS)
    done = subprocess.run(
        [sys.executable, "start.py", str(ROOT / "fuzz" / script), "-runs=5", "good.apr", "cut.apr"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("atheris is not installed (pip install 'aprfmt[fuzz]'): ")
    assert "2 inputs, 0 findings, " in done.stdout


def test_replay_says_which_file_breaks_the_law(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)

    def law(raw: bytes) -> None:
        assert raw == b"a", "a law"

    assert replay(law, [str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert f"{tmp_path / 'b'}:\nTraceback" in out
    assert "AssertionError: a law" in out
    assert "2 inputs, 1 findings, " in out
    assert replay(law, [str(tmp_path / "a")]) == 0
    (tmp_path / "none").mkdir()
    assert replay(law, [str(tmp_path / "none")]) == 2
    capsys.readouterr()
    assert replay(law, [str(tmp_path / "gone")]) == 2
    assert "found nothing at" in capsys.readouterr().err
