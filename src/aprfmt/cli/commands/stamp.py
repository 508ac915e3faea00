"""`aprfmt stamp`: set keys of the metadata, provenance above all, change nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from ..options import output_options_saying, progress, rule_ids
from ..stamp_options import KEY_OPTIONS, key_options, many_options, patch_options, place_options, receipt_options

if TYPE_CHECKING:
    from ..many import Run
    from ..patching import Asked
    from ..receipts import Receipts
    from ..stamping import Way

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "command": "`stamp`",
    "input": "FILE as given",
    "output": "OUT as given, FILE in place; null in a dry run without OUT",
    "input_bytes": "size of the input",
    "output_bytes": "size of the output",
    "tensor_count": "number of tensors",
    "stamped": (
        "`license`, `data_source`, `data_license`, `hf_architecture`, `hf_model_type`, `architecture` and every other "
        "key that was asked for, with the value that the output has: null when it has none"
    ),
    "header_flags_bits": "flags of the output as a number",
    "status": (
        "`stamped`, in a dry run `would_stamp`, or `unchanged` for a file in place that had every value already and is "
        "left alone; of many files also `failed`, and `skipped` for one that the log has as done; in the last object "
        "`summary`"
    ),
    "changed": (
        "the keys of `stamped` whose value is another one now, each with `before` and `after`, null where the key is "
        "not there, too"
    ),
    "removed": "the keys of the input that the output does not have",
    "tokenizer": "`source`, `vocab_size`, `merges` and `model_type` of `--tokenizer`, null without it",
    "in_place": "whether FILE itself was stamped",
    "dry_run": "whether nothing was written",
    "receipt": "path of the receipt, null when none was asked for",
    "summary": "of many files, in the last object: how many there are of each status, and how many are `left`",
    "error": "why a file failed, as under [Errors](#errors); only there then, with `command`, `input` and `status`",
    "accepted": "the faults that were let through with `--accept`, as `findings` of `aprfmt validate`",
    "rules_skipped": "ids of the rules about every byte that were not judged",
    "notes": (
        "sentences about what else is different or deserves a second look: a footer or a flag that is added, bytes "
        "that are dropped, a key that occurs twice, a licence whose id is deprecated or names no terms, what a model "
        "card or a tokenizer became"
    ),
}


# Whether a path can be read or written is the system's to say: `readable` would make it a wrong usage.
@click.command(short_help="Set keys of the metadata, change nothing else.", add_help_option=False)
@click.argument("files", type=click.Path(readable=False), metavar="FILE...", nargs=-1)
@key_options
@patch_options
@click.option("-o", "--output", type=click.Path(readable=False), metavar="OUT", help="The file to write.")
@click.option("-i", "--in-place", is_flag=True, help="Stamp FILE itself; leave it alone when it has every value.")
@click.option("-f", "--force", is_flag=True, help="Overwrite OUT and the receipt; OUT may be FILE itself.")
@click.option("-n", "--dry-run", is_flag=True, help="Check what would be checked, and write nothing.")
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
@place_options
@receipt_options
@many_options
@output_options_saying(
    json="Print one JSON object, on errors too; of many files one a line, and a summary.",
    quiet="Print nothing but errors (and the JSON, with --json).",
)
def command(**options: Any) -> int:
    """Set keys in the metadata of FILE: in a copy at OUT, or with -i in place.

    Tensor bytes, index and header flags stay as they are; LAYOUT_ROW_MAJOR is added when it is missing, HAS_VOCAB with
    a tokenizer. Every byte of FILE is held against its footer while it is copied: a file that `aprfmt validate` finds
    an error in is refused, unless the rule is accepted by name. OUT appears whole or not at all.

    Of a file in place, only head and footer are written, under a journal, whatever its size. The data is neither copied
    nor read, so that rules about it are not judged, and a wrong footer stays exactly as wrong; --verify full reads and
    checks every byte first, and so does --receipt. The metadata grows into the room behind it, which --reserve makes;
    else blocks are inserted before the file, or where the system inserts none, a new file is written. `aprfmt recover`
    finishes or undoes what was cut. A file that has every value already is left alone, and keeps a receipt that is
    there. A link to a file stays a link; one with other names (hard links) is refused unless they are allowed.
    docs/in-place.md says more.

    A key is set by its option, by --set, --set-str or --unset (a whole name: tokenizer.model_type is no path), by a
    JSON merge patch, from a model card or from another container; where two say the same key, the one that is named
    first here wins. Keys that the format knows have types, which are checked before anything is written. An empty TEXT
    sets an empty value; --set KEY=null writes a null, and a null in a merge patch removes the key.

    Licences are written in canonical form: `mit or apache-2.0` becomes `MIT OR Apache-2.0`. What is none is refused,
    with the nearest ones; `aprfmt licenses` searches.

    Many files are stamped in place: several FILEs, a folder, which stands for the files *.apr in it, @LIST, a file with
    one path a line, and the files of a patch map. One that fails does not stop the others; exit code 1 when any did.
    """
    from ..inputs import is_one_file

    files: tuple[str, ...] = options.pop("files")
    patch_map: str | None = options["patch_map"]
    # With an output, FILE is a file whatever it is called.
    one = patch_map is None and len(files) == 1 and (options["output"] is not None or is_one_file(files))
    _refuse_what_is_no_use(files, options, one=one)
    if one:
        return _one(files[0], options)
    from ..many import stamp_many

    return stamp_many(files, _asked(options), _way(options), _run(options), _standard_input)


_NEEDS = {
    "copied_keys": ("--keys", "copy_from", "--copy-from"),
    "card_base_model": ("--card-base-model", "card", "--from-card"),
    "fill_gaps": ("--fill-gaps", "tokenizer", "--tokenizer"),
    "receipt_format": ("--receipt-format", "receipt", "--receipt"),
    "no_host": ("--no-host", "receipt", "--receipt"),
}


def _refuse_what_is_no_use(files: Sequence[str], options: dict[str, Any], *, one: bool) -> None:
    """An option that would do nothing is a wrong usage, and so is an order that cannot be followed."""
    context = click.get_current_context()

    def refuse(text: str) -> None:
        raise click.UsageError(text, context)

    for name, (option, needed, its_option) in _NEEDS.items():
        if options[name] and options[needed] is None:
            refuse(f"{option} has no use without {its_option}.")
    if not files and options["patch_map"] is None:
        refuse("Missing argument 'FILE...'.")
    if options["output"] is not None and options["in_place"]:
        refuse("-o and -i exclude each other.")
    if options["verify"] == "head" and options["receipt"] is not None:
        refuse("--verify head and --receipt exclude each other: a receipt has digests of every byte.")
    is_growable = (options["layout"] or ("growable" if options["in_place"] else "canonical")) == "growable"
    for name in ("reserve", "keep_footerless"):
        if options[name] and not is_growable:
            refuse(f"--{name.replace('_', '-')} has no use in the layout canonical.")
    if options["allow_hardlinks"] and not options["in_place"]:
        refuse("--allow-hardlinks has no use without -i.")
    for name in ("receipt", "log"):
        if options[name] is not None and options["dry_run"]:
            refuse(f"--{name} and -n exclude each other: nothing is done that could be written down.")
    if one:
        if options["output"] is None and not (options["in_place"] or options["dry_run"]):
            refuse("Missing option '-o' / '--output', or '-i' / '--in-place'.")
        for name in ("jobs", "log"):
            if options[name] is not None:
                refuse(f"--{name} has no use with one file.")
    elif not options["in_place"]:
        more = f" ({files[1]})" if len(files) > 1 else ""
        refuse(f"Many files{more} are stamped in place: expected -i, found {'-o' if options['output'] else 'none'}.")
    streams = [*files, options["output"], options["card"], options["copy_from"], options["receipt"]]
    if "-" in streams:
        refuse("stamp neither reads nor writes a stream; './-' is a file of the name '-'.")
    if [options["patch_file"], options["patch_map"], *("-" for file in files if file == "@-")].count("-") > 1:
        refuse("Standard input can be read only once.")


def _asked(options: dict[str, Any]) -> Asked:
    from ..patching import Asked

    return Asked(
        named={key: options[key] for key in KEY_OPTIONS if options[key] is not None},
        copied_keys=tuple(key for text in options["copied_keys"] for key in text.split(",")),
        **{
            name: options[name]
            for name in (
                "sets",
                "texts",
                "unset",
                "patch_file",
                "copy_from",
                "card",
                "card_base_model",
                "tokenizer",
                "fill_gaps",
                "dedupe",
                "licenses",
            )
        },
    )


def _way(options: dict[str, Any]) -> Way:
    from ...files.stamping import WriteOptions
    from ...footers import Verify
    from ..stamping import Way

    verify = options["verify"]
    names = ("in_place", "force", "dry_run", "drop_trailing")
    return Way(
        accept=rule_ids(options["accept"]),
        prove=options["receipt"] is not None,
        options=WriteOptions(
            verify=None if verify is None else Verify(verify),
            reserve=options["reserve"] or 0,
            **{name: options[name] for name in ("layout", "allow_hardlinks", "preserve_mtime", "keep_footerless")},
        ),
        **{name: options[name] for name in names},
    )


def _standard_input() -> BinaryIO:
    from ..inputs import standard_input

    return standard_input()


def _one(file: str, options: dict[str, Any]) -> int:
    from pathlib import Path

    from .. import render
    from ..exits import OK
    from ..patching import prepared
    from ..stamping import outcome_json, say, stamp_one

    quiet, output, way = options["quiet"], options["output"], _way(options)
    # A file that is missing is said before a patch that is empty or a licence that is none, as the reference does.
    Path(file).stat()
    patch = prepared(_asked(options), _standard_input)
    receipts = _receipts(file, options)
    with progress("checking" if way.dry_run else "stamping", file, quiet=quiet) as update:
        if receipts is None:
            outcome = stamp_one(file, output, patch, way, update)
        else:
            from ..receipts import stamp_with_receipt

            outcome = stamp_with_receipt(file, output, patch, way, receipts, _stopping(update))
    if options["as_json"]:
        render.json_object(outcome_json(outcome))
    else:
        say(outcome, quiet=quiet, verbose=options["verbose"])
    return OK


def _stopping(update: Callable[[int, int], None] | None) -> Callable[[int, int], None]:
    """Signals raise from here on between two pieces of the file and nowhere else: what is stamped gets its receipt."""
    from .. import signals

    def updated(done: int, total: int) -> None:
        with signals.may_raise():
            pass
        if update is not None:
            update(done, total)

    signals.wait()
    return updated


def _receipts(file: str, options: dict[str, Any]) -> Receipts | None:
    if options["receipt"] is None:
        return None
    from ..receipts import Receipts

    return Receipts(
        options["receipt"],
        [file],
        many=False,
        kind=options["receipt_format"] or "aprfmt",
        with_host=not options["no_host"],
        force=options["force"],
        output=options["output"],
    )


def _run(options: dict[str, Any]) -> Run:
    from ..many import Run

    names = ("recursive", "patch_map", "jobs", "log", "receipt", "as_json", "quiet", "verbose")
    return Run(
        receipt_format=options["receipt_format"] or "aprfmt",
        with_host=not options["no_host"],
        **{name: options[name] for name in names},
    )
