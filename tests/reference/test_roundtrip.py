"""What this project writes, the reference reads; what the reference writes, this project reads; verdicts agree.

One-sided for verdicts: whatever the reference refuses, this project reports as an error. The reverse does not hold: the
reference accepts wrong footers, overlaps, cut data and sizes that do not fit.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import aprfmt
from aprfmt import AprError, ProvenancePatch
from aprfmt.rules import run
from aprfmt.testing import containers, damaged, patches, tensors

if TYPE_CHECKING:
    from tests.reference.conftest import Reference

DATA = Path(__file__).resolve().parents[1] / "data" / "golden"
GOLDEN = sorted(DATA.glob("*.apr"))

# One process answers, and a file a case is written: examples are cheap, the first one builds nothing.
SETTINGS = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def ours(raw: bytes) -> dict[str, Any]:
    """Our view of a file, in the words of the reference's answer."""
    with aprfmt.open(raw) as f:
        header = f.header
        return {
            "version": [header.version_major, header.version_minor],
            "flags": int(header.flags),
            "tensor_count": header.num_tensors,
            "metadata_offset": header.ofs_metadata,
            "metadata_size": header.len_metadata,
            "tensor_index_offset": header.ofs_tensor_index,
            "data_offset": header.ofs_data,
            "checksum": f"{header.checksum:08x}",
            "required_len": f.required_len,
            "tensors": [
                {
                    "name": t.name,
                    "dtype": t.dtype.facts.orig_id,
                    "shape": list(t.shape),
                    "offset": t.data_offset,
                    "size": t.nbytes,
                    "crc32": f"{zlib.crc32(t.data):08x}",
                }
                for t in f.tensors
            ],
        }


def errors(raw: bytes) -> list[str]:
    """The rules that a file breaks, or the error that keeps it from being opened."""
    try:
        with aprfmt.open(raw) as f:
            return [finding.rule for finding in run(f).errors]
    except AprError as error:
        return [getattr(error, "rule_id", None) or type(error).__name__]


def answer(reference: Reference, folder: Path, raw: bytes) -> dict[str, Any]:
    """What the reference makes of bytes."""
    path = folder / "case.apr"
    path.write_bytes(raw)
    return reference.read(path)


def assert_read_alike(reference: Reference, folder: Path, raw: bytes) -> dict[str, Any]:
    theirs = answer(reference, folder, raw)
    assert theirs["ok"], theirs
    mine = ours(raw)
    assert {key: theirs[key] for key in mine} == mine
    return theirs


@given(raw=containers())
@SETTINGS
def test_canonical_files_are_read_alike(reference: Reference, tmp_path: Path, raw: bytes) -> None:
    """The reference reads every canonical file, and every field as this project does."""
    assert_read_alike(reference, tmp_path, raw)


@given(raw=containers(canonical=False))
@SETTINGS
def test_odd_files_are_read_alike(reference: Reference, tmp_path: Path, raw: bytes) -> None:
    """Where this project finds no error, the reference reads the file, and every field alike."""
    if not errors(raw):
        assert_read_alike(reference, tmp_path, raw)


@given(raw=containers().flatmap(damaged))
@settings(SETTINGS, max_examples=600)
def test_what_the_reference_refuses_is_an_error_here(reference: Reference, tmp_path: Path, raw: bytes) -> None:
    """A damaged file that the reference refuses has an error here; where there is none, both read it alike."""
    theirs = answer(reference, tmp_path, raw)
    if errors(raw):
        return
    assert theirs["ok"], theirs
    assert_read_alike(reference, tmp_path, raw)


@pytest.mark.parametrize("name", ["no_tensors.apr", "one_custom_key.apr"])
def test_every_flip_of_the_head_gets_the_verdict_of_the_reference(
    reference: Reference, tmp_path: Path, name: str
) -> None:
    raw = (DATA / name).read_bytes()
    with aprfmt.open(raw) as f:
        head = f.header.ofs_data
    refused = 0
    for at in range(head):
        for mask in (0x01, 0x80, 0xFF):
            flipped = raw[:at] + bytes([raw[at] ^ mask]) + raw[at + 1 :]
            if not answer(reference, tmp_path, flipped)["ok"]:
                refused += 1
                assert errors(flipped), f"byte {at} ^ {mask:#x}"
    assert refused > 64


