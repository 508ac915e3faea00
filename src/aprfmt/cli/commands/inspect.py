"""`aprfmt inspect`: what the head of a container says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..options import file_argument, open_container, output_options, progress

if TYPE_CHECKING:
    from ...ops.inspect import Inspection

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "file": "the path as given, `-` for standard input",
    "valid": (
        "whether no fault was found that every careful reader must raise: in the head, with `--check` or `--digest` in "
        "all of the file"
    ),
    "format": "`APR v` and the major version",
    "version": "`MAJOR.MINOR`",
    "tensor_count": "number of tensors the header announces",
    "size_bytes": "size of the file",
    "checksum_valid": "whether the checksum *of the header* is right; says nothing about the rest of the file",
    "architecture, num_layers, num_heads, hidden_size, vocab_size": "as in `metadata`; only those that are there",
    "flags": "every flag of the header by name, true or false; `reserved` holds the undefined bits as a number",
    "header_flags_bits": "the same as a number",
    "header": (
        "`metadata_offset`, `metadata_size`, `tensor_index_offset`, `data_offset` as numbers; "
        "`checksum` and `reserved` in hexadecimal"
    ),
    "sections": (
        "`[start, end]` of every section in bytes, null when it is absent; "
        "without `tensor_data` and what follows when the index cannot be read"
    ),
    "footer": (
        "`present` and `stored` (the checksum in hexadecimal), null when the index or the data section is damaged; "
        "`valid` is null without `--check` and without `--digest`"
    ),
    "provenance": "`license`, `data_source`, `data_license`: always there, null when missing",
    "metadata": (
        "the known keys that are there, and always `license`, `data_source`, `data_license`, `architecture`, "
        "`hf_architecture`, `hf_model_type`; null when the metadata cannot be read"
    ),
    "other_keys": "every other key of the metadata, with the size of its value in bytes",
    "findings": (
        "all faults, warnings and infos: `rule`, `severity`, `field`, `start`, `end`, `message`, `expected`, `found`, "
        "`tensor`"
    ),
    "not_kept": "how many more findings of a rule there are, when there are very many",
    "payload_digest": "SHA-256 of the weights alone; only there with `--digest`, null when the file has faults",
    "error": "the first fault, as under [Errors](#errors); only there with exit code 4",
}

_ALWAYS = ("architecture", "hf_architecture", "hf_model_type")
_SUMMARY = ("architecture", "num_layers", "num_heads", "hidden_size", "vocab_size")


@click.command(short_help="Show header, sections, flags, metadata and provenance.", add_help_option=False)
@file_argument
@click.option(
    "--check", is_flag=True, help="Read every byte and hold the footer against it; exit 1 when there is none."
)
@click.option("--digest", is_flag=True, help="Read every byte and show the payload digest, which a stamp keeps.")
@output_options
def command(file: str, check: bool, digest: bool, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Show what FILE says about itself, and whether its head can be believed.

    Reads the head only, unless --check or --digest: both hold the footer against every byte. FILE may be - for standard
    input. Exit code 4 when a fault was found that every careful reader must raise; what could be read is shown all the
    same, as long as the sections can be located. Exit code 1 when --check finds no footer to check against.
    """
    from ...ops.inspect import inspect
    from .. import render
    from ..exits import FINDINGS, FORMAT, OK

    with open_container(file) as container, progress("checking", file, quiet=quiet) as update:
        seen = inspect(container, check=check or digest, progress=update)
        payload = container.payload_digest() if digest and seen.valid else None
        if check or digest:
            container.check_unchanged()
    if as_json:
        value = {**_json(file, seen), **({"payload_digest": payload} if digest else {})}
        if not seen.valid:
            value["error"] = render.error_json(seen.findings, file)
        render.json_object(value)
    else:
        if not quiet:
            _text(file, seen)
            if digest:
                render.line(f"\n  Payload digest: {payload or '(not taken: the file has faults)'}")
        # What --check says of an absent footer is more than the warning about it.
        findings = [item for item in seen.findings if not (check and item.rule == "APR-F003")]
        render.findings(findings, seen.not_kept, file=file, verbose=verbose, quiet=quiet)
    if not seen.valid:
        return FORMAT
    if check and not seen.footer_present:
        if not as_json:
            render.talk(f"warning: {render.escape(file)}: the file has no footer, so nothing was checked against it")
        return FINDINGS
    return OK


def _flags(seen: Inspection) -> dict[str, Any]:
    from ...layout import flags_tree

    return flags_tree(seen.header.flags)


def _version(seen: Inspection) -> str:
    return f"{seen.header.version_major}.{seen.header.version_minor}"


def _known(seen: Inspection) -> tuple[dict[str, Any], dict[str, int]]:
    """The values of known keys, and of every other key the size of its JSON in bytes."""
    from ...metadata import is_known_key
    from ...provenance import PROVENANCE_KEYS

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
        "sections": {name: None if span is None else list(span) for name, span in seen.sections.items()},
        "footer": {
            "present": seen.footer_present,
            "stored": None if seen.footer is None else f"{seen.footer:#010x}",
            "valid": seen.footer_valid,
        },
        "provenance": dict(seen.provenance),
        "metadata": None if seen.metadata is None else known,
        "other_keys": others,
        "not_kept": dict(seen.not_kept),
        "findings": [render.finding_json(item) for item in seen.findings],
    }


def _text(file: str, seen: Inspection) -> None:
    from .. import render

    header = seen.header
    flags = _flags(seen)
    undefined = flags.pop("reserved")
    names = [name for name, value in flags.items() if value]
    if undefined:
        names.append(f"undefined({undefined:#x})")
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
            ("  Size", render.exact_size(seen.nbytes)),
            ("  Tensors", str(header.num_tensors)),
            ("  Header checksum", f"{header.checksum:#010x} ({'valid' if seen.checksum_valid else 'WRONG'})"),
            ("  Footer checksum", footer),
            ("  Flags", f"{int(header.flags):#06x} {', '.join(names) or '(none)'}"),
        ]
    )
    render.line("\n  Sections:")
    rows = [
        (f"    {name}", *((f"{span[0]:#x}..{span[1]:#x}", render.count(span[1] - span[0], "byte")) if span else "--"))
        for name, span in seen.sections.items()
    ]
    render.table(rows, right=(1,))
    render.line("\n  Provenance:")
    for key, value in seen.provenance.items():
        render.line(f"    {key}: {'(unreadable)' if seen.metadata is None else render.short(value)}")
    if seen.metadata is None:
        render.line("\n  Metadata: (unreadable)")
    known, others = _known(seen)
    rest = {key: value for key, value in known.items() if key not in seen.provenance and value is not None}
    if rest:
        render.line("\n  Metadata:")
        for key, value in rest.items():
            render.line(f"    {key}: {render.short(value)}")
    if others:
        render.line("\n  Other keys:")
        for key, nbytes in others.items():
            render.line(f"    {render.short(key)}: {render.size(nbytes)}")
