"""Hypothesis strategies for APR v2: whole files, headers, indexes, metadata, stamps; valid, or wrong in one way.

    from hypothesis import given
    from aprfmt.testing import containers
    given(containers(breaking="APR-D003"))(lambda raw: my_reader_refuses(raw))()

Install with `pip install aprfmt[testing]`. Tensor bytes are expanded from a drawn seed, so large tensors cost no
entropy and shrink to zeros; everything else shrinks towards an empty file, and a fault towards the nearest one.
`docs/testing.md` shows what comes out, `docs/format.md` says what the bytes mean, `docs/rules.md` what is wrong.
"""

try:
    import hypothesis as _hypothesis  # noqa: F401 - asked for here, so that the error can say what to install
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "aprfmt.testing needs Hypothesis: pip install 'aprfmt[testing]'", name=error.name
    ) from error

from .breaking import breakable, consequences
from .containers import containers
from .damage import damaged, sealed
from .drawing import Drawn, drawer, measure
from .headers import Index, headers, indexes
from .metadata import metadata_json
from .patches import metadata_patches, patches
from .strategies import dtypes, expand, shapes, tensor_names, tensors, trees

__all__ = [
    "Drawn",
    "Index",
    "breakable",
    "consequences",
    "containers",
    "damaged",
    "drawer",
    "dtypes",
    "expand",
    "headers",
    "indexes",
    "measure",
    "metadata_json",
    "metadata_patches",
    "patches",
    "sealed",
    "shapes",
    "tensor_names",
    "tensors",
    "trees",
]
