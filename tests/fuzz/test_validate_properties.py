"""Laws: any bytes can be judged, a report is consistent and says where, and the pass sees what is there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from typing import Any
from zlib import crc32

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.fuzz.laws import SMALL_GOLDEN, golden, opened
from tests.fuzz.test_total import EVIL_FILES

from aprfmt.container import Container
from aprfmt.errors import AprError
from aprfmt.files import validate_file
from aprfmt.layout import FOOTER_SIZE, HEADER_SIZE, facts
from aprfmt.limits import DEFAULT_LIMITS, Limits
from aprfmt.rules import Case, Report, Severity, run
from aprfmt.rules.case import unclaimed
from aprfmt.source import BytesSource, Source, iter_chunks
from aprfmt.testing import containers, damaged, sealed

FILES = containers() | containers(canonical=False)
DAMAGED = damaged(FILES)
PROFILES = st.sampled_from(sorted(facts.PROFILES))
LIMITS = st.sampled_from([name for name in Limits.__slots__ if name != "max_findings_per_rule"])
BEHIND_A_MAGIC = st.binary(min_size=60, max_size=300).map(lambda raw: sealed(b"APR\0\2\0" + raw))


def lenient(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> Container:
    return Container(BytesSource(raw), limits=limits, lenient=True)


def assert_consistent(raw: bytes, profile: str = "default") -> Report:
    """What holds for the report about any bytes."""
    report = validate_file(raw, profile=profile)
    severities = facts.PROFILES[profile]
    order = list(facts.RULES).index

    assert report.profile == profile
    assert list(report.rules_run) == sorted(report.rules_run, key=order)
    assert list(report.rules_skipped) == sorted(report.rules_skipped, key=order)
    assert sorted((*report.rules_run, *report.rules_skipped)) == sorted(severities)
    found = [finding.rule for finding in report.findings]
    assert found == sorted(found, key=order)
    assert set(found) <= set(report.rules_run)
    assert set(report.not_kept) <= set(found)

    for finding in report.findings:
        assert finding.severity == severities[finding.rule]
        assert 0 <= finding.span[0] <= finding.span[1] <= len(raw), finding
        assert finding.field.partition(".")[0].partition("[")[0] in facts.LAYOUT, finding
        assert finding.message
        assert finding.expected
        assert finding.found
        assert str(finding.error())

    broken = set(found)
    for name in report.rules_run:
        assert not broken & set(facts.RULES[name].needs), name
    # Nothing is skipped without a reason that is reported.
    skipped = set(report.rules_skipped)
    if skipped and not broken & {"APR-L001"}:
        lost = broken | skipped
        assert all(lost & needs_of(name, severities) for name in skipped)

    assert report.valid == (Severity.ERROR not in {finding.severity for finding in report.findings})
    plain = [{**asdict(finding), "span": list(finding.span)} for finding in report.findings]
    assert json.loads(json.dumps(plain).encode()) == plain
    return report


def needs_of(name: str, held: Iterable[str]) -> set[str]:
    """The rules of a profile that a rule needs, through those that the profile does not have."""
    needs = set(facts.RULES[name].needs)
    return (needs & set(held)).union(*(needs_of(need, held) for need in needs - set(held)))


# ---- any bytes ----


@given(st.one_of(st.binary(max_size=300), BEHIND_A_MAGIC), PROFILES)
@example(b"", "default")
@example(b"", "reader")
def test_any_bytes_are_judged(raw: bytes, profile: str) -> None:
    """Any bytes MUST give a report, in every profile, and it MUST be consistent."""
    assert_consistent(raw, profile)


@settings(max_examples=500)
@given(DAMAGED, PROFILES)
def test_any_damage_is_judged(raw: bytes, profile: str) -> None:
    """The same MUST hold for damaged files."""
    assert_consistent(raw, profile)


@given(FILES, PROFILES)
def test_sound_files_are_judged(raw: bytes, profile: str) -> None:
    """The same MUST hold for files that no careful reader refuses, of which every rule that can be judged is."""
    report = assert_consistent(raw, profile)
    footer = opened(raw).footer
    assert set(report.rules_skipped) == (
        set() if footer is not None or profile == "reader" else {"APR-F002", "APR-F004"}
    )


@pytest.mark.parametrize("profile", facts.PROFILES)
@pytest.mark.parametrize("name", EVIL_FILES)
def test_crafted_files_are_judged(name: str, profile: str) -> None:
    """The same MUST hold for files that are made to break a reader."""
    assert_consistent(EVIL_FILES[name], profile)


@pytest.mark.parametrize("name", SMALL_GOLDEN)
def test_every_length_is_judged(name: str) -> None:
    """A file that is cut anywhere MUST have an error, but where the cut takes exactly its footer."""
    raw = golden(name)
    valid = [size for size in range(len(raw) + 1) if assert_consistent(raw[:size]).valid]
    assert valid == [len(raw) - FOOTER_SIZE, len(raw)]


@given(DAMAGED)
def test_a_report_is_a_function(raw: bytes) -> None:
    """The same bytes MUST give the same report, from every kind of source, and stay as they are."""
    buffer = bytearray(raw)
    report = validate_file(raw)
    assert validate_file(buffer) == validate_file(memoryview(buffer)) == report
    assert buffer == raw
    assert run(lenient(raw), read_data=True) == report


@given(DAMAGED)
def test_opening_refuses_with_an_error_of_the_report(raw: bytes) -> None:
    """What a strict opening refuses MUST be an error of the report; what it opens MUST be judged alike."""
    report = validate_file(raw)
    try:
        container = opened(raw)
    except AprError as error:
        assert not report.valid
        # Another format has no rule id; of what is smaller than a header, a report says just that.
        name = (getattr(error, "rule_id", None) or "APR-H001") if len(raw) >= HEADER_SIZE else "APR-H008"
        assert name in {finding.rule for finding in report.errors}
    else:
        assert run(container, read_data=True) == report


# ---- what is asked for ----


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """A profile, and rules of it that may be selected and ignored."""
    profile = draw(PROFILES)
    held = sorted(facts.PROFILES[profile])
    select = draw(st.lists(st.sampled_from(held), max_size=4))
    ignore = draw(
        st.lists(st.sampled_from([name for name in sorted(facts.RULES) if not facts.RULES[name].fatal]), max_size=4)
    )
    return profile, select, ignore


@given(DAMAGED, requests())
def test_selecting_and_ignoring_take_away_and_change_nothing(
    raw: bytes, request: tuple[str, list[str], list[str]]
) -> None:
    """A run of some rules MUST say of them what a run of all rules says, and beside it only what is in their way."""
    profile, select, ignore = request
    whole = validate_file(raw, profile=profile)
    part = validate_file(raw, profile=profile, select=select, ignore=ignore)
    wanted = {name for name in facts.PROFILES[profile] if (not select or name in select) and name not in ignore}
    assert [item for item in part.findings if item.rule in wanted] == [
        item for item in whole.findings if item.rule in wanted
    ]
    assert [name for name in part.rules_run if name in wanted] == [name for name in whole.rules_run if name in wanted]
    assert part.rules_skipped == tuple(name for name in whole.rules_skipped if name in wanted)

    in_the_way = set(part.rules_run) - wanted
    assert in_the_way <= {item.rule for item in part.findings} - set(ignore)
    assert set(part.findings) <= set(whole.findings)
    needed = set().union(*map(all_needs, part.rules_skipped)) | {"APR-L001"}
    assert in_the_way <= needed
    if part.rules_skipped and not ignore:
        assert part.findings


def all_needs(name: str) -> set[str]:
    return {name}.union(*map(all_needs, facts.RULES[name].needs))


@given(DAMAGED, PROFILES)
def test_the_head_is_judged_alike_with_and_without_the_pass(raw: bytes, profile: str) -> None:
    """A run over the head MUST say what a run over every byte says of the rules that need no data."""
    whole, head = validate_file(raw, profile=profile), run(lenient(raw), profile=profile)
    assert head.findings == tuple(item for item in whole.findings if not facts.RULES[item.rule].reads_data)
    assert head.rules_run == tuple(name for name in whole.rules_run if not facts.RULES[name].reads_data)
    assert head.rules_skipped == tuple(name for name in whole.rules_skipped if not facts.RULES[name].reads_data)


@given(DAMAGED, st.integers(0, 3))
def test_what_is_not_kept_is_counted(raw: bytes, limit: int) -> None:
    """A run that keeps fewer findings MUST keep the first ones, the very first one always, and count the others."""
    whole = run(lenient(raw), read_data=True)
    limits = Limits(max_findings_per_rule=limit)
    part = run(lenient(raw, limits), read_data=True)
    for name in whole.rules_run:
        everything = [item for item in whole.findings if item.rule == name]
        kept = [item for item in part.findings if item.rule == name]
        assert kept == (everything if name == "APR-L001" else everything[: max(1, limit)])
        assert part.not_kept.get(name, 0) == len(everything) - len(kept)
    assert (part.rules_run, part.rules_skipped, part.valid) == (whole.rules_run, whole.rules_skipped, whole.valid)


@given(DAMAGED, LIMITS, st.integers(0, 99))
def test_what_is_not_read_is_not_valid(raw: bytes, name: str, limit: int) -> None:
    """Under lower limits a report MUST find no more than without, and be valid only when nothing was left unread."""
    whole = run(lenient(raw), read_data=True)
    part = run(lenient(raw, Limits(**{name: limit})), read_data=True)
    excess = [item for item in part.findings if item.rule == "APR-L001"]
    if name == "max_json_nesting":  # the one limit that stands for a rule of the reader
        return
    if excess:
        assert not part.valid
        for item in excess:
            assert f"({name})" in item.expected
            assert 0 <= item.span[0] <= item.span[1] <= len(raw)
    else:
        assert part == whole
    assert set(part.findings) - set(excess) <= set(whole.findings)
    assert set(part.rules_skipped) >= set(whole.rules_skipped)


# ---- verdicts ----


@given(containers())
def test_canonical_files_are_canonical(raw: bytes) -> None:
    """Files as the reference lays them out MUST have no error in the profile `canonical`, and none in any other
    but about their provenance."""
    for profile in ("default", "reader", "canonical"):
        assert validate_file(raw, profile=profile).errors == ()
    assert {item.rule for item in validate_file(raw, profile="publish").errors} <= {"APR-P001", "APR-P002", "APR-P003"}


@given(containers(canonical=False))
def test_odd_files_are_sound(raw: bytes) -> None:
    """Files that no careful reader refuses MUST have no error in the profiles of readers."""
    for profile in ("default", "reader"):
        assert validate_file(raw, profile=profile).errors == ()


@given(DAMAGED)
def test_what_is_valid_is_valid_for_the_reader(raw: bytes) -> None:
    """The profile `reader` MUST refuse nothing that the default profile accepts, nor that one what is canonical."""
    if validate_file(raw).valid:
        assert validate_file(raw, profile="reader").valid
    if validate_file(raw, profile="canonical").valid:
        assert validate_file(raw).valid


@given(containers(min_tensors=1), st.data())
def test_a_changed_byte_is_an_error(raw: bytes, data: st.DataObject) -> None:
    """Any change of one byte before the end of the footer MUST be an error, also where the footer seems to be gone."""
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes([raw[at] ^ data.draw(st.integers(1, 255))]) + raw[at + 1 :]
    assert not validate_file(changed).valid


# ---- the pass over the data ----


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), max_size=6),
    st.integers(0, 20),
    st.integers(0, 30),
)
def test_unclaimed_is_what_no_span_holds(pairs: list[tuple[int, int]], start: int, length: int) -> None:
    """The stretches MUST hold exactly the bytes that no span holds, in order and as long as they can be."""
    spans = sorted((max(first, start), max(first, start) + size) for first, size in pairs)
    stop = max([start + length, *(end for _, end in spans)])
    found = list(unclaimed(spans, start, stop))
    held = {at for first, end in spans for at in range(first, end)}
    assert [at for first, end in found for at in range(first, end)] == sorted(set(range(start, stop)) - held)
    assert all(first < end for first, end in found)
    assert all(before < after for (_, before), (after, _) in pairwise(found))


def stretches(raw: bytes) -> list[tuple[int, int]]:
    """The obvious way to the bytes of the data section that belong to no tensor: look at each of them."""
    container = lenient(raw)
    claimed = {
        at
        for tensor in container.tensors
        if tensor.nbytes and tensor.file_span[1] <= len(raw)
        for at in range(*tensor.file_span)
    }
    found: list[list[int]] = []
    for at in range(container.header.ofs_data, container.required_len):
        if at in claimed:
            continue
        if found and found[-1][-1] == at - 1:
            found[-1].append(at)
        else:
            found.append([at])
    return [(run_of[0], run_of[-1] + 1) for run_of in found]


def residues(raw: bytes) -> tuple[tuple[int, int], ...]:
    ends = [(start, [at for at in range(start, stop) if raw[at]]) for start, stop in stretches(raw)]
    return tuple((start, filled[-1] + 1) for start, filled in ends if filled)


PIECES = st.sampled_from((1, 2, 3, 63, 64, 65, 100, 1000)) | st.integers(1, 300)


def in_pieces(
    source: Source, start: int, stop: int, make: Callable[[int, memoryview], Any], *, chunk_bytes: int
) -> Iterator[Any]:
    """What `map_chunks` gives in one thread, of pieces of another size."""
    at = start
    for piece in iter_chunks(source, start, stop, chunk_bytes):
        yield make(at, piece)
        at += len(piece)


@settings(max_examples=300)
@given(containers(canonical=False), PIECES, st.booleans(), st.booleans())
def test_the_pass_sees_what_is_there(raw: bytes, chunk_bytes: int, reads_all: bool, two_threads: bool) -> None:
    """Whatever the size of its pieces, and whoever reads them, the pass MUST see the checksum of all bytes, and each
    residue where it ends."""
    calls: list[tuple[int, int]] = []
    with pytest.MonkeyPatch.context() as patched:
        if two_threads:
            patched.setattr("aprfmt.source.CHUNK_BYTES", chunk_bytes)
            patched.setattr(BytesSource, "begin_pass", lambda *_range: 2, raising=False)
        else:
            patched.setattr("aprfmt.rules.case.map_chunks", partial(in_pieces, chunk_bytes=chunk_bytes))
        judged = Case(lenient(raw), reads_all=reads_all, progress=lambda done, total: calls.append((done, total)))
        seen = judged.data
    container = opened(raw)
    whole = reads_all and container.footer is not None
    assert judged.unclaimed == tuple(stretches(raw))
    assert seen.residues == residues(raw)
    assert seen.crc32 == (crc32(raw[: container.required_len]) if whole else None)
    total = container.required_len if whole else sum(stop - start for start, stop in stretches(raw))
    assert calls == sorted(calls)
    assert {end for _, end in calls} <= {total}
    assert not total or calls[-1] == (total, total)


@given(containers(canonical=False))
def test_the_rules_about_data_say_what_the_pass_sees(raw: bytes) -> None:
    """A finding MUST stand for each residue and each gap."""
    found: dict[str, list[Any]] = {"APR-D006": [], "APR-D007": []}
    for finding in validate_file(raw, select=list(found)).findings:
        found[finding.rule].append(finding.span)
    gaps = [span for span in stretches(raw) if span[1] - span[0] >= facts.ALIGNMENT]
    assert found == {"APR-D006": list(residues(raw)), "APR-D007": gaps}
