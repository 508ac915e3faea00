// @ts-check
/** @file Small files for the tests: built from nothing, or damaged. Places and widths come from the facts. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {after} from 'node:test';
import {fileURLToPath} from 'node:url';
import {crc32} from 'node:zlib';

import {SourceFile} from '../src/file.js';
import {ENTRY_FIELDS, FOOTER_SIZE, HEADER_FIELDS, HEADER_SIZE} from '../src/generated/facts.js';
import {readHeader} from '../src/header.js';

export const GOLDEN = fileURLToPath(new URL('../../../tests/data/golden/', import.meta.url));
export const PACKAGE = fileURLToPath(new URL('../', import.meta.url));

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'aprfmt-reader-'));
after(() => fs.rmSync(folder, {recursive: true}));
let count = 0;

/** @param {string} name */
export const golden = (name) => fs.readFileSync(path.join(GOLDEN, name));

export function newPath() {
  count += 1;
  return path.join(folder, `${count}.apr`);
}

/**
 * The path of a new file with these bytes.
 *
 * @param {Uint8Array} bytes
 */
export function written(bytes) {
  const file = newPath();
  fs.writeFileSync(file, bytes);
  return file;
}

/**
 * An unsigned little-endian integer.
 *
 * @param {number | bigint} value
 * @param {number} width In bytes.
 */
export function integer(value, width) {
  return Buffer.from(
    BigInt.asUintN(8 * width, BigInt(value))
      .toString(16)
      .padStart(2 * width, '0'),
    'hex',
  ).reverse();
}

/**
 * @param {Uint8Array} bytes
 * @param {string} field
 * @param {number | bigint} value
 */
export function setHeader(bytes, field, value) {
  const [start, end] = /** @type {readonly [number, number]} */ (HEADER_FIELDS.get(field));
  bytes.set(integer(value, end - start), start);
}

/**
 * The bytes with the checksum in the header that they need.
 *
 * @template {Uint8Array} T
 * @param {T} bytes
 * @returns {T}
 */
export function sealed(bytes) {
  const [start, end] = /** @type {readonly [number, number]} */ (HEADER_FIELDS.get('checksum'));
  setHeader(bytes, 'checksum', crc32(bytes.subarray(end, HEADER_SIZE), crc32(bytes.subarray(0, start))));
  return bytes;
}

/**
 * The bytes with a footer behind them.
 *
 * @param {Uint8Array} bytes
 */
export const withFooter = (bytes) => Buffer.concat([bytes, integer(crc32(bytes), FOOTER_SIZE)]);

/** @returns {number} The grid of the format, in bytes. */
function grid() {
  const file = new SourceFile(path.join(GOLDEN, 'no_tensors.apr'));
  try {
    return readHeader(file).root.alignment;
  } finally {
    file.close();
  }
}

export const ALIGNMENT = grid();

/** @param {number} nbytes */
export const aligned = (nbytes) => Math.ceil(nbytes / ALIGNMENT) * ALIGNMENT;

/**
 * @typedef {object} Entry
 * @property {string | Uint8Array} name
 * @property {number} dtype
 * @property {(number | bigint)[]} dims
 * @property {number | bigint} ofs
 * @property {number | bigint} len
 */

/** @param {Entry} entry */
function entryBytes({name, dtype, dims, ofs, len}) {
  const text = Buffer.from(name);
  const values = {len_name: text.length, dtype, ndim: dims.length, ofs_tensor: ofs, len_tensor: len};
  const parts = [...ENTRY_FIELDS].map(([field, {size}]) => {
    if (field === 'name') return text;
    if (field === 'dims') return Buffer.concat(dims.map((dim) => integer(dim, size.perDim)));
    return integer(values[/** @type {keyof typeof values} */ (field)], size.constant);
  });
  return Buffer.concat(parts);
}

/**
 * The head of a file: header, metadata, index, each with filler up to the grid.
 *
 * @param {{metadata?: string | Uint8Array, entries?: Entry[], header?: Record<string, number | bigint>}} [parts]
 */
export function head({metadata = '{}', entries = [], header = {}} = {}) {
  const text = Buffer.from(metadata);
  const index = Buffer.concat(entries.map(entryBytes));
  const ofsTensorIndex = HEADER_SIZE + aligned(text.length);
  const ofsData = ofsTensorIndex + aligned(index.length);
  const bytes = Buffer.alloc(ofsData);
  golden('no_tensors.apr').copy(bytes, 0, 0, HEADER_SIZE);
  const fields = {
    num_tensors: entries.length,
    ofs_metadata: HEADER_SIZE,
    len_metadata: text.length,
    ofs_tensor_index: ofsTensorIndex,
    ofs_data: ofsData,
    ...header,
  };
  for (const [field, value] of Object.entries(fields)) setHeader(bytes, field, value);
  text.copy(bytes, HEADER_SIZE);
  index.copy(bytes, ofsTensorIndex);
  return sealed(bytes);
}

/**
 * A whole file, with a footer.
 *
 * @param {Parameters<typeof head>[0]} parts
 * @param {Uint8Array} [data]
 */
export const whole = (parts, data = Buffer.alloc(0)) => withFooter(Buffer.concat([head(parts), data]));
