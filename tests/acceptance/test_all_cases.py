"""Every acceptance case from 40 to 68 has a test that is named after it, and says in words what is expected."""

from __future__ import annotations

import ast
import re
from pathlib import Path

CASES = range(40, 69)


def named_tests() -> list[ast.FunctionDef]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(Path(__file__).parent.glob("test_*.py"))]
    functions = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [node for node in functions if node.name.startswith("test_case_")]


def test_every_case_has_a_test_of_its_name() -> None:
    numbers = {int(found[1]) for node in named_tests() if (found := re.match(r"test_case_(\d+)_\w+$", node.name))}
    assert numbers == set(CASES)


def test_every_case_says_what_is_expected() -> None:
    assert [node.name for node in named_tests() if not ast.get_docstring(node)] == []
