"""`aprfmt inspect`: what the head of a container says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import click

from ..options import open_container, output_options_saying, progress

if TYPE_CHECKING:
    from ..exits import Failure
    from ..inputs import Inputs
    from ..inspection import Seen

__all__ = ["JSON_KEYS", "command"]

JSON_KEYS = {
    "file": "the path as given or as it was found in a folder or list, `-` for standard input",
    "valid": (
        "whether no fault was found that every careful reader must raise, by the rules in `rules_run`: in the head, "
        "with `--check` or `--digest` in all of the file"
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
    "room_bytes": (
        "how many bytes the metadata can grow by in place before the data has to move; null when the index cannot be "
        "read, and when there is more filler than is looked through"
    ),
    "footer": (
        "`present` and `stored` (the checksum in hexadecimal), null when the index or the data section is damaged; "
        "`valid` is null without `--check` and without `--digest`"
    ),
    "provenance": "`license`, `data_source`, `data_license`: always there, null when missing",
    "metadata": (
        "the known keys that are there, and always `license`, `data_source`, `data_license`, `architecture`, "
        "`hf_architecture`, `hf_model_type`; in `quantization`, `sharding` and `special_tokens` null for what may be "
        "absent and is; `source_metadata`, when it is there; null when the metadata cannot be read"
    ),
    "explicit_nulls": "the known keys that are there with the value null: a null in `metadata` is otherwise absent",
    "custom_keys": (
        "every key that the format does not know, each with the `type` of its value in JSON, its size in `bytes`, the "
        "number of `items` of an array or object, and the `value` when it is neither of the two nor a long string"
    ),
    "total_params": (
        "number of elements of all tensors, as the index has them; null when the index cannot be read, or claims more "
        "than any file can hold"
    ),
    "tensor_bytes": "size of the data of all tensors, without filler; null when the index cannot be read",
    "dtypes": (
        "for each element type, the largest first: `dtype`, the number of `tensors`, of `params` (elements) and of "
        "`bytes`; null when the index cannot be read"
    ),
    "claims": (
        "`param_count` and `total_size`: what the `metadata` states, null when that is nothing or 0; what the `index` "
        "has; `agrees` is null where one of them is, and in a file that is one of several. A `total_size` may also be "
        "that of the file"
    ),
    "rules_run": "ids of the rules that were judged",
    "rules_skipped": "ids of the rules that could not be judged, because of a finding of another one",
    "rules_left_out": (
        "ids of the rules that were not asked: those that need every byte, without `--check` and `--digest`, and those "
        "about provenance and element types, which are shown anyway; `validate` has them all"
    ),
    "findings": (
        "all faults, warnings and infos: `rule`, `severity`, `field`, `start`, `end`, `message`, `expected`, `found`, "
        "`tensor`"
    ),
    "not_kept": "how many more findings of a rule there are, when there are very many",
    "payload_digest": "SHA-256 of the weights alone; only there with `--digest`, null when the file has faults",
    "quality": (
        "only there with `--quality`: `score` from 0 to 100, `ship_ready` (whether it is at least `threshold`), "
        "`breakdown` by part (`physics`, `structural`, `provenance`, `hf_identity`, `tokenizer`); `missing`, the "
        "largest gains first, each with `what`, `part`, `points`, the `option` of `aprfmt stamp` that adds it, null "
        "when none can, and `fix` in words; `notes`, sentences about points that a second look may change"
    ),
    "error": (
        "the first fault, as under [Errors](#errors); only there with exit code 4. Of several files also why one could "
        "not be read: nothing but `file` stands beside it then"
    ),
}


@click.command(
    short_help="Show header, sections, flags, parameters, metadata and provenance.",
    add_help_option=False,
)
@click.argument("files", type=click.Path(readable=False, allow_dash=True), metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--check", is_flag=True, help="Read every byte and hold the footer against it; exit 1 when there is none."
)
@click.option("--digest", is_flag=True, help="Read every byte and show the payload digest, which a stamp keeps.")
@click.option(
    "--quality",
    "with_quality",
    is_flag=True,
    help="Score what a release should say of itself, as `apr inspect --quality` does, and say what is missing.",
)
@click.option("-r", "--recursive", is_flag=True, help="Look into the folders of a folder, too.")
@output_options_saying(
    json="Print JSON: one object, on errors too; for more than one file an object a line.",
    quiet="Print nothing but errors (and the JSON, with --json).",
)
def command(
    files: tuple[str, ...],
    check: bool,
    digest: bool,
    with_quality: bool,
    recursive: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Show what each FILE says about itself, and whether its head can be believed.

    Reads the head only, unless --check or --digest: both hold the footer against every byte. FILE may be a folder,
    which stands for the files *.apr in it; @LIST, a file with one path a line; or - for standard input. Long values are
    cut in the text; -v shows every custom key, and which rules were not judged.

    Exit code 4 when a fault was found that every careful reader must raise; what could be read is shown all the same,
    as long as the sections can be located. Exit code 1 when --check finds no footer to check against. A file of several
    that cannot be read does not stop the others: exit code 3, which outweighs 4, which outweighs 1. After a signal
    nothing is said of the files that are left.

    The score of --quality is the reference's: it counts that something is there, not that it is true, and changes no
    exit code. Points are for the checksum of the header, for what the metadata says of architecture, provenance and
    hub, and for the flag has_vocab, whether a vocabulary is embedded or not; what is missing is listed with its points.
    """
    from ..inputs import inputs, is_one_file

    if files.count("-") + files.count("@-") > 1:
        raise click.UsageError("Standard input can be read only once.", click.get_current_context())
    asked = _Asked(check, digest, with_quality, quiet)
    if is_one_file(files):
        seen = _look(files[0], asked)
        _show(seen, as_json=as_json, quiet=quiet, verbose=verbose)
        return seen.exit_code
    return _several(inputs(files, recursive=recursive), asked, as_json=as_json, verbose=verbose)


