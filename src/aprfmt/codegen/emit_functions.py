"""Functions over records: where each field lies, what breaks a statement, where the sections are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .errors import CodegenError
from .extent import bit_fields, fixed_size
from .model import Attr, Check, Spec, Type
from .pytext import docstring
from .scope import RECORDS, ROOT_RECORDS, Scope, is_function

__all__ = ["bound_source", "check_function", "nbytes_function", "place_functions", "spans_function"]


def _extent(spec: Spec, owner: Type, attr: Attr) -> str:
    fixed = fixed_size(spec, owner, attr)
    if fixed is not None:
        return str(fixed)
    if attr.width is not None:
        return f"{attr.width} * len(this.{attr.id})"
    if attr.user_type is not None:
        return f"nbytes_{attr.user_type}(this.{attr.id})"
    return f"len(this.{attr.id})"


def spans_function(spec: Spec, owner: Type) -> Iterator[str]:
    """A function from a record and its place to the place of each of its fields."""
    name = spec.records[owner.id]
    yield ""
    yield ""
    yield f"def spans_{owner.id}(this: {name}, start: int) -> dict[str, tuple[int, int]]:"
    yield f'    """Span of each field of a `{name}` that begins at byte `start`."""'
    yield "    at = start"
    yield "    spans = {}"
    for attr in owner.seq:
        yield f"    end = at + {_extent(spec, owner, attr)}"
        yield f"    spans[{attr.id!r}] = (at, end)"
        yield "    at = end"
    yield "    return spans"


def nbytes_function(spec: Spec, owner: Type) -> Iterator[str]:
    """A function from a record to its size in bytes."""
    fixed = 0
    terms = []
    for attr in owner.seq:
        size = fixed_size(spec, owner, attr)
        if size is None:
            terms.append(_extent(spec, owner, attr))
        else:
            fixed += size
    yield ""
    yield ""
    yield f"def nbytes_{owner.id}(this: {spec.records[owner.id]}) -> int:"
    yield f'    """Size in bytes of a `{spec.records[owner.id]}`."""'
    if not terms:
        yield "    del this"
    yield f"    return {' + '.join([str(fixed), *terms])}"


def place_functions(spec: Spec) -> Iterator[str]:
    """Functions that say where each section lies, from a root with `header`, `tensor_index` … and `len_file`."""
    root_names = Scope(spec, spec.root, ROOT_RECORDS)
    for attr in spec.root.instances.values():
        if attr.value is not None and is_function(spec, attr):
            yield ""
            yield ""
            yield f"def {attr.id}(root: Any) -> int:"
            yield f"    {docstring(attr.doc)}"
            yield f"    return int({root_names.python(attr.value, f'{attr.path}/value')})"
    at = 0
    for name in spec.layout:
        attr = spec.section(name)
        yield ""
        yield ""
        yield f"def locate_{name}(root: Any) -> tuple[int, int] | None:"
        yield f'    """Start and end of `{name}`, counted from the start of the file; None when it is absent."""'
        if attr.when is not None:
            yield f"    if not ({root_names.python(attr.when, f'{attr.path}/if')}):"
            yield "        return None"
        fixed = fixed_size(spec, spec.root, attr)
        if attr.pos is None and fixed is not None:
            yield f"    return {at}, {at + fixed}"
            at += fixed
            continue
        assert attr.pos is not None, attr.path  # noqa: S101 - `verify` lets no other section pass
        yield f"    start = {root_names.python(attr.pos, f'{attr.path}/pos')}"
        if attr.size is not None:
            yield f"    return start, start + {root_names.python(attr.size, f'{attr.path}/size')}"
        else:
            yield f"    return start, start + {fixed}"


def _getter(owner: Type, attr: Attr) -> str:
    if attr.bits is None:
        return f"this.{attr.id}"
    position = {field.id: at for field, at in bit_fields(owner)}[attr.id]
    return f"this >> {position} & {(1 << attr.bits) - 1:#x}"


def bound_source(spec: Spec, owner: Type, attr: Attr, check: Check, kind: str) -> str:
    """Python source of what a check holds a field against; `value` is the field, which the ksy calls `_`."""
    scope = Scope(spec, owner, ROOT_RECORDS if owner is spec.root else RECORDS, value="value")
    bound = check.kinds[kind]
    if isinstance(bound, bool):
        return repr(bound)
    text = replace(scope, value_shape=scope.attr_shape(attr)).python(bound, f"{check.path}/{kind}")
    # A bit is a number: a reader of a message should not meet two spellings of one value.
    return str(int(text == "True")) if text in ("True", "False") else text


def _check_lines(spec: Spec, owner: Type, attr: Attr, check: Check) -> Iterator[str]:
    """Lines of a check function; `value` holds the field."""

    def python(kind: str) -> str:
        return bound_source(spec, owner, attr, check, kind)

    known = set(check.kinds)
    found = "show(value)"
    if "expr" in known:
        condition = python("expr")
        expected = repr(check.expected or condition)
    elif known == {"contents"}:
        condition, expected = f"value == {attr.contents!r}", f"show({attr.contents!r})"
    elif known == {"in-enum"}:
        condition, expected = (
            f"value in {(attr.enum or '').upper()}_CODES",
            repr(f"an id of the enum {attr.enum}"),
        )
    elif known == {"min", "max"}:
        yield f"    low, high = {python('min')}, {python('max')}"
        condition, expected = "low <= value <= high", "between(low, high)"
    elif known == {"eq"}:
        yield f"    wanted = {python('eq')}"
        condition, expected = "value == wanted", "show(wanted)"
    elif known == {"min"}:
        yield f"    low = {python('min')}"
        condition, expected = "value >= low", 'f"at least {low}"'
    elif known == {"max"}:
        yield f"    high = {python('max')}"
        condition, expected = "value <= high", 'f"at most {high}"'
    elif known == {"multiple-of"}:
        yield f"    grid = {python('multiple-of')}"
        condition, expected = "value % grid == 0", 'f"a multiple of {grid}"'
    elif known == {"zero"}:
        condition, expected = "not any(value)", repr("zero bytes")
    else:
        raise CodegenError(check.path, f"nothing is known of {' and '.join(sorted(known))} in a record")
    yield f"    if not ({condition}):"
    yield f"        yield Violation({check.rule!r}, {attr.id!r}, {expected}, {found})"


def check_function(spec: Spec, owner: Type) -> Iterator[str]:
    """A function from a record to every statement that it breaks."""
    name = spec.records[owner.id]
    yield ""
    yield ""
    yield f"def check_{owner.id}("
    yield f"    this: {name}, *, root: Any = None, parent: Any = None, index: int = 0"
    yield ") -> Iterator[Violation]:"
    yield f'    """Every statement of the specification that a `{name}` breaks."""'
    lines = []
    for attr in owner.seq:
        own = [line for check in attr.checks for line in _check_lines(spec, owner, attr, check)]
        inner = spec.types.get(attr.user_type or "")
        if inner is not None and inner.id in spec.records and attr.repeat is None:
            call = f"check_{inner.id}(this.{attr.id}, root=root, parent=this, index=index)"
            lines.append(f"    yield from inside({attr.id!r}, {call})")
        if own:
            lines.append(f"    value = {_getter(owner, attr)}")
            lines += own
    if any(line.startswith("    value = ") for line in lines):
        yield "    value: Any"
    if any(line.startswith("    wanted = ") for line in lines):
        yield "    wanted: Any"
    yield from lines or ["    yield from ()"]
