// @ts-check
/** @file Every rule that a careful reader enforces, broken alone; and damage at every place. */

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {DType, FormatError, openSync, RequestError} from '../src/index.js';
import {FOOTER_SIZE, HEADER_SIZE, RULE_AT, RULES} from '../src/generated/facts.js';
import {ALIGNMENT, aligned, golden, head, integer, sealed, setHeader, whole, withFooter, written} from './builder.js';

/** @import {Entry} from './builder.js' */

/**
 * What is wrong with a file when everything about it is checked; nothing when it is sound.
 *
 * @param {Uint8Array} bytes
 * @param {Parameters<typeof openSync>[1]} [options]
 */
function faultOf(bytes, options) {
  let model;
  try {
    model = openSync(written(bytes), options);
    model.verify();
    return undefined;
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  } finally {
    model?.close();
  }
}

/**
 * @param {Partial<Entry>} [changes]
 * @returns {Entry}
 */
const entry = (changes = {}) => ({name: 'a', dtype: DType.F32, dims: [1], ofs: 0, len: 4, ...changes});

const data = Buffer.alloc(ALIGNMENT);
const big = Buffer.alloc(2 * ALIGNMENT);

/** @param {...(Partial<Entry>)} entries */
const file = (...entries) => whole({entries: entries.map(entry)}, big.subarray(0, entries.length * ALIGNMENT));

/** @param {string} metadata */
const withMetadata = (metadata) => whole({metadata});

/**
 * @param {string} field
 * @param {number | bigint} value
 */
const withHeader = (field, value) => whole({entries: [entry()], header: {[field]: value}}, data);

/** A file without footer, in which one bit of an offset hides it. */
function hidden() {
  const second = {name: 'b', len: ALIGNMENT, dims: [ALIGNMENT], dtype: DType.U8};
  const entries = [entry({name: 'a'}), entry({...second, ofs: ALIGNMENT})];
  const bytes = withFooter(Buffer.concat([head({entries}), big]));
  const moved = head({entries: [entry({name: 'a'}), entry({...second, ofs: ALIGNMENT + FOOTER_SIZE})]});
  moved.copy(bytes);
  return bytes;
}

