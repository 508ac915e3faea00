"""Hypothesis strategies for whole APR v2 files, for the tests of any reader or writer of the format.

    from hypothesis import given
    from aprfmt.testing import containers
    given(containers(canonical=False))(lambda raw: my_reader(raw))()

Install with `pip install aprfmt[testing]`. Tensor bytes are expanded from a drawn seed, so large tensors cost no
entropy and shrink to zeros; everything else shrinks towards an empty file. `docs/format.md` says what the bytes mean.
"""

try:
    import hypothesis as _hypothesis  # noqa: F401 - asked for here, so that the error can say what to install
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "aprfmt.testing needs Hypothesis: pip install 'aprfmt[testing]'", name=error.name
    ) from error

from .damage import damaged, sealed
from .metadata import metadata_json
from .strategies import containers, dtypes, expand, patches, shapes, tensor_names, tensors, trees

__all__ = [
    "containers",
    "damaged",
    "dtypes",
    "expand",
    "metadata_json",
    "patches",
    "sealed",
    "shapes",
    "tensor_names",
    "tensors",
    "trees",
]
