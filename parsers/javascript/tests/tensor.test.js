// @ts-check
/** @file The bytes of tensors: whole, by range, in pieces, as a stream; from files of any size. */

import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import fs from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {pathToFileURL} from 'node:url';

import {SourceFile} from '../src/file.js';
import {DType, FileError, openSync, printable, RequestError} from '../src/index.js';
import {aligned, ALIGNMENT, GOLDEN, head, newPath, whole, written} from './builder.js';

const counting = Uint8Array.from({length: 3000}, (_, at) => at % 251);

function counted() {
  const entries = [{name: 'w', dtype: DType.U8, dims: [counting.length], ofs: 0, len: counting.length}];
  return openSync(written(whole({entries}, Buffer.concat([counting], aligned(counting.length)))));
}

test('bytes, whole and by range', () => {
  const model = counted();
  const tensor = model.tensor('w');
  assert.equal(tensor.bytes().constructor, Uint8Array);
  assert.deepEqual(tensor.bytes(), counting);
  assert.deepEqual(tensor.bytes({start: 7}), counting.subarray(7));
  assert.deepEqual(tensor.bytes({end: 7}), counting.subarray(0, 7));
  assert.deepEqual(tensor.bytes({start: 100, end: 103}), counting.subarray(100, 103));
  assert.deepEqual(tensor.bytes({start: 3000}), new Uint8Array(0));
  for (const range of [{start: -1}, {end: 3001}, {start: 2, end: 1}, {start: 0.5}, {end: NaN}, {start: 2 ** 53}]) {
    assert.throws(() => tensor.bytes(range), RequestError);
    assert.throws(() => tensor.stream(range), RequestError);
    assert.throws(() => tensor.chunks(range), RequestError);
  }
  model.close();
});

test('chunks', () => {
  const model = counted();
  const tensor = model.tensor('w');
  const sizes = (/** @type {Iterable<Uint8Array>} */ chunks) => Array.from(chunks, ({length}) => length);
  assert.deepEqual(sizes(tensor.chunks()), [3000]);
  assert.deepEqual(sizes(tensor.chunks({size: 1024})), [1024, 1024, 952]);
  assert.deepEqual(
    Buffer.concat([...tensor.chunks({start: 5, end: 99, size: 10})]),
    Buffer.from(counting.subarray(5, 99)),
  );
  assert.deepEqual(sizes(tensor.chunks({start: 5, end: 5})), []);
  for (const size of [0, -1, 1.5, NaN]) assert.throws(() => tensor.chunks({size}), RequestError);
  model.close();
});

test('a stream', async () => {
  const model = counted();
  const tensor = model.tensor('w');
  assert.deepEqual(Buffer.concat(await tensor.stream().toArray()), Buffer.from(counting));
  assert.deepEqual(Buffer.concat(await tensor.stream({start: 1, end: 4}).toArray()), Buffer.from([1, 2, 3]));
  assert.deepEqual(await tensor.stream({end: 0}).toArray(), []);
  const late = tensor.stream();
  model.close();
  await assert.rejects(late.toArray(), RequestError);
});

test('a wrong request says what was asked for', () => {
  const model = counted();
  const tensor = model.tensor('w');
  /** @type {[ask: (any: any) => unknown, argument: unknown, words: RegExp][]} */
  const cases = [
    [(range) => tensor.bytes(range), {start: 1n}, /expected a range in 0\.\.3000, found 1n\.\.3000/],
    [(range) => tensor.bytes(range), {start: '0'}, /found '0'\.\.3000/],
    [(range) => tensor.bytes(range), 4, /expected a range such as {start, end}, found 4/],
    [(range) => tensor.bytes(range), null, /found null/],
    [(range) => tensor.stream(range), 'x', /found 'x'/],
    [(range) => tensor.chunks(range), null, /found null/],
    [(range) => tensor.chunks(range), {size: 1n}, /expected a size in 1\.\.\d+, found 1n/],
    [(name) => model.tensor(name), undefined, /there is no tensor 'undefined'/],
    [(name) => model.tensor(name), 7, /there is no tensor '7'/],
  ];
  for (const [ask, argument, words] of cases) {
    assert.throws(() => ask(argument), {name: 'RequestError', message: words});
  }
  model.close();
});

test('what is read while the file is closed is not handed out', async () => {
  const file = new SourceFile(written(counting));
  const piece = file.piecesAsync(0, 10).next();
  file.close(); // the system may give the descriptor to another file before it reads
  await assert.rejects(piece, RequestError);
});

test('the bytes of the metadata are not kept', () => {
  const model = openSync(path.join(GOLDEN, 'one_custom_key.apr'));
  model.verify();
  model.parseMetadata();
  model.close();
  assert.equal(model.metadata.model_type, 'gpt2');
  assert.throws(() => model.parseMetadata(), /the model is closed/);
});

test('a closed model keeps what was read, and reads no more', () => {
  const model = openSync(path.join(GOLDEN, 'every_dtype.apr'));
  model.close();
  model.close();
  assert.equal(model.tensor('a.f32').nbytes, 24);
  assert.throws(() => model.tensor('a.f32').bytes(), /the model is closed/);
  assert.throws(() => model.metadata, RequestError);
  assert.throws(() => model.verify(), RequestError);
});

test('a model can be disposed of', () => {
  const model = counted();
  model[Symbol.dispose]();
  assert.throws(() => model.tensor('w').bytes(), RequestError);
});

test('a tensor that is not there', () => {
  const model = counted();
  assert.throws(() => model.tensor('w\u001b[31m'), /there is no tensor 'w\\x1b\[31m'/);
  assert.throws(() => model.tensor('__proto__'), RequestError);
  model.close();
});