@given(raw=containers(), patch=patches())
@SETTINGS
def test_stamped_files_are_read_by_the_reference(
    reference: Reference, tmp_path: Path, raw: bytes, patch: ProvenancePatch
) -> None:
    """The reference reads a stamped file, finds the patched values, and the tensors that were there before."""
    stamped = aprfmt.stamp_bytes(raw, patch)
    after = assert_read_alike(reference, tmp_path, stamped)
    before = answer(reference, tmp_path, raw)
    assert after["tensors"] == before["tensors"]
    assert after["metadata"] == {**before["metadata"], **patch.values()}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_the_reference_restamps_a_stamped_file_without_a_change(
    reference: Reference, tmp_path: Path, path: Path
) -> None:
    """A stamp of ours is a fixed point of the reference's stamp, except where it repacks data that we keep in place."""
    stamped, again = tmp_path / "stamped.apr", tmp_path / "again.apr"
    aprfmt.stamp_file(path, stamped, ProvenancePatch(license="MIT", data_source="teacher-only"))
    assert reference.stamp(stamped, again, {"license": "MIT", "data_source": "teacher-only"})["ok"]
    if path.name == "streaming_order.apr":
        with aprfmt.open(stamped) as f, aprfmt.open(again) as g:
            assert f.payload_digest() == g.payload_digest()
    else:
        assert again.read_bytes() == stamped.read_bytes()


@given(raw=containers(canonical=False, metadata=st.just(b'{"model_type":"test"}')))
@SETTINGS
def test_a_canonical_file_is_laid_out_as_the_reference_does_when_it_stamps(
    reference: Reference, tmp_path: Path, raw: bytes
) -> None:
    """A stamp of the reference, which packs the data anew, MUST make the same of a file and of its canonical form.

    It MUST move no tensor of the canonical form. What it cannot keep (names, dimensions, reserved bytes, the minor
    version) it changes in both alike.
    """
    if errors(raw):
        return
    canonical = aprfmt.canonicalise_bytes(raw, drop_unexplained=True)
    first, second, out = (tmp_path / name for name in ("raw.apr", "canonical.apr", "out.apr"))
    first.write_bytes(raw)
    second.write_bytes(canonical)
    answers, made = [], []
    for source in (first, second):
        answers.append(reference.stamp(source, out, {"license": "MIT"}).get("ok"))
        made.append(out.read_bytes() if answers[-1] else b"")
    assert answers[0] == answers[1]
    assert made[0] == made[1]
    if answers[0]:
        with aprfmt.open(canonical) as f, aprfmt.open(made[0]) as g:
            start, stop = f.sections["tensor_data"] or (0, 0)
            first_byte, end = g.sections["tensor_data"] or (0, 0)
            assert canonical[start:stop] == made[0][first_byte:end]


@pytest.mark.parametrize("streaming", [False, True])
@given(given_tensors=tensors())
@settings(SETTINGS, max_examples=60)
def test_the_writers_agree_byte_for_byte(
    reference: Reference, tmp_path: Path, streaming: bool, given_tensors: list[aprfmt.NewTensor]
) -> None:
    """For the same tensors and metadata each writer of the reference and ours write the same bytes.

    Its streaming writer lays the data in insertion order, as ours does; the canonical form of that is what its
    in-memory writer makes.
    """
    metadata = {"model_type": "qwen2", "license": "MIT", "hidden_size": 256, "rope_theta": 1e6, "rms_norm_eps": 1e-6}
    target = tmp_path / "theirs.apr"
    target.unlink(missing_ok=True)
    written = reference.write(
        target,
        {
            "metadata": metadata,
            "tensors": [
                {
                    "name": t.name,
                    "dtype": t.dtype.facts.orig_id,
                    "shape": list(t.shape),
                    "data_hex": bytes(t.data).hex(),
                }
                for t in given_tensors
            ],
        },
        streaming=streaming,
    )
    assert written["ok"], written
    theirs = target.read_bytes()
    mine = aprfmt.create_bytes(given_tensors, metadata)
    assert errors(theirs) == []
    assert aprfmt.canonicalise_bytes(theirs) == mine
    if streaming:
        with aprfmt.Writer(tmp_path / "ours.apr", metadata, force=True) as writer:
            for item in given_tensors:
                writer.add(item.name, item.dtype, item.shape, item.data)
        assert theirs == (tmp_path / "ours.apr").read_bytes()
    else:
        assert theirs == mine
    with aprfmt.open(theirs) as f, aprfmt.open(mine) as g:
        assert f.payload_digest() == g.payload_digest()
        assert json.loads(f.metadata.raw) == json.loads(g.metadata.raw)
