"""Extended attributes of files, access control lists among them, where the system has any."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ..errors import printable
from .sources import StrPath

__all__ = ["attribute_names", "has_list", "keep_attributes", "lost_attributes"]

_LIST = "system.posix_acl_access"
"""An access control list of Linux: the permission bits of the group are then the most that anybody in it has."""
_OF_THE_SYSTEM = "security."
"""What the system gives to files by itself begins so."""
_REFUSALS = frozenset(
    getattr(errno, name, -1) for name in ("ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EPERM", "EACCES", "ENODATA")
)
"""What systems say of attributes that they do not have, or that are not this user's to set."""
_MOST_NAMED = 8


def attribute_names(path: StrPath) -> frozenset[str]:
    """The names of the attributes of a file, without those of the system; none where there are no attributes."""
    with suppress(OSError, AttributeError):
        return frozenset(name for name in os.listxattr(path) if not name.startswith(_OF_THE_SYSTEM))
    return frozenset()


def has_list(path: StrPath) -> bool:
    """Whether a file has an access control list."""
    return _LIST in attribute_names(path)


def keep_attributes(path: Path, replaced: Path) -> bool:
    """Give a file the attributes of the one that it is to replace, but for those that this user may not set.

    A list that its folder gave it goes, when the replaced file has none. Returns whether the file has the list of the
    other one, if that has any: without it, the permission bits say more than was allowed. Raises `OSError` as the
    system reports it, when there is no room for them.
    """
    listed, get, put, remove = (getattr(os, f"{verb}xattr", None) for verb in ("list", "get", "set", "remove"))
    if listed is None or get is None or put is None or remove is None:
        return True
    try:
        names = listed(replaced)
        for name in {*listed(path)} - {*names}:
            with suppress(OSError):
                remove(path, name)
    except OSError as error:
        if error.errno in _REFUSALS:
            return True
        raise
    for name in names:
        try:
            put(path, name, get(replaced, name))
        except OSError as error:
            if error.errno not in _REFUSALS:
                error.filename = str(replaced)
                raise
    return _LIST not in names or has_list(path)


def lost_attributes(names: Collection[str], path: StrPath) -> tuple[str, ...]:
    """A note on the attributes of these names that a file does not have, if there are any."""
    lost = sorted({*names} - attribute_names(path))
    if not lost:
        return ()
    named = ", ".join(map(printable, lost[:_MOST_NAMED]))
    more = f" and {len(lost) - _MOST_NAMED} more" if len(lost) > _MOST_NAMED else ""
    return (f"extended attributes of the input that the output does not have: {named}{more}",)
