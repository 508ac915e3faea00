"""How rules are run: profiles, order, prerequisites, selection, counting, limits, messages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.rules.cases import CASES, sound
from tests.unit.rules.crafting import craft, entry_a, entry_b, file, lenient, opened, report_of

from aprfmt import rules
from aprfmt.container import Container
from aprfmt.errors import FormatError, LimitExceededError, RequestError, TruncatedError
from aprfmt.files import validate_file
from aprfmt.layout import facts
from aprfmt.limits import DEFAULT_LIMITS, Limits
from aprfmt.rules import Case, Check, Fault, Finding, Report, Severity, registry, run
from aprfmt.source import CHUNK_BYTES, BytesSource

SPEC = Path(__file__).resolve().parents[3] / "spec" / "apr_v2.ksy"
LIMIT = "APR-L001"
READS_DATA = {name for name, item in facts.RULES.items() if item.reads_data}


# ---- what is registered ----


def test_every_rule_of_the_specification_has_a_check() -> None:
    declared = set(re.findall(r"APR-[A-Z][0-9]{3}", SPEC.read_text("utf-8")))
    assert len(declared) > 50
    assert declared == set(facts.RULES)
    # The engine itself finds what goes beyond the limits.
    assert set(facts.RULES) - set(registry()) == {LIMIT}


@pytest.mark.parametrize("profile", facts.PROFILES)
def test_the_registry_is_in_the_order_of_the_specification(profile: str) -> None:
    assert list(registry(profile)) == [
        name for name in facts.RULES if name in facts.PROFILES[profile] and name != LIMIT
    ]


def test_every_rule_has_one_check_and_at_most_one_more_for_a_profile() -> None:
    registry()
    homes = [(name, check.profile) for check in rules._registry for name in check.ids]
    assert len(homes) == len(set(homes))
    general = {name for name, profile in homes if profile is None}
    special = {name for name, profile in homes if profile is not None}
    assert special <= general
    assert special


@pytest.mark.parametrize("profile", facts.PROFILES)
def test_a_check_judges_nothing_but_its_rules(profile: str) -> None:
    """Each check is called on every file that breaks a rule, as far as what it needs holds."""
    for case in CASES.values():
        raw = case.broken()
        if len(raw) > 1_000_000:
            continue
        report = validate_file(raw, profile=profile)
        for name in report.rules_run:
            if name != LIMIT:
                check = registry(profile)[name]
                judged = {fault.rule for fault in check.judge(Case(lenient(raw), reads_all=True, progress=None))}
                assert judged <= set(check.ids)


def test_rules_of_one_profile_take_the_place_of_the_general_ones() -> None:
    for name, check in registry("reader").items():
        special = [other for other in rules._registry if other.profile == "reader" and name in other.ids]
        assert [check] == (special or [registry()[name]])
    assert all(check.profile is None for check in registry().values())


def test_the_order_does_not_depend_on_who_imports_first() -> None:
    program = "import aprfmt.rules.reader, aprfmt.rules.footer, aprfmt.rules as r; print(list(r.registry('reader')))"
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, encoding="utf-8", check=True)
    assert done.stdout.strip() == str(list(registry("reader")))


def test_every_check_says_what_it_looks_for() -> None:
    registry()
    for check in rules._registry:
        assert (check.judge.__doc__ or "").strip(), check.ids


def test_what_a_rule_needs_is_no_circle() -> None:
    def depth(name: str, above: tuple[str, ...] = ()) -> int:
        assert name not in above, above
        return 1 + max((depth(need, (*above, name)) for need in facts.RULES[name].needs), default=0)

    assert max(map(depth, facts.RULES)) > 5


# ---- what a run says ----


def test_run_and_skipped_add_up() -> None:
    head = [name for name in facts.RULES if name not in READS_DATA]
    assert list(run(opened(file())).rules_run) == head
    assert run(opened(file())).rules_skipped == ()
    broken = run(opened(file(num_tensors=4)))
    assert sorted(broken.rules_run + broken.rules_skipped) == sorted(head)


def test_findings_come_in_the_order_of_the_specification() -> None:
    raw = craft(
        entry_a(dtype=2),
        entry_b(name=b"\xff", len_tensor=5, ofs_tensor=65),
        header={"reserved": b"\1" * 20, "checksum": 0, "version_minor": 1, "flags": {"reserved": 1}},
        metadata=b'{"license":5,"a":1,"a":2}',
        trailing=b"x",
    )
    for order in (list(facts.RULES), sorted(facts.RULES), sorted(facts.RULES, reverse=True)):
        found = [finding.rule for finding in run(opened(raw), select=order, read_data=True).findings]
        assert found == sorted(found, key=list(facts.RULES).index)
        assert len(set(found)) > 8


def test_a_rule_whose_prerequisite_failed_is_skipped() -> None:
    report = report_of(file(num_tensors=4))
    assert {"APR-I002", "APR-I003", "APR-I005", "APR-D001", "APR-D004", "APR-F001"} <= set(report.rules_skipped)
    assert {"APR-H006", "APR-M003", "APR-M006"} <= set(report.rules_run)


def test_a_wrong_extent_leaves_the_end_of_the_file_unjudged() -> None:
    report = report_of(craft(entry_a(), entry_b(ofs_tensor=133)))
    assert [finding.rule for finding in report.errors] == ["APR-D001"]
    assert {"APR-D004", "APR-D007", "APR-F001", "APR-F003", "APR-F004"} <= set(report.rules_skipped)
    assert {"APR-D002", "APR-D003"} <= set(report.rules_run)


def test_a_warning_skips_what_needs_its_rule_like_an_error() -> None:
    report = validate_file(sound(footer=None))
    assert [(finding.rule, finding.severity) for finding in report.findings] == [("APR-F003", Severity.WARNING)]
    assert report.rules_skipped == ("APR-F002", "APR-F004")
    assert report.valid


def test_what_needs_a_skipped_rule_is_skipped_too() -> None:
    report = validate_file(sound(header={"ofs_tensor_index": 64}))
    assert [finding.rule for finding in report.findings] == ["APR-S002"]
    assert "APR-I001" in report.rules_skipped
    assert facts.RULES["APR-D004"].needs == ("APR-D001",)
    assert {"APR-D001", "APR-D004", "APR-F001", "APR-F003", "APR-F002"} <= set(report.rules_skipped)


def test_nothing_is_skipped_that_can_be_judged() -> None:
    """A file of another major version, in another layout or with a wrong header checksum is read all the same."""
    for header in ({"version_major": 3}, {"checksum": 0}, {"flags": {"layout_column_major": True}}):
        assert validate_file(sound(header=header)).rules_skipped == ()


def test_all_faults_of_a_sick_file_are_reported_at_once() -> None:
    raw = craft(
        entry_a(name=b"z", dtype=2),
        entry_b(name=b"\xff\xff", ofs_tensor=999),
        entry_b(name=b"b", len_tensor=5),
        header={"version_major": 9, "checksum": 0, "flags": {"layout_column_major": True}},
        metadata=b"{",
    )
    assert {finding.rule for finding in report_of(raw).errors} == {
        *("APR-H002", "APR-H004", "APR-H006", "APR-I002", "APR-I003", "APR-I005", "APR-D001", "APR-D002", "APR-M003"),
    }


# ---- profiles ----


@pytest.mark.parametrize("profile", facts.PROFILES)
def test_a_profile_runs_its_rules_at_its_severities(profile: str) -> None:
    report = validate_file(sound(header={"flags": {"layout_row_major": False}}, footer=None), profile=profile)
    held = facts.PROFILES[profile]
    assert report.profile == profile
    assert {*report.rules_run, *report.rules_skipped} == set(held)
    found = {finding.rule: str(finding.severity) for finding in report.findings}
    assert found == {name: held[name] for name in ("APR-H011", "APR-F003") if name in held}
    assert report.valid == ("error" not in found.values())


def test_the_profiles_judge_differently() -> None:
    raw = sound(header={"flags": {"layout_row_major": False}}, metadata=b"{}")
    verdicts = {profile: validate_file(raw, profile=profile).valid for profile in facts.PROFILES}
    assert verdicts == {"default": True, "reader": True, "canonical": False, "publish": False}


def test_a_rule_that_a_profile_lacks_hands_on_what_it_needs_itself() -> None:
    """The profile of the reader has no APR-S003, which stands between APR-H001 and APR-I001."""
    assert facts.RULES["APR-I001"].needs == ("APR-S003",)
    assert "APR-S003" not in facts.PROFILES["reader"]
    for raw in (b"", file()[:63], b"GGUF" + file()[4:]):
        report = validate_file(raw, profile="reader")
        assert len(report.findings) == 1
        assert "APR-I001" in report.rules_skipped


def test_a_profile_or_rule_that_does_not_exist_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(RequestError, match="one of default, reader, canonical, publish as a profile, found 'strict'"):
        run(opened(file()), profile="strict")
    with pytest.raises(RequestError, match="expected the id of a rule, found 'APR-X999'"):
        run(opened(file()), select=["APR-H001", "APR-X999"])
    with pytest.raises(RequestError, match="expected the id of a rule, found 'apr-h001'"):
        run(opened(file()), ignore=["apr-h001"])
    with pytest.raises(RequestError, match=re.escape(r"found 'APR\x1b'")):
        validate_file(b"", ignore=["APR\x1b"])


@pytest.mark.parametrize("argument", ["select", "ignore"])
def test_a_rule_that_is_not_in_a_collection_is_not_taken_letter_by_letter(argument: str) -> None:
    says = f"^{argument}: expected a collection of rule ids, found the text 'APR-F002'$"
    with pytest.raises(RequestError, match=says):
        run(opened(file()), **{argument: "APR-F002"})  # type: ignore[arg-type] # as users do
    with pytest.raises(RequestError, match=says):
        validate_file(file(), **{argument: "APR-F002"})  # type: ignore[arg-type] # as above


# ---- select, ignore ----

SICK = craft(entry_a(dtype=2), entry_b(len_tensor=5), header={"version_minor": 1}, metadata=b'{"license":5}')


def rules_of(report: Report) -> list[str]:
    return list(dict.fromkeys(finding.rule for finding in report.findings))


def test_only_what_is_selected_is_judged() -> None:
    report = run(opened(SICK), select=["APR-D002", "APR-I002", "APR-H005"])
    assert rules_of(report) == ["APR-I002", "APR-D002"]
    assert report.rules_run == ("APR-H005", "APR-I002", "APR-D002")
    assert report.rules_skipped == ()


def test_what_keeps_a_selected_rule_from_being_judged_is_reported() -> None:
    report = run(opened(file(num_tensors=4)), select=["APR-D002"])
    assert rules_of(report) == ["APR-I001"]
    assert (report.rules_run, report.rules_skipped, report.valid) == (("APR-I001",), ("APR-D002",), False)
    report = validate_file(b"GGUF", select=["APR-F002", "APR-M006"])
    assert (report.rules_run, report.rules_skipped) == (("APR-H008",), ("APR-M006", "APR-F002"))
    report = validate_file(sound(footer=None), select=["APR-F002"])
    assert (rules_of(report), report.rules_skipped, report.valid) == (["APR-F003"], ("APR-F002",), True)


def test_what_does_not_stand_in_the_way_of_a_selected_rule_is_not_reported() -> None:
    raw = sound(entry_a(dtype=2), header={"num_tensors": 100, "version_major": 3, "version_minor": 1})
    assert rules_of(run(lenient(raw), select=["APR-D002"])) == ["APR-I001"]
    assert rules_of(run(lenient(raw), select=["APR-H003"])) == ["APR-H003"]


def test_a_limit_that_keeps_a_selected_rule_from_being_judged_is_reported() -> None:
    report = run(Container(BytesSource(LIMITED), limits=Limits(max_ndim=1)), select=["APR-D002"])
    assert (rules_of(report), report.rules_skipped) == ([LIMIT], ("APR-D002",))
    assert rules_of(run(Container(BytesSource(LIMITED), limits=Limits(max_ndim=1)), select=["APR-M006"])) == []


def test_what_is_ignored_is_not_reported() -> None:
    everything, fewer = run(opened(SICK)), run(opened(SICK), ignore=["APR-D002", "APR-H003"])
    assert fewer.findings == tuple(item for item in everything.findings if item.rule not in ("APR-D002", "APR-H003"))
    assert set(everything.rules_run) - set(fewer.rules_run) == {"APR-D002", "APR-H003"}


def test_what_is_ignored_still_keeps_what_needs_it_from_being_judged() -> None:
    full, fewer = validate_file(sound(footer=None)), validate_file(sound(footer=None), ignore=["APR-F003"])
    assert rules_of(full) == ["APR-F003"]
    assert rules_of(fewer) == []
    assert "APR-F003" not in (*fewer.rules_run, *fewer.rules_skipped)
    assert fewer.rules_skipped == full.rules_skipped == ("APR-F002", "APR-F004")


@pytest.mark.parametrize("name", [name for name, item in facts.RULES.items() if item.fatal])
def test_what_others_stand_on_cannot_be_ignored(name: str) -> None:
    with pytest.raises(RequestError, match=f"{name} cannot be ignored: what needs it could not be judged"):
        run(opened(file()), ignore=["APR-H003", name])


@pytest.mark.parametrize("name", [name for name, item in facts.RULES.items() if not item.fatal])
def test_every_other_rule_can_be_ignored(name: str) -> None:
    assert name not in rules_of(validate_file(SICK, ignore=[name]))


def test_ignoring_wins_over_selecting() -> None:
    report = run(opened(SICK), select=["APR-D002", "APR-I002"], ignore=["APR-D002"])
    assert (rules_of(report), report.rules_run) == (["APR-I002"], ("APR-I002",))


def test_what_the_run_does_not_have_cannot_be_selected() -> None:
    with pytest.raises(RequestError, match="APR-D002 cannot be selected: expected a rule of the profile reader"):
        validate_file(SICK, profile="reader", select=["APR-D002"])
    for name in READS_DATA:
        with pytest.raises(RequestError, match=f"{name} cannot be selected: expected a rule that needs only the head"):
            run(opened(file()), select=[name])
        assert validate_file(file(), select=[name]).rules_run == (name,)


# ---- the pass over the data ----


def test_rules_that_need_every_byte_are_left_out_without_the_pass() -> None:
    raw = bytearray(sound())
    raw[-70] ^= 1
    head = run(opened(bytes(raw)))
    assert (head.findings, head.rules_skipped) == ((), ())
    assert not READS_DATA & set(head.rules_run)
    whole = run(opened(bytes(raw)), read_data=True)
    assert set(whole.rules_run) - set(head.rules_run) == READS_DATA
    assert rules_of(whole) == ["APR-D006", "APR-F002"]


def progress_of(raw: bytes, ignore: Sequence[str] = ()) -> list[tuple[int, int]]:
    calls: list[tuple[int, int]] = []
    validate_file(raw, ignore=ignore, progress=lambda done, total: calls.append((done, total)))
    return calls


def large(*, footer: bool = True) -> bytes:
    nbytes = 2 * CHUNK_BYTES + 64
    entry = entry_a(dtype=6, dims=[nbytes], len_tensor=nbytes)
    rest = {} if footer else {"footer": None}
    return craft(entry, tensor_data=bytes(nbytes), **rest)


def test_the_pass_over_the_file_reports_progress() -> None:
    raw = large()
    calls = progress_of(raw)
    assert [done for done, _ in calls] == [CHUNK_BYTES, 2 * CHUNK_BYTES, len(raw) - 4]
    assert {total for _, total in calls} == {len(raw) - 4}


def test_without_a_footer_only_the_filler_is_read() -> None:
    assert progress_of(large(footer=False)) == []
    raw = craft(footer=None)
    assert progress_of(raw) == [(56, 117), (117, 117)]
    assert progress_of(craft(), ignore=["APR-F002"]) == [(56, 117), (117, 117)]


def test_no_pass_is_made_for_rules_that_do_not_need_one() -> None:
    # A rule that is fatal cannot be ignored; it reads the file only where it has reason to.
    ignored = sorted(rule for rule in READS_DATA if not facts.RULES[rule].fatal)
    assert progress_of(large(), ignore=ignored) == []
    assert progress_of(file(num_tensors=4)) == []


def test_a_source_that_shrinks_is_no_finding() -> None:
    class Shrinking(BytesSource):
        """Loses its end once the head has been read."""

        def read(self, start: int, stop: int) -> bytes:
            if stop > 0x100:
                raise TruncatedError("the file became shorter while it was read")
            return super().read(start, stop)

    with pytest.raises(TruncatedError, match="became shorter"):
        run(Container(Shrinking(file())), read_data=True)


# ---- counting ----


def unsorted(number: int) -> bytes:
    entries = [entry_a(name=b"%05d" % (99999 - index), dims=[0], len_tensor=0) for index in range(number)]
    return craft(*entries, tensor_data=b"")


def test_what_the_limits_cut_off_is_counted() -> None:
    limits = replace(DEFAULT_LIMITS, max_findings_per_rule=10)
    report = run(Container(BytesSource(unsorted(31)), limits=limits))
    assert [finding.rule for finding in report.findings].count("APR-I003") == 10
    assert report.not_kept == {"APR-I003": 20}
    with pytest.raises(FormatError, match=r"\(and 29 more\)$"):
        report.raise_first()
    assert run(Container(BytesSource(unsorted(11)), limits=limits)).not_kept == {}
    full = run(opened(unsorted(31)))
    assert full.not_kept == {}
    assert [finding for finding in full.findings if finding.rule == "APR-I003"][:10] == [
        finding for finding in report.findings if finding.rule == "APR-I003"
    ]


def test_a_rule_beyond_its_limit_still_skips_what_needs_it() -> None:
    raw = craft(*(entry_a(name=b"%d" % number, ofs_tensor=999) for number in range(3)))
    report = run(Container(BytesSource(raw), limits=Limits(max_findings_per_rule=0)))
    assert [finding.rule for finding in report.findings].count("APR-D001") == 1  # without it the file would look clean
    assert not report.valid
    assert report.not_kept["APR-D001"] == 2
    assert "APR-D004" in report.rules_skipped


# ---- limits ----

LIMITED = craft(
    entry_a(),
    entry_b(dims=[1, 3]),
    metadata=b'{"a":1,"b":[2,3]}',
    tensor_index={"entries": [entry_a(), entry_b(dims=[1, 3])], "padding": bytes(126)},
)
NEEDS_INDEX = {"APR-I002", "APR-I003", "APR-D001", "APR-D002", "APR-D004", "APR-F001", "APR-F002", "APR-F004"}
NEEDS_METADATA = {"APR-M002", "APR-M003", "APR-M004", "APR-M005", "APR-M006", "APR-M008", "APR-P001", "APR-H012"}


@pytest.mark.parametrize(
    ("limits", "message", "field", "expected", "skipped"),
    [
        (Limits(max_metadata_bytes=5), "the metadata is too large", "header.len_metadata", "5 bytes", NEEDS_METADATA),
        (Limits(max_metadata_members=1), "too many members", "metadata", "1", NEEDS_METADATA),
        (Limits(max_metadata_values=3), "too many values", "metadata", "3", NEEDS_METADATA),
        (Limits(max_tensors=1), "too many tensors", "header.num_tensors", "1", NEEDS_INDEX),
        (Limits(max_index_bytes=58), "the tensor index is too large", "tensor_index", "58 bytes", NEEDS_INDEX),
        (Limits(max_index_bytes=9), "the tensor index is too large", "tensor_index", "9 bytes", NEEDS_INDEX),
        (Limits(max_ndim=1), "too many dimensions", "tensor_index.entries[1].ndim", "1", NEEDS_INDEX),
        (Limits(max_filler_bytes=125), "too much filler", "tensor_index", "125 bytes", {"APR-I009", "APR-I012"}),
        (Limits(max_filler_bytes=40), "too much filler", "metadata_padding", "40 bytes", {"APR-S004"}),
    ],
)
def test_what_goes_beyond_a_limit_is_one_finding_and_skips_what_could_not_be_judged(
    limits: Limits, message: str, field: str, expected: str, skipped: set[str]
) -> None:
    [name] = [name for name in Limits.__slots__ if getattr(limits, name) != getattr(DEFAULT_LIMITS, name)]
    report = run(Container(BytesSource(LIMITED), limits=limits), read_data=True)
    excess = [finding for finding in report.findings if finding.rule == LIMIT]
    finding = next(finding for finding in excess if finding.field == field)
    assert (finding.message, finding.severity) == (message, Severity.ERROR)
    assert finding.expected == f"at most {expected} ({name})"
    assert finding.found
    assert 0 <= finding.span[0] < finding.span[1] <= len(LIMITED)
    assert len(excess) == (2 if limits.max_filler_bytes == 40 else 1)
    assert skipped <= set(report.rules_skipped)
    assert not report.valid
    assert "APR-H006" in report.rules_run
    error = finding.error()
    assert isinstance(error, LimitExceededError)
    assert error.rule_id == LIMIT


def test_a_limit_that_just_holds_is_no_finding() -> None:
    limits = Limits(
        max_metadata_bytes=17,
        max_metadata_members=2,
        max_metadata_values=5,
        max_tensors=2,
        max_index_bytes=66,
        max_ndim=2,
        max_filler_bytes=126,
    )
    report = run(Container(BytesSource(LIMITED), limits=limits), read_data=True)
    assert report.rules_skipped == ()
    assert LIMIT not in rules_of(report)


def test_a_limit_is_raised_as_what_it_is_when_nothing_else_is_wrong() -> None:
    with pytest.raises(LimitExceededError, match="max_ndim"):
        run(Container(BytesSource(LIMITED), limits=Limits(max_ndim=1))).raise_first()


def test_validate_looks_through_filler_whatever_its_size() -> None:
    report = validate_file(LIMITED, limits=Limits(max_filler_bytes=1))
    assert LIMIT not in rules_of(report)
    assert rules_of(report) == ["APR-S006", "APR-P001", "APR-I010"]


# ---- checks that are made up ----


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Checks that are registered in the test are gone after it; gives a list for what was called."""
    monkeypatch.setattr(rules, "_registry", [*rules._registry])
    registry()
    return []


