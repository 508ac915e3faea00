"""What the parsers in `parsers/` know of the format beside the Kaitai compiler's output, one module a language.

A Kaitai parser reads; it does not say where a field lies, how many bytes an element type takes, or which rule a refusal
breaks. These facts are the same in every language, and are made from the same specification.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import go, java, javascript, python
from .facts import ParserFacts

__all__ = ["EMITTERS", "ParserFacts"]

EMITTERS: Mapping[str, tuple[str, Callable[[ParserFacts], str]]] = {
    "parsers/python/src/aprfmt_reader/_generated/__init__.py": ("#", python.emit_package),
    "parsers/python/src/aprfmt_reader/_generated/facts.py": ("#", python.emit),
    "parsers/javascript/src/generated/facts.js": ("//", javascript.emit),
    "parsers/javascript/src/generated/facts.d.ts": ("//", javascript.emit_types),
    "parsers/java/src/main/java/org/aprfmt/reader/DType.java": ("//", java.emit_dtype),
    "parsers/java/src/main/java/org/aprfmt/reader/generated/Facts.java": ("//", java.emit),
    "parsers/go/internal/facts/facts.go": ("//", go.emit),
    "parsers/go/apr/dtype_gen.go": ("//", go.emit_dtype),
}
"""Every file by its path from the root of the repository: how a comment begins in it, and what makes it."""
