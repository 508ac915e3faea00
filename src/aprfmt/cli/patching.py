"""What the options of `stamp` ask for, as one patch: files are read, licences put into canonical form, types held
against the schema, before anything is written.

Where several say the same key, the more particular one counts: another container, then a model card, then a merge
patch, then the options about single keys, of which two for one key are an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import RequestError, quoted
from ..jsontext import encode_value, shorten
from ..limits import DEFAULT_LIMITS
from ..patch import MetadataPatch, json_value, merged_value
from ..provenance import REPORTED_KEYS
from .options import about

if TYPE_CHECKING:
    from ..card import Card
    from ..tokenizer import Tokenizer

__all__ = ["LICENCE_KEYS", "Asked", "Prepared", "prepared", "with_merge"]

LICENCE_KEYS = ("license", "data_license")
_MAX_PATCH_BYTES = DEFAULT_LIMITS.max_metadata_bytes
"""A patch can be as large as the metadata it is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of one command line. `named` has keys by their options, `sets` and `texts` `KEY=VALUE` as given."""

    named: Mapping[str, str] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    patch_file: str | None = None
    copy_from: str | None = None
    copied_keys: tuple[str, ...] = ()
    card: str | None = None
    card_base_model: bool = False
    tokenizer: str | None = None
    fill_gaps: str | None = None
    dedupe: bool = False
    licenses: str = "spdx"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A patch that is ready, and what there is to say of how it came about."""

    patch: MetadataPatch
    notes: tuple[str, ...] = ()


def prepared(asked: Asked, standard_input: Callable[[], BinaryIO]) -> Prepared:
    """The patch that the options ask for; it may be empty.

    Raises `RequestError` for an option that cannot be understood, for a key that two options set, for a licence that is
    none and for what a tokenizer or a model card cannot give; `FormatError` and `OSError` for a file that cannot be
    read.
    """
    notes: list[str] = []
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if asked.copy_from is not None:
        copied = _copied(asked.copy_from, asked.copied_keys)
        values |= copied
        origins |= dict.fromkeys(copied, "--copy-from")
    if asked.card is not None:
        card = _card(asked)
        values |= card.members
        notes += [f"{asked.card}: {item.card_field}: {item.said} -> {item.key}: {item.value}" for item in card.mapped]
        notes += [f"{asked.card}: {text}" for text in card.notes]
        origins |= dict.fromkeys(card.members, "--from-card")
    merge: dict[str, Any] = {}
    if asked.patch_file is not None:
        merge = dict(_merge_patch(asked.patch_file, standard_input))
        origins |= dict.fromkeys(merge, "--patch")
        for key in values.keys() & merge.keys():
            if isinstance(merge[key], Mapping):  # merged into what was taken from elsewhere, not into what FILE has
                values[key] = merged_value(values[key], merge.pop(key))
            else:
                del values[key]
    unset: dict[str, str] = {}
    for option, key, value in _single(asked):
        if origins.get(key, "") == "--from-card":
            notes.append(f"{asked.card}: what it has for {key} is not taken: {option} counts more")
        values.pop(key, None)
        merge.pop(key, None)
        origins[key] = option
        if value is _GONE:
            unset[key] = option
        else:
            values[key] = value
    tokenizer = None if asked.tokenizer is None else _tokenizer(asked.tokenizer, asked.fill_gaps)
    said: list[str] = []
    patch = MetadataPatch(
        set=_with_licences(values, origins, asked.licenses, said),
        merge=_with_licences(merge, origins, asked.licenses, said),
        unset=tuple(unset),
        dedupe=asked.dedupe,
        tokenizer=tokenizer,
    )
    return Prepared(patch, (*notes, *said))


_GONE = object()
_OF_MANY = ("--copy-from", "--patch")
"""Options that say more than one key, so that an error has to say which."""


def _single(asked: Asked) -> Iterable[tuple[str, str, Any]]:
    """What options say of one key each: the option, the key, and its value or `_GONE`."""
    found: dict[str, str] = {}
    for option, key, value in _each(asked):
        if key in found:
            raise RequestError(f"{option}: expected one option for the key {quoted(key)}, found {found[key]} too")
        found[key] = option
        yield option, key, value


def _each(asked: Asked) -> Iterable[tuple[str, str, Any]]:
    for key, value in asked.named.items():
        yield f"--{'model-version' if key == 'version' else key.replace('_', '-')}", key, value
    for text in asked.sets:
        key, value = _pair("--set", text)
        yield f"--set {quoted(key)}", key, json_value(value, f"--set {quoted(key)}")
    for text in asked.texts:
        key, value = _pair("--set-str", text)
        yield f"--set-str {quoted(key)}", key, value
    for key in asked.unset:
        yield f"--unset {quoted(key)}", key, _GONE