def stand_in(calls: list[str], *ids: str, finds: tuple[str, ...] = (), excess: bool = False) -> None:
    """A check for the profile `publish` that finds one fault of each of some rules."""

    def judge(_case: Case) -> Iterator[Fault]:
        calls.append(ids[0])
        for name in finds:
            yield Fault(name, "header", (0, 1), "e", "f")
        if excess:
            raise LimitExceededError("too much", field="header", span=(0, 1), expected="less", found="more")

    rules.rule(*ids, profile="publish")(judge)


def test_a_check_of_several_rules_is_called_once(made_up: list[str]) -> None:
    stand_in(made_up, "APR-I002", "APR-I003", "APR-I005", finds=("APR-I005",))
    report = run(opened(sound()), profile="publish")
    assert made_up == ["APR-I002"]
    assert [(finding.rule, finding.message) for finding in report.findings] == [
        ("APR-I005", facts.RULES["APR-I005"].defect)
    ]


def test_faults_of_a_rule_that_is_skipped_are_none(made_up: list[str]) -> None:
    """A check of several rules is called for the first that can be judged, and may find what the others cannot say."""
    stand_in(made_up, "APR-H003", "APR-I002", finds=("APR-I002",))
    report = run(lenient(sound(header={"num_tensors": 100})), profile="publish")
    assert rules_of(report) == ["APR-I001"]
    assert "APR-I002" in report.rules_skipped


