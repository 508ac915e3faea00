"""The four plugs: how the runner puts a vector to an implementation, in whatever language it is.

| plug | the implementation is | costs a case |
|---|---|---|
| `ExitPlug` | any command, judged by its exit code | the start of a process |
| `JsonPlug` | a command that prints one JSON object | the start of a process |
| `NdjsonPlug` | a process that answers line by line | next to nothing |
| `CallPlug` | a Python callable | next to nothing |
"""

from __future__ import annotations

from .answers import Answer, Plug, Skip
from .commands import ExitPlug, JsonPlug
from .lines import CallPlug, NdjsonPlug

__all__ = ["Answer", "CallPlug", "ExitPlug", "JsonPlug", "NdjsonPlug", "Plug", "Skip"]
