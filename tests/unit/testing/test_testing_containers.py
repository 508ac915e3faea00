"""Valid files are valid, sound ones leave nothing to say, and the same seed gives the same files everywhere."""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from tests.unit.testing.drawing_kit import GENERAL, SEARCH, lenient, many, report_of, rules_of, smallest, smallest_of

from aprfmt import Flags
from aprfmt.testing import containers
from aprfmt.testing.breaking import breakable

PACKAGE = Path(__file__).resolve().parents[3] / "src" / "aprfmt"


@settings(SEARCH, max_examples=100)
@given(containers(sound=True))
def test_of_sound_files_no_rule_speaks(raw: bytes) -> None:
    """A sound file MUST have no finding, not even an info, in any profile, and no rule may be left unjudged."""
    for profile in (*GENERAL, "reader"):
        report = report_of(raw, profile)
        assert (report.findings, report.rules_skipped) == ((), ())


@settings(SEARCH, max_examples=60)
@given(containers(), containers(canonical=False))
def test_valid_files_are_valid(canonical: bytes, odd: bytes) -> None:
    """Canonical files MUST have no error in the profile of that name, the others none in the default one."""
    assert report_of(canonical, "canonical").valid
    assert report_of(odd).valid
    assert report_of(odd, "reader").valid


def test_the_smallest_sound_file_says_where_it_comes_from() -> None:
    container = lenient(smallest(containers(sound=True)))
    assert container.metadata.raw == b'{"license":"MIT","data_source":"web","data_license":"MIT"}'
    assert container.tensors == ()


def test_sound_files_are_of_many_kinds() -> None:
    files = [lenient(raw) for raw in many(containers(sound=True), 300)]
    flags = Flags(0)
    for file in files:
        flags |= file.header.flags
    flags_seen = Flags.SHARDED | Flags.QUANTIZED | Flags.HAS_VOCAB | Flags.HAS_FILTERBANK | Flags.STREAMING
    assert flags & flags_seen == flags_seen
    tensors = [tensor for file in files for tensor in file.tensors]
    assert len({tensor.entry.dtype for tensor in tensors}) == 9
    assert {0, 1, 2, 8} <= {tensor.ndim for tensor in tensors}
    assert any(len(tensor.name_bytes) > 250 for tensor in tensors)
    assert any(tensor.nbytes == 0 for tensor in tensors)
    assert {len(file.tensors) for file in files} == {0, 1, 2, 3, 4}
    assert len({file.metadata.raw for file in files}) > 50


_SCRIPT = """
import hashlib
from aprfmt.testing import breakable, containers, drawer, metadata_patches
digest = hashlib.sha256()
for rule in breakable(large=False):
    draw = drawer(containers(breaking=rule))
    digest.update(draw(hashlib.shake_128(rule.encode()).digest(8192)))
for number in range(20):
    digest.update(repr(drawer(metadata_patches())(hashlib.shake_128(bytes([number])).digest(8192))).encode())
print(digest.hexdigest())
"""


def test_the_same_bytes_give_the_same_files_whatever_the_seed_of_hashes() -> None:
    found = set()
    for seed_value in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed_value},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1
    assert len(found.pop().strip()) == hashlib.sha256().digest_size * 2


def test_files_of_all_rules_differ() -> None:
    smallest_ones = {rule: smallest_of(rule) for rule in breakable(large=False)}
    assert len(set(smallest_ones.values())) == len(smallest_ones)
    assert all(rule in rules_of(raw) for rule, raw in smallest_ones.items())


def asks_for_hypothesis(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    if "hypothesis" not in text:
        return False
    tree = ast.parse(text)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    return any(name.partition(".")[0] == "hypothesis" for name in names)


def test_hypothesis_is_asked_for_nowhere_else() -> None:
    """Whoever does not test pays nothing for it: only what is in `testing` may import Hypothesis."""
    rooms = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py") if asks_for_hypothesis(path)}
    assert rooms == {"testing"}
