// @ts-check
/** @file The declarations serve a user in strict TypeScript, and agree with the code. */

import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createRequire} from 'node:module';
import {test} from 'node:test';

import {PACKAGE} from './builder.js';

const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** @param {string[]} args */
function compile(...args) {
  const {status, stdout} = spawnSync(process.execPath, [TSC, '--noEmit', ...args], {cwd: PACKAGE, encoding: 'utf8'});
  assert.equal(stdout, '');
  assert.equal(status, 0);
}

test('a user in strict TypeScript compiles', () => {
  // No list of types, as in the projects that `tsc --init` makes: the declarations name those of Node themselves.
  compile(
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--typeRoots',
    'tests/types',
    'tests/types/user.ts',
  );
});

test('the code is well typed, and is what the declarations say', () => compile('--project', 'tsconfig.json'));
