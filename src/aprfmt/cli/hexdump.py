"""A dump as text: bytes on the left and what they mean on the right, a tree, or lines that `diff` can compare.

Everything that comes from the file is escaped here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..layout import facts
from ..layout.model import show
from ..ops.dump import Dump, Part
from ..spans import FieldSpan, Kind
from . import render

if TYPE_CHECKING:
    from ..rules import Finding

__all__ = ["pieces", "value_text"]

_ROW = 16
_PIECE_CHARACTERS = 1 << 16
_CHECKSUMS = frozenset(fact.field for fact in facts.CHECKSUMS)
_READABLE = bytes(byte if 0x20 <= byte < 0x7F else ord(".") for byte in range(256))


def pieces(dump: Dump, *, file: str, tree: bool, diffable: bool, is_part: bool) -> Iterator[str]:
    """The text in pieces; when it `is_part` of a file, without what is to be said about the rest of it."""
    text = _Text(dump, tree=tree, is_part=is_part)
    piece: list[str] = []
    size = 0
    for line in text.diffable() if diffable else text.annotated(file):
        piece.append(f"{line}\n")
        size += len(line)
        if size > _PIECE_CHARACTERS:
            yield "".join(piece)
            piece, size = [], 0
    yield "".join(piece)


def value_text(field: FieldSpan) -> str:
    """The value of a field for people, escaped; what has none of its own is counted."""
    value, tensor = field.value, field.tensor
    if field.kind is Kind.GROUP:
        return _group_text(field)
    if field.path.startswith("metadata."):
        return render.short(json.dumps(value, ensure_ascii=False))
    if field.kind is Kind.FIELD and field.path == "tensor_data" and tensor is not None:
        return f"{tensor.dtype_name} {render.short(str(list(tensor.shape)))}, {_count(field)}"
    if value is None:
        return _count(field)
    if field.path in _CHECKSUMS:
        return f"{value:#010x}"
    if field.name == "dtype" and tensor is not None:
        return f"{tensor.dtype_name} ({value})"
    if field.name == "flags":
        return f"{int(value):#06x}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return _bytes_text(field, value)
    if isinstance(value, tuple):
        return render.short(str(list(value)))
    return f"{value} ({value:#x})" if field.name.startswith("ofs_") else str(value)


def _group_text(field: FieldSpan) -> str:
    if field.tensor is not None:
        return f"{_quoted(field.tensor.name)}{'' if field.value is None else f', {field.value}'}"
    if field.value is None:
        return ""
    return (
        f"{field.value} member{'' if field.value == 1 else 's'}"
        if field.path == "metadata"
        else (f"{field.value} {'entry' if field.value == 1 else 'entries'}")
    )


def _bytes_text(field: FieldSpan, value: bytes) -> str:
    if field.tensor is not None:
        return _quoted(field.tensor.name)
    if value in facts.MAGIC_LOOKALIKES:
        return f"{show(value)}, {facts.MAGIC_LOOKALIKES[value]}"
    return show(value) if any(value) else f"{render.count(len(value), 'zero byte')}"


def _count(field: FieldSpan) -> str:
    there = render.count(field.nbytes, "byte")
    if field.declared is None:
        return there
    return f"{there} of {field.declared[1] - field.declared[0]}"


def _quoted(text: str) -> str:
    return f'"{render.short(text)}"' if text else '""'


class _Text:
    """The lines of one dump."""

    def __init__(self, dump: Dump, *, tree: bool, is_part: bool) -> None:
        self._dump = dump
        self._tree = tree
        self._is_part = is_part
        self._gaps: Counter[str] = Counter()
        self._digits = max(4, len(f"{dump.nbytes:x}"))
        self._row = f"0x%0{self._digits}x|%-{3 * _ROW - 1}s|%-{_ROW}s|%s"

    def annotated(self, file: str) -> Iterator[str]:
        """Bytes in rows with their offsets, and beside them what they mean; only the latter in a tree."""
        yield self._title(file)
        if not self._tree:
            columns = " ".join(f"{column:02x}" for column in range(_ROW))
            digits = "".join(f"{column:x}" for column in range(_ROW))
            yield f"{' ' * (self._digits + 2)}|{columns}|{digits}|"
        top: int | None = None
        for part in _without_syntax(self._dump.parts()) if self._tree else _folded(self._dump.parts()):
            top = part.field.depth if top is None else top
            if part.field.kind is Kind.GAP:
                self._gaps["gap"] += 1
                self._gaps["byte"] += part.field.nbytes
            notes = list(self._notes(part, part.field.depth - top if self._is_part else part.field.depth))
            if self._tree:
                yield from notes
            else:
                yield from self._rows(part, notes)
        if not self._is_part:
            yield from self._rest(places=True)
            yield self._explained()

    def _title(self, file: str) -> str:
        number = Counter(str(finding.severity) for finding in self._dump.report.findings)
        for rule, more in self._dump.report.not_kept.items():
            severity = next(str(item.severity) for item in self._dump.report.findings if item.rule == rule)
            number[severity] += more
        said = [
            render.count(number[severity], severity) for severity in ("error", "warning", "info") if number[severity]
        ]
        verdict = "head valid" if self._dump.valid else "INVALID"  # the data was not judged
        return ", ".join([f"{render.escape(file)}: {render.count(self._dump.nbytes, 'byte')}", verdict, *said])

    def _rows(self, part: Part, notes: list[str]) -> Iterator[str]:
        has_numbers = self._dump.elements(part, b"") is not None
        if has_numbers:  # the place beside the bytes is theirs
            yield from map(self._beside_nothing, notes)
            notes = []
        left = iter(notes)
        for at, raw in self._dump.rows(part, _ROW, aligned=not has_numbers):
            column = 0 if has_numbers else at % _ROW
            readable = raw.translate(_READABLE).decode("ascii")
            numbers = self._dump.elements(part, raw) if has_numbers else None
            note = next(left, "") if numbers is None else "  " + " ".join(map(_number, numbers))
            row = (at - column, "   " * column + raw.hex(" "), " " * column + readable, note)
            yield (self._row % row).rstrip()
        yield from map(self._beside_nothing, left)
        if part.n_left_out:
            indent = "  " * (part.field.depth + 1)
            yield self._beside_nothing(f"{indent}... {render.count(part.n_left_out, 'more byte')}")

    def _beside_nothing(self, note: str) -> str:
        return f"{' ' * (self._digits + 2)}|{' ' * (3 * _ROW - 1)}|{' ' * _ROW}|{note}"

    def _notes(self, part: Part, depth: int) -> Iterator[str]:
        """What a field is called, its value and place, then what is wrong with it."""
        field = part.field
        if field.kind is not Kind.SYNTAX:
            label = _path(field, by_name=False) if self._is_part and depth == 0 else _label(field)
            yield f"{'  ' * depth}{_joined(label, value_text(field))} {_place(field)}"
        for finding in part.findings:
            yield f"{'  ' * (depth + 1)}{_finding_text(finding, field, places=True)}"

    def diffable(self) -> Iterator[str]:
        """A line a field, and more for long ones, in which nothing says where it lies."""
        for part in self._dump.parts():
            field = part.field
            if field.kind is Kind.SYNTAX and not part.findings and (self._tree or self._is_plain(part)):
                continue
            line = _joined(_path(field, by_name=True), value_text(field) if field.kind is not Kind.SYNTAX else "")
            rows = [] if self._tree or not field.is_leaf else self._dump.rows(part, _ROW, aligned=False)
            if field.is_leaf and not self._tree and field.nbytes <= _ROW:
                yield " | ".join([line, *(raw.hex(" ") for _, raw in rows)])
            elif field.is_leaf or field.kind is Kind.BITS or field.value is not None or part.findings:
                yield line
                for _, raw in rows:
                    yield f"  {raw.hex(' '):<{3 * _ROW - 1}} {raw.translate(_READABLE).decode('ascii')}".rstrip()
                if part.n_left_out and not self._tree:
                    # Two fields that are equal as far as they are shown may differ in the rest.
                    yield f"  ... {render.count(part.n_left_out, 'more byte')}, SHA-256 {self._dump.digest(part)}"
            for finding in part.findings:
                yield f"  {_finding_text(finding, field, places=False)}"
        if not self._is_part:
            yield from self._rest(places=False)

    def _is_plain(self, part: Part) -> bool:
        """Whether there is nothing but the bracket or comma that must be there."""
        return [raw for _, raw in self._dump.rows(part, _ROW)] in ([b"{"], [b","], [b"}"])

    def _rest(self, *, places: bool) -> Iterator[str]:
        """What is wrong at no byte that was shown."""
        for finding in self._dump.findings_left():
            yield _finding_text(finding, None, places=places)
        for rule, number in self._dump.report.not_kept.items():
            yield f"! {number} more of {rule} were counted, not kept"

    def _explained(self) -> str:
        if not self._gaps:
            return "every byte is explained"
        gaps, nbytes = self._gaps["gap"], self._gaps["byte"]
        return f"{render.count(nbytes, 'byte')} in {render.count(gaps, 'gap')} that nothing explains"


def _folded(parts: Iterable[Part]) -> Iterator[Part]:
    """Parts in which the brackets and commas of the metadata stand in the rows of what they follow."""
    before: Part | None = None
    for part in parts:
        if (
            before is not None
            and part.field.kind is Kind.SYNTAX
            and before.shown[1] == part.shown[0]
            and not (part.findings or part.n_left_out)
        ):
            before = before._replace(shown=(before.shown[0], part.shown[1]))
            continue
        if before is not None:
            yield before
        before = part
    if before is not None:
        yield before


def _without_syntax(parts: Iterable[Part]) -> Iterator[Part]:
    return (part for part in parts if part.findings or part.field.kind is not Kind.SYNTAX)


def _label(field: FieldSpan) -> str:
    """What a field is called where the names of those around it stand above."""
    if field.kind in (Kind.FILLER, Kind.GAP):
        return str(field.kind)
    if field.path == "tensor_data" and field.kind is Kind.FIELD:
        return _quoted(field.name)
    return render.short(field.name)


def _path(field: FieldSpan, *, by_name: bool) -> str:
    """What a field is called anywhere in the file; entries by the name of their tensor, which stays, or by number."""
    if field.kind in (Kind.FILLER, Kind.SYNTAX):
        return f"{field.path} {field.kind}"
    path, tensor = render.short(field.path), field.tensor
    if tensor is not None and field.path == "tensor_data":
        return f"{path}[{_quoted(tensor.name)}]"
    if tensor is not None and by_name:
        return f"tensor_index.entries[{_quoted(tensor.name)}]{field.path.partition(']')[2]}"
    return path


def _joined(label: str, value: str) -> str:
    return f"{label}: {value}" if value else label


def _place(field: FieldSpan) -> str:
    if field.bits is not None:
        position, width = field.bits
        return f"bit {position}" if width == 1 else f"bits {position}..{position + width - 1}"
    text = f"@{field.span[0]:#x}..{field.span[1]:#x}"
    if field.declared is not None:
        text += f", declared @{field.declared[0]:#x}..{field.declared[1]:#x}"
    return text


def _finding_text(finding: Finding, field: FieldSpan | None, *, places: bool) -> str:
    """A finding on one line; with its field and its span when those are not the ones of the field it stands at."""
    parts = [render.escape(finding.message)]
    if finding.expected or finding.found:
        parts.append(f"expected {render.short(finding.expected)}, found {render.short(finding.found)}")
    where = [] if field is not None and finding.field == field.path else [render.escape(finding.field)]
    if places and (field is None or finding.span not in (field.span, field.declared)):
        where.append(f"@{finding.span[0]:#x}..{finding.span[1]:#x}")
    parts += [" ".join(where).strip()] if any(where) else []
    return f"! {finding.severity} {finding.rule}: {'; '.join(parts)}"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.7g}"