class _Asked(NamedTuple):
    check: bool
    digest: bool
    quality: bool
    quiet: bool


def _look(file: str, asked: _Asked) -> Seen:
    """Look at one file; errors as for `aprfmt.open`."""
    from ...ops.inspect import inspect
    from ..inspection import Seen

    with open_container(file) as container, progress("checking", file, quiet=asked.quiet) as update:
        seen = inspect(container, check=asked.check or asked.digest, progress=update)
        payload = container.payload_digest() if asked.digest and seen.valid else None
        container.check_unchanged()
    score = None
    if asked.quality:
        from ...ops.quality import quality

        score = quality(seen)
    return Seen(
        file=file,
        inspection=seen,
        checked=asked.check,
        digested=asked.digest,
        payload_digest=payload,
        quality=score,
    )


def _show(found: Seen, *, as_json: bool, quiet: bool, verbose: bool, several: bool = False) -> None:
    """Print what was seen of a file; of several files, on one line when it is JSON."""
    from .. import render

    if as_json:
        from ..inspection.json import as_json as json_of

        if several:
            render.pieces([f"{render.json_text(json_of(found))}\n"])
        else:
            render.json_object(json_of(found))
        return
    seen = found.inspection
    if not quiet:
        from ..inspection.text import show

        show(found, verbose=verbose)
    # What --check says of an absent footer is more than the warning about it.
    findings = [item for item in seen.findings if not (found.checked and item.rule == "APR-F003")]
    render.findings(findings, seen.not_kept, file=found.file, verbose=verbose, quiet=quiet)
    if seen.valid and found.checked and not seen.footer_present:
        file = render.escape(found.file)
        render.talk(f"warning: {file}: the file has no footer, so nothing was checked against it")
    render.flush()


def _several(files: Inputs, asked: _Asked, *, as_json: bool, verbose: bool) -> int:
    """Show all files; returns the exit code of the worst."""
    from .. import render, signals
    from ..each import each
    from ..exits import FILE, REQUEST

    codes = set()
    n_blocks = 0
    signals.wait()  # until the next file is looked for

    def failed(file: str, failure: Failure) -> Seen | tuple[str, Failure]:
        return file, failure

    def exit_code(failure: Failure) -> int:
        """A device among the files is a file that cannot be read; alone it is a wrong request."""
        return FILE if failure.exit_code == REQUEST else failure.exit_code

    def look(file: str) -> Seen | tuple[str, Failure]:
        return _look(file, asked)

    for found in each(files, look, failed, exit_code=exit_code, verbose=verbose and not as_json):
        if isinstance(found, tuple):
            file, failure = found
            codes.add(failure.exit_code)
            if as_json:
                render.pieces([f"{render.json_text({'file': file, 'error': failure.as_json()})}\n"])
            else:
                render.fail(failure, as_json=False)
            continue
        codes.add(found.exit_code)
        if n_blocks and not as_json and not asked.quiet:
            render.line()
        n_blocks += 1
        _show(found, as_json=as_json, quiet=asked.quiet, verbose=verbose, several=True)
    return _worst(codes)


def _worst(codes: Iterable[int]) -> int:
    """The exit code that outweighs the others: a signal, then a fault of ours, then a file that was not read."""
    from ..exits import FILE, FINDINGS, FORMAT, INTERNAL, OK

    by_weight = (OK, FINDINGS, FORMAT, FILE, INTERNAL)
    return max(codes, key=lambda code: by_weight.index(code) if code in by_weight else len(by_weight), default=OK)
