"""Rules that relate the header to its own bytes, to the index and to the metadata."""

from __future__ import annotations

from collections.abc import Iterator

from .. import layout
from ..layout import Flags
from ..provenance import FLAG_KEYS
from . import Case, Fault, rule

__all__: list[str] = []


@rule("APR-H006")
def checksum_wrong(case: Case) -> Iterator[Fault]:
    """The checksum in the header is not that of the other header bytes."""
    container = case.container
    if not container.header_checksum_valid:
        from .flipped import flipped_in_header

        found = layout.header_crc32(container.header_bytes)
        yield Fault(
            "APR-H006",
            "header.checksum",
            container.header_spans["checksum"],
            f"{found:#010x} for these bytes",
            f"{container.header.checksum:#010x}",
            "the header checksum does not match the header" + flipped_in_header(container, found),
        )


@rule("APR-H009")
def quantized_flag_idle(case: Case) -> Iterator[Fault]:
    """The flag says that tensors are quantised, and none is."""
    container = case.container
    if Flags.QUANTIZED in container.header.flags:
        known = (layout.dtype_facts(tensor.entry.dtype) for tensor in container.tensors)
        if not any(item is not None and item.quantized for item in known):
            yield _flag(case, "APR-H009", Flags.QUANTIZED, "a tensor of a quantised type", "none")


@rule("APR-H011")
def layout_unsaid(case: Case) -> Iterator[Fault]:
    """Neither of the two layout flags is set."""
    if not case.container.header.flags & (Flags.LAYOUT_ROW_MAJOR | Flags.LAYOUT_COLUMN_MAJOR):
        yield _flag(case, "APR-H011", Flags.LAYOUT_ROW_MAJOR, "the flag", "neither layout flag")


@rule("APR-H012")
def flag_contradicts_metadata(case: Case) -> Iterator[Fault]:
    """A flag that announces a key of the metadata is set without the key, or the key is there without the flag."""
    container = case.container
    for flag, key in FLAG_KEYS.items():
        said, there = flag in container.header.flags, container.metadata.get(key) is not None
        if said != there:
            expected = f"the key {key}" if said else f"the flag that announces the key {key}"
            yield _flag(case, "APR-H012", flag, expected, "no such key" if said else "no such flag")


def _flag(case: Case, rule_id: str, flag: Flags, expected: str, found: str) -> Fault:
    """A fault about one flag, by its name in the specification."""
    name = str(flag.name).lower()
    return Fault(rule_id, f"header.flags.{name}", case.container.header_spans["flags"], expected, found)
