"""One file stamped, as the command line says it: what was done, what it came to, as text and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..files.stamping import WriteOptions
from ..metadata import Metadata, same_json
from ..provenance import REPORTED_KEYS
from ..source import Progress
from . import render
from .each import failure_of
from .exits import Failure
from .options import about
from .patching import Prepared

if TYPE_CHECKING:
    from ..ops.stamp import Stamp
    from ..patch import MetadataPatch

__all__ = ["Outcome", "Way", "failed", "left_alone", "outcome_json", "say", "stamp_one", "unread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How files are stamped, whatever is stamped into them."""

    in_place: bool = False
    force: bool = False
    dry_run: bool = False
    drop_trailing: bool = False
    accept: tuple[str, ...] = ()
    prove: bool = False
    options: WriteOptions = field(default_factory=WriteOptions)

    @property
    def reads_data(self) -> bool:
        """Whether every byte is read, or copied, of a file that has a footer."""
        verify = self.options.verify
        is_head = verify is None or not verify.reads_data
        return self.prove or not (self.in_place and self.options.layout != "canonical" and is_head)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: a stamp, or the reason why there is none.

    `asked_notes` are about what was asked for, `notes` about this file. `receipt` is the path of one.
    """

    file: str
    output: str | None
    way: Way
    stamp: Stamp | None
    failure: Failure | None = None
    asked_notes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    receipt: str | None = None

    @property
    def status(self) -> str:
        """`stamped`, `unchanged` or `failed`; in a dry run `would_stamp` in place of the first."""
        if self.stamp is None:
            return "failed"
        if self.way.in_place and not self.stamp.changed:
            return "unchanged"
        return "would_stamp" if self.way.dry_run else "stamped"

    @property
    def is_unread(self) -> bool:
        """Whether a file was stamped, or would be, of which nobody read the data."""
        return self.stamp is not None and self.status != "unchanged" and not self.stamp.reads_data


def stamp_one(file: str, output: str | None, prepared: Prepared, way: Way, progress: Progress | None) -> Outcome:
    """Stamp a file; raises what `aprfmt.stamp_file` raises, with the name of the file where the error lacks it."""
    from ..files import stamp_file

    with about(file, output):
        done = stamp_file(
            file,
            output,
            prepared.patch,
            in_place=way.in_place,
            force=way.force,
            dry_run=way.dry_run,
            drop_trailing=way.drop_trailing,
            accept=way.accept,
            prove=way.prove,
            options=way.options,
            progress=progress,
        )
    return Outcome(file, output, way, done, asked_notes=prepared.notes, notes=done.notes)


def left_alone(file: str, prepared: Prepared, way: Way) -> Outcome | None:
    """The outcome of a stamp in place that changes nothing, None of any other; nothing is read but the head, and
    nothing written. Errors as for `stamp_one`."""
    from ..files.stamping import plan_left_alone

    with about(file):
        done = plan_left_alone(
            file, prepared.patch, drop_trailing=way.drop_trailing, accept=way.accept, options=way.options
        )
    return None if done is None else Outcome(file, None, way, done, asked_notes=prepared.notes, notes=done.notes)


def failed(file: str, error: Exception, way: Way) -> Outcome:
    """A file that could not be stamped, named in the message whatever the error knows."""
    return Outcome(file, None, way, None, failure_of(error, file))


def _stamped(done: Stamp) -> dict[str, Any]:
    """The values that a report shows: those that every stamp reports, and those that this one was asked for."""
    return {key: done.metadata.get(key) for key in dict.fromkeys((*REPORTED_KEYS, *done.patch.keys))}


def _changed(done: Stamp, stamped: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    before, after = done.input_metadata, done.metadata
    return {
        key: {"before": before.get(key), "after": value}
        for key, value in stamped.items()
        if (key in before) != (key in after) or not same_json(before.get(key), value)
    }


def _tokenizer(patch: MetadataPatch) -> dict[str, Any] | None:
    """What is said of a tokenizer: its vocabulary would be a page of its own."""
    found = patch.tokenizer
    if found is None:
        return None
    return {
        "source": found.source,
        "vocab_size": len(found.vocabulary),
        "merges": None if found.merges is None else len(found.merges),
        "model_type": found.model_type,
    }


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """What became of a file, as JSON; `command`, `status`, `input` and `error` where it could not be stamped."""
    done = outcome.stamp
    if done is None:
        error = None if outcome.failure is None else outcome.failure.as_json()
        return {"command": "stamp", "input": outcome.file, "status": outcome.status, "error": error}
    stamped = _stamped(done)
    return {
        "command": "stamp",
        "input": outcome.file,
        "output": outcome.file if outcome.way.in_place else outcome.output,
        "input_bytes": done.input_nbytes,
        "output_bytes": done.output_nbytes,
        "tensor_count": done.n_tensors,
        "stamped": stamped,
        "header_flags_bits": int(done.flags),
        "status": outcome.status,
        "changed": _changed(done, stamped),
        "removed": list(done.removed),
        "tokenizer": _tokenizer(done.patch),
        "in_place": outcome.way.in_place,
        "dry_run": outcome.way.dry_run,
        "receipt": outcome.receipt,
        "accepted": [item.as_json() for item in done.accepted],
        "rules_skipped": list(done.skipped),
        "notes": [*outcome.asked_notes, *outcome.notes],
    }


def say(outcome: Outcome, *, quiet: bool, verbose: bool, brief: bool = False, said: Collection[str] = ()) -> None:
    """What became of a file, as text; `brief` on one line, for one of many. Notes that were `said` are left out."""
    done = outcome.stamp
    if done is None:
        if outcome.failure is not None:
            render.fail(outcome.failure, as_json=False)
        return
    for item in done.accepted:
        render.note(f"accepted: {outcome.file}: {item.error()}")
    if quiet:
        return
    stamped = _stamped(done)
    changed = _changed(done, stamped)
    render.line(_headline(outcome, done))
    if not brief or verbose:
        _details(done, stamped, changed, verbose=verbose)
    if not changed and not done.changed and not outcome.way.in_place:
        render.note("every key had its value already")
    if not brief and outcome.is_unread:
        render.note(unread(done.skipped))
    for text in (*outcome.asked_notes, *outcome.notes):
        if text not in said:
            render.note(f"{outcome.file}: {text}" if brief else text)
    if outcome.receipt is not None:
        render.note(f"{outcome.file}: receipt in {outcome.receipt}" if brief else f"receipt in {outcome.receipt}")


def unread(skipped: Collection[str], n_files: int | None = None) -> str:
    """A note on rules that are not judged, of one file or of so many."""
    whose = "the data" if n_files is None else f"the data of {render.count(n_files, 'file')}"
    return f"{whose} was not read; not judged: {', '.join(skipped)}"


def _headline(outcome: Outcome, done: Stamp) -> str:
    tensors = render.count(done.n_tensors, "tensor")
    if outcome.status == "unchanged":
        verb, sizes = "Unchanged", render.count(done.input_nbytes, "byte")
    else:
        verb = "Would stamp" if outcome.way.dry_run else "Stamped"
        sizes = f"{done.input_nbytes} -> {done.output_nbytes} bytes"
    target = "" if outcome.output is None else f" -> {render.escape(outcome.output)}"
    return f"{verb} {render.escape(outcome.file)}{target} ({tensors}, {sizes})"


def _details(
    done: Stamp, stamped: Mapping[str, Any], changed: Mapping[str, Mapping[str, Any]], *, verbose: bool
) -> None:
    for key in stamped:
        before = f"{_value(done.input_metadata, key)} -> " if key in changed else ""
        after = "(removed)" if key in done.removed else _value(done.metadata, key)
        render.line(f"  {render.short(key) + ': ':<17}{before}{after}")
    if (tokenizer := _tokenizer(done.patch)) is not None:
        merges = "no merges" if tokenizer["merges"] is None else render.count(tokenizer["merges"], "merge")
        size = render.count(tokenizer["vocab_size"], "token")
        render.line(f"  {'tokenizer:':<17}{render.escape(tokenizer['model_type'] or '(no type)')}, {size}, {merges}")
    rest = [key for key in done.removed if key not in stamped]
    if rest:
        render.line(f"  {'removed:':<17}{', '.join(render.short(key) for key in rest)}")
    if verbose:
        names = ", ".join(flag.name.lower() for flag in done.flags if flag.name)
        render.line(f"  {'flags:':<17}{int(done.flags):#06x} {names}")


def _value(metadata: Metadata, key: str) -> str:
    """A value for people; a null that is there is not the same as nothing, except where it is how writers say so."""
    is_null = key not in REPORTED_KEYS and key in metadata and metadata[key] is None
    return "null" if is_null else render.short(metadata.get(key))
