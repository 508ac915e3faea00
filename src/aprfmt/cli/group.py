"""The command group: every module in `cli/commands/` is a command, imported when it is used."""

from __future__ import annotations

import importlib
import pkgutil

import click

from . import commands
from .exits import EXIT_CODES
from .options import help_option

__all__ = ["cli"]


class _DirectoryOfCommands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands: the listing of the folder."""
        del ctx
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None when no module is called so."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"{commands.__name__}.{cmd_name}").command
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
    cls=_DirectoryOfCommands,
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
