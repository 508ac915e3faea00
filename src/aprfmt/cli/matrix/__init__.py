"""What runs of the conformance vectors came to, as text for people and programs: one module a format.

A report is a function from runs to pieces of text; printing them is the business of `render`. Several runs, of several
implementations, are columns where there is room for columns. Names, commands, details and reasons come from strangers:
each format escapes them in its own way.
"""

from __future__ import annotations

__all__ = ["FORMATS"]

FORMATS = ("text", "json", "junit", "markdown", "sarif", "html")
