"""Headers and indexes by themselves: valid ones are, broken ones break their rule and no other one."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace

import pytest
from tests.unit.testing.drawing_kit import many, smallest

from aprfmt import Flags
from aprfmt.errors import RequestError, TruncatedError
from aprfmt.layout import facts, header_crc32, iter_entries, parse_header
from aprfmt.testing import Index, headers, indexes
from aprfmt.testing.headers import _INDEX_RULES, _WRONG

PLACES = ("APR-S001", "APR-S002", "APR-S003")


def said_of(raw: bytes) -> set[str]:
    """The rules that a header breaks by itself, in a file as large as there may be; what needs a broken one is not."""
    header = parse_header(raw)
    root = SimpleNamespace(header=header, len_file=1 << 64)
    found = {violation.rule for violation in facts.check_header(header, root=root)}
    found |= {"APR-H006"} if header.checksum != header_crc32(raw) else set()
    found |= set() if header.flags & (Flags.LAYOUT_ROW_MAJOR | Flags.LAYOUT_COLUMN_MAJOR) else {"APR-H011"}
    return {rule for rule in found if not found & set(facts.RULES[rule].needs)}


def test_a_valid_header_breaks_nothing() -> None:
    """Of 64 bytes; for a file that ends where its data begins, every place MUST be inside it, in order, on the grid."""
    for raw in many(headers(), 150):
        assert len(raw) == 64
        assert said_of(raw) == set()
        header = parse_header(raw)
        root = SimpleNamespace(header=header, len_file=header.ofs_data)
        assert not list(facts.check_header(header, root=root))
        assert header.num_tensors * facts.TENSOR_INDEX_ENTRY_MIN_SIZE <= header.ofs_data - header.ofs_tensor_index


def test_fields_of_headers_are_from_all_of_their_range() -> None:
    found = [parse_header(raw) for raw in many(headers(), 200)]
    for name in ("ofs_metadata", "ofs_tensor_index", "ofs_data"):
        values = [getattr(header, name) for header in found]
        assert min(values) <= 128
        assert max(values) > 1 << 53
    assert max(header.num_tensors for header in found) > 1 << 16
    assert max(header.len_metadata for header in found) > 1 << 16


def test_the_smallest_header_is_that_of_an_empty_file() -> None:
    header = parse_header(smallest(headers()))
    assert (header.num_tensors, header.ofs_metadata, header.len_metadata) == (0, 64, 2)
    assert (header.ofs_tensor_index, header.ofs_data) == (128, 128)


@pytest.mark.parametrize("rule", _WRONG)
def test_a_broken_header_breaks_its_rule(rule: str) -> None:
    """The findings MUST be of the rule, and of the grid alone beside it, where the place is also off it."""
    beside = {"APR-S005"} if rule in PLACES else set()
    for raw in many(headers(breaking=rule), 40):
        assert rule in said_of(raw)
        assert said_of(raw) <= {rule} | beside


def read(index: Index) -> list[bytes]:
    """The names in an index; raises when it ends too early."""
    return [entry.name for entry, _ in iter_entries(BytesIO(index.raw), index.num_tensors)]


def test_a_valid_index_has_as_many_entries_as_it_counts() -> None:
    for index in many(indexes(min_tensors=1), 60):
        names = read(index)
        assert 1 <= len(names) == index.num_tensors <= 4
        assert names == sorted(set(names))
        assert len(index.raw) % 64 == 0
    assert smallest(indexes()) == (0, b"")


@pytest.mark.parametrize("rule", _INDEX_RULES)
def test_an_index_is_broken_by_each_rule_about_it(rule: str) -> None:
    """What is drawn MUST be the index of a file that breaks the rule; of APR-I001 it cannot be read."""
    for index in many(indexes(breaking=rule), 10):
        if rule == "APR-I001":
            with pytest.raises(TruncatedError):
                read(index)
        else:
            names = read(index)
            assert (names == sorted(set(names))) == (rule != "APR-I003")


@pytest.mark.parametrize(
    ("rule", "says"), [("APR-D003", "is about more than the header"), ("APR-X", "is the id of no rule")]
)
def test_what_a_header_alone_cannot_break_is_refused(rule: str, says: str) -> None:
    with pytest.raises(RequestError, match=f"breaking: expected one of APR-H001, .*{rule}' {says}"):
        headers(breaking=rule)


@pytest.mark.parametrize(
    ("rule", "says"), [("APR-H002", "is about more than the tensor index"), ("APR-X", "is the id of no rule")]
)
def test_what_an_index_alone_cannot_break_is_refused(rule: str, says: str) -> None:
    with pytest.raises(RequestError, match=f"breaking: expected one of APR-I001, .*{rule}' {says}"):
        indexes(breaking=rule)
    with pytest.raises(RequestError, match="max_tensors: expected at least 2"):
        indexes(breaking="APR-D003", max_tensors=1)
