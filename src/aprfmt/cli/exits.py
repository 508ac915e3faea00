"""The exit codes, and what an exception becomes for whoever started the program: a kind, a code and a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import AprError, FormatError, LimitExceededError, RequestError, UnsupportedError

if TYPE_CHECKING:
    from .signals import SignalledError

__all__ = ["EXIT_CODES", "FILE", "FINDINGS", "FORMAT", "INTERNAL", "KINDS", "OK", "REQUEST", "Failure"]

OK, FINDINGS, REQUEST, FILE, FORMAT, INTERNAL = 0, 1, 2, 3, 4, 70

EXIT_CODES = {
    OK: "done, clean",
    FINDINGS: (
        "findings: a file that fails `validate` or `gate`, a footer that `inspect --check` finds absent, differences "
        "that `diff` or `verify` finds, one of many files that could not be stamped, nothing found by `licenses`"
    ),
    REQUEST: "the request is wrong: usage, an empty patch, an output that exists, an unknown licence",
    FILE: "a file cannot be read or written",
    FORMAT: "not an APR v2 file, or too broken for what was asked",
    INTERNAL: "a fault in aprfmt itself: please report it",
    129: "hung up (SIGHUP)",
    130: "interrupted (SIGINT, Ctrl-C)",
    143: "terminated (SIGTERM)",
}

KINDS = {
    "usage": (REQUEST, "the command line cannot be understood"),
    "request": (REQUEST, "what is asked for cannot be done: an empty patch, an output that exists, an unknown licence"),
    "file": (FILE, "what the operating system reports"),
    "format": (FORMAT, "the bytes are not what the format says"),
    "unsupported": (FORMAT, "another format, such as APR v1 or GGUF"),
    "limit": (FORMAT, "larger than aprfmt is willing to read"),
    "interrupted": (130, "ended by a signal; the exit code is 128 plus its number"),
    "internal": (INTERNAL, "a fault in aprfmt itself"),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command did not do what it was asked; `message` is complete without the other fields."""

    kind: str
    message: str
    exit_code: int
    file: str | None = None
    detail: FormatError | LimitExceededError | None = None

    @classmethod
    def of(cls, error: Exception, file: str | None = None) -> Failure:
        """The failure that an exception stands for; `file` is the one it is about, unless the exception knows."""
        if isinstance(error, OSError):
            reason = error.strerror or str(error) or type(error).__name__
            name = file if error.filename is None else str(error.filename)
            return cls("file", reason if name is None else f"{name}: {reason}", FILE, name)
        if isinstance(error, RequestError):
            return cls("request", str(error), REQUEST)
        if isinstance(error, AprError):
            kinds = ((UnsupportedError, "unsupported"), (LimitExceededError, "limit"))
            kind = next((name for parent, name in kinds if isinstance(error, parent)), "format")
            name = getattr(error, "__notes__", [file])[-1]
            message = str(error) if name is None else f"{name}: {error}"
            detail = error if isinstance(error, FormatError | LimitExceededError) else None
            return cls(kind, message, FORMAT, name, detail)
        if isinstance(error, MemoryError):
            return cls("limit", "not enough memory for what this file holds", FORMAT, file)
        return cls("internal", f"a fault in aprfmt itself, please report it: {type(error).__name__}: {error}", INTERNAL)

    @classmethod
    def of_signal(cls, error: SignalledError, file: str | None = None) -> Failure:
        """The failure that a signal stands for, while `file` was read when there is one."""
        return cls("interrupted", str(error) if file is None else f"{file}: {error}", error.exit_code, file)

    def as_json(self) -> dict[str, Any]:
        """The value of the key `error`; every key is always there."""
        detail = self.detail
        start, end = (None, None) if detail is None or detail.span is None else detail.span
        return {
            "kind": self.kind,
            "message": self.message,
            "exit_code": self.exit_code,
            "file": self.file,
            **{name: getattr(detail, name, None) for name in ("rule_id", "field")},
            "start": start,
            "end": end,
            **{name: getattr(detail, name, None) for name in ("expected", "found", "tensor")},
        }
