"""The magic file and the MIME package: every place, width and word is that of the specification.

What the real programs say of them is in `tests/unit/test_exports.py`.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest
from tests.unit.codegen.shelf import SHELF

from aprfmt.codegen import emit_magic, ksy
from aprfmt.codegen.errors import CodegenError
from aprfmt.layout import Header, facts

ROOT = Path(__file__).resolve().parents[3]
KSY = (ROOT / "spec" / "apr_v2.ksy").read_text(encoding="utf-8")
XMLNS = "{http://www.freedesktop.org/standards/shared-mime-info}"

SHELF_MAGIC = r"""# SPDX-License-Identifier: MIT
# Shelf v7: magic for file(1). How to use it: exports/README.md

0	string	=SHF\000
>6	uleshort	=770	Shelf v7
!:mime	application/x-shf
!:ext	shf
# The last byte of what is always there: without it the file is cut off.
>>27	ubyte	x
>>>8	ulelong	x	\b, edition 770.%u
>>>14	uleshort	=1	\b, 1 lot
>>>14	uleshort	!1	\b, %u lots
>>>16	ulelong	x	\b, %u bytes of title
>>>20	ulequad	x	\b, goods at byte %llu
>>>12	uleshort&0xfffe	!0	\b, marks:
>>>>12	uleshort&0x2	!0	signed
>>>>12	uleshort&0x1c	!0	level %#x
>>>>12	uleshort&0xffe0	!0	rest %#x
>>0	default	x	\b, truncated
>6	default	x	SHF file
>>6	uleshort	x	\b, edition_major is %u instead of 770
>>0	default	x	\b, truncated

# Other files that begin alike; a text that does so is a text.
0	string/b	=SHF1	SHF file of long ago
0	string/b	=B\134K\045	SHF file, 100%% paper
"""

SHELF_MIME = """<!-- SPDX-License-Identifier: MIT -->
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="application/x-shf">
    <comment>Shelf v7</comment>
    <generic-icon name="package-x-generic"/>
    <magic priority="50">
      <match type="string" value="SHF\\000" offset="0">
        <match type="little16" value="770" offset="6"/>
      </match>
    </magic>
    <glob pattern="*.shf"/>
  </mime-type>
