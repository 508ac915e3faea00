"""The files of conformance vectors on a disk: built for use beside aprfmt, or exported for use without it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from ..container import Container
from ..errors import RequestError
from ..layout import facts
from ..vectors import Suite, Vector
from ..vectors.check import expected_output
from ..vectors.image import Image
from ..vectors.readings import reading_if_whole
from . import read_spec
from .sources import FileSource, StrPath
from .vectors import write_image

__all__ = ["Built", "build_vectors", "export_vectors"]

_SHIPPED = ("vectors/README.md", "metadata.schema.json", "protocol/request.schema.json", "protocol/answer.schema.json")


class Built(NamedTuple):
    """A file that was made, or was there already and is the same."""

    vector: str
    name: str
    nbytes: int


def build_vectors(suite: Suite, vectors: Iterable[Vector], folder: StrPath, *, force: bool = False) -> list[Built]:
    """Make the files of vectors in a folder, which is made when it is not there.

    Raises `RequestError` when one is there that differs, unless `force`; `OSError` as the system reports it.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    made = []
    for vector in vectors:
        for name, image in _images(suite, vector):
            _put(place / name, image, force=force)
            made.append(Built(vector.id, name, image.size))
    return made


def _images(suite: Suite, vector: Vector) -> Iterator[tuple[str, Image]]:
    names = _names(vector)
    if names.file is not None:
        yield names.file, suite.image(vector.id)
    if names.expected is not None:
        yield names.expected, Image.of(expected_output(suite, vector))


def _put(path: Path, image: Image, *, force: bool) -> None:
    if os.path.lexists(path):
        if path.is_file() and _is_same(path, image):
            return
        if not force:
            raise RequestError(f"{path}: expected no file or the one to be built, found another (--force replaces it)")
        path.unlink()
    write_image(path, image)


def _is_same(path: Path, image: Image) -> bool:
    """Whether the file has the size of the image and its bytes; of a sparse one, those that are written."""
    with FileSource(path) as source:
        return source.size == image.size and all(
            source.read(start, start + len(raw)) == raw for start, raw in image.extents
        )


def export_vectors(suite: Suite, vectors: Iterable[Vector], folder: StrPath, *, force: bool = False) -> Path:
    """Make the files of vectors with a manifest, the schemas of the protocol and a page beside them.

    Returns the path of the manifest, which is written last. Errors are those of `build_vectors`.
    """
    place = Path(folder)
    chosen = list(vectors)
    build_vectors(suite, chosen, place / "files", force=force)
    for name in _SHIPPED:
        _put(place / Path(name).name, Image.of(read_spec(name)), force=force)
    text = json.dumps(_manifest(suite, chosen), indent=1, ensure_ascii=True)
    manifest = place / "manifest.json"
    _put(manifest, Image.of(text.encode("ascii") + b"\n"), force=force)
    return manifest


def _manifest(suite: Suite, vectors: Iterable[Vector]) -> dict[str, Any]:
    return {
        "format": "APR v2",
        "edition": suite.digest,
        "profiles": dict(facts.PROFILE_DOCS),
        "rules": {name: _rule(asdict(rule)) for name, rule in facts.RULES.items()},
        "vectors": [_vector(suite, vector) for vector in vectors],
    }


def _rule(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in ("name", "defect", "severity", "layer", "needs", "why")}


def _vector(suite: Suite, vector: Vector) -> dict[str, Any]:
    node = vector.summary()
    names = _names(vector)
    node |= {key: None if name is None else f"files/{name}" for key, name in names._asdict().items()}
    if vector.op == "read" and vector.verdict == "accept":
        container = Container(suite.image(vector.id), lenient=True)
        node["values"] = reading_if_whole(container, crc32=not vector.is_sparse)
    for key, value in (("patch", vector.patch), ("tree", vector.tree)):
        if value is not None:
            node[key] = value
    return node


class _Names(NamedTuple):
    """Names of the file that is given, and of the one that must be made of it; None where there is none."""

    file: str | None
    expected: str | None


def _names(vector: Vector) -> _Names:
    makes = vector.op != "read" and vector.verdict == "accept"
    return _Names(
        None if vector.base is None else f"{vector.id}.apr",
        f"{vector.id}.expected.apr" if makes else None,
    )