def test_what_was_found_before_a_limit_stays_found(made_up: list[str]) -> None:
    stand_in(made_up, "APR-I002", "APR-I003", finds=("APR-I002",), excess=True)
    report = run(opened(sound()), profile="publish")
    assert rules_of(report) == ["APR-I002", LIMIT]
    assert report.rules_skipped == ("APR-I003",)


def test_the_same_excess_is_reported_once(made_up: list[str]) -> None:
    stand_in(made_up, "APR-I002", excess=True)
    stand_in(made_up, "APR-I003", excess=True)
    report = run(opened(sound()), profile="publish")
    assert made_up == ["APR-I002", "APR-I003"]
    assert rules_of(report) == [LIMIT]
    assert len(report.findings) == 1
    assert report.rules_skipped == ("APR-I002", "APR-I003")


def test_a_registered_check_keeps_its_function(made_up: list[str]) -> None:
    stand_in(made_up, "APR-I002")
    check = registry("publish")["APR-I002"]
    assert check == Check(("APR-I002",), check.judge, "publish")
    assert registry()["APR-I002"].profile is None


# ---- errors ----


def test_a_finding_is_an_error_that_says_expected_found_and_where() -> None:
    [finding] = report_of(craft(entry_a(), entry_b(len_tensor=2))).errors
    error = finding.error()
    assert isinstance(error, FormatError)
    assert str(error) == (
        "the size does not fit u8 [3]; expected 3 bytes, found 2 bytes; "
        "tensor_index.entries[1].len_tensor @0xb2..0xba; tensor 'b' [APR-D002]"
    )
    assert (error.rule_id, error.section, error.tensor) == ("APR-D002", "tensor_index", "b")


