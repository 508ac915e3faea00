"""The footer of a changed file, from the old footer and both heads, without a look at the data between them.

A CRC-32 is linear: of a head and n bytes of data it is `shift(crc(head), n) ^ crc(data)`, where a shift is what n bytes
behind make of a checksum. With the same data behind another head, the checksum changes by
`shift(crc(old head) ^ crc(new head), n)`, whatever the data are.

Rules of this file:
1. What is derived is as wrong as what it is derived from: `stored ^ true` stays the same to the bit. Damage that the
   old footer shows, the new one shows too, and a footer that was right is right.
2. Nothing is derived from nothing: a file without a footer needs its data read, or stays without.
"""

from __future__ import annotations

from enum import Enum

from .checksum import crc32_combine

__all__ = ["Verify", "claimed_crc32", "derived_footer"]


class Verify(Enum):
    """What is checked while a stamped copy is written. In each of them, head and footer are read back and compared.

    FULL: every byte of the data is read once and held against the footer of the source, whatever way it is copied; a
    source that does not match is refused. Costs next to nothing where the bytes are read to be written.

    HEAD: nothing is checked of the data, and the footer is derived. A file system that shares blocks copies any size
    in milliseconds. A damaged source gives a copy that is damaged in the same bytes, with a footer that shows it.

    READBACK: as FULL, and then every byte written is read again, from the disk where the system can drop what it has
    cached. Costs one more pass; finds a disk that does not hold what it took.
    """

    FULL = "full"
    HEAD = "head"
    READBACK = "readback"

    @property
    def reads_data(self) -> bool:
        """Whether every byte of the data is read and held against the footer."""
        return self is not Verify.HEAD

    @property
    def reads_output(self) -> bool:
        """Whether every byte of the output is read again."""
        return self is Verify.READBACK


def claimed_crc32(stored: int, head_crc32: int, data_nbytes: int) -> int:
    """The CRC-32 that `data_nbytes` bytes of data have if `stored`, the footer behind them, is right about them.

    `head_crc32` is that of all bytes before the data. It is wrong by the same bits as `stored` is.
    """
    return crc32_combine(head_crc32, stored, data_nbytes)


def derived_footer(stored: int, old_head_crc32: int, new_head_crc32: int, data_nbytes: int) -> int:
    """The footer of the same data behind another head, which may be of another length.

    `stored` is the footer of the old file, whether or not it is right; the heads are all bytes before the data, and
    `data_nbytes` all bytes from there to the footer. `stored ^ true` is the same before and after.
    """
    return crc32_combine(old_head_crc32 ^ new_head_crc32, stored, data_nbytes)
