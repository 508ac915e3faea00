"""`aprfmt stamp`: set provenance keys, change nothing else."""

from __future__ import annotations

from typing import Any

import click

from ..options import output_options, progress

__all__ = ["command"]

# The option of each key; `version` would look like a question about aprfmt itself.
_OPTIONS = {
    "license": "Licence of the model.",
    "data_source": "Where the training data comes from.",
    "data_license": "Licence of the training data.",
    "hf_architecture": "Class name on the model hub, e.g. Qwen2ForCausalLM.",
    "hf_model_type": "Model type on the model hub, e.g. qwen2.",
    "architecture": "Model family, e.g. qwen2.",
    "model_type": "What kind of model the writer says it is.",
    "name": "Name of the model.",
    "description": "What the model is, for people.",
    "author": "Who made the model.",
    "version": "Version of the model.",
    "source": "Where the model comes from.",
    "original_format": "Format the model was converted from.",
    "created_at": "When the model was made.",
}
_REPORTED = ("license", "data_source", "data_license", "hf_architecture", "hf_model_type", "architecture")


def _patch_options(function: Any) -> Any:
    for key, text in reversed(_OPTIONS.items()):
        name = "--model-version" if key == "version" else f"--{key.replace('_', '-')}"
        function = click.option(name, key, metavar="TEXT", help=text)(function)
    return function


@click.command(short_help="Set provenance in the metadata, change nothing else.")
@click.argument("file", type=click.Path(), metavar="FILE")
@_patch_options
@click.option("-o", "--output", type=click.Path(), metavar="OUT", help="The file to write; required without -n.")
@click.option("-f", "--force", is_flag=True, help="Overwrite OUT when it exists; OUT may be FILE itself.")
@click.option("-n", "--dry-run", is_flag=True, help="Check everything, every byte included, and write nothing.")
@click.option("--drop-trailing", is_flag=True, help="Drop bytes behind the footer instead of refusing them.")
@output_options
def command(
    file: str,
    output: str | None,
    force: bool,
    dry_run: bool,
    drop_trailing: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **keys: str | None,
) -> None:
    """Write a copy of FILE to OUT with provenance keys set in its metadata.

    Tensor bytes, index and header flags stay as they are. Every byte of FILE is held against its footer while it is
    copied: a damaged file is refused. OUT appears whole or not at all.
    """
    from ... import stamp_file
    from ...metadata import ProvenancePatch
    from .. import render

    patch = ProvenancePatch(**keys)
    if output is None and not dry_run:
        raise click.UsageError("Missing option '-o' / '--output'.", click.get_current_context())
    with progress("checking" if dry_run else "stamping", quiet=quiet) as update:
        done = stamp_file(
            file,
            output,
            patch,
            force=force,
            dry_run=dry_run,
            drop_trailing=drop_trailing,
            progress=update,
        )
    shown = dict.fromkeys((*_REPORTED, *patch.values()))
    stamped = {key: done.metadata.get(key) for key in shown}
    for text in done.notes:
        render.note(text)
    if as_json:
        render.json_object(
            {
                "command": "stamp",
                "input": file,
                "output": output,
                "input_bytes": done.input_nbytes,
                "output_bytes": done.output_nbytes,
                "tensor_count": done.n_tensors,
                "stamped": stamped,
                "header_flags_bits": int(done.flags),
                "dry_run": dry_run,
                "notes": list(done.notes),
            }
        )
        return
    if quiet:
        return
    verb, target = ("Would stamp", output or "nowhere") if dry_run else ("Stamped", output or "")
    render.line(
        f"{verb} {render.escape(file)} -> {render.escape(target)} "
        f"({done.n_tensors} tensors, {done.input_nbytes} -> {done.output_nbytes} bytes)"
    )
    for key, value in stamped.items():
        text = "(unset)" if value is None else render.escape(value)
        render.line(f"  {key + ':':<17}{text}")
    if verbose:
        names = ", ".join(flag.name.lower() for flag in done.flags if flag.name)
        render.line(f"  {'flags:':<17}{int(done.flags):#06x} {names}")
