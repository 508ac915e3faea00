"""A reader of patterns of the hex editor ImHex: as much of the language as the generator writes, and nothing more.

It stands in for the editor, which no test can run. A word that it does not know is an error, so that the generator
cannot write what no test has read. Integers have no width here, as they have 128 bits in the editor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aprfmt.codegen.imhex_names import RESERVED

__all__ = ["Node", "Pattern", "Read"]

_TOKEN = re.compile(
    r"""\s*(?: (?P<comment>//[^\n]*) | (?P<text>"(?:[^"\\]|\\.)*") | (?P<number>0x[0-9a-fA-F]+|[0-9]+)"""
    r"""| (?P<name>[A-Za-z_]\w*(?:::\w+)*) | (?P<op>\[\[|\]\]|&&|\|\||[<>=!]=|[-+*/%<>=!?:;,.@${}()\[\]]) )""",
    re.VERBOSE,
)
_BUILT_IN = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "char": 1}
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"))


@dataclass(slots=True)
class Node:
    """A struct in the file: what is shown by name, what expressions find by name, and where each field lies."""

    start: int
    parent: Node | None
    shown: dict[str, Any] = field(default_factory=dict)
    inside: dict[str, Any] = field(default_factory=dict)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    label: Any = None


@dataclass(slots=True)
class Read:
    """One file being read: where the cursor is, the global variables, and what the console says."""

    data: bytes
    names: dict[str, Any]
    at: int = 0
    warnings: list[str] = field(default_factory=list)

    def take(self, size: int) -> bytes:
        """The next bytes; past the end of the file the editor stops."""
        if size < 0 or self.at + size > len(self.data):
            raise EOFError(f"{size} bytes @{self.at}")
        self.at += size
        return self.data[self.at - size : self.at]


Value = Callable[[Read, Node], Any]
Statement = Callable[[Read, Node], None]


class _ReturnError(Exception):
    """Carries the value of a function out of it."""


