"""Rules about what the metadata says of the origin of the model."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import RequestError
from ..jsontext import shorten
from ..layout import facts
from ..provenance import PROVENANCE_KEYS, says_nothing
from . import Case, Fault, rule

__all__: list[str] = []

_LICENCES = ("license", "data_license")


@rule("APR-P001")
def absent(case: Case) -> Iterator[Fault]:
    """A provenance key is missing, or null."""
    container = case.container
    for key in PROVENANCE_KEYS:
        if container.metadata.get(key) is None:
            there = key in container.metadata
            span = container.metadata.span_of(key) if there else container.head_sections["metadata"] or (0, 0)
            yield Fault("APR-P001", f"metadata.{key}", span, "a value", "null" if there else "nothing")


@rule("APR-P002")
def meaningless(case: Case) -> Iterator[Fault]:
    """A provenance key is there and says nothing."""
    metadata = case.container.metadata
    for key in PROVENANCE_KEYS:
        value = metadata.get(key)
        if isinstance(value, str) and says_nothing(value):
            yield Fault("APR-P002", f"metadata.{key}", metadata.span_of(key), "an answer", shorten(value))


@rule("APR-P003")
def unknown_licence(case: Case) -> Iterator[Fault]:
    """A licence says something, and is neither an expression of SPDX nor an id of the model hub."""
    metadata = case.container.metadata
    for key in _LICENCES:
        value = metadata.get(key)
        if isinstance(value, str) and not says_nothing(value) and (meant := _meant(value)) is not None:
            defect = facts.RULES["APR-P003"].defect
            yield Fault(
                "APR-P003",
                f"metadata.{key}",
                metadata.span_of(key),
                "a licence of SPDX or of the model hub",
                shorten(value),
                f"{defect}; did you mean {meant[0]}?" if meant else defect,
            )


def _meant(text: str) -> tuple[str, ...] | None:
    """What may be meant by a text that names no licence; None when it names one, in whatever spelling."""
    # The lists are loaded for a file that names a licence, and for no other: that takes a tenth of a cold start.
    from ..licences import LicenceError, normalise_license

    try:
        normalise_license(text)
    except LicenceError as error:
        return error.suggestions
    except RequestError:  # too long
        return ()
    return None
