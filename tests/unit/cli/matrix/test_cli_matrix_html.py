"""The page: whole without anything from outside, readable by everybody."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import pytest
from tests.unit.cli.matrix.forms import made_by
from tests.unit.cli.matrix.made import conforming, failing, mixed, result, run, small_runs
from tests.unit.cli.matrix.page import Page

from aprfmt.cli.matrix.grid import SYMBOLS, Mark, bands
from aprfmt.conform import Outcome, Run
from aprfmt.conform.results import KnownFailure

STYLE = files("aprfmt.cli.matrix").joinpath("report.css").read_text(encoding="utf-8")


def page(*runs: Run) -> Page:
    return Page.of(made_by("html", runs))


def test_a_card_says_what_a_run_came_to() -> None:
    good, bad, other = page(*small_runs()).find("article", "card")
    assert (good.classes, bad.classes) == (["card", "held"], ["card", "not"])
    assert "conforms" in good.text
    assert "does not conform" in bad.text
    for text in ("apr-format 0.72.3", "19/24 rules enforced", "1/6 valid files refused", "2026-11-24T17:55:01Z"):
        assert text in bad.text
    assert "by exit code: ./thirty {file}" in other.text
    assert failing().summary in bad.text
    assert "the footer is never read (https://example.org/issues/1)" in bad.text
    assert "no-such-*: matches nothing" in bad.text


def test_every_cell_has_a_sign_and_words_beside_its_colour() -> None:
    made = page(*small_runs())
    cells = [cell for mark in Mark for cell in made.find("td", mark)]
    assert len(cells) == 3 * sum(len(band.rows) for band in bands(small_runs()))
    for cell in cells:
        (mark,) = cell.classes
        symbol = SYMBOLS[Mark(mark)]
        assert cell.text.startswith(symbol.sign)
        assert cell.text.endswith(symbol.words)
    assert {mark for cell in cells for mark in cell.classes} == set(Mark)


def test_a_cell_leads_to_its_vectors() -> None:
    made = page(failing())
    (sheet,) = [item for item in made.find("article", "sheet") if "APR-D003" in item.text]
    assert "accepted-invalid overlap-1" in sheet.text
    assert "aprfmt conform --vector overlap-1 --cmd './read {file}'" in sheet.text
    assert f"#{sheet.attributes['id']}" in [item.attributes.get("href") for item in made.find("a", "in")]


def test_a_cell_without_vectors_leads_nowhere() -> None:
    made = page(mixed())
    leading = made.find("a", "in")
    assert len(leading) == len(made.find("article", "sheet")) == 3
    assert len(made.find("span", "in")) == len(made.find("td", "untested")) > 3


def test_the_table_is_one_that_can_be_read_aloud() -> None:
    made = page(*small_runs())
    scopes = [item.attributes["scope"] for item in made.find("th")]
    found = bands(small_runs())
    assert scopes.count("col") == 1 + 3
    assert scopes.count("rowgroup") == len(found)
    assert scopes.count("row") == sum(len(band.rows) for band in found)
    assert made.texts("caption")


def test_layers_say_how_many_of_their_rules_are_enforced() -> None:
    text = " ".join(page(failing()).texts("tr", "title"))
    assert "integrity rules4 of 8" in text


def test_rows_in_order_can_be_hidden() -> None:
    made = page(*small_runs())
    clean = [item.text for item in made.find("tr", "clean")]
    assert any("APR-M001" in text for text in clean)
    assert not any("APR-D001" in text for text in clean)
    assert "#only:checked ~ .box .clean { display: none; }" in STYLE


@pytest.mark.parametrize(
    ("issue", "is_link"),
    [
        ("https://example.org/1?a=b&c", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("//example.org", False),
        ("https://example.org/\u202egnp", False),
        ("#12", False),
        ('https://"><script>', True),
    ],
)
def test_only_an_address_of_the_web_becomes_a_link(issue: str, is_link: bool) -> None:
    made = page(run(result("a", "APR-D001", Outcome.ACCEPTED_INVALID, known=KnownFailure("bug", "x", issue))))
    links = [item.attributes["href"] for item in made.find("a") if "rel" in item.attributes]
    assert set(links) == ({issue} if is_link else set())


def test_how_it_was_made_stands_at_the_end() -> None:
    (foot,) = page(conforming(), failing()).texts("footer")
    assert foot == f"Made by aprfmt conform, version 0.3.0, profile default; suite {conforming().suite}."


# --- colours


@cache
def colours() -> dict[str, dict[str, str]]:
    """The colours by scheme and name."""
    light, dark = re.findall(r":root \{(.*?)\n *\}", STYLE, re.DOTALL)[:2]
    own = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    return {"light": own, "dark": {**own, **dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark))}}


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(scheme: str) -> None:
    of = colours()[scheme]
    pairs = [(f"{mark}-ink", str(mark)) for mark in Mark if mark is not Mark.OUTSIDE]
    pairs += [(ink, ground) for ink in ("ink", "soft", "link") for ground in ("card", "ground")]
    pairs += [("outside-ink", "card")]
    assert not {pair: contrast(of[pair[0]], of[pair[1]]) for pair in pairs if contrast(of[pair[0]], of[pair[1]]) < 4.5}
    assert of["ground"] != colours()["dark" if scheme == "light" else "light"]["ground"]


def test_every_mark_has_its_colours() -> None:
    for mark in Mark:
        assert f".{mark} {{ --mark: var(--{mark}); --mark-ink: var(--{mark}-ink);" in STYLE


def test_the_style_goes_through_as_it_is() -> None:
    assert STYLE.isascii()
    assert not re.search(r"<|^\s*::|##", STYLE, re.MULTILINE)
