"""An inspection for people: what a file says of itself, group by group, nothing longer than a line or two.

Names and values come from strangers: whatever is longer is cut, by characters and never inside one, and escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...metadata import is_known_key
from .. import render
from . import Seen, flags, json_type, version

if TYPE_CHECKING:
    from ...metadata import Member, Metadata
    from ...ops.inspect import Claim, Inspection
    from ...ops.quality import Quality

__all__ = ["GROUPS", "show", "shown"]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Identity": (
        "name",
        "model_type",
        "version",
        "description",
        "author",
        "source",
        "original_format",
        "created_at",
    ),
    "Architecture": (
        "architecture",
        "hf_architecture",
        "hf_model_type",
        "hidden_size",
        "num_layers",
        "num_heads",
        "num_kv_heads",
        "head_dim",
        "intermediate_size",
        "vocab_size",
        "max_position_embeddings",
        "rope_theta",
        "rope_type",
        "rms_norm_eps",
        "num_experts",
        "num_experts_per_tok",
        "moe_intermediate_size",
    ),
    "Quantisation": ("quantization",),
    "Sharding": ("sharding",),
    "Tokenizer": ("special_tokens",),
    "Chat": ("chat_format", "chat_template"),
}
"""Where the known keys are shown, apart from those of provenance and those that are totals."""

_BEGIN_SO = {"Tokenizer": "tokenizer."}
"""Where custom keys are shown that begin so; the others are shown last."""
_KEY, _VALUE, _INSIDE = 80, 160, 80
"""Characters of a key, of a value, and of one inside an object or under a custom key, that are shown."""
_MANY = 40
"""Custom keys of one group, or members of one object, that are shown unless everything is asked for."""
_MISTAKABLE = {"(missing)", "(unreadable)", "null", "(unset)"}


def shown(value: Any, limit: int = _VALUE) -> str:
    """A value of the metadata on one line, cut and escaped; a string in quotes when it could be taken for another."""
    if value is None:
        return "null"
    if isinstance(value, str) and (value in _MISTAKABLE or value.startswith('"') or value.strip() != value):
        text = render.escape(json.dumps(value[:limit], ensure_ascii=False))
        return text if len(value) <= limit else f"{text}... ({len(value)} characters)"
    return render.short(value, limit)


def show(found: Seen, *, verbose: bool) -> None:
    """Print the block of a file."""
    seen = found.inspection
    render.line(render.escape(found.file))
    _head(seen, verbose=verbose)
    _sections(seen)
    _parameters(seen)
    _provenance(seen)
    if seen.metadata is None:
        render.line("\n  Metadata: (unreadable)")
    else:
        _metadata(seen.metadata, verbose=verbose)
    if found.quality is not None:
        _quality(found.quality)
    if found.digested:
        render.line(f"\n  Payload digest: {found.payload_digest or '(not taken: the file has faults)'}")


def _head(seen: Inspection, *, verbose: bool) -> None:
    header = seen.header
    named = flags(seen)
    undefined = named.pop("reserved")
    names = [name for name, value in named.items() if value]
    if undefined:
        names.append(f"undefined({undefined:#x})")
    if not seen.footer_present:
        footer = "(unknown)" if seen.footer_present is None else "(absent)"
    else:
        verdict = {None: "not checked", True: "valid", False: "WRONG"}[seen.footer_valid]
        footer = f"{seen.footer:#010x} ({verdict})"
    rows = [
        ("  Format", f"APR v{header.version_major}"),
        ("  Version", version(seen)),
        ("  Size", render.exact_size(seen.nbytes)),
        ("  Tensors", str(header.num_tensors)),
        ("  Header checksum", f"{header.checksum:#010x} ({'valid' if seen.checksum_valid else 'WRONG'})"),
        ("  Footer checksum", footer),
        ("  Flags", f"{int(header.flags):#06x} {', '.join(names) or '(none)'}"),
        ("  Rules", _rules(seen)),
    ]
    if verbose:
        rows += [(f"    {word}", ", ".join(ids)) for word, ids in _unjudged(seen) if ids]
    render.table(rows)


def _rules(seen: Inspection) -> str:
    from ...layout import facts

    text = ", ".join(f"{len(ids)} {word}" for word, ids in (("run", seen.rules_run), *_unjudged(seen)))
    n_of_data = sum(facts.RULES[name].reads_data for name in seen.rules_left_out)
    return f"{text}; {n_of_data} of them need every byte (--check)" if n_of_data else text


def _unjudged(seen: Inspection) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("skipped", seen.rules_skipped), ("left out", seen.rules_left_out)


def _sections(seen: Inspection) -> None:
    render.line("\n  Sections:")
    rows = [
        (f"    {name}", *((f"{span[0]:#x}..{span[1]:#x}", render.count(span[1] - span[0], "byte")) if span else "--"))
        for name, span in seen.sections.items()
    ]
    render.table(rows, right=(1,))
    room = "(unknown)" if seen.room_nbytes is None else render.count(seen.room_nbytes, "byte")
    render.line(f"    room for metadata to grow in place: {room}")


def _parameters(seen: Inspection) -> None:
    if seen.dtypes is None:
        render.line("\n  Parameters: (unreadable)")
        return
    render.line("\n  Parameters:")
    if seen.dtypes:
        rows: list[tuple[str, ...]] = [("DTYPE", "TENSORS", "PARAMETERS", "BYTES")]
        rows += [(item.dtype, *map(_number, (item.n_tensors, item.n_elements, item.nbytes))) for item in seen.dtypes]
        n_tensors = sum(item.n_tensors for item in seen.dtypes)
        rows.append(("total", *map(_number, (n_tensors, seen.n_elements, seen.tensor_nbytes))))
        width = max(len(row[-1]) for row in rows)
        render.table([(f"    {row[0]}", *row[1:-1], row[-1].rjust(width)) for row in rows], right=(1, 2))
    else:
        render.line("    (no tensors)")
    for key, claim in seen.claims.items():
        if seen.metadata is not None and key in seen.metadata:
            render.line(f"    {key}: {_stated(seen.metadata[key], claim)}")


def _number(number: int | None) -> str:
    return "(impossible)" if number is None else f"{number:,}"


def _stated(value: Any, claim: Claim) -> str:
    """A total that the metadata states, and whether the index agrees."""
    if claim.stated is None:
        return "0 (unset)" if value == 0 and json_type(value) == "number" else shown(value)
    text = render.short(f"{claim.stated:,}")
    if claim.agrees is None:
        return text
    return f"{text} (as in the index)" if claim.agrees else f"{text}, but the index has {_number(claim.counted)}"


def _provenance(seen: Inspection) -> None:
    render.line("\n  Provenance:")
    for key, value in seen.provenance.items():
        missing = "(unreadable)" if seen.metadata is None else "(missing)"
        render.line(f"    {key}: {missing if value is None else shown(value)}")
    nulls = [key for key, value in seen.provenance.items() if value is None and key in (seen.metadata or ())]
    if nulls:
        render.line(f"    (an explicit null: {', '.join(nulls)})")


def _metadata(metadata: Metadata, *, verbose: bool) -> None:
    """The known keys in groups, each with the custom keys that belong there, then all other custom keys."""
    custom = {member.key: member for member in metadata.members if not is_known_key(member.key)}
    for title, keys in GROUPS.items():
        lines = [text for key in keys if key in metadata for text in _member(key, metadata[key], verbose=verbose)]
        prefix = _BEGIN_SO.get(title)
        own = [custom.pop(key) for key in list(custom) if prefix is not None and key.startswith(prefix)]
        lines += _cut(map(_custom, own), len(own), verbose=verbose)
        _group(title, lines)
    _group("Custom keys", _cut(map(_custom, custom.values()), len(custom), verbose=verbose))


def _group(title: str, lines: Iterable[str]) -> None:
    for number, text in enumerate(lines):
        if number == 0:
            render.line(f"\n  {title}:")
        render.line(f"    {text}")


def _cut(lines: Iterable[str], number: int, *, verbose: bool) -> Iterator[str]:
    """The first of so many lines, and how many there are besides."""
    for at, text in enumerate(lines):
        if at == _MANY and not verbose:
            yield f"... and {number - at} more (-v shows all)"
            return
        yield text


def _member(key: str, value: Any, *, verbose: bool) -> Iterator[str]:
    """A known key; of an object its members."""
    if not isinstance(value, Mapping) or not value:
        yield f"{key}: {shown(value)}"
        return
    inside = (f"{key}.{render.short(name, _KEY)}: {shown(item, _INSIDE)}" for name, item in value.items())
    yield from _cut(inside, len(value), verbose=verbose)


def _custom(member: Member) -> str:
    """A custom key with the type and size of its value, and the value when it is short."""
    start, stop = member.value_span
    value, kind = member.value, json_type(member.value)
    told = [kind, render.size(stop - start)]
    key = render.short(member.key, _KEY)
    if isinstance(value, list | Mapping):
        told.insert(1, render.count(len(value), "item"))
        return f"{key}: {', '.join(told)}"
    text = json.dumps(value[: _INSIDE + 1] if isinstance(value, str) else value, ensure_ascii=False)
    if len(text) > _INSIDE:
        return f"{key}: {', '.join(told)}"
    return f"{key}: {render.escape(text)} ({', '.join(told)})"


def _quality(found: Quality) -> None:
    from ...ops.quality import PARTS

    ready = "ready" if found.ship_ready else "not ready"
    render.line(f"\n  Quality: {found.score} of {sum(PARTS.values())}, {ready} (ready from {found.threshold} on)")
    width = len(str(max(PARTS.values())))
    for part, points in PARTS.items():
        render.line(f"    {part + ':':<13}{found.breakdown[part]:>{width}} of {points}")
    if found.missing:
        render.line("    missing:")
        rows = [(f"      {item.points:>{width}}", item.what, item.remedy) for item in found.missing]
        render.table(rows)
    for text in found.notes:
        render.line(f"    note: {render.escape(text)}")
