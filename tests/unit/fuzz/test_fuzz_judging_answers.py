"""Planted bugs in toy targets are found, under a signature that says what is wrong, and shrunk to a small file."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.unit.fuzz.toys import CRASH, TIMEOUT, Toy, answers_like_us, ignoring, run_of, shipped, stamping, the_only

from aprfmt.conform.plugs import Answer, Skip
from aprfmt.conform.results import Outcome
from aprfmt.container import Container
from aprfmt.fuzz import Order, Settings, fuzz
from aprfmt.fuzz.desk import agreement
from aprfmt.fuzz.drawing.cases import Cases
from aprfmt.fuzz.judging.symptoms import HOLE
from aprfmt.layout import with_header_checksum
from aprfmt.ops.stamp import stamp_bytes
from aprfmt.provenance import ProvenancePatch
from aprfmt.vectors.image import Image

SMALLEST = 132
"""A file with an empty object and no tensors, with its footer."""


def at(name: str) -> int:
    """The index of a vector of the boundary phase."""
    return Cases(shipped(), 0).boundary.index(name)


def stamped_case() -> int:
    """The first drawn case of a sound file that is stamped."""
    cases = Cases(shipped(), 0)
    for index in range(len(cases.boundary), 10_000):
        case = cases[index]
        if case.patches is not None and "metadata with" not in case.about and "evil" not in case.about:
            raw = case.recipe.build()
            if not case.recipe.damage and Container(Image.of(raw)).n_trailing_bytes == 0:
                return index
    raise AssertionError("expected a case that is stamped")


STAMPED = stamped_case()
HEADER_FOOTER = 4


def test_nobody_is_at_fault_without_a_bug() -> None:
    toy = Toy(reply=answers_like_us, can=("read", "stamp", "write"))
    run = run_of(toy, cases=24, start=184)
    assert run.findings == ()
    assert run.cases == 24
    assert {request["op"] for request in toy.asked} == {"read", "stamp", "write"}


@pytest.mark.parametrize(
    ("rule", "place", "nbytes"),
    [
        ("APR-H006", "header.checksum", SMALLEST),
        ("APR-F002", "footer.checksum", SMALLEST),
        ("APR-D003", "tensor_index.entries[].ofs_tensor", 260),
        ("APR-M006", "metadata", SMALLEST),
    ],
)
def test_a_reader_that_does_not_know_a_rule(rule: str, place: str, nbytes: int) -> None:
    name = next(
        item.id for item in shipped().vectors.values() if item.rule == rule and item.id in Cases(shipped(), 0).boundary
    )
    finding = the_only(run_of(Toy(reply=ignoring(rule)), cases=1, start=at(name)))
    assert finding.symptom.signature == f"verdict/read/accepted-invalid/{rule}/{place}"
    assert finding.symptom.explanation.startswith(f"{rule} ")
    assert not finding.is_hole
    assert finding.rules == (rule,)
    assert finding.answers == {"aprfmt": "reject", "toy": "accept"}
    assert len(finding.raw) <= nbytes
    assert finding.complete
    assert finding.again


def test_a_reader_that_takes_everything_is_told_rule_by_rule() -> None:
    run = run_of(Toy(), cases=40, start=30, tries=0)
    rules = {finding.symptom.rule for finding in run.findings}
    assert rules == {"APR-D001", "APR-H004", "APR-S002", "APR-S003"}
    assert {finding.symptom.kind for finding in run.findings} == {"accepted-invalid"}


def test_a_reader_that_refuses_a_valid_file() -> None:
    """No rule explains it: the file is the smallest that has what the reader dislikes."""

    def reply(request: Mapping[str, Any]) -> Answer:
        shapes = [tensor.shape for tensor in Container(Image.of(Path(request["file"]).read_bytes())).tensors]
        return Answer("reject", message="dimension 0 of 'x' is 0") if any(0 in shape for shape in shapes) else right

    right = Answer("accept")
    finding = the_only(run_of(Toy(reply=reply), cases=1, start=at("base.last-empty")))
    assert finding.symptom.signature == "verdict/read/rejected-valid/dimension N of S is N"
    assert finding.symptom.explanation == HOLE
    assert finding.is_hole
    assert Container(Image.of(finding.raw)).tensors[0].shape == (0,)
    assert len(finding.raw) == 196


def test_a_refusal_that_names_a_rule_is_about_it() -> None:
    toy = Toy(reply=lambda _request: Answer("reject", code="APR-D005"))
    finding = the_only(run_of(toy, cases=1))
    assert finding.symptom.signature == "verdict/read/rejected-valid/APR-D005"
    assert not finding.is_hole


@pytest.mark.parametrize(
    ("answer", "signature"),
    [
        (CRASH, "crash/read/ZeroDivisionError: boom"),
        (Answer(outcome=Outcome.CRASH, detail="ended by SIGSEGV"), "crash/read/ended by SIGSEGV"),
        (TIMEOUT, "timeout/read"),
        (Answer(outcome=Outcome.BUDGET, detail="expected at most 5 bytes, found 6"), "memory/read"),
        (Answer(), "crash/read"),
    ],
)
def test_a_reader_that_dies_on_long_names(answer: Answer, signature: str) -> None:
    """A crash is never taken for a refusal, and the name is as short as it may be."""

    def reply(request: Mapping[str, Any]) -> Answer:
        names = [tensor.name for tensor in Container(Image.of(Path(request["file"]).read_bytes())).tensors]
        return answer if any(len(name) > 2 for name in names) else Answer("accept")

    finding = the_only(run_of(Toy(reply=reply), cases=1, start=at("tensor_index_entry.len_name.256")))
    assert finding.symptom.signature == signature
    assert "whatever is in it" in finding.symptom.explanation
    assert [len(tensor.name) for tensor in Container(Image.of(finding.raw)).tensors] == [3]


def test_what_is_misread_is_named_by_its_place() -> None:
    def reply(request: Mapping[str, Any]) -> Answer:
        found = answers_like_us(request)
        if found.values is None or not found.values["tensors"]:
            return found
        first, *others = found.values["tensors"]
        return Answer("accept", {**found.values, "tensors": [{**first, "dims": [7]}, *others]})

    finding = the_only(run_of(Toy(reply=reply), cases=1))
    assert finding.symptom.signature == "values/read/other-value/tensors[].dims/expected [N], found [N]"
    assert len(Container(Image.of(finding.raw)).tensors) == 1


def test_an_input_that_is_changed_is_a_finding() -> None:
    def reply(request: Mapping[str, Any]) -> Answer:
        Path(request["file"]).write_bytes(b"")
        return Answer("accept")

    finding = the_only(run_of(Toy(reply=reply), cases=1))
    assert finding.symptom.signature == "bytes/read/input-changed"


def stamp_run(reply: Any, index: int = STAMPED) -> Any:
    run = run_of(Toy(reply=reply, can=("read", "stamp")), cases=1, start=index, tries=80)
    return {finding.symptom.signature: finding for finding in run.findings}


def test_a_stamp_that_is_right_breaks_no_law() -> None:
    assert stamp_run(stamping(lambda made, _patch, _number: made)) == {}


def test_a_stamp_that_loses_a_key() -> None:
    """A key that the patch does not name is gone: the smaller file has that key alone."""

    def spoil(made: bytes, patch: Mapping[str, str], _number: int) -> bytes:
        from aprfmt.patch import MetadataPatch

        keys = [key for key in Container(Image.of(made)).metadata if key not in patch]
        return stamp_bytes(made, MetadataPatch(unset=tuple(keys[:1]))) if keys else made

    found = stamp_run(stamping(spoil))
    finding = found["stamp/stamp/changes/metadata, a key lost"]
    assert len(Container(Image.of(finding.raw)).metadata) == 1
    assert len(finding.raw) <= 2 * SMALLEST
    assert finding.patches is not None
    assert len(finding.patches[0]) == 1


def test_a_stamp_that_is_not_deterministic() -> None:
    """Members in another order every time; whoever compares bytes says nothing then."""

    def spoil(made: bytes, patch: Mapping[str, str], number: int) -> bytes:
        from aprfmt.patch import MetadataPatch

        del patch
        return stamp_bytes(made, MetadataPatch(set={"number": number}))

    found = stamp_run(stamping(spoil))
    assert "stamp/stamp/not-deterministic" in found
    assert not {signature for signature in found if "idempotent" in signature or "compose" in signature}
    assert len(found["stamp/stamp/not-deterministic"].raw) <= SMALLEST


def test_a_stamp_that_adds_something_each_time_is_not_idempotent() -> None:
    def spoil(made: bytes, _patch: Mapping[str, str], _number: int) -> bytes:
        from aprfmt.patch import MetadataPatch

        history = Container(Image.of(made)).metadata.get("history") or []
        return stamp_bytes(made, MetadataPatch(set={"history": [*history, 1]}))

    assert "stamp/stamp/not-idempotent" in stamp_run(stamping(spoil))


def test_stamps_that_do_not_compose() -> None:
    """A second patch that drops what the first one said."""

    def spoil(made: bytes, patch: Mapping[str, str], _number: int) -> bytes:
        from aprfmt.patch import MetadataPatch

        said = Container(Image.of(made)).metadata.get("last") or sorted(patch)
        return stamp_bytes(made, MetadataPatch(set={"last": said}))

    assert "stamp/stamp/does-not-compose" in stamp_run(stamping(spoil))


def test_a_stamp_that_changes_the_header() -> None:
    def spoil(made: bytes, _patch: Mapping[str, str], _number: int) -> bytes:
        from aprfmt.fuzz.drawing.recipe import SEALS, resealed

        spans = Container(Image.of(made)).header_spans
        start, stop = spans["reserved"]
        return resealed(made[:start] + b"x" * (stop - start) + made[stop:], SEALS)

    assert "stamp/stamp/changes/header.reserved" in stamp_run(stamping(spoil))


def test_a_stamp_that_says_something_else() -> None:
    def spoil(made: bytes, patch: Mapping[str, str], _number: int) -> bytes:
        return stamp_bytes(made, ProvenancePatch(**dict.fromkeys(patch, "other")))

    assert "stamp/stamp/unsaid/metadata" in stamp_run(stamping(spoil))


def test_a_stamp_that_makes_a_broken_file() -> None:
    def spoil(made: bytes, _patch: Mapping[str, str], _number: int) -> bytes:
        return with_header_checksum(made, 0)

    assert "stamp/stamp/invalid-output/APR-H006 header.checksum" in stamp_run(stamping(spoil))


def test_a_stamp_that_covers_up_damage() -> None:
    """A file whose footer does not match is stamped, and gets one that does: that is an error of the footer's rule."""
    cases = Cases(shipped(), 0)
    index = next(
        index
        for index in count(len(cases.boundary))
        if cases[index].patches is not None
        and "footer.checksum" in cases[index].about.partition("unsealed")[2]
        and not cases[index].recipe.damage
        and "evil" not in cases[index].about
    )
    found = stamp_run(stamping(lambda made, _patch, _number: made, checks=False), index)
    finding = found["verdict/stamp/accepted-invalid/APR-F002"]
    assert finding.rules == ("APR-F002",)
    assert len(finding.raw) == SMALLEST


