// Compiles spec/apr_v2.ksy with the pinned Kaitai compiler.
//
//   node compile.mjs --out DIR [--targets a,b,...]   DIR/<target>/ for every target, or for those named
//   node compile.mjs --write-python                  writes the reader that the Python package carries
//   node compile.mjs --check-python                  prints how that reader has drifted; exit 1 when it has
//
// Exit 0: done; 1: a target failed, or drift; 2: usage.

import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {parse} from 'yaml';

const require = createRequire(import.meta.url);
const compiler = require('kaitai-struct-compiler');
const {version} = require('kaitai-struct-compiler/package.json');

const SPEC = 'spec/apr_v2.ksy';
const COMMITTED = 'src/aprfmt/layout/_generated/kaitai';
const REGENERATE = 'node tools/kaitai/compile.mjs --write-python';
const TARGETS = [
  'python', 'javascript', 'java', 'go', 'rust', 'cpp_stl', 'csharp', 'ruby', 'php', 'perl', 'lua', 'html', 'graphviz',
];
// The compiler's JavaScript API cannot be told the package of its Go output, and leaves the line out.
const GO_PACKAGE = 'aprv2';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const source = readFileSync(path.join(repository, SPEC));

// The YAML reader rounds such numbers before the compiler sees them; other readers of the spec read them exactly.
function refuseRoundedNumbers(node, at = '') {
  if (Number.isInteger(node) && !Number.isSafeInteger(node)) {
    throw new Error(`${SPEC}: ${at}: a number beyond 2^53 is not read exactly here`);
  }
  if (node !== null && typeof node === 'object') {
    for (const [key, value] of Object.entries(node)) refuseRoundedNumbers(value, `${at}/${key}`);
  }
}

function readSpec() {
  const spec = parse(source.toString('utf8'));
  refuseRoundedNumbers(spec);
  return spec;
}

const importer = {
  importYaml: (name) => Promise.reject(new Error(`${SPEC} stands alone, but imports ${name}`)),
};

function withGoPackage(text) {
  const [comment, code] = text.split(/^(?=import )/m, 2);
  if (code === undefined || /^package /m.test(text)) throw new Error('the package line has no place to go');
  return `${comment}package ${GO_PACKAGE}\n\n${code}`;
}

/** File name to text, for one target. */
async function compileTarget(target) {
  const made = await compiler.compile(target, readSpec(), importer, false);
  const files = Object.entries(made).map(([name, text]) => [path.posix.basename(name), text]);
  if (files.length === 0 || files.some(([, text]) => text.trim() === '')) throw new Error('the output is empty');
  return target === 'go' ? files.map(([name, text]) => [name, withGoPackage(text)]) : files;
}

async function writeTargets(out, targets) {
  let failures = 0;
  for (const target of targets) {
    try {
      const files = await compileTarget(target);
      const folder = path.join(out, target);
      mkdirSync(folder, {recursive: true});
      for (const [name, text] of files) writeFileSync(path.join(folder, name), text);
    } catch (error) {
      failures += 1;
      console.error(`compile.mjs: target ${target} FAILED: ${error.message ?? error}`);
    }
  }
  return failures === 0 ? 0 : 1;
}

/** File name to text, as committed under src/. */
async function committedPython() {
  const digest = createHash('sha256').update(source).digest('hex');
  const banner = [
    '# Generated file, never edit.',
    `# source: ${SPEC} sha256 ${digest}`,
    `# compiler: kaitai-struct-compiler ${version}`,
    `# regenerate: ${REGENERATE}`,
  ];
  const files = (await compileTarget('python')).map(([name, text]) => [
    name,
    // The compiler indents the empty lines of documentation, which `git diff --check` objects to.
    `${[...banner, text].join('\n').replace(/[ \t]+$/gm, '').trimEnd()}\n`,
  ]);
  return [...files, ['__init__.py', '"""The Kaitai compiler\'s own Python reader: generated, never edited."""\n']];
}

async function writePython() {
  const folder = path.join(repository, COMMITTED);
  mkdirSync(folder, {recursive: true});
  for (const [name, text] of await committedPython()) writeFileSync(path.join(folder, name), text);
  return 0;
}

/** Lines taken out (-) and put in (+), each with its line number, by their longest common subsequence. */
function difference(before, after) {
  const common = Array.from({length: before.length + 1}, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      common[i][j] = before[i] === after[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const lines = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      i += 1;
      j += 1;
    } else if (j === after.length || (i < before.length && common[i + 1][j] >= common[i][j + 1])) {
      lines.push(`-${i + 1}: ${before[i]}`);
      i += 1;
    } else {
      lines.push(`+${j + 1}: ${after[j]}`);
      j += 1;
    }
  }
  return lines;
}

function readCommitted(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

async function checkPython() {
  let drifted = false;
  for (const [name, expected] of await committedPython()) {
    const found = readCommitted(path.join(repository, COMMITTED, name));
    if (found === expected) continue;
    drifted = true;
    console.log(`${COMMITTED}/${name} is not what ${SPEC} compiles to:`);
    for (const line of difference(found.split('\n'), expected.split('\n'))) console.log(line);
  }
  if (drifted) console.log(`To regenerate it: ${REGENERATE}`);
  return drifted ? 1 : 0;
}

function usage(message) {
  console.error(`compile.mjs: ${message}`);
  console.error('usage: node compile.mjs --out DIR [--targets a,b,...] | --write-python | --check-python');
  return 2;
}

function readArguments() {
  const {values} = parseArgs({
    options: {
      out: {type: 'string'},
      targets: {type: 'string'},
      'write-python': {type: 'boolean'},
      'check-python': {type: 'boolean'},
    },
  });
  return values;
}

async function main() {
  let values;
  try {
    values = readArguments();
  } catch (error) {
    return usage(error.message);
  }
  const modes = ['out', 'write-python', 'check-python'].filter((mode) => values[mode] !== undefined);
  if (modes.length !== 1) return usage('one of --out, --write-python and --check-python is needed');
  if (values.targets !== undefined && values.out === undefined) return usage('--targets goes with --out');
  if (values['write-python']) return writePython();
  if (values['check-python']) return checkPython();
  const targets = values.targets?.split(',') ?? TARGETS;
  const unknown = targets.filter((target) => !TARGETS.includes(target));
  if (unknown.length > 0) return usage(`no such target: ${unknown.join(', ')} (there are ${TARGETS.join(', ')})`);
  return writeTargets(values.out, targets);
}

process.exitCode = await main();
