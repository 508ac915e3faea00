"""Options that name implementations: one or several, each by one of the four plugs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..fuzz import TargetSpec

__all__ = ["Named", "exit_codes", "report_options", "target_options", "targets_of"]

_F = TypeVar("_F", bound=Callable[..., Any])
_PLUGS = ("exit", "json", "ndjson")


def exit_codes(text: str) -> tuple[int, ...]:
    """Exit codes, separated by commas, in their order; raises `BadParameter`."""
    try:
        found = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise click.BadParameter(f"expected exit codes separated by commas, found {text!a}") from None
    if not set(found) <= set(range(256)):
        raise click.BadParameter(f"expected exit codes from 0 to 255, found {text!a}")
    return found


def report_options(formats: Sequence[str]) -> Callable[[_F], _F]:
    """`--report` and `--format` of a command that reports in these formats; passed are `written` and `kind`."""

    def pairs(_ctx: click.Context, _parameter: click.Parameter, value: Sequence[str]) -> tuple[tuple[str, str], ...]:
        found = tuple((text.partition("=")[0], text.partition("=")[2]) for text in value)
        for kind, path in found:
            if kind not in formats or not path:
                raise click.BadParameter(f"expected FORMAT=PATH with one of {', '.join(formats)}, found {kind!a}")
        return found

    report = click.option(
        "--report",
        "written",
        multiple=True,
        metavar="FORMAT=PATH",
        callback=pairs,
        help="Write a report to a file, too; markdown is appended.",
    )
    printed = click.option("--format", "kind", type=click.Choice(formats), help="How to report; text unless given.")
    return lambda function: report(printed(function))


def _codes(_ctx: click.Context, _parameter: click.Parameter, value: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    return tuple(map(exit_codes, value))


_OPTIONS = (
    click.option(
        "--cmd",
        "commands",
        multiple=True,
        metavar="COMMAND",
        help="An implementation: a command with {file}; `json:` or `ndjson:` in front say what --plug says. May be "
        "repeated.",
    ),
    click.option(
        "--plug",
        "plugs",
        multiple=True,
        type=click.Choice(_PLUGS),
        help="What is looked at: the exit code (so unless said), the JSON that it prints, or the lines that it answers "
        "while it stays up. Once for all, or once a command.",
    ),
    click.option(
        "--call", "calls", multiple=True, metavar="MODULE:FUNCTION", help="A Python callable; may be repeated."
    ),
    click.option(
        "--accept",
        "accepts",
        multiple=True,
        metavar="CODES",
        callback=_codes,
        help="Exit codes that take a file, 0 unless said. Once for all, or once a command.",
    ),
    click.option(
        "--reject",
        "rejects",
        multiple=True,
        metavar="CODES",
        callback=_codes,
        help="Exit codes that refuse a file, 1 unless said. Once for all, or once a command.",
    ),
    click.option(
        "--stamp-cmd",
        "stamps",
        multiple=True,
        metavar="COMMAND",
        help="A command with {file}, {patch} and {output} that stamps; once for each --cmd, empty where there is none.",
    ),
    click.option(
        "--write-cmd",
        "writes",
        multiple=True,
        metavar="COMMAND",
        help="A command with {tree} and {output} that writes; once for each --cmd, empty where there is none.",
    ),
    click.option(
        "--name",
        "names",
        multiple=True,
        metavar="TEXT",
        help="What the report calls it; once for each --cmd and --call.",
    ),
)


def target_options(function: _F) -> _F:
    """`--cmd`, `--plug`, `--call`, `--accept`, `--reject`, `--stamp-cmd`, `--write-cmd` and `--name`."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


@dataclass(frozen=True, slots=True)
class Named:
    """What the options say, in the order in which they were given."""

    commands: tuple[str, ...] = ()
    plugs: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    accepts: tuple[tuple[int, ...], ...] = ()
    rejects: tuple[tuple[int, ...], ...] = ()
    stamps: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def targets_of(named: Named) -> tuple[TargetSpec, ...]:
    """The implementations that are meant; raises `UsageError` when options do not go together."""
    from ..fuzz import TargetSpec

    number = len(named.commands)
    for option, given in (("--plug", named.plugs), ("--accept", named.accepts), ("--reject", named.rejects)):
        if given and not number:
            raise _usage(f"{option} goes with --cmd.")
    plugs = _each(named.plugs, number, "--plug", ("exit",))
    accepts = _each(named.accepts, number, "--accept", ((0,),))
    rejects = _each(named.rejects, number, "--reject", ((1,),))
    stamps = _one_each(named.stamps, number, "--stamp-cmd")
    writes = _one_each(named.writes, number, "--write-cmd")
    names = _one_each(named.names, number + len(named.calls), "--name")
    found = []
    for at, text in enumerate(named.commands):
        plug, command = plugs[at], text
        kind, colon, rest = text.partition(":")
        if colon and kind in _PLUGS:
            plug, command = kind, rest
        if plug == "ndjson" and (stamps[at] or writes[at]):
            raise _usage("--stamp-cmd and --write-cmd go with --plug exit and json.")
        if plug == "ndjson" and "{file}" in command:
            raise _usage("A harness gets its files line by line: --plug ndjson takes no {file}.")
        found.append(
            TargetSpec(
                plug, command, accepts[at], rejects[at], stamps[at] or None, writes[at] or None, names[at] or None
            )
        )
    return (*found, *(TargetSpec("call", call, name=names[number + at] or None) for at, call in enumerate(named.calls)))


_T = TypeVar("_T")


def _each(given: Sequence[_T], number: int, option: str, default: Sequence[_T]) -> Sequence[_T]:
    """A value for each command: one for all of them, or as many as there are."""
    if len(given) in (0, 1):
        return (list(given) or list(default)) * number
    if len(given) != number:
        raise _usage(f"{option}: expected it once, or once for each of {number} --cmd, found it {len(given)} times.")
    return given


def _one_each(given: Sequence[str], number: int, option: str) -> Sequence[str]:
    if given and len(given) != number:
        raise _usage(f"{option}: expected it once for each of {number} implementations, found it {len(given)} times.")
    return given or [""] * number


def _usage(text: str) -> click.UsageError:
    return click.UsageError(text, click.get_current_context(silent=True))
