"""How the bytes of a record are cut into as few steps as possible, before a codec is written for it.

Fields of a fixed size that follow each other are one step, a call of `struct`; one list of integers may be among them
when its length can be known before. Everything else is a step of its own.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from .errors import CodegenError
from .expr import Expr, Literal, Name
from .extent import fixed_size
from .model import Attr, Spec, Type
from .scope import LOCALS, NUMBER, Scope, is_function

__all__ = ["Piece", "Record", "Run", "code", "fuse"]

_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}
_KINDS = ("integer", "contents", "type", "bytes")
_SURROUNDINGS = {"root", "parent", "index"}


@dataclass(slots=True)
class Run:
    """Fields of a fixed size, with at most one list of integers among them: one call of `struct`.

    `count` says how long the list is; when a field of the same run says so, `peeked` is that field, one byte.
    """

    before: list[Attr] = field(default_factory=list)
    repeated: Attr | None = None
    after: list[Attr] = field(default_factory=list)
    count: str = ""
    peeked: Attr | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A field that stands for itself: a record, or bytes, as many as `size` says, else all that are left.

    `sure`: the size is never below zero.
    """

    attr: Attr
    size: str | None = None
    sure: bool = True


@dataclass(slots=True)
class Record:
    """A type as steps.

    `context` has what the sizes depend on that stands around the record; `named`, the fields that have to be read
    before others can be; `functions`, those of the whole file that a size calls.
    """

    owner: Type
    steps: list[Run | Piece] = field(default_factory=list)
    inner: dict[str, Record] = field(default_factory=dict)
    context: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)


def code(spec: Spec, owner: Type, attr: Attr) -> str | None:
    """The format of a field for `struct`, None for a record and for what has no fixed size."""
    if attr.width is not None:
        return _CODES[attr.width]
    size = fixed_size(spec, owner, attr)
    if size is None or _is_record(spec, attr):
        return None
    return f"{size}s" if attr.user_type is None else _CODES.get(size, f"{size}s")


def _is_record(spec: Spec, attr: Attr) -> bool:
    return attr.user_type is not None and not spec.types[attr.user_type].is_bits


def fuse(spec: Spec, owner: Type) -> Record:
    """The steps of a type. Raises `CodegenError` when a size depends on what is read after it."""
    made = Record(owner)
    known: set[str] = set()
    for attr in owner.seq:
        if attr.kind not in _KINDS:
            raise CodegenError(attr.path, f"nothing is known of a field of kind {attr.kind} in a record")
        if attr.repeat is not None:
            _add_list(spec, made, attr, known)
        elif code(spec, owner, attr) is not None:
            run = _last_run(made)
            (run.before if run.repeated is None else run.after).append(attr)
        elif _is_record(spec, attr):
            inner = made.inner[attr.id] = fuse(spec, spec.types[attr.user_type or ""])
            made.context |= inner.context - {"parent"}
            made.functions |= inner.functions
            if "parent" in inner.context:
                made.named |= known
            made.steps.append(Piece(attr))
        elif attr.size is None:
            made.steps.append(Piece(attr))
        else:
            text, used = _size(spec, made, attr.size, f"{attr.path}/size", known)
            made.named |= used
            made.steps.append(Piece(attr, text, sure=_never_negative(owner, attr.size)))
        known.add(attr.id)
    return made


def _last_run(made: Record) -> Run:
    last = made.steps[-1] if made.steps else None
    if isinstance(last, Run):
        return last
    run = Run()
    made.steps.append(run)
    return run


def _add_list(spec: Spec, made: Record, attr: Attr, known: set[str]) -> None:
    assert attr.repeat is not None  # noqa: S101 - it is a list
    count, used = _size(spec, made, attr.repeat, f"{attr.path}/repeat-expr", known)
    run = _last_run(made)
    here = [item for item in run.before if item.id in used]
    peeked = here[0] if len(here) == 1 and here[0].width == 1 and count == f"_{here[0].id}" else None
    if run.repeated is not None or (here and peeked is None):
        run = Run()
        made.steps.append(run)
        peeked = None
    if peeked is None:
        made.named |= used
    run.repeated, run.count, run.peeked = attr, count, peeked


def _size(spec: Spec, made: Record, expr: Expr, path: str, known: set[str]) -> tuple[str, set[str]]:
    """A size or a count as Python source over local variables, and the fields it names."""
    text = Scope(spec, made.owner, LOCALS).python(expr, path, NUMBER)
    names = {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
    used = {item.id for item in made.owner.seq if f"_{item.id}" in names}
    for name in sorted(used - known):
        raise CodegenError(path, f"{name!r} is not read before what it says the size of")
    made.context |= names & _SURROUNDINGS
    made.functions |= names & {item.id for item in spec.root.instances.values() if is_function(spec, item)}
    return text, used


def _never_negative(owner: Type, expr: Expr) -> bool:
    return isinstance(expr, Literal) or (isinstance(expr, Name) and owner.field(expr.id) is not None)
