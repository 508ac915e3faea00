"""The harness of each column as a fixture, built and started once a session.

A column whose toolchain this machine does not have is skipped loudly; APRFMT_REQUIRE_TOOLCHAINS=1 makes that a failure.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from tests.parsers.readers import Reader, started
from tools.conformance.columns import COLUMNS, ROOT, Column, carry_out, environment

BY_NAME = {column.name: column for column in COLUMNS}


@pytest.fixture(scope="session", autouse=True)
def _at_the_root() -> Iterator[None]:
    """The commands of the table are those of the root of the checkout, with this Python as `python`."""
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(ROOT):
        patch.setenv("PATH", environment()["PATH"])
        yield


@cache
def _failure(name: str) -> str:
    """Build a column, so that nothing old is asked; what went wrong, empty when nothing did."""
    return carry_out(BY_NAME[name], "build").failure


def require_built(column: Column) -> None:
    """Skip the test, or let it fail, where a column cannot be asked."""
    if column.missing:
        why = f"column {column.name}: no {column.missing} on this machine"
        if os.environ.get("APRFMT_REQUIRE_TOOLCHAINS") == "1":
            pytest.fail(f"{why}, and APRFMT_REQUIRE_TOOLCHAINS=1 asks for it", pytrace=False)
        pytest.skip(why)
    if failure := _failure(column.name):
        pytest.fail(f"column {column.name}: {failure}", pytrace=False)


@pytest.fixture(scope="session")
def reader_of(_at_the_root: None) -> Iterator[Callable[[str], Reader]]:
    """Gives the reader of a column by its name, the same one every time."""
    with ExitStack() as stack:
        readers: dict[str, Reader] = {}

        def find(name: str) -> Reader:
            if name not in readers:
                require_built(BY_NAME[name])
                readers[name] = stack.enter_context(started(BY_NAME[name]))
            return readers[name]

        yield find


@pytest.fixture
def reader(request: pytest.FixtureRequest, reader_of: Callable[[str], Reader]) -> Reader:
    """The reader of the column that the test is parametrised with."""
    return reader_of(request.param)


@pytest.fixture(scope="session")
def readers(reader_of: Callable[[str], Reader]) -> list[Reader]:
    """The readers of all columns that are built; those that are not are missed by the tests of one column."""
    return [reader_of(column.name) for column in COLUMNS if not column.missing]