def test_the_first_error_says_how_many_follow() -> None:
    report_of(file()).raise_first()
    with pytest.raises(FormatError, match=r"\[APR-H002\]$"):
        report_of(file(version_major=3)).raise_first()
    with pytest.raises(FormatError, match=r"\[APR-H002\] \(and 1 more\)$") as caught:
        report_of(file(version_major=3, checksum=0)).raise_first()
    assert caught.value.rule_id == "APR-H002"


def test_warnings_are_not_raised() -> None:
    report = report_of(file(version_minor=1))
    assert report.findings
    report.raise_first()


def test_an_exception_of_a_part_is_a_fault_of_its_rule_alone() -> None:
    def read() -> None:
        raise FormatError("m", rule_id="APR-M003", field="metadata", span=(1, 2), expected="e", found="f", tensor="t")

    assert list(rules.faults_of(read, "APR-M003")) == [Fault("APR-M003", "metadata", (1, 2), "e", "f", "m", "t")]
    assert list(rules.faults_of(read, "APR-M004")) == []
    assert list(rules.faults_of(lambda: None, "APR-M003")) == []

    def change() -> None:
        raise FormatError("the file changed")

    with pytest.raises(FormatError, match="the file changed"):
        list(rules.faults_of(change, "APR-M003"))


def test_names_from_strangers_are_escaped() -> None:
    name = "\x1b[31mrot\u202e".encode()
    [finding] = report_of(craft(entry_a(name=name, len_tensor=4), tensor_data=bytes(64))).errors
    assert finding.tensor == name.decode()  # for programs: the name itself
    assert str(finding.error()).isprintable()
    assert r"tensor '\x1b[31mrot\u202e'" in str(finding.error())


