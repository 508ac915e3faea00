"""The recipes as values, and the bytes that they give.

Rules of this file:
1. The same recipes give the same bytes, on any machine and in any order of asking.
2. A recipe that makes no sense is a `RequestError` that names the vector.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal, get_args

from .. import layout
from ..errors import AprError, RequestError
from ..layout import facts
from .edits import SEALS, edited
from .image import Image
from .words import BYTES, bytes_of, integer_of, tree_of, wide

__all__ = ["OPS", "VERDICTS", "Op", "Suite", "Vector", "Verdict", "sensible"]

Op = Literal["read", "stamp", "write"]
Verdict = Literal["accept", "reject", "free"]
OPS: tuple[str, ...] = get_args(Op)
VERDICTS: tuple[str, ...] = get_args(Verdict)

_EDITION_DIGITS = 3 * 4
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
"""Ids are names of files and of tests, and patterns match them."""
_LIST_KEYS = ("edits", "beside", "tags", "extents")
_is_text: Callable[[object], bool] = lambda value: isinstance(value, str)  # noqa: E731 - one of a table of such
_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("about", "origin"), _is_text),
    **dict.fromkeys(("base", "rule", "layer", "twin", "sha256", "output_sha256"), lambda v: v is None or _is_text(v)),
    **dict.fromkeys(("beside", "tags", "seal"), lambda v: isinstance(v, list) and all(map(_is_text, v))),
    **dict.fromkeys(("edits", "data"), lambda v: isinstance(v, list) and all(isinstance(item, dict) for item in v)),
    "patch": lambda v: v is None or (isinstance(v, dict) and all(map(_is_text, v.values()))),
    "tree": lambda v: v is None or isinstance(v, dict),
}
"""What the values of a recipe must be."""
_KEYS = {
    *("id", "op", "about", "base", "with", "data", "edits", "seal", "verdict", "rule", "layer", "profile", "beside"),
    *("twin", "tags", "origin", "nbytes", "sha256", "extents", "patch", "tree", "output_sha256"),
}


@dataclass(frozen=True, slots=True)
class Vector:
    """One recipe.

    `op` is what is asked of an implementation: `read` the file, `stamp` it with `patch`, or `write` the file of `tree`.
    `verdict` is the right answer in the `profile`: accept, reject because of `rule` alone, or free: either will do,
    but no crash. `beside` are rules that are broken without being an error. `twin` is the accepted vector on the other
    side of the boundary. `sha256` is that of the file, in hexadecimal; of a sparse one `extents` has (start, bytes,
    SHA-256) of each stretch that is written. `output_sha256` is that of the file a stamp or a writer makes.
    """

    id: str
    op: Op
    about: str
    base: str | None
    given: Mapping[str, Any]
    data: tuple[Mapping[str, Any], ...]
    edits: tuple[Mapping[str, Any], ...]
    seal: tuple[str, ...]
    verdict: Verdict
    rule: str | None
    layer: str
    profile: str
    beside: tuple[str, ...]
    twin: str | None
    tags: tuple[str, ...]
    origin: str
    nbytes: int | None
    sha256: str | None
    extents: tuple[tuple[int, int, str], ...]
    patch: Mapping[str, str] | None
    tree: Mapping[str, Any] | None
    output_sha256: str | None

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> Vector:
        """The vector of a recipe; raises `RequestError` when keys are missing, unknown or of the wrong kind."""
        where = f"vector {node.get('id')!a}"
        if unknown := set(node) - _KEYS:
            raise RequestError(f"{where}: expected keys out of {', '.join(sorted(_KEYS))}, found {sorted(unknown)}")
        if missing := {"id", "about", "verdict", "origin"} - set(node):
            raise RequestError(f"{where}: expected the keys {', '.join(sorted(missing))}, found none")
        if any(not isinstance(node.get(key, []), list) for key in _LIST_KEYS):
            raise RequestError(f"{where}: expected lists under {', '.join(_LIST_KEYS)}")
        if not isinstance(node["id"], str) or not _ID.fullmatch(node["id"]):
            raise RequestError(f"{where}: expected an id of lower-case letters, digits, `.`, `-` and `_`")
        if wrong := [key for key, fits in _SHAPES.items() if key in node and not fits(node[key])]:
            raise RequestError(f"{where}: expected values as spec/vectors/README.md says, found others in {wrong}")
        op, verdict, rule = node.get("op", "read"), node["verdict"], node.get("rule")
        if op not in OPS or verdict not in VERDICTS or (rule is not None and rule not in facts.RULES):
            raise RequestError(f"{where}: expected a known op, verdict and rule, found {op!a}, {verdict!a}, {rule!a}")
        profile = node.get("profile", "default")
        if profile not in facts.PROFILES:
            raise RequestError(f"{where}: expected a profile out of {', '.join(facts.PROFILES)}, found {profile!a}")
        return cls(
            id=node["id"],
            op=op,
            about=node["about"],
            base=node.get("base"),
            given=node.get("with", {}),
            data=tuple(node.get("data", ())),
            edits=tuple(node.get("edits", ())),
            seal=tuple(node.get("seal", SEALS if node.get("edits") else ())),
            verdict=verdict,
            rule=rule,
            layer=node.get("layer") or (facts.RULES[rule].layer if rule else "structure"),
            profile=profile,
            beside=tuple(node.get("beside", ())),
            twin=node.get("twin"),
            tags=tuple(node.get("tags", ())),
            origin=node["origin"],
            nbytes=None if "nbytes" not in node else integer_of(node["nbytes"], where),
            sha256=node.get("sha256"),
            extents=tuple((integer_of(start, where), n, digest) for start, n, digest in node.get("extents", ())),
            patch=node.get("patch"),
            tree=node.get("tree"),
            output_sha256=node.get("output_sha256"),
        )

    @property
    def is_sparse(self) -> bool:
        """Whether most of the file is holes."""
        return bool(self.extents)

    @property
    def is_huge(self) -> bool:
        """Whether the file is larger than a default run makes."""
        return "huge" in self.tags

    def summary(self) -> dict[str, Any]:
        """The vector as one flat JSON object, without the recipe of its bytes."""
        return {
            "id": self.id,
            "op": self.op,
            "about": self.about,
            "verdict": self.verdict,
            "rule": self.rule,
            "layer": self.layer,
            "profile": self.profile,
            "beside": list(self.beside),
            "twin": self.twin,
            "tags": list(self.tags),
            "origin": self.origin,
            "nbytes": None if self.nbytes is None else wide(self.nbytes),
            "sha256": self.sha256,
            "extents": [[wide(start), nbytes, digest] for start, nbytes, digest in self.extents],
            "output_sha256": self.output_sha256,
        }


@contextmanager
def sensible(where: str) -> Iterator[None]:
    """What goes wrong inside over values of the wrong kind is a recipe that makes no sense: a `RequestError`."""
    try:
        yield
    except AprError:
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        raise RequestError(f"{where}: expected a recipe that makes sense, found {type(error).__name__}") from error


class Suite:
    """Vectors by their id, in the order of the recipes.

    `documents` are the parsed recipe files by name: each has `bases`, `vectors`, or both.
    """

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self.documents = documents
        self._bases: dict[str, Mapping[str, Any]] = {}
        self.vectors: dict[str, Vector] = {}
        self.nodes: dict[str, Mapping[str, Any]] = {}
        for document in documents.values():
            self._bases |= document.get("bases", {})
            for node in document.get("vectors", ()):
                with sensible(f"vector {node.get('id')!a:.80}"):
                    vector = Vector.of(node)
                if vector.id in self.vectors:
                    raise RequestError(f"vector {vector.id!a}: expected an id of its own, found it twice")
                self.vectors[vector.id] = vector
                self.nodes[vector.id] = node
        self._images: dict[str, Image] = {}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all recipes, which names the edition of the suite."""
        text = json.dumps([[name, self.documents[name]] for name in sorted(self.documents)], sort_keys=True)
        return sha256(text.encode("ascii")).hexdigest()

    @property
    def edition(self) -> str:
        """The beginning of the digest, for people."""
        return self.digest[:_EDITION_DIGITS]

    def __getitem__(self, name: str) -> Vector:
        try:
            return self.vectors[name]
        except KeyError:
            raise RequestError(f"expected the id of a vector, found {name!a}") from None

    def select(
        self,
        *,
        profile: str = "default",
        layers: Iterable[str] = (),
        ops: Iterable[str] = OPS,
        huge: bool = False,
    ) -> list[Vector]:
        """The vectors of a profile, of some layers and operations; with `huge` also those of many gigabytes."""
        wanted, asked = set(layers), set(ops)
        return [
            vector
            for vector in self.vectors.values()
            if vector.profile == profile
            and vector.op in asked
            and (not wanted or vector.layer in wanted)
            and (huge or not vector.is_huge)
        ]

    def image(self, name: str) -> Image:
        """The file of a vector, which a `write` vector does not have; raises `RequestError`. Any thread may ask."""
        with sensible(f"vector {name!a}"):
            return self._image(name, ())

    def _image(self, name: str, above: tuple[str, ...]) -> Image:
        """`above` are the vectors that this one is a base of: those of one question, whatever other threads ask."""
        if name not in self._images:
            vector = self[name]
            if vector.base is None:
                raise RequestError(f"vector {name!a}: expected a base, found none")
            where = f"vector {name!a}"
            if name in above:
                raise RequestError(f"{where}: expected a base that is made without it, found {vector.base!a}")
            image = self._base(vector, where, (*above, name))
            self._images[name] = edited(image, vector.edits, vector.seal, where)
        return self._images[name]

    def _base(self, vector: Vector, where: str, above: tuple[str, ...]) -> Image:
        base = str(vector.base)
        if base in self._bases:
            node = _merged(self._bases[base], vector.given)
            return _built(node, vector.data, where)
        if base in self.vectors and not vector.given and not vector.data:
            return self._image(base, above)
        raise RequestError(f"{where}: expected a base or, without `with` and `data`, a vector, found {base!a}")


