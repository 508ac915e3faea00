"""What is asked for of a stamp beside the patch: how it is written, what is checked on the way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from ...errors import RequestError
from ...footers import Verify
from ...patch import MetadataPatch
from ...source import Progress
from ..sources import StrPath

__all__ = ["Layout", "Order", "WriteOptions"]

Layout: TypeAlias = Literal["canonical", "growable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """How a stamped file is written; what is None is chosen by what is written.

    `verify`: what is checked, see `Verify`. Unless given, FULL where the data is copied, or where there is a proof to
    make, and HEAD in place.

    `layout`: where the sections lie. "canonical" has as few zeros between them as the format allows, and the bytes that
    the reference writes; it is what a copy has unless something else is asked for, and a file in place is replaced by
    a new one for it. "growable" keeps the room behind the metadata and moves the data by whole blocks of the file
    system only; it is what a file in place has, of which the head and the footer alone are written then, under a
    journal, whatever its size. Where the system inserts no blocks, a new file is written, and a note says so.

    `reserve` is the room in bytes that is left for later stamps, in the growable layout. A file with other hard links
    is not stamped in place unless `allow_hardlinks`: then they see the stamp too, or, where a new file is written, keep
    what was there. `preserve_mtime` gives the stamped file the time of the last change of the input. A file without a
    footer gets one, for which every byte is read, unless `keep_footerless`, in the growable layout.
    """

    verify: Verify | None = None
    layout: Layout | None = None
    reserve: int = 0
    allow_hardlinks: bool = False
    preserve_mtime: bool = False
    keep_footerless: bool = False

    def __post_init__(self) -> None:
        """Raises `TypeError` for values of another kind, `RequestError` for a layout that there is not."""
        if not (self.verify is None or isinstance(self.verify, Verify)):
            raise TypeError(f"verify: expected a member of Verify, found {self.verify!r}")
        if not isinstance(self.reserve, int):
            raise TypeError(f"reserve: expected a number of bytes, found {self.reserve!r}")
        if self.layout not in (None, *get_args(Layout)):
            raise RequestError(f"layout: expected {' or '.join(get_args(Layout))}, found {self.layout!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A stamp that is asked for, as `stamp_file` takes it."""

    src: StrPath
    dst: StrPath | None = None
    patch: MetadataPatch
    in_place: bool = False
    force: bool = False
    dry_run: bool = False
    drop_trailing: bool = False
    accept: Collection[str] = ()
    prove: bool = False
    options: WriteOptions = WriteOptions()
    progress: Progress | None = None

    def __post_init__(self) -> None:
        """Raises `RequestError` for an order that cannot be followed, and for one that has no use."""
        options = self.options
        if not isinstance(options, WriteOptions):
            raise TypeError(f"options: expected WriteOptions, found {options!r}")
        if self.in_place and self.dst is not None:
            raise RequestError(f"expected no output for a stamp in place, found {self.dst}")
        if self.dst is None and not (self.in_place or self.dry_run):
            raise RequestError("expected a path for the output, found none")
        if self.prove and options.verify is Verify.HEAD:
            raise RequestError("a proof needs every byte read: expected another way to verify, found head")
        if options.allow_hardlinks and not self.in_place:
            raise RequestError("allow_hardlinks: expected a stamp in place, found a copy")
        for name in ("reserve", "keep_footerless"):
            if getattr(options, name) and self.layout != "growable":
                raise RequestError(f"{name}: expected the layout growable, found {self.layout}")

    @property
    def layout(self) -> Layout:
        """The layout that the stamped file has."""
        return self.options.layout or ("growable" if self.in_place else "canonical")

    @property
    def verify(self) -> Verify:
        """What is checked."""
        if self.options.verify is not None:
            return self.options.verify
        return Verify.HEAD if self.writes_head and not self.prove else Verify.FULL

    @property
    def writes_head(self) -> bool:
        """Whether head and footer alone are written, where the system can."""
        return self.in_place and self.layout == "growable"

    def checking_all(self) -> Order:
        """The same, with every byte checked."""
        return self if self.verify.reads_data else replace(self, options=replace(self.options, verify=Verify.FULL))