/** @type {[rule: string, field: string, bytes: () => Uint8Array, words?: RegExp][]} */
const CASES = [
  ['APR-H008', 'header', () => golden('no_tensors.apr').subarray(0, HEADER_SIZE - 1), /found 63 bytes/],
  ['APR-H008', 'header', () => Buffer.alloc(0)],
  [
    'APR-H001',
    'header.magic',
    () => Buffer.concat([Buffer.from('GGUF'), file({})]),
    /this is a GGUF file.*found 'GGUF'/,
  ],
  ['APR-H001', 'header.magic', () => Buffer.alloc(1000)],
  ['APR-H002', 'header.version_major', () => withHeader('version_major', 3), /expected 2, found 3/],
  ['APR-H006', 'header.checksum', () => withHeader('checksum', 1).fill(0xff, HEADER_SIZE - 1, HEADER_SIZE)],
  ['APR-H004', 'header.flags.layout_column_major', () => withHeader('flags', 0xffff), /found true/],
  ['APR-S001', 'header.ofs_metadata', () => withHeader('ofs_metadata', HEADER_SIZE - 1)],
  ['APR-S001', 'header.ofs_metadata', () => withHeader('ofs_metadata', 2n ** 64n - 1n), /found 18446744073709551615/],
  ['APR-S001', 'header.ofs_metadata', () => withHeader('ofs_metadata', 2n ** 53n + 1n), /found 9007199254740993/],
  ['APR-S002', 'header.ofs_tensor_index', () => withHeader('ofs_tensor_index', HEADER_SIZE + 1)],
  ['APR-S002', 'header.ofs_tensor_index', () => withHeader('ofs_tensor_index', 2n ** 63n), /found 9223372036854775808/],
  ['APR-S003', 'header.ofs_data', () => withHeader('ofs_data', 0), /found 0/],
  ['APR-S003', 'header.ofs_data', () => withHeader('ofs_data', 2n ** 64n - 1n)],
  ['APR-M001', 'header.len_metadata', () => withHeader('len_metadata', 0)],
  ['APR-M002', 'metadata', () => whole({metadata: Buffer.from([0x7b, 0xff, 0x7d])})],
  ['APR-M003', 'metadata', () => withMetadata('{"a":1,}'), /expected a key in double quotes, found '}'/],
  ['APR-M004', 'metadata', () => withMetadata('[1, {}]'), /expected a JSON object, found '\[1, \{\}\]'/],
  ['APR-M005', 'metadata', () => withMetadata(`{"a":${'['.repeat(127)}${']'.repeat(127)}}`)],
  [
    'APR-M006',
    'metadata.total_size',
    () => withMetadata('{"total_size":1.0}'),
    /unsigned integer of 64 bits, found '1.0'/,
  ],
  ['APR-I001', 'header.num_tensors', () => withHeader('num_tensors', 2 ** 32 - 1)],
  [
    'APR-I001',
    'header.num_tensors',
    () => whole({entries: [entry({name: 'a'.repeat(90)})], header: {num_tensors: 2}}, data),
  ],
  [
    'APR-I001',
    'header.num_tensors',
    () => whole({entries: [entry({dtype: 200, dims: [1, 2, 3, 4, 5]})], header: {num_tensors: 3}}, data),
  ],
  ['APR-I002', 'tensor_index.entries[0].dtype', () => file({dtype: 2}), /found 2; tensor 'a'/],
  [
    'APR-I003',
    'tensor_index.entries[1].name',
    () => file({name: 'b'}, {name: 'a'}),
    /expected a name behind 'b', found 'a'/,
  ],
  ['APR-I003', 'tensor_index.entries[1].name', () => file({}, {ofs: ALIGNMENT})],
  ['APR-I003', 'tensor_index.entries[1].name', () => file({name: '\u{10000}'}, {name: '\uffff', ofs: ALIGNMENT})],
  [
    'APR-I005',
    'tensor_index.entries[1].name',
    () => file({}, {name: Buffer.from([0xed, 0xa0, 0x80]), ofs: ALIGNMENT}),
    /'\\xed\\xa0\\x80'/,
  ],
  ['APR-D001', 'tensor_index.entries[0].ofs_tensor', () => file({ofs: 2n ** 53n + 1n}), /found 9007199254740993/],
  ['APR-D001', 'tensor_index.entries[0].ofs_tensor', () => file({ofs: 2n ** 64n - 1n}), /found 18446744073709551615/],
  ['APR-D001', 'tensor_index.entries[0].len_tensor', () => file({len: 2n ** 63n})],
  ['APR-D001', 'tensor_index.entries[0].len_tensor', () => file({len: ALIGNMENT + FOOTER_SIZE + 1})],
  ['APR-D002', 'tensor_index.entries[0].len_tensor', () => file({len: 5}), /expected 4 for f32 \[1\], found 5 bytes/],
  ['APR-D002', 'tensor_index.entries[0].len_tensor', () => file({dims: [2n ** 62n + 1n]}), /more than 2\^53/],
  ['APR-D002', 'tensor_index.entries[0].len_tensor', () => file({dims: [2 ** 32, 2 ** 32], len: 0}), /more than 2\^53/],
  [
    'APR-D002',
    'tensor_index.entries[0].len_tensor',
    () => file({dtype: DType.APR_Q8, dims: [4], len: 4}),
    /expected 8/,
  ],
  [
    'APR-D003',
    'tensor_index.entries[1].ofs_tensor',
    () => file({len: 8, dims: [2]}, {name: 'b', ofs: 4}),
    /at least 8, where 'a' ends, found 4/,
  ],
  [
    'APR-D003',
    'tensor_index.entries[2].ofs_tensor',
    () => file({len: 64, dims: [16]}, {name: 'b', len: 0, dims: [0], ofs: 4}, {name: 'c', ofs: 60}),
  ],
  ['APR-D004', 'tensor_data', () => Buffer.concat([head({entries: [entry()]}), data]).subarray(0, -1)],
  ['APR-F001', 'footer.checksum', () => file({}).subarray(0, -1), /expected 4 bytes, found 3 bytes/],
  ['APR-F002', 'footer.checksum', () => Buffer.concat([head({entries: [entry()]}), data, integer(0, FOOTER_SIZE)])],
  ['APR-F005', 'tensor_index.entries[1].ofs_tensor', hidden, /expected 64, found 68; tensor 'b'/],
];

for (const [number, [rule, field, bytes, words = /./]] of CASES.entries()) {
  test(`${rule} at ${field} (${number})`, () => {
    const fault = faultOf(bytes());
    assert.equal(fault?.rule, rule, fault?.message);
    assert.equal(fault?.field, field);
    assert.match(fault?.message ?? '', words);
    assert.ok(fault.span.start <= fault.span.end);
  });
}

test('every rule is broken by a case', () => {
  const broken = new Set(CASES.map(([rule]) => rule));
  const limits = 'APR-L001';
  assert.deepEqual(
    [...RULES.keys()].filter((rule) => !broken.has(rule)),
    [limits],
  );
  for (const rule of RULE_AT.values()) assert.ok(broken.has(rule));
});

test('an error tells its parts', () => {
  const fault = faultOf(file({}, {name: 'b', ofs: ALIGNMENT, len: 8}));
  assert.ok(fault !== undefined);
  assert.equal(fault.name, 'FormatError');
  assert.equal(fault.tensor, 'b');
  assert.equal(fault.expected, '4 for f32 [1]');
  assert.equal(fault.found, '8 bytes');
  const stored = file({}, {name: 'b', ofs: ALIGNMENT, len: 8}).subarray(fault.span.start, fault.span.end);
  assert.deepEqual(stored, integer(8, stored.length));
});

