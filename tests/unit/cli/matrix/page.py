"""The HTML report as a browser that is strict would see it: its elements, and the promises that it makes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Element", "Page"]

_EMPTY = {"meta", "input", "wbr"}
_ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "article"),
    *("h1", "h2", "h3", "p", "ul", "ol", "li", "dl", "div", "dt", "dd", "details", "summary", "span", "b", "i"),
    *("small", "code", "pre", "a", "input", "label", "table", "caption", "thead", "tbody", "tr", "th", "td", "wbr"),
}
_ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "rel", "style", "scope", "tabindex"),
    *("role", "aria-label", "aria-labelledby", "aria-hidden", "type", "for", "colspan", "open"),
}


@dataclass
class Element:
    """An element with its attributes, and the text inside of it."""

    tag: str
    attributes: dict[str, str]
    line: int
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.parts).split())

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class Page(HTMLParser):
    """A document in which every element is one of ours, ends where it must, and asks for nothing from outside."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.open: list[Element] = []

    @classmethod
    def of(cls, text: str) -> Page:
        """The page of a text, of which everything is checked that is true of every page."""
        assert text.isascii()
        page = cls()
        page.feed(text)
        page.close()
        assert not page.open
        page.check()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _ALLOWED, tag
        attributes = {name: value or "" for name, value in attrs}
        assert len(attributes) == len(attrs)
        assert attributes.keys() <= _ATTRIBUTES, attributes
        element = Element(tag, attributes, self.getpos()[0])
        self.elements.append(element)
        if tag not in _EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"line {self.getpos()[0]}: </{tag}>"

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.parts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def find(self, tag: str, *classes: str) -> list[Element]:
        return [item for item in self.elements if item.tag == tag and set(classes) <= set(item.classes)]

    def texts(self, tag: str, *classes: str) -> list[str]:
        return [item.text for item in self.find(tag, *classes)]

    def check(self) -> None:
        ids = [item.attributes["id"] for item in self.elements if "id" in item.attributes]
        assert len(set(ids)) == len(ids)
        for item in self.elements:
            for name in ("aria-labelledby", "for"):
                assert item.attributes.get(name, ids[0]) in ids
            href = item.attributes.get("href")
            if href is not None and not re.match("https?://", href):
                assert href == "#!" or href.removeprefix("#") in ids, href
            if href is not None and not href.startswith("#"):
                assert (item.tag, item.attributes["rel"]) == ("a", "noreferrer nofollow")
            assert re.fullmatch(r"((flex-grow|--columns):\d+)?", item.attributes.get("style", ""))
        (style,) = self.texts("style")
        assert not re.search(r"url\(|@import|@font-face|expression", style)
        policies = [item.attributes["content"] for item in self.find("meta") if "http-equiv" in item.attributes]
        assert [policy.split("; ")[:2] for policy in policies] == [["default-src 'none'", "style-src 'unsafe-inline'"]]
        assert any(item.attributes.get("name") == "viewport" for item in self.find("meta"))
        assert [item.attributes.get("lang") for item in self.find("html")] == ["en"]
        assert self.texts("title")[0].startswith("APR v2 conformance")
        assert {item.attributes.get("scope") for item in self.find("th")} <= {"col", "row", "rowgroup"}
