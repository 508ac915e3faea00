"""Reads the inputs with the generated Python classes: see `Case.line` in run.py for what comes in on stdin.

`python reader.py FOLDER` prints one line an input: its name, a tab, and what came out.
"""

from __future__ import annotations

import enum
import gc
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaitaistruct import BytesIO, KaitaiStream

if TYPE_CHECKING:
    from collections.abc import Callable


def quoted(text: str) -> str:
    """The text as UTF-16 units, those outside printable ASCII escaped, as the other readers show it."""
    units = text.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2)]
    return '"' + "".join(chr(code) if 0x20 <= code < 0x7F else f"\\u{code:04x}" for code in codes) + '"'


def shown(value: Any) -> str:
    """The value in one line; long bytes and lists as their size."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case enum.IntEnum() | int() | float():
            return str(value.value if isinstance(value, enum.IntEnum) else value)
        case bytes():
            return f"0x{value.hex()}" if len(value) <= 16 else f"{len(value)} bytes"
        case str():
            return quoted(value)
        case list():
            return f"[{', '.join(map(shown, value))}]" if len(value) <= 8 else f"{len(value)} elements"
    return "object"


def fault(error: BaseException) -> str:
    """The class of the error, and the path of the field where it has one."""
    where = getattr(error, "src_path", None)
    return type(error).__name__ + (f" at {where}" if where else "")


def message(error: BaseException) -> str:
    """The message of the error."""
    return quoted(str(error))


def reach(value: Any, path: str) -> Any:
    """What stands at the path: attributes, positions in a list, and `#` for the size."""
    for step in path.split("."):
        value = len(value) if step == "#" else value[int(step)] if step.isdigit() else getattr(value, step)
    return value


def attempt(make: Callable[[], str], before: str, tell: Callable[[BaseException], str] = fault) -> str:
    """What is made, or how it failed."""
    try:
        return make()
    except Exception as error:  # whatever a hostile input may raise
        return f"{before}{tell(error)}"


def reads() -> int:
    """How often this process asked the system to read."""
    return int(Path("/proc/self/io").read_text("ascii").split("syscr: ")[1].split()[0])


def outcome(made: type, content: Any, paths: list[str]) -> str:
    """What stands at each path, or why the input is refused.

    The path `message` asks for the message of the refusal, `reads/N` for the system calls that read, divided by N.
    """

    def read() -> str:
        before = reads()
        value = made(KaitaiStream(content))
        since = reads() - before

        def part(path: str) -> str:
            if path.startswith("reads/"):
                return f"{path}={since // int(path.removeprefix('reads/'))}"
            return f"{path}={attempt(lambda: shown(reach(value, path)), '!')}"

        return " ".join(map(part, paths))

    return attempt(read, "refused: ", message if paths == ["message"] else fault)


def main() -> None:
    """Answers until the input ends."""
    sys.path.insert(0, sys.argv[1])
    for line in sys.stdin:
        name, spec, door, file, paths = line.rstrip("\n").split("\t")
        made = getattr(importlib.import_module(spec), "".join(word.capitalize() for word in spec.split("_")))
        with Path(file).open("rb") as stream:
            content = BytesIO(stream.read()) if door == "memory" else stream
            print(f"{name}\t{outcome(made, content, paths.split())}", flush=True)
        gc.collect()  # objects that know their parents are in cycles, and stay in memory until then


main()
