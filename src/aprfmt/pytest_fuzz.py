"""The fixture `apr_fuzz`: a fuzz budget against an implementation, as a test of the project that it belongs to.

```python
def test_any_file(apr_fuzz):
    apr_fuzz("call:mypackage.conform:answer")  # or exit:, json:, ndjson:, as --apr-impl has them, which is the default
```

```console
$ pytest --apr-fuzz-seconds 60                              # without a budget such tests are skipped
$ pytest --apr-fuzz-seconds 60 --apr-fuzz-findings found    # what is found stays there, each a file of its own
```

The same may stand in an ini file as `apr_fuzz_seconds` and so on.

Rules of this file:
1. What is done is what `aprfmt fuzz --mode pr` does, and what fails says what it says: no second way to fuzz.
2. A test that has no budget is skipped and never passes.
"""

from __future__ import annotations

import math
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

import pytest

__all__ = ["AprFuzz", "apr_fuzz", "command", "pytest_addoption", "pytest_configure"]

_OPTIONS = {
    "fuzz_seconds": ("SECONDS", "budget of each test that asks for the fixture apr_fuzz; without one it is skipped"),
    "fuzz_seed": ("N", "root seed of the cases; the same seed gives the same cases"),
    "fuzz_known": ("FILE", "the list of known findings, TOML"),
    "fuzz_findings": ("DIR", "where findings are kept; a folder of pytest's unless given"),
}
"""Each is `--apr-fuzz-…` on the command line and `apr_fuzz_…` in an ini file; the command line wins."""
_PATHS = ("fuzz_known", "fuzz_findings", "recipes")
_CODES = ("--accept", "--reject")
_PASSED_ON = {
    "accept": "--accept",
    "reject": "--reject",
    "profile": "--profile",
    "recipes": "--recipes",
    "fuzz_seed": "--seed",
    "fuzz_known": "--known",
    "fuzz_findings": "--out",
}
"""What the options of the vectors and those of this file are called by `aprfmt fuzz`."""
_GRACE_SECONDS = 120.0
"""Beyond its budget a run has this long to end by itself: it is bounded, but a machine may be busy."""

AprFuzz = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("aprfmt", "conformance of an APR v2 implementation")
    for name, (metavar, text) in _OPTIONS.items():
        dashed = name.replace("_", "-")
        group.addoption(f"--apr-{dashed}", f"--aprfmt-{dashed}", metavar=metavar, help=text)
        parser.addini(f"apr_{name}", text)


def pytest_configure(config: pytest.Config) -> None:
    """A budget that is none ends pytest here, with the exit code of a wrong usage."""
    if budget := _option(config, "fuzz_seconds"):
        _seconds(budget)


def _option(config: pytest.Config, name: str) -> str:
    """What was asked for: on the command line, else in the ini file, where paths count from there; else nothing."""
    given = config.getoption(f"apr_{name}", None)
    if given is not None:
        return str(given).strip()
    text = str(config.getini(f"apr_{name}")).strip()
    if text and name in _PATHS and config.inipath is not None:
        return str(config.inipath.parent / text)
    return text


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 < found < math.inf:
        raise pytest.UsageError(f"apr-fuzz-seconds: expected a number of seconds above 0, found {text!a}")
    return found


@pytest.fixture
def apr_fuzz(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AprFuzz:
    """A function that fuzzes an implementation and fails the test for what it finds.

    `apr_fuzz(*targets, seconds=None, known=None)`: targets as in `--apr-impl`, which is the one unless any is given;
    two or more are compared with each other too. `seconds` is the budget of this call, and `known` its list of known
    findings; both are what the options say unless given. Without a budget the test is skipped.
    """
    config = request.config
    budget = _option(config, "fuzz_seconds")
    implementation = _option(config, "impl")

    def fuzz(*targets: str, seconds: float | None = None, known: str | os.PathLike[str] | None = None) -> None:
        if seconds is None and not budget:
            pytest.skip("no budget: --apr-fuzz-seconds gives one")
        chosen = targets or ((implementation,) if implementation else ())
        if not chosen:
            pytest.fail("expected a target, or --apr-impl: found neither", pytrace=False)
        lasting = _seconds(budget) if seconds is None else seconds
        given = {name: _option(config, name) for name in _PASSED_ON}
        given["fuzz_findings"] = given["fuzz_findings"] or str(tmp_path_factory.mktemp("aprfmt-fuzz"))
        if known is not None:
            given["fuzz_known"] = os.fspath(known)
        words = command(chosen, lasting, {_PASSED_ON[name]: value for name, value in given.items()})
        code, told = _run(words, lasting + _GRACE_SECONDS)
        if code:
            pytest.fail(f"{told}\nreproduce: {shlex.join(words)}", pytrace=False)

    return fuzz


def command(targets: Sequence[str], seconds: float, options: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """The command line of `aprfmt fuzz` that fuzzes these targets for so long.

    Options that are empty are left out, and exit codes where no target has any.
    """
    words = [sys.executable, "-m", "aprfmt", "fuzz", "--mode", "pr", "--seconds", f"{seconds:g}"]
    for target in targets:
        words += _plugged(target)
    has_codes = any(not target.startswith(("call:", "json:", "ndjson:")) for target in targets)
    for option, value in options.items():
        if option in _CODES and not has_codes:
            continue
        words += [option, ",".join(value.replace(",", " ").split()) if option in _CODES else value] if value else []
    return words


def _plugged(target: str) -> list[str]:
    """A target as --apr-impl has it, as options: a command by its exit code unless it says otherwise."""
    kind, _, rest = target.partition(":")
    if kind == "call":
        return ["--call", rest]
    return ["--cmd", target if kind in ("exit", "json", "ndjson") else f"exit:{target}"]


def _run(words: Sequence[str], seconds: float) -> tuple[int, str]:
    """Exit code, and everything that was said, of a process that is ended with all that it started."""
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        out, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        out, _ = process.communicate()
        return 1, f"expected an end within {seconds:g} s, found none\n{out.decode('utf-8', 'replace')}"
    except BaseException:
        _end(process)
        raise
    return process.returncode, out.decode("utf-8", "replace").rstrip("\n")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it end its targets; a program that does not is killed."""
    with suppress(OSError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
