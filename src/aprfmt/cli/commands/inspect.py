"""`aprfmt inspect`: what the head of a container says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..options import file_argument, output_options, progress

if TYPE_CHECKING:
    from ...ops.inspect import Inspection

__all__ = ["command"]

_ALWAYS = ("architecture", "hf_architecture", "hf_model_type")
_SUMMARY = ("architecture", "num_layers", "num_heads", "hidden_size", "vocab_size")


@click.command(short_help="Show header, sections, flags, metadata and provenance.")
@file_argument
@click.option("--check", is_flag=True, help="Read every byte and hold the footer against it.")
@output_options
def command(file: str, check: bool, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Show what FILE says about itself, and whether its head can be believed.

    Reads the head only, unless --check. Exit code 4 when a fault was found that every careful reader must raise; what
    could be read is shown all the same.
    """
    from ... import files
    from ...ops.inspect import inspect
    from .. import EXIT_FORMAT, render

    with files.open(file) as container, progress("checking", quiet=quiet) as update:
        seen = inspect(container, check=check, progress=update)
        if as_json:
            value = _json(file, seen)
            if not seen.valid:
                value["error"] = render.first_error_json(seen.findings, EXIT_FORMAT)
            render.json_object(value)
        elif not quiet:
            _text(file, seen)
    if not as_json:
        render.findings(seen.findings, verbose=verbose)
    return 0 if seen.valid else EXIT_FORMAT


def _flags(seen: Inspection) -> dict[str, Any]:
    from ...layout import flags_tree

    return flags_tree(seen.header.flags)


def _version(seen: Inspection) -> str:
    return f"{seen.header.version_major}.{seen.header.version_minor}"


def _known(seen: Inspection) -> tuple[dict[str, Any], dict[str, int]]:
    """The values of known keys, and of every other key the size of its JSON in bytes."""
    from ...metadata import PROVENANCE_KEYS, is_known_key

    if seen.metadata is None:
        return {}, {}
    known: dict[str, Any] = dict.fromkeys((*PROVENANCE_KEYS, *_ALWAYS))
    known.update((key, value) for key, value in seen.metadata.items() if is_known_key(key))
    others = {
        member.key: member.value_span[1] - member.value_span[0]
        for member in seen.metadata.members
        if not is_known_key(member.key)
    }
    return known, others


def _json(file: str, seen: Inspection) -> dict[str, Any]:
    from .. import render

    header = seen.header
    known, others = _known(seen)
    return {
        "file": file,
        "valid": seen.valid,
        "format": f"APR v{header.version_major}",
        "version": _version(seen),
        "tensor_count": header.num_tensors,
        "size_bytes": seen.nbytes,
        "checksum_valid": seen.checksum_valid,
        **{key: known[key] for key in _SUMMARY if known.get(key) is not None},
        "flags": _flags(seen),
        "header_flags_bits": int(header.flags),
        "header": {
            "metadata_offset": header.ofs_metadata,
            "metadata_size": header.len_metadata,
            "tensor_index_offset": header.ofs_tensor_index,
            "data_offset": header.ofs_data,
            "checksum": f"{header.checksum:#010x}",
            "reserved": header.reserved.hex(),
        },
        "sections": None
        if seen.sections is None
        else {name: None if span is None else list(span) for name, span in seen.sections.items()},
        "footer": {
            "present": seen.footer_present,
            "stored": None if seen.footer is None else f"{seen.footer:#010x}",
            "valid": seen.footer_valid,
        },
        "provenance": dict(seen.provenance),
        "metadata": None if seen.metadata is None else known,
        "other_keys": others,
        "findings": [render.finding_json(item) for item in seen.findings],
    }


def _text(file: str, seen: Inspection) -> None:
    from .. import render

    header = seen.header
    names = [name for name, value in _flags(seen).items() if value]
    undefined = _flags(seen)["reserved"]
    if undefined:
        names[-1] = f"undefined({undefined:#x})"
    if not seen.footer_present:
        footer = "(unknown)" if seen.footer_present is None else "(absent)"
    else:
        verdict = {None: "not checked", True: "valid", False: "WRONG"}[seen.footer_valid]
        footer = f"{seen.footer:#010x} ({verdict})"
    render.line(render.escape(file))
    render.table(
        [
            ("  Format", f"APR v{header.version_major}"),
            ("  Version", _version(seen)),
            ("  Size", f"{seen.nbytes} bytes ({render.size(seen.nbytes)})"),
            ("  Tensors", str(header.num_tensors)),
            ("  Checksum", f"{header.checksum:#010x} ({'valid' if seen.checksum_valid else 'INVALID'})"),
            ("  Footer", footer),
            ("  Flags", f"{int(header.flags):#06x} {', '.join(names) or '(none)'}"),
        ]
    )
    if seen.sections is not None:
        render.line("\n  Sections:")
        rows = [
            (
                f"    {name}",
                *([f"{span[0]:#x}", f"{span[1]:#x}", f"{span[1] - span[0]} bytes"] if span else ["-"] * 3),
            )
            for name, span in seen.sections.items()
        ]
        render.table(rows, right=(1, 2, 3))
    render.line("\n  Provenance:")
    for key, value in seen.provenance.items():
        shown = "(missing)" if value is None else '""' if value == "" else render.escape(value)
        render.line(f"    {key}: {shown}")
    known, others = _known(seen)
    rest = {key: value for key, value in known.items() if key not in seen.provenance and value is not None}
    if rest:
        render.line("\n  Metadata:")
        for key, value in rest.items():
            render.line(f"    {key}: {_short(value)}")
    if others:
        render.line("\n  Other keys:")
        render.table([(f"    {key}", f"{nbytes} bytes") for key, nbytes in others.items()], right=(1,))
    if seen.metadata is None:
        render.line("\n  Metadata: (unreadable)")


def _short(value: Any) -> str:
    import json

    from .. import render

    text = render.escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= 100 else f"{text[:100]}… ({len(text)} characters)"
