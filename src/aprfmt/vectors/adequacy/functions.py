"""The functions that decide a rule: found from the check of the rule by following what it calls.

Rules of this file:
1. Nothing is listed by hand but the modules in which rules are decided, and what a receiver's name stands for there.
2. A function is followed only where it decides something: what a message is made of is left out.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import CodeType, FunctionType, ModuleType
from typing import Any

from ... import container, jsontext, jsonwalk, layout, metadata, provenance, source, tensors
from ...layout import facts, model
from ...rules import case, registry
from .deciding import Site, called_name, deciding_sites, rule_ids

__all__ = ["LEFT_OUT", "NOTHING", "Function", "Place", "compiled", "deciding_functions", "place_of", "resolved"]

_MODULES = (container, jsontext, jsonwalk, layout, metadata, provenance, source, tensors, facts, model, case)
"""Where rules are decided, beside the modules of the checks themselves."""
_RECEIVERS: Mapping[str, type] = {
    "case": case.Case,
    "container": container.Container,
    "metadata": metadata.Metadata,
    "inner": metadata.Metadata,
    "_text": jsontext.JsonText,
    "tensor": tensors.Tensor,
    "tensors": tensors.Tensor,
    "item": tensors.Tensor,
    "last": tensors.Tensor,
    "furthest": tensors.Tensor,
}
"""What the last word before a dot stands for in these modules."""
_CLASSES = frozenset(_RECEIVERS.values())
LEFT_OUT: Mapping[str, str] = {
    "container.Container.filler_residue: if (start, stop) not in self._residues:": "remembers what was looked through",
    "container.Container.tensors_to_end": "bounds what the stream below it may read",
    "container.Container._read_tensors: if span[1] - start > self.limits.max_index_bytes:": "asks about a limit again",
    "facts.locate_header": "says where it lies; whoever judges asks for its size",
    "facts.locate_tensor_data": "says where it lies; whoever judges asks where it ends",
    "facts.locate_trailing: return (start, start + root.len_file - required_len(root) - 4)": "for a span",
    "facts.locate_trailing: start = required_len(root) + 4": "as above: whether there is anything is decided before",
    "facts.spans_header": "says where the fields lie: another place is another format, not a weaker rule",
    "facts.spans_tensor_index_entry": "as for the header",
    "jsontext.JsonText.__init__: self._one_byte_each = len(self.text) == len(raw)": "for spans",
    "jsontext.JsonText._refuse_depth: depth = 0": "begins to look for the place, when it is known to be too deep",
    "jsontext.JsonText._refuse_depth: for match in _BRACKETS.finditer(text):": "looks for the place",
    "jsontext.JsonText._value": "asks the decoder of the standard library, and says in other words what that says",
    "jsontext.JsonText.byte_positions": "counts the bytes before a place, for spans",
    "jsonwalk._may_hold_wide_integers": "a quick test before the walk, which alone decides",
    "jsonwalk._may_repeat_keys": "as above",
    "jsonwalk._repeats_keys_read": "as above",
    "jsonwalk._repeats_keys_seen": "as above",
    "jsonwalk._walk: if isinstance(place, int):": "counts places in arrays, for messages",
    "jsonwalk._walk: yield (kind, path, *token.span(1))": "where a key lies, for a span",
    "jsonwalk._walk: place = path[-1]": "counts places in arrays, for messages",
    "jsonwalk._walk: path.append(0 if mark == b'[' else '')": "begins to count them",
    "jsonwalk.repeated_keys: if not _may_repeat_keys(raw):": "a quick test before the walk, which alone decides",
    "jsonwalk.wide_integers: if not _may_hold_wide_integers(raw):": "as above",
    "layout._header_checksum_span": "makes a header with nothing in it, to ask where a field lies",
    "layout._short": "makes an error about fewer bytes than the caller has already",
    "layout.iter_entries": "reads, and judges nothing",
    "layout.iter_entry_blocks": "reads, and judges nothing",
    "layout.parse_footer": "reads, and judges nothing",
    "layout.parse_header": "reads, and judges nothing",
    "metadata.Metadata._text: if values > self._limits.max_metadata_values:": "counts exactly, for a limit",
    "metadata.Metadata._text: values = 1 + _most_values(self._raw)": "counts for a limit",
    "metadata.Metadata.members": "adds the spans to members that are parsed already",
    "metadata._most_values": "counts for a limit",
    "metadata._without_strings": "counts for a limit",
    "rules.case.Case._report_progress": "tells how far a pass is",
    "rules.case.Case.data: total = sum((stop - start for start, stop in spans))": "for the progress",
    "rules.case.Case._long_filler": "finds what the pass looks at too, so that it is read once",
    "rules.case.Case.filler_residue: if (start, stop) in self._long_filler:": "takes that from the pass",
    "rules.case._seen: ends.append(((start, stop), first + used))": "for a span",
    "rules.fields.entry_fields: if violation.rule == 'APR-D001':": "keeps a tensor from two findings of one rule",
    "source.begin_pass": "tells the source of a pass, and asks how many threads are to read",
    "source.iter_chunks": "hands the bytes on in pieces",
    "source.map_chunks": "as above, and what is made of them",
    "source.open_stream": "reads ahead by a block",
    "source.used_nbytes": "finds the last byte that is not zero, in a quick way and a slow one",
}
"""Functions, and statements by their first line, that a check comes by and that decide nothing, each with what it
does."""


Place = tuple[str, int]
"""A line of a source file."""


@dataclass(frozen=True, eq=False)
class Function:
    """A function of the package with its syntax tree. `key` is its place: `rules.data.overlap`."""

    key: str
    node: ast.FunctionDef
    live: FunctionType
    module: ModuleType
    owner: type | None

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The nodes that decide something, those that are left out included."""
        return tuple(deciding_sites(self.node))

    @cached_property
    def mutable_sites(self) -> tuple[Site, ...]:
        """The nodes that a mutant may change."""
        return tuple(site for site in self.sites if not any(map(self._is_left_out, (*site.inside, site.node))))

    def _is_left_out(self, node: ast.AST) -> bool:
        return isinstance(node, ast.stmt) and f"{self.key}: {ast.unparse(node).partition(_NEWLINE)[0]}" in LEFT_OUT

    def places(self, site: Site) -> Iterator[Place]:
        """Where a trace comes by when the statement of a node runs."""
        return ((self.live.__code__.co_filename, line) for line in site.lines)

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """The rules that its text names; that a limit is exceeded is beside what a function is for."""
        return tuple(dict.fromkeys(name for name in rule_ids(self.node) if name != _LIMIT))