def test_a_stamp_that_says_it_did_and_did_not() -> None:
    def reply(request: Mapping[str, Any]) -> Answer:
        return answers_like_us(request) if request["op"] == "read" else Answer("accept")

    assert "bytes/stamp/no-output" in stamp_run(reply)


def test_a_refusal_that_leaves_a_file() -> None:
    def reply(request: Mapping[str, Any]) -> Answer:
        if request["op"] == "read":
            return answers_like_us(request)
        Path(request["output"]).mkdir()
        return Answer("reject")

    found = stamp_run(reply)
    assert {"bytes/stamp/left-a-file", "verdict/stamp/rejected-valid"} <= found.keys()


def written_case() -> int:
    cases = Cases(shipped(), 0)
    return next(
        i for i in range(len(cases.boundary), 9999) if (t := cases[i].tree) is not None and len(t["tensors"]) > 1
    )


def test_a_writer_that_makes_other_bytes() -> None:
    """The tree is shrunk, too."""

    def reply(request: Mapping[str, Any]) -> Answer:
        found = answers_like_us(request)
        if request["op"] == "write" and request["tree"]["tensors"] and found.verdict == "accept":
            path = Path(request["output"])
            path.write_bytes(path.read_bytes()[:-HEADER_FOOTER] + b"\0" * HEADER_FOOTER)
        return found

    run = run_of(Toy(reply=reply, can=("read", "write")), cases=1, start=written_case())
    finding = the_only(run)
    assert finding.symptom.signature == "bytes/write/other-bytes/footer.checksum"
    assert finding.tree is not None
    assert len(finding.tree["tensors"]) == 1
    assert finding.tree["metadata"] == {}


