"""Which single bit, when it was flipped, explains a checksum that does not match."""

from __future__ import annotations

from .. import layout
from ..checksum import Flip, locate_flip
from ..container import Container
from ..errors import printable, quoted
from ..spans import field_at

__all__ = ["flipped_in_file", "flipped_in_header"]

_MAX_DOUBT = 0.01
"""The most that a candidate may owe to chance: damage of another kind has one with this probability."""
_LONGEST = 100
"""Characters of a path or a name that a message shows."""


def flipped_in_header(container: Container, found: int) -> str:
    """What there is to add to a message about the header checksum, nothing when no single bit explains it."""
    start, stop = container.header_spans["checksum"]
    flip = locate_flip(container.header.checksum, found, layout.HEADER_SIZE - (stop - start))
    if flip is not None and flip.offset is not None and flip.offset >= start:
        # What is covered is the header without its checksum: the bytes behind it stand further on.
        flip = flip._replace(offset=flip.offset + stop - start)
    return _told(container, flip, start)


def flipped_in_file(container: Container, found: int, stored: int) -> str:
    """What there is to add to a message about the footer, nothing when no single bit explains it, or chance might."""
    covered = container.required_len
    if 8 * covered > _MAX_DOUBT * (1 << 32):
        return ""
    return _told(container, locate_flip(stored, found, covered), covered)


def _told(container: Container, flip: Flip | None, checksum_at: int) -> str:
    if flip is None:
        return ""
    byte, bit = divmod(flip.bit, 8)  # of the stored checksum, which has its least significant byte first
    offset = checksum_at + byte if flip.offset is None else flip.offset
    place = field_at(container, offset)
    where = "" if place is None else f", in {_shown(place.path)}"
    if place is not None and place.tensor is not None and place.path == "tensor_data":
        where += f" of tensor {quoted(place.tensor, _LONGEST)}"
    return f"; one flipped bit would explain it: bit {bit} of byte {offset:#x}{where}"


def _shown(path: str) -> str:
    """The path, which may end with a key of the metadata, in one short line."""
    return printable(path[:_LONGEST]) + ("…" if len(path) > _LONGEST else "")
