// @ts-check
/** @file The entries of the tensor index, read one after another by the Kaitai parser. */

import {isUtf8} from 'node:buffer';

import {FormatError} from './errors.js';
import {ENTRY_FIELDS, ENTRY_SIZE} from './generated/facts.js';
import {headerSpan} from './header.js';
import {isShort, refusalOf, shown, TensorIndexEntry} from './kaitai.js';
import {RangeStream} from './stream.js';
import {shownBytes} from './text.js';

/** @import {Span} from './errors.js' */
/** @import {SourceFile} from './file.js' */
/** @import {EntryField, Place} from './generated/facts.js' */
/** @import {ParsedEntry, Root} from './kaitai.js' */
/** @import {Limits} from './limits.js' */

/**
 * Where an entry is, and what its size depends on.
 *
 * @typedef {{number: number, start: number, lenName: number, ndim: number}} EntryShape
 */

const AHEAD = 256 * 1024;

/**
 * Reads the entries, and tells the root where their tensors end.
 *
 * Raises `FormatError`: APR-I001, APR-I002, APR-I003, APR-I005, APR-D001, APR-L001.
 *
 * @param {SourceFile} file
 * @param {Root} root
 * @param {Readonly<Limits>} limits
 * @returns {Generator<{entry: ParsedEntry, shape: EntryShape}, void, void>}
 */
export function* readEntries(file, root, limits) {
  const {numTensors, ofsTensorIndex, ofsData} = root.header;
  checkCount(numTensors, ofsData - ofsTensorIndex, limits);
  const stream = new RangeStream(file, ofsTensorIndex, ofsData, AHEAD);
  // An entry holds on to the index, and looks at the entry before it there: no other one is kept.
  /** @type {{entries: Record<number, ParsedEntry>}} */
  const index = {entries: {}};
  let notText;
  for (let number = 0; number < numTensors; number += 1) {
    const start = ofsTensorIndex + stream.pos;
    let entry;
    try {
      entry = new TensorIndexEntry(stream, index, root, number, root.tensorIndex.endOfTensors);
    } catch (error) {
      const fault = faultOf(error, number, start, index.entries[number - 1]);
      const missing = firstMissing(stream, start - ofsTensorIndex, number, numTensors, limits);
      throw missing === undefined ? fault : noRoom(...missingAt(missing), error);
    }
    checkSize(stream.pos, ofsTensorIndex, limits);
    const shape = {number, start, lenName: entry.name.length, ndim: entry.dims.length};
    // Judged when every entry is known to be there: where entries are missing, that is what is wrong.
    if (!isUtf8(entry.name)) notText ??= nameFault(entry, shape);
    root.tensorIndex.endOfTensors = entry.endSoFar;
    index.entries = {[number]: entry};
    yield {entry, shape};
  }
  if (notText !== undefined) throw notText;
}

/**
 * Where a field of an entry, or all of it, begins or how many bytes it has.
 *
 * @param {Place} place
 * @param {number} lenName
 * @param {number} ndim
 */
const at = (place, lenName, ndim) => place.constant + place.perNameByte * lenName + place.perDim * ndim;

/** @param {string} name */
const placesOf = (name) => /** @type {EntryField} */ (ENTRY_FIELDS.get(name));

/**
 * The first entry that the index has no room for, as far as the limits let it be read.
 *
 * Where entries are missing, that is what is wrong, and not what the parser makes of the bytes in their place. It stops
 * at the first field that it refuses, so from there on the sizes alone are read.
 *
 * @param {RangeStream} stream
 * @param {number} start
 * @param {number} number
 * @param {number} count
 * @param {Readonly<Limits>} limits
 */
function firstMissing(stream, start, number, count, limits) {
  const integer = (/** @type {string} */ name, /** @type {number} */ lenName) => {
    const places = placesOf(name);
    stream.seek(start + at(places.start, lenName, 0));
    return stream.readBytes(places.size.constant).readUIntLE(0, places.size.constant);
  };
  for (; number < count && start <= limits.maxIndexBytes; number += 1) {
    if (start + at(ENTRY_SIZE, 0, 0) > stream.size) return number;
    const lenName = integer('len_name', 0);
    if (start + at(ENTRY_SIZE, lenName, 0) > stream.size) return number;
    start += at(ENTRY_SIZE, lenName, integer('ndim', lenName));
    if (start > stream.size) return number;
  }
  return undefined;
}

/**
 * Path in the specification, and span in the file, of a field of an entry.
 *
 * @param {string} name
 * @param {EntryShape} shape
 * @returns {{field: string, span: Span}}
 */
export function entryField(name, {number, start, lenName, ndim}) {
  const places = placesOf(name);
  const first = start + at(places.start, lenName, ndim);
  const span = {start: first, end: first + at(places.size, lenName, ndim)};
  return {field: `tensor_index.entries[${number}].${name}`, span};
}

/**
 * @param {number} count
 * @param {number} room
 * @param {Readonly<Limits>} limits
 */
function checkCount(count, room, limits) {
  const most = Math.floor(room / ENTRY_SIZE.constant);
  if (count > most) throw noRoom(`at most ${most} entries in ${room} bytes`, `${count} entries`);
  if (count > limits.maxTensors) {
    const expected = `at most ${limits.maxTensors} (maxTensors)`;
    const span = headerSpan('num_tensors');
    throw new FormatError('APR-L001', {field: 'header.num_tensors', span, expected, found: String(count)});
  }
}

/**
 * @param {number} nbytes
 * @param {number} start
 * @param {Readonly<Limits>} limits
 */
function checkSize(nbytes, start, limits) {
  if (nbytes <= limits.maxIndexBytes) return;
  const expected = `at most ${limits.maxIndexBytes} bytes of entries (maxIndexBytes)`;
  const span = {start, end: start + nbytes};
  throw new FormatError('APR-L001', {field: 'tensor_index', span, expected, found: `${nbytes} bytes or more`});
}

/**
 * @param {string} expected
 * @param {string} found
 * @param {unknown} [cause]
 */
function noRoom(expected, found, cause) {
  const span = headerSpan('num_tensors');
  const fault = {field: 'header.num_tensors', span, expected, found};
  return new FormatError('APR-I001', fault, cause === undefined ? undefined : {cause});
}

/**
 * @param {number} number
 * @returns {[string, string]}
 */
const missingAt = (number) => ['room for every entry', `the end of the index in entry ${number}`];

/**
 * @param {ParsedEntry} entry
 * @param {EntryShape} shape
 */
function nameFault({name}, shape) {
  const tensor = name.toString();
  return new FormatError('APR-I005', {
    ...entryField('name', shape),
    expected: 'UTF-8',
    found: shownBytes(name),
    tensor,
  });
}

/**
 * The fault in an entry that an error of the parser stands for.
 *
 * @param {unknown} error
 * @param {number} number
 * @param {number} start
 * @param {ParsedEntry | undefined} previous
 */
function faultOf(error, number, start, previous) {
  if (isShort(error)) return noRoom(...missingAt(number), error);
  const {rule, field, expected, found, read} = refusalOf(error);
  const {name = Buffer.alloc(0), dims = []} = read;
  const fault = {
    ...entryField(field.slice(field.lastIndexOf('.') + 1), {number, start, lenName: name.length, ndim: dims.length}),
    expected: expected ?? `a name behind ${shownBytes(previous?.name ?? Buffer.alloc(0))}`,
    found: shown(found),
    tensor: name.toString(),
  };
  return new FormatError(rule, fault, {cause: error});
}
