"""`aprfmt stamp`: set provenance keys, change nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import about, output_options, progress, rule_ids

if TYPE_CHECKING:
    from ...ops.stamp import Stamp

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "command": "`stamp`",
    "input": "FILE as given",
    "output": "OUT as given; null in a dry run without it",
    "input_bytes": "size of the input",
    "output_bytes": "size of the output",
    "tensor_count": "number of tensors",
    "stamped": (
        "`license`, `data_source`, `data_license`, `hf_architecture`, `hf_model_type`, `architecture` and every other "
        "key that was asked for, as they stand in the output; null when missing"
    ),
    "header_flags_bits": "the flags of the output as a number",
    "changed": "the keys whose value is another than before, each with `before` and `after`",
    "dry_run": "whether nothing was written",
    "accepted": "the faults that were let through with `--accept`, as `findings` of `aprfmt validate`",
    "notes": (
        "sentences about what else is different or deserves a second look: a footer or a flag that is added, bytes "
        "that are dropped, a licence whose id is deprecated or names no terms"
    ),
}

# The option of each key; `--version` would look like a question about aprfmt itself.
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
_LICENCES = ("license", "data_license")
_REPORTED = ("license", "data_source", "data_license", "hf_architecture", "hf_model_type", "architecture")


def _patch_options(function: Any) -> Any:
    for key, text in reversed(_OPTIONS.items()):
        name = "--model-version" if key == "version" else f"--{key.replace('_', '-')}"
        function = click.option(name, key, metavar="TEXT", help=text)(function)
    return function


# Whether a path can be read or written is the system's to say: `readable` would make it a wrong usage.
@click.command(short_help="Set provenance in the metadata, change nothing else.", add_help_option=False)
@click.argument("file", type=click.Path(readable=False), metavar="FILE")
@_patch_options
@click.option(
    "-o",
    "--output",
    type=click.Path(readable=False),
    metavar="OUT",
    help="The file to write; required without -n.",
)
@click.option("-f", "--force", is_flag=True, help="Overwrite OUT when it exists; OUT may be FILE itself.")
@click.option("-n", "--dry-run", is_flag=True, help="Check everything, every byte included, and write nothing.")
@click.option("--drop-trailing", is_flag=True, help="Drop bytes behind the footer instead of refusing them.")
@click.option(
    "--accept",
    multiple=True,
    metavar="RULE",
    help="Stamp although this rule fails; ids or names, comma lists. What is wrong stays as wrong as it is.",
)
@click.option(
    "--licenses",
    default="spdx",
    show_default=True,
    metavar="NAME",
    help="What is a licence: spdx (expressions of SPDX and ids of the model hub) or upstream (what `apr stamp` takes).",
)
@output_options
def command(
    file: str,
    output: str | None,
    force: bool,
    dry_run: bool,
    drop_trailing: bool,
    accept: tuple[str, ...],
    licenses: str,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **keys: str | None,
) -> None:
    """Write a copy of FILE to OUT with provenance keys set in its metadata.

    Tensor bytes, index and header flags stay as they are; the flag LAYOUT_ROW_MAJOR is added when it is missing. Every
    byte of FILE is held against its footer while it is copied: a file that `aprfmt validate` finds an error in is
    refused, unless the rule is accepted by name. OUT appears whole or not at all. An empty TEXT sets an empty value.

    Licences are written in canonical form: `mit or apache-2.0` becomes `MIT OR Apache-2.0`. What is none is refused,
    with the nearest ones; `aprfmt licenses` searches.
    """
    from ... import stamp_file
    from ...provenance import ProvenancePatch
    from .. import render

    context = click.get_current_context()
    if output is None and not dry_run:
        raise click.UsageError("Missing option '-o' / '--output'.", context)
    if "-" in (file, output):
        raise click.UsageError("stamp neither reads nor writes a stream; './-' is a file of the name '-'.", context)
    said: list[str] = []
    with about(file, output), progress("checking" if dry_run else "stamping", file, quiet=quiet) as update:
        # A file that is missing is said before a patch that is empty or a licence that is none, as the reference does.
        Path(file).stat()
        patch = ProvenancePatch(**_with_licences(keys, licenses, said))
        done = stamp_file(
            file,
            output,
            patch,
            force=force,
            dry_run=dry_run,
            drop_trailing=drop_trailing,
            accept=rule_ids(accept),
            progress=update,
        )
    stamped = {key: done.metadata.get(key) for key in dict.fromkeys((*_REPORTED, *patch.values()))}
    changed = {
        key: {"before": done.input_metadata.get(key), "after": value}
        for key, value in stamped.items()
        if done.input_metadata.get(key) != value
    }
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
                "changed": changed,
                "dry_run": dry_run,
                "accepted": [render.finding_json(item) for item in done.accepted],
                "notes": [*said, *done.notes],
            }
        )
        return
    for item in done.accepted:
        render.note(f"accepted: {file}: {item.error()}")
    if not quiet:
        target = "" if output is None else f" -> {render.escape(output)}"
        render.line(f"{'Would stamp' if dry_run else 'Stamped'} {render.escape(file)}{target} ({_sizes(done)})")
        for key, value in stamped.items():
            before = f"{render.short(changed[key]['before'])} -> " if key in changed else ""
            render.line(f"  {key + ':':<17}{before}{render.short(value)}")
        if verbose:
            names = ", ".join(flag.name.lower() for flag in done.flags if flag.name)
            render.line(f"  {'flags:':<17}{int(done.flags):#06x} {names}")
        if not changed:
            render.note("every key had its value already")
        for text in (*said, *done.notes):
            render.note(text)


def _with_licences(keys: dict[str, str | None], catalogue: str, said: list[str]) -> dict[str, str | None]:
    """The keys with their licences in canonical form; `said` gets what there is to say of them.

    Raises `RequestError` for what is no licence in the catalogue, naming the option.
    """
    given = {key: value for key in _LICENCES if (value := keys[key]) is not None}
    if not given:
        return keys
    from ...errors import RequestError
    from ...licences import LicenceError, normalise_license

    done = dict(keys)
    for key, value in given.items():
        option = f"--{key.replace('_', '-')}"
        try:
            licence = normalise_license(value, catalogue)
        except LicenceError as error:
            raise RequestError(f"{option}: {error}") from error
        done[key] = licence.expression
        said.extend(f"{option}: {text}" for text in (*licence.warnings, *licence.notes))
    return done


def _sizes(done: Stamp) -> str:
    from .. import render

    return f"{render.count(done.n_tensors, 'tensor')}, {done.input_nbytes} -> {done.output_nbytes} bytes"