</mime-info>
"""


@cache
def magic_of(source: str) -> str:
    return emit_magic.emit(ksy.load(source))


@cache
def mime_of(source: str) -> str:
    return emit_magic.emit_mime(ksy.load(source))


def edited(old: str, new: str) -> str:
    assert old in SHELF
    return SHELF.replace(old, new)


def test_what_a_small_specification_becomes() -> None:
    assert magic_of(SHELF) == SHELF_MAGIC
    assert mime_of(SHELF) == SHELF_MIME


HEADER = Header(
    magic=facts.MAGIC,
    version_major=facts.VERSION_MAJOR,
    version_minor=facts.VERSION_MINOR,
    flags=facts.Flags(0),
    num_tensors=0,
    ofs_metadata=0,
    len_metadata=0,
    ofs_tensor_index=0,
    ofs_data=0,
    checksum=0,
    reserved=b"",
)


def test_the_places_of_the_magic_file_are_those_of_the_facts() -> None:
    spans = facts.spans_header(HEADER, 0)
    kinds = {1: "ubyte", 2: "uleshort", 4: "ulelong", 8: "ulequad"}
    lines = [line.split("\t") for line in magic_of(KSY).splitlines() if re.match(r"[>0-9]", line)]

    def of(words: str) -> tuple[int, str]:
        (found,) = [line for line in lines if words in line[-1]]
        return int(found[0].lstrip(">")), found[1].partition("&")[0]

    for words, name in {
        "APR v2 model container": "version_major",
        "version 2.%u": "version_minor",
        "%u tensors": "num_tensors",
        "bytes of metadata": "len_metadata",
        "data at byte": "ofs_data",
        "flags:": "flags",
        "version_major is": "version_major",
    }.items():
        start, end = spans[name]
        assert of(words) == (start, kinds[end - start]), name
    assert [">>" + str(facts.HEADER_SIZE - 1), "ubyte", "x"] in lines


def test_every_flag_is_named_with_its_mask_except_the_usual_one() -> None:
    found = dict(re.findall(r"uleshort&(0x[0-9a-f]+)\t!0\t(\w+)", magic_of(KSY)))
    shown = {name: (1 << bits) - 1 << at for name, at, bits in facts.FLAGS_BITS if name != "layout_row_major"}
    assert {name: int(mask, 16) for mask, name in found.items()} == shown
    (every,) = re.findall(r"uleshort&(0x[0-9a-f]+)\t!0\t\\b, flags:", magic_of(KSY))
    assert int(every, 16) == sum(shown.values())


def test_only_lookalikes_of_the_family_are_told_apart() -> None:
    found = re.findall(r"^0\tstring/b\t=(\w+)\t(.*)$", magic_of(KSY), re.MULTILINE)
    wanted = {raw.decode(): name for raw, name in facts.MAGIC_LOOKALIKES.items() if "APR" in name}
    assert found == [(raw, re.sub("^an? ", "", name)) for raw, name in wanted.items()]
    assert "APRN" in wanted
    assert "GGUF" not in wanted


def test_the_mime_package_asks_for_the_magic_and_the_version() -> None:
    spans = facts.spans_header(HEADER, 0)
    (kind,) = ET.fromstring(mime_of(KSY)).iter(f"{XMLNS}mime-type")  # noqa: S314 - made by this test
    assert kind.get("type") == "application/x-apr"
    outer, inner = kind.iter(f"{XMLNS}match")
    assert outer.attrib == {"type": "string", "value": "APR\\000", "offset": str(spans["magic"][0])}
    assert outer.get("value", "").encode().decode("unicode_escape").encode("latin-1") == facts.MAGIC
    place = str(spans["version_major"][0])
    assert inner.attrib == {"type": "byte", "value": str(facts.VERSION_MAJOR), "offset": place}
    assert [glob.get("pattern") for glob in kind.iter(f"{XMLNS}glob")] == ["*.apr"]


def test_both_call_the_format_the_same() -> None:
    (said,) = re.findall(r"^!:mime\t(.*)$", magic_of(KSY), re.MULTILINE)
    assert f'type="{said}"' in mime_of(KSY)
    (extension,) = re.findall(r"^!:ext\t(.*)$", magic_of(KSY), re.MULTILINE)
    assert f'pattern="*.{extension}"' in mime_of(KSY)


def test_a_specification_without_a_version_is_known_by_its_contents() -> None:
    source = edited("valid: {eq: 770, -rule: T-002}, ", "")
    text = magic_of(source)
    assert "0\tstring\t=SHF\\000\tShelf v7\n!:mime" in text
    assert ">0\tdefault\tx\t\\b, truncated" in text
    assert "instead of" not in text
    assert mime_of(source).count("<match") == 1


def test_a_landmark_of_eight_bytes_is_bytes_for_the_mime_database() -> None:
    source = edited("type: u4, doc: Which print.", "type: u8, valid: {eq: 258, -rule: T-003}, doc: Which print.")
    source = source.replace("size: 28", "size: 32")
    assert '<match type="string" value="\\002\\001\\000\\000\\000\\000\\000\\000" offset="8"/>' in mime_of(source)
    assert ">>8\tulequad\t=258\tShelf v7\n" in magic_of(source)


def test_a_warning_is_no_landmark() -> None:
    source = edited("{id: edition_minor, type: u4,", "{id: edition_minor, type: u4, -warn: [{eq: 4, rule: T-004}],")
    assert magic_of(source) == SHELF_MAGIC


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("file-extension: shf, ", "", "/meta/file-extension: expected lower-case letters and digits, found ''"),
        (
            "file-extension: shf",
            "file-extension: .shf",
            "/meta/file-extension: expected lower-case letters and digits, found '.shf'",
        ),
        ("license: MIT, ", "", "/meta/license: expected a licence, for what is made to be copied"),
        (
            'contents: ["SHF", 0]',
            'contents: ["SH", 255, 0]',
            "/types/head/seq/0/contents: expected letters and digits, found b'SH\\xff\\x00'",
        ),
        (
            "title: Shelf v7,",
            f"title: {'Shelf ' * 11},",
            f"/meta/title: `file` shows 63 bytes of a message, not all of '{('Shelf ' * 11).strip()}'",
        ),
    ],
)
def test_what_cannot_be_said_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(CodegenError) as caught:
        magic_of(edited(old, new))
    assert str(caught.value) == said


def test_a_file_that_begins_with_nothing_of_its_own_is_refused() -> None:
    source = edited('contents: ["SHF", 0]', "size: 4").replace("-rule: T-001", "-fill: {byte: 0}")
    source = re.sub(r" +-lookalikes:\n( +- \{bytes.*\n)+", "", source)
    with pytest.raises(CodegenError, match=r"^/seq: expected a file that begins with fixed contents$"):
        magic_of(source)
