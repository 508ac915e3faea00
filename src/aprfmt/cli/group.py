"""The command group: every module in `cli/commands/` is a command, every folder there a group of them.

Each is imported when it is used.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import click

from . import commands
from .exits import EXIT_CODES
from .options import help_option

__all__ = ["CommandFolder", "cli", "leaves"]


class CommandFolder(click.Group):
    """A group whose commands are the modules and folders of a package."""

    def __init__(self, *args: Any, package: ModuleType, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands: the listing of the folder."""
        del ctx
        return sorted(module.name for module in pkgutil.iter_modules(self._package.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None when no module is called so."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"{self._package.__name__}.{cmd_name}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} defines no click command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with; an error for another word says which commands are close."""
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            hint = "".join(f" Did you mean {close}?" for close in get_close_matches(name.casefold(), known, n=1))
            raise click.UsageError(f"No such command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from .. import __version__
        from . import render

        render.line(f"aprfmt {__version__}")
        ctx.exit()


@click.group(
    cls=CommandFolder,
    package=commands,
    add_help_option=False,
    context_settings={"max_content_width": 100},
    epilog="\b\nExit codes:\n" + "\n".join(f"{code:>5}  {text}" for code, text in EXIT_CODES.items()),
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
@help_option
def cli() -> None:
    """Inspect APR v2 model containers and stamp provenance into them."""


def leaves(context: click.Context, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command below a group that is no group itself, by its words: `validate`, `vectors build`."""
    group = context.command
    if not isinstance(group, click.Group):
        raise TypeError(f"{context.command_path} is no group")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(click.Context(command, info_name=name, parent=context), f"{prefix}{name} ")
        elif command is not None:
            yield f"{prefix}{name}", command
