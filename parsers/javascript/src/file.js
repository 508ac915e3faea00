// @ts-check
/** @file The only room with a door to the disk: ranges of one file. */

import fs from 'node:fs';
import {promisify} from 'node:util';
import {crc32} from 'node:zlib';

import {FileError, RequestError} from './errors.js';

const readAsync = promisify(fs.read);

const PIECE = 1024 * 1024;
const LONGEST_READ = 1024 * 1024 * 1024; // systems read a little less than 2 GiB at once

/** A regular file of which ranges are read. All positions count bytes from its start. */
export class SourceFile {
  /** @type {number | undefined} */
  #descriptor;

  /** @param {string | Buffer | URL} path */
  constructor(path) {
    // Without O_NONBLOCK, opening a pipe waits for somebody to write into it. Windows has no such flag.
    const descriptor = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    try {
      const found = fs.fstatSync(descriptor, {bigint: true});
      if (!found.isFile()) throw new FileError('not a regular file');
      if (found.size > BigInt(Number.MAX_SAFE_INTEGER)) throw new FileError('the file is larger than 2^53 - 1 bytes');
      /** Size in bytes when the file was opened. */
      this.size = Number(found.size);
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
    this.#descriptor = descriptor;
  }

  get #open() {
    if (this.#descriptor === undefined) throw new RequestError('the model is closed');
    return this.#descriptor;
  }

  /** Closes the file; a second time does nothing. */
  close() {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /**
   * Fills the buffer with the bytes from `start` on.
   *
   * @param {Buffer} buffer
   * @param {number} start
   */
  fill(buffer, start) {
    for (let done = 0; done < buffer.length;) {
      const length = Math.min(buffer.length - done, LONGEST_READ);
      const count = fs.readSync(this.#open, buffer, done, length, start + done);
      if (count === 0) throw shorter();
      done += count;
    }
  }

  /**
   * The bytes of a range, in memory of their own.
   *
   * @param {number} start
   * @param {number} length
   */
  read(start, length) {
    const buffer = Buffer.allocUnsafeSlow(length);
    this.fill(buffer, start);
    return buffer;
  }

  /**
   * The bytes of a range in pieces.
   *
   * @param {number} start
   * @param {number} end
   * @param {number} [size] Bytes of a piece; the last one may have fewer.
   * @returns {Generator<Buffer, void, void>}
   */
  *pieces(start, end, size = PIECE) {
    for (let at = start; at < end; at += size) yield this.read(at, Math.min(size, end - at));
  }

  /**
   * As `pieces`, without waiting for the disk in the main thread.
   *
   * @param {number} start
   * @param {number} end
   * @returns {AsyncGenerator<Buffer, void, void>}
   */
  async *piecesAsync(start, end) {
    for (let at = start; at < end;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, end - at));
      // Closed meanwhile, the descriptor may have become that of another file before it was read.
      const {bytesRead} = await readAsync(this.#open, buffer, 0, buffer.length, at).finally(() => this.#open);
      if (bytesRead === 0) throw shorter();
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  /**
   * CRC-32 of a range.
   *
   * @param {number} start
   * @param {number} end
   * @param {{at: number, mask: number}} [flipped] Bits of one byte to flip before it is counted.
   */
  crc32(start, end, flipped) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, end - start));
    let value = 0;
    for (let at = start; at < end; at += buffer.length) {
      const piece = buffer.subarray(0, Math.min(buffer.length, end - at));
      this.fill(piece, at);
      const place = flipped === undefined ? -1 : flipped.at - at;
      if (flipped !== undefined && place >= 0 && place < piece.length) {
        piece.writeUInt8(piece.readUInt8(place) ^ flipped.mask, place);
      }
      value = crc32(piece, value);
    }
    return value;
  }
}

function shorter() {
  return new FileError('the file became shorter while it was read');
}
