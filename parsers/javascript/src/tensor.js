// @ts-check
/** @file One tensor: what the index says of it, and its bytes. */

import {constants} from 'node:buffer';
import {Readable} from 'node:stream';
import {inspect} from 'node:util';

import {entryField} from './entries.js';
import {RequestError} from './errors.js';
import {DTYPES} from './generated/facts.js';
import {quoted} from './text.js';

/** @import {EntryShape} from './entries.js' */
/** @import {Span} from './errors.js' */
/** @import {SourceFile} from './file.js' */
/** @import {DTypeFacts} from './generated/facts.js' */
/** @import {ParsedEntry} from './kaitai.js' */

/** @typedef {{start?: number, end?: number}} Range Bytes of a tensor, from its first one; `end` is exclusive. */

/** A tensor of an open model. Nothing of its data is read before it is asked for. */
export class Tensor {
  #file;
  #entryStart;

  /**
   * @param {SourceFile} file
   * @param {ParsedEntry} entry
   * @param {EntryShape} shape
   * @param {number} ofsData
   */
  constructor(file, entry, shape, ofsData) {
    this.#file = file;
    this.#entryStart = shape.start;
    /** Place in the index, from 0. */
    this.index = shape.number;
    this.name = entry.name.toString();
    /** Element type: its id, its name, its geometry. */
    this.dtype = /** @type {DTypeFacts} */ (DTYPES.get(entry.dtype));
    /**
     * Number of elements along each dimension, the slowest first; empty for a scalar. Beyond 2^53 - 1 it is a BigInt,
     * which only a tensor without elements has.
     *
     * @type {readonly (number | bigint)[]}
     */
    this.shape = Object.freeze(entry.dims.slice());
    /** Size of the data in bytes. */
    this.nbytes = entry.lenTensor;
    /** Start of the data in bytes, counted from the start of the data section. */
    this.dataOffset = entry.ofsTensor;
    /** Start of the data in bytes, counted from the start of the file. */
    this.fileOffset = ofsData + entry.ofsTensor;
    Object.freeze(this);
  }

  /**
   * The data, or a range of it, in memory of its own.
   *
   * Raises `RequestError` for a range outside the tensor, for more than one array holds, and when the model is closed.
   *
   * @param {Range} [range]
   * @returns {Uint8Array}
   */
  bytes(range) {
    const {start, end} = this.#span(range);
    if (end - start > constants.MAX_LENGTH) {
      throw new RequestError(`${quoted(this.name)}: more than one array holds: read a range, chunks or a stream`);
    }
    return plain(this.#file.read(start, end - start));
  }

  /**
   * The data, or a range of it, in pieces: a tensor of any size in constant memory.
   *
   * @param {Range & {size?: number}} [range] `size` is that of a piece in bytes.
   * @returns {Generator<Uint8Array, void, void>}
   */
  chunks(range = {}) {
    const {start, end} = this.#span(range);
    const {size} = range;
    if (size !== undefined && !(Number.isSafeInteger(size) && size > 0 && size <= constants.MAX_LENGTH)) {
      throw new RequestError(`expected a size in 1..${constants.MAX_LENGTH}, found ${inspect(size)}`);
    }
    return plainPieces(this.#file.pieces(start, end, size));
  }

  /**
   * The data, or a range of it, as a stream that does not block. The model has to stay open until it ends.
   *
   * @param {Range} [range]
   * @returns {Readable}
   */
  stream(range) {
    const {start, end} = this.#span(range);
    return Readable.from(this.#file.piecesAsync(start, end), {objectMode: false});
  }

  /**
   * Path in the specification, and span in the file, of a field of the entry of a tensor.
   *
   * @param {Tensor} tensor
   * @param {string} name
   */
  static field(tensor, name) {
    const lenName = Buffer.byteLength(tensor.name);
    const shape = {number: tensor.index, start: tensor.#entryStart, lenName, ndim: tensor.shape.length};
    return entryField(name, shape);
  }

  /**
   * @param {Range} [range]
   * @returns {Span}
   */
  #span(range = {}) {
    if (typeof range !== 'object' || range === null) {
      throw new RequestError(`${quoted(this.name)}: expected a range such as {start, end}, found ${inspect(range)}`);
    }
    const {start = 0, end = this.nbytes} = range;
    const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end;
    if (!isRange || end > this.nbytes) {
      const found = `${inspect(start)}..${inspect(end)}`;
      throw new RequestError(`${quoted(this.name)}: expected a range in 0..${this.nbytes}, found ${found}`);
    }
    return {start: this.fileOffset + start, end: this.fileOffset + end};
  }
}

/** @param {Iterable<Buffer>} pieces */
function* plainPieces(pieces) {
  for (const piece of pieces) yield plain(piece);
}

/**
 * The bytes as the rest of the world knows them: a Buffer that is sliced shares its memory.
 *
 * @param {Buffer} buffer
 */
function plain(buffer) {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