_LIMIT, _NEWLINE = "APR-L001", "\n"


def compiled(function: Function, body: list[ast.stmt]) -> CodeType:
    """The code of a function with another body, and without its decorators, defaults and annotations."""
    node = function.node
    made = ast.FunctionDef(
        name=node.name,
        args=ast.arguments(
            posonlyargs=[_bare(arg) for arg in node.args.posonlyargs],
            args=[_bare(arg) for arg in node.args.args],
            vararg=node.args.vararg and _bare(node.args.vararg),
            kwonlyargs=[_bare(arg) for arg in node.args.kwonlyargs],
            kw_defaults=[None for _ in node.args.kwonlyargs],
            kwarg=node.args.kwarg and _bare(node.args.kwarg),
            defaults=[],
        ),
        body=body,
        decorator_list=[],
        returns=None,
        type_comment=None,
    )
    module = ast.fix_missing_locations(ast.Module([ast.copy_location(made, node)], []))
    code = compile(module, function.live.__code__.co_filename, "exec", dont_inherit=True)
    return next(item for item in code.co_consts if isinstance(item, CodeType) and item.co_name == node.name)


def _bare(arg: ast.arg) -> ast.arg:
    return ast.arg(arg.arg, None, None)


@cache
def _functions() -> Mapping[str, Function]:
    """Every function of the modules by its place, in the order of the modules."""
    checks = {check.judge.__module__ for profile in facts.PROFILES for check in registry(profile).values()}
    modules = (*(sys.modules[name] for name in sorted(checks)), *_MODULES)
    return {function.key: function for module in modules for function in _of_module(module)}


@cache
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def place_of(module: ModuleType) -> str:
    """The module as a reader knows it: `rules.data`, and `facts` for what is generated."""
    return module.__name__.removeprefix("aprfmt.").replace("layout._generated.", "")


def _of_module(module: ModuleType) -> Iterator[Function]:
    place = place_of(module)
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef):
            yield from _made(f"{place}.{node.name}", node, vars(module)[node.name], module, None)
        elif isinstance(node, ast.ClassDef) and vars(module)[node.name] in _CLASSES:
            owner = vars(module)[node.name]
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    yield from _made(f"{place}.{node.name}.{item.name}", item, vars(owner)[item.name], module, owner)


def _made(key: str, node: ast.FunctionDef, found: Any, module: ModuleType, owner: type | None) -> Iterator[Function]:
    if isinstance(found, property):
        found = found.fget
    elif isinstance(found, cached_property):
        found = found.func
    if isinstance(found, FunctionType) and not found.__code__.co_freevars:
        yield Function(key, node, found, module, owner)


def resolved(node: ast.AST, function: Function) -> object:
    """What a name, or an attribute of a module, stands for in a function; `NOTHING` when it is a local of it."""
    if isinstance(node, ast.Name):
        local = node.id in function.live.__code__.co_varnames + function.live.__code__.co_cellvars
        return NOTHING if local else vars(function.module).get(node.id, NOTHING)
    if isinstance(node, ast.Attribute):
        base = resolved(node.value, function)
        return vars(base).get(node.attr, NOTHING) if isinstance(base, ModuleType) else NOTHING
    return NOTHING


