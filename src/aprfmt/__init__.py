"""The APR v2 model container: open it, stamp provenance into it, take it apart and build it.

`with aprfmt.open("model.apr") as f:` gives a mapping of tensors; `aprfmt.stamp_file` writes a stamped copy;
`aprfmt.parse` and `aprfmt.build` turn bytes into a tree and back.
"""

from .container import Container
from .errors import (
    AprError,
    FormatError,
    LimitExceededError,
    RequestError,
    TruncatedError,
    UnsupportedError,
)
from .files import create_file, open, stamp_file  # noqa: A004 - `aprfmt.open` is the name users expect
from .layout import DType, Flags, Header, build, parse
from .limits import DEFAULT_LIMITS, Limits
from .metadata import Metadata, ProvenancePatch
from .ops.create import NewTensor, create_bytes
from .ops.stamp import Stamp, stamp_bytes, stamp_tree
from .tensors import Tensor

__all__ = [
    "DEFAULT_LIMITS",
    "AprError",
    "Container",
    "DType",
    "Flags",
    "FormatError",
    "Header",
    "LimitExceededError",
    "Limits",
    "Metadata",
    "NewTensor",
    "ProvenancePatch",
    "RequestError",
    "Stamp",
    "Tensor",
    "TruncatedError",
    "UnsupportedError",
    "build",
    "create_bytes",
    "create_file",
    "open",
    "parse",
    "stamp_bytes",
    "stamp_file",
    "stamp_tree",
]