def _merged(base: Any, given: Any) -> Any:
    """A tree in which what is given replaces what the base says; lists are replaced by lists, or by position."""
    if isinstance(base, dict) and isinstance(given, dict) and not (given and given.keys() <= BYTES.keys()):
        return base | {key: _merged(base.get(key), value) for key, value in given.items()}
    if isinstance(base, list) and isinstance(given, dict) and all(key.isdigit() for key in given):
        return [_merged(item, given[str(at)]) if str(at) in given else item for at, item in enumerate(base)]
    return given


def _built(node: Mapping[str, Any], data: Iterable[Mapping[str, Any]], where: str) -> Image:
    """The file of a tree. Where its tensors are larger than what is held in memory, their data is a hole."""
    tree = tree_of(node, where=where)
    if "tensor_data" in tree or not _is_large(tree):
        return Image.of(layout.build(tree))
    footer = tree.get("footer", {})
    image = Image.of(layout.build({**tree, "tensor_data": b"", "footer": None}))
    header = layout.parse_header(image.read(0, layout.HEADER_SIZE))
    end = header.ofs_data + max(
        layout.align_up(entry["ofs_tensor"] + entry["len_tensor"], layout.ALIGNMENT)
        for entry in tree["tensor_index"]["entries"]
    )
    image = image.resized(end)
    for item in data:
        at, raw = header.ofs_data + integer_of(item.get("at"), where), bytes_of(item.get("bytes"), where)
        image = image.replaced(at, at + len(raw), raw)
    if footer is None:
        return image
    return image.replaced(end, end, layout.build_footer(image.crc32(end)))


def _is_large(tree: Mapping[str, Any]) -> bool:
    """Whether the tree declares more data than fits into memory, with a place and a size for each tensor."""
    entries = tree.get("tensor_index", {}).get("entries", [])
    ends = [entry.get("ofs_tensor", 0) + entry.get("len_tensor", 0) for entry in entries]
    return any(end > _LARGE_NBYTES for end in ends)


_LARGE_NBYTES = 16 * 1024 * 1024
