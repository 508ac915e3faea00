// Reads files with the JavaScript that the Kaitai compiler made of spec/apr_v2.ksy, as one JSON line a file.
//
//   node read.mjs COMPILED_DIR FILE...    COMPILED_DIR is what compile.mjs was given as --out
//   node read.mjs COMPILED_DIR --serve    a path on each line of standard input, answered at once
//
// Touched are header, metadata, paddings, index, footer and trailing bytes; tensor data never is. Numbers of 64 bits
// are doubles in the generated code, so from 2^53 on the decimal strings tell the nearest double.
//
// A refusal is `"ok": false`. Whatever else goes wrong (a file out of reach, an exhausted stack, a fault of this
// program) is not a verdict on the file and ends the process: exit 1; usage: exit 2.

import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {createInterface} from 'node:readline';
import vm from 'node:vm';

const require = createRequire(import.meta.url);
const KaitaiStream = require('kaitai-struct/KaitaiStream');

// The generated module asks for its runtime by name, and from a temporary folder that name leads nowhere.
function loadParser(compiled) {
  const file = path.join(compiled, 'javascript', 'AprV2.js');
  const exported = {};
  vm.compileFunction(readFileSync(file, 'utf8'), ['exports', 'require'], {filename: file})(exported, require);
  return exported.AprV2;
}

// The runtime looks at the whole buffer behind a view, and Node keeps small files in a shared one.
function ownBuffer(file) {
  const {buffer, byteOffset, byteLength} = readFileSync(file);
  return byteLength === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
}

const u64 = (value) => BigInt(value).toString();
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const digest = (bytes) => ({len: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex')});
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const flags = (read) =>
  Object.fromEntries(
    Object.entries(read)
      .filter(([name]) => !name.startsWith('_'))
      .map(([name, value]) => [snake(name), value]),
  );

const header = (read) => ({
  magic: hex(read.magic),
  version_major: read.versionMajor,
  version_minor: read.versionMinor,
  flags: flags(read.flags),
  num_tensors: read.numTensors,
  ofs_metadata: u64(read.ofsMetadata),
  len_metadata: read.lenMetadata,
  ofs_tensor_index: u64(read.ofsTensorIndex),
  ofs_data: u64(read.ofsData),
  checksum: read.checksum,
  reserved: hex(read.reserved),
});

const entry = (read) => ({
  len_name: read.lenName,
  name_hex: hex(read.name),
  dtype: read.dtype,
  ndim: read.ndim,
  dims: read.dims.map(u64),
  ofs_tensor: u64(read.ofsTensor),
  len_tensor: u64(read.lenTensor),
});

const dump = (read) => ({
  header: header(read.header),
  header_padding: digest(read.headerPadding),
  metadata: digest(read.metadata),
  metadata_padding: digest(read.metadataPadding),
  entries: read.tensorIndex.entries.map(entry),
  index_padding: digest(read.tensorIndex.padding),
  footer: read.footer === undefined ? null : read.footer.checksum,
  trailing: read.trailing === undefined ? null : digest(read.trailing),
});

// The runtime's own errors, and the engine's for a place or a length outside the buffer. The class of the latter
// alone does not do: an exhausted stack is a RangeError too.
function isRefusal(error) {
  if (error instanceof RangeError) return /^(Invalid typed array length|Start offset|Offset is outside)/.test(error.message);
  return error instanceof Error && typeof KaitaiStream[error.name] === 'function';
}

function readOne(AprV2, file) {
  const bytes = ownBuffer(file);
  try {
    return {file, ok: true, ...dump(new AprV2(new KaitaiStream(bytes)))};
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return {file, ok: false, error: `${error.name}: ${error.message}`};
  }
}

const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

async function main([compiled, ...files]) {
  if (compiled === undefined || compiled.startsWith('-') || files.length === 0) {
    console.error('usage: node read.mjs COMPILED_DIR FILE... | node read.mjs COMPILED_DIR --serve');
    return 2;
  }
  const AprV2 = loadParser(compiled);
  if (files.length === 1 && files[0] === '--serve') {
    for await (const file of createInterface({input: process.stdin})) print(readOne(AprV2, file));
  } else {
    for (const file of files) print(readOne(AprV2, file));
  }
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
