// @ts-check
/** @file What a reader is willing to spend on a file that nobody vouches for. */

import {RequestError} from './errors.js';

/**
 * Caps that are held before memory is taken for what they bound. Beyond one, a file is refused with APR-L001; deeper
 * than `maxJsonNesting`, with APR-M005.
 *
 * @typedef {object} Limits
 * @property {number} maxMetadataBytes Bytes of JSON.
 * @property {number} maxMetadataMembers Members of the outermost JSON object.
 * @property {number} maxMetadataValues Values anywhere in the JSON.
 * @property {number} maxJsonNesting Levels of objects and arrays, the outermost object included. Levels beyond some
 *   thousands may exhaust the stack.
 * @property {number} maxIndexBytes Bytes of the entries of the tensor index.
 * @property {number} maxTensors Entries of the tensor index.
 */

/** @type {Readonly<Limits>} */
export const DEFAULT_LIMITS = Object.freeze({
  // Real checkpoints embed a tokenizer of up to some 20 MB.
  maxMetadataBytes: 256 * 1024 * 1024,
  maxMetadataMembers: 100_000,
  maxMetadataValues: 2_000_000,
  // What the JSON parser of the reference takes.
  maxJsonNesting: 127,
  // The largest known model has 92,000 tensors in 6.5 MB.
  maxIndexBytes: 256 * 1024 * 1024,
  maxTensors: 1_000_000,
});

/**
 * The limits with those of the caller in the place of the defaults.
 *
 * @param {Partial<Limits>} given
 * @returns {Readonly<Limits>}
 */
export function limitsOf(given) {
  const limits = {...DEFAULT_LIMITS};
  for (const [name, limit] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new RequestError(`there is no limit ${name}`);
    if (limit === undefined) continue;
    if (!Number.isSafeInteger(limit) || limit < 0) throw new RequestError(`${name}: expected an integer of at least 0`);
    limits[/** @type {keyof Limits} */ (name)] = limit;
  }
  return Object.freeze(limits);
}
