#!/usr/bin/env node
// @ts-check
/** @file Lists the tensors of a model. */

import {createRequire} from 'node:module';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {parseArgs} from 'node:util';

import {FileError, FormatError, openSync, printable} from '../src/index.js';

/** @import {Tensor} from '../types/index.js' */

const USAGE = 'usage: apr-tensors [--verify] FILE';
const HELP = `${USAGE}

Lists the tensors of an APR v2 model, one a line: name, dtype, shape, bytes.

  --verify   check the metadata too, and every byte against the footer
  --version  print the version
  --help     print this

Exit codes: 0 done, 2 wrong usage, 3 the file cannot be read, 4 it is no valid APR v2 file.`;

const EXIT = {usage: 2, unreadable: 3, invalid: 4};

/**
 * One error, one line, one exit code.
 *
 * @param {string} message
 * @param {number} code
 */
function fail(message, code) {
  process.stderr.write(`apr-tensors: ${printable(message)}\n`);
  process.exitCode = code;
}

/** @param {string[]} args */
function readArguments(args) {
  const flag = /** @type {const} */ ({type: 'boolean', default: false});
  const {values, positionals} = parseArgs({
    args,
    allowPositionals: true,
    options: {verify: flag, version: flag, help: flag},
  });
  const [path, ...more] = positionals;
  if (!values.help && !values.version && (path === undefined || more.length > 0))
    throw new TypeError('expected one FILE');
  return {...values, path: path ?? ''};
}

/** @param {readonly Tensor[]} tensors */
function* lines(tensors) {
  for (const {name, dtype, shape, nbytes} of tensors) {
    yield `${printable(name)}\t${dtype.name}\t[${shape.join(', ')}]\t${nbytes}\n`;
  }
}

/** @param {unknown} error */
const isUnreadable = (error) => error instanceof FileError || (error instanceof Error && 'syscall' in error);

/**
 * The tensors of a file, which is closed again.
 *
 * @param {string} path
 * @param {boolean} verify
 */
function readTensors(path, verify) {
  const model = openSync(path);
  try {
    if (verify) model.verify();
    return model.tensors;
  } finally {
    model.close();
  }
}

/**
 * @param {string} path
 * @param {boolean} verify
 */
async function list(path, verify) {
  let subject = path;
  try {
    const tensors = readTensors(path, verify);
    subject = 'standard output';
    await pipeline(Readable.from(lines(tensors)), process.stdout, {end: false});
  } catch (error) {
    const {code, message} = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'EPIPE') return; // whoever reads the list has seen enough of it
    if (error instanceof FormatError) fail(`${subject}: ${message}`, EXIT.invalid);
    else if (isUnreadable(error)) fail(`${subject}: ${message}`, EXIT.unreadable);
    else throw error;
  }
}

/** @param {string[]} args */
async function main(args) {
  let request;
  try {
    request = readArguments(args);
  } catch (error) {
    fail(`${/** @type {Error} */ (error).message.split('\n')[0]}; ${USAGE}`, EXIT.usage);
    return;
  }
  if (request.help) console.log(HELP);
  else if (request.version) console.log(createRequire(import.meta.url)('../package.json').version);
  else await list(request.path, request.verify);
}

process.stderr.on('error', () => {}); // the exit code says the same to those who take no messages
await main(process.argv.slice(2));
