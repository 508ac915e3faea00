"""`aprfmt spec`: the specification itself, from anywhere."""

from __future__ import annotations

import click

from ..options import output_options

__all__ = ["command"]

_FILES = {"ksy": "apr_v2.ksy", "metadata": "metadata.schema.json", "readme": "README.md"}


@click.command(short_help="Print the specification of the format.")
@click.argument("which", type=click.Choice(list(_FILES)), default="ksy", metavar="[ksy|metadata|readme]")
@output_options
def command(which: str, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Print the layout (a Kaitai Struct file), the metadata schema (JSON Schema), or how to read them."""
    from hashlib import sha256

    from ...files import read_spec
    from .. import render

    raw = read_spec(_FILES[which])
    digest = sha256(raw).hexdigest()
    if as_json:
        render.json_object({"name": _FILES[which], "sha256": digest, "text": raw.decode("utf-8")})
    elif not quiet:
        click.echo(raw, nl=False)
    if verbose:
        render.note(f"{_FILES[which]}: {len(raw)} bytes, SHA-256 {digest}")
