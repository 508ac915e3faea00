// Compiles the specs of a folder with the pinned Kaitai compiler.
//
//   node compile.mjs OUT FOLDER   OUT/<target>/ of every *.ksy of FOLDER, for the four languages that are run, and
//                                 OUT/compiled.json: spec -> target -> text, or `refused`
//
// What FOLDER/findings.json says to build apart, because it does not build, goes into OUT/apart/<spec>/<target>/.

import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';

const require = createRequire(new URL('../package.json', import.meta.url));
const compiler = require('kaitai-struct-compiler');
const {parse} = require('yaml');

const RUN = ['python', 'javascript', 'java', 'go'];

const importer = {importYaml: (name) => Promise.reject(new Error(`the specs stand alone, but one imports ${name}`))};
const camel = (id) => id.split('_').map((word) => word[0].toUpperCase() + word.slice(1)).join('');

function write(file, text) {
  mkdirSync(path.dirname(file), {recursive: true});
  writeFileSync(file, text);
}

/** File name to text, or nothing when the compiler refuses the spec. */
async function compile(target, spec) {
  try {
    const made = await compiler.compile(target, spec, importer, false);
    return Object.entries(made).map(([name, text]) => [path.posix.basename(name), text]);
  } catch {
    return undefined;
  }
}

/** Spec to the targets that the manifest looks at, and the pairs of both that are built apart. */
function readManifest(folder) {
  const targets = {};
  const apart = new Set();
  for (const {name, cases} of JSON.parse(readFileSync(path.join(folder, 'findings.json'), 'utf8')).findings) {
    for (const {spec = name, show, finds, observed} of cases) {
      (targets[spec] ??= new Set(RUN));
      for (const target of Object.keys(observed)) {
        targets[spec].add(target);
        if (show === undefined && finds === undefined) apart.add(`${spec}/${target}`);
      }
    }
  }
  return {targets, apart};
}

const [out, folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node compile.mjs OUT FOLDER');
  process.exit(2);
}
const {targets, apart} = readManifest(folder);
const compiled = {};
const registry = [];
for (const file of readdirSync(folder).filter((name) => name.endsWith('.ksy')).sort()) {
  const id = path.basename(file, '.ksy');
  const source = readFileSync(path.join(folder, file), 'utf8');
  compiled[id] = {};
  for (const target of targets[id] ?? RUN) {
    const files = await compile(target, parse(source));
    compiled[id][target] = files?.map(([, text]) => text).join('\n') ?? 'refused';
    const alone = apart.has(`${id}/${target}`);
    for (const [name, text] of files ?? []) {
      const place = alone ? path.join(out, 'apart', id, target) : path.join(out, target);
      if (target === 'javascript') write(path.join(place, name.replace(/\.js$/, '.cjs')), text);
      // The compiler's JavaScript API cannot be told the package of its Go output, and leaves the line out.
      else if (target === 'go') write(path.join(place, name), `package ${alone ? id : 'main'}\n\n${text}`);
      else if (RUN.includes(target)) write(path.join(place, name), text);
    }
    if (target === 'go' && files && !alone) {
      const read = `v := New${camel(id)}(); return v, v.Read(s, nil, v)`;
      registry.push(`\t"${id}": func(s *kaitai.Stream) (any, error) { ${read} },`);
    }
  }
}
write(path.join(out, 'compiled.json'), JSON.stringify(compiled));
write(
  path.join(out, 'go', 'registry.go'),
  'package main\n\nimport "github.com/kaitai-io/kaitai_struct_go_runtime/kaitai"\n\n'
    + `var types = map[string]func(*kaitai.Stream) (any, error){\n${registry.join('\n')}\n}\n`,
);
