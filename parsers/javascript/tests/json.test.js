// @ts-check
/** @file The metadata is read as strictly as the reference reads it, and exactly. */

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {FormatError, openSync} from '../src/index.js';
import {HEADER_SIZE} from '../src/generated/facts.js';
import {whole, written} from './builder.js';

/**
 * @param {string | Uint8Array} metadata
 * @param {Parameters<ReturnType<typeof openSync>['parseMetadata']>[0]} [options]
 */
function parse(metadata, options) {
  const model = openSync(written(whole({metadata})));
  try {
    return options === undefined ? model.metadata : model.parseMetadata(options);
  } finally {
    model.close();
  }
}

/** @param {string | Uint8Array} metadata */
function faultOf(metadata) {
  try {
    parse(metadata);
    return undefined;
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}

const SOUND = [
  '{}',
  ' \t\r\n{ "a" : [ ] , "b" : { } , "" : null } \n',
  '{"a":[true,false,null,0,-1,1.5,1e5,1E-5,1e+5,0.1,-0,-0.0,123456789012345]}',
  String.raw`{"a":"\"\\\/\b\f\n\r\t\u0041\ud83d\ude00 é 😀 \u0000"}`,
  '{"a":"\u007f\u2028\ufeff\uffff"}',
  '{"a":5e-324,"b":1.7976931348623157e308,"c":1e-400}',
];

for (const text of SOUND) {
  test(`read as JSON.parse reads it: ${text}`, () => assert.deepEqual(parse(text), JSON.parse(text)));
}

const BROKEN = [
  ...[
    '',
    '{',
    '}',
    '{]',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{,}',
    '{a:1}',
    "{'a':1}",
    '{"a" 1}',
    '{"a"::1}',
  ],
  ...[
    '{"a":1}}',
    '{} {}',
    '{}x',
    '{"a":[1,]}',
    '{"a":[1',
    '{"a":[,1]}',
    '{"a":[1 2]}',
    '{"a":nul}',
    '{"a":True}',
    '{"a":+1}',
  ],
  ...[
    '{"a":01}',
    '{"a":-}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":1e}',
    '{"a":1e+}',
    '{"a":0x1}',
    '{"a":NaN}',
    '{"a":-Infinity}',
  ],
  ...['{"a":1e309}', '{"a":-1e309}', `{"a":1${'0'.repeat(309)}}`, '{"a":1.797693134862315808e308}'],
  ...[
    '{"a":"\n"}',
    '{"a":"\u0000"}',
    '{"a":"\\x41"}',
    '{"a":"\\u12"}',
    '{"a":"\\u12g4"}',
    '{"a":"\\"}',
    '{"a":"\\',
    '{"a":"x',
  ],
  ...[
    '{"a":"\\ud800"}',
    '{"a":"\\ude00\\ud83d"}',
    '{"a":"\\ud83dx"}',
    '{"\\udfff":1}',
    '{/**/}',
    '\ufeff{}',
    '\u00a0{}',
    '{"a":1\u000b}',
  ],
  ...['[', '"a', '1 2', 'tru', ' '],
];

for (const text of BROKEN.filter((text) => text !== '')) {
  test(`not JSON: ${JSON.stringify(text)}`, () => assert.equal(faultOf(text)?.rule, 'APR-M003'));
}

for (const text of ['[]', '"a"', '1', '-1.5', 'null', 'true', ' [{}] ']) {
  test(`no object: ${text}`, () => assert.equal(faultOf(text)?.rule, 'APR-M004'));
}

test('bytes that are not UTF-8 are told from bad JSON', () => {
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    assert.equal(
      faultOf(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]))?.rule,
      'APR-M002',
    );
  }
});

test('a fault names its bytes', () => {
  const fault = faultOf('{"é":tru}');
  assert.deepEqual(fault?.span, {start: HEADER_SIZE + 6, end: HEADER_SIZE + 7});
  assert.equal(fault?.found, "'tru}'");
});

test('127 levels are read, the object included', () => {
  const nested = (/** @type {number} */ levels) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  assert.equal(faultOf(nested(127)), undefined);
  assert.equal(faultOf(nested(128))?.rule, 'APR-M005');
  assert.equal(faultOf('{"a":'.repeat(128) + '1' + '}'.repeat(128))?.rule, 'APR-M005');
  assert.equal(faultOf('['.repeat(200_000))?.rule, 'APR-M005');
  assert.equal(faultOf(`{"a":[${'[],'.repeat(200)}{}],"b":"[[[["}`), undefined);
});

test('integers are exact', () => {
  const {a} = parse('{"a":[9007199254740991,9007199254740992,-9007199254740993,18446744073709551616,0,7]}');
  assert.deepEqual(a, [9007199254740991, 9007199254740992n, -9007199254740993n, 18446744073709551616n, 0, 7]);
  const [minus] = /** @type {unknown[]} */ (parse('{"a":[-0]}').a);
  assert.ok(Object.is(minus, -0));
});

