"""What writers are given, held against what a careful reader takes: tensors, metadata and flags.

Every writer refuses here, and alike: `RequestError` for a value of which no sound file can be made, `TypeError` for an
argument of another kind. What is allowed and unwise is for `validate` to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, SupportsIndex

from .. import layout
from ..errors import FormatError, LimitExceededError, RequestError
from ..jsontext import shorten, show
from ..jsonwalk import Place, wide_integers
from ..layout import DType, Flags, TensorIndexEntry, facts
from ..metadata import Metadata, canonical_metadata
from ..tensors import given_dtype, given_shape

__all__ = ["Declared", "declare", "flat_view", "metadata_bytes", "name_taken", "writable_flags"]


@dataclass(frozen=True, slots=True)
class Declared:
    """A tensor without its data: name, id of the element type as writers use it today, shape.

    `sizes` are the sizes in bytes that its data may have, the one a writer uses first.
    """

    name: bytes
    code: int
    shape: tuple[int, ...]
    sizes: tuple[int, ...]

    def entry(self, ofs_tensor: int, nbytes: int) -> TensorIndexEntry:
        """The index entry for `nbytes` bytes at this place in the data section; raises when they do not fit."""
        if nbytes not in self.sizes:
            raise self.misfit(str(nbytes))
        return TensorIndexEntry(len(self.name), self.name, self.code, len(self.shape), self.shape, ofs_tensor, nbytes)

    def misfit(self, found: str) -> RequestError:
        """The error that the data has another number of bytes than element type and shape take."""
        sizes = " or ".join(map(str, self.sizes))
        return RequestError(
            f"tensor {self.label}: {DType(self.code)} {list(self.shape)} takes {sizes} bytes, found {found}"
        )

    @property
    def label(self) -> str:
        """The name for a message."""
        return shorten(self.name.decode())


def declare(name: str, dtype: DType, shape: Sequence[SupportsIndex]) -> Declared:
    """A tensor to be written. Raises `RequestError` for a name, an element type or a shape that readers do not take."""
    if not isinstance(name, str):
        raise RequestError(f"tensor: expected a name as text, found {type(name).__name__}")
    label = shorten(name)
    try:
        encoded = name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RequestError(f"tensor {label}: the name cannot be written as UTF-8: {error.reason}") from error
    try:
        code, dims = given_dtype(dtype).facts.canonical_code, given_shape(shape)
    except RequestError as error:
        raise RequestError(f"tensor {label}: {error}") from error
    entry = TensorIndexEntry(len(encoded), encoded, code, len(dims), dims, 0, 0)
    # Place and order come later, and are right by construction; a root of this size keeps their rules out of the way.
    root = SimpleNamespace(len_file=0, header=SimpleNamespace(ofs_data=0))
    for violation in facts.check_tensor_index_entry(entry, root=root, parent=SimpleNamespace(entries=[entry])):
        raise RequestError(
            f"tensor {label}: {violation.field}: expected {violation.expected}, found {violation.found} "
            f"[{violation.rule}]"
        )
    return Declared(encoded, code, dims, layout.tensor_nbytes(code, dims))


def name_taken(declared: Declared) -> RequestError:
    """The error that there is a tensor of this name already."""
    return RequestError(f"tensor {declared.label}: the name occurs more than once")


def flat_view(data: Any, label: str) -> memoryview:
    """The bytes of anything that holds some, in one dimension; raises `TypeError` when it holds none."""
    try:
        view = memoryview(data)
    except TypeError as error:
        raise TypeError(f"tensor {label}: expected bytes, found {type(data).__name__}") from error
    if not view.c_contiguous:
        raise RequestError(f"tensor {label}: expected data without gaps, found a strided view")
    if not view.nbytes:
        return memoryview(b"")  # a shape with a zero cannot be cast
    try:
        return view.cast("B")
    except ValueError:
        return memoryview(view.tobytes())  # only formats of one letter can be cast, and ctypes has longer ones


def metadata_bytes(metadata: Mapping[str, Any] | bytes) -> bytes:
    """The metadata as it is written: a mapping as the reference writes it, JSON bytes as they are.

    Raises `RequestError` for what a careful reader would refuse, its limits included, and for a mapping with an integer
    beyond 64 bits, which the reference would write as a double.
    """
    if isinstance(metadata, Mapping):
        raw = canonical_metadata(metadata, wide_integers_as_doubles=False)
        for place in wide_integers(raw):
            found = show(int(place.text))
            raise RequestError(f"{_path(place)}: expected an integer of 64 bits, found {found}; write it as a string")
        return _readable(raw)
    if not isinstance(metadata, bytes | bytearray | memoryview):
        raise TypeError(f"metadata: expected a mapping or JSON as bytes, found {type(metadata).__name__}")
    return _readable(bytes(metadata))


def _readable(raw: bytes) -> bytes:
    """The text, once it is known that a reader takes it."""
    try:
        faults = Metadata(raw).type_errors()
    except (FormatError, LimitExceededError) as error:
        raise RequestError(f"the metadata cannot be written: {error}") from error
    if faults:
        raise RequestError(f"the metadata cannot be written: {faults[0]}")
    return raw


def _path(place: Place) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place.path)
    return "metadata" + "".join(steps)


def writable_flags(flags: Flags) -> Flags:
    """The flags with LAYOUT_ROW_MAJOR; raises `RequestError` for COLUMN_MAJOR and for undefined ones."""
    if not isinstance(flags, int):
        raise TypeError(f"flags: expected members of Flags, found {type(flags).__name__}")
    if int(flags) & ~sum(Flags):
        raise RequestError(f"flags: expected members of Flags, found {int(flags):#x}")
    flags = Flags(flags) | Flags.LAYOUT_ROW_MAJOR
    for violation in facts.check_flags(flags):
        if facts.RULES[violation.rule].severity == "error":
            raise RequestError(f"flags.{violation.field}: expected {violation.expected}, found {violation.found}")
    return flags
