"""`aprfmt vectors`: the conformance vectors, files that every reader and writer must agree on."""

from __future__ import annotations

import sys

import click

from ...group import CommandFolder
from ...options import help_option

__all__ = ["command"]


@click.group(
    cls=CommandFolder,
    package=sys.modules[__name__],
    short_help="Build, prove and show the conformance vectors.",
    add_help_option=False,
)
@help_option
def command() -> None:
    """Build, prove and show the conformance vectors: files that every reader and writer must agree on."""
