"""What the compiler makes for Go and Java builds: that the compiler accepts a spec says nothing about it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.kaitai.conftest import Program

REPOSITORY = Path(__file__).resolve().parents[2]
GO_MODULE = REPOSITORY / "tools" / "kaitai" / "go"
CACHE = REPOSITORY / "build" / "kaitai"

JAVA_RUNTIME = "io.kaitai:kaitai-struct-runtime:0.11"
JAVA_RUNTIME_SHA256 = "d5644ffff9395584af18872fa8b094adad7312fcc8ecff05478b7da5c6794a55"
MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    assert done.returncode == 0, done.stdout


def test_go_builds(program: Program, compiled: Path, tmp_path: Path) -> None:
    go = program("go")
    for name in ("go.mod", "go.sum"):
        shutil.copy(GO_MODULE / name, tmp_path)
    shutil.copytree(compiled / "go", tmp_path / "aprv2")
    # Exactly the committed versions, by the toolchain at hand: nothing is resolved anew.
    env = {**os.environ, "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    run(go, "build", "./...", cwd=tmp_path, env=env)
    # The compiler assigns its temporaries to themselves.
    run(go, "vet", "-assign=false", "./...", cwd=tmp_path, env=env)


@pytest.fixture(scope="session")
def java_runtime(program: Program) -> Path:
    """The runtime's jar, copied once into build/kaitai."""
    jar = CACHE / "kaitai-struct-runtime-0.11.jar"
    if not _is_runtime(jar):
        copy = [f"-Dartifact={JAVA_RUNTIME}", f"-DoutputDirectory={CACHE}"]
        CACHE.mkdir(parents=True, exist_ok=True)
        jar.unlink(missing_ok=True)
        run(program("mvn"), "-q", "-B", "--no-transfer-progress", MAVEN_COPY, *copy, cwd=CACHE)
    assert _is_runtime(jar), f"{jar} is not the expected {JAVA_RUNTIME}"
    return jar


def _is_runtime(jar: Path) -> bool:
    return jar.is_file() and hashlib.sha256(jar.read_bytes()).hexdigest() == JAVA_RUNTIME_SHA256


def test_java_builds(program: Program, compiled: Path, java_runtime: Path, tmp_path: Path) -> None:
    sources = sorted((compiled / "java").glob("*.java"))
    run(program("javac"), "-encoding", "UTF-8", "-cp", java_runtime, "-d", tmp_path, *sources, cwd=tmp_path)
    assert (tmp_path / "AprV2.class").is_file()
