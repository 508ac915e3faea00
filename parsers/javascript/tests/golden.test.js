// @ts-check
/** @file Files of the reference's writers are read as expected.json says. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {crc32} from 'node:zlib';

import {METADATA_KEYS} from '../src/generated/facts.js';
import {openSync} from '../src/index.js';
import {GOLDEN} from './builder.js';

const expected = JSON.parse(fs.readFileSync(path.join(GOLDEN, 'expected.json'), 'utf8'));

/**
 * The metadata as the reference holds it: the keys that are any number, in single precision.
 *
 * @param {Record<string, unknown>} metadata
 */
function singles(metadata) {
  const names = METADATA_KEYS.filter(({kind}) => kind === 'number').map(({name}) => name);
  const isSingle = (/** @type {string} */ name, /** @type {unknown} */ value) =>
    names.includes(name) && typeof value === 'number';
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, isSingle(name, value) ? Math.fround(Number(value)) : value]),
  );
}

test('there are golden files', () => assert.ok(Object.keys(expected).length > 5));

for (const [name, wanted] of Object.entries(expected)) {
  test(name, () => {
    const model = openSync(path.join(GOLDEN, name));
    try {
      model.verify();
      assert.equal(model.size, wanted.bytes);
      assert.deepEqual(model.header, {
        versionMajor: wanted.version[0],
        versionMinor: wanted.version[1],
        flags: wanted.flags,
        flagNames: model.header.flagNames,
        numTensors: wanted.tensor_count,
        ofsMetadata: wanted.metadata_offset,
        lenMetadata: wanted.metadata_size,
        ofsTensorIndex: wanted.tensor_index_offset,
        ofsData: wanted.data_offset,
        checksum: parseInt(wanted.checksum, 16),
      });
      assert.deepEqual(singles(model.metadata), wanted.metadata);
      const tensors = model.tensors.map((tensor) => ({
        name: tensor.name,
        dtype: tensor.dtype.name.toUpperCase(),
        shape: tensor.shape,
        offset: tensor.dataOffset,
        size: tensor.nbytes,
        crc32: crc32(tensor.bytes()).toString(16).padStart(8, '0'),
      }));
      assert.deepEqual(tensors, wanted.tensors);
      assert.ok(model.footer !== null);
    } finally {
      model.close();
    }
  });
}

test('the flags are told by name', () => {
  const model = openSync(path.join(GOLDEN, 'one_custom_key.apr'));
  assert.deepEqual(model.header.flagNames, ['has_model_card', 'layout_row_major']);
  model.close();
});
