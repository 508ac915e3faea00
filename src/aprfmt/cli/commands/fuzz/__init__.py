"""`aprfmt fuzz`: cases drawn from the specification, put to implementations; `aprfmt fuzz --cmd …` runs it."""

from __future__ import annotations

import sys

import click

from ...group import CommandFolder
from ...options import help_option

__all__ = ["command"]

_RUN, _HELP = "run", ("-h", "--help")


class _RunFolder(CommandFolder):
    """A group that runs when it is given options and no command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments, with the command that they leave out."""
        if args and args[0].startswith("-") and args[0] not in _HELP:
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_RunFolder,
    package=sys.modules[__name__],
    short_help="Fuzz implementations; make vectors and corpora.",
    add_help_option=False,
)
@help_option
def command() -> None:
    """Put cases that are drawn from the specification to implementations, and shrink what they do wrong.

    Options without a command are those of `aprfmt fuzz run`.
    """
