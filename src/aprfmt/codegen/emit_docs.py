"""The specification as a page for people: `docs/format.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .emit_rules import rule_link
from .extent import bit_fields, fixed_size, type_size
from .markdown import cell
from .model import Attr, Spec, Type

__all__ = ["emit"]


def _kind(attr: Attr) -> str:
    if attr.contents is not None:
        return f"bytes `{attr.contents!r}`"
    if attr.width is not None:
        kind = f"u{attr.width * 8}" + (f" ([{attr.enum}](#{attr.enum}))" if attr.enum else "")
    elif attr.bits is not None:
        kind = f"{attr.bits} bit" + ("s" if attr.bits > 1 else "")
    elif attr.user_type is not None:
        kind = f"[{attr.user_type}](#{attr.user_type})"
    else:
        kind = "bytes"
    return f"{kind}, repeated" if attr.repeat is not None else kind


def _rules(spec: Spec, attr: Attr) -> str:
    named = [check.rule for check in attr.checks]
    if attr.checksum is not None:
        named.append(attr.checksum.rule)
    return "<br>".join(dict.fromkeys(_rule(spec, rule) for rule in named))


def _rule(spec: Spec, rule: str) -> str:
    return f"{rule_link(rule)} ({spec.rules[rule].severity})" if spec.rules else rule


def _derived(attr: Attr) -> str:
    if attr.contents is not None:
        return "always this value"
    if attr.default is not None:
        return f"default {int(attr.default)}"
    for verb, target in (
        ("count of", attr.count_of),
        ("size of", attr.size_of),
        ("place of", attr.offset_of),
    ):
        if target is not None:
            return f"{verb} `{target}`"
    if attr.checksum is not None:
        return "computed last"
    if attr.build is not None:
        return "computed from the fields before"
    if attr.fill:
        return "zero bytes" + (f" up to a multiple of {attr.fill_align}" if attr.fill_align else "")
    return "given"


def _table(spec: Spec, owner: Type) -> Iterator[str]:
    yield "| offset | size | field | upstream | type | when absent on build | rules | meaning |"
    yield "|---|---|---|---|---|---|---|---|"
    at: int | None = 0
    for attr in owner.seq:
        size = fixed_size(spec, owner, attr)
        offset = "" if at is None else f"{at} ({at:#04x})"
        yield (
            f"| {offset} | {'' if size is None else size} | `{attr.id}` | `{attr.orig_id or ''}` | {_kind(attr)} "
            f"| {_derived(attr)} | {_rules(spec, attr)} | {cell(attr.doc)} |"
        )
        at = None if at is None or size is None else at + size


def _bits(spec: Spec, owner: Type) -> Iterator[str]:
    yield "| bit | mask | flag | upstream | rules | meaning |"
    yield "|---|---|---|---|---|---|"
    for attr, position in bit_fields(owner):
        width = attr.bits or 0
        where = str(position) if width == 1 else f"{position}–{position + width - 1}"
        mask = ((1 << width) - 1) << position
        yield (
            f"| {where} | {mask:#06x} | `{attr.id}` | `{attr.orig_id or ''}` | {_rules(spec, attr)} "
            f"| {cell(attr.doc)} |"
        )


def _enums(spec: Spec) -> Iterator[str]:
    for enum in spec.enums.values():
        yield f"## {enum.id}"
        yield ""
        yield "| id | name | upstream | elements a block | bytes a block | bytes once | id in GGML | meaning |"
        yield "|---|---|---|---|---|---|---|---|"
        for entry in enum.entries:
            keys = entry.keys
            name = f"`{entry.id}`" + (f" → `{keys['alias-of']}`" if "alias-of" in keys else "")
            geometry = [keys.get(key, "") for key in ("block-elems", "block-bytes", "scale-bytes")]
            padded = " Rows of a matrix may each be padded to whole blocks." if keys.get("row-padded") else ""
            yield (
                f"| {entry.code} | {name} | `{keys.get('orig-id', '')}` | {' | '.join(map(str, geometry))} "
                f"| {keys.get('ggml-id', '')} | {cell(entry.doc)}{padded} |"
            )
        yield ""


def _sections(spec: Spec) -> Iterator[str]:
    yield "| section | when absent on build | rules | meaning |"
    yield "|---|---|---|---|"
    for name in spec.layout:
        attr = spec.section(name)
        absent = {"derived": "derived", "absent": "left out"}.get(attr.optional or "", _derived(attr))
        if attr.user_type is not None and attr.optional is None:
            absent = "derived field by field"
        yield f"| `{name}` | {absent} | {_rules(spec, attr)} | {cell(attr.doc)} |"


def _metadata(schema_text: str) -> Iterator[str]:
    schema = json.loads(schema_text)
    yield "## metadata"
    yield ""
    yield cell(schema.get("description", ""))
    yield ""
    yield "| # | key | type | meaning |"
    yield "|---|---|---|---|"
    for number, (key, node) in enumerate(schema["properties"].items(), 1):
        kind = node.get("type", "")
        kind = " or ".join(kind) if isinstance(kind, list) else kind
        yield f"| {number} | `{key}` | {kind} | {cell(node.get('description', ''))} |"
    yield ""


def emit(spec: Spec, schema_text: str) -> str:
    """The text of `docs/format.md`, without the banner."""
    lines = [f"# {spec.title}", "", spec.doc, "", "## Sections, in file order", ""]
    lines += _sections(spec)
    lines += ["", "Where the data section ends, and so whether there is a footer:", ""]
    lines += [cell(spec.root.instances["required_len"].doc), ""] if "required_len" in spec.root.instances else []
    for owner in spec.types.values():
        size = type_size(spec, owner)
        lines += [f"## {owner.id}", "", owner.doc, ""]
        if size is not None:
            lines += [f"{size} bytes.", ""]
        lines += _bits(spec, owner) if owner.is_bits else _table(spec, owner)
        lines += [""]
    lines += _enums(spec)
    lines += _metadata(schema_text)
    if spec.rules:
        lines += [
            "## Rules",
            "",
            "[rules.md](rules.md) lists every rule: what is wrong, why it matters, how to repair it.",
        ]
    return "\n".join(lines).rstrip("\n") + "\n"
