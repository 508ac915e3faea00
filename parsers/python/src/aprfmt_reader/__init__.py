"""Read APR v2 model containers.

    with aprfmt_reader.open("model.apr") as model:
        for tensor in model.tensors:
            print(tensor.name, tensor.dtype, tensor.shape, tensor.nbytes)

`open` checks everything that needs only the head of the file, `Model.verify` everything else.
"""

from ._errors import AprError, FormatError, RequestError, UnknownTensorError
from ._generated.facts import DType, DTypeFacts
from ._header import Header
from ._limits import DEFAULT_LIMITS, Limits
from ._model import Model, Tensor, open  # noqa: A004 - the verb of every reader, as in `gzip.open`

__all__ = [
    "DEFAULT_LIMITS",
    "AprError",
    "DType",
    "DTypeFacts",
    "FormatError",
    "Header",
    "Limits",
    "Model",
    "RequestError",
    "Tensor",
    "UnknownTensorError",
    "__version__",
    "open",
]

__version__ = "0.1.0"