def test_targets_that_differ_where_the_rules_leave_it_free() -> None:
    class Free:
        verdict = "free"

    found = list(agreement(Free, {"one": "accept", "other": "reject"}))  # type: ignore[arg-type] # as far as it matters
    assert [item.key for item in found] == [("other", "agreement/read/verdicts-differ")]
    assert found[0].detail == "one: accept, other: reject"
    assert list(agreement(Free, {"one": "reject", "other": "reject"})) == []  # type: ignore[arg-type] # as above


def test_two_targets_that_differ_on_a_free_file_are_found_so() -> None:
    """The one that takes it is right, and so is the one that refuses it."""
    toys = (
        Toy(reply=lambda _request: Answer("accept"), title="accept"),
        Toy(reply=lambda _request: Answer("reject"), title="reject"),
    )
    order = Order(Settings(targets=toys), cases=1, start=at("large.limit.metadata-members"), shrunk=0)
    finding = the_only(fuzz(order))
    assert finding.symptom.key == ("reject", "agreement/read/verdicts-differ")
    assert finding.answers == {"aprfmt": "free", "accept": "accept", "reject": "reject"}


def test_two_targets_of_one_name_are_told_apart() -> None:
    run = run_of(Toy(), Toy(), cases=1, start=at("header.version_major.3"), tries=0)
    assert [finding.symptom.target for finding in run.findings] == ["toy", "toy (2)"]


