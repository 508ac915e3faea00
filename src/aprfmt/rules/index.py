"""Rules about the tensor index that one field alone cannot say."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from ..errors import quoted
from ..layout import dtype_facts
from . import Case, Fault, rule

__all__: list[str] = []


@rule("APR-I005")
def name_not_utf8(case: Case) -> Iterator[Fault]:
    """The name of a tensor is not UTF-8."""
    for tensor in case.container.tensors:
        try:
            tensor.name_bytes.decode("utf-8")
        except UnicodeDecodeError as error:
            field, (start, _) = tensor.field("name")
            span = (start + error.start, start + error.end)
            found = ascii(tensor.name_bytes[error.start : error.end])
            yield Fault("APR-I005", field, span, "UTF-8", found, tensor=tensor.name)


@rule("APR-I008")
def dtype_id_legacy(case: Case) -> Iterator[Fault]:
    """The element type stands under an id that writers gave up."""
    for tensor in case.container.tensors:
        known = dtype_facts(tensor.entry.dtype)
        if known is not None and known.canonical_code != known.code:
            field, span = tensor.field("dtype")
            expected = f"{known.canonical_code} for {known.id}"
            yield Fault("APR-I008", field, span, expected, str(known.code), tensor=tensor.name)


@rule("APR-I010")
def dtype_id_ambiguous(case: Case) -> Iterator[Fault]:
    """The id of the element type is one of today's, and means another type in GGML."""
    for tensor in case.container.tensors:
        known = dtype_facts(tensor.entry.dtype)
        if known is not None and known.ggml_id is not None and known.canonical_code == known.code:
            field, span = tensor.field("dtype")
            expected = "an id that means the same everywhere"
            found = f"{known.code}, which is {known.id} here and {known.ggml_id} in GGML"
            yield Fault("APR-I010", field, span, expected, found, tensor=tensor.name)


@rule("APR-I011")
def name_control_characters(case: Case) -> Iterator[Fault]:
    """The name of a tensor holds control characters."""
    for tensor in case.container.tensors:
        if tensor.name.isprintable():
            continue
        found = dict.fromkeys(character for character in tensor.name if unicodedata.category(character) == "Cc")
        if found:
            field, span = tensor.field("name")
            yield Fault("APR-I011", field, span, "no control characters", quoted("".join(found)), tensor=tensor.name)


@rule("APR-I012")
def entries_uncounted(case: Case) -> Iterator[Fault]:
    """Entries follow the ones that the header counts."""
    container = case.container
    number, _ = case.uncounted
    if number:
        count = container.header.num_tensors
        span = container.header_spans["num_tensors"]
        yield Fault("APR-I012", "header.num_tensors", span, str(count + number), str(count))
