# GENERATED, never edited by hand. Source: spec/metadata.schema.json, SHA-256 7269cea8492dd3fea70e352a31a8ceced55c2a80a163b08fef0a2acc897a39de.
# Regenerate: python -m aprfmt.codegen --write
"""The known keys of the metadata in serialisation order, as spec/metadata.schema.json declares them.

Facts only: what judges, reads and writes by them is `aprfmt.metadata`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["KEYS", "MetadataKey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataKey:
    """One known key of the metadata, or of one of its sub-objects.

    `when_absent` says what a canonical writer does about a key that is absent or null: leave it out (`skip`),
    write `default` (`write`), or nothing, because the key must be there (`required`). `bits` is the width of
    an unsigned integer, None for every other kind; `f32` marks a number that readers round to single
    precision; `keys` are the known keys of a sub-object, in order.
    """

    name: str
    kind: Literal["string", "integer", "number", "boolean", "object"]
    nullable: bool
    when_absent: Literal["skip", "write", "required"]
    description: str
    default: str | int | None = None
    bits: int | None = None
    f32: bool = False
    keys: tuple[MetadataKey, ...] = ()


KEYS: Final[tuple[MetadataKey, ...]] = (
    MetadataKey(
        name="model_type",
        kind="string",
        nullable=False,
        when_absent="write",
        default="",
        description="Family of the model, in the writer's own words; the empty string when nobody said.",
    ),
    MetadataKey(
        name="name",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="Name of the model as people say it.",
    ),
    MetadataKey(
        name="description",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="What the model is, for people.",
    ),
    MetadataKey(
        name="author",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="Person or organisation that made the model.",
    ),
    MetadataKey(
        name="license",
        kind="string",
        nullable=True,
        when_absent="write",
        default=None,
        description="Licence of the weights, meant to be an SPDX expression. Provenance: an explicit null says that nobody has stated it.",
    ),
    MetadataKey(
        name="data_source",
        kind="string",
        nullable=True,
        when_absent="write",
        default=None,
        description="Where the training data came from: a data set, or `teacher-only` for a distilled model. Provenance: an explicit null says that nobody has stated it.",
    ),
    MetadataKey(
        name="data_license",
        kind="string",
        nullable=True,
        when_absent="write",
        default=None,
        description="Licence of the training data, meant to be an SPDX expression. Provenance: an explicit null says that nobody has stated it.",
    ),
    MetadataKey(
        name="version",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="Version of the model; free text, unrelated to the version of the format.",
    ),
    MetadataKey(
        name="source",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="Where the weights came from, as a URI: `hf://organisation/model`, `local://path`.",
    ),
    MetadataKey(
        name="original_format",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="Format that the weights were converted from: safetensors, gguf, pytorch.",
    ),
    MetadataKey(
        name="created_at",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="When the file was made. Free text: both ISO 8601 and decimal Unix seconds occur.",
    ),
    MetadataKey(
        name="total_size",
        kind="integer",
        nullable=False,
        when_absent="write",
        default=0,
        description="Size of the model in bytes, as its writer counted it; 0 when nobody counted.",
        bits=64,
    ),
    MetadataKey(
        name="param_count",
        kind="integer",
        nullable=False,
        when_absent="write",
        default=0,
        description="Number of parameters, as the writer counted them; 0 when nobody counted.",
        bits=64,
    ),
    MetadataKey(
        name="quantization",
        kind="object",
        nullable=True,
        when_absent="skip",
        description="How the weights were quantised, when one scheme covers the whole model.",
        keys=(
            MetadataKey(
                name="quant_type",
                kind="string",
                nullable=False,
                when_absent="required",
                description="Name of the scheme: int8, int4, fp16.",
            ),
            MetadataKey(
                name="bits",
                kind="integer",
                nullable=False,
                when_absent="required",
                description="Bits a weight takes.",
                bits=8,
            ),
            MetadataKey(
                name="block_size",
                kind="integer",
                nullable=True,
                when_absent="write",
                default=None,
                description="Weights that share one scale; null when the scheme has no blocks.",
                bits=64,
            ),
            MetadataKey(
                name="symmetric",
                kind="boolean",
                nullable=False,
                when_absent="required",
                description="Whether the scheme is symmetric around zero.",
            ),
        ),
    ),
    MetadataKey(
        name="sharding",
        kind="object",
        nullable=True,
        when_absent="skip",
        description="The place of this file in a model that is spread over several files.",
        keys=(
            MetadataKey(
                name="shard_count",
                kind="integer",
                nullable=False,
                when_absent="required",
                description="Number of files.",
                bits=64,
            ),
            MetadataKey(
                name="shard_index",
                kind="integer",
                nullable=False,
                when_absent="required",
                description="Number of this file, counted from 0.",
                bits=64,
            ),
            MetadataKey(
                name="total_size",
                kind="integer",
                nullable=False,
                when_absent="required",
                description="Size of all files together, in bytes.",
                bits=64,
            ),
            MetadataKey(
                name="pattern",
                kind="string",
                nullable=True,
                when_absent="write",
                default=None,
                description="Pattern of the file names: `model-{:05d}-of-{:05d}.apr`.",
            ),
        ),
    ),
    MetadataKey(
        name="chat_template",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="Chat template as Jinja 2 text.",
    ),
    MetadataKey(
        name="chat_format",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="Name of the chat format: chatml, llama2, mistral, phi, alpaca, custom or raw. Not enforced.",
    ),
    MetadataKey(
        name="special_tokens",
        kind="object",
        nullable=True,
        when_absent="skip",
        description="The text of the tokens that a chat template needs.",
        keys=(
            MetadataKey(
                name="bos_token",
                kind="string",
                nullable=True,
                when_absent="write",
                default=None,
                description="Token that begins a sequence.",
            ),
            MetadataKey(
                name="eos_token",
                kind="string",
                nullable=True,
                when_absent="write",
                default=None,
                description="Token that ends a sequence.",
            ),
            MetadataKey(
                name="unk_token",
                kind="string",
                nullable=True,
                when_absent="write",
                default=None,
                description="Token that stands for the unknown.",
            ),
            MetadataKey(
                name="pad_token",
                kind="string",
                nullable=True,
                when_absent="write",
                default=None,
                description="Token that pads a batch.",
            ),
            MetadataKey(
                name="im_start_token",
                kind="string",
                nullable=True,
                when_absent="write",
                default=None,
                description="Token that opens a ChatML message.",
            ),
            MetadataKey(
                name="im_end_token",
                kind="string",
                nullable=True,
                when_absent="write",
                default=None,
                description="Token that closes a ChatML message.",
            ),
        ),
    ),
    MetadataKey(
        name="architecture",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="Family of the transformer: llama, qwen2, phi.",
    ),
    MetadataKey(
        name="hf_architecture",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="Class that Hugging Face's `config.json` names first: `Qwen2ForCausalLM`.",
    ),
    MetadataKey(
        name="hf_model_type",
        kind="string",
        nullable=True,
        when_absent="skip",
        description="`model_type` of Hugging Face's `config.json`.",
    ),
    MetadataKey(
        name="hidden_size",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Width of the residual stream, in elements.",
        bits=64,
    ),
    MetadataKey(
        name="num_layers",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Number of transformer layers.",
        bits=64,
    ),
    MetadataKey(
        name="num_heads",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Number of attention heads.",
        bits=64,
    ),
    MetadataKey(
        name="num_kv_heads",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Number of key-value heads; equal to `num_heads` without grouped-query attention.",
        bits=64,
    ),
    MetadataKey(
        name="vocab_size",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Number of tokens in the vocabulary.",
        bits=64,
    ),
    MetadataKey(
        name="intermediate_size",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Width of the feed-forward layer, in elements.",
        bits=64,
    ),
    MetadataKey(
        name="max_position_embeddings",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Longest context, in tokens.",
        bits=64,
    ),
    MetadataKey(
        name="rope_theta",
        kind="number",
        nullable=True,
        when_absent="skip",
        description="Base of the rotary position embedding.",
        f32=True,
    ),
    MetadataKey(
        name="rope_type",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Pairing of the rotary position embedding: 0 rotates neighbours, 2 rotates the two halves.",
        bits=32,
    ),
    MetadataKey(
        name="rms_norm_eps",
        kind="number",
        nullable=True,
        when_absent="skip",
        description="What the normalisation adds under the root.",
        f32=True,
    ),
    MetadataKey(
        name="head_dim",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Width of one attention head, in elements, where it is not `hidden_size` / `num_heads`.",
        bits=64,
    ),
    MetadataKey(
        name="num_experts",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Number of experts of a mixture.",
        bits=64,
    ),
    MetadataKey(
        name="num_experts_per_tok",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Number of experts that see one token.",
        bits=64,
    ),
    MetadataKey(
        name="moe_intermediate_size",
        kind="integer",
        nullable=True,
        when_absent="skip",
        description="Width of the feed-forward layer of one expert, in elements.",
        bits=64,
    ),
)
