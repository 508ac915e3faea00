"""Stamps with their proof and their receipts, made in memory, and the published schemas to hold receipts against."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from aprfmt import MetadataPatch, ProvenancePatch
from aprfmt.container import Container
from aprfmt.ops.proof import Witness
from aprfmt.ops.receipt import Context, receipt
from aprfmt.ops.stamp import Stamp, plan_stamp
from aprfmt.plan import iter_plan
from aprfmt.source import BytesSource

__all__ = ["CONTEXT", "MIT", "SCHEMAS", "Stamped", "cut", "faults", "lenient", "stamped"]

SCHEMAS = Path(__file__).resolve().parents[3] / "spec" / "receipt"
MIT = ProvenancePatch(license="MIT")
CONTEXT = Context(
    input="folder/in.apr",
    output="folder/out.apr",
    version="1.2.3",
    specification="ab" * 32,
    command_line=("aprfmt", "stamp", "folder/in.apr", "--license", "MIT", "-o", "folder/out.apr"),
    started_at="2026-03-01T23:59:59Z",
    finished_at="2026-03-02T00:00:01.5Z",
    host={"hostname": "desk", "system": "Linux"},
)
_FILES = {"aprfmt": "receipt", "in-toto": "statement", "evidence": "evidence"}


class Stamped(NamedTuple):
    """A stamp that was carried out in memory."""

    before: bytes
    after: bytes
    stamp: Stamp

    def receipt(self, shape: str = "aprfmt") -> dict[str, Any]:
        return receipt(self.stamp, CONTEXT, shape)


def stamped(
    raw: bytes,
    patch: MetadataPatch | ProvenancePatch = MIT,
    *,
    accept: Collection[str] = (),
    drop_trailing: bool = False,
    chunk_bytes: int | None = None,
) -> Stamped:
    """Stamp a file with a witness, who sees pieces of at most `chunk_bytes`."""
    container = Container(BytesSource(raw))
    stamp = plan_stamp(container, patch, accept=accept, drop_trailing=drop_trailing)
    made = bytearray()
    with Witness(container, stamp) as witness:
        for part in iter_plan(stamp.plan, container.source):
            for piece in cut(part, chunk_bytes):
                witness.see(len(made), piece)
                made += piece
        return Stamped(raw, bytes(made), replace(stamp, proof=witness.proof()))


def cut(part: bytes | memoryview, chunk_bytes: int | None) -> Iterator[bytes | memoryview]:
    step = chunk_bytes or max(1, len(part))
    return (part[at : at + step] for at in range(0, len(part), step))


def lenient(raw: bytes) -> Container:
    return Container(BytesSource(raw), lenient=True)


@cache
def _validator(shape: str) -> Draft202012Validator:
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SCHEMAS.iterdir())]
    registry: Registry[Any] = Registry().with_resources(
        [(document["$id"], Resource.from_contents(document)) for document in documents]
    )
    by_id = {document["$id"]: document for document in documents}
    return Draft202012Validator(by_id[f"{_FILES[shape]}.schema.json"], registry=registry)


def faults(document: Any, shape: str = "aprfmt") -> list[str]:
    """What the published schema of a shape says against a document."""
    return [f"{error.json_path}: {error.message}" for error in _validator(shape).iter_errors(document)]
