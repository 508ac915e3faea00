"""What an answer is worth: the verdict held against the right one, values and made files against what they must be.

Rules of this file:
1. Only an orderly refusal is one; whatever else the implementation did comes before its verdict.
2. What the implementation leaves on the disk is looked at with care: it may be anything, of any size.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..container import Container
from ..errors import AprError, quoted
from ..layout import facts
from ..spans import field_at
from ..vectors import Suite, Vector
from ..vectors.check import expected_output
from ..vectors.image import Image
from ..vectors.readings import reading
from .compare import difference
from .plugs import Answer
from .results import Outcome, Reason, Result

__all__ = ["Case", "content_at", "first_difference", "judged", "reason_of"]

_SHOWN_NBYTES = 8


@dataclass(frozen=True, slots=True)
class Case:
    """A vector with the files of its own: the one that is read, None for a writer, and the one that is to be made."""

    suite: Suite
    vector: Vector
    file: Path | None
    output: Path
    before: tuple[int, ...] | None
    """Of a sparse file, what a change would change; other files are compared as a whole."""

    @classmethod
    def of(cls, suite: Suite, vector: Vector, file: Path | None, output: Path) -> Case:
        """The case, once its file is made and before it is put to an implementation."""
        before = _state(file) if file is not None and suite.image(vector.id).is_sparse else None
        return cls(suite, vector, file, output, before)


class Judgement(NamedTuple):
    """What a verdict came to."""

    outcome: Outcome
    detail: str = ""
    reason: Reason | None = None
    compared: tuple[str, ...] = ()


def judged(case: Case, answer: Answer, rules: Mapping[str, tuple[str, ...]]) -> Result:
    """The result of a case; `rules` says which rules the codes of the implementation stand for."""
    vector = case.vector
    found = _judgement(case, answer, rules)
    return Result(
        vector=vector.id,
        op=vector.op,
        verdict=vector.verdict,
        rule=vector.rule,
        layer=vector.layer,
        outcome=found.outcome,
        detail=found.detail,
        reason=found.reason,
        code=answer.code,
        seconds=answer.seconds,
        nbytes=answer.nbytes,
        compared=found.compared,
        sparse=vector.is_sparse,
    )


def _judgement(case: Case, answer: Answer, rules: Mapping[str, tuple[str, ...]]) -> Judgement:
    verdict = case.vector.verdict
    if answer.skip:
        return Judgement(Outcome.SKIP, answer.skip)
    if answer.outcome is not None:
        return Judgement(answer.outcome, answer.detail)
    if answer.verdict is None:
        return Judgement(Outcome.CRASH, "answered neither a verdict nor a skip")
    if change := _input_change(case):
        return Judgement(Outcome.WRONG_BYTES, change)
    if answer.verdict == "reject" and os.path.lexists(case.output):
        return Judgement(Outcome.WRONG_BYTES, "refused, and left a file")
    if verdict == "free":
        return Judgement(Outcome.PASS)
    if verdict == "reject" and answer.verdict == "reject":
        return Judgement(Outcome.PASS, reason=reason_of(case.vector.rule, answer.code, rules))
    if verdict == "reject":
        why = "" if case.vector.rule is None else f" because of {case.vector.rule}"
        return Judgement(Outcome.ACCEPTED_INVALID, f"expected reject{why}, found accept")
    if answer.verdict == "reject":
        said = ": ".join(text for text in (answer.code, answer.message) if text)
        return Judgement(Outcome.REJECTED_VALID, "expected accept, found reject" + (f" ({said})" if said else ""))
    return _read(case, answer) if case.vector.op == "read" else _made(case)


def reason_of(rule: str | None, code: str, rules: Mapping[str, tuple[str, ...]]) -> Reason | None:
    """Whether a code stands for the rule; None where no rule is broken, as by an empty patch."""
    if rule is None:
        return None
    known = rules.get(code, (code,) if code in facts.RULES else ())
    if not known:
        return Reason.UNSAID
    return Reason.RIGHT if rule in known else Reason.WRONG


def _read(case: Case, answer: Answer) -> Judgement:
    if answer.values is None:
        return Judgement(Outcome.PASS)
    container = Container(case.suite.image(case.vector.id), lenient=True)
    try:
        expected = reading(container, crc32=not case.vector.is_sparse)
    except AprError as error:
        # A profile that leaves rules out takes files that a careful reader cannot read.
        left_out = facts.PROFILES["default"].keys() - facts.PROFILES[case.vector.profile].keys()
        return Judgement(Outcome.PASS) if left_out else _senseless(error)
    detail, compared = difference(expected, answer.values)
    return Judgement(Outcome.WRONG_VALUE if detail else Outcome.PASS, detail, compared=compared)


def _made(case: Case) -> Judgement:
    try:
        expected = expected_output(case.suite, case.vector)
    except AprError as error:
        return _senseless(error)
    found = content_at(case.output, len(expected) + 1)
    if isinstance(found, str):
        return Judgement(Outcome.WRONG_BYTES, f"expected a file of {len(expected)} bytes, found {found}")
    if found == expected:
        return Judgement(Outcome.PASS)
    return Judgement(Outcome.WRONG_BYTES, first_difference(expected, found))


def _senseless(error: AprError) -> Judgement:
    """Of a recipe that claims what is not so, which `aprfmt vectors check` notices, nothing can be said."""
    return Judgement(Outcome.SKIP, f"the vector makes no sense: {error}")


def first_difference(expected: bytes, found: bytes) -> str:
    """Where the files part, by the field of the one that is right."""
    pairs = zip(expected, found, strict=False)
    at = next((number for number, (one, other) in enumerate(pairs) if one != other), min(len(expected), len(found)))
    where = field_at(Container(Image.of(expected), lenient=True), at)
    name = "the end" if at == len(expected) else "filler" if where is None else where.path
    if where is not None and where.tensor is not None:
        name += f" of tensor {quoted(where.tensor, 40)}"
    return f"{name} @{at:#x}: expected {_hex(expected, at)}, found {_hex(found, at)}"


def _hex(raw: bytes, at: int) -> str:
    return raw[at : at + _SHOWN_NBYTES].hex(" ") or "the end of the file"


def _input_change(case: Case) -> str:
    """What happened to the file that was only to be read."""
    if case.file is None:
        return ""
    if case.before is not None:
        return "" if _state(case.file) == case.before else "the input was changed"
    image = case.suite.image(case.vector.id)
    found = content_at(case.file, image.size + 1)
    if isinstance(found, str):
        return f"the input was changed: expected a file, found {found}"
    return "" if found == image.read(0, image.size) else "the input was changed"


def _state(path: Path) -> tuple[int, ...]:
    with suppress(OSError):
        status = path.lstat()
        return status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns
    return ()


def content_at(path: Path, most: int) -> bytes | str:
    """The first bytes of a file, or in words what is there in its place."""
    names = ("O_RDONLY", "O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return "something else than a file"
        # Even if it became a pipe meanwhile, nobody waits for its writer.
        descriptor = os.open(path, sum(getattr(os, name, 0) for name in names))
        with os.fdopen(descriptor, "rb") as file:
            return file.read(most)
    except FileNotFoundError:
        return "none"
    except OSError as error:
        return f"one that cannot be read ({error.strerror})"
