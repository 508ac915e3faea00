"""The inputs of findings.json, and what was observed of each."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "findings.json"


@dataclass(frozen=True)
class Limits:
    """What a process gets whose input is meant to exhaust it: address space or heap, and time."""

    megabytes: int
    seconds: int


@dataclass(frozen=True)
class Case:
    """One input, and what each language made of it.

    Without `show`, what is looked at is what the compiler makes: `finds` is a pattern for its text, and without either
    the text is built by the compiler of its language.
    """

    name: str
    spec: str
    observed: dict[str, str]
    content: str = ""
    show: tuple[str, ...] = ()
    door: str = "memory"
    limits: dict[str, Limits] = field(default_factory=dict)
    finds: str = ""

    def line(self, file: Path) -> str:
        """What a reader is told: name, spec, whether the stream is over a file or memory, the file, what to show."""
        return "\t".join((self.name, self.spec, self.door, str(file), " ".join(self.show)))


def write_content(content: str, file: Path) -> None:
    """The bytes of an input: hex, `hex*count`, `deflate:hex*count`, and `hole:size` for zeros that take no disk."""
    with file.open("wb") as out:
        for word in content.split():
            kind, _, rest = word.rpartition(":")
            if kind == "hole":
                out.seek(int(rest), os.SEEK_CUR)
                out.truncate()
                continue
            piece, _, count = rest.partition("*")
            plain = bytes.fromhex(piece) * int(count or 1)
            out.write(zlib.compress(plain, 9) if kind == "deflate" else plain)


def cases_of(manifest: dict[str, Any]) -> Iterator[Case]:
    """Every input of every finding; its name is that of the finding, a slash, and its number."""
    for finding in manifest["findings"]:
        for number, case in enumerate(finding["cases"]):
            limits = {name: Limits(*pair) for name, pair in case.get("limits", {}).items()}
            yield Case(
                name=f"{finding['name']}/{number}",
                spec=case.get("spec", finding["name"]),
                observed=case["observed"],
                content=case.get("bytes", ""),
                show=tuple(case.get("show", ())),
                door=case.get("door", "memory"),
                limits=limits,
                finds=case.get("finds", ""),
            )


def load() -> dict[str, Any]:
    """The manifest as it is committed."""
    manifest: dict[str, Any] = json.loads(MANIFEST.read_text("utf-8"))
    return manifest


def record(manifest: dict[str, Any], found: dict[tuple[str, str], str]) -> None:
    """Writes the manifest with what was found; what was not looked for stays."""
    for finding in manifest["findings"]:
        for number, case in enumerate(finding["cases"]):
            observed = case["observed"]
            name = f"{finding['name']}/{number}"
            case["observed"] = {language: found.get((name, language), before) for language, before in observed.items()}
    MANIFEST.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
