/// <reference types="node" />
// The public interface. tests/types/agreement.ts holds it against the code.

import type {Readable} from 'node:stream';

import type {DTypeFacts} from '../src/generated/facts.js';

export {DType} from '../src/generated/facts.js';
export type {DTypeFacts};

/** Bytes of the file; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Bytes of a tensor, from its first one; `end` is exclusive. */
export interface Range {
  start?: number;
  end?: number;
}

/** Every error that this package raises on purpose. Errors of the system, such as ENOENT, pass untouched. */
export class AprError extends Error {}

/** The file is wrong, or asks for more than the limits allow. */
export class FormatError extends AprError {
  private constructor();
  /** Id of the rule that the file breaks, such as `APR-F002`; `APR-L001` stands for the limits. */
  readonly rule: string;
  /** Path of the field in the specification, such as `tensor_index.entries[3].name`. */
  readonly field: string;
  /** Where the field stands in the file. */
  readonly span: Span;
  readonly expected: string;
  readonly found: string;
  /** Name of the tensor that the fault is about, if it is about one. */
  readonly tensor: string | undefined;
}

/** The caller asks for something that is not there: an unknown tensor, a range outside, a model that is closed. */
export class RequestError extends AprError {}

/** The file cannot be read as one: it is no regular file, or it became shorter while it was read. */
export class FileError extends AprError {}

/**
 * Caps that are held before memory is taken for what they bound. Beyond one, a file is refused with APR-L001; deeper
 * than `maxJsonNesting`, with APR-M005.
 */
export interface Limits {
  /** Bytes of JSON: 256 MiB. */
  maxMetadataBytes: number;
  /** Members of the outermost JSON object: 100,000. */
  maxMetadataMembers: number;
  /** Values anywhere in the JSON: 2,000,000. */
  maxMetadataValues: number;
  /** Levels of objects and arrays, the outermost object included: 127. Some thousands may exhaust the stack. */
  maxJsonNesting: number;
  /** Bytes of the entries of the tensor index: 256 MiB. */
  maxIndexBytes: number;
  /** Entries of the tensor index: 1,000,000. */
  maxTensors: number;
}

export const DEFAULT_LIMITS: Readonly<Limits>;

/** The header, in the names of the specification. Offsets count bytes from the start of the file. */
export interface Header {
  readonly versionMajor: number;
  readonly versionMinor: number;
  /** All flags as one integer, those without a meaning included. */
  readonly flags: number;
  /** The names of the flags that are set. */
  readonly flagNames: readonly string[];
  readonly numTensors: number;
  readonly ofsMetadata: number;
  readonly lenMetadata: number;
  readonly ofsTensorIndex: number;
  readonly ofsData: number;
  readonly checksum: number;
}

/** Makes a value of a number: gets its text, and whether it is an integer, written without fraction and exponent. */
export type NumberParser = (text: string, isInteger: boolean) => unknown;

/**
 * Opens a model, and checks what its head says: header, sections, tensor index, whether the file is all there. No data
 * of a tensor is read, and no metadata.
 *
 * Everything is synchronous, as the parser is; only the streams of tensors are not.
 *
 * Raises `FormatError` when the file is wrong (APR-H*, APR-S*, APR-M001, APR-I*, APR-D*, APR-F001, APR-L001),
 * `FileError` when it is no file that can be read, errors of the system as they are, and `RequestError` for limits that
 * are none.
 */
export function openSync(path: string | Buffer | URL, options?: {limits?: Partial<Limits>}): Model;

/** An open model. Close it, or declare it with `using` where the language has that. */
export interface Model {
  /** Size of the file in bytes. */
  readonly size: number;
  readonly header: Header;
  /** All tensors, in the order of the index: by the bytes of their names. */
  readonly tensors: readonly Tensor[];
  /** The checksum of every byte before it; null when the file has none. */
  readonly footer: {readonly checksum: number} | null;
  /**
   * The metadata as a plain object, parsed at the first use. Integers are exact, as a BigInt beyond 2^53 - 1; of
   * duplicate keys the last one counts.
   *
   * Raises `FormatError`: APR-M002 to APR-M006, APR-L001.
   */
  readonly metadata: Record<string, unknown>;
  /**
   * The metadata in another view, parsed at each call: what `parseNumber` returns is the value of a number. So 1.0 can
   * be told from 1, and no digit is lost. Raises what `metadata` raises, and what `parseNumber` throws.
   */
  parseMetadata(options?: {parseNumber?: NumberParser}): Record<string, unknown>;
  /** The tensor of a name; raises `RequestError` when there is none. */
  tensor(name: string): Tensor;
  /**
   * Checks everything that opening did not: the metadata, and every byte against the footer.
   *
   * Raises what `metadata` raises, APR-F002 and APR-F005.
   */
  verify(): void;
  /** Closes the file; a second time does nothing. What was read before stays. */
  close(): void;
  [Symbol.dispose](): void;
}

/** A tensor of an open model. Nothing of its data is read before it is asked for. */
export interface Tensor {
  /** Place in the index, from 0. */
  readonly index: number;
  readonly name: string;
  /** Element type: its id (compare with `DType`), its name, its geometry. */
  readonly dtype: DTypeFacts;
  /**
   * Number of elements along each dimension, the slowest first; empty for a scalar. Beyond 2^53 - 1 it is a BigInt,
   * which only a tensor without elements has.
   */
  readonly shape: readonly (number | bigint)[];
  /** Size of the data in bytes. */
  readonly nbytes: number;
  /** Start of the data in bytes, counted from the start of the data section. */
  readonly dataOffset: number;
  /** Start of the data in bytes, counted from the start of the file. */
  readonly fileOffset: number;
  /**
   * The data, or a range of it, in memory of its own.
   *
   * Raises `RequestError` for a range outside the tensor, for more than one array holds, and when the model is closed.
   */
  bytes(range?: Range): Uint8Array;
  /** The data, or a range of it, in pieces of `size` bytes (1 MiB): a tensor of any size in constant memory. */
  chunks(range?: Range & {size?: number}): Generator<Uint8Array, void, void>;
  /** The data, or a range of it, as a stream that does not block. The model has to stay open until it ends. */
  stream(range?: Range): Readable;
}

/** The text with everything escaped that could move a cursor, colour a terminal or reverse a line. */
export function printable(text: string): string;
