// GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700, and spec/metadata.schema.json, SHA-256 7269cea8492dd3fea70e352a31a8ceced55c2a80a163b08fef0a2acc897a39de.
// Regenerate: python -m aprfmt.codegen --write

export interface Place {
  readonly constant: number;
  readonly perNameByte: number;
  readonly perDim: number;
}
export interface EntryField {
  readonly start: Place;
  readonly size: Place;
}
export interface Flag {
  readonly name: string;
  readonly bit: number;
  readonly width: number;
}
export interface DTypeFacts {
  readonly id: number;
  readonly name: string;
  readonly member: string;
  readonly blockElems: number;
  readonly blockBytes: number;
  readonly scaleBytes: number;
  readonly rowPadded: boolean;
  readonly quantized: boolean;
  readonly doc: string;
}
export interface Rule {
  readonly name: string;
  readonly defect: string;
}
export interface MetadataKey {
  readonly name: string;
  readonly kind: 'string' | 'integer' | 'number' | 'boolean' | 'object';
  readonly nullable: boolean;
  readonly required: boolean;
  readonly bits: number;
  readonly keys: readonly MetadataKey[];
}
export const SPEC_SHA256: string;
export const HEADER_SIZE: number;
export const FOOTER_SIZE: number;
export const LOOKALIKES: ReadonlyMap<string, string>;
export const HEADER_FIELDS: ReadonlyMap<string, readonly [number, number]>;
export const FLAGS: readonly Flag[];
export const ENTRY_FIELDS: ReadonlyMap<string, EntryField>;
export const ENTRY_SIZE: Place;
export const DTYPES: ReadonlyMap<number, DTypeFacts>;
export const RULE_AT: ReadonlyMap<string, string>;
export const FIELD_AT: ReadonlyMap<string, string>;
export const RULES: ReadonlyMap<string, Rule>;
export const METADATA_KEYS: readonly MetadataKey[];

/** Element type of a tensor; the value is the id in the file. */
export const DType: {
  /** IEEE 754 binary32. */
  readonly F32: 0;
  /** IEEE 754 binary16. */
  readonly F16: 1;
  /** IEEE 754 binary64. */
  readonly F64: 3;
  /** Signed integer of 32 bits. */
  readonly I32: 4;
  /** Signed integer of 64 bits. */
  readonly I64: 5;
  /** Signed integer of 8 bits. */
  readonly I8: 6;
  /** Unsigned integer of 8 bits. */
  readonly U8: 7;
  /** An id that older writers used for apr_q4. */
  readonly APR_Q4_LEGACY: 8;
  /** An id that older writers used for apr_q8. */
  readonly APR_Q8_LEGACY: 9;
  /** Super-blocks of 256 elements at 4 bits with 6-bit scales and minima. */
  readonly Q4_K: 12;
  /** Super-blocks of 256 elements at 6 bits with 8-bit scales. */
  readonly Q6_K: 14;
  /** The upper half of an IEEE 754 binary32. */
  readonly BF16: 30;
  /** Blocks of 32 elements, each a binary16 scale and 16 bytes of two 4-bit values, the low half first. */
  readonly APR_Q4: 128;
  /** One binary32 scale of 4 bytes, then one signed byte an element. */
  readonly APR_Q8: 129;
};
