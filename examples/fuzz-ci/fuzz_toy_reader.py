"""The reader under atheris, which finds files by the code that they reach: anything but `RefusedError` is a finding.

python fuzz_toy_reader.py -max_total_time=60 -dict=corpus/apr_v2.dict found corpus/seeds
"""

from __future__ import annotations

import sys
from contextlib import suppress

import atheris

from aprfmt.testing import sealed

with atheris.instrument_imports(include=["toy_reader"]):
    import toy_reader

__all__ = ["one_input"]


def one_input(raw: bytes) -> None:
    """Read the bytes of a file that may be anything, and once more with a right header checksum: few get past that."""
    for file in (raw, sealed(raw)):
        with suppress(toy_reader.RefusedError):
            toy_reader.read(file)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
