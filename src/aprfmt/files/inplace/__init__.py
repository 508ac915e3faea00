"""Stamps in place: the few bytes that change, a journal beside the file meanwhile, and what to do after a cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .journal import journal_of, journal_path, refuse_journal

if TYPE_CHECKING:
    from .recovery import Recovered, recover, recover_file
    from .system import System
    from .writing import Refused, Written, block_nbytes, write_in_place

__all__ = [
    "Recovered",
    "Refused",
    "System",
    "Written",
    "block_nbytes",
    "journal_of",
    "journal_path",
    "recover",
    "recover_file",
    "refuse_journal",
    "write_in_place",
]

_LATE = {
    "Recovered": "recovery",
    "Refused": "writing",
    "System": "system",
    "Written": "writing",
    "block_nbytes": "writing",
    "recover": "recovery",
    "recover_file": "recovery",
    "write_in_place": "writing",
}
"""Whoever only asks whether there is a journal, as every command does, imports none of these."""


def __getattr__(name: str) -> Any:
    if name in _LATE:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
