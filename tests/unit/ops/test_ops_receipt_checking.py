"""A file held against a receipt: which part is said to differ, what could not be checked, and what is never passed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.ops.receipts import Stamped, lenient, stamped
from tests.unit.rules.crafting import craft, entry_a, entry_b, opened

from aprfmt import MetadataPatch, stamp_bytes
from aprfmt.ops.proof import digest_file
from aprfmt.ops.receipt import Checked, Verification, read_receipt, receipt_bytes, verify

DONE = stamped(craft(tensor_data=bytes(range(128))), MetadataPatch(set={"license": "MIT", "x": "y" * 3000}))
AT = {name: span for name, span in opened(DONE.after).sections.items() if span is not None}


def held(raw: bytes, done: Stamped = DONE, shape: str = "aprfmt", document: Any = None) -> Verification:
    said = read_receipt(json.dumps(document).encode() if document else receipt_bytes(done.receipt(shape)))
    return verify(digest_file(lenient(raw), places=said.after.places), said)


def flipped(at: int) -> bytes:
    raw = bytearray(DONE.after)
    raw[at] ^= 1
    return bytes(raw)


def wrong(found: Verification) -> list[str]:
    return [item.part for item in found.checked if item.holds is False]


def part(found: Verification, name: str) -> Checked:
    return next(item for item in found.checked if item.part == name)


def test_every_part_of_the_file_that_was_written_holds() -> None:
    found = held(DONE.after)
    assert found.holds
    assert found.counts == {"ok": len(found.checked), "differ": 0, "not_checked": 0}
    assert [item.part for item in found.checked] == [
        *("size", "file", "header", "flags", "header_padding", "metadata"),
        *("metadata.license", "metadata.data_source", "metadata.data_license"),
        *("metadata.hf_architecture", "metadata.hf_model_type", "metadata.architecture", "metadata.x"),
        *("metadata_padding", "tensor_index", "tensor", "tensor", "payload", "filler", "footer", "trailing"),
    ]
    assert part(found, "metadata").span == AT["metadata"]
    assert part(found, "flags").span == (6, 8)


def test_the_file_before_the_stamp_is_recognised() -> None:
    found = held(DONE.before)
    assert (found.is_before, found.holds) == (True, False)
    assert part(found, "payload").holds
    assert part(found, "tensor_index").holds  # it lies elsewhere, with the same bytes
    assert set(wrong(found)) == {
        *("size", "file", "header", "metadata", "metadata.license", "metadata.x", "metadata_padding", "footer")
    }


def test_a_stamp_that_changed_nothing_has_no_other_file_before() -> None:
    once = stamp_bytes(DONE.after, MetadataPatch(set={"license": "MIT"}))
    found = held(once, stamped(once))
    assert (found.is_before, found.holds) == (False, True)


@pytest.mark.parametrize(
    ("section", "parts"),
    [
        ("metadata_padding", ["file", "metadata_padding"]),
        ("footer", ["file", "footer"]),
    ],
)
def test_a_flipped_bit_is_found_in_its_section(section: str, parts: list[str]) -> None:
    assert wrong(held(flipped(AT[section][0]))) == parts


def test_a_flipped_bit_of_the_data_is_found_in_its_tensor() -> None:
    found = held(flipped(AT["tensor_data"][0]))
    assert wrong(found) == ["file", "tensor", "payload"]
    item = part(found, "tensor")
    assert (item.tensor, item.holds, item.span) == ("a", False, (AT["tensor_data"][0], AT["tensor_data"][0] + 8))
    assert item.expected is not None
    assert item.found is not None
    assert item.expected.startswith("f32 [2], 8 bytes, SHA-256 ")
    assert item.expected != item.found


def test_a_flipped_bit_between_tensors_is_found_there() -> None:
    assert wrong(held(flipped(AT["tensor_data"][0] + 20))) == ["file", "filler"]


@pytest.mark.parametrize("at", [16, 20, 26, 34])
def test_damage_in_the_header_blames_nothing_that_is_right(at: int) -> None:
    """The offsets of the header lead nowhere any more; the receipt knows where everything lies."""
    found = held(flipped(at))
    assert set(wrong(found)) == {"file", "header"}
    assert part(found, "payload").holds
    assert part(found, "footer").holds
    hidden = [item for item in found.checked if item.holds is not False and item.reason is not None]
    assert hidden
    assert {item.reason for item in hidden} <= {
        "its bytes are where they belong, but damage elsewhere hides them",
        "damage elsewhere lays it over other parts",
    }


def test_damage_in_the_index_says_that_the_data_are_right() -> None:
    found = held(flipped(AT["tensor_index"][0] + 2))  # the name of a
    assert set(wrong(found)) == {"file", "tensor_index", "tensor", "payload"}
    items = [item for item in found.checked if item.part == "tensor"]
    assert [(item.tensor, item.holds, item.found == "no such tensor") for item in items] == [
        ("a", False, True),
        ("b", True, False),
        ("`", False, False),
    ]
    assert items[0].reason is not None
    assert items[0].reason.startswith("its bytes are @")
    assert items[2].expected == "no such tensor"


def test_metadata_that_nobody_reads_are_said_to_differ() -> None:
    raw = bytearray(DONE.after)
    raw[AT["metadata"][0]] = ord("[")
    found = held(bytes(raw))
    assert part(found, "metadata.license").holds is False
    assert part(found, "metadata.license").found == "(unreadable)"
    assert part(found, "payload").holds


def test_metadata_that_are_hidden_are_not_checked_by_key() -> None:
    found = held(flipped(20))  # their length
    assert part(found, "metadata").holds
    item = part(found, "metadata.license")
    assert (item.holds, item.reason) == (None, "its bytes are where they belong, but damage elsewhere hides them")


def test_values_of_the_metadata_are_said() -> None:
    found = held(stamp_bytes(DONE.after, MetadataPatch(set={"license": "BSD-3-Clause", "x": "z" * 3000})))
    item = part(found, "metadata.license")
    assert (item.holds, item.expected, item.found) == (False, '"MIT"', '"BSD-3-Clause"')
    item = part(found, "metadata.x")
    assert item.holds is False
    assert item.expected is not None
    assert item.expected.startswith("a value of 3002 bytes, SHA-256 ")
    assert part(found, "payload").holds


def test_a_key_that_is_gone_is_missing_in_the_file() -> None:
    done = stamped(craft(), MetadataPatch(set={"x": None}, unset=("name",)))
    assert held(done.after, done).holds
    found = held(stamp_bytes(done.after, MetadataPatch(set={"name": "n"}, unset=("x",))), done)
    item = part(found, "metadata.name")
    assert (item.holds, item.expected, item.found) == (False, "(missing)", '"n"')
    item = part(found, "metadata.x")
    assert (item.holds, item.expected, item.found) == (False, "null", "(missing)")


def test_of_the_keys_that_are_always_said_null_may_be_missing() -> None:
    """A receipt says null for both, and the digest of the metadata tells them apart."""
    done = stamped(craft(), MetadataPatch(set={"x": 1}))
    assert part(held(done.after, done), "metadata.data_source").holds
    found = held(stamp_bytes(done.after, MetadataPatch(set={"data_source": None})), done)
    assert part(found, "metadata.data_source").holds
    assert part(found, "metadata").holds is False


@pytest.mark.parametrize("nbytes", [0, 3, 40, 64, 100, 0xA0, len(DONE.after) - 66, len(DONE.after) - 4])
def test_a_truncated_file_is_held_as_far_as_it_goes(nbytes: int) -> None:
    found = held(DONE.after[:nbytes])
    assert not found.holds
    assert part(found, "size").found == f"{nbytes} bytes"
    assert part(found, "header").holds == (nbytes >= 64)
    assert part(found, "footer").holds is False
    assert part(found, "payload").holds == (nbytes == len(DONE.after) - 4)


def test_what_evidence_does_not_say_is_not_checked() -> None:
    found = held(DONE.after, shape="evidence")
    assert found.holds
    assert [item.part for item in found.checked if item.holds] == [
        *("size", "file", "metadata.license", "metadata.data_source", "metadata.data_license", "tensors")
    ]
    assert {item.reason for item in found.checked if item.holds is None} == {"the receipt does not say"}
    assert found.counts == {"ok": 6, "differ": 0, "not_checked": len(found.checked) - 6}
    other = held(craft(entry_a(), tensor_data=bytes(64)), shape="evidence")
    item = part(other, "tensors")
    assert (item.holds, item.expected, item.found) == (False, "2", "1")
    item = part(other, "metadata.license")
    assert (item.holds, item.expected, item.found) == (False, "MIT", "(missing)")
    assert part(held(DONE.after[:0x50], shape="evidence"), "tensors").found == "0 that can be read"
    assert part(held(DONE.after[:0x50], shape="evidence"), "metadata.license").found == "(unreadable)"


def test_an_unknown_payload_is_not_checked() -> None:
    done = stamped(craft(entry_a(dtype=99), entry_b()), accept=("APR-I002",))
    found = held(done.after, done)
    assert found.holds
    assert (part(found, "payload").holds, part(found, "payload").reason) == (None, "the receipt does not say")


def test_tensors_of_one_name_are_told_apart_by_their_order() -> None:
    raw = craft(entry_a(), entry_b(name=b"a"), tensor_data=bytes(range(128)))
    done = stamped(raw, accept=("APR-I003",))
    found = held(done.after, done)
    assert found.holds
    swapped = craft(entry_b(name=b"a"), entry_a(), tensor_data=bytes(range(128)))
    again = held(swapped, done)
    assert [item.holds for item in again.checked if item.part == "tensor"] == [False, False]


def test_a_receipt_that_says_the_wrong_values_is_found_out() -> None:
    """The digest of the metadata is that of the file, and what the receipt says of them is not."""
    document = DONE.receipt()
    document["after"]["provenance"]["data_source"] = "somewhere"
    found = held(DONE.after, document=document)
    assert wrong(found) == ["metadata.data_source"]
    assert not found.holds


def test_another_file_of_the_same_size_has_no_part_that_it_has_not() -> None:
    """A section without bytes is a part too."""
    raw = craft(metadata=b'{"name":"m"}' + b" " * 52, header_padding=bytes(64))
    done = stamped(raw)
    found = held(craft(header_padding=b"\1" * 64), done)
    assert part(found, "header_padding").holds is False


def test_places_are_worth_asking_for() -> None:
    """Without them damage in the header is blamed on all that it hides, and still nothing wrong passes."""
    said = read_receipt(receipt_bytes(DONE.receipt()))
    found = verify(digest_file(lenient(flipped(34))), said)
    assert {"footer", "tensor", "payload"} <= set(wrong(found))
