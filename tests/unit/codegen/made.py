"""What the generator makes of the small specifications in `data/`, as text and as modules that run."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from construct import Container

from aprfmt.codegen import emit_codec, emit_facts, emit_structs, ksy

DATA = Path(__file__).parent / "data"
SPECS = sorted(path.stem for path in DATA.glob("*.ksy"))

TYPE = """
meta: {id: small, endian: le, bit-endian: le}
doc: Small.
types:
  t:
    doc: A type.
"""
"""The beginning of a specification; tests go on with the body of the type `t`."""


def text_of(name: str) -> str:
    """One of the small specifications."""
    return (DATA / f"{name}.ksy").read_text(encoding="utf-8")


def made(source: str) -> dict[str, str]:
    """The text of each generated module."""
    spec = ksy.load(source)
    return {"facts": emit_facts.emit(spec), "structs": emit_structs.emit(spec), "codec": emit_codec.emit(spec)}


@cache
def modules(source: str) -> tuple[Any, Any, Any]:
    """The generated facts, structs and codec, running in a package beside the real one."""
    package = f"aprfmt.layout._made_{len(_PACKAGES)}"
    _PACKAGES.append(package)
    sys.modules[package] = ModuleType(package)
    sys.modules[package].__path__ = []
    found = []
    for name, text in made(source).items():
        module = ModuleType(f"{package}.{name}")
        module.__package__ = package
        sys.modules[module.__name__] = module
        exec(compile(text, f"<{name}>", "exec"), vars(module))  # noqa: S102 - this is what is under test
        found.append(module)
    facts, structs, codec = found
    return facts, structs, codec


_PACKAGES: list[str] = []


def plain(value: Any) -> Any:
    """What a struct parses as plain dicts and lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def context(value: Any) -> Any:
    """Plain dicts as the objects that the expressions of a struct look into."""
    if isinstance(value, dict):
        return Container((key, context(item)) for key, item in value.items())
    return [context(item) for item in value] if isinstance(value, list) else value
