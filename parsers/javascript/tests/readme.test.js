// @ts-check
/** @file The example of the README does what it says. */

import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';

import {DEFAULT_LIMITS} from '../src/index.js';
import {GOLDEN, PACKAGE} from './builder.js';

const readme = fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
const example = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';

/** @param {string} file */
function run(file) {
  const input = example.replace("'model.apr'", JSON.stringify(path.join(GOLDEN, file)));
  assert.notEqual(input, example);
  return spawnSync(process.execPath, ['--input-type=module'], {cwd: PACKAGE, input, encoding: 'utf8'});
}

test('the example', () => {
  const {status, stdout, stderr} = run('one_custom_key.apr');
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.equal(
    stdout,
    `2 [ 'has_model_card', 'layout_row_major' ] gpt2
wpe f32 [ 2, 4 ] 32
wte f32 [ 4, 4 ] 64
Uint8Array(4) [ 27, 187, 100, 87 ] 1
64
`,
  );
});

test('the example on a file that is wrong', () => {
  const {status, stderr} = run('expected.json');
  assert.equal(status, 0);
  assert.match(stderr, /^APR-H001 header\.magic \{ start: 0, end: 4 \}/);
});

test('the limits that the README names', () => {
  const mib = 2 ** 20;
  const {maxMetadataBytes, maxMetadataMembers, maxMetadataValues, maxIndexBytes, maxTensors, maxJsonNesting} =
    DEFAULT_LIMITS;
  assert.deepEqual([maxMetadataBytes, maxIndexBytes], [256 * mib, 256 * mib]);
  const words = [maxMetadataMembers, maxMetadataValues, maxTensors, maxJsonNesting].map((limit) =>
    limit.toLocaleString('en'),
  );
  for (const number of words) assert.ok(readme.includes(number), number);
});
