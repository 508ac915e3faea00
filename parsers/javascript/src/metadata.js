// @ts-check
/** @file The metadata: whether the bytes are text, whether known keys have their type. */

import {isUtf8} from 'node:buffer';

import {FormatError} from './errors.js';
import {METADATA_KEYS} from './generated/facts.js';
import {parseObject} from './json.js';
import {shownText} from './text.js';

/** @import {MetadataKey} from './generated/facts.js' */
/** @import {Options, Place} from './json.js' */

/**
 * The JSON object in the bytes of the metadata, which begin at byte `origin` of the file.
 *
 * Raises `FormatError`: APR-M002 to APR-M006, APR-L001.
 *
 * @param {Buffer} bytes
 * @param {Options} options
 * @returns {Record<string, unknown>}
 */
export function parseMetadata(bytes, options) {
  if (!isUtf8(bytes)) {
    const span = {start: options.origin, end: options.origin + bytes.length};
    throw new FormatError('APR-M002', {field: 'metadata', span, expected: 'UTF-8', found: 'other bytes'});
  }
  const {value, places} = parseObject(bytes, options);
  checkTypes(METADATA_KEYS, {bytes, places, path: 'metadata'}, options);
  return value;
}

/**
 * Raises the fault of the first known key, in the order of the schema, that is not of its type.
 *
 * The text of a value is judged and not what it was made, in which 1 and 1.0 are the same.
 *
 * @param {readonly MetadataKey[]} keys
 * @param {{bytes: Buffer, places: Map<string, Place>, path: string}} object
 * @param {Options} options
 */
function checkTypes(keys, {bytes, places, path}, options) {
  for (const key of keys) {
    const place = places.get(key.name);
    const field = `${path}.${key.name}`;
    if (place === undefined) {
      if (key.required) refuse(field, {start: 0, end: bytes.length}, expectation(key), 'nothing', options);
      continue;
    }
    const text = bytes.subarray(place.start, place.end);
    const isNull = kindOf(text) === 'null';
    if (isNull && key.nullable) continue;
    if (!isOfKind(key, text)) refuse(field, place, expectation(key), shownText(text), options);
    if (key.kind === 'object') {
      // What bounds the members bounds those of the outermost object alone.
      const limits = {...options.limits, maxMetadataMembers: options.limits.maxMetadataValues};
      const inside = {origin: options.origin + place.start, limits};
      checkTypes(key.keys, {bytes: text, places: parseObject(text, inside).places, path: field}, inside);
    }
  }
}

/**
 * @param {string} field
 * @param {Place} place
 * @param {string} expected
 * @param {string} found
 * @param {Options} options
 * @returns {never}
 */
function refuse(field, place, expected, found, {origin}) {
  const span = {start: origin + place.start, end: origin + place.end};
  throw new FormatError('APR-M006', {field, span, expected, found});
}

/**
 * The kind of a value that is known to be JSON; `number` also for an integer.
 *
 * @param {Buffer} text
 */
function kindOf(text) {
  const first = text.toString('latin1', 0, 1);
  return {'"': 'string', '{': 'object', '[': 'array', t: 'boolean', f: 'boolean', n: 'null'}[first] ?? 'number';
}

/**
 * @param {MetadataKey} key
 * @param {Buffer} text
 */
function isOfKind(key, text) {
  const kind = kindOf(text);
  if (key.kind !== 'integer') return kind === key.kind;
  if (kind !== 'number') return false;
  // An integer is written as one: 4096.0, 1e3 and -0 are none.
  const digits = text.toString('latin1');
  return /^\d+$/.test(digits) && BigInt(digits) >> BigInt(key.bits) === 0n;
}

/** @param {MetadataKey} key */
function expectation(key) {
  const kind = {
    string: 'a string',
    boolean: 'true or false',
    number: 'a number',
    integer: `an unsigned integer of ${key.bits} bits`,
    object: 'an object',
  }[key.kind];
  return key.nullable ? `${kind} or null` : kind;
}