test('what is open cannot be changed', () => {
  const model = counted();
  const {header, tensors} = /** @type {any} */ (model);
  assert.throws(() => (header.flags = 0), TypeError);
  assert.throws(() => Object.assign(model, {header: {}}), TypeError);
  assert.throws(() => tensors.push(1), TypeError);
  assert.throws(() => (tensors[0].nbytes = 0), TypeError);
  assert.throws(() => (tensors[0].shape[0] = 0), TypeError);
  assert.throws(() => (tensors[0].dtype.blockBytes = 0), TypeError);
  model.close();
});

test('tensors tell their element type', () => {
  const model = openSync(path.join(GOLDEN, 'every_dtype.apr'));
  const {dtype} = model.tensor('h.q4_k');
  assert.equal(dtype.id, DType.Q4_K);
  assert.equal(dtype.name, 'q4_k');
  assert.equal(dtype.quantized, true);
  model.close();
});

test('dimensions beyond 2^53 are exact', () => {
  const entries = [
    {name: 'a', dtype: DType.F32, dims: [2n ** 64n - 1n, 0, 2n ** 53n, 2 ** 53 - 1], ofs: 0, len: 0},
    {name: 'b', dtype: DType.F16, dims: [0, 2n ** 53n + 1n], ofs: 0, len: 0},
  ];
  const model = openSync(written(whole({entries})));
  assert.deepEqual(model.tensor('a').shape, [18446744073709551615n, 0, 9007199254740992n, 9007199254740991]);
  assert.deepEqual(model.tensor('b').shape, [0, 9007199254740993n]);
  model.verify();
  model.close();
});

test('tensors beyond 4 GiB, in a file that is made of holes', async () => {
  const nbytes = 5 * 2 ** 30;
  const entries = [
    {name: 'a', dtype: DType.U8, dims: [5, 2 ** 30], ofs: 0, len: nbytes},
    {name: 'b', dtype: DType.U8, dims: [8], ofs: nbytes, len: 8},
  ];
  const bytes = head({entries});
  const file = written(bytes);
  const last = Buffer.from('the end!');
  const descriptor = fs.openSync(file, 'r+');
  fs.writeSync(descriptor, last, 0, 8, bytes.length + nbytes - 8);
  fs.writeSync(descriptor, last, 0, 8, bytes.length + nbytes);
  fs.ftruncateSync(descriptor, bytes.length + nbytes + ALIGNMENT);
  fs.closeSync(descriptor);
  const model = openSync(file);
  assert.equal(model.footer, null);
  const [a, b] = model.tensors;
  assert.ok(a !== undefined && b !== undefined);
  assert.deepEqual(Buffer.from(a.bytes({start: nbytes - 8})), last);
  assert.deepEqual(Buffer.from(b.bytes()), last);
  assert.deepEqual(Buffer.concat([...a.chunks({start: nbytes - 10, size: 4})]).subarray(2), last);
  assert.deepEqual(Buffer.concat(await a.stream({start: nbytes - 8}).toArray()), last);
  assert.throws(() => a.bytes(), /more than one array holds/);
  model.close();
});

test('an index of 100,000 tensors', () => {
  const names = Array.from({length: 100_000}, (_, at) => `layers.${String(at).padStart(6, '0')}.weight`);
  const entries = names.map((name, at) => ({name, dtype: DType.I8, dims: [8, 8], ofs: ALIGNMENT * at, len: 64}));
  const file = written(head({entries}));
  fs.truncateSync(file, fs.statSync(file).size + ALIGNMENT * entries.length);
  const model = openSync(file);
  assert.deepEqual(
    model.tensors.map(({name}) => name),
    names,
  );
  assert.equal(model.tensor('layers.099999.weight').index, 99_999);
  model.close();
});

test('what is no file is no verdict', () => {
  assert.throws(() => openSync(GOLDEN), FileError);
  assert.throws(() => openSync(path.join(GOLDEN, 'absent')), {code: 'ENOENT'});
  if (process.platform !== 'win32') assert.throws(() => openSync('/dev/null'), FileError);
});

test('a file that becomes shorter while it is read is no verdict', async () => {
  const entries = [{name: 'w', dtype: DType.U8, dims: [64], ofs: 0, len: 64}];
  const file = written(whole({entries}, Buffer.alloc(64)));
  const model = openSync(file);
  fs.truncateSync(file, 200);
  assert.throws(() => model.tensor('w').bytes(), FileError);
  assert.throws(() => model.verify(), FileError);
  await assert.rejects(model.tensor('w').stream().toArray(), FileError);
  model.close();
});

test('no file stays open when opening fails', {skip: process.platform !== 'linux'}, () => {
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const bad = written(Buffer.alloc(100));
  const before = open();
  for (let time = 0; time < 20; time += 1) {
    assert.throws(() => openSync(bad));
    assert.throws(() => openSync(GOLDEN));
  }
  assert.equal(open(), before);
});

test('a path may be a URL or bytes', () => {
  const file = newPath();
  fs.copyFileSync(path.join(GOLDEN, 'no_tensors.apr'), file);
  for (const form of [Buffer.from(file), pathToFileURL(file)]) openSync(form).close();
  assert.throws(() => openSync(/** @type {any} */ (7)), TypeError);
});

test('names are made harmless for terminals', () => {
  assert.equal(
    printable('a\u001b[2J\u202e\n\u0000é😀\u{e0001}\u2028'),
    'a\\x1b[2J\\u202e\\x0a\\x00é😀\\u{e0001}\\u2028',
  );
  assert.equal(printable('a\ud800'), 'a\\ud800');
});
