"""Inspect: what the head of a container says, and whether it can be believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from ..container import Container
from ..errors import LimitExceededError
from ..layout import Flags, Header, facts
from ..metadata import Metadata
from ..provenance import PROVENANCE_KEYS
from ..rules import Finding, Report, Severity, run
from ..source import Progress
from ..tensors import Tensor

__all__ = ["SAID_ANYWAY", "Claim", "DTypeTotals", "Inspection", "inspect"]

SAID_ANYWAY = ("APR-P001", "APR-P002", "APR-P003", "APR-I010")
"""Rules about values that whoever looks at a file sees: provenance and element types."""


_MOST_ELEMENTS = facts.FIELDS["tensor_index_entry"]["dims"].limit or 0
"""A shape of more elements than one dimension can say is a lie, and its product may have thousands of digits."""
_FEW_DIMS = 8
"""No writer makes more dimensions."""


@dataclass(frozen=True, slots=True)
class DTypeTotals:
    """What the index says of all tensors of one element type, by its name; sizes are in bytes.

    `n_elements` is None when the shapes have more elements than any file can hold.
    """

    dtype: str
    n_tensors: int
    n_elements: int | None
    nbytes: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A total that the metadata states, beside the same counted over the index.

    `stated` is None when nobody stated it, for which 0 stands, too; `counted` when the index cannot be read. `agrees`
    is None where one of them is, and in a file that is one of several: it may state the total of all of them.
    """

    stated: int | None
    counted: int | None
    agrees: bool | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """The head of a container. `findings` are the faults; what cannot be read because of one is None.

    `sections` has the spans that the header and the index declare, without those that take an index which cannot be
    read. `footer_valid` is None when the footer was not checked or is absent. Sizes and offsets are in bytes.

    `rules_run` and `rules_skipped` are as in a `Report`; `rules_left_out` are the others: those that need every byte,
    unless all of them were read, and those about values that are shown anyway. `dtypes` has the element types with the
    largest first. `claims` has the totals that the metadata states, `param_count` and `total_size`; the latter agrees
    when it is the size of all tensors or that of the file. `room_nbytes` is how much the metadata can grow by in place
    before the data has to move; None when the index cannot be read, and when there is too much filler to look through.
    """

    header: Header
    checksum_valid: bool
    nbytes: int
    sections: Mapping[str, tuple[int, int] | None]
    room_nbytes: int | None
    metadata: Metadata | None
    provenance: Mapping[str, Any]
    footer: int | None
    footer_present: bool | None
    footer_valid: bool | None
    dtypes: tuple[DTypeTotals, ...] | None
    claims: Mapping[str, Claim]
    findings: tuple[Finding, ...]
    not_kept: Mapping[str, int]
    rules_run: tuple[str, ...]
    rules_skipped: tuple[str, ...]
    rules_left_out: tuple[str, ...]

    @property
    def valid(self) -> bool:
        """Whether no fault was found that every careful reader must raise."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def n_elements(self) -> int | None:
        """Number of elements of all tensors: the parameters that the file holds."""
        return None if self.dtypes is None else _total(self.dtypes)

    @property
    def tensor_nbytes(self) -> int | None:
        """Size of the data of all tensors, without filler."""
        return None if self.dtypes is None else sum(item.nbytes for item in self.dtypes)


def inspect(container: Container, *, check: bool = False, progress: Progress | None = None) -> Inspection:
    """Look at the head of a container; with `check`, hold the footer against every byte of the file."""
    report = run(container, ignore=SAID_ANYWAY, read_data=check, progress=progress)
    found = {finding.rule for finding in report.findings}
    judged = set(report.rules_run) - found
    metadata = container.metadata if "APR-M004" in judged else None
    has_index = "APR-I001" in judged
    dtypes = _dtypes(container.tensors) if has_index else None
    sound_end = "APR-F001" in judged
    footer = container.footer if sound_end else None
    return Inspection(
        header=container.header,
        checksum_valid=container.header_checksum_valid,
        nbytes=container.source.size,
        sections=container.sections if has_index else container.head_sections,
        room_nbytes=_room(container) if has_index else None,
        metadata=metadata,
        provenance={key: None if metadata is None else metadata.get(key) for key in PROVENANCE_KEYS},
        footer=None if footer is None else footer.checksum,
        footer_present=footer is not None if sound_end else None,
        footer_valid="APR-F002" not in found if "APR-F002" in report.rules_run else None,
        dtypes=dtypes,
        claims=_claims(container, {} if metadata is None else metadata, dtypes),
        findings=report.findings,
        not_kept=report.not_kept,
        rules_run=report.rules_run,
        rules_skipped=report.rules_skipped,
        rules_left_out=_left_out(report),
    )


def _room(container: Container) -> int | None:
    try:
        return container.room_nbytes
    except LimitExceededError:
        return None


def _left_out(report: Report) -> tuple[str, ...]:
    known = {*report.rules_run, *report.rules_skipped}
    return tuple(name for name in facts.PROFILES[report.profile] if name not in known)


def _dtypes(tensors: Iterable[Tensor]) -> tuple[DTypeTotals, ...]:
    """The totals of each element type in one loop over the index, which may have a million entries."""
    sums: dict[int, list[int]] = {}
    for tensor in tensors:
        entry = tensor.entry
        found = sums.get(entry.dtype)
        if found is None:
            found = sums[entry.dtype] = [0, 0, 0]
        found[0] += 1
        found[1] += prod(entry.dims) if len(entry.dims) <= _FEW_DIMS else _n_elements(entry.dims)
        found[2] += entry.len_tensor
    by_name: dict[str, list[int]] = {}
    for code, row in sums.items():  # an element type may have two ids and has one name
        known = facts.DTYPE_FACTS.get(code)
        name = f"unknown({code})" if known is None else known.id
        by_name[name] = [a + b for a, b in zip(by_name.get(name, (0, 0, 0)), row, strict=True)]
    totals = (DTypeTotals(name, row[0], _possible(row[1]), row[2]) for name, row in by_name.items())
    return tuple(sorted(totals, key=lambda item: (-item.nbytes, item.dtype)))


def _n_elements(dims: tuple[int, ...]) -> int:
    """The product, as far as it is possible: the whole one may take a millisecond, a million times."""
    if 0 in dims:
        return 0
    product = 1
    for dim in dims:
        product *= dim
        if product >= _MOST_ELEMENTS:
            break
    return product


def _possible(n_elements: int) -> int | None:
    return n_elements if n_elements < _MOST_ELEMENTS else None


def _total(dtypes: Iterable[DTypeTotals]) -> int | None:
    numbers = [item.n_elements for item in dtypes]
    known = [number for number in numbers if number is not None]
    return _possible(sum(known)) if len(known) == len(numbers) else None


def _claims(
    container: Container, metadata: Mapping[str, Any], dtypes: tuple[DTypeTotals, ...] | None
) -> dict[str, Claim]:
    """What the metadata states in sum, beside what the index has."""
    counted = {
        "param_count": None if dtypes is None else _total(dtypes),
        "total_size": None if dtypes is None else sum(item.nbytes for item in dtypes),
    }
    size = {"total_size": container.source.size}
    is_part = Flags.SHARDED in container.header.flags or metadata.get("sharding") is not None
    claims = {}
    for key, number in counted.items():
        value = metadata.get(key)
        stated = value if isinstance(value, int) and not isinstance(value, bool) and value else None
        unknown = stated is None or number is None or is_part
        claims[key] = Claim(stated, number, None if unknown else stated in (number, size.get(key)))
    return claims
