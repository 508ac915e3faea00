// @ts-check
/** @file The command, and the harness of the conformance kit, as others start them. */

import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';

import {DType} from '../src/index.js';
import {ALIGNMENT, golden, GOLDEN, head, PACKAGE, whole, written} from './builder.js';

const COMMAND = path.join(PACKAGE, 'bin', 'apr-tensors.js');
const HARNESS = path.join(PACKAGE, 'bin', 'harness.js');
const {version} = JSON.parse(fs.readFileSync(path.join(PACKAGE, 'package.json'), 'utf8'));

/** @param {string[]} args */
function run(...args) {
  const {status, stdout, stderr} = spawnSync(process.execPath, [COMMAND, ...args], {encoding: 'utf8'});
  return {status, stdout, stderr};
}

test('the tensors, one a line', () => {
  const stdout = 'wpe\tf32\t[2, 4]\t32\nwte\tf32\t[4, 4]\t64\n';
  assert.deepEqual(run(path.join(GOLDEN, 'one_custom_key.apr')), {status: 0, stdout, stderr: ''});
  assert.deepEqual(run('--verify', path.join(GOLDEN, 'one_custom_key.apr')), {status: 0, stdout, stderr: ''});
  assert.deepEqual(run(path.join(GOLDEN, 'no_tensors.apr')), {status: 0, stdout: '', stderr: ''});
});

test('one line and an exit code for whatever goes wrong', () => {
  const flipped = golden('one_custom_key.apr');
  flipped.writeUInt8(flipped.readUInt8(400) ^ 1, 400);
  /** @type {[args: string[], status: number, words: RegExp][]} */
  const cases = [
    [[], 2, /expected one FILE; usage: /],
    [['a', 'b'], 2, /expected one FILE/],
    [['--nope', 'a'], 2, /--nope/],
    [['--verify=1', 'a'], 2, /--verify/],
    [['absent.apr'], 3, /absent\.apr: ENOENT/],
    [[GOLDEN], 3, /not a regular file/],
    [['ab\u001bsent\n.apr'], 3, /ab\\x1bsent\\x0a\.apr/],
    [[path.join(GOLDEN, 'expected.json')], 4, /APR-H001/],
    [[written(Buffer.alloc(3))], 4, /APR-H008/],
    [
      ['--verify', written(flipped)],
      4,
      /footer\.checksum @0x[0-9a-f]+\.\.0x[0-9a-f]+: expected 0x.*found 0x.* \[APR-F002\]/,
    ],
    [['--verify', written(whole({metadata: '{"a":"\u001b[31m'}))], 4, /APR-M003/],
  ];
  for (const [args, status, words] of cases) {
    const done = run(...args);
    assert.equal(done.status, status, done.stderr);
    assert.equal(done.stdout, '');
    assert.match(done.stderr, words);
    assert.match(done.stderr, /^apr-tensors: [^\n\u001b]*\n$/);
  }
});

test('help and version', () => {
  assert.match(run('--help').stdout, /usage: apr-tensors \[--verify\] FILE/);
  assert.deepEqual(run('--version'), {status: 0, stdout: `${version}\n`, stderr: ''});
});

test('names cannot reach the terminal', () => {
  const entries = [{name: '\u001b[2Jé\ta\n', dtype: DType.F32, dims: [], ofs: 0, len: 4}];
  const {stdout} = run(written(whole({entries}, Buffer.alloc(ALIGNMENT))));
  assert.equal(stdout, '\\x1b[2Jé\\x09a\\x0a\tf32\t[]\t4\n');
});

test('a reader that goes away is no error', async () => {
  const entries = Array.from({length: 20_000}, (_, at) => ({
    name: `layers.${String(at).padStart(6, '0')}.weight`,
    dtype: DType.I8,
    dims: [0],
    ofs: 0,
    len: 0,
  }));
  const child = spawn(process.execPath, [COMMAND, written(head({entries}))], {stdio: ['ignore', 'pipe', 'pipe']});
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [status] = await once(child, 'close');
  assert.deepEqual({status, stderr}, {status: 0, stderr: ''});
});

