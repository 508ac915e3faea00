"""The options of `aprfmt stamp`, by what they are about; the command puts them together."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["KEY_OPTIONS", "key_options", "many_options", "patch_options", "place_options", "receipt_options"]

KEY_OPTIONS = {
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
"""The key of each option, which is called as the key: `--version` would look like a question about aprfmt itself."""


def _only(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> str | None:
    """The value of an option that is given once; of two, nobody knows which one is meant."""
    if len(values) > 1:
        raise click.UsageError(f"{parameter.opts[0]} is given {len(values)} times: expected it once.")
    return values[0] if values else None


def _once(*names: str, metavar: str, help: str) -> Any:  # noqa: A002 - as Click calls it
    return click.option(*names, metavar=metavar, help=help, multiple=True, callback=_only)


def key_options(function: Any) -> Any:
    """One for each key that has its own."""
    for key, text in reversed(KEY_OPTIONS.items()):
        name = "--model-version" if key == "version" else f"--{key.replace('_', '-')}"
        function = _once(name, key, metavar="TEXT", help=text)(function)
    return function


def patch_options(function: Any) -> Any:
    """Where other keys come from."""
    for decorate in (
        click.option("--dedupe", is_flag=True, help="Of keys that occur twice in one object, keep the last."),
        _once("--fill-gaps", metavar="TOKEN", help="Token for ids that no token has; {id} in it is the id."),
        _once("--tokenizer", metavar="DIR", help="Embed tokenizer.json, or vocab.json and merges.txt."),
        click.option("--card-base-model", is_flag=True, help="Take base_model from the card too, as source."),
        _once("--from-card", "card", metavar="README.md", help="Take licence and datasets from a model card."),
        click.option("--keys", "copied_keys", metavar="KEY,…", multiple=True, help="What to copy with --copy-from."),
        _once("--copy-from", metavar="OTHER.apr", help="Take provenance and model family from a container."),
        _once("--patch", "patch_file", metavar="FILE|-", help="A file with a JSON merge patch; - is stdin."),
        click.option("--unset", metavar="KEY", multiple=True, help="Remove a key."),
        click.option("--set-str", "texts", metavar="KEY=TEXT", multiple=True, help="Set any key to a text."),
        click.option("--set", "sets", metavar="KEY=JSON", multiple=True, help="Set any key to a JSON value."),
    ):
        function = decorate(function)
    return function


def place_options(function: Any) -> Any:
    """How the stamped file is written."""
    for decorate in (
        click.option("--keep-footerless", is_flag=True, help="Make no footer for a FILE that has none."),
        click.option("--preserve-mtime", is_flag=True, help="Give the stamped file the time of FILE's last change."),
        click.option("--allow-hardlinks", is_flag=True, help="With -i, stamp a FILE that has other names, too."),
        click.option(
            "--reserve", type=click.IntRange(min=0), metavar="BYTES", help="Leave this much room for later stamps."
        ),
        click.option(
            "--layout",
            type=click.Choice(("canonical", "growable")),
            help=(
                "canonical: the bytes of the reference, fewest zeros; for -o unless given. growable: keep room behind "
                "the metadata; for -i unless given."
            ),
        ),
        click.option(
            "--verify",
            type=click.Choice(("full", "head", "readback")),
            help=(
                "full: check every byte; unless given, for a copy or a receipt. head: check the head, derive the "
                "footer; unless given, for -i. readback: as full, and read all that was written again."
            ),
        ),
    ):
        function = decorate(function)
    return function


def receipt_options(function: Any) -> Any:
    """Whether there is a receipt, and of which kind."""
    for decorate in (
        click.option("--no-host", is_flag=True, help="Do not name this machine in the receipt."),
        click.option(
            "--receipt-format",
            type=click.Choice(("aprfmt", "in-toto", "evidence")),
            help="Shape of the receipt; aprfmt unless given.",
        ),
        click.option(
            "--receipt",
            metavar="PATH",
            help="Write what was there before and after, with digests. A folder for many files.",
        ),
    ):
        function = decorate(function)
    return function


def many_options(function: Any) -> Any:
    """How many files are stamped."""
    for decorate in (
        click.option(
            "--log",
            metavar="JSONL",
            help="Append what was done; skip what it has as done, and what a look at size, time and head confirms.",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(1, 100),
            metavar="N",
            help=(
                "How many files at a time, at most 100; unless given 4 where no data is read, else one for each "
                "processor, at most 4."
            ),
        ),
        _once("--patch-map", metavar="JSONL", help='Lines {"file": …, "patch": …}: a merge patch for each.'),
        click.option("-r", "--recursive", is_flag=True, help="Look into the folders of a folder, too."),
    ):
        function = decorate(function)
    return function
