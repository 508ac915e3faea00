"""Cases: the same seed gives the same files, and they are what the plan says that they are."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from hashlib import sha256

import pytest
from tests.unit.fuzz.toys import shipped

from aprfmt.errors import RequestError
from aprfmt.fuzz.drawing.cases import BOUNDARY, RANDOM, Case, Cases
from aprfmt.fuzz.drawing.recipe import SEALS
from aprfmt.fuzz.judging.own import Opinion
from aprfmt.layout import facts
from aprfmt.provenance import ProvenancePatch

N_BOUNDARY = len(Cases(shipped(), 0).boundary)
DRAWN = range(N_BOUNDARY, N_BOUNDARY + 400)


def digest(cases: Cases, indexes: range) -> str:
    found = sha256()
    for index in indexes:
        case = cases[index]
        found.update(case.recipe.build())
        found.update(repr((case.patches, case.tree)).encode())
    return found.hexdigest()


@cache
def drawn() -> tuple[tuple[Case, bytes, Opinion], ...]:
    """Drawn cases with their files and what is right of them, made once."""
    cases = (Cases(shipped(), 0)[index] for index in DRAWN)
    files = ((case, case.recipe.build()) for case in cases)
    return tuple((case, raw, Opinion.of(raw, "default")) for case, raw in files)


def test_every_boundary_is_stamped() -> None:
    cases = Cases(shipped(), 3)
    assert all(cases[index].patches is not None for index in range(len(cases.boundary)))


def test_a_case_is_a_function_of_seed_and_index() -> None:
    """Whatever was asked before, in whatever order, and whoever asks."""
    some = range(N_BOUNDARY, N_BOUNDARY + 40)
    one, other = Cases(shipped(), 3), Cases(shipped(), 3)
    backwards = [other[index].as_json() for index in reversed(some)][::-1]
    assert [one[index].as_json() for index in some] == backwards
    assert one[some[0]] == Cases(shipped(), 3)[some[0]]


def test_another_process_with_other_hashes_draws_the_same() -> None:
    some = range(N_BOUNDARY, N_BOUNDARY + 12)
    program = (
        "from tests.unit.fuzz.test_fuzz_drawing_cases import *\n"
        f"print(digest(Cases(shipped(), 1), range({some.start}, {some.stop})))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == digest(Cases(shipped(), 1), some), done.stderr


def test_seeds_differ_and_boundaries_do_not() -> None:
    one, other = Cases(shipped(), 0), Cases(shipped(), 1)
    assert digest(one, DRAWN[:20]) != digest(other, DRAWN[:20])
    assert one[5].recipe == other[5].recipe
    assert (one[5].phase, one[N_BOUNDARY].phase) == (BOUNDARY, RANDOM)


def test_the_boundary_phase_breaks_every_rule() -> None:
    suite = shipped()
    broken = {rule for name in Cases(suite, 0).boundary for rule in (suite[name].rule, *suite[name].beside)}
    assert set(facts.RULES) <= broken


def test_drawn_cases_are_as_many_of_each_kind_as_planned() -> None:
    cases = [case for case, _, _ in drawn()]
    number = len(cases)
    damaged = [case for case in cases if case.recipe.damage]
    assert number / 20 < len(damaged) < number / 6
    unsealed = [case for case in cases if not case.recipe.damage and case.recipe.seal != SEALS]
    assert 0 < len(unsealed) < number / 8
    assert number / 7 < sum(case.patches is not None for case in cases) < number / 3
    assert number / 20 < sum(case.tree is not None for case in cases) < number / 5


def test_files_are_small_and_of_every_verdict() -> None:
    sizes = sorted(len(raw) for _, raw, _ in drawn())
    assert sizes[len(sizes) // 2] < 1 << 11
    assert sizes[len(sizes) * 19 // 20] < 1 << 13
    verdicts = [opinion.verdict for _, _, opinion in drawn()]
    assert min(verdicts.count("accept"), verdicts.count("reject")) > len(verdicts) / 4


def test_few_cases_break_every_rule_but_those_that_need_a_large_file() -> None:
    """Within some hundred drawn cases most rules are broken by one; the boundary phase has the others."""
    broken = {item.rule for _, _, opinion in drawn() for item in opinion.general.findings}
    assert len(broken) > 0.8 * len(facts.RULES), sorted(set(facts.RULES) - broken)


def test_patches_name_different_keys_that_a_stamp_has() -> None:
    patches = [case.patches for case, _, _ in drawn() if case.patches is not None]
    for first, second in patches:
        assert first
        assert second
        assert not first.keys() & second.keys()
        assert not ProvenancePatch(**first, **second).is_empty


def test_what_is_no_case_is_refused() -> None:
    with pytest.raises(RequestError, match="at least 0"):
        Cases(shipped(), -1)
    with pytest.raises(RequestError, match="from 0 on"):
        Cases(shipped(), 0)[-1]
