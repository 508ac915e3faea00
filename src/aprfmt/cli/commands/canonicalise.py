"""`aprfmt canonicalise`: the same content, laid out as a good writer lays it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..options import about, output_options, progress

if TYPE_CHECKING:
    from ...ops.canonicalise import Canonical

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "command": "`canonicalise`",
    "input": "FILE as given",
    "output": "OUT as given; null in a dry run without it",
    "input_bytes": "size of the input",
    "output_bytes": "size of the output",
    "tensor_count": "number of tensors",
    "header_flags_bits": "the flags of the output as a number",
    "identical": "whether FILE is canonical already, so that OUT is the same byte for byte",
    "changed": (
        "`sections`: those that lie elsewhere in the file, each with its start in bytes `before` and `after`; "
        "`tensors_moved`: how many tensors lie elsewhere in the data section; `dtype_ids`: how many have their element "
        "type under another id; `bytes_saved`: by how much the file becomes smaller, negative when it grows"
    ),
    "dry_run": "whether nothing was written",
    "notes": "sentences about what is added and dropped: a footer, a flag, bytes that belong to nothing",
}


@click.command(short_help="Lay a file out as a good writer does, change no value.", add_help_option=False)
@click.argument("file", type=click.Path(readable=False), metavar="FILE")
@click.option(
    "-o",
    "--output",
    type=click.Path(readable=False),
    metavar="OUT",
    help="The file to write; required without -n.",
)
@click.option("-f", "--force", is_flag=True, help="Overwrite OUT when it exists; OUT may be FILE itself.")
@click.option("-n", "--dry-run", is_flag=True, help="Check everything, every byte included, and write nothing.")
@click.option(
    "--drop-unexplained",
    is_flag=True,
    help="Drop bytes that belong to nothing, and those behind the footer, instead of refusing them.",
)
@output_options
def command(
    file: str,
    output: str | None,
    force: bool,
    dry_run: bool,
    drop_unexplained: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Write FILE to OUT in canonical form: what `aprfmt validate --profile canonical` asks for.

    Sections and tensors lie on the grid in the order of the index, with the fewest zeros between them; element types
    stand under the ids of today; the flag LAYOUT_ROW_MAJOR is set; a footer ends the file. Metadata, names, shapes,
    tensor bytes, version, reserved bytes and all other flags stay as they are. Every byte of FILE is held against its
    footer before anything is written: a damaged file is refused. OUT appears whole or not at all.
    """
    from ... import canonicalise_file
    from .. import render

    context = click.get_current_context()
    if output is None and not dry_run:
        raise click.UsageError("Missing option '-o' / '--output'.", context)
    if "-" in (file, output):
        raise click.UsageError(
            "canonicalise neither reads nor writes a stream; './-' is a file of the name '-'.", context
        )
    with about(file, output), progress("checking" if dry_run else "canonicalising", file, quiet=quiet) as update:
        done = canonicalise_file(
            file, output, force=force, dry_run=dry_run, drop_unexplained=drop_unexplained, progress=update
        )
    if as_json:
        render.json_object(
            {
                "command": "canonicalise",
                "input": file,
                "output": output,
                "input_bytes": done.input_nbytes,
                "output_bytes": done.output_nbytes,
                "tensor_count": done.n_tensors,
                "header_flags_bits": int(done.flags),
                "identical": done.identical,
                "changed": _changed(done),
                "dry_run": dry_run,
                "notes": list(done.notes),
            }
        )
    elif not quiet:
        target = "" if output is None else f" -> {render.escape(output)}"
        sizes = f"{render.count(done.n_tensors, 'tensor')}, {done.input_nbytes} -> {done.output_nbytes} bytes"
        render.line(f"{'Would canonicalise' if dry_run else 'Canonicalised'} {render.escape(file)}{target} ({sizes})")
        for section, (before, after) in done.sections.items():
            render.line(f"  {section + ':':<17}{before:#x} -> {after:#x}")
        if done.n_tensors_moved or verbose:
            render.line(f"  {'tensors moved:':<17}{done.n_tensors_moved} of {done.n_tensors}")
        if done.n_dtype_ids or verbose:
            render.line(f"  {'dtype ids:':<17}{done.n_dtype_ids} of {done.n_tensors}")
        if done.identical:
            render.note("the file is canonical already")
        for text in done.notes:
            render.note(text)


def _changed(done: Canonical) -> dict[str, Any]:
    return {
        "sections": {name: {"before": before, "after": after} for name, (before, after) in done.sections.items()},
        "tensors_moved": done.n_tensors_moved,
        "dtype_ids": done.n_dtype_ids,
        "bytes_saved": done.input_nbytes - done.output_nbytes,
    }
