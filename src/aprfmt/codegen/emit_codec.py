"""The specification as a fused codec: functions from bytes to records and back, as fast as a loop by hand.

Every record gets `parse_ID` and `build_ID`; a record that the file holds a list of gets `scan_ID` and `join_ID` too,
which loop inside. All of them take what the Construct structs take, and refuse what the structs refuse.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Sequence

from .errors import CodegenError
from .extent import fixed_size, type_size
from .fusing import Piece, Record, Run, code, fuse
from .model import Attr, Spec, Type
from .pytext import inline

__all__ = ["emit"]

_HEADER = '''"""Fused codec of {title}: records out of bytes, and bytes out of records.

It agrees with the structs on every input, refusals included.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from types import SimpleNamespace
from typing import Any

from ..fused import ENDED, MISFITS, CodecError, Formats, as_bytes, as_tuple, exactly, index_of
from ..model import align_up
'''
_TAKEN_RECORDS = {"Any", "CodecError", "Formats", "Sequence", "SimpleNamespace", "Struct"}
_TAKEN_FUNCTIONS = {
    *dir(builtins),
    *("add", "align_up", "as_bytes", "as_tuple", "at", "count", "end", "ends", "error", "exactly", "index"),
    *("index_of", "origin", "pack", "parent", "parts", "raw", "records", "root", "size", "start", "this", "unpack"),
}
"""Names that the generated module uses itself."""


def _sum(name: str, number: int) -> str:
    return f"{name} + {number}" if number else name


class _Writer:
    """The functions of one record."""

    def __init__(self, spec: Spec, record: Record) -> None:
        self.spec, self.record, self.owner = spec, record, record.owner
        self.name = spec.records[record.owner.id]
        self.takes = "".join(f", {item}: {'int' if item == 'index' else 'Any'}" for item in sorted(record.context))
        self.takes = self.takes and f", *{self.takes}"

    def format_name(self, step: Run | Piece) -> str:
        """The name of the compiled format of a run."""
        return f"_{self.owner.id.upper()}_{self.record.steps.index(step)}"

    def _codes(self, attrs: Iterable[Attr]) -> str:
        return "".join(code(self.spec, self.owner, attr) or "" for attr in attrs)

    def _nbytes(self, attrs: Iterable[Attr]) -> int:
        return sum(fixed_size(self.spec, self.owner, attr) or 0 for attr in attrs)

    def formats(self) -> Iterator[str]:
        """The compiled formats of the runs."""
        for step in self.record.steps:
            if isinstance(step, Piece):
                continue
            if step.repeated is None:
                yield f'{self.format_name(step)} = Struct("<{self._codes(step.before)}")'
            else:
                element = code(self.spec, self.owner, step.repeated)
                codes = f'"{self._codes(step.before)}", "{element}", "{self._codes(step.after)}"'
                yield f"{self.format_name(step)} = Formats({codes})"

    def _value(self, attr: Attr, raw: str) -> str:
        """The value of a field in a record, from what `struct` makes of it."""
        if attr.user_type is None:
            return raw
        size = type_size(self.spec, self.spec.types[attr.user_type])
        number = raw if size in (1, 2, 4, 8) else f'int.from_bytes({raw}, "little")'
        return f"{self.spec.records[attr.user_type]}({number})"

    def reading(self, *, view: bool) -> tuple[list[str], dict[str, str]]:
        """Lines that read a record from byte `at` and move `at` behind it, and the value of each field after them.

        `view`: slices of `raw` may be views, and are copied.
        """
        lines: list[str] = []
        values: dict[str, str] = {}
        ahead = 0
        steps = self.record.steps
        for number, step in enumerate(steps):
            place = _sum("at", ahead)
            if isinstance(step, Run):
                if step.repeated is None:
                    lines += self._read_run(step, ahead, values)
                    ahead += self._nbytes(step.before)
                else:
                    lines += self._read_list(step, step.repeated, number, ahead, values)
                    ahead = 0
                continue
            attr = step.attr
            values[attr.id] = f"_{attr.id}"
            if attr.user_type is not None:
                lines.append(f"_{attr.id}, at = parse_{attr.user_type}(raw, {place}{self._given(attr, values)})")
            else:
                lines += self._read_bytes(step, place, steps[number + 1 : number + 2], view=view)
            ahead = 0
        if ahead:
            lines.append(f"at += {ahead}")
        return lines, values

    def _read_bytes(self, step: Piece, place: str, following: Sequence[Run | Piece], *, view: bool) -> Iterator[str]:
        yield f"start = {place}"
        yield f"at = {'len(raw)' if step.size is None else f'start + {step.size}'}"
        wrong = []
        if not step.sure or step.size is None:
            wrong.append("at < start")
        if step.size is not None and not any(isinstance(item, Run) for item in following):
            wrong.append("at > len(raw)")  # a run that begins behind the end is refused by `struct`
        if wrong:
            yield f"if {' or '.join(wrong)}:"
            yield f'    raise CodecError(f"{step.attr.id} would end at {{at}}, of {{len(raw)}} bytes")'
        yield f"_{step.attr.id} = {'bytes(raw[start:at])' if view else 'raw[start:at]'}"

    def _given(self, attr: Attr, values: dict[str, str]) -> str:
        inner = self.record.inner[attr.id]
        parts = [f"{item}={item}" for item in sorted(inner.context - {"parent"})]
        if "parent" in inner.context:
            outer = ", ".join(f"{name}={value}" for name, value in values.items() if name != attr.id)
            parts.append(f"parent=SimpleNamespace({outer})")
        return "".join(f", {part}" for part in parts)

    def _read_run(self, run: Run, ahead: int, values: dict[str, str]) -> Iterator[str]:
        targets = ", ".join(f"_{attr.id}" for attr in run.before)
        yield f"({targets},) = {self.format_name(run)}.unpack_from(raw, {_sum('at', ahead)})"
        values.update({attr.id: self._value(attr, f"_{attr.id}") for attr in run.before})

    def _read_list(self, run: Run, repeated: Attr, number: int, ahead: int, values: dict[str, str]) -> Iterator[str]:
        count = run.count
        if run.peeked is not None:
            offset = ahead + self._nbytes(run.before[: run.before.index(run.peeked)])
            count = f"raw[{_sum('at', offset)}]"
        yield f"unpack, size, _ = {self.format_name(run)}[{count}]"
        yield f"values_{number} = unpack(raw, {_sum('at', ahead)})"
        yield f"at += {_sum('size', ahead)}"
        n_before, n_after = len(run.before), len(run.after)
        places = {attr.id: f"values_{number}[{at}]" for at, attr in enumerate(run.before)}
        places[repeated.id] = f"values_{number}[{n_before or ''}:{-n_after or ''}]"
        places |= {attr.id: f"values_{number}[{at - n_after}]" for at, attr in enumerate(run.after)}
        for attr in (*run.before, repeated, *run.after):
            text = places[attr.id]
            if attr.id in self.record.named:
                yield f"_{attr.id} = {text}"
                text = f"_{attr.id}"
            values[attr.id] = self._value(attr, text)

    def parse(self) -> Iterator[str]:
        """The function that reads one record."""
        lines, values = self.reading(view=True)
        yield f"def parse_{self.owner.id}("
        yield f"    raw: bytes | bytearray | memoryview, at: int = 0{self.takes}"
        yield f") -> tuple[{self.name}, int]:"
        yield f'    """One `{self.name}` from byte `at` of `raw` on, and the byte behind it.'
        yield ""
        yield "    Raises `CodecError` when `raw` ends before the record does."
        yield '    """'
        yield from self._trying(lines, "ENDED")
        yield f"    return {self._made(values)}, at"

    def _made(self, values: dict[str, str]) -> str:
        return f"{self.name}({', '.join(values[attr.id] for attr in self.owner.seq)})"

    def _trying(self, lines: list[str], errors: str) -> Iterator[str]:
        if lines:
            yield "    try:"
            yield from (f"        {line}" for line in lines)
            yield f"    except {errors} as error:"
            yield f'        raise CodecError(f"{self.owner.id}: {{error}}") from error'

    def scan(self) -> Iterator[str]:
        """The function that reads records which lie one behind the other."""
        lines, values = self.reading(view=False)
        counter = "index in range(index, index + count)" if "index" in self.record.context else "_ in range(count)"
        yield f"def scan_{self.owner.id}("
        yield f"    raw: bytes, at: int, count: int, origin: int = 0{self.takes}"
        yield f") -> tuple[list[{self.name}], list[int]]:"
        yield f'    """At most `count` records, each a `{self.name}`, one behind the other from byte `at` of `raw` on.'
        yield ""
        yield "    They are fewer when `raw` ends before. With them comes the byte behind each; byte 0 of `raw` counts"
        yield "    as `origin`."
        yield '    """'
        yield f"    records: list[{self.name}] = []"
        yield "    ends: list[int] = []"
        yield "    add, end = records.append, ends.append"
        yield "    try:"
        yield f"        for {counter}:"
        yield from (f"            {line}" for line in lines)
        yield f"            add({self._made(values)})"
        yield "            end(at + origin)"
        yield "    except ENDED:"
        yield "        pass"
        yield "    return records, ends"

    def _writing(self) -> tuple[list[str], list[str]]:
        """Lines that look at the fields of `this`, and the pieces of bytes that follow from them."""
        lines: list[str] = []
        pieces: list[str] = []

        def take(attr: Attr, kind: str) -> str:
            lines.append(f"_{attr.id} = this.{attr.id}")
            lines.append(f"if type(_{attr.id}) is not {kind}:")
            lines.append(f"    _{attr.id} = as_{kind}(_{attr.id})")
            return f"_{attr.id}"

        for step in self.record.steps:
            if isinstance(step, Piece):
                attr = step.attr
                nested = attr.user_type is not None
                pieces.append(f"build_{attr.user_type}(this.{attr.id})" if nested else take(attr, "bytes"))
            elif step.repeated is None:
                packed = [self._packed(attr) for attr in step.before]
                pieces.append(f"{self.format_name(step)}.pack({', '.join(packed)})")
            else:
                items = take(step.repeated, "tuple")
                packed = [*map(self._packed, step.before), f"*{items}", *map(self._packed, step.after)]
                pieces.append(f"{self.format_name(step)}[len({items})][2]({', '.join(packed)})")
        return lines, pieces

    def _packed(self, attr: Attr) -> str:
        """A field as a value for `struct`."""
        this = f"this.{attr.id}"
        if attr.width is not None:
            return this
        size = fixed_size(self.spec, self.owner, attr)
        if attr.user_type is None:
            return f"exactly({this}, {size})"
        return this if size in (1, 2, 4, 8) else f'index_of({this}).to_bytes({size}, "little")'

    def build(self) -> Iterator[str]:
        """The function that writes one record."""
        lines, pieces = self._writing()
        yield f"def build_{self.owner.id}(this: {self.name}) -> bytes:"
        yield f'    """The bytes of one `{self.name}`; raises `CodecError` when a value does not fit its field."""'
        if not pieces:
            yield "    del this"
            yield '    return b""'
            return
        whole = pieces[0] if len(pieces) == 1 else f'b"".join(({", ".join(pieces)}))'
        yield from self._trying([*lines, f"return {whole}"], "MISFITS")

    def join(self) -> Iterator[str]:
        """The function that writes records one behind the other."""
        lines, pieces = self._writing()
        yield f"def join_{self.owner.id}(records: Sequence[{self.name}]) -> bytes:"
        yield '    """The bytes of records in a row; raises `CodecError` when a value does not fit its field."""'
        yield "    parts: list[bytes] = []"
        yield "    add = parts.append"
        yield from self._trying(
            ["for this in records:", *(f"    {line}" for line in [*lines, *(f"add({piece})" for piece in pieces)])],
            "MISFITS",
        )
        yield '    return b"".join(parts)'


def _is_listed(spec: Spec, owner: Type) -> bool:
    return any(attr.user_type == owner.id and attr.repeat is not None for outer in spec.owners for attr in outer.seq)


def _refuse_taken(spec: Spec, functions: set[str]) -> None:
    for key, name in spec.records.items():
        if name in _TAKEN_RECORDS:
            raise CodegenError(f"/-records/{key}", f"the generated modules use the name {name!r} themselves")
    ours = {f"{verb}_{owner.id}" for verb in ("parse", "build", "scan", "join") for owner in spec.types.values()}
    for name in sorted(name for name in functions if name in _TAKEN_FUNCTIONS | ours or name.startswith("values_")):
        raise CodegenError(f"/instances/{name}", "the generated modules use this name themselves")


def emit(spec: Spec) -> str:
    """Source of the module `codec`, without the banner."""
    owners = [owner for owner in spec.types.values() if owner.id in spec.records and not owner.is_bits]
    records = [fuse(spec, owner) for owner in owners]
    functions = {name for record in records for name in record.functions}
    _refuse_taken(spec, functions)
    bits = [owner.id for owner in spec.types.values() if owner.id in spec.records and owner.is_bits]
    names = sorted({*functions, *(spec.records[name] for name in (*bits, *(owner.id for owner in owners)))})
    lines = [_HEADER.format(title=inline(spec.title)).rstrip("\n")]
    if names:
        lines += ["from .facts import (", *(f"    {name}," for name in names), ")"]
    writers = [_Writer(spec, record) for record in records]
    for writer in writers:
        lines += ["", *writer.formats()]
    for writer in writers:
        looping = [writer.scan(), writer.join()] if _is_listed(spec, writer.owner) else []
        for function in (writer.parse(), writer.build(), *looping):
            lines += ["", "", *function]
    return "\n".join(lines) + "\n"
