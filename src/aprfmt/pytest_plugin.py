"""`pytest --apr-impl SPEC`: the conformance vectors as tests of an implementation, one test id a vector.

```console
$ pytest --apr-impl 'exit:mytool check {file}'         # judged by its exit code; `exit:` may be left out
$ pytest --apr-impl 'json:mytool read --json {file}'   # by the JSON object that it prints
$ pytest --apr-impl 'ndjson:python harness.py'         # by the lines that a process answers
$ pytest --apr-impl call:mypackage.conform:answer      # by what a Python callable returns
$ pytest --apr-impl … aprfmt::header.version_major.3   # one vector; -k, -x and --lf do what they always do
```

The same may stand in an ini file as `apr_impl`; then the vectors are left out when other tests are named.

Rules of this file:
1. Without an implementation nothing is collected, and nothing of aprfmt is imported but this module and `pytest_fuzz`.
2. What an implementation does wrong is told in words, never with a traceback.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr

    from .conform.plugs import Plug
    from .conform.results import Result, Settings
    from .vectors import Suite, Vector

pytest_plugins = ("aprfmt.pytest_fuzz",)

__all__ = [
    "pytest_addoption",
    "pytest_configure",
    "pytest_make_collect_report",
    "pytest_sessionfinish",
    "pytest_sessionstart",
    "pytest_terminal_summary",
]

_NODE = "aprfmt"
_NAMED = re.compile(rf"(?:.*[/\\])?{_NODE}::(.+)")
"""A node id as pytest shows it; below the folder of the ini file it begins with `../`."""
_KNOWN_FAILURES = "known-failures"
_OPTIONS = {
    "impl": ("SPEC", "put the vectors to: [exit:]COMMAND, json:COMMAND, ndjson:COMMAND or call:MODULE:FUNCTION"),
    "profile": ("NAME", "what files are judged for; default unless given"),
    "layers": ("NAMES", "vectors of these layers only, separated by commas"),
    "known": ("FILE", "the list of known failures, TOML"),
    "accept": ("CODES", "exit codes that take a file, separated by commas; 0 unless given"),
    "reject": ("CODES", "exit codes that refuse a file, separated by commas; 1 unless given"),
    "recipes": ("DIR", "the vectors of this folder, not those of aprfmt"),
}
"""Each is `--apr-…` on the command line and `apr_…` in an ini file; the command line wins."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup(_NODE, "conformance of an APR v2 implementation")
    for name, (metavar, text) in _OPTIONS.items():
        group.addoption(f"--apr-{name}", metavar=metavar, help=text)
        parser.addini(f"apr_{name}", text)
    group.addoption("--apr-sparse", action="store_true", help="also the files of some GiB, which are made of holes")


def _option(config: pytest.Config, name: str) -> str:
    """What was asked for: on the command line, else in the ini file, else nothing."""
    given = config.getoption(f"apr_{name}")
    return str(config.getini(f"apr_{name}") if given is None else given).strip()


def _path(config: pytest.Config, name: str) -> str:
    """A path; one of an ini file counts from there."""
    text = _option(config, name)
    if text and config.getoption(f"apr_{name}") is None and config.inipath is not None:
        return str(config.inipath.parent / text)
    return text


def pytest_configure(config: pytest.Config) -> None:
    """Decide which vectors are asked for: of `aprfmt::ID`, which is no path, pytest itself knows nothing."""
    if not _option(config, "impl"):
        return
    named = [match[1] for match in map(_NAMED.fullmatch, config.args) if match is not None]
    config.args = [text for text in config.args if not _NAMED.fullmatch(text)]
    others_are_named = config.args_source is pytest.Config.ArgsSource.ARGS and config.args
    if named or config.getoption("apr_impl") is not None or not others_are_named:
        config.option.apr_named = named