class Pattern:
    """A pattern: its pragmas, its enums and sets of bits as they are declared, and how it reads a file."""

    def __init__(self, text: str) -> None:
        self.pragmas = dict(re.findall(r"^#pragma (\w+) (.*)$", text, re.MULTILINE))
        self.defines = {name: int(value) for name, value in re.findall(r"^#define (\w+) (\d+)$", text, re.MULTILINE)}
        self.enums: dict[str, tuple[int, dict[int, str]]] = {}
        self.bits: dict[str, list[tuple[str, int]]] = {}
        self.structs: dict[str, tuple[list[Statement], Value | None]] = {}
        self.functions: dict[str, tuple[list[str], list[Statement]]] = {}
        self.globals: dict[str, int] = {}
        self.placed: list[Statement] = []
        self.words = list(_words(re.sub(r"^#.*$", "", text, flags=re.MULTILINE)))
        self.next = 0
        while self.next < len(self.words):
            self._declaration()

    def read(self, data: bytes) -> tuple[Node, list[str]]:
        """The file as a tree, and what the console says."""
        run = Read(data, dict(self.globals))
        top = Node(0, None)
        for statement in self.placed:
            statement(run, top)
        (found,) = top.shown.values()
        return found, run.warnings

    # Words

    def _peek(self, ahead: int = 0) -> str:
        return self.words[self.next + ahead] if self.next + ahead < len(self.words) else ""

    def _take(self, wanted: str | None = None) -> str:
        word = self._peek()
        assert wanted in (None, word), f"expected {wanted}, found {' '.join(self.words[self.next : self.next + 9])}"
        self.next += 1
        return word

    def _until(self, end: str) -> Iterator[None]:
        while self._peek() != end:
            yield
        self._take(end)

    # Declarations

    def _declaration(self) -> None:
        word = self._take()
        if word == "fn":
            name = self._take()
            self._take("(")
            params = []
            for _ in self._until(")"):
                self._take()
                params.append(self._take())
                if self._peek() == ",":
                    self._take()
            self.functions[name] = params, self._block()
        elif word == "enum":
            name = self._take()
            self._take(":")
            width = _BUILT_IN[self._take()]
            members: dict[int, str] = {}
            self._take("{")
            for _ in self._until("}"):
                member = self._take()
                self._take("=")
                members[int(self._take())] = member
                self._take(",")
            self.enums[name] = width, members
        elif word == "bitfield":
            name = self._take()
            self.bits[name] = []
            self._take("{")
            for _ in self._until("}"):
                bit = self._take()
                self._take(":")
                width = int(self._take())
                self.bits[name].append((self._attributes().get("name", bit), width))
                self._take(";")
        elif word == "struct":
            name = self._take()
            body = self._block()
            label = None
            if self._peek() == "[[":
                for word in ("[[", "name", "("):
                    self._take(word)
                label = self._value()
                for word in (")", "]]"):
                    self._take(word)
            self.structs[name] = body, label
        elif self._peek(1) == "=":
            name = self._take()
            self._take("=")
            self.globals[name] = int(self._take())
        else:
            self.next -= 1
            self.placed.append(self._field())
            return
        self._take(";")

    def _block(self) -> list[Statement]:
        if self._peek() != "{":
            return [self._statement()]
        self._take("{")
        return [self._statement() for _ in self._until("}")]

    def _attributes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if self._peek() != "[[":
            return found
        self._take("[[")
        for _ in self._until("]]"):
            name = self._take()
            found[name] = ""
            if self._peek() == "(":
                self._take("(")
                found[name] = _text(self._take())
                self._take(")")
            if self._peek() == ",":
                self._take()
        return found

    # Statements

    def _statement(self) -> Statement:
        if self._peek() == "if":
            self._take("if")
            self._take("(")
            test = self._value()
            self._take(")")
            body = self._block()

            def when(run: Read, node: Node) -> None:
                if test(run, node):
                    for step in body:
                        step(run, node)

            return when
        if self._peek() == "return":
            self._take("return")
            result = self._value()
            self._take(";")

            def leave(run: Read, node: Node) -> None:
                raise _ReturnError(result(run, node))

            return leave
        if self._peek(1) == "=":
            name = self._take()
            self._take("=")
            value = self._value()
            self._take(";")
            assert name in self.globals, name
            return lambda run, node: run.names.__setitem__(name, value(run, node))
        if self._peek(2) == "=":
            assert self._take() in ("u128", "bool")
            name = self._take()
            self._take("=")
            value = self._value()
            self._take(";")
            return lambda run, node: node.inside.__setitem__(name, value(run, node))
        if self._peek(1) == "(":
            call = self._value()
            self._take(";")
            return call
        return self._field()

    def _field(self) -> Statement:
        kind, name = self._take(), self._take()
        assert name not in RESERVED, name
        count: Value | None = None
        if self._peek() == "[":
            self._take("[")
            count = self._value()
            self._take("]")
        place: Value | None = None
        if self._peek() == "@":
            self._take("@")
            place = self._value()
        title = self._attributes().get("name", name)
        self._take(";")

        def put(run: Read, node: Node) -> None:
            back = run.at
            if place is not None:
                run.at = place(run, node)
            start = run.at
            value = self._element(kind, run, node) if count is None else self._list(kind, count(run, node), run, node)
            node.spans[title] = start, run.at
            assert title not in node.shown, title
            node.shown[title] = node.inside[name] = value
            if place is not None:
                run.at = back

        return put

    def _list(self, kind: str, count: int, run: Read, node: Node) -> Any:
        if _BUILT_IN.get(kind) == 1:
            return run.take(count)
        assert count >= 0, count
        if count > int(self.pragmas["array_limit"]):
            raise EOFError("array_limit")
        return [self._element(kind, run, node) for _ in range(count)]

    def _element(self, kind: str, run: Read, node: Node) -> Any:
        if kind in _BUILT_IN:
            return int.from_bytes(run.take(_BUILT_IN[kind]), self.pragmas["endian"])
        if kind in self.enums:
            width, members = self.enums[kind]
            code = int.from_bytes(run.take(width), self.pragmas["endian"])
            return members.get(code, code)
        if kind in self.bits:
            number = int.from_bytes(run.take(sum(width for _, width in self.bits[kind]) // 8), self.pragmas["endian"])
            values = {}
            for name, width in self.bits[kind]:
                values[name] = number & (1 << width) - 1
                number >>= width
            return values
        body, label = self.structs[kind]
        inner = Node(run.at, node)
        for step in body:
            step(run, inner)
        inner.label = None if label is None else label(run, inner)
        return inner

    # Expressions

    def _value(self, level: int = 0) -> Value:
        if level == len(_LEVELS):
            return self._unary()
        left = self._value(level + 1)
        while self._peek() in _LEVELS[level]:
            left = _binary(self._take(), left, self._value(level + 1))
        return left

    def _unary(self) -> Value:
        if self._peek() == "!":
            self._take()
            of = self._unary()
            return lambda run, node: not of(run, node)
        return self._member(self._atom())

    def _member(self, value: Value) -> Value:
        while self._peek() == ".":
            self._take(".")
            name = self._take()
            value = _of(value, name)
        return value

    def _atom(self) -> Value:
        word = self._take()
        if word == "(":
            inner = self._value()
            self._take(")")
            return inner
        if word == "$":
            return lambda run, _: run.at
        if word.startswith('"'):
            return lambda _run, _node: _text(word)
        if word[0].isdigit():
            return lambda _run, _node: int(word, 0)
        if word == "parent":
            return lambda _, node: node.parent
        if self._peek() == "(":
            return self._call(word)
        if word in self.defines:
            return lambda _run, _node: self.defines[word]
        return lambda run, node: node.inside[word] if word in node.inside else run.names[word]

    def _call(self, word: str) -> Value:
        self._take("(")
        args = []
        if word in ("sizeof", "addressof"):
            what = self._take()
            self._take(")")
            if (word, what) == ("sizeof", "$"):
                return lambda run, _: len(run.data)
            assert (word, what) == ("addressof", "this")
            return lambda _, node: node.start
        for _ in self._until(")"):
            args.append(self._value())
            if self._peek() == ",":
                self._take()
        if word == "builtin::std::warning":
            return lambda run, node: run.warnings.append(args[0](run, node))
        params, body = self.functions[word]

        def call(run: Read, node: Node) -> Any:
            inner = Node(0, None)
            inner.inside = {param: arg(run, node) for param, arg in zip(params, args, strict=True)}
            try:
                for step in body:
                    step(run, inner)
            except _ReturnError as result:
                return result.args[0]
            return None

        return call


def _words(text: str) -> Iterator[str]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found is not None, text[at : at + 40]
        at = found.end()
        if found.lastgroup != "comment":
            yield found.group(found.lastgroup or 0)


def _text(word: str) -> str:
    assert word.startswith('"'), word
    return re.sub(r"\\(.)", r"\1", word[1:-1])


def _of(value: Value, name: str) -> Value:
    if name == "parent":
        return lambda run, node: value(run, node).parent
    return lambda run, node: value(run, node).inside[name]


def _binary(op: str, left: Value, right: Value) -> Value:
    match op:
        case "||":
            return lambda run, node: left(run, node) or right(run, node)
        case "&&":
            return lambda run, node: left(run, node) and right(run, node)
    plain: dict[str, Callable[[Any, Any], Any]] = {
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a // b,
        "%": lambda a, b: a % b,
    }
    do = plain[op]
    return lambda run, node: do(left(run, node), right(run, node))
