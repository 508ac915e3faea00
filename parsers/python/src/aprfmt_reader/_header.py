"""The header as a record."""

from __future__ import annotations

from dataclasses import dataclass

from ._errors import RequestError
from ._generated.facts import FLAGS

__all__ = ["Header"]

_BITS = {flag.name: 1 << flag.bit for flag in FLAGS if flag.width == 1}


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a file, by the names of the specification. Offsets count from the start of the file."""

    version_major: int
    version_minor: int
    flags: int
    """All bits as one integer; see `has` and `flag_names`."""
    num_tensors: int
    ofs_metadata: int
    len_metadata: int
    """Bytes of JSON, without filler."""
    ofs_tensor_index: int
    ofs_data: int
    checksum: int
    """CRC-32 of the other bytes of the header."""
    reserved: bytes

    def has(self, flag: str) -> bool:
        """Whether a flag is set, `quantized` say; raises `RequestError` for a name that is none."""
        if flag not in _BITS:
            raise RequestError(f"expected one of {', '.join(_BITS)}, found {flag!r}")
        return bool(self.flags & _BITS[flag])

    @property
    def flag_names(self) -> tuple[str, ...]:
        """The names of the flags that are set, from the least significant bit on."""
        return tuple(name for name, bit in _BITS.items() if self.flags & bit)