test('the exit code stays when nobody takes the message', {skip: !fs.existsSync('/dev/full')}, () => {
  const full = fs.openSync('/dev/full', 'w');
  for (const [file, status] of /** @type {const} */ ([
    ['absent.apr', 3],
    [path.join(GOLDEN, 'expected.json'), 4],
  ])) {
    const done = spawnSync(process.execPath, [COMMAND, file], {stdio: ['ignore', 'pipe', full]});
    assert.equal(done.status, status);
  }
  fs.closeSync(full);
});

test('a full disk is told as such', {skip: !fs.existsSync('/dev/full')}, () => {
  const full = fs.openSync('/dev/full', 'w');
  const args = [COMMAND, path.join(GOLDEN, 'one_custom_key.apr')];
  const {status, stderr} = spawnSync(process.execPath, args, {stdio: ['ignore', full, 'pipe'], encoding: 'utf8'});
  fs.closeSync(full);
  assert.equal(status, 3);
  assert.match(stderr, /^apr-tensors: standard output: ENOSPC.*\n$/);
});

/** @param {object[]} requests */
function ask(...requests) {
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('');
  const {status, stdout, stderr} = spawnSync(process.execPath, [HARNESS], {input, encoding: 'utf8'});
  return {
    status,
    stderr,
    answers: stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}

const START = {cmd: 'start', protocol: 1};
const STOP = {cmd: 'stop'};
/** @param {string} file */
const read = (file) => ({
  cmd: 'run',
  id: 'x',
  op: 'read',
  profile: 'default',
  budget: {seconds: 1, bytes: 1},
  file,
  crc32: true,
});

test('the harness says who it is', () => {
  const {status, answers} = ask(START, STOP);
  const language = `JavaScript, Node ${process.versions.node}, kaitai-struct 0.11.0`;
  const implementation = {name: 'aprfmt-reader (JavaScript)', version, language};
  assert.equal(status, 0);
  assert.deepEqual(answers, [{protocol: 1, implementation, can: ['read']}]);
});

test('the harness tells what it reads, integers beyond 2^53 as digits', () => {
  const entries = [{name: 'a', dtype: DType.F32, dims: [2n ** 64n - 1n, 0], ofs: 0, len: 0}];
  const metadata = '{"total_size":18446744073709551615,"x":[-9007199254740993,1.5]}';
  const {answers} = ask(
    START,
    read(written(whole({entries, metadata}))),
    read(path.join(GOLDEN, 'every_dtype.apr')),
    STOP,
  );
  const [, {verdict, values}, second] = answers;
  assert.equal(verdict, 'accept');
  assert.deepEqual(values.metadata, {total_size: '18446744073709551615', x: ['-9007199254740993', 1.5]});
  const dims = ['18446744073709551615', 0];
  assert.deepEqual(values.tensors, [{name: 'a', dtype: 0, dims, ofs_tensor: 0, len_tensor: 0, crc32: '00000000'}]);
  assert.equal(second.values.tensors[0].crc32, '7a0f8d25');
});

test('the harness refuses with the rule, and goes on', () => {
  const {status, answers} = ask(START, read(written(Buffer.alloc(3))), read(path.join(GOLDEN, 'no_tensors.apr')), STOP);
  assert.equal(status, 0);
  assert.equal(answers[1].verdict, 'reject');
  assert.equal(answers[1].code, 'APR-H008');
  assert.equal(answers[2].verdict, 'accept');
});

test('a file out of reach is a crash of the harness, not a verdict', () => {
  const {status, answers} = ask(START, read(path.join(GOLDEN, 'absent')), STOP);
  assert.notEqual(status, 0);
  assert.equal(answers.length, 1);
});
