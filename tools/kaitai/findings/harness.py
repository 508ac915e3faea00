"""Compiles the specs, builds the four readers, and runs them on inputs."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.kaitai.findings.cases import Case, Limits, write_content

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LANGUAGES = ("python", "javascript", "java", "go")

JAVA_RUNTIME = "io.kaitai:kaitai-struct-runtime:0.11"
JAVA_RUNTIME_SHA256 = "d5644ffff9395584af18872fa8b094adad7312fcc8ecff05478b7da5c6794a55"
MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"

Program = Callable[[str], str]


def called(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What a program that has to succeed prints; RuntimeError with all of it when it fails."""
    done = subprocess.run(
        command, check=False, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def java_runtime(program: Program, cache: Path) -> Path:
    """The jar of the Java runtime, fetched once into the cache."""
    jar = cache / "kaitai-struct-runtime-0.11.jar"
    if not jar.is_file() or hashlib.sha256(jar.read_bytes()).hexdigest() != JAVA_RUNTIME_SHA256:
        with tempfile.TemporaryDirectory() as fetched:
            arguments = [MAVEN_COPY, f"-Dartifact={JAVA_RUNTIME}", f"-DoutputDirectory={fetched}"]
            called(program("mvn"), "-q", "-B", "--no-transfer-progress", *arguments, cwd=Path(fetched))
            cache.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(fetched) / jar.name, jar.with_suffix(".new"))
        jar.with_suffix(".new").replace(jar)
    if hashlib.sha256(jar.read_bytes()).hexdigest() != JAVA_RUNTIME_SHA256:
        raise RuntimeError(f"{jar} is not the expected {JAVA_RUNTIME}")
    return jar


GO_ENVIRONMENT = {"GOFLAGS": "-mod=readonly -trimpath", "GOTOOLCHAIN": "local", "GOWORK": "off"}


class Readers:
    """The four readers of all specs, compiled and built in a folder of their own."""

    def __init__(self, out: Path, program: Program) -> None:
        self.out = out
        self._program = program
        called(program("node"), HERE / "compile.mjs", out, HERE, cwd=HERE)
        (out / "python").mkdir(exist_ok=True)
        # The generated JavaScript asks for the runtime by its name.
        (out / "node_modules").symlink_to(HERE.parent / "node_modules")
        self.compiled: dict[str, dict[str, str]] = json.loads((out / "compiled.json").read_text("utf-8"))
        for file in (HERE / "go").iterdir():
            shutil.copy(file, out if file.suffix in {".mod", ".sum"} else out / "go")
        self._jar = java_runtime(program, ROOT / "build" / "kaitai")
        sources = [HERE / "java" / "Reader.java", *(out / "java").glob("*.java")]
        with ThreadPoolExecutor() as pool:
            java = pool.submit(self._javac, *sources, to=out / "classes")
            self._go("build", "-o", out / "reader", "./go")
            java.result()

    def _go(self, *arguments: str | Path) -> str:
        return called(self._program("go"), *arguments, cwd=self.out, env={**os.environ, **GO_ENVIRONMENT})

    def _javac(self, *sources: Path, to: Path) -> str:
        options: list[str | Path] = ["-encoding", "UTF-8", "-nowarn", "-cp", self._jar, "-d", to]
        return called(self._program("javac"), *options, *sources, cwd=self.out)

    def _command(self, language: str, limits: Limits | None) -> list[str | Path]:
        match language:
            case "python":
                return [sys.executable, HERE / "read.py", self.out / "python"]
            case "javascript":
                heap = [f"--max-old-space-size={limits.megabytes}"] if limits else []
                return [self._program("node"), *heap, HERE / "read.mjs", self.out / "javascript"]
            case "java":
                heap = [f"-Xmx{limits.megabytes}m"] if limits else []
                classes = f"{self.out / 'classes'}{os.pathsep}{self._jar}"
                return [self._program("java"), "-XX:+UseSerialGC", *heap, "-cp", classes, "Reader"]
        return [self.out / "reader"]

    def run(self, cases: Iterable[Case], scratch: Path) -> dict[tuple[str, str], str]:
        """What happens now: (case, language) to outcome."""
        found: dict[tuple[str, str], str] = {}
        together: dict[str, list[tuple[Case, Path]]] = {language: [] for language in LANGUAGES}
        alone: list[tuple[str, Case, Path]] = []
        for number, case in enumerate(cases):
            if not case.show:
                found |= {(case.name, target): self._look(case, target) for target in case.observed}
                continue
            file = scratch / f"{number}.bin"
            write_content(case.content, file)
            for language in case.observed:
                if language in case.limits:
                    alone.append((language, case, file))
                else:
                    together[language].append((case, file))
        with ThreadPoolExecutor(max_workers=2) as pool:
            for outcomes in pool.map(self._run_together, together.items()):
                found |= outcomes
            for (language, case, _), outcome in zip(alone, pool.map(self._run_alone, alone), strict=True):
                found[case.name, language] = outcome
        return found

    def _look(self, case: Case, target: str) -> str:
        if case.finds:
            text = self.compiled[case.spec][target]
            matches = [match.group() for match in re.finditer(case.finds, text)]
            return "refused" if text == "refused" else " | ".join(dict.fromkeys(matches)) or "nothing"
        place = self.out / "apart" / case.spec / target
        try:
            if target == "go":
                self._go("build", f"./{place.relative_to(self.out)}")
            else:
                self._javac(*place.iterdir(), to=place / "classes")
        except RuntimeError as error:
            if ".go:" in str(error) or ".java:" in str(error):
                return "does not build"
            raise
        return "builds"

    def _run_together(self, job: tuple[str, list[tuple[Case, Path]]]) -> dict[tuple[str, str], str]:
        language, cases = job
        lines = "".join(case.line(file) + "\n" for case, file in cases)
        done = subprocess.run(
            self._command(language, None), check=False, input=lines, capture_output=True, encoding="utf-8"
        )
        if done.returncode != 0:
            raise RuntimeError(f"the reader in {language} ended after {done.stdout[-200:]!r}:\n{done.stderr[:1000]}")
        outcomes = dict(line.split("\t", 1) for line in done.stdout.splitlines())
        return {(case.name, language): outcomes[case.name] for case, _ in cases}

    def _run_alone(self, job: tuple[str, Case, Path]) -> str:
        language, case, file = job
        limits = case.limits[language]
        # Node and Java reserve more address space than they use, and are told the size of their heap instead.
        space = f"ulimit -v {limits.megabytes << 10}; " if language in {"python", "go"} else ""
        try:
            done = subprocess.run(
                ["sh", "-ec", f'ulimit -c 0; {space}exec "$@"', "sh", *self._command(language, limits)],
                check=False,
                input=case.line(file) + "\n",
                capture_output=True,
                encoding="utf-8",
                timeout=limits.seconds,
                # Another locale would map an archive into Python's address space.
                env={**os.environ, "SMALL_STACK": "1", "LC_ALL": "C.UTF-8"},
            )
        except subprocess.TimeoutExpired:
            return f"no end within {limits.seconds} s"
        if done.returncode == 0:
            return done.stdout.rstrip("\n").split("\t", 1)[1]
        words = re.search(r"(?i)fatal error: .*?(out of memory|stack overflow)", done.stderr)
        return f"process ended: {words.group(1) if words else f'exit code {done.returncode}'}"
