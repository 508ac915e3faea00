"""Models that the acceptance cases are told with, and how a case looks into a file afterwards."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import sha256, shake_128
from pathlib import Path
from typing import Any

from tests.unit.cli.running import sparse_model

import aprfmt as api
from aprfmt import DType, Flags, NewTensor
from aprfmt.checksum import crc32, crc32_combine

__all__ = [
    "ALL",
    "COMPLETE",
    "PROVENANCE",
    "TENSORS",
    "TRIPLE",
    "append_footer",
    "digests",
    "flip",
    "folder_of",
    "large_model",
    "metadata_of",
    "model",
    "same_file",
    "tensor",
]

PROVENANCE = ("license", "data_source", "data_license")
TRIPLE = ("--license", "Apache-2.0", "--data-source", "teacher-only", "--data-license", "CC-BY-4.0")
"""The options of the stamp that this tool exists for."""
ALL = {
    "license": "Apache-2.0",
    "data_source": "teacher-only",
    "data_license": "CC-BY-4.0",
    "hf_architecture": "Qwen2ForCausalLM",
    "hf_model_type": "qwen2",
    "architecture": "qwen2",
}
"""The six keys that every stamp reports."""
COMPLETE = {"model_type": "qwen2", "name": "tiny", **ALL, "hidden_size": 8, "num_layers": 1, "num_heads": 2}
"""Metadata with which nothing is missing but a tokenizer."""


def tensor(name: str, dtype: DType, *shape: int, seed: str = "") -> NewTensor:
    """A tensor whose bytes follow from its name and the seed."""
    nbytes = api.tensor_nbytes(dtype, shape)
    return NewTensor(name, dtype, shape, shake_128(f"{seed}{name}".encode()).digest(nbytes))


TENSORS = (("a.weight", DType.F32, 3, 5), ("b.weight", DType.Q4_K, 2, 256), ("c.weight", DType.F16, 33))


def model(
    path: Path, metadata: Mapping[str, Any] | bytes | None = None, *, flags: Flags = Flags.QUANTIZED, seed: str = ""
) -> Path:
    """A small model of three tensors; without metadata of its own, one that says nothing of its origin."""
    tensors = [tensor(name, dtype, *shape, seed=seed) for name, dtype, *shape in TENSORS]
    api.create_file(
        path, tensors, {"model_type": "qwen2", "name": "tiny"} if metadata is None else metadata, flags=flags
    )
    return path


def large_model(path: Path, nbytes: int) -> Path:
    """A sound file of one tensor of zeros, that takes no room on the disk, with its footer."""
    sparse_model(path, nbytes)
    with path.open("rb") as file:
        head = file.read(path.stat().st_size - nbytes)
    # The CRC-32 of very many zeros, from that of few: twice as many each time.
    length, zeros = 1 << 20, crc32(bytes(1 << 20))
    while length < nbytes:
        zeros, length = crc32_combine(zeros, zeros, length), 2 * length
    assert length == nbytes, "a power of two"
    append_footer(path, crc32_combine(crc32(head), zeros, nbytes))
    return path


def append_footer(path: Path, crc: int) -> None:
    with path.open("ab") as file:
        file.write(crc.to_bytes(4, "little"))


def metadata_of(path: Path) -> dict[str, Any]:
    """Every key and value of the metadata, read as any reader of JSON does."""
    with api.open(path) as container:
        value = json.loads(bytes(container.metadata.raw))
    assert isinstance(value, dict)
    return value


def digests(path: Path) -> dict[str, tuple[str, tuple[int, ...], str]]:
    """Of each tensor the element type, the shape, and the SHA-256 of its bytes."""
    with api.open(path) as container:
        return {
            name: (str(item.dtype), tuple(item.shape), sha256(item.data).hexdigest())
            for name, item in container.items()
        }


def flip(path: Path, tensor_name: str, at: int = 0) -> Path:
    """Turn one bit of a tensor, and nothing that is said about it."""
    with api.open(path) as container:
        place = container[tensor_name].file_span[0] + at
    with path.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 1]))
    return path


def folder_of(path: Path, files: Mapping[str, Any]) -> Path:
    """A folder with these files: text as it is, anything else as JSON."""
    path.mkdir()
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        (path / name).write_text(text, encoding="utf-8", newline="")
    return path


def same_file(before: os.stat_result, path: Path) -> bool:
    """Whether it is the very file that it was: not replaced, not written to."""
    after = path.stat()
    return (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns)