def test_what_a_target_cannot_do_is_not_asked() -> None:
    wide = at("tensor_index_entry.dtype.f32")
    cases = Cases(shipped(), 0)
    index = next(i for i in range(len(cases.boundary)) if "integers-64" in shipped()[cases.boundary[i]].tags)
    toy = Toy(reply=lambda _request: Answer("reject"), skips=(Skip("integers-64", "doubles"),))
    assert run_of(toy, cases=1, start=index).findings == ()
    assert len(run_of(toy, cases=1, start=wide, tries=0).findings) == 1
    writer = Toy(reply=lambda _request: Answer("reject"), can=("write",))
    assert run_of(writer, cases=20, tries=0).findings == ()


def test_a_stamp_that_is_the_same_by_chance_is_asked_again() -> None:
    """One that changes something every other time looks as if it was not idempotent."""

    def spoil(made: bytes, _patch: Mapping[str, str], number: int) -> bytes:
        from aprfmt.patch import MetadataPatch

        return stamp_bytes(made, MetadataPatch(set={"number": number // 2}))

    found = stamp_run(stamping(spoil))
    assert "stamp/stamp/not-deterministic" in found
    assert "stamp/stamp/not-idempotent" not in found


def test_a_writer_that_is_not_deterministic() -> None:
    numbers = count()

    def reply(request: Mapping[str, Any]) -> Answer:
        found = answers_like_us(request)
        if request["op"] == "write" and found.verdict == "accept":
            path = Path(request["output"])
            path.write_bytes(path.read_bytes() + bytes((next(numbers) % 256,)))
        return found

    finding = the_only(run_of(Toy(reply=reply, can=("read", "write")), cases=1, start=written_case()))
    assert finding.symptom.signature == "bytes/write/not-deterministic"
    assert finding.tree == {"metadata": {}, "flags": [], "tensors": []}
