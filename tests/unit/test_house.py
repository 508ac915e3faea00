"""The rules of the house, held against every module that people write, and every rule shown to fail.

Where a rule does not hold for a reason, the reason stands below; an exception that nothing needs fails too.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from tests.unit.house import RULES, Module, Rule, module

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "aprfmt"
UNIT = ROOT / "tests" / "unit"

EXCEPTIONS: dict[tuple[str, str, str], str] = {
    # rule, module, what stands there: the reason
    ("no_hand_made_parsing", "jsontext.py", "import struct"): "rounds numbers to single precision as IEEE 754 does",
    ("no_hand_made_parsing", "files/inplace/system.py", "import ctypes"): "fallocate(2), which Python lacks in part",
    ("no_hand_made_parsing", "jsontext.py", ".unpack"): "as above: the bits of a float, not of a container",
    ("no_hand_made_parsing", "ops/diff/payload.py", ".from_bytes"): "counts bytes that differ; no value of a container",
    ("no_hand_made_parsing", "ops/diff/payload.py", ".to_bytes"): "as above",
    ("no_hand_made_parsing", "testing/damage.py", ".to_bytes"): "damages files on purpose, at places from the facts",
    ("no_hand_made_parsing", "testing/strategies.py", ".to_bytes"): "a seed for a hash",
    ("no_numbers_of_the_format", "cli/signals.py", "128"): "exit codes of interrupted commands are 128 + the signal",
    ("no_numbers_of_the_format", "cli/exits.py", "129"): "128 + SIGHUP",
    ("no_numbers_of_the_format", "cli/matrix/words.py", "12"): "how many digits of a digest tell editions apart",
    ("no_numbers_of_the_format", "files/writing.py", "128"): "0o200, the permission to write",
    ("no_numbers_of_the_format", "ops/quality.py", "12"): "points of hf_architecture, as the reference gives them",
    ("no_numbers_of_the_format", "source.py", "64"): "a buffer of 64 KiB",
    ("no_hand_made_parsing", "vectors/edits.py", ".to_bytes"): "puts wrong numbers where a field lies, in its width",
    ("no_hand_made_parsing", "fuzz/model/records.py", ".from_bytes"): "a second reader, by the facts alone",
    ("no_numbers_of_the_format", "testing/damage.py", "63"): "numbers beside the grid, where readers go wrong",
    ("no_numbers_of_the_format", "testing/damage.py", "64"): "as above",
    ("no_numbers_of_the_format", "testing/strategies.py", "64"): "gaps between tensors, on the grid and off it",
}

TESTED_ELSEWHERE = {
    # module: where it is tested, from tests/
    "__init__.py": "unit/test_facade.py",
    "__main__.py": "unit/test_facade.py",
    "limits.py": "unit/test_container.py",
    "cli/commands/canonicalise.py": "unit/cli/test_cli_canonicalise.py",
    "cli/commands/dump.py": "unit/cli/test_cli_dump.py",
    "cli/commands/gate.py": "unit/cli/test_cli_gate.py",
    "cli/verdicts.py": "unit/cli/test_cli_gate.py",
    "cli/commands/verify.py": "unit/cli/test_cli_verify.py",
    "cli/stamping.py": "unit/cli/test_cli_patching.py",
    "files/canonicalising.py": "unit/files/test_containers.py",
    "files/creating.py": "unit/files/test_containers.py",
    "cli/commands/recover.py": "unit/cli/test_cli_recover.py",
    "files/inplace/steps.py": "unit/files/inplace/test_inplace_crashes.py",
    "files/inplace/system.py": "unit/files/inplace/test_inplace_crashes.py",
    "cli/commands/inspect.py": "unit/cli/test_cli_inspect.py",
    "cli/commands/spec.py": "unit/cli/test_cli_goldens.py",
    "cli/commands/stamp.py": "unit/cli/test_cli_goldens.py",
    "cli/commands/tensors.py": "unit/cli/test_cli_goldens.py",
    "cli/commands/explain.py": "unit/cli/test_cli_rules.py",
    "cli/commands/rules.py": "unit/cli/test_cli_rules.py",
    "cli/commands/validate.py": "unit/cli/test_cli_validate.py",
    "cli/commands/conform.py": "unit/cli/test_cli_conform.py",
    "cli/commands/vectors/__init__.py": "unit/cli/test_cli_vectors.py",
    "cli/commands/vectors/adequacy.py": "unit/cli/test_cli_vectors.py",
    "cli/commands/vectors/build.py": "unit/cli/test_cli_vectors.py",
    "cli/commands/vectors/check.py": "unit/cli/test_cli_vectors.py",
    "cli/commands/vectors/export.py": "unit/cli/test_cli_vectors.py",
    "cli/commands/vectors/list.py": "unit/cli/test_cli_vectors.py",
    "cli/commands/vectors/show.py": "unit/cli/test_cli_vectors.py",
    "cli/suite.py": "unit/cli/test_cli_vectors.py",
    "cli/targets.py": "unit/cli/test_cli_fuzz.py",
    "cli/commands/shrink.py": "unit/cli/test_cli_shrink.py",
    "cli/commands/fuzz/__init__.py": "unit/cli/test_cli_fuzz.py",
    "cli/commands/fuzz/corpus.py": "unit/cli/test_cli_fuzz_corpus.py",
    "cli/commands/fuzz/promote.py": "unit/cli/test_cli_fuzz.py",
    "cli/commands/fuzz/run.py": "unit/cli/test_cli_fuzz.py",
    "cli/fuzzing/__init__.py": "unit/cli/test_cli_fuzz.py",
    "cli/fuzzing/json.py": "unit/cli/test_cli_fuzz.py",
    "cli/fuzzing/markdown.py": "unit/cli/test_cli_fuzz.py",
    "cli/fuzzing/sarif.py": "unit/cli/test_cli_fuzz.py",
    "cli/fuzzing/text.py": "unit/cli/test_cli_fuzz.py",
    "cli/fuzzing/words.py": "unit/cli/test_cli_fuzz.py",
    "fuzz/coverage.py": "unit/fuzz/test_fuzz_run.py",
    "fuzz/drawing/damage.py": "unit/fuzz/test_fuzz_drawing_objects.py",
    "fuzz/desk.py": "unit/fuzz/test_fuzz_judging_answers.py",
    "fuzz/drawing/evil.py": "unit/fuzz/test_fuzz_drawing_objects.py",
    "fuzz/shrinking/examine.py": "unit/fuzz/test_fuzz_judging_answers.py",
    "fuzz/shrinking/lift.py": "unit/fuzz/test_fuzz_shrinking_passes.py",
    "fuzz/judging/own.py": "unit/fuzz/test_fuzz_judging_answers.py",
    "fuzz/model/records.py": "unit/fuzz/test_fuzz_model_judge.py",
    "fuzz/model/relations.py": "unit/fuzz/test_fuzz_model_judge.py",
    "fuzz/model/schema.py": "unit/fuzz/test_fuzz_model_judge.py",
    "fuzz/judging/symptoms.py": "unit/fuzz/test_fuzz_findings.py",
    "fuzz/targets.py": "unit/fuzz/test_fuzz_run.py",
    "fuzz/drawing/texts.py": "unit/fuzz/test_fuzz_drawing_objects.py",
    "fuzz/workers.py": "unit/fuzz/test_fuzz_run.py",
    "fuzz/drawing/writes.py": "unit/fuzz/test_fuzz_drawing_objects.py",
    "fuzz/store.py": "unit/cli/test_cli_fuzz.py",
    "conform/store.py": "unit/cli/test_cli_conform.py",
    "vectors/__init__.py": "unit/cli/test_cli_vectors.py",
    "vectors/check.py": "unit/cli/test_cli_vectors.py",
    "cli/reports/github.py": "unit/cli/reports/test_reports.py",
    "cli/reports/jsonl.py": "unit/cli/reports/test_reports.py",
    "cli/reports/markdown.py": "unit/cli/reports/test_reports.py",
    "cli/reports/text.py": "unit/cli/reports/test_reports.py",
    "files/export.py": "unit/cli/test_cli_vectors.py",
    "files/copying/clone.py": "unit/files/test_copying.py",
    "files/copying/direct.py": "unit/files/test_copying.py",
    "files/copying/transfer.py": "unit/files/test_copying.py",
    "files/stamping/copies.py": "unit/files/test_stamping.py",
    "files/stamping/heads.py": "unit/files/test_stamping.py",
    "files/stamping/options.py": "unit/files/test_stamping.py",
    "files/stamping/planning.py": "unit/files/test_stamping.py",
    "cli/stamp_options.py": "unit/cli/test_cli_requests.py",
    "files/sources.py": "unit/files/test_files.py",
    "files/writing.py": "unit/files/test_files.py",
    "rules/__init__.py": "unit/rules/test_registry.py",
    "rules/fields.py": "unit/rules/test_header_rules.py",
    "testing/damage.py": "unit/testing/test_strategies.py",
    "testing/metadata.py": "unit/testing/test_strategies.py",
    "cli/group.py": "unit/cli/test_cli_requests.py",
    "cli/hexdump.py": "unit/cli/test_cli_dump.py",
    "cli/options.py": "unit/cli/test_cli_requests.py",
    "cli/exits.py": "unit/cli/test_cli_process.py",
    "codegen/checks.py": "unit/codegen/test_codegen_refusals.py",
    "codegen/document.py": "unit/codegen/test_codegen_refusals.py",
    "codegen/emit_docs.py": "unit/codegen/test_codegen_main.py",
    "codegen/emit_facts.py": "unit/codegen/test_codegen_goldens.py",
    "codegen/emit_functions.py": "unit/codegen/test_codegen_goldens.py",
    "codegen/emit_rules.py": "unit/codegen/test_codegen_goldens.py",
    "codegen/emit_structs.py": "unit/codegen/test_codegen_goldens.py",
    "codegen/enums.py": "unit/codegen/test_codegen_refusals.py",
    "codegen/errors.py": "unit/codegen/test_codegen_refusals.py",
    "codegen/extent.py": "unit/codegen/test_codegen_structs.py",
    "codegen/fields.py": "unit/codegen/test_codegen_refusals.py",
    "codegen/ksy.py": "unit/codegen/test_codegen_refusals.py",
    "codegen/metadata_schema.py": "unit/test_metadata.py",
    "codegen/markdown.py": "unit/codegen/test_codegen_goldens.py",
    "codegen/model.py": "unit/codegen/test_codegen_goldens.py",
    "codegen/pytext.py": "unit/codegen/test_codegen_goldens.py",
    "codegen/scope.py": "unit/codegen/test_codegen_structs.py",
    "codegen/sections.py": "unit/codegen/test_codegen_refusals.py",
    "cli/commands/diff.py": "unit/cli/test_cli_diff.py",
    "cli/commands/licenses.py": "unit/cli/test_cli_licenses.py",
    "ops/diff/dequantise.py": "unit/ops/test_ops_diff_values.py",
    "ops/diff/head.py": "unit/ops/test_diff.py",
    "ops/diff/model.py": "unit/ops/test_diff.py",
    "ops/diff/tensors.py": "unit/ops/test_diff.py",
    "licences/expressions.py": "unit/licences/test_licences.py",
    "codegen/parsers/facts.py": "unit/codegen/test_parsers.py",
    "codegen/parsers/go.py": "unit/codegen/test_parsers.py",
    "codegen/parsers/java.py": "unit/codegen/test_parsers.py",
    "codegen/parsers/javascript.py": "unit/codegen/test_parsers.py",
    "codegen/parsers/python.py": "unit/codegen/test_parsers.py",
    "codegen/values.py": "unit/codegen/test_codegen_refusals.py",
    "codegen/verify.py": "unit/codegen/test_codegen_refusals.py",
    "vectors/derive/bounds.py": "unit/vectors/test_derive.py",
    "vectors/derive/contents.py": "unit/vectors/test_derive.py",
    "vectors/derive/coverage.py": "unit/vectors/test_derive.py",
    "vectors/derive/ends.py": "unit/vectors/test_derive.py",
    "vectors/derive/sizes.py": "unit/vectors/test_derive.py",
    "vectors/derive/sums.py": "unit/vectors/test_derive.py",
    "vectors/derive/tells.py": "unit/vectors/test_derive.py",
    "vectors/derive/thrift.py": "unit/vectors/test_derive.py",
    "vectors/derive/tensors.py": "unit/vectors/test_derive.py",
}


@cache
def modules() -> tuple[Module, ...]:
    """Every module that people write; what is generated is compared with its source instead."""
    return tuple(
        module(path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
        if "_generated" not in path.parts
    )


def faults(rule: Rule) -> list[tuple[str, int, str]]:
    return [(item.path, line, what) for item in modules() for line, what in rule(item)]


def test_there_are_modules() -> None:
    assert len(modules()) > 40
    assert {item.room for item in modules()} >= {"cli", "files", "ops", "rules", "layout", "codegen", "container.py"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_is_in_order(rule: Rule) -> None:
    left = [
        f"src/aprfmt/{path}:{line}: {what}"
        for path, line, what in faults(rule)
        if (rule.__name__, path, what) not in EXCEPTIONS
    ]
    assert not left, f"{rule.__doc__}\n" + "\n".join(left)


def test_every_exception_is_needed_and_has_a_reason() -> None:
    found = {(rule.__name__, path, what) for rule in RULES for path, _, what in faults(rule)}
    assert not EXCEPTIONS.keys() - found
    assert all(EXCEPTIONS.values())


BAD: list[tuple[str, str, str]] = [
    # rule, a module that breaks it, what is said of it
    ("no_hand_made_parsing", "import struct", "import struct"),
    ("no_hand_made_parsing", "def f():\n    from struct import unpack", "import struct"),
    ("no_hand_made_parsing", "import construct.core as c", "import construct.core"),
    ("no_hand_made_parsing", "n = int.from_bytes(raw, 'little')", ".from_bytes"),
    ("no_hand_made_parsing", "n = (5).to_bytes(4, 'little')", ".to_bytes"),
    ("no_hand_made_parsing", "n = S.unpack_from(raw, 4)", ".unpack_from"),
    ("no_byte_positions", "n = raw[4]", "raw[4]"),
    ("no_byte_positions", "n = self.header_bytes[8:16]", "self.header_bytes[8:16]"),
    ("no_byte_positions", "n = data[:-4]", "data[:-4]"),
    ("no_byte_positions", "n = source.view(0, 9)[2:]", "source.view(0, 9)[2:]"),
    ("no_byte_positions", "tensor_index[::20]", "tensor_index[::20]"),
    ("no_numbers_of_the_format", "pad = -size % 64", "64"),
    ("no_numbers_of_the_format", "start = 0x40", "64"),
    ("no_numbers_of_the_format", "size = size + 63 & ~63", "63"),
    ("no_numbers_of_the_format", "quantized = dtype in (12, 14)", "12"),
    ("no_numbers_of_the_format", "if code == 128: pass", "128"),
    ("no_long_modules", "\n" * 401, "401 lines"),
    ("every_module_says_what_it_is", "a = 1", "no docstring"),
    ("every_module_lists_its_names", '"""Words."""\na = 1', "no __all__ of its own"),
    ("every_module_lists_its_names", "from a import *", "no __all__ of its own"),
    ("every_module_lists_its_names", "__all__ = NAMES", "no __all__ of its own"),
    ("every_module_lists_its_names", "__all__ = ['a', 'a']\na = 1", "__all__ is not a list of different names"),
    ("every_module_lists_its_names", "__all__ = ['a', 'b']\na = 1", "__all__ names b"),
    ("print_is_at_the_edge", "print('hello')", "print"),
    ("print_is_at_the_edge", "say = print", "print"),
    ("every_exception_has_a_reason", "a = 1  # noqa", "# noqa"),
    ("every_exception_has_a_reason", "a = 1  # noqa: S101", "# noqa: S101"),
    ("every_exception_has_a_reason", "a = 1  # NOQA:S101", "# NOQA:S101"),
    ("every_exception_has_a_reason", "a = 1  # type: ignore", "# type: ignore"),
    ("every_exception_has_a_reason", "a = 1  # type: ignore[misc]", "# type: ignore[misc]"),
    ("the_generator_stands_alone", "from .codegen import ksy", "import .codegen"),
    ("the_generator_stands_alone", "from . import codegen", "import .codegen"),
    ("the_generator_stands_alone", "import aprfmt.codegen.ksy", "import aprfmt.codegen.ksy"),
]


@pytest.mark.parametrize(("rule", "text", "what"), BAD)
def test_every_rule_can_fail(rule: str, text: str, what: str) -> None:
    check = {item.__name__: item for item in RULES}[rule]
    assert what in [found for _, found in check(module("ops/bad.py", text))]


def test_every_rule_is_shown_to_fail() -> None:
    assert {rule for rule, _, _ in BAD} == {rule.__name__ for rule in RULES}


GOOD = '''"""A module in order."""

from __future__ import annotations

import re
from . import layout
from .layout import facts

__all__ = ["Name", "call", "re"]

raw = layout.ALIGNMENT  # noqa: A001 - a reason
other = raw  # type: ignore[misc] # a reason


class Name:
    """A class."""


def call(data: bytes, parts: list[int]) -> int:
    """A function."""
    return data[facts.START] + data[0] + parts[5] + (1 << 64) + 2**63 + 9
'''


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_module_in_order_passes(rule: Rule) -> None:
    assert list(rule(module("ops/good.py", GOOD))) == []


def test_rooms_with_a_licence_pass() -> None:
    parsing = module("layout/x.py", "import struct\nraw[4:8]\n64")
    assert [list(rule(parsing)) for rule in RULES[:3]] == [[], [], []]
    by_name = {rule.__name__: rule for rule in RULES}
    printing = by_name["print_is_at_the_edge"]
    assert not [*printing(module("cli/render.py", "print()")), *printing(module("codegen/x.py", "print()"))]
    alone = by_name["the_generator_stands_alone"]
    assert [what for _, what in alone(module("codegen/x.py", "from .. import layout\nfrom .a import b"))] == [
        "import ..",
        "import ..layout",
    ]


def mirrored(path: str) -> list[Path]:
    """The test files of a module: in the folder of the same name, named after it, alone or with its folder."""
    *folders, name = path.removesuffix(".py").split("/")
    folder = UNIT.joinpath(*folders)
    stem = folders[-1] if name == "__init__" and folders else name.strip("_")
    place = "_".join(folders)
    patterns = {f"test_{stem}.py", f"test_{stem}_*.py", f"test_{place}_{stem}.py", f"test_{place}_{stem}_*.py"}
    tops = [folder, UNIT.joinpath(*folders[:1])]
    return [found for top in tops for pattern in patterns for found in top.glob(pattern)]


def untested() -> list[str]:
    words = {item.path for item in modules() if len(item.tree.body) == 1}
    return [item.path for item in modules() if item.path not in words and not mirrored(item.path)]


def test_every_module_has_its_tests() -> None:
    left = [path for path in untested() if path not in TESTED_ELSEWHERE]
    assert not left, "neither a test file of their own nor listed as tested elsewhere: " + ", ".join(left)


def test_what_is_tested_elsewhere_is_tested_there() -> None:
    assert not TESTED_ELSEWHERE.keys() - set(untested())
    assert all((ROOT / "tests" / where).exists() for where in TESTED_ELSEWHERE.values())


def test_a_module_without_tests_is_noticed() -> None:
    assert mirrored("nothing.py") == []
    assert mirrored("ops/nothing.py") == []
    assert UNIT / "test_plan.py" in mirrored("plan.py")
    assert UNIT / "layout" / "test_layout_runtime.py" in mirrored("layout/runtime.py")


def import_linter() -> dict[str, list[dict[str, list[str]]]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, list[dict[str, list[str]]]] = settings["tool"]["importlinter"]
    return found


def test_imports_go_downwards_only() -> None:
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(import_linter()['contracts'])} kept, 0 broken" in run.stdout


def test_every_room_has_its_floor() -> None:
    """A package that no contract names could import what it likes."""
    layers = next(contract["layers"] for contract in import_linter()["contracts"] if "layers" in contract)
    named = {name.strip(" ()").removeprefix("aprfmt.") for layer in layers for name in layer.split("|")}
    rooms = {item.room.removesuffix(".py") for item in modules()} - {"__init__", "__main__", "codegen"}
    assert rooms <= named


def test_no_two_test_modules_have_one_name() -> None:
    """The folders of the tests are no packages: of two modules of one name, pytest refuses the second."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name not in ("__init__.py", "conftest.py")]
    assert sorted({name for name in names if names.count(name) > 1 and name.startswith("test_")}) == []
