"""What holds for any bytes that the reader and the stamp are given: one function each, which raises when it does not.

Nothing but `AprError` is caught, so whatever else comes out is a finding too. A law is an `assert` with its words.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from aprfmt.container import Container
from aprfmt.errors import AprError, FormatError, LimitExceededError, RequestError
from aprfmt.layout import HEADER_SIZE, Flags, Tree, build, facts, parse
from aprfmt.ops.inspect import inspect
from aprfmt.ops.stamp import stamp_bytes
from aprfmt.patch import MetadataPatch
from aprfmt.provenance import STAMP_KEYS, ProvenancePatch
from aprfmt.rules import Report, run
from aprfmt.source import BytesSource

__all__ = ["PATCHES", "check_reader", "check_stamp", "patch_for"]

PATCHES: tuple[ProvenancePatch | MetadataPatch, ...] = (
    ProvenancePatch(license="MIT", data_source="web", data_license="CC0-1.0"),
    ProvenancePatch(**dict.fromkeys(STAMP_KEYS, "x")),
    ProvenancePatch(name="", description="\U0001f600\0\u2028"),
    MetadataPatch(set={"custom": {"a": [1, 2**64, 1e-7, None, True]}, "hidden_size": 1}),
    MetadataPatch(merge={"sharding": {"shard_index": 0}, "extra": {"a": None, "b": "c"}, "license": None}),
    MetadataPatch(unset=("name", "license", "custom", "")),
    MetadataPatch(dedupe=True),
    MetadataPatch(set={"a": None}, unset=("model_type",), dedupe=True),
)
_DEAR_OF = 8
"""Of so many files one is also held against the laws that take as long as all others together."""
_SECOND = ProvenancePatch(hf_model_type="second")
"""Names a key that only one of the others names, so that it can be stamped before and after each."""


def patch_for(raw: bytes) -> ProvenancePatch | MetadataPatch:
    """The patch that goes with a file: a function of its bytes, so that a finding is one file and nothing else."""
    return PATCHES[_drawn(raw, len(PATCHES))]


def _drawn(raw: bytes, bound: int) -> int:
    """A number below the bound that follows from the bytes; CRC-32 is no use: all files with a footer have the same."""
    return sha256(raw).digest()[0] % bound


def check_reader(raw: bytes) -> None:
    """Any bytes are judged; what opens is judged alike and read whole; what is parsed builds the same bytes."""
    report = _report(raw)
    is_thorough = _drawn(raw, _DEAR_OF) == 0
    if is_thorough:
        assert _report(memoryview(raw)) == report, "the same bytes are judged alike"
        for profile in facts.PROFILES:
            run(Container(BytesSource(raw), lenient=True), profile=profile, read_data=True)
    for finding in report.findings:
        assert 0 <= finding.span[0] <= finding.span[1] <= len(raw), f"a finding lies in the file: {finding}"
        assert str(finding.error()), "a finding has words"
    try:
        container = Container(BytesSource(raw))
    except AprError as error:
        _refused_alike(raw, report, error)
    else:
        _read_everything(container, valid=report.valid)
        if is_thorough:
            assert run(container, read_data=True) == report, "what opens is judged as it is without opening"
            inspect(container, check=True)
    tree = _tree(raw)
    if tree is not None:
        assert build(tree) == raw, "what is parsed builds the same bytes"
    else:
        assert not report.valid, "a valid file can be parsed"


def _report(raw: bytes | memoryview) -> Report:
    return run(Container(BytesSource(raw), lenient=True), read_data=True)


def _refused_alike(raw: bytes, report: Report, error: AprError) -> None:
    # A file of another format has no rule; of what is smaller than a header, a report says just that.
    rule = (getattr(error, "rule_id", None) or "APR-H001") if len(raw) >= HEADER_SIZE else "APR-H008"
    assert rule in {finding.rule for finding in report.errors}, f"what does not open has that error: {error}"


def _tree(raw: bytes) -> Tree | None:
    try:
        return parse(raw)
    except FormatError:
        return None


def _read_everything(container: Container, *, valid: bool) -> None:
    """All that callers ask for, each on its own, as those do who go on after an error."""
    parts: tuple[Callable[[], Any], ...] = (
        lambda: dict(container.metadata),
        lambda: [str(fault) for fault in container.metadata.type_errors()],
        lambda: [(repr(tensor), tensor.n_elements, bytes(tensor.data)) for tensor in container.tensors],
        lambda: [container[tensor.name] for tensor in container.tensors],
        lambda: (container.sections, container.footer, container.n_trailing_bytes),
        container.payload_digest,
    )
    for part in parts:
        try:
            part()
        except AprError as error:
            assert not valid, f"a valid file can be read whole: {error}"


def check_stamp(raw: bytes) -> None:
    """What is stamped was valid and is valid, keeps its tensors, and is the same at the second time."""
    patch = patch_for(raw)
    report = _report(raw)
    try:
        once = stamp_bytes(raw, patch)
    except (RequestError, LimitExceededError):
        return  # the patch and this file do not go together
    except AprError as error:
        is_trailing = isinstance(error, FormatError) and error.rule_id == "APR-F004"
        assert not report.valid or is_trailing, f"a valid file can be stamped: {error}"
        return
    assert report.valid, "damage is never covered up"
    assert stamp_bytes(bytearray(raw), patch) == once, "a stamp is deterministic"
    assert stamp_bytes(once, patch) == once, "a stamp twice is a stamp once"
    before, after = Container(BytesSource(raw)), Container(BytesSource(once))
    assert _tensors(after) == _tensors(before), "a stamp keeps the tensors"
    assert after.payload_digest() == before.payload_digest(), "a stamp keeps the identity of the weights"
    for field in ("magic", "version_major", "version_minor", "num_tensors", "reserved"):
        assert getattr(after.header, field) == getattr(before.header, field), f"a stamp keeps the header: {field}"
    assert after.header.flags == before.header.flags | Flags.LAYOUT_ROW_MAJOR, "a stamp keeps the flags"
    assert after.footer is not None, "a stamped file has a footer"
    stamped = _report(once)
    assert stamped.valid, f"a stamped file is valid: {stamped.errors[:1]}"
    if isinstance(patch, ProvenancePatch):
        expected = {**dict(before.metadata), **patch.values()}
        assert dict(after.metadata) == expected, "the patch arrives, and the other values stay"
        _composes(raw, once, patch)
    else:
        values = dict(after.metadata)
        assert not values.keys() & set(patch.unset), "what is to be removed is gone"
        assert all(key in values and values[key] == value for key, value in patch.set.items()), "what is set is there"


def _tensors(container: Container) -> list[tuple[Any, ...]]:
    return [
        (tensor.name_bytes, tensor.entry.dtype, tensor.shape, tensor.data_offset, tensor.nbytes, bytes(tensor.data))
        for tensor in container.tensors
    ]


def _composes(raw: bytes, once: bytes, patch: ProvenancePatch) -> None:
    if patch.values().keys() & _SECOND.values().keys():
        return
    both = ProvenancePatch(**patch.values(), **_SECOND.values())
    assert stamp_bytes(once, _SECOND) == stamp_bytes(raw, both), "a stamp after another is both at once"
