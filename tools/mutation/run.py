"""Mutation check of the tests: mutmut over the rooms of groups.toml, each with its own tests.

`python tools/mutation/run.py [GROUP …]` runs the mutants that have no verdict yet and prints the table. `--report` only
prints; `--survivors` prints the mutants that no test noticed, too, and `--again` runs those again, after tests were
added. `--only GLOB` limits a run to the mutants with names like this, `--sample SHARE` to a share of them, the same
ones every time. Needs the extra `mutation`. No part of CI.

Mutmut leaves decorated functions alone, which here are all checks of the rules and all properties. It therefore works
on a copy of the tree in which `@d def f` stands as `def f` and `f = d(f)`: the same program, on the same lines.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "mutation"
GROUPS: dict[str, dict[str, list[str]]] = tomllib.loads(Path(__file__).with_name("groups.toml").read_text("utf-8"))
NEEDED = ("bench", "docs", "examples", "exports", "fuzz", "parsers", "spec", "tests", "tools", "dev.py", "README.md")
"""What tests look at beside the sources."""
LEFT_OUT = ("node_modules", "target", "__pycache__", "build", "dist")
NATIVE = ("classmethod", "staticmethod")
"""Decorators that mutmut takes as they are."""
EXAMPLES = "8"
"""How many examples a property test draws, the same ones for every mutant."""
SEED = 1
VERDICTS = {0: "survived", 1: "killed", 3: "killed", 33: "no test", None: "not run"}
"""What mutmut's exit codes say; all others are time-outs and crashes, which a developer would notice."""
LIVE = ("survived", "no test")

QUICKEST_FIRST = '''\
"""The quickest tests first: most mutants die in one of them."""

import json
from pathlib import Path


def pytest_collection_modifyitems(items):
    stats = Path("mutmut-stats.json")
    if stats.exists():
        took = json.loads(stats.read_text("utf-8"))["duration_by_test"]
        items.sort(key=lambda item: took.get(item.nodeid, 0))
'''

# A fork server, because a process that has run the tests hands on what they have cached: mutants would seem to live.
CONFIG = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {modules}
also_copy = {needed}
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 4.0
timeout_constant = 2.0
process_isolation = "forkserver"
track_dependencies = false
use_git_change_detection = false
"""

NAMES = """
import sys
from pathlib import Path
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name
for path in map(Path, sys.argv[1:]):
    for name in mutate_file_contents(str(path), path.read_text("utf-8")).mutant_names:
        print(get_mutant_name(path, name))
