"""The APR v2 model container: open it, stamp provenance into it, take it apart and build it.

`with aprfmt.open("model.apr") as f:` gives a mapping of tensors; `aprfmt.validate_file` says all that is wrong with a
file; `aprfmt.stamp_file` writes a stamped copy; `aprfmt.parse` and `aprfmt.build` turn bytes into a tree and back.

Names are imported when they are first used: `aprfmt --version` pays for nothing else, and the generator runs even when
what it generates is broken.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .container import Container
    from .errors import (
        AprError,
        FormatError,
        LimitExceededError,
        RequestError,
        TruncatedError,
        UnsupportedError,
    )
    from .files import (
        OpenContainer,
        canonicalise_file,
        create_file,
        open,  # noqa: A004 - `aprfmt.open` is the name users expect
        read_tokenizer_folder,
        stamp_file,
        validate_file,
    )
    from .files.inplace import Recovered, recover_file
    from .files.stamping import WriteOptions
    from .files.streaming import Writer
    from .footers import Verify
    from .layout import DType, Flags, Header, build, parse
    from .licences import Licence, normalise_license
    from .limits import DEFAULT_LIMITS, Limits
    from .metadata import Metadata
    from .ops.canonicalise import Canonical, canonicalise_bytes
    from .ops.create import NewTensor, create_bytes
    from .ops.diff import Diff, Difference, diff
    from .ops.inspect import Inspection, inspect
    from .ops.quality import Quality, quality
    from .ops.stamp import Stamp, stamp_bytes, stamp_tree
    from .patch import MetadataPatch
    from .provenance import ProvenancePatch
    from .rules import Finding, Report, Severity
    from .tensors import Tensor, tensor_nbytes

__version__ = "0.1.0"

__all__ = [
    "DEFAULT_LIMITS",
    "AprError",
    "Canonical",
    "Container",
    "DType",
    "Diff",
    "Difference",
    "Finding",
    "Flags",
    "FormatError",
    "Header",
    "Inspection",
    "Licence",
    "LimitExceededError",
    "Limits",
    "Metadata",
    "MetadataPatch",
    "NewTensor",
    "OpenContainer",
    "ProvenancePatch",
    "Quality",
    "Recovered",
    "Report",
    "RequestError",
    "Severity",
    "Stamp",
    "Tensor",
    "TruncatedError",
    "UnsupportedError",
    "Verify",
    "WriteOptions",
    "Writer",
    "build",
    "canonicalise_bytes",
    "canonicalise_file",
    "create_bytes",
    "create_file",
    "diff",
    "inspect",
    "normalise_license",
    "open",
    "parse",
    "quality",
    "read_tokenizer_folder",
    "recover_file",
    "stamp_bytes",
    "stamp_file",
    "stamp_tree",
    "tensor_nbytes",
    "validate_file",
]

_HOMES = {
    "container": ("Container",),
    "errors": (
        "AprError",
        "FormatError",
        "LimitExceededError",
        "RequestError",
        "TruncatedError",
        "UnsupportedError",
    ),
    "files": (
        "OpenContainer",
        "canonicalise_file",
        "create_file",
        "open",
        "read_tokenizer_folder",
        "stamp_file",
        "validate_file",
    ),
    "files.inplace": ("Recovered", "recover_file"),
    "files.stamping": ("WriteOptions",),
    "files.streaming": ("Writer",),
    "footers": ("Verify",),
    "layout": ("DType", "Flags", "Header", "build", "parse"),
    "licences": ("Licence", "normalise_license"),
    "limits": ("DEFAULT_LIMITS", "Limits"),
    "metadata": ("Metadata",),
    "ops.canonicalise": ("Canonical", "canonicalise_bytes"),
    "ops.create": ("NewTensor", "create_bytes"),
    "ops.diff": ("Diff", "Difference", "diff"),
    "ops.inspect": ("Inspection", "inspect"),
    "ops.quality": ("Quality", "quality"),
    "ops.stamp": ("Stamp", "stamp_bytes", "stamp_tree"),
    "patch": ("MetadataPatch",),
    "provenance": ("ProvenancePatch",),
    "rules": ("Finding", "Report", "Severity"),
    "tensors": ("Tensor", "tensor_nbytes"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            value = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