def _pair(option: str, text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise RequestError(f"{option}: expected KEY=VALUE, found {quoted(text, 100)}")
    return key, value


def _copied(path: str, keys: tuple[str, ...]) -> dict[str, Any]:
    from ..files import open as open_container
    from ..rules import run

    with about(path), open_container(path) as container:
        # What is taken from a damaged file would be sealed in another one.
        run(container, read_data=True).raise_first()
        container.check_unchanged()
        metadata = container.metadata
        missing = [key for key in keys if key not in metadata]
        if missing:
            raise RequestError(f"--keys: expected keys of {path}, found {quoted(missing[0])}, which it does not have")
        # A null is not worth copying, unless somebody asks for it.
        chosen = keys or [key for key in REPORTED_KEYS if metadata.get(key) is not None]
        if not chosen:
            raise RequestError(
                f"--copy-from: expected one of {', '.join(REPORTED_KEYS)} in {path}, found none (--keys names others)"
            )
        return {key: metadata[key] for key in chosen}


def _card(asked: Asked) -> Card:
    from ..card import MAX_FRONT_MATTER_BYTES, read_card

    path = str(asked.card)
    with about(path), Path(path).open("rb") as file:
        data = file.read(2 * MAX_FRONT_MATTER_BYTES)
    try:
        return read_card(data, base_model=asked.card_base_model, catalogue=asked.licenses)
    except RequestError as error:
        raise RequestError(f"--from-card {path}: {error}") from error


def _merge_patch(path: str, standard_input: Callable[[], BinaryIO]) -> Mapping[str, Any]:
    what = f"--patch {path}"
    if path == "-":
        data = standard_input().read(_MAX_PATCH_BYTES + 1)
    else:
        with about(path), Path(path).open("rb") as file:
            data = file.read(_MAX_PATCH_BYTES + 1)
    if len(data) > _MAX_PATCH_BYTES:
        raise RequestError(f"{what}: expected at most {_MAX_PATCH_BYTES} bytes, found more")
    value = json_value(data, what)
    if not isinstance(value, Mapping):
        raise RequestError(f"{what}: expected a JSON object, found {shorten(encode_value(value))}")
    return value


def _tokenizer(folder: str, fill_gaps: str | None) -> Tokenizer:
    from ..files import read_tokenizer_folder

    try:
        return read_tokenizer_folder(folder, fill_gaps=fill_gaps)
    except RequestError as error:
        raise RequestError(f"--tokenizer: {error}") from error


def _with_licences(
    values: Mapping[str, Any], origins: Mapping[str, str], catalogue: str, said: list[str]
) -> dict[str, Any]:
    """The values with their licences in canonical form; `said` gets what there is to say of them.

    Raises `RequestError` for what is no licence in the catalogue, naming where it comes from. What is no string is not
    judged here.
    """
    done = dict(values)
    for key in LICENCE_KEYS:
        value, origin = done.get(key), origins.get(key)
        if not isinstance(value, str) or origin is None or origin == "--from-card":  # a card has done it by itself
            continue
        from ..licences import LicenceError, normalise_license

        origin = f"{origin}: {key}" if origin in _OF_MANY else origin
        try:
            licence = normalise_license(value, catalogue)
        except LicenceError as error:
            raise RequestError(f"{origin}: {error}") from error
        done[key] = licence.expression
        said.extend(f"{origin}: {text}" for text in (*licence.warnings, *licence.notes))
    return done


def with_merge(common: Prepared, merge: Mapping[str, Any], origin: str, catalogue: str) -> Prepared:
    """The common patch with a merge patch for one file, which counts more for the keys that it names.

    Raises `RequestError`, which begins with the `origin`, for a licence that is none, for a key that a tokenizer sets
    too, and for what the metadata of no file can hold.
    """
    said: list[str] = []
    own = _with_licences(merge, {key: f"{origin}: {key}" for key in merge}, catalogue, said)
    patch = common.patch
    try:
        MetadataPatch(merge=own).require_possible()
        patch = replace(
            patch,
            set={key: value for key, value in patch.set.items() if key not in own},
            merge={**patch.merge, **own},
            unset=tuple(key for key in patch.unset if key not in own),
        )
    except RequestError as error:
        raise RequestError(f"{origin}: {error}") from error
    return Prepared(patch, (*common.notes, *said))