def pytest_sessionstart(session: pytest.Session) -> None:
    """Read the vectors; what makes no sense ends pytest here, with the exit code of a wrong usage."""
    config = session.config
    if not hasattr(config.option, "apr_named"):
        return
    from .errors import RequestError

    try:
        config.stash[_CASES] = _Cases(config)
    except (RequestError, OSError) as error:
        raise pytest.UsageError(f"{_NODE}: {error}") from error


# The older kind of wrapper, because this is loaded into every pytest, also one that knows no other.
@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, None]:
    """Put the vectors behind the tests that pytest finds, if there are any."""
    outcome = yield
    report: pytest.CollectReport = outcome.get_result()
    if isinstance(collector, pytest.Session) and _CASES in collector.config.stash and report.passed:
        report.result.append(_Vectors.from_parent(collector, name=_NODE, nodeid=_NODE))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the implementation, and remove its files."""
    if _CASES in session.config.stash:
        session.config.stash[_CASES].close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What people want to know: how many of the rules the implementation enforces."""
    if _CASES in config.stash and (text := config.stash[_CASES].summary()):
        terminalreporter.write_line(text)


class _Cases:
    """The vectors that are asked for, and the implementation, which is started for the first of them."""

    def __init__(self, config: pytest.Config) -> None:
        from .conform.known import Known, Listing
        from .conform.store import read_known
        from .files.vectors import read_suite

        self.suite = read_suite(_path(config, "recipes") or None)
        self.settings = _settings(config)
        path = _path(config, "known")
        self.listing = Listing(read_known(path) if path else Known(), self.suite.vectors)
        self._named: list[str] = config.option.apr_named
        self.vectors = _selected(self.suite, self.settings, self._named, sparse=config.option.apr_sparse)
        self.has_known_item = bool(path) and (not self._named or _KNOWN_FAILURES in self._named)
        self._results: list[Result] = []
        self._plug = _plug(config)
        self._folder: Path | None = None
        self._failed_to_start = False

    def result(self, vector: Vector) -> tuple[Result, tuple[str, ...]]:
        """What came of a vector, and the faults that it shows in the list of known failures."""
        from .conform.runner import run_vector

        result = run_vector(self.suite, vector, self._plug, self.settings, self._started())
        judged = self.listing.judge(result)
        self._results.append(judged[0])
        return judged

    def _started(self) -> Path:
        """The folder for files, once the implementation is ready. If it does not start, that is told once."""
        if self._failed_to_start:
            pytest.skip("the implementation could not be started")
        if self._folder is None:
            self._failed_to_start = True
            self._folder = Path(tempfile.mkdtemp(prefix="aprfmt-pytest-")).resolve()
            self._plug.start()
            self._failed_to_start = False
        return self._folder

    def close(self) -> None:
        """End the implementation, and remove the folder."""
        if self._folder is not None:
            self._plug.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def summary(self) -> str:
        """The implementation and what it enforces, if all that was asked for was run here."""
        if not self._results or len(self._results) < len(self.vectors) or self._named:
            return ""
        from .conform.results import Run

        who = self._plug.implementation
        run = Run(who, tuple(self._results), self.settings, self.suite.digest, aprfmt="", date="", seconds=0.0)
        return f"{who.title}: {run.summary}"


_CASES = pytest.StashKey[_Cases]()


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _settings(config: pytest.Config) -> Settings:
    from .conform.results import Settings
    from .errors import RequestError
    from .layout import facts

    profile, layers = _option(config, "profile") or "default", tuple(_words(_option(config, "layers")))
    known = {rule.layer for rule in facts.RULES.values()}
    if profile not in facts.PROFILES:
        raise RequestError(f"apr-profile: expected one of {', '.join(facts.PROFILES)}, found {profile!a}")
    if unknown := set(layers) - known:
        raise RequestError(f"apr-layers: expected some of {', '.join(sorted(known))}, found {min(unknown)!a}")
    return Settings(profile=profile, layers=layers)