def test_a_limit_is_raised_with_its_place() -> None:
    for limits in (Limits(max_ndim=1), Limits(max_tensors=1), Limits(max_metadata_bytes=5)):
        report = run(Container(BytesSource(LIMITED), limits=limits))
        [finding] = report.errors
        with pytest.raises(LimitExceededError) as caught:
            report.raise_first()
        error = caught.value
        assert (error.field, error.span) == (finding.field, finding.span)
        assert (error.message, error.expected, error.found) == (finding.message, finding.expected, finding.found)


def test_a_finding_keeps_a_name_of_any_length_to_a_part() -> None:
    for length in (1, 256, 257, 60_000):
        name = "n" * length
        [finding] = report_of(craft(entry_a(name=name.encode(), len_tensor=4), tensor_data=bytes(64))).errors
        assert finding.tensor is not None
        assert finding.tensor == (name if length <= 256 else "n" * 256 + "…")


def test_a_finding_as_json_says_all_that_it_holds() -> None:
    finding = Finding("APR-D002", Severity.WARNING, "a message", "a field", (1, 2), "this", "that", "a name")
    assert finding.as_json() == {
        "rule": "APR-D002",
        "severity": "warning",
        "field": "a field",
        "start": 1,
        "end": 2,
        "message": "a message",
        "expected": "this",
        "found": "that",
        "tensor": "a name",
    }
    assert type(finding.as_json()["severity"]) is str


def test_a_fault_that_another_check_judges_ends_nothing(made_up: list[str]) -> None:
    stand_in(made_up, "APR-I002", finds=("APR-I003", "APR-D008", "APR-I002"))
    assert rules_of(run(opened(sound()), profile="publish")) == ["APR-I002"]