NOTHING = object()
"""What is not known before the function runs."""


def _called(function: Function) -> Iterator[Function]:
    """The functions that decide what this one decides."""
    by_live = _by_live()
    for site in function.sites:
        node, found = site.node, resolved(site.node, function)
        if isinstance(found, FunctionType) and found in by_live:
            yield by_live[found]
        elif isinstance(found, type) and found in _CLASSES:
            yield from (item for item in by_live.values() if item.owner is found and item.node.name == "__init__")
        elif isinstance(node, ast.Attribute) and (method := _method(node, function)) is not None:
            yield method
        elif isinstance(node, ast.Call):
            yield from _by_name(node, function)
        elif isinstance(node, ast.Name) and found is not NOTHING:
            yield from _named_in(node.id, function)
        elif isinstance(node, ast.Compare | ast.Subscript):
            yield from _looked_up(node, function)


@cache
def _by_live() -> Mapping[FunctionType, Function]:
    return {item.live: item for item in _functions().values()}


def _method(node: ast.expr, function: Function) -> Function | None:
    if not isinstance(node, ast.Attribute):
        return None
    word = _last_word(node.value)
    owner = function.owner if word == "self" else _RECEIVERS.get(word)
    name = "__getitem__" if node.attr == "get" else node.attr
    methods = (item for item in _functions().values() if owner and item.owner is owner)
    return next((item for item in methods if item.node.name == name), None)


def _named_in(name: str, function: Function) -> Iterator[Function]:
    """The functions that the value of a global variable is made of: a decoder has its hooks."""
    for statement in _tree(function.module).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                for node in ast.walk(value):
                    found = resolved(node, function)
                    if isinstance(found, FunctionType) and found in _by_live():
                        yield _by_live()[found]


def _looked_up(node: ast.Compare | ast.Subscript, function: Function) -> Iterator[Function]:
    """What is called for `key in mapping` and `mapping[key]`."""
    for value in (node.value,) if isinstance(node, ast.Subscript) else node.comparators:
        method = _method(ast.Attribute(value, "__getitem__", ast.Load()), function)
        if method is not None:
            yield method


def _last_word(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return _last_word(node.value)
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _by_name(call: ast.Call, function: Function) -> Iterator[Function]:
    """The functions that `getattr(module, f"prefix_{name}")` may be: of a name that a caller gives, that one."""
    method = _method(call.func, function)
    if method is not None:
        given = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        for site in method.sites:
            for item, open_name in _by_prefix(site.node, method):
                if open_name and any(item.node.name.endswith(f"_{name}") for name in given):
                    yield item
    yield from (item for item, open_name in _by_prefix(call, function) if not open_name)


def _by_prefix(node: ast.AST, function: Function) -> Iterator[tuple[Function, bool]]:
    """Every function of the module whose name has the prefix, and whether the rest is a parameter."""
    if not (isinstance(node, ast.Call) and called_name(node) == "getattr" and len(node.args) > 1):
        return
    module, name = resolved(node.args[0], function), node.args[1]
    match name:
        case ast.JoinedStr(values=[ast.Constant(value=str(prefix)), ast.FormattedValue(value=rest)]):
            given = isinstance(rest, ast.Name) and rest.id in {arg.arg for arg in function.node.args.args}
            for item in _functions().values():
                if item.module is module and item.node.name.startswith(prefix):
                    yield item, given


@cache
def deciding_functions() -> Mapping[str, tuple[Function, tuple[str, ...]]]:
    """Every function that decides rules, with these rules: those that it names, else those of what calls it."""
    rules: dict[str, dict[str, None]] = {}
    pending: list[tuple[Function, tuple[str, ...]]] = []
    for profile in facts.PROFILES:
        for check in dict.fromkeys(registry(profile).values()):
            judge = _by_live()[check.judge]  # type: ignore[index] # a check is a function
            rules.setdefault(judge.key, {}).update(dict.fromkeys(check.ids))
            pending += [(item, check.ids) for item in dict.fromkeys(_called(judge))]
    while pending:
        function, given = pending.pop()
        known = rules.get(function.key)
        new = [name for name in function.rules or given if known is None or name not in known]
        if known is not None and not new:
            continue
        known = rules.setdefault(function.key, {})
        known.update(dict.fromkeys(new))
        pending += [(item, tuple(known)) for item in dict.fromkeys(_called(function)) if item is not function]
    order = {name: number for number, name in enumerate(facts.RULES)}
    return {
        key: (function, tuple(sorted(rules[key], key=order.__getitem__)))
        for key, function in _functions().items()
        if key in rules and key not in LEFT_OUT
    }
