// @ts-check
/** @file The one door to the Kaitai parser: its types, and what its errors say about the file. */

import generated from './generated/AprV2.cjs';
import {FIELD_AT, RULE_AT} from './generated/facts.js';
import {KaitaiStream} from './stream.js';
import {shownBytes} from './text.js';

/** @import {RangeStream} from './stream.js' */

/**
 * The header as the parser reads it; the names are those of the specification.
 *
 * @typedef {object} ParsedHeader
 * @property {number} versionMajor
 * @property {number} versionMinor
 * @property {number} numTensors
 * @property {number} ofsMetadata
 * @property {number} lenMetadata
 * @property {number} ofsTensorIndex
 * @property {number} ofsData
 * @property {number} checksum
 */

/**
 * @typedef {object} ParsedEntry
 * @property {Buffer} name
 * @property {number} dtype
 * @property {(number | bigint)[]} dims
 * @property {number} ofsTensor
 * @property {number} lenTensor
 * @property {number} endSoFar
 */

/**
 * @typedef {object} ParsedRoot
 * @property {ParsedHeader} header
 * @property {number} alignment
 * @property {number} lenFile
 * @property {number} requiredLen
 * @property {Buffer} metadata
 * @property {Buffer | undefined} _m_metadata The metadata once it was read.
 * @property {RangeStream} _io
 * @property {{checksum: number} | undefined} footer
 */

/**
 * @typedef {new (io: RangeStream) => ParsedRoot} RootType
 * @typedef {new (io: RangeStream, parent: object, root: object, idx: number, endBefore: number) => ParsedEntry
 * } EntryType
 */

/**
 * A field that the parser refused.
 *
 * @typedef {object} Refusal
 * @property {string} rule
 * @property {string} field
 * @property {string | undefined} expected
 * @property {unknown} found
 * @property {Partial<ParsedEntry>} read The object around the field, as far as it was read.
 */

/** @type {RootType & {TensorIndexEntry: EntryType}} */
const AprV2 = /** @type {any} */ (generated).AprV2;

export const {TensorIndexEntry} = AprV2;

/**
 * The file as the parser looks at it.
 *
 * The tensor index is read apart, entry by entry, so that no more than one of the parser's entries is in memory. Of the
 * index, the parser asks nothing but where its tensors end.
 */
export class Root extends AprV2 {
  tensorIndex = {endOfTensors: 0};

  /** The bytes of the metadata, which the parser would keep as long as the model is there. */
  takeMetadata() {
    const bytes = this.metadata;
    this._m_metadata = undefined;
    this._io.forget();
    return bytes;
  }
}

/**
 * Where in the ksy the field stands that an error is about, and the object around it.
 *
 * @type {WeakMap<Error, {place: string, read: object}>}
 */
const refused = new WeakMap();

/** @param {string} name */
const pascalCase = (name) => name.replace(/(?:^|_)([a-z0-9])/g, (_, letter) => letter.toUpperCase());

// The parser tells the runtime where in the ksy the field stands that it refuses, and the runtime of JavaScript forgets
// it. It is the field that was read last, and an object keeps its fields in the order of reading.
for (const [name, type] of Object.entries(AprV2)) {
  const read = type.prototype?._read;
  if (read === undefined) continue;
  /** @type {Map<string, string>} */
  const placeOf = new Map();
  for (const [place, path] of FIELD_AT) {
    const [, , owner = ''] = place.split('/');
    if (pascalCase(owner) === name) placeOf.set(pascalCase(path.slice(path.lastIndexOf('.') + 1)), place);
  }
  type.prototype._read = /** @this {object} */ function () {
    try {
      read.call(this);
    } catch (error) {
      const place = placeOf.get(pascalCase(Object.keys(this).at(-1) ?? ''));
      if (error instanceof Error && place !== undefined && !refused.has(error)) refused.set(error, {place, read: this});
      throw error;
    }
  };
}

/**
 * Whether the parser ran out of bytes.
 *
 * @param {unknown} error
 */
export function isShort(error) {
  return error instanceof KaitaiStream.EOFError;
}

/**
 * What the parser refused; an error that is no verdict about the file is thrown again.
 *
 * @param {unknown} error
 * @returns {Refusal}
 */
export function refusalOf(error) {
  if (!(error instanceof Error) || !/^Validation\w+Error$/.test(error.name)) throw error;
  const {place, read} = refused.get(error) ?? {place: '', read: {}};
  const rule = RULE_AT.get(place);
  const field = FIELD_AT.get(place);
  if (rule === undefined || field === undefined) throw error;
  return {rule, field, expected: expectationOf(error), found: /** @type {any} */ (error).actual, read};
}

/**
 * What the runtime says that it expected, if it says so.
 *
 * @param {Error & {expected?: unknown, min?: unknown, max?: unknown}} error
 */
function expectationOf(error) {
  if ('expected' in error) return shown(error.expected);
  if ('min' in error) return `at least ${error.min}`;
  if ('max' in error) return `at most ${error.max}`;
  return error instanceof KaitaiStream.ValidationNotInEnumError ? 'an id that is known' : undefined;
}

/**
 * A value of the parser for a message.
 *
 * @param {unknown} value
 */
export function shown(value) {
  return value instanceof Uint8Array ? shownBytes(value) : String(value);
}
