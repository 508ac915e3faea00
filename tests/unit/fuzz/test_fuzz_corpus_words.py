"""The dictionary: what is in it comes from the specification, and fuzzers can read it."""

from __future__ import annotations

import ast
import io
import re

from aprfmt import layout
from aprfmt.fuzz.corpus.words import LONGEST_WORD, Word, dictionary_text, words
from aprfmt.layout import facts
from aprfmt.layout._generated.metadata_schema import KEYS

FOUND = words()
RAW = {word.raw for word in FOUND}
NAMED = {word.name: word.raw for word in FOUND}


def test_words_are_short_and_different() -> None:
    assert len(RAW) == len(NAMED) == len(FOUND)
    assert all(0 < len(word.raw) <= LONGEST_WORD for word in FOUND)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", word.name) for word in FOUND)
    assert words() == FOUND


def test_magics_are_words() -> None:
    assert {facts.MAGIC, *facts.MAGIC_LOOKALIKES} <= RAW
    good = layout.build({"metadata": b"{}", "tensor_index": {"entries": []}})
    assert good.startswith(NAMED["beginning"])
    assert NAMED["beginning"].startswith(facts.MAGIC)


def test_every_flag_is_a_word_as_it_stands_in_a_header() -> None:
    for flag in layout.Flags:
        raw = layout.build(
            {"header": {"flags": layout.flags_tree(flag)}, "metadata": b"{}", "tensor_index": {"entries": []}}
        )
        start, stop = facts.spans_header(layout.parse_header(raw), 0)["flags"]
        assert NAMED[f"flag_{flag.name}"] == raw[start:stop]


def test_every_element_type_is_a_word_and_an_entry() -> None:
    for code, dtype in facts.DTYPE_FACTS.items():
        assert NAMED[f"dtype_{code}_{dtype.id}"] == bytes([code])
        index = io.BytesIO(NAMED[f"entry_{code}_{dtype.id}"])
        ((entry, span),) = layout.iter_entries(index, 1)
        assert (entry.dtype, entry.dims) == (code, (dtype.block_elems,))
        assert entry.len_tensor in layout.tensor_nbytes(code, entry.dims)
        assert span == (0, len(NAMED[f"entry_{code}_{dtype.id}"]))


def test_numbers_stand_on_both_sides_of_every_boundary() -> None:
    def word(number: int, bits: int) -> bytes:
        return number.to_bytes(bits // 8, "little")

    for bits in (16, 32, 64):
        assert {word(number, bits) for number in (0, (1 << bits) - 1)} <= RAW
    for bits in (32, 64):
        assert {word(number, bits) for number in (1, (1 << bits - 1) - 1, 1 << bits - 1)} <= RAW
        assert {word(facts.ALIGNMENT + step, bits) for step in (-1, 0, 1)} <= RAW
        assert {word(size, bits) for size in (facts.HEADER_SIZE, facts.FOOTER_SIZE)} <= RAW
    assert {word((1 << 53) - 1, 64), word(1 << 53, 64), word(1 << 32, 64)} <= RAW
    # Stated by the specification: the largest metadata without a warning, the longest name.
    assert {word((1 << 24) + step, 32) for step in (-1, 0, 1)} <= RAW
    assert {word(256 + step, 16) for step in (-1, 0, 1)} <= RAW


def test_every_known_key_is_a_piece_of_json() -> None:
    for key in KEYS:
        for value in (NAMED[f"key_{key.name}"], NAMED[f"null_{key.name}"]):
            assert value.startswith(f'"{key.name}":'.encode())
            assert value.endswith(b",")
    assert b'"rope_type":4294967296,' in RAW  # one more than its 32 bits hold
    assert b'"shard_index":1,' in RAW  # of a nested object


def test_the_text_is_what_fuzzers_read() -> None:
    text = dictionary_text([*FOUND, Word("odd", bytes(range(256)))])
    assert text.isascii()
    found = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, quoted = re.fullmatch(r'([A-Za-z0-9_]+)=("(?:[ !#-\[\]-~]|\\\\|\\"|\\x[0-9a-f]{2})*")', line).groups()  # type: ignore[union-attr] # a line that is none fails here
        found.append(Word(name, ast.literal_eval(f"b{quoted}")))
    assert found == [*FOUND, Word("odd", bytes(range(256)))]
