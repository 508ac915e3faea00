"""The laws of stamps that are drawn: sound ones keep a sound file sound, broken ones break their rule and no other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import find, given, settings
from tests.unit.testing.drawing_kit import SEARCH, many, rules_of, smallest

from aprfmt import MetadataPatch, ProvenancePatch, stamp_bytes
from aprfmt.container import Container
from aprfmt.errors import RequestError
from aprfmt.metadata import Metadata
from aprfmt.provenance import PROVENANCE_KEYS
from aprfmt.source import BytesSource
from aprfmt.testing import containers, metadata_json, metadata_patches, patches

SOUND = containers(sound=True, max_tensors=2)
FEW = settings(SEARCH, max_examples=40)


@FEW
@given(SOUND, patches(sound=True))
def test_a_sound_stamp_keeps_a_sound_file_sound(raw: bytes, patch: ProvenancePatch) -> None:
    """After a sound stamp no rule MUST speak of the file in the profile that asks most of it."""
    assert rules_of(stamp_bytes(raw, patch), "publish") == set()


@pytest.mark.parametrize("rule", ["APR-P002", "APR-P003"])
def test_a_stamp_breaks_the_rule_that_it_is_to_break(rule: str) -> None:
    @FEW
    @given(SOUND, patches(breaking=rule))
    def check(raw: bytes, patch: ProvenancePatch) -> None:
        assert rules_of(stamp_bytes(raw, patch), "publish") == {rule}
        assert 1 <= len(patch.values()) <= 4

    check()


def test_only_keys_that_are_asked_for_are_set() -> None:
    for patch in many(patches(["license", "name"], breaking="APR-P003", max_keys=1), 20):
        assert list(patch.values()) == ["license"]
    assert smallest(patches(sound=True)) == ProvenancePatch(license="MIT")
    assert smallest(patches(breaking="APR-P003", max_keys=1)) == ProvenancePatch(license="Apache License 2")


@FEW
@given(SOUND, metadata_patches())
def test_any_sound_patch_can_be_applied_and_keeps_the_file_sound(raw: bytes, patch: MetadataPatch) -> None:
    """It MUST say something, MUST be possible, and no rule MUST speak of what it makes."""
    assert not patch.is_empty
    patch.require_possible()
    assert rules_of(stamp_bytes(raw, patch), "publish") == set()


@FEW
@given(SOUND, metadata_patches())
def test_a_patch_twice_is_a_patch_once_and_keeps_the_tensors(raw: bytes, patch: MetadataPatch) -> None:
    """Applied again it MUST change no byte; the data section MUST be what it was."""
    once = stamp_bytes(raw, patch)
    assert stamp_bytes(once, patch) == once
    before, after = Container(BytesSource(raw)), Container(BytesSource(once))
    assert before.payload_digest() == after.payload_digest()


@FEW
@given(metadata_json(sound=True), metadata_patches())
def test_what_a_patch_says_is_there_afterwards(raw: bytes, patch: MetadataPatch) -> None:
    """What is set MUST be there, and what is removed MUST NOT."""
    after = patch.apply(Metadata(raw)).metadata
    assert all(after[key] == value for key, value in patch.set.items())
    assert not any(key in after for key in patch.unset)


@pytest.mark.parametrize("rule", ["APR-M009", "APR-P001", "APR-P002", "APR-P003"])
def test_a_patch_breaks_the_rule_that_it_is_to_break(rule: str) -> None:
    @FEW
    @given(SOUND, metadata_patches(breaking=rule))
    def check(raw: bytes, patch: MetadataPatch) -> None:
        assert rules_of(stamp_bytes(raw, patch), "publish") == {rule}

    check()


@FEW
@given(metadata_json(sound=True), metadata_patches(breaking="APR-M006"))
def test_a_patch_of_the_wrong_type_is_refused(raw: bytes, patch: MetadataPatch) -> None:
    """A value that readers refuse MUST NOT be written, whatever the metadata are."""
    with pytest.raises(RequestError, match="expected"):
        patch.apply(Metadata(raw))


REACHED: dict[str, Any] = {
    "set": lambda patch: patch.set,
    "a merge": lambda patch: patch.merge,
    "a merge into an object": lambda patch: any(isinstance(value, dict) and value for value in patch.merge.values()),
    "a removal by merging": lambda patch: None in patch.merge.values(),
    "a removal": lambda patch: len(patch.unset) > 1,
    "duplicates": lambda patch: patch.dedupe and patch.keys,
    "a tokenizer": lambda patch: patch.tokenizer is not None and patch.tokenizer.merges,
    "an explicit null": lambda patch: None in patch.set.values(),
    "an object": lambda patch: "quantization" in patch.set and patch.set["quantization"],
    "provenance": lambda patch: set(PROVENANCE_KEYS) & set(patch.set),
}


@pytest.mark.parametrize("what", REACHED)
def test_patches_reach_every_kind_of_change(what: str) -> None:
    found = find(
        metadata_patches(), lambda patch: bool(REACHED[what](patch)), settings=settings(SEARCH, max_examples=2000)
    )
    assert len(found.keys) <= 3


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: patches(breaking="APR-D003"),
            "expected one of APR-P002, APR-P003; 'APR-D003' is no rule that a stamp",
        ),
        (lambda: patches(breaking="x"), "'x' is the id of no rule"),
        (lambda: patches(["name"], breaking="APR-P003"), "expected one of license, data_license to break APR-P003"),
        (lambda: metadata_patches(breaking="APR-H001"), "expected one of APR-M006, .* is no rule that a patch breaks"),
    ],
)
def test_what_a_stamp_cannot_break_is_refused(make: Any, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        make()
