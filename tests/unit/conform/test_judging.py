"""What an answer is worth: every outcome, and what may be on the disk in place of what must be there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.conform.tiny import suite

from aprfmt.conform.judging import Case, judged, reason_of
from aprfmt.conform.plugs import Answer
from aprfmt.conform.results import Outcome, Reason, Result
from aprfmt.container import Container
from aprfmt.files import write_image
from aprfmt.source import BytesSource
from aprfmt.vectors import Suite
from aprfmt.vectors.check import expected_output
from aprfmt.vectors.readings import reading

SUITE = suite()
ACCEPT, REJECT = Answer("accept"), Answer("reject")
Make = Callable[[str], Case]


@pytest.fixture
def case(tmp_path: Path) -> Make:
    """Makes the case of a vector of the tiny suite, with its file."""

    def made(name: str) -> Case:
        vector = SUITE[name]
        file = None if vector.base is None else tmp_path / "in.apr"
        if file is not None:
            write_image(file, SUITE.image(name))
        return Case.of(SUITE, vector, file, tmp_path / "out.apr")

    return made


def outcome(case: Case, answer: Answer) -> tuple[Outcome, str]:
    result = judged(case, answer, {})
    return result.outcome, result.detail


def values(name: str) -> dict[str, object]:
    return reading(Container(SUITE.image(name)))


def test_a_verdict_is_held_against_the_right_one(case: Make) -> None:
    good = case("good")
    assert outcome(good, ACCEPT) == (Outcome.PASS, "")
    assert outcome(good, REJECT) == (Outcome.REJECTED_VALID, "expected accept, found reject")
    said = Answer("reject", code="E1", message="no magic")
    assert outcome(good, said) == (Outcome.REJECTED_VALID, "expected accept, found reject (E1: no magic)")


def test_a_file_that_must_be_refused(case: Make) -> None:
    bad = case("bad")
    assert outcome(bad, REJECT) == (Outcome.PASS, "")
    assert outcome(bad, ACCEPT) == (
        Outcome.ACCEPTED_INVALID,
        "expected reject because of APR-H006, found accept",
    )


def test_either_will_do_where_the_vector_is_free(case: Make) -> None:
    free = case("free")
    assert outcome(free, ACCEPT) == outcome(free, REJECT) == (Outcome.PASS, "")
    assert judged(free, REJECT, {}).reason is None


@pytest.mark.parametrize("what", [Outcome.CRASH, Outcome.TIMEOUT, Outcome.BUDGET])
@pytest.mark.parametrize("name", ["good", "bad", "free", "stamp-nothing"])
def test_a_crash_is_never_a_verdict(case: Make, what: Outcome, name: str) -> None:
    assert outcome(case(name), Answer(outcome=what, detail="why")) == (what, "why")


def test_a_skip_is_never_a_pass(case: Make) -> None:
    assert outcome(case("bad"), Answer(skip="32 bits")) == (Outcome.SKIP, "32 bits")


def test_a_result_says_what_was_asked_and_what_it_cost(case: Make) -> None:
    result = judged(case("bad"), Answer("reject", code="APR-H006", seconds=1.5, nbytes=7), {})
    assert result == Result(
        "bad",
        "read",
        "reject",
        "APR-H006",
        SUITE["bad"].layer,
        Outcome.PASS,
        reason=Reason.RIGHT,
        code="APR-H006",
        seconds=1.5,
        nbytes=7,
    )


@pytest.mark.parametrize(
    ("rule", "code", "reason"),
    [
        ("APR-H006", "APR-H006", Reason.RIGHT),
        ("APR-H006", "APR-H001", Reason.WRONG),
        ("APR-H006", "E1", Reason.RIGHT),
        ("APR-H001", "E1", Reason.WRONG),
        ("APR-H001", "E2", Reason.UNSAID),
        ("APR-H001", "E3", Reason.UNSAID),
        ("APR-H001", "", Reason.UNSAID),
        ("APR-H006", "APR-F002", Reason.RIGHT),
        (None, "E1", None),
    ],
)
def test_the_reason(rule: str | None, code: str, reason: Reason | None) -> None:
    rules = {"E1": ("APR-H008", "APR-H006"), "E3": (), "APR-F002": ("APR-H006",)}
    assert reason_of(rule, code, rules) is reason


def test_values_are_compared(case: Make) -> None:
    good = case("good")
    right = values("good")
    result = judged(good, Answer("accept", right), {})
    assert (result.outcome, result.compared) == (Outcome.PASS, ("header", "metadata", "tensors", "crc32", "footer"))
    result = judged(good, Answer("accept", {"footer": 5}), {})
    assert (result.outcome, result.compared) == (Outcome.WRONG_VALUE, ("footer",))
    assert "footer" in result.detail
    assert judged(good, ACCEPT, {}).compared == ()


def test_values_of_the_wrong_kind_are_a_wrong_value(case: Make) -> None:
    answer = Answer("accept", [1])  # type: ignore[arg-type] # what a harness may say
    assert outcome(case("good"), answer)[0] is Outcome.WRONG_VALUE


def test_no_checksum_of_tensors_is_asked_of_a_sparse_file(case: Make) -> None:
    vast = case("vast")
    assert vast.before is not None
    right = reading(Container(SUITE.image("vast")), crc32=False)
    result = judged(vast, Answer("accept", right), {})
    assert (result.outcome, result.compared) == (Outcome.PASS, ("header", "metadata", "tensors", "footer"))
    assert result.sparse


@pytest.mark.parametrize("name", ["stamp", "write"])
def test_a_made_file_is_compared_byte_for_byte(case: Make, name: str) -> None:
    made = case(name)
    right = expected_output(SUITE, SUITE[name])
    made.output.write_bytes(right)
    assert outcome(made, ACCEPT) == (Outcome.PASS, "")
    made.output.unlink()
    assert outcome(made, REJECT)[0] is Outcome.REJECTED_VALID


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw[:8] + b"\xff" + raw[9:], "header.num_tensors @0x8: expected 01 00 00 00"),
        (lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), "footer.checksum @"),
        (lambda raw: raw + b"x", ": expected the end of the file, found 78"),
        (lambda raw: raw[:100], ", found the end of the file"),
        (lambda _raw: b"", "header.magic @0x0: expected 41 50 52"),
    ],
)
def test_the_first_difference_has_the_name_of_its_field(
    case: Make, change: Callable[[bytes], bytes], words: str
) -> None:
    made = case("write")
    made.output.write_bytes(change(expected_output(SUITE, SUITE["write"])))
    what, detail = outcome(made, ACCEPT)
    assert what is Outcome.WRONG_BYTES
    assert words in detail


def test_a_difference_in_the_data_has_the_name_of_its_tensor(case: Make) -> None:
    made = case("write")
    raw = bytearray(expected_output(SUITE, SUITE["write"]))
    start, _ = Container(BytesSource(bytes(raw))).tensors[0].file_span
    raw[start] ^= 1
    made.output.write_bytes(raw)
    assert outcome(made, ACCEPT)[1].startswith("tensor_data of tensor 'w' @")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _path: None, "found none"),
        (lambda path: path.mkdir(), "found something else than a file"),
        (os.mkfifo, "found something else than a file"),
        (lambda path: path.symlink_to("/etc/passwd"), "found something else than a file"),
        (lambda path: path.symlink_to("/dev/zero"), "found something else than a file"),
    ],
)
def test_what_is_no_file_is_not_read(case: Make, make: Callable[[Path], object], words: str) -> None:
    made = case("write")
    make(made.output)
    what, detail = outcome(made, ACCEPT)
    assert what is Outcome.WRONG_BYTES
    assert words in detail


def test_a_file_of_any_size_is_compared_in_little_memory(case: Make) -> None:
    made = case("write")
    with made.output.open("wb") as file:
        file.truncate(1 << 40)
    assert outcome(made, ACCEPT)[0] is Outcome.WRONG_BYTES


@pytest.mark.parametrize("name", ["stamp-nothing", "stamp"])
def test_a_refusal_leaves_no_file(case: Make, name: str) -> None:
    made = case(name)
    made.output.write_bytes(b"")
    assert outcome(made, REJECT) == (Outcome.WRONG_BYTES, "refused, and left a file")


def test_a_stamp_that_goes_on_where_it_must_not(case: Make) -> None:
    nothing = case("stamp-nothing")
    assert outcome(nothing, ACCEPT) == (Outcome.ACCEPTED_INVALID, "expected reject, found accept")
    assert outcome(nothing, REJECT) == (Outcome.PASS, "")


@pytest.mark.parametrize("name", ["good", "bad", "stamp"])
@pytest.mark.parametrize("verdict", [ACCEPT, REJECT])
def test_the_input_must_stay_as_it_is(case: Make, name: str, verdict: Answer) -> None:
    changed = case(name)
    assert changed.file is not None
    raw = bytearray(changed.file.read_bytes())
    raw[-1] ^= 1
    changed.file.write_bytes(raw)
    assert outcome(changed, verdict) == (Outcome.WRONG_BYTES, "the input was changed")
    changed.file.unlink()
    what, detail = outcome(changed, verdict)
    assert what is Outcome.WRONG_BYTES
    assert detail == "the input was changed: expected a file, found none"


def test_a_sparse_input_must_stay_as_it_is(case: Make) -> None:
    vast = case("vast")
    assert vast.file is not None
    assert outcome(vast, ACCEPT) == (Outcome.PASS, "")
    with vast.file.open("r+b") as file:
        file.write(b"x")
    assert outcome(vast, ACCEPT) == (Outcome.WRONG_BYTES, "the input was changed")
    vast.file.unlink()
    assert outcome(vast, ACCEPT) == (Outcome.WRONG_BYTES, "the input was changed")


def test_a_vector_that_makes_no_sense_is_a_skip(case: Make) -> None:
    nodes = {name: dict(node) for name, node in SUITE.nodes.items()}
    nodes["stamp-nothing"]["verdict"] = "accept"
    wrong = Suite({"x": {"bases": SUITE.documents["tiny.json"]["bases"], "vectors": list(nodes.values())}})
    made = case("stamp-nothing")
    what, detail = outcome(Case(wrong, wrong["stamp-nothing"], made.file, made.output, None), ACCEPT)
    assert what is Outcome.SKIP
    assert detail.startswith("the vector makes no sense: ")
