"""Values → text and JSON. The only place that prints.

Names and metadata come from strangers: everything goes through `escape` (text) or ASCII-only JSON before it reaches a
terminal.

Rules of this file:
1. Data goes to stdout; a stdout that cannot be written is an `OSError`, except that a reader who went away is no error.
2. Talk goes to stderr; a stderr that cannot be written is nobody's trouble.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO
from unicodedata import east_asian_width

from ..errors import printable, readable
from .exits import Failure

if TYPE_CHECKING:
    from ..rules import Finding

__all__ = [
    "FINDINGS_A_RULE",
    "count",
    "error_json",
    "escape",
    "exact_size",
    "fail",
    "findings",
    "fitted",
    "flush",
    "is_terminal",
    "json_array",
    "json_lines",
    "json_object",
    "json_text",
    "line",
    "note",
    "pieces",
    "prepare_streams",
    "raw",
    "redraw",
    "short",
    "size",
    "table",
    "tail",
    "talk",
    "traceback",
]

_STDOUT = "standard output"
_SHORT = 200
_WIDEST = 60
_LARGE_JSON = 1024 * 1024
FINDINGS_A_RULE = 5
# What a runner of CI takes for its own: `::` at the start of a line, which it trims, and `##[` and `##vso[` anywhere.
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)|#(?=#\w*\[)", re.MULTILINE)


def escape(text: object) -> str:
    """A value as text with everything made visible that a terminal would obey."""
    return printable(str(text))


def short(value: object, limit: int = _SHORT) -> str:
    """A value of the metadata on one line: what is no string as JSON, nothing longer than `limit` characters."""
    if value is None:
        return "(missing)"
    if value == "":
        return '""'
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= limit:
        return escape(text)
    return f"{escape(text[:limit])}... ({len(text)} characters)"


def _inert(text: str) -> str:
    """The text without commands to a runner of CI: their first character is shown as an escape."""
    if "::" not in text and "##" not in text:
        return text
    return _COMMAND.sub(lambda match: f"{match[1] or ''}\\x{ord(match[0][-1]):02x}", text)


def prepare_streams() -> None:
    """Make every character printable whatever the locale: what it cannot encode is shown as an escape."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _discard(stream: TextIO) -> None:
    """Send what is left in a stream nowhere, so that the interpreter does not complain when it flushes at exit."""
    with suppress(OSError, ValueError):  # ValueError: a stream in memory has no descriptor
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _put(data: str | bytes) -> None:
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), _STDOUT)
    try:
        buffer = getattr(stream, "buffer", None)
        if isinstance(buffer, io.RawIOBase):
            _put_unbuffered(
                buffer, data if isinstance(data, bytes) else data.encode(stream.encoding, stream.errors or "strict")
            )
        elif isinstance(data, bytes) and buffer is not None:
            stream.flush()
            stream.buffer.write(data)
        else:
            stream.write(data.decode() if isinstance(data, bytes) else data)
    except OSError as error:
        _output_failed(stream, error)


def _put_unbuffered(stream: io.RawIOBase, data: bytes) -> None:
    """PYTHONUNBUFFERED leaves out the layer that writes until all is written, and nobody would miss the rest."""
    rest = memoryview(data)
    while rest:
        done = stream.write(rest)
        if done is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        rest = rest[done:]


def _output_failed(stream: TextIO, error: OSError) -> None:
    _discard(stream)
    # Windows reports a reader who went away as an invalid argument.
    if not isinstance(error, BrokenPipeError) and not (os.name == "nt" and error.errno == errno.EINVAL):
        raise OSError(error.errno, error.strerror, _STDOUT) from error


def flush() -> None:
    """Hand everything over to the system; raises `OSError` when it does not take it."""
    stream: TextIO | None = sys.stdout
    if stream is None:
        return
    try:
        stream.flush()
    except OSError as error:
        _output_failed(stream, error)


def _say(text: str) -> None:
    _draw(_inert(text))


def _draw(text: str) -> None:
    stream: TextIO | None = sys.stderr
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        _discard(stream)


def line(text: str = "") -> None:
    """One line of data on stdout; the caller has escaped what comes from a file."""
    _put(f"{_inert(text)}\n")


def raw(data: bytes) -> None:
    """Bytes of ours on stdout, as they are."""
    _put(data)


def talk(text: str) -> None:
    """Lines of talk on stderr; line breaks are kept, everything else is escaped."""
    flush()
    _say("".join(f"{escape(part)}\n" for part in text.split("\n")))


def note(text: str) -> None:
    """One line of talk on stderr, escaped."""
    flush()
    _say(f"note: {escape(text)}\n")


def tail(text: str, columns: int) -> str:
    """The end of a text, escaped, as far as it fits into so many columns of a terminal."""
    shown = escape(text)
    if _columns(shown) <= columns:
        return shown
    at, left = len(shown), columns - len("...")
    while (left := left - _columns(shown[at - 1])) >= 0:
        at -= 1
    return f"...{shown[at:]}"


def _columns(text: str) -> int:
    """How wide a terminal draws a text at most: an ideograph takes two columns."""
    return sum(1 + (east_asian_width(character) in "FW") for character in text)


