"""Mutants that no file tells from the original, each with the reason, by their place and what is changed there.

An entry for a mutant that is not there, or that a vector kills, is an error: `aprfmt vectors adequacy` says so.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["EQUIVALENT", "LIMITS"]

LIMITS = "what a reader is willing to spend is its own choice, so either verdict is right"
"""Why no vector needs to kill a mutant of nothing but APR-L001."""

_SIZE_TOO = "a tensor that begins outside the file also ends there, which its size says under the same rule"
_NOT_NEGATIVE = "APR-S003 is judged before: the data begins in the file, and the difference is not negative"
_IN_THE_FILE = "APR-D001 is judged before: every tensor lies in the file, and no sum comes near 2^64"
_SAME_SIZES = "the sizes that are allowed are the same, one of them twice"
_OVERLAPS = "a tensor that does not end behind the furthest one overlaps it: the rule is broken already"
_NOTHING_IN_IT = "only a stretch more is looked at that is empty"
_SAME_FILLER = "a pass over everything sees the same filler, and its checksum is asked for when the footer is whole"
_READS_ALL = "files are judged with all their bytes here"
_FOOTER_THERE = "APR-F003 is judged before: there is a footer"
_THIRD_BIT = "one bit that moves an offset by the length of a footer is bit 2 of its first byte"
_ENTRIES_END = "the entries are read next, and end too early; of too many, a limit may say so instead"
_NEWER_ARE_LARGER = "ids that took the place of others are larger than those"
_QUICK_TEST = "a quick test: what is looked at instead decides the same"
_FINITE = "an integer of so few digits is no infinity"
_LOOP_DECIDES = "the loop that follows, and looks for the place, counts the levels again"
_WIDTH_IS_SAID = "every integer of the schema has a width"
_WIDE_BY_VALUE = "the value says the same; it is not read when its length says it"
_NO_INTEGER = "an object begins with a key or a bracket, and ends with a bracket"
_ONLY_SAID = "how many there are is said, and nothing else"
_NO_NAME = "what is all zero would be an entry without a name, and is none"

_BY_PLACE: Mapping[str, Mapping[str, str]] = {
    "APR-S002 APR-S005 facts.check_header": {
        "this.ofs_metadata + this.len_metadata → modulo 2^64": "APR-S001 is judged before: it begins in the file",
    },
    "APR-S004… container.Container._look_through": {
        "position += len(piece) → left out": "where something lies that is not zero is said; that it does is decided",
    },
    "APR-M001 jsontext.JsonText.__init__": {
        "not raw → never": "the size in the header says it under the same rule, and what needs the text is not judged",
    },
    "APR-M003 APR-M004 jsontext.JsonText._skip": {
        "space is None → never": "an expression that takes no character too always matches",
    },
    "APR-M003 jsontext.JsonText._refuse_lone_surrogates": {
        "_SURROGATE.search(self.text) is None → never": _QUICK_TEST,
    },
    "APR-M003 jsontext.JsonText.members": {
        "rest != len(self.text) → <": "no position is behind the end of the text",
    },
    "APR-M003 jsontext._integer": {
        "len(literal) >= _MAX_DIGITS → _MAX_DIGITS - 1": _FINITE,
        "len(literal) >= _MAX_DIGITS → always": _FINITE,
    },
    "APR-M005 jsontext.JsonText._refuse_depth": {
        "0 → 1": "a text without brackets has no level, and one level is as good",
        "max(accumulate(map(_STEP.__getitem__, brackets)), default=0… → <": _LOOP_DECIDES,
        "max(accumulate(map(_STEP.__getitem__, brackets)), default=0… → never": _LOOP_DECIDES,
        "text.count('[') + text.count('{') <= max_nesting → <": _LOOP_DECIDES,
        "text.count('[') + text.count('{') <= max_nesting → never": _LOOP_DECIDES,
    },
    "APR-M006 metadata._is_of_kind": {
        "key.bits or 0 → 1": _WIDTH_IS_SAID,
        "key.bits or 0 → without 0": _WIDTH_IS_SAID,
    },
    "APR-M008 APR-M009 jsonwalk._TOKEN": {
        "[-+.eE0-9] without .": "a number has one point at most, and what follows it is read from there on",
        "[\\[\\]{},] without ,": "commas count places in arrays, for messages",
    },
    "APR-M008 APR-M009 jsonwalk._decoded": {
        "'\\\\' in text → always": "a text without escapes is decoded to itself",
    },
    "APR-M008 APR-M009 jsonwalk._walk": {
        "_TOKEN.finditer(raw) → without the last": "the last one is the bracket that ends the metadata",
    },
    "APR-M009 jsonwalk._is_wide": {
        "len(literal.lstrip(b'-')) > _MAX_DIGITS or not _LOWEST <= i… "
        "→ without len(literal.lstrip(b'-')) > _MAX_DIGITS": _WIDE_BY_VALUE,
        "len(literal.lstrip(b'-')) > _MAX_DIGITS → _MAX_DIGITS + 1": _WIDE_BY_VALUE,
        "literal.lstrip(b'-') → without lstrip": _WIDE_BY_VALUE,
    },
    "APR-M009 jsonwalk.wide_integers": {
        "_walk(raw) → without the first": _NO_INTEGER,
        "_walk(raw) → without the last": _NO_INTEGER,
    },
    "APR-I001 container.Container._read_tensors": {
        "count * layout.TENSOR_INDEX_ENTRY_MIN_SIZE → without layout.TENSOR_INDEX_ENTRY_MIN_SIZE": _ENTRIES_END,
        "layout.TENSOR_INDEX_ENTRY_MIN_SIZE → layout.TENSOR_INDEX_ENTRY_MIN_SIZE - 1": _ENTRIES_END,
        "needed > stop - start → stop - start + 1": _ENTRIES_END,
        "stop - start → without start": _ENTRIES_END,
    },
    "APR-I002… rules.fields.entry_fields": {
        "container.tensors → without the last": "of the list only entries before another one are looked up",
    },
    "APR-I008 rules.index.dtype_id_legacy": {"known.canonical_code != known.code → >": _NEWER_ARE_LARGER},
    "APR-I010 rules.index.dtype_id_ambiguous": {"known.canonical_code == known.code → <=": _NEWER_ARE_LARGER},
    "APR-I011 rules.index.name_control_characters": {"tensor.name.isprintable() → never": _QUICK_TEST},
    "APR-S006… rules.case.Case.uncounted": {
        "self.filler_residue(at, stop) == at → <=": "nothing that is not zero ends before the place looked from",
        "self.filler_residue(at, stop) == at → never": _NO_NAME,
        "number + 1 → 2": _ONLY_SAID,
        "number + 1 → without number": _ONLY_SAID,
    },
    "APR-D001 APR-D005 facts.check_tensor_index_entry": {
        "root.len_file - root.header.ofs_data → modulo 2^64": _NOT_NEGATIVE,
        "root.len_file - root.header.ofs_data → without root.header.ofs_data": _SIZE_TOO,
        "this.ofs_tensor → the lower 32 bits": f"{_SIZE_TOO}; the grid is in the lower bits",
    },
    "APR-D001 facts.check_tensor_index_entry": {
        "low <= value <= high → high + 1 at the upper end": _SIZE_TOO,
        "not low <= value <= high → never": _SIZE_TOO,
        "root.len_file - root.header.ofs_data - this.ofs_tensor → modulo 2^64": (
            "it is negative for a tensor that begins outside the file, which is found already under the same rule"
        ),
        "root.len_file - root.header.ofs_data → modulo 2^64": _NOT_NEGATIVE,
    },
    "APR-D002 layout.model.block_nbytes": {
        "by_row == flat → <=": "rows filled up take no less than rows that run on",
        "by_row == flat → never": _SAME_SIZES,
        "facts.scale_bytes == 0 → 1": _SAME_SIZES,
        "facts.scale_bytes == 0 → never": _SAME_SIZES,
        "rows * -(-columns // facts.block_elems) * facts.block_bytes… → without facts.scale_bytes": (
            "no type whose rows may be filled up has a scale"
        ),
    },
    "APR-D003 rules.data.overlap": {
        "furthest is None or tensor.file_span[1] > furthest.file_spa… → always": _OVERLAPS,
        "furthest.file_span[1] → [0] #2": _OVERLAPS,
        "tensor.file_span[1] > furthest.file_span[1] → >=": _OVERLAPS,
    },
    "APR-D004 container.Container.footer": {
        "size < start → <=": "a file that ends with its data has no footer, and is not asked for one",
    },
    "APR-S004… rules.case.Case._is_whole": {
        "footer[1] <= size → size + 1": _SAME_FILLER,
        "footer[1] → [0]": _SAME_FILLER,
        "self._reads_all and footer is not None and (footer[1] <= si… → without footer[1] <= size": _SAME_FILLER,
        "self._reads_all and footer is not None and (footer[1] <= si… → without self._reads_all": _READS_ALL,
    },
    "APR-S004… rules.case.Case.data": {"self._is_whole → always": _SAME_FILLER},
    "APR-S004… rules.case._residues": {
        "span[0] → [1]": "where the stretch begins is said; that there is one is decided"
    },
    "APR-S004… rules.case._seen": {
        "start >= end → >": _NOTHING_IN_IT,
        "start >= end → never": _NOTHING_IN_IT,
    },
    "APR-S004… rules.case.unclaimed": {
        "first > at → >=": _NOTHING_IN_IT,
        "first > at → always": f"{_NOTHING_IN_IT}, or would end before it begins",
        "stop > at → >=": _NOTHING_IN_IT,
        "stop > at → always": _NOTHING_IN_IT,
    },
    "APR-F002 rules.footer.footer_wrong": {
        "footer is not None and found is not None → always": f"{_FOOTER_THERE}; {_READS_ALL}",
        "footer is not None and found is not None → without footer is not None": _FOOTER_THERE,
        "footer is not None and found is not None → without found is not None": _READS_ALL,
    },
    "APR-F005 rules.footer._hiding": {
        "change.bit_count() == 1 → <=": "two offsets that differ differ in one bit at least",
        "ends[-1][0] - layout.FOOTER_SIZE → modulo 2^64": "the tensor does not begin before the length of a footer",
        "last.data_offset - layout.FOOTER_SIZE → modulo 2^64": "below zero it wraps to one that differs in 62 bits",
        "layout.align_up(item.nbytes, layout.ALIGNMENT) + item.data_… → modulo 2^64": _IN_THE_FILE,
        "len(ends) == 1 → <=": "there is a tensor, so there is an end",
    },
    "APR-F005 rules.footer.footer_hidden": {
        "bit % 8 → half the modulus": _THIRD_BIT,
        "bit % 8 → twice the modulus": _THIRD_BIT,
        "bit // 8 → 7": _THIRD_BIT,
        "bit // 8 → 9": _THIRD_BIT,
        "span[0] + bit // 8 → without bit // 8": _THIRD_BIT,
    },
}

EQUIVALENT: Mapping[str, str] = {
    f"{place}: {change}": reason for place, changes in _BY_PLACE.items() for change, reason in changes.items()
}
"""By the id of the mutant."""
