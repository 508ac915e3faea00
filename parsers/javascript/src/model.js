// @ts-check
/** @file A model: an open file whose head was checked. */

import {checkEnd, checkFooter, checkOverlap, checkSizes} from './checks.js';
import {readEntries} from './entries.js';
import {FormatError, RequestError} from './errors.js';
import {SourceFile} from './file.js';
import {headerSpan, readHeader} from './header.js';
import {limitsOf} from './limits.js';
import {parseMetadata} from './metadata.js';
import {Tensor} from './tensor.js';
import {quoted} from './text.js';

/** @import {NumberParser} from './json.js' */
/** @import {Root} from './kaitai.js' */
/** @import {Limits} from './limits.js' */

/**
 * Opens a model, and checks what its head says: header, sections, tensor index, whether the file is all there. No data
 * of a tensor is read, and no metadata.
 *
 * Everything is synchronous, as the parser is; only the streams of tensors are not.
 *
 * Raises `FormatError` when the file is wrong (APR-H*, APR-S*, APR-M001, APR-I*, APR-D*, APR-F001, APR-L001),
 * `FileError` when it is no file that can be read, errors of the system as they are, and `RequestError` for limits that
 * are none.
 *
 * @param {string | Buffer | URL} path
 * @param {{limits?: Partial<Limits>}} [options] `limits` replaces some of `DEFAULT_LIMITS`.
 * @returns {Model}
 */
export function openSync(path, {limits = {}} = {}) {
  const all = limitsOf(limits);
  const file = new SourceFile(path);
  try {
    return new Model(file, all);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** An open model. Close it, or declare it with `using` where the language has that. */
export class Model {
  #file;
  #limits;
  /** @type {Root} */
  #root;
  /** @type {Record<string, unknown> | undefined} */
  #metadata;
  /** @type {Map<string, Tensor> | undefined} */
  #byName;

  /**
   * @param {SourceFile} file
   * @param {Readonly<Limits>} limits
   */
  constructor(file, limits) {
    const {root, header} = readHeader(file);
    const tensors = [];
    for (const {entry, shape} of readEntries(file, root, limits)) {
      tensors.push(new Tensor(file, entry, shape, header.ofsData));
    }
    checkSizes(tensors);
    checkOverlap(tensors);
    checkEnd(root);
    this.#file = file;
    this.#limits = limits;
    this.#root = root;
    /** Size of the file in bytes. */
    this.size = file.size;
    this.header = header;
    /**
     * All tensors, in the order of the index: by the bytes of their names.
     *
     * @type {readonly Tensor[]}
     */
    this.tensors = Object.freeze(tensors);
    /** The checksum of every byte before it; null when the file has none. */
    this.footer = root.footer === undefined ? null : Object.freeze({checksum: root.footer.checksum});
    Object.freeze(this);
  }

  /**
   * The metadata as a plain object, parsed at the first use. Integers are exact, as a BigInt beyond 2^53 - 1; of
   * duplicate keys the last one counts.
   *
   * Raises `FormatError`: APR-M002 to APR-M006, APR-L001.
   */
  get metadata() {
    this.#metadata ??= this.parseMetadata();
    return this.#metadata;
  }

  /**
   * The metadata in another view, parsed at each call: what `parseNumber` returns is the value of a number. So 1.0 can
   * be told from 1, and no digit is lost. Raises what `metadata` raises, and what `parseNumber` throws.
   *
   * @param {{parseNumber?: NumberParser}} [options]
   */
  parseMetadata({parseNumber} = {}) {
    const {ofsMetadata, lenMetadata} = this.header;
    const {maxMetadataBytes} = this.#limits;
    if (lenMetadata > maxMetadataBytes) {
      const expected = `at most ${maxMetadataBytes} (maxMetadataBytes)`;
      const field = 'header.len_metadata';
      throw new FormatError('APR-L001', {
        field,
        span: headerSpan('len_metadata'),
        expected,
        found: String(lenMetadata),
      });
    }
    return parseMetadata(this.#root.takeMetadata(), {origin: ofsMetadata, limits: this.#limits, parseNumber});
  }

  /**
   * The tensor of a name; raises `RequestError` when there is none.
   *
   * @param {string} name
   */
  tensor(name) {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const tensor of this.tensors) this.#byName.set(tensor.name, tensor);
    }
    const found = this.#byName.get(name);
    if (found === undefined) throw new RequestError(`there is no tensor ${quoted(String(name))}`);
    return found;
  }

  /**
   * Checks everything that opening did not: the metadata, and every byte against the footer.
   *
   * Raises what `metadata` raises, APR-F002 and APR-F005.
   */
  verify() {
    this.#metadata ??= this.parseMetadata();
    checkFooter(this.#file, this.#root, this.tensors);
  }

  /** Closes the file; a second time does nothing. What was read before stays. */
  close() {
    this.#file.close();
  }

  [Symbol.dispose]() {
    this.close();
  }
}
