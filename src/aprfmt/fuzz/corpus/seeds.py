"""A seed corpus and a dictionary for fuzzers that learn from coverage: AFL++, libFuzzer, atheris, Go's own.

The seeds are the files of the conformance vectors that are small, what stamps and writers must make of them, and the
smallest file for every element type, flag and known key of the metadata. A fuzzer that begins with them has passed
every branch that a rule of the format guards, and mutates from there.

Rules of this file:
1. The same recipes give the same files, name by name and byte by byte.
2. No bytes occur twice: of equal files the first one stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from ... import layout
from ...errors import RequestError
from ...layout import facts
from ...layout._generated.metadata_schema import KEYS
from ...vectors import Suite, Vector
from ...vectors.check import expected_output
from .words import Word, dictionary_text, words

__all__ = ["DICTIONARY", "GO_TARGET", "SEED_NBYTES", "Corpus", "Seed", "go_seed", "make_corpus"]

SEED_NBYTES = 4096
"""The most bytes of a seed. Fuzzers mutate small files better: a byte that they change is then one that matters."""
DICTIONARY = "apr_v2.dict"
GO_TARGET = "FuzzRead"
"""The target of the Go reader of this project."""
_GO_TARGET = re.compile(r"Fuzz(?:[A-Z0-9_][A-Za-z0-9_]*)?")


class Seed(NamedTuple):
    """A file to begin with."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Corpus:
    """Files to begin with in the order of their names, and the words of the format.

    `left_out` are the vectors whose files are too large or full of holes, or the same as another seed.
    """

    edition: str
    seeds: tuple[Seed, ...]
    words: tuple[Word, ...]
    left_out: tuple[str, ...]

    def files(self, go_target: str = GO_TARGET) -> Iterator[tuple[str, bytes]]:
        """Path below the folder of the corpus, with `/`, and bytes of every file; the seeds also as Go reads them.

        Raises `RequestError` for what is no name of a fuzz target in Go.
        """
        if not _GO_TARGET.fullmatch(go_target):
            raise RequestError(f"expected the name of a fuzz target in Go, such as FuzzRead, found {go_target!a}")
        for seed in self.seeds:
            yield f"seeds/{seed.name}.apr", seed.raw
        for seed in self.seeds:
            yield f"testdata/fuzz/{go_target}/{seed.name}", go_seed(seed.raw)
        yield DICTIONARY, dictionary_text(self.words).encode("ascii")


def make_corpus(suite: Suite) -> Corpus:
    """The corpus of a suite: its vectors that are small, what must be made of them, and the smallest files."""
    found: dict[bytes, Seed] = {}
    left_out = []
    for vector in suite.vectors.values():
        seeds = list(_of_vector(suite, vector))
        new = [seed for seed in seeds if found.setdefault(sha256(seed.raw).digest(), seed) is seed]
        if not new:
            left_out.append(vector.id)
    for seed in _smallest():
        found.setdefault(sha256(seed.raw).digest(), seed)
    return Corpus(suite.digest, tuple(sorted(found.values())), words(), tuple(left_out))


def _of_vector(suite: Suite, vector: Vector) -> Iterator[Seed]:
    """The file of a vector and the one that must be made of it, if they are small."""
    if vector.base is not None:
        image = suite.image(vector.id)
        if image.is_sparse or image.size > SEED_NBYTES:
            return
        yield Seed(vector.id, image.whole())
    if vector.op != "read" and vector.verdict == "accept":
        made = expected_output(suite, vector)
        if len(made) <= SEED_NBYTES:
            yield Seed(f"{vector.id}.expected", made)


def _smallest() -> Iterator[Seed]:
    """The smallest file for each element type, each flag, and each known key of the metadata."""
    for code, dtype in facts.DTYPE_FACTS.items():
        nbytes = layout.tensor_nbytes(code, (dtype.block_elems,))[0]
        entry = {"name": b"a", "dtype": code, "dims": [dtype.block_elems], "ofs_tensor": 0, "len_tensor": nbytes}
        data = bytes(layout.align_up(nbytes, layout.ALIGNMENT))
        yield Seed(f"smallest.dtype.{code}", _built(b"{}", entries=[entry], tensor_data=data))
    for flag in layout.Flags:
        header = {"flags": layout.flags_tree(flag)}
        yield Seed(f"smallest.flag.{str(flag.name).lower()}", _built(b"{}", header=header))
    for key in KEYS:
        for name, value in (("null", "null"), ("number", "0"), ("text", '""'), ("object", "{}"), ("truth", "true")):
            yield Seed(f"smallest.key.{key.name}.{name}", _built(f'{{"{key.name}":{value}}}'.encode()))


def _built(metadata: bytes, *, entries: list[layout.Tree] | None = None, **given: object) -> bytes:
    return layout.build({"metadata": metadata, "tensor_index": {"entries": entries or []}, **given})


def go_seed(raw: bytes) -> bytes:
    """A seed as `go test` reads it from `testdata/fuzz`, for a target that is given one slice of bytes."""
    text = "".join(map(_in_go, raw))
    return f'go test fuzz v1\n[]byte("{text}")\n'.encode("ascii")


def _in_go(byte: int) -> str:
    text = chr(byte)
    if text in '"\\':
        return "\\" + text
    return text if " " <= text <= "~" else f"\\x{byte:02x}"
