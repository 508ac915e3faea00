"""Inspections of small files, as text and as JSON, without a process or a disk."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.rules.crafting import craft

from aprfmt.cli.inspection import Seen
from aprfmt.cli.inspection.json import as_json
from aprfmt.cli.inspection.text import show
from aprfmt.container import Container
from aprfmt.ops.inspect import inspect
from aprfmt.ops.quality import quality
from aprfmt.source import BytesSource

__all__ = ["json_of", "look", "metadata_of", "text_of"]


def look(raw: bytes, *, checked: bool = False, scored: bool = False) -> Seen:
    seen = inspect(Container(BytesSource(raw)), check=checked)
    return Seen(
        file="m.apr",
        inspection=seen,
        checked=checked,
        digested=False,
        payload_digest=None,
        quality=quality(seen) if scored else None,
    )


def metadata_of(metadata: dict[str, Any] | bytes, **options: Any) -> bytes:
    """A file with this metadata."""
    raw = metadata if isinstance(metadata, bytes) else json.dumps(metadata, ensure_ascii=False).encode()
    return craft(metadata=raw, **options)


def json_of(metadata: dict[str, Any] | bytes, **options: Any) -> dict[str, Any]:
    return as_json(look(metadata_of(metadata, **options)))


def text_of(metadata: dict[str, Any] | bytes, capsys: pytest.CaptureFixture[str], *, verbose: bool = False) -> str:
    show(look(metadata_of(metadata)), verbose=verbose)
    return capsys.readouterr().out
