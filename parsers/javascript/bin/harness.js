// @ts-check
/** @file Answers the conformance kit line by line, as spec/protocol describes it. */

import {createRequire} from 'node:module';
import {createInterface} from 'node:readline';
import {crc32} from 'node:zlib';

import {FormatError, openSync} from '../src/index.js';

/** @import {Header, Model, Tensor} from '../types/index.js' */

const require = createRequire(import.meta.url);
const {name, version} = require('../package.json');
const runtime = require('kaitai-struct/package.json');

const implementation = {
  name: `${name} (JavaScript)`,
  version,
  language: `JavaScript, Node ${process.versions.node}, ${runtime.name} ${runtime.version}`,
};

/** @param {Header} header */
const headerValues = (header) => ({
  version_major: header.versionMajor,
  version_minor: header.versionMinor,
  flags: header.flags,
  num_tensors: header.numTensors,
  ofs_metadata: header.ofsMetadata,
  len_metadata: header.lenMetadata,
  ofs_tensor_index: header.ofsTensorIndex,
  ofs_data: header.ofsData,
  checksum: header.checksum,
});

/** @param {Tensor} tensor */
function checksum(tensor) {
  let value = 0;
  for (const piece of tensor.chunks()) value = crc32(piece, value);
  return value.toString(16).padStart(8, '0');
}

/**
 * @param {Model} model
 * @param {boolean} withChecksums
 */
const valuesOf = (model, withChecksums) => ({
  header: headerValues(model.header),
  metadata: model.metadata,
  tensors: model.tensors.map((tensor) => ({
    name: tensor.name,
    dtype: tensor.dtype.id,
    dims: tensor.shape,
    ofs_tensor: tensor.dataOffset,
    len_tensor: tensor.nbytes,
    ...(withChecksums && {crc32: checksum(tensor)}),
  })),
  footer: model.footer === null ? null : model.footer.checksum,
});

/** @param {{id: string, file: string, crc32: boolean}} request */
function answer({id, file, crc32: withChecksums}) {
  let model;
  try {
    model = openSync(file);
    model.verify();
    return {id, verdict: 'accept', values: valuesOf(model, withChecksums)};
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return {id, verdict: 'reject', code: error.rule, message: error.message};
  } finally {
    model?.close();
  }
}

// The protocol has digits beyond 2^53 only, and 2^53 is a BigInt all the same: 2^53 + 1 would round to it.
const LARGEST = 2n ** 53n;

/**
 * A BigInt as digits, which JSON has no other way to write.
 *
 * @param {string} _key
 * @param {unknown} value
 */
function digits(_key, value) {
  if (typeof value !== 'bigint') return value;
  return value <= LARGEST && value >= -LARGEST ? Number(value) : String(value);
}

/** @param {unknown} value */
function print(value) {
  process.stdout.write(`${JSON.stringify(value, digits)}\n`);
}

for await (const line of createInterface({input: process.stdin})) {
  const request = JSON.parse(line);
  if (request.cmd === 'start') print({protocol: 1, implementation, can: ['read']});
  else if (request.cmd === 'run') print(answer(request));
  else break;
}
process.stdin.destroy();