def _selected(suite: Suite, settings: Settings, named: list[str], *, sparse: bool) -> list[Vector]:
    """The vectors that are named, or those of the settings."""
    from .errors import RequestError

    if named:
        return [suite[name] for name in dict.fromkeys(named) if name != _KNOWN_FAILURES]
    found = suite.select(profile=settings.profile, layers=settings.layers)
    vectors = [vector for vector in found if sparse or not vector.is_sparse]
    if not vectors:
        raise RequestError(f"expected vectors of the profile {settings.profile} and the layers, found none")
    return vectors


def _codes(config: pytest.Config, name: str, default: str) -> frozenset[int]:
    from .errors import RequestError

    text = _option(config, name) or default
    try:
        return frozenset(map(int, _words(text)))
    except ValueError:
        raise RequestError(f"apr-{name}: expected exit codes separated by commas, found {text!a}") from None


def _plug(config: pytest.Config) -> Plug:
    """The plug of `--apr-impl`; nothing is started."""
    from .conform import plugs
    from .errors import RequestError

    text = _option(config, "impl")
    kind, _, target = text.partition(":")
    if kind not in ("exit", "json", "ndjson", "call"):
        kind, target = "exit", text
    if kind != "exit" and (_option(config, "accept") or _option(config, "reject")):
        raise RequestError(f"apr-accept, apr-reject: expected them with a command by its exit code, found {kind}")
    if kind == "call":
        return plugs.CallPlug(target)
    if kind == "ndjson":
        return plugs.NdjsonPlug(target)
    if kind == "json":
        return plugs.JsonPlug(target)
    return plugs.ExitPlug(target, accept=_codes(config, "accept", "0"), reject=_codes(config, "reject", "1"))


class _Vectors(pytest.Collector):
    """The node `aprfmt`, right below the session: it belongs to no file."""

    def collect(self) -> Iterator[pytest.Item]:
        """A test a vector, and one for the list of known failures."""
        cases = self.config.stash[_CASES]
        for vector in cases.vectors:
            yield _VectorItem.from_parent(self, name=vector.id, vector=vector)
        if cases.has_known_item:
            yield _KnownItem.from_parent(self, name=_KNOWN_FAILURES)


class _Item(pytest.Item):
    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the test stands: in no file, so that pytest shows the node id alone."""
        return self.config.rootpath / _NODE, None, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """An expected failure is told by its reason: its traceback is of no use, and takes most of a run."""
        if isinstance(excinfo.value, pytest.xfail.Exception):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


class _VectorItem(_Item):
    def __init__(self, *, vector: Vector, **given: Any) -> None:
        super().__init__(**given)
        self._vector = vector
        # what `-k` selects by, beside the id
        self.extra_keyword_matches |= {vector.op, vector.verdict, vector.layer, *vector.tags}
        if vector.rule is not None:
            self.extra_keyword_matches.add(vector.rule)

    def runtest(self) -> None:
        """Put the vector to the implementation."""
        from .conform.results import Outcome
        from .errors import RequestError

        vector = self._vector
        error = ""
        try:
            result, faults = self.config.stash[_CASES].result(vector)
        except (RequestError, OSError) as raised:
            error = str(raised)
        if error:  # told here, where no other exception belongs to it
            pytest.fail(error, pytrace=False)
        if result.outcome is Outcome.SKIP:
            pytest.skip(result.detail)
        if result.known is not None and not faults:
            known = result.known
            pytest.xfail(f"{known.kind}: {known.reason}" + (f" ({known.issue})" if known.issue else ""))
        if result.failed or faults:
            told = [f"{result.outcome}: {result.detail}"] if result.failed else []
            lines = [*told, *faults, f"{vector.id}: {vector.about}"]
            if result.reproduce:
                lines.append(f"reproduce: {result.reproduce}")
            pytest.fail("\n".join(lines), pytrace=False)


class _KnownItem(_Item):
    def runtest(self) -> None:
        """Fail when something in the list of known failures matches no vector of the suite."""
        if idle := self.config.stash[_CASES].listing.idle:
            pytest.fail("\n".join(idle), pytrace=False)
