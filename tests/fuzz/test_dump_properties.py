"""Laws of a dump: it shows all bytes and all findings of any file, and prints nothing that a terminal would obey."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.fuzz.test_span_properties import ANY_FILE, lenient
from tests.unit.cli.running import assert_printable

from aprfmt.cli.commands.dump import _json
from aprfmt.cli.hexdump import pieces
from aprfmt.layout import facts
from aprfmt.ops.dump import SHOWN_BYTES, Dump

LIMITS = st.sampled_from((None, 1, 16, SHOWN_BYTES))


@given(ANY_FILE, LIMITS)
@example(b"", None)
def test_every_byte_is_shown_or_counted(raw: bytes, limit: int | None) -> None:
    """Rows MUST hold the bytes of the file at their offsets, and what they lack MUST be counted."""
    dump = Dump(lenient(raw), limit=limit)
    at = 0
    for part in dump.parts():
        for offset, row in dump.rows(part, 16):
            assert offset == at
            assert row == raw[offset : offset + len(row)]
            at += len(row)
        at += part.n_left_out
    assert at == len(raw)


@given(ANY_FILE)
def test_every_finding_is_shown_once(raw: bytes) -> None:
    """Each finding MUST stand at one field, or among those that stand at none."""
    dump = Dump(lenient(raw))
    shown = Counter(finding for part in dump.parts() for finding in part.findings)
    assert shown + Counter(dump.findings_left()) == Counter(dump.report.findings)


@settings(max_examples=50)
@given(ANY_FILE, st.booleans(), st.booleans())
@example(b"APR\0" + b"\x1b" * 100, False, False)
def test_the_text_is_printable_and_names_every_rule(raw: bytes, tree: bool, diffable: bool) -> None:
    """Whatever a file holds, the text MUST be safe to print, and MUST say what is wrong."""
    dump = Dump(lenient(raw))
    text = "".join(pieces(dump, file="f", tree=tree, diffable=diffable, is_part=False))
    assert_printable(text)
    assert all(finding.rule in text for finding in dump.report.findings)


@settings(max_examples=50)
@given(ANY_FILE, st.booleans())
def test_json_is_json(raw: bytes, tree: bool) -> None:
    """The pieces MUST be one object in ASCII, whose fields divide the file."""
    text = "".join(_json(Dump(lenient(raw), limit=None), "f", tree=tree))
    assert text.isascii()
    value = json.loads(text)
    leaves = [field for field in value["fields"] if field["kind"] not in ("group", "bits")]
    assert sum(field["end"] - field["start"] for field in leaves) == len(raw)
    if not tree:
        assert bytes.fromhex("".join(field["hex"] for field in leaves)) == raw
    rules = {rule for field in value["fields"] for rule in field["rules"]}
    assert rules <= {finding["rule"] for finding in value["findings"]} <= set(facts.RULES)
    assert ("error" in value) == (not value["valid"])


@settings(max_examples=50)
@given(ANY_FILE)
def test_a_file_does_not_differ_from_itself(raw: bytes) -> None:
    """Two dumps of equal bytes MUST be equal, whatever the file is called."""
    texts = [
        "".join(pieces(Dump(lenient(raw)), file=name, tree=False, diffable=True, is_part=False)) for name in ("a", "b")
    ]
    assert texts[0] == texts[1]
