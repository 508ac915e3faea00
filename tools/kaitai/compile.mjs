// Compiles spec/apr_v2.ksy with the pinned Kaitai compiler.
//
//   node compile.mjs --write                         writes the parsers that parsers/<language>/ carry
//   node compile.mjs --check                         prints how those have drifted; exit 1 when one has
//   node compile.mjs --out DIR [--targets a,b,...]   DIR/<target>/ for every target, or for those named; also with --write
//
// Exit 0: done; 1: a target failed, or drift; 2: usage.

import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const require = createRequire(import.meta.url);

function installed(name) {
  try {
    return require(name);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    console.error(`compile.mjs: ${name} is not installed. Run: npm --prefix tools/kaitai ci`);
    return process.exit(1);
  }
}

const compiler = installed('kaitai-struct-compiler');
const {version} = installed('kaitai-struct-compiler/package.json');
const {parse} = installed('yaml');

const SPEC = 'spec/apr_v2.ksy';
const REGENERATE = 'node tools/kaitai/compile.mjs --write';
const TARGETS = [
  'python', 'javascript', 'java', 'go', 'rust', 'cpp_stl', 'csharp', 'ruby', 'php', 'perl', 'lua', 'html', 'graphviz',
];
// The compiler's JavaScript API cannot be told the package of its Go and Java output, and leaves the line out.
const GO_PACKAGE = 'aprv2';
const JAVA_PACKAGE = 'org.aprfmt.reader.generated';
// What is committed, by target. In a package of modules, CommonJS needs an extension of its own.
const COMMITTED = {
  python: {path: 'parsers/python/src/aprfmt_reader/_generated/apr_v2.py', comment: '#'},
  javascript: {path: 'parsers/javascript/src/generated/AprV2.cjs', comment: '//'},
  java: {path: 'parsers/java/src/main/java/org/aprfmt/reader/generated/AprV2.java', comment: '//'},
  go: {path: 'parsers/go/internal/aprv2/apr_v2.go', comment: '//'},
};

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

function withPackage(text, line) {
  const [comment, code] = text.split(/^(?=import )/m, 2);
  if (code === undefined || /^package /m.test(text)) throw new Error('the package line has no place to go');
  return `${comment}${line}\n\n${text.slice(comment.length)}`;
}

const FINISH = {
  go: (text) => withPackage(text, `package ${GO_PACKAGE}`),
  java: (text) => withPackage(text, `package ${JAVA_PACKAGE};`),
};

/** File name to text, for one target. */
async function compileTarget(target) {
  const made = await compiler.compile(target, readSpec(), importer, false);
  const files = Object.entries(made).map(([name, text]) => [path.posix.basename(name), text]);
  if (files.length === 0 || files.some(([, text]) => text.trim() === '')) throw new Error('the output is empty');
  const finish = FINISH[target] ?? ((text) => text);
  return files.map(([name, text]) => [name, finish(text)]);
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

/** Path to text, as committed under parsers/. */
async function committed() {
  const digest = createHash('sha256').update(source).digest('hex');
  const texts = [];
  for (const [target, {path: name, comment}] of Object.entries(COMMITTED)) {
    const files = await compileTarget(target);
    if (files.length !== 1) throw new Error(`target ${target}: expected one file, found ${files.length}`);
    const banner = [
      `${comment} GENERATED, never edited by hand. Source: ${SPEC}, SHA-256 ${digest}.`,
      `${comment} Made by kaitai-struct-compiler ${version}. Regenerate: ${REGENERATE}`,
      // Go takes a comment that touches the package line for its documentation.
      '',
    ];
    // The compiler indents the empty lines of documentation, which `git diff --check` objects to.
    const text = [...banner, files[0][1]].join('\n').replace(/[ \t]+$/gm, '').trimEnd();
    texts.push([name, `${text}\n`]);
  }
  return texts;
}

async function writeCommitted() {
  for (const [name, text] of await committed()) {
    const file = path.join(repository, name);
    mkdirSync(path.dirname(file), {recursive: true});
    writeFileSync(file, text);
  }
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

async function checkCommitted() {
  let drifted = false;
  for (const [name, expected] of await committed()) {
    const found = readCommitted(path.join(repository, name));
    if (found === expected) continue;
    drifted = true;
    console.log(`${name} is not what ${SPEC} compiles to:`);
    for (const line of difference(found.split('\n'), expected.split('\n'))) console.log(line);
  }
  if (drifted) console.log(`To regenerate it: ${REGENERATE}`);
  return drifted ? 1 : 0;
}

function usage(message) {
  console.error(`compile.mjs: ${message}`);
  console.error('usage: node compile.mjs [--write] [--out DIR [--targets a,b,...]] | --check');
  return 2;
}

function readArguments() {
  const {values} = parseArgs({
    options: {
      out: {type: 'string'},
      targets: {type: 'string'},
      write: {type: 'boolean'},
      check: {type: 'boolean'},
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
  const writes = values.write !== undefined || values.out !== undefined;
  if (writes === (values.check !== undefined)) return usage('--check, or one of --write and --out, is needed');
  if (values.targets !== undefined && values.out === undefined) return usage('--targets goes with --out');
  if (values.check) return checkCommitted();
  const targets = values.targets?.split(',') ?? TARGETS;
  const unknown = targets.filter((target) => !TARGETS.includes(target));
  if (unknown.length > 0) return usage(`no such target: ${unknown.join(', ')} (there are ${TARGETS.join(', ')})`);
  if (values.write) await writeCommitted();
  return values.out === undefined ? 0 : writeTargets(values.out, targets);
}

process.exitCode = await main();
