// @ts-check
/** @file The header: read by the Kaitai parser, held against its checksum. */

import {crc32} from 'node:zlib';

import {FormatError} from './errors.js';
import {FLAGS, HEADER_FIELDS, HEADER_SIZE, LOOKALIKES, RULES} from './generated/facts.js';
import {isShort, refusalOf, Root, shown} from './kaitai.js';
import {RangeStream} from './stream.js';
import {shownChecksum} from './text.js';

/** @import {Span} from './errors.js' */
/** @import {SourceFile} from './file.js' */

/**
 * The header, in the names of the specification. Offsets count bytes from the start of the file.
 *
 * @typedef {object} Header
 * @property {number} versionMajor
 * @property {number} versionMinor
 * @property {number} flags All flags as one integer, those without a meaning included.
 * @property {readonly string[]} flagNames The names of the flags that are set.
 * @property {number} numTensors
 * @property {number} ofsMetadata
 * @property {number} lenMetadata
 * @property {number} ofsTensorIndex
 * @property {number} ofsData
 * @property {number} checksum
 */

/** Rules that are judged before the checksum: a file that breaks them has no header of this format. */
const BEFORE_CHECKSUM = new Set(['APR-H008', 'APR-H001', 'APR-H002']);

/**
 * Where a field of the header stands.
 *
 * @param {string} name
 * @returns {Span}
 */
export function headerSpan(name) {
  const [start, end] = /** @type {readonly [number, number]} */ (HEADER_FIELDS.get(name));
  return {start, end};
}

/**
 * Reads the header, and nothing else of the file. Raises `FormatError`: APR-H*, APR-S*, APR-M001.
 *
 * The parser reads integers of 64 bits in the header as doubles, which rounds those beyond 2^53. No file is as large:
 * the bounds refuse the rounded one as they would the exact one.
 *
 * @param {SourceFile} file
 * @returns {{root: Root, header: Header}}
 */
export function readHeader(file) {
  const raw = file.read(0, Math.min(HEADER_SIZE, file.size));
  let root;
  let fault;
  try {
    root = new Root(new RangeStream(file));
  } catch (error) {
    fault = faultOf(error, raw);
  }
  // The parser refuses a field as soon as it has read it; of a damaged header, the checksum says more.
  if (fault === undefined || !BEFORE_CHECKSUM.has(fault.rule)) checkChecksum(raw);
  if (root === undefined) throw fault;
  return {root, header: headerOf(root, raw)};
}

/**
 * @param {Root} root
 * @param {Buffer} raw
 * @returns {Header}
 */
function headerOf({header}, raw) {
  const flags = Number(unsigned(raw, headerSpan('flags')));
  const isSet = (/** @type {{bit: number, width: number}} */ {bit, width}) => width === 1 && ((flags >> bit) & 1) === 1;
  return Object.freeze({
    versionMajor: header.versionMajor,
    versionMinor: header.versionMinor,
    flags,
    flagNames: Object.freeze(FLAGS.filter(isSet).map(({name}) => name)),
    numTensors: header.numTensors,
    ofsMetadata: header.ofsMetadata,
    lenMetadata: header.lenMetadata,
    ofsTensorIndex: header.ofsTensorIndex,
    ofsData: header.ofsData,
    checksum: header.checksum,
  });
}

/** @param {Buffer} raw */
function checkChecksum(raw) {
  const span = headerSpan('checksum');
  const computed = crc32(raw.subarray(span.end), crc32(raw.subarray(0, span.start)));
  const stored = Number(unsigned(raw, span));
  if (computed === stored) return;
  const expected = `${shownChecksum(computed)} for these bytes`;
  throw new FormatError('APR-H006', {field: 'header.checksum', span, expected, found: shownChecksum(stored)});
}

/**
 * The fault in the header that an error of the parser stands for.
 *
 * @param {unknown} error
 * @param {Buffer} raw
 */
function faultOf(error, raw) {
  if (isShort(error)) {
    const expected = `at least ${HEADER_SIZE} bytes`;
    const span = {start: 0, end: raw.length};
    const found = `${raw.length} bytes`;
    return new FormatError('APR-H008', {field: 'header', span, expected, found}, {cause: error});
  }
  const {rule, field, expected = 'another value', found} = refusalOf(error);
  const span = headerSpan(field.split('.')[1] ?? '');
  const other = LOOKALIKES.get(raw.toString('hex', span.start, span.end));
  const fault = {
    field,
    span,
    expected,
    found: typeof found === 'number' ? String(unsigned(raw, span)) : shown(found), // the parser rounds large integers
    ...(other !== undefined && {defect: `${RULES.get(rule)?.defect}: this is ${other}`}),
  };
  return new FormatError(rule, fault, {cause: error});
}

/**
 * The little-endian integer in a range of the header.
 *
 * @param {Buffer} raw
 * @param {Span} span
 */
function unsigned(raw, {start, end}) {
  return BigInt(`0x${Buffer.from(raw.subarray(start, end)).reverse().toString('hex')}`);
}
