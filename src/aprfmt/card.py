"""What a model card says of the metadata: the front matter of a README.md → members of the metadata.

Rules of this file:
1. YAML is read event by event, and nothing is built from it but the few fields that are taken: aliases are not
   followed, nothing recurses, and text that YAML takes for something else than a string is an error that says so.
2. Nothing behind the front matter is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from .errors import RequestError, quoted
from .licences import LicenceError, normalise_license
from .licences.entries import known_catalogue
from .provenance import says_nothing

if TYPE_CHECKING:
    import yaml

__all__ = ["MAX_FRONT_MATTER_BYTES", "MAX_NESTING", "Card", "Mapped", "read_card"]

MAX_FRONT_MATTER_BYTES = 1024 * 1024
"""Bytes between the two lines of a front matter. Cards that list the results of hundreds of benchmarks have some
300,000; a mebibyte takes the YAML parser a few seconds."""

MAX_NESTING = 100
"""Levels of lists and mappings. Tables of results have nine; the parser's time grows with the square of the depth."""

_FIELDS = ("license", "license_name", "datasets", "base_model")
_JOIN = ", "
_SHOWN = 100
_BOM = b"\xef\xbb\xbf"
_OPENS = re.compile(rb"---[ \t]*\r?\n")
_CLOSES = re.compile(rb"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_FIRST_LINE = 2
"""Of the front matter, in the lines of the card: they are counted from 1, and the first is `---`."""
_NO_REFERENCE = re.compile(r"[^A-Za-z0-9.-]")
_TAG = "tag:yaml.org,2002:"
_READ_AS = {
    "bool": "a boolean",
    "int": "an integer",
    "float": "a number",
    "timestamp": "a date",
    "null": "null",
}
"""What YAML 1.1 makes of plain text, by the end of its tag."""


class Mapped(NamedTuple):
    """A field of the card that became a member of the metadata; `said` is what the card has, as one text."""

    card_field: str
    key: str
    value: str
    said: str


@dataclass(frozen=True, slots=True)
class Card:
    """What a model card says of the metadata.

    `members` has the value of every key that the card has something for, `mapped` which field each came from. `notes`
    are sentences about it, a field in front of each: of licences that are deprecated or name no terms, of a name that
    became a reference.
    """

    members: Mapping[str, str]
    mapped: tuple[Mapped, ...]
    notes: tuple[str, ...]


class _Text(NamedTuple):
    """A scalar of the card; `read_as` is what YAML takes it for, None for a string."""

    value: str
    line: int
    read_as: str | None


class _Other(NamedTuple):
    """A value that is neither a scalar nor a list of scalars."""

    what: str
    line: int


class _List(NamedTuple):
    items: list[_Text | _Other]
    line: int


_Value = _Text | _List | _Other


def read_card(data: bytes, *, base_model: bool = False, catalogue: str = "spdx") -> Card:
    """What the bytes of a model card say: `license`, `datasets` and, when asked for, `base_model`.

    `license` becomes `license`, in canonical form; where it is `other`, `license_name` takes its place, as a licence
    when it is one and as `LicenseRef-NAME` otherwise. `datasets` becomes `data_source` and `base_model` becomes
    `source`, several joined by commas in their order, each once. Fields that are empty or unknown are passed over.

    Raises `RequestError`, with the line, for a card without front matter or with one that is not YAML, not a mapping,
    too large or nested too deep; for a field that is taken and holds something else than text, or is there twice; for
    what is no licence in the `catalogue`; for a card that none of the fields is in.
    """
    known_catalogue(catalogue)
    fields = _fields(_front_matter(data))
    notes: list[str] = []
    mapped = [*_licence(fields, catalogue, notes), *_names(fields, "datasets", "data_source")]
    if base_model:
        mapped += _names(fields, "base_model", "source")
    if not mapped:
        taken = ", ".join(("license", "datasets", *(("base_model",) if base_model else ())))
        beside = "" if base_model or "base_model" not in fields else "; base_model is there, and taken only when asked"
        raise RequestError(f"the front matter has nothing to take: expected one of {taken}, found none{beside}")
    return Card(MappingProxyType({item.key: item.value for item in mapped}), tuple(mapped), tuple(notes))


def _front_matter(data: bytes) -> str:
    """The text between the first line, `---`, and the next that is `---` or `...`."""
    start = len(_BOM) if data.startswith(_BOM) else 0
    opening = _OPENS.match(data, start)
    if opening is None:
        first = data[start : start + _SHOWN].splitlines()[:1]
        found = quoted(first[0].decode("utf-8", "surrogateescape")) if first else "nothing"
        raise RequestError(f"line 1: expected the front matter of a model card, which begins with ---, found {found}")
    start = opening.end()
    most = start + MAX_FRONT_MATTER_BYTES
    closing = _CLOSES.search(data, start, min(len(data), most + len("\n...")))
    if closing is None or closing.start() > most:
        if len(data) > most:
            raise RequestError(
                f"the front matter is too large: expected at most {MAX_FRONT_MATTER_BYTES} bytes up to a line that is "
                "---, found more"
            )
        raise RequestError("the front matter has no end: expected another line that is ---, found the end of the card")
    raw = data[start : closing.start()]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _FIRST_LINE + raw.count(b"\n", 0, error.start)
        found = raw[error.start : error.end].hex(" ")
        raise RequestError(f"line {line}: expected UTF-8, found {found} ({error.reason})") from error


def _fields(text: str) -> dict[str, _Value]:
    """The values of the fields that are taken; raises for what is no mapping in YAML."""
    import yaml

    try:
        return _collected(_events(text))
    except RequestError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "the front matter" if mark is None else f"line {_FIRST_LINE + mark.line}"
        raise RequestError(f"{where}: expected YAML, found a fault: {error.problem or error.context}") from error
    except yaml.reader.ReaderError as error:
        line = _FIRST_LINE + text.count("\n", 0, error.position)
        raise RequestError(f"line {line}: expected YAML, found the character U+{error.character:04X}") from error
    except (yaml.YAMLError, ValueError, ArithmeticError) as error:  # a number in a directive or an escape, out of range
        raise RequestError(f"the front matter: expected YAML, found a fault: {error}") from error


def _events(text: str) -> Iterator[yaml.Event]:
    """The events of the parser between the beginning and the end of the only document."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_NESTING:
                line = _line(event)
                raise RequestError(f"line {line}: nested too deep: expected at most {MAX_NESTING} levels, found more")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            yield event


def _line(event: yaml.Event) -> int:
    return _FIRST_LINE + (0 if event.start_mark is None else event.start_mark.line)


def _collected(events: Iterator[yaml.Event]) -> dict[str, _Value]:
    import yaml

    first = next(events, None)
    if not isinstance(first, yaml.MappingStartEvent):
        found = "nothing" if first is None else _what(_value(first, events, whole=False))
        raise RequestError(f"line {_FIRST_LINE}: expected a mapping of fields, found {found}")
    fields: dict[str, _Value] = {}
    lines: dict[str, int] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        key = _value(event, events, whole=False)
        name = key.value if isinstance(key, _Text) else ""
        if name == "<<":
            raise RequestError(f"line {key.line}: expected fields that are written out, found the merge key <<")
        value = _value(next(events), events, whole=name in _FIELDS)
        if name not in _FIELDS:
            continue
        if name in lines:
            raise RequestError(f"line {key.line}: {name}: expected it once, found it in line {lines[name]} too")
        lines[name] = key.line
        if not (isinstance(value, _Text) and value.read_as == _READ_AS["null"]):
            fields[name] = value
    for event in events:
        raise RequestError(f"line {_line(event)}: expected the end of the only mapping, found another document")
    return fields


def _value(event: yaml.Event, events: Iterator[yaml.Event], *, whole: bool) -> _Value:
    """The value that begins with an event; the items of a list only where the `whole` is asked for."""
    import yaml

    line = _line(event)
    if isinstance(event, yaml.ScalarEvent):
        return _Text(event.value, line, _read_as(event))
    if isinstance(event, yaml.AliasEvent):
        return _Other(f"the alias *{event.anchor}", line)
    items: list[_Text | _Other] = []
    depth = 1
    while depth:
        inner = next(events)
        depth += isinstance(inner, yaml.CollectionStartEvent) - isinstance(inner, yaml.CollectionEndEvent)
        if whole and isinstance(inner, yaml.ScalarEvent) and depth == 1:
            items.append(_Text(inner.value, _line(inner), _read_as(inner)))
        elif whole and isinstance(inner, yaml.AliasEvent) and depth == 1:
            items.append(_Other(f"the alias *{inner.anchor}", _line(inner)))
        elif whole and isinstance(inner, yaml.CollectionStartEvent) and depth == 2:
            items.append(_Other(_kind(inner), _line(inner)))
    return _List(items, line) if isinstance(event, yaml.SequenceStartEvent) else _Other("a mapping", line)


def _kind(event: yaml.Event) -> str:
    import yaml

    return "a list" if isinstance(event, yaml.SequenceStartEvent) else "a mapping"


def _read_as(event: yaml.ScalarEvent) -> str | None:
    """What YAML takes a scalar for, None for a string."""
    import yaml

    tag = event.tag
    if tag is None or tag == "!":
        tag = yaml.resolver.Resolver().resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call] # types-PyYAML leaves it untyped
    tag = str(tag)
    if tag == f"{_TAG}str":
        return None
    return _READ_AS.get(tag.removeprefix(_TAG), f"something with the tag {quoted(tag, _SHOWN)}")


def _what(value: _Value) -> str:
    """A value for an error message."""
    if isinstance(value, _Other):
        return value.what
    if isinstance(value, _List):
        return "a list"
    shown = quoted(value.value, _SHOWN)
    if value.read_as is None:
        return shown
    if value.read_as == _READ_AS["null"]:
        return "null"
    hint = "; in quotes it is text" if value.read_as in _READ_AS.values() else ""
    return f"{shown}, which YAML reads as {value.read_as}{hint}"


def _text(field: str, value: _Value) -> str:
    """The text of a value; raises for everything that YAML does not take for a string."""
    if not isinstance(value, _Text) or value.read_as is not None:
        raise RequestError(f"line {value.line}: {field}: expected text, found {_what(value)}")
    try:
        # An escape of JSON for a character beyond U+FFFF is two of them to YAML.
        return value.value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        found = f"a lone surrogate in {_what(value)}"
        raise RequestError(f"line {value.line}: {field}: expected text, found {found}") from error


def _one(field: str, value: _Value) -> str:
    """The text of a value that is one, in a list or not."""
    if not isinstance(value, _List):
        return _text(field, value)
    if len(value.items) != 1:
        hint = "; several are one text, joined by AND or OR" if field == "license" else ""
        raise RequestError(f"line {value.line}: {field}: expected one text, found a list of {len(value.items)}{hint}")
    return _text(field, value.items[0])


def _names(fields: Mapping[str, _Value], field: str, key: str) -> Iterator[Mapped]:
    """The member that a field of one or several names becomes."""
    value = fields.get(field)
    if value is None:
        return
    items: Sequence[_Value] = value.items if isinstance(value, _List) else (value,)
    names = [_text(field, item).strip() for item in items]
    for item, name in zip(items, names, strict=True):
        if not name:
            raise RequestError(f"line {item.line}: {field}: expected a name, found {_what(item)}")
    if names:
        yield Mapped(field, key, _JOIN.join(dict.fromkeys(names)), _JOIN.join(names))


def _licence(fields: Mapping[str, _Value], catalogue: str, notes: list[str]) -> Iterator[Mapped]:
    """The licence, and into `notes` what there is to say of it."""
    value = fields.get("license")
    name_value = fields.get("license_name")
    if value is None:
        if name_value is not None:
            notes.append("license_name: not taken, because there is no license beside it")
        return
    field, text = "license", _one("license", value)
    name = None if name_value is None else _one("license_name", name_value).strip()
    if text.strip().lower() != "other":
        if name is not None:
            notes.append("license_name: not taken, because license is not other")
    elif name is not None and says_nothing(name):
        notes.append(f"license_name: not taken, because {quoted(name, _SHOWN)} says nothing")
    elif name is not None and name_value is not None:
        field, value = "license_name", name_value
        text = _named(name, value.line, catalogue, notes)
    try:
        licence = normalise_license(text, catalogue)
    except RequestError as error:
        raise RequestError(f"line {value.line}: {field}: {error}") from error
    notes += (f"{field}: {said}" for said in (*licence.warnings, *licence.notes))
    yield Mapped(field, "license", licence.expression, text if field == "license" else str(name))


def _named(name: str, line: int, catalogue: str, notes: list[str]) -> str:
    """The name of other terms as it is when it is a licence, else a reference made of it."""
    try:
        normalise_license(name, catalogue)
    except LicenceError:
        made = _NO_REFERENCE.sub("-", name.removeprefix("LicenseRef-"))
        if not any(map(str.isalnum, made)):
            expected = "a name with a letter or digit of ASCII"
            found = quoted(name, _SHOWN)
            raise RequestError(f"line {line}: license_name: expected {expected}, found {found}") from None
        notes.append(f"license_name: {quoted(name, _SHOWN)} is on no list, and became LicenseRef-{made}")
        return f"LicenseRef-{made}"
    except RequestError as error:
        raise RequestError(f"line {line}: license_name: {error}") from error
    return name
