"""Writes a small model: two layers of a transformer in Q4_K and F32, without provenance. The weights are arbitrary.

Usage: python examples/make_sample.py OUT.apr
"""

from __future__ import annotations

import sys
from hashlib import shake_128

import aprfmt
from aprfmt import DType, Flags, NewTensor

HIDDEN, VOCABULARY, LAYERS = 256, 512, 2


def tensor(name: str, dtype: DType, *shape: int) -> NewTensor:
    """A tensor whose bytes follow from its name, so that two runs write the same file."""
    nbytes = aprfmt.tensor_nbytes(dtype, shape)
    return NewTensor(name, dtype, shape, shake_128(name.encode()).digest(nbytes))


def main(path: str) -> None:
    """Write the sample to `path`, replacing what is there."""
    tensors = [
        tensor("model.embed_tokens.weight", DType.Q6_K, VOCABULARY, HIDDEN),
        tensor("model.norm.weight", DType.F32, HIDDEN),
        tensor("lm_head.weight", DType.Q6_K, VOCABULARY, HIDDEN),
    ]
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        tensors.append(tensor(f"{prefix}.input_layernorm.weight", DType.F32, HIDDEN))
        tensors += [
            tensor(f"{prefix}.self_attn.{projection}.weight", DType.Q4_K, HIDDEN, HIDDEN)
            for projection in ("q_proj", "k_proj", "v_proj", "o_proj")
        ]
    metadata = {"model_type": "qwen2", "name": "sample", "hidden_size": HIDDEN, "num_layers": LAYERS}
    nbytes = aprfmt.create_file(path, tensors, metadata, flags=Flags.QUANTIZED, force=True)
    print(f"wrote {path}: {len(tensors)} tensors, {nbytes} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
