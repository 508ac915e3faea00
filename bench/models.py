"""The models that are measured with: 339 tensors in Q4_K, as a model of 28 layers has, of any size."""

from __future__ import annotations

import json
import os
from pathlib import Path

import aprfmt
from aprfmt import DType, Flags, NewTensor, layout
from aprfmt.checksum import crc32, crc32_combine

__all__ = ["MB", "N_TENSORS", "write_model", "write_sparse_model"]

MB = 1000 * 1000
COLUMNS = 256
"""Elements in a row of a tensor: one block of its element type."""
_LAYER = (
    *(f"self_attn.{name}_proj.{part}" for name in "qkv" for part in ("weight", "bias")),
    *("self_attn.o_proj.weight", "mlp.gate_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight"),
    *("input_layernorm.weight", "post_attention_layernorm.weight"),
)
NAMES = (
    *(f"model.layers.{layer}.{name}" for layer in range(28) for name in _LAYER),
    *("lm_head.weight", "model.embed_tokens.weight", "model.norm.weight"),
)
N_TENSORS = len(NAMES)
METADATA = {
    "model_type": "qwen2",
    "name": "bench",
    "architecture": "qwen2",
    "license": "Apache-2.0",
    "data_source": "teacher-00000000",
    "data_license": "CC-BY-4.0",
    "hidden_size": 3584,
    "num_layers": 28,
    "num_heads": 28,
}


def write_model(path: Path, nbytes: int) -> None:
    """A model of about so many bytes, with every key that a stamp sets here, of the length that it has here.

    The data is random, so that no file system stores less of it than there is, and takes no more memory than one
    tensor: each of them begins elsewhere in the same bytes.
    """
    shape = _shape(nbytes)
    size, step = aprfmt.tensor_nbytes(DType.Q4_K, shape), 16
    stock = memoryview(os.urandom(size + step * N_TENSORS))
    tensors = (
        NewTensor(name, DType.Q4_K, shape, stock[at : at + size])
        for name, at in zip(NAMES, range(0, step * N_TENSORS, step), strict=True)
    )
    aprfmt.create_file(path, tensors, METADATA, flags=Flags.QUANTIZED)


def _shape(nbytes: int) -> tuple[int, int]:
    row = aprfmt.tensor_nbytes(DType.Q4_K, (1, COLUMNS))
    return max(1, round(nbytes / N_TENSORS / row)), COLUMNS


def write_sparse_model(path: Path, nbytes: int) -> None:
    """A sound model of the same tensors, all of zeros, that takes next to no room on the disk."""
    shape = _shape(nbytes)
    size = aprfmt.tensor_nbytes(DType.Q4_K, shape)
    step = layout.align_up(size, layout.ALIGNMENT)
    entries = [
        {"name": name.encode(), "dtype": int(DType.Q4_K), "dims": [*shape], "ofs_tensor": at, "len_tensor": size}
        for name, at in zip(sorted(NAMES), range(0, step * N_TENSORS, step), strict=True)
    ]
    metadata = json.dumps(METADATA, separators=(",", ":")).encode()
    header = {"flags": layout.flags_tree(Flags.QUANTIZED | Flags.LAYOUT_ROW_MAJOR)}
    index = {"entries": entries}
    tree = {"header": header, "metadata": metadata, "tensor_index": index, "tensor_data": b"", "footer": None}
    head, zeros = aprfmt.build(tree), step * N_TENSORS
    with path.open("wb") as file:
        file.write(head)
        file.seek(zeros, os.SEEK_CUR)
        file.write(layout.build_footer(crc32_combine(crc32(head), _crc32_of_zeros(zeros), zeros)))


def _crc32_of_zeros(nbytes: int) -> int:
    """The CRC-32 of very many zeros, from that of half as many."""
    if nbytes <= MB:
        return crc32(bytes(nbytes))
    half = nbytes // 2
    crc = _crc32_of_zeros(half)
    twice = crc32_combine(crc, crc, half)
    return crc32(bytes(1), twice) if nbytes % 2 else twice