def fitted(text: str) -> str:
    """The beginning of a line, as far as it fits the terminal on stderr: one that wraps cannot be drawn over."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns - 1
    except (OSError, ValueError, AttributeError):
        return text
    while columns > 0 and _columns(text) > columns:
        text = text[:-1]
    return text


def is_terminal() -> bool:
    """Whether stderr is a terminal, so that progress can be drawn."""
    return sys.stderr is not None and sys.stderr.isatty()


def redraw(text: str, *, over: str) -> None:
    """Put `text` in the place of the line that was drawn last; plain spaces, because not every terminal can erase."""
    _draw(f"\r{' ' * _columns(over)}\r{text}")


def pieces(texts: Iterable[str], *, commands: bool = False) -> None:
    """Parts of a report on stdout, each handed over as it is done; whoever made them has escaped them.

    With `commands` the report is one of commands to a runner of CI.
    """
    for text in texts:
        _put(text if commands else _inert(text))
        flush()


def json_text(value: Any, *, indent: int | None = None) -> str:
    """A value as JSON in ASCII, so that no byte of a file reaches the terminal raw."""
    text = json.dumps(value, indent=indent, ensure_ascii=True, default=dict)
    # Few texts hold a surrogate, or what looks like one: only those are looked through again, value by value.
    text = json.dumps(readable(value), indent=indent, ensure_ascii=True) if "\\ud" in text else text
    # In JSON it stands in a string, where the same character can be written in another way.
    return text.replace("##", "\\u0023\\u0023")


def json_lines(value: Mapping[str, Any]) -> str:
    """An object as `json_text` has it: indented, and a large one on one line, because depth multiplies indentation."""
    compact = json_text(value)
    indented = compact if len(compact) > _LARGE_JSON else json_text(value, indent=2)
    return f"{compact if len(indented) > _LARGE_JSON else indented}\n"


def json_object(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout, as `json_lines` has it."""
    _put(json_lines(value))


def json_array(values: Sequence[Any]) -> None:
    """A JSON array on stdout, one value a line."""
    _put("[\n" + ",\n".join(json_text(value) for value in values) + "\n]\n")


def fail(failure: Failure, *, as_json: bool) -> int:
    """Report a failure, on stderr or as `{"error": …}` on stdout; returns the exit code."""
    if as_json and failure.file != _STDOUT:
        try:
            json_object({"error": failure.as_json()})
            flush()
            return failure.exit_code
        except OSError:
            pass  # there is no stdout to report on
    with suppress(OSError):
        flush()
    _say(f"error: {escape(failure.message)}\n")
    return failure.exit_code


def traceback(error: BaseException) -> None:
    """Where a fault of ours is, for those who asked to hear more."""
    from traceback import format_exception

    talk("".join(format_exception(error)).rstrip())


def findings(items: Iterable[Finding], not_kept: Mapping[str, int], *, file: str, verbose: bool, quiet: bool) -> None:
    """Faults on stderr, a line each: errors first and always, warnings unless `quiet`, infos only when asked for.

    A rule that fails for every tensor is cut short unless `verbose`; `not_kept` counts what was not even kept.
    """
    wanted = ["error", *(() if quiet else ("warning",)), *(("info",) if verbose else ())]
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for item in items:
        if item.severity in wanted:
            kinds.setdefault((str(item.severity), item.rule), []).append(item)
    for (severity, rule), found in sorted(kinds.items(), key=lambda kind: wanted.index(kind[0][0])):
        shown = found if verbose else found[:FINDINGS_A_RULE]
        for item in shown:
            talk(f"{severity}: {file}: {item.error()}".replace("\n", "\\n"))
        hidden = len(found) - len(shown)
        if hidden or not_kept.get(rule, 0):
            more = f"{hidden + not_kept.get(rule, 0)} more like this are not shown [{rule}]"
            talk(f"{severity}: {more}{' (-v shows more)' if hidden else ''}")


def error_json(items: Iterable[Finding], file: str) -> dict[str, Any]:
    """The first error among findings, in the shape that error paths have."""
    first = next(item for item in items if item.severity == "error")
    return Failure.of(first.error(), file).as_json()


def count(number: int, noun: str) -> str:
    """`1 tensor`, `2 tensors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def size(nbytes: int) -> str:
    """A size for people."""
    value = float(nbytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024:
            return count(nbytes, "byte") if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def exact_size(nbytes: int) -> str:
    """A size in bytes, and for people where that differs."""
    return count(nbytes, "byte") + (f" ({size(nbytes)})" if nbytes >= 1024 else "")


def table(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> None:
    """Columns separated by two spaces; those in `right` are aligned to the right. Cells are escaped here.

    The last column is never filled up, and no other one beyond a width, so that one long cell does not make every line
    long.
    """
    cells = [[escape(cell) for cell in row] for row in rows]
    widths = [min(max(map(len, column)), _WIDEST) for column in zip(*cells, strict=True)][:-1]
    to_right = set(right)
    for row in cells:
        padded = [
            cell.rjust(width) if at in to_right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        line("  ".join([*padded, row[-1]]).rstrip())