"""


class Mutant(NamedTuple):
    """One mutant: its place in the sources, what stands there and what instead, and what the tests said."""

    name: str
    path: str
    line: int
    was: str
    becomes: str
    verdict: str


def bodies(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions and methods of a module, each with the prefix of the name that mutmut gives it."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield "x_", node
        elif isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    yield f"xǁ{node.name}ǁ", item


def unfolded(source: str) -> str:
    """The module with every decorator of a function or method applied in the line behind it."""
    lines = source.splitlines()
    for _, node in bodies(ast.parse(source)):
        decorators = [ast.unparse(item) for item in node.decorator_list]
        if not decorators or decorators[0] in NATIVE:
            continue
        for line in range(node.decorator_list[0].lineno, node.lineno):
            lines[line - 1] = ""
        applied = node.name
        for decorator in reversed(decorators):
            applied = f"{decorator}({applied})"
        behind = node.end_lineno or len(lines)
        if behind == len(lines):
            lines.append("")
        if lines[behind]:
            raise ValueError(f"expected an empty line behind {node.name}, found {lines[behind]}")
        lines[behind] = f"{' ' * node.col_offset}{node.name} = {applied}"
    return "\n".join(lines) + "\n"


def modules_of(group: str) -> list[str]:
    """The modules that a group mutates, from the root of the repository."""
    return sorted(path.relative_to(ROOT).as_posix() for glob in GROUPS[group]["modules"] for path in ROOT.glob(glob))


def files_below(path: Path) -> Iterator[Path]:
    """The files of a folder, without what a copy does not need."""
    if path.is_file():
        yield path
    elif path.name not in LEFT_OUT:
        for item in sorted(path.iterdir()):
            yield from files_below(item)


def stage(group: str) -> Path:
    """The copy of the tree for a group, brought up to date; what did not change keeps its time: mutmut goes by it."""
    there, modules = OUT / group, modules_of(group)

    def put(name: str, raw: bytes) -> None:
        path = there / name
        if not path.exists() or path.read_bytes() != raw:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)

    for folder in ("src", *NEEDED):
        for path in files_below(ROOT / folder):
            name, raw = path.relative_to(ROOT).as_posix(), path.read_bytes()
            put(name, unfolded(raw.decode()).encode() if name in modules else raw)
    put("conftest.py", QUICKEST_FIRST.encode())
    settings = {"modules": modules, "needed": [*NEEDED, "conftest.py"], "tests": GROUPS[group]["tests"]}
    config = CONFIG.format(**{name: json.dumps(value) for name, value in settings.items()})
    put("pyproject.toml", (ROOT / "pyproject.toml").read_bytes() + config.encode())
    return there


def check(group: str, names: Iterable[str]) -> None:
    """Run mutmut in the copy of a group: for these mutants, or for all that have no verdict yet."""
    environment = {**os.environ, "CI": "true", "APRFMT_FUZZ_EXAMPLES": EXAMPLES, "PYTHONDONTWRITEBYTECODE": "1"}
    mutmut = Path(sys.executable).with_name("mutmut")
    subprocess.run([mutmut, "run", "--max-children", "1", *names], cwd=stage(group), env=environment, check=True)


def sampled(group: str, share: float) -> list[str]:
    """Mutants of a group by name: this share of them, as a fixed seed draws it."""
    command = [sys.executable, "-c", NAMES, *modules_of(group)]
    made = subprocess.run(command, cwd=stage(group), capture_output=True, check=True, encoding="utf-8").stdout.split()
    return sorted(random.Random(SEED).sample(made, round(len(made) * share)))  # noqa: S311 - no secret


def mutants_of(group: str) -> Iterator[Mutant]:
    """The mutants that were made, with their verdicts."""
    for module in modules_of(group):
        mutated = OUT / group / "mutants" / module
        meta = mutated.with_name(f"{mutated.name}.meta")
        if not meta.exists():
            continue
        text = mutated.read_text("utf-8")
        lines, functions = text.splitlines(), {node.name: node for _, node in bodies(ast.parse(text))}
        first = {
            prefix + node.name: node.lineno for prefix, node in bodies(ast.parse((ROOT / module).read_text("utf-8")))
        }
        for name, code in json.loads(meta.read_text("utf-8"))["exit_code_by_key"].items():
            own = name.rpartition(".")[2]
            base = own.rpartition("__mutmut_")[0]
            texts = [lines[n.lineno - 1 : n.end_lineno] for n in (functions[f"{base}__mutmut_orig"], functions[own])]
            number, was, becomes = difference(*texts)
            yield Mutant(name, module, first[base] + number, was, becomes, VERDICTS.get(code, "timed out"))


def difference(was: list[str], becomes: list[str]) -> tuple[int, str, str]:
    """The first line of a function that differs, and what stands in all that do; that the name differs is no matter."""
    names = [lines[0].partition("(")[0] for lines in (was, becomes)]
    pairs = [(a.removeprefix(names[0]), b.removeprefix(names[1])) for a, b in zip_longest(was, becomes, fillvalue="")]
    number = next(number for number, (a, b) in enumerate(pairs) if a != b)
    if len(was) != len(becomes):
        return number, pairs[number][0].strip(), f"{pairs[number][1].strip()} …"
    left, right = (" ".join(pair[side].strip() for pair in pairs if pair[0] != pair[1]) for side in (0, 1))
    return number, left, right


def report(mutants: list[Mutant], *, survivors: bool) -> None:
    """The table by module, and the mutants that the tests let live."""
    columns = ("killed", "timed out", *LIVE, "not run")
    print(f"| module | mutants | {' | '.join(columns)} | score |\n|{' --- |' * (len(columns) + 3)}")
    for path in [*dict.fromkeys(mutant.path for mutant in mutants), "all"]:
        verdicts = [mutant.verdict for mutant in mutants if path in (mutant.path, "all")]
        counts = [verdicts.count(column) for column in columns]
        judged = len(verdicts) - counts[-1]
        score = f"{100 * (counts[0] + counts[1]) / judged:.1f} %" if judged else ""
        cells = (path.removeprefix("src/aprfmt/"), len(verdicts), *counts, score)
        print(f"| {' | '.join(map(str, cells))} |")
    for mutant in mutants if survivors else ():
        if mutant.verdict in LIVE:
            print(f"\n{mutant.path}:{mutant.line} {mutant.verdict} {mutant.name}\n- {mutant.was}\n+ {mutant.becomes}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"some of: {', '.join(GROUPS)}; without one, all")
    parser.add_argument("--report", action="store_true", help="print what earlier runs found, and run nothing")
    parser.add_argument("--survivors", action="store_true", help="print the mutants that live, too")
    parser.add_argument("--again", action="store_true", help="run the survivors again")
    parser.add_argument("--sample", type=float, metavar="SHARE", help="a share of the mutants, drawn with a fixed seed")
    parser.add_argument("--only", default="*", metavar="GLOB", help="the mutants with names like this")
    given = parser.parse_args()
    groups = given.groups or list(GROUPS)
    if unknown := [name for name in groups if name not in GROUPS]:
        parser.error(f"expected one of {', '.join(GROUPS)}, found {unknown[0]}")
    for group in [] if given.report else groups:
        if given.again:
            stage(group)
            names = [mutant.name for mutant in mutants_of(group) if mutant.verdict in LIVE]
        else:
            names = sampled(group, given.sample or 1)
        names = [name for name in names if fnmatch(name, given.only)]
        is_whole = not given.again and not given.sample and given.only == "*"
        if names:
            check(group, () if is_whole else names)  # without names, those with a verdict are not run again
    report([mutant for group in groups for mutant in mutants_of(group)], survivors=given.survivors)


if __name__ == "__main__":
    main()
