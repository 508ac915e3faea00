"""`aprfmt spec`: the specification itself, from anywhere."""

from __future__ import annotations

import click

from ..options import output_options

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "name": "name of the file",
    "sha256": "SHA-256 of its bytes, in hexadecimal",
    "text": "the file",
}

_FILES = {
    "ksy": "apr_v2.ksy",
    "metadata": "metadata.schema.json",
    "readme": "README.md",
    "contract": "provenance.contract.yaml",
    "receipt": "receipt/receipt.schema.json",
    "statement": "receipt/statement.schema.json",
    "evidence": "receipt/evidence.schema.json",
    "magic": "apr.magic",
    "mime": "aprfmt.xml",
    "imhex": "apr_v2.hexpat",
}


@click.command(short_help="Print the specification of the format.", add_help_option=False)
@click.argument("which", type=click.Choice(list(_FILES)), default="ksy", metavar=f"[{'|'.join(_FILES)}]")
@output_options
def command(which: str, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Print the layout (ksy, a Kaitai Struct file, the default), the schema of the metadata, or how to read them.

    Beside the layout: the contract of the gates and of the commands, and the schema of each shape of a receipt.
    Made from the layout: a magic entry of file(1), an entry of the shared MIME database, an ImHex pattern.
    """
    from hashlib import sha256

    from ...files import read_spec
    from .. import render

    data = read_spec(_FILES[which])
    digest = sha256(data).hexdigest()
    if as_json:
        render.json_object({"name": _FILES[which], "sha256": digest, "text": data.decode("utf-8")})
    elif not quiet:
        render.raw(data)
    if verbose and not as_json:
        render.note(f"{_FILES[which]}: {render.count(len(data), 'byte')}, SHA-256 {digest}")
