// Reads the inputs with the generated JavaScript: see `Case.line` in run.py for what comes in on stdin.
//
//   node reader.mjs FOLDER   prints one line an input: its name, a tab, and what came out

import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {createInterface} from 'node:readline';

const require = createRequire(new URL('../package.json', import.meta.url));
const KaitaiStream = require('kaitai-struct/KaitaiStream');
const folder = process.argv[2];

function quoted(text) {
  const escaped = Array.from({length: text.length}, (_, i) => {
    const code = text.charCodeAt(i);
    return code >= 0x20 && code < 0x7f ? text[i] : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped.join('')}"`;
}

function shown(value) {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  // As a whole number to its last digit: the shortest text that rounds to it would hide what it is.
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value).toString() : String(value);
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Uint8Array) {
    return value.length <= 16 ? `0x${Buffer.from(value).toString('hex')}` : `${value.length} bytes`;
  }
  if (Array.isArray(value)) return value.length <= 8 ? `[${value.map(shown).join(', ')}]` : `${value.length} elements`;
  return 'object';
}

const fault = (error) => error.name + (error.srcPath ? ` at ${error.srcPath}` : '');
const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const reach = (value, steps) =>
  steps.split('.').reduce((at, step) => (step === '#' ? at.length : at[camel(step)]), value);

function attempt(make, before, tell = fault) {
  try {
    return make();
  } catch (error) {
    return `${before}${tell(error)}`;
  }
}

function outcome(made, file, paths) {
  const tell = paths[0] === 'message' ? (error) => quoted(error.message) : fault;
  return attempt(() => {
    const value = new made(new KaitaiStream(readFileSync(file)));
    return paths.map((at) => `${at}=${attempt(() => shown(reach(value, at)), '!')}`).join(' ');
  }, 'refused: ', tell);
}

for await (const line of createInterface({input: process.stdin})) {
  const [name, spec, , file, paths] = line.split('\t');
  const made = camel(`_${spec}`);
  console.log(`${name}\t${outcome(require(path.join(folder, `${made}.cjs`))[made], file, paths.split(' '))}`);
}
