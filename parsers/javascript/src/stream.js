// @ts-check
/** @file A stream for the Kaitai parser over a range of a file. */

import runtime from 'kaitai-struct/KaitaiStream.js';

/** @import {SourceFile} from './file.js' */

/**
 * The runtime of the parser. It declares the class as a default export, and exports nothing else.
 *
 * @type {typeof runtime.default}
 */
export const KaitaiStream = /** @type {any} */ (runtime);

/**
 * Reads what the parser asks for from the file, when it asks for it.
 *
 * The stream of the runtime wants the whole file in one buffer, keeps 32 bits of a length, and reads integers of 64
 * bits as doubles. This one reads files of any size by ranges, and gives an integer that no double holds as a BigInt.
 * Whatever bounds the parser states hold for those too, because JavaScript compares a BigInt with a number exactly;
 * nothing in the parser calculates with an integer before a bound held.
 */
export class RangeStream extends KaitaiStream {
  #file;
  #start;
  #size;
  #ahead;
  /** What was read last, and where in the stream it begins. */
  #window = Buffer.alloc(0);
  #windowAt = 0;

  /**
   * @param {SourceFile} file
   * @param {number} start The stream begins here in the file,
   * @param {number} end and ends here.
   * @param {number} ahead At least so many bytes are read at once, as far as there are as many.
   */
  constructor(file, start = 0, end = file.size, ahead = 0) {
    super(new ArrayBuffer(0));
    this.#file = file;
    this.#start = start;
    this.#size = end - start;
    this.#ahead = ahead;
  }

  get size() {
    return this.#size;
  }

  /**
   * Moves over the next bytes; returns where they begin in the window.
   *
   * @param {number} length
   */
  #take(length) {
    const at = this.pos;
    const left = this.#size - at;
    if (length > left) throw new KaitaiStream.EOFError(length, left);
    if (at < this.#windowAt || at + length > this.#windowAt + this.#window.length) {
      // A new buffer each time: the parser keeps views of the old one.
      this.#window = this.#file.read(this.#start + at, Math.min(Math.max(length, this.#ahead), left));
      this.#windowAt = at;
    }
    this.pos = at + length;
    return at - this.#windowAt;
  }

  /** Keeps nothing of what was read. */
  forget() {
    this.#window = Buffer.alloc(0);
  }

  /** @param {number} length */
  readBytes(length) {
    const at = this.#take(length);
    return this.#window.subarray(at, at + length);
  }

  readBytesFull() {
    return this.readBytes(this.#size - this.pos);
  }

  readU1() {
    const at = this.#take(1);
    return this.#window.readUInt8(at);
  }

  readU2le() {
    const at = this.#take(2);
    return this.#window.readUInt16LE(at);
  }

  readU4le() {
    const at = this.#take(4);
    return this.#window.readUInt32LE(at);
  }

  /** @returns {any} A number, or a BigInt beyond 2^53 - 1; the runtime's declaration knows numbers only. */
  readU8le() {
    const at = this.#take(8);
    const nearest = this.#window.readUInt32LE(at + 4) * 2 ** 32 + this.#window.readUInt32LE(at);
    return nearest <= Number.MAX_SAFE_INTEGER ? nearest : this.#window.readBigUInt64LE(at);
  }
}
