"""Text of a specification inside Python source."""

from __future__ import annotations

import re

__all__ = ["docstring", "first_sentence", "folded", "inline"]


def inline(text: str) -> str:
    """A text on one line, such that it can stand between triple quotes and means the same."""
    return " ".join(text.split()).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def first_sentence(text: str) -> str:
    """The beginning of a text on one line."""
    flat = " ".join(text.split())
    return inline(flat.partition(". ")[0].rstrip(".") + ".")


def docstring(text: str) -> str:
    """The first sentence of a text as a docstring of one line."""
    return f'"""{first_sentence(text)}"""'


def folded(text: str) -> str:
    """A text with each paragraph on one line, as YAML folds it; one with indented lines or a list stays as it is."""
    paragraphs = re.split(r"\n(?:[ \t]*\n)+", text.strip())
    return "\n\n".join(
        paragraph if re.search(r"^([ \t]|[-*] )", paragraph, re.MULTILINE) else " ".join(paragraph.split())
        for paragraph in paragraphs
    )