test('a number can be told by its text', () => {
  const texts = parse('{"a":[1,1.0,1e0,-0,12345678901234567890123],"total_size":3}', {
    parseNumber: (text, isInteger) => `${isInteger ? 'integer' : 'number'} ${text}`,
  });
  const a = ['integer 1', 'number 1.0', 'number 1e0', 'integer -0', 'integer 12345678901234567890123'];
  assert.deepEqual(texts, {a, total_size: 'integer 3'});
});

test('a number of a known sub-object is given once', () => {
  /** @type {string[]} */
  const seen = [];
  parse('{"quantization":{"quant_type":"x","bits":8,"symmetric":true}}', {parseNumber: (text) => seen.push(text)});
  assert.deepEqual(seen, ['8']);
});

test('of duplicate keys the last one counts', () => {
  assert.deepEqual(parse('{"a":1,"b":{"c":1,"c":2},"a":3}'), {a: 3, b: {c: 2}});
  assert.equal(faultOf('{"total_size":"x","total_size":1}'), undefined);
  assert.equal(faultOf('{"total_size":1,"total_size":"x"}')?.rule, 'APR-M006');
});

test('keys that objects have anyway are keys like any other', () => {
  const value = parse('{"__proto__":{"a":1},"constructor":2,"toString":3,"x":{"__proto__":null}}');
  assert.deepEqual(Object.keys(value), ['__proto__', 'constructor', 'toString', 'x']);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.getOwnPropertyDescriptor(value, '__proto__')?.value, {a: 1});
  assert.equal(/** @type {any} */ ({}).a, undefined);
  assert.equal(faultOf('{"__proto__":{"total_size":"x"}}'), undefined);
});

/** @type {[text: string, field: string | undefined][]} */
const TYPES = [
  ['{"model_type":null}', 'metadata.model_type'],
  ['{"model_type":""}', undefined],
  ['{"name":null}', undefined],
  ['{"name":1}', 'metadata.name'],
  ['{"total_size":18446744073709551615}', undefined],
  ['{"total_size":18446744073709551616}', 'metadata.total_size'],
  ['{"total_size":-1}', 'metadata.total_size'],
  ['{"total_size":-0}', 'metadata.total_size'],
  ['{"total_size":1e3}', 'metadata.total_size'],
  ['{"total_size":null}', 'metadata.total_size'],
  ['{"hidden_size":null}', undefined],
  ['{"rope_type":4294967295}', undefined],
  ['{"rope_type":4294967296}', 'metadata.rope_type'],
  ['{"rope_theta":10000}', undefined],
  ['{"rope_theta":1e300}', undefined],
  ['{"rope_theta":"1"}', 'metadata.rope_theta'],
  ['{"rope_theta":true}', 'metadata.rope_theta'],
  ['{"quantization":null}', undefined],
  ['{"quantization":[]}', 'metadata.quantization'],
  ['{"quantization":{"quant_type":"x","bits":256,"symmetric":true}}', 'metadata.quantization.bits'],
  ['{"quantization":{"quant_type":"x","bits":255,"symmetric":1}}', 'metadata.quantization.symmetric'],
  ['{"quantization":{"quant_type":"x","bits":255}}', 'metadata.quantization.symmetric'],
  ['{"quantization":{"quant_type":"x","bits":255,"symmetric":false,"more":[]}}', undefined],
  ['{"special_tokens":{}}', undefined],
  ['{"unknown":{"total_size":"x"}}', undefined],
];

for (const [text, field] of TYPES) {
  test(`types: ${text}`, () => {
    const fault = faultOf(text);
    assert.equal(fault?.field, field, fault?.message);
    if (fault !== undefined) assert.equal(fault.rule, 'APR-M006');
  });
}

test('a fault in a sub-object names its bytes in the file', () => {
  const text = '{"é":1,"quantization":{"quant_type":"x","bits":1.0,"symmetric":true}}';
  const start = HEADER_SIZE + Buffer.byteLength(text.slice(0, text.indexOf('1.0')));
  assert.deepEqual(faultOf(text)?.span, {start, end: start + 3});
  const missing = faultOf('{"quantization": {"bits":1}}');
  assert.deepEqual(missing?.span, {start: HEADER_SIZE + 17, end: HEADER_SIZE + 27});
  assert.equal(missing?.found, 'nothing');
});

test('the metadata is parsed once, and kept', () => {
  const model = openSync(written(whole({metadata: '{"a":[]}'})));
  assert.equal(model.metadata.a, model.metadata.a);
  model.close();
  assert.deepEqual(model.metadata, {a: []});
});