test('a fault that the parser found has the error of the parser as its cause', () => {
  const causes = [Buffer.alloc(0), golden('no_tensors.apr').fill(0, 0, 4), file({dtype: 2}), file({ofs: 2n ** 63n})];
  for (const bytes of causes) assert.ok(faultOf(bytes)?.cause instanceof Error);
  assert.ok(!('cause' in /** @type {object} */ (faultOf(file({len: 5})))));
});

test('any flipped bit of a file is noticed', () => {
  const bytes = golden('streaming_order.apr');
  for (let at = 0; at < bytes.length; at += 1) {
    const damaged = Buffer.from(bytes);
    damaged[at] = /** @type {number} */ (bytes[at]) ^ (1 << (at % 8));
    assert.ok(faultOf(damaged) !== undefined, `byte ${at}`);
  }
});

test('a file that is cut anywhere is refused, but where only the footer is gone', () => {
  const bytes = golden('one_custom_key.apr');
  for (let length = 0; length < bytes.length; length += 1) {
    assert.equal(
      faultOf(bytes.subarray(0, length)) === undefined,
      length === bytes.length - FOOTER_SIZE,
      `${length} bytes`,
    );
  }
});

test('odd files are read', () => {
  /** @type {[why: string, bytes: Uint8Array][]} */
  const odd = [
    ['bytes behind the footer', Buffer.concat([file({}), Buffer.from('more')])],
    ['a minor version', withHeader('version_minor', 7)],
    ['no flag at all', withHeader('flags', 0)],
    [
      'rows filled up to whole blocks',
      whole({entries: [entry({dtype: DType.Q4_K, dims: [2, 100], len: 288})]}, Buffer.alloc(aligned(288))),
    ],
    ['a scale alone', file({dtype: DType.APR_Q8, dims: [0, 3]})],
    ['no elements, no scale', file({dtype: DType.APR_Q8, dims: [0, 3], len: 0}).subarray(0, -ALIGNMENT - FOOTER_SIZE)],
    [
      'no elements, inside another tensor',
      whole({entries: [entry({len: 8, dims: [2]}), entry({name: 'b', dims: [0], len: 0, ofs: 4})]}, data),
    ],
    ['no name', file({name: ''})],
    ['off the grid', whole({entries: [entry({ofs: 1})]}, Buffer.alloc(ALIGNMENT + 1))],
  ];
  for (const [why, bytes] of odd) assert.equal(faultOf(bytes)?.message, undefined, why);
});

test('the checksum of the header is judged before the fields that it covers', () => {
  const bytes = file({});
  setHeader(bytes, 'ofs_data', 0);
  assert.equal(faultOf(bytes)?.rule, 'APR-H006');
  assert.equal(faultOf(sealed(bytes))?.rule, 'APR-S003');
});

test('what is beyond a limit is refused before it is read', () => {
  const model = whole({metadata: '{"a":[1,2,{}],"b":1}', entries: [entry(), entry({name: 'b', ofs: ALIGNMENT})]}, big);
  assert.equal(faultOf(model), undefined);
  for (const limits of [
    {maxMetadataBytes: 19},
    {maxMetadataMembers: 1},
    {maxMetadataValues: 5},
    {maxIndexBytes: 40},
    {maxTensors: 1},
  ]) {
    const fault = faultOf(model, {limits});
    assert.equal(fault?.rule, 'APR-L001');
    assert.match(fault?.message ?? '', new RegExp(`at most .*${Object.keys(limits)[0]}`));
  }
  assert.equal(faultOf(model, {limits: {maxJsonNesting: 1}})?.rule, 'APR-M005');
  const just = {maxMetadataBytes: 20, maxMetadataMembers: 2, maxMetadataValues: 6, maxTensors: 2, maxJsonNesting: 3};
  assert.equal(faultOf(model, {limits: just}), undefined);
  // @ts-expect-error callers in JavaScript pass on what they were not given
  assert.equal(faultOf(model, {limits: {maxTensors: undefined}}), undefined);
});

test('behind a fault, no more of the index is read than the limit allows', () => {
  const entries = [{dtype: 2}, {name: 'b'}, {name: 'c'}];
  const bytes = whole({entries: entries.map(entry), header: {num_tensors: 6}}, data);
  assert.equal(faultOf(bytes)?.rule, 'APR-I001');
  assert.equal(faultOf(bytes, {limits: {maxIndexBytes: 30}})?.rule, 'APR-I002');
});

test('limits that are none are a wrong request', () => {
  const path = written(file({}));
  assert.throws(() => openSync(path, {limits: {maxTensors: -1}}), RequestError);
  // @ts-expect-error there is no such limit
  assert.throws(() => openSync(path, {limits: {maxBananas: 1}}), RequestError);
});
