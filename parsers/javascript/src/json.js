// @ts-check
/** @file One JSON object, as strictly as the reference reads it, over the bytes of the file. */

import {FormatError} from './errors.js';
import {quoted, shownText} from './text.js';

/** @import {Limits} from './limits.js' */

/**
 * Makes a value of a number: gets its text, and whether it is an integer, written without fraction and exponent.
 *
 * @typedef {(text: string, isInteger: boolean) => unknown} NumberParser
 */

/** @typedef {{start: number, end: number}} Place Where a value stands in the text, in bytes. */

/**
 * @typedef {object} Options
 * @property {number} origin Where the text begins in the file.
 * @property {Readonly<Limits>} limits
 * @property {NumberParser | undefined} [parseNumber]
 */

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const LOWER_E = 0x65;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LAST_ASCII = 0x7f;
const END = -1;

const WORDS = /** @type {const} */ ([
  ['true', true],
  ['false', false],
  ['null', null],
]);

const SAFE_DIGITS = 15; // any integer of so many digits is a double
const DOUBLE_DIGITS = 309; // of the largest double
const NEAR_MAX = 1.797e308; // below it, no way of rounding makes an infinity

/**
 * Whether the reference reads an infinity, which it refuses.
 *
 * It keeps the digits that fit into 64 bits, here the first 20, and multiplies them by a power of ten: some numbers
 * just below the largest double, which are finite when rounded once, are not when rounded three times.
 *
 * @param {string} text
 */
function overflows(text) {
  const value = Math.abs(Number(text));
  if (value < NEAR_MAX) return false;
  if (!Number.isFinite(value)) return true;
  const digits = text
    .replace(/[eE].*/, '')
    .replace(/^[-0.]+/, '')
    .replace('.', '')
    .slice(0, 20);
  return !Number.isFinite(Number(digits) * Number(`1e${DOUBLE_DIGITS - digits.length}`));
}

/** @type {NumberParser} */
function exact(text, isInteger) {
  const value = Number(text);
  return isInteger && !Number.isSafeInteger(value) ? BigInt(text) : value;
}

/**
 * Reads UTF-8 text that is to be one JSON object.
 *
 * `value` is the object, in which of duplicate keys the last one counts; integers are exact, as a BigInt beyond
 * 2^53 - 1, unless `parseNumber` makes something else of them. `places` tells where the value of each of its keys stands.
 *
 * Raises `FormatError`: APR-M003 (not JSON), APR-M004 (not an object), APR-M005 (too deep), APR-L001 (beyond a limit).
 *
 * @param {Buffer} bytes Valid UTF-8.
 * @param {Options} options
 * @returns {{value: Record<string, unknown>, places: Map<string, Place>}}
 */
export function parseObject(bytes, options) {
  const scanner = new Scanner(bytes, options);
  const value = scanner.whole();
  return {value, places: scanner.places};
}

/** Moves over the text once. Every method begins where the one before it stopped. */
class Scanner {
  #bytes;
  #origin;
  #limits;
  #parseNumber;
  #at = 0;
  #depth = 0;
  #values = 0;
  #members = 0;
  /**
   * Where the values of the outermost object stand.
   *
   * @type {Map<string, Place>}
   */
  places = new Map();

  /**
   * @param {Buffer} bytes
   * @param {Options} options
   */
  constructor(bytes, {origin, limits, parseNumber = exact}) {
    this.#bytes = bytes;
    this.#origin = origin;
    this.#limits = limits;
    this.#parseNumber = parseNumber;
  }

  /** The object that the whole text is to be. */
  whole() {
    const isObject = this.#next() === OPEN_OBJECT;
    const start = this.#at;
    const value = this.#value();
    const end = this.#at;
    if (this.#next() !== END) this.#refuse(this.#at, 'nothing after the JSON value');
    if (!isObject) this.#refuse(start, 'a JSON object', {end, rule: 'APR-M004'});
    return /** @type {Record<string, unknown>} */ (value);
  }

  /** @returns {unknown} */
  #value() {
    this.#values += 1;
    if (this.#values > this.#limits.maxMetadataValues) this.#exceed('maxMetadataValues');
    const found = this.#next();
    if (found === QUOTE) return this.#string();
    if (found === OPEN_OBJECT) return this.#object();
    if (found === OPEN_LIST) return this.#list();
    if (found === MINUS || (found >= ZERO && found <= NINE)) return this.#number();
    return this.#word();
  }

  #object() {
    /** @type {Record<string, unknown>} */
    const made = {};
    this.#enter();
    if (this.#next() === CLOSE_OBJECT) this.#at += 1;
    else {
      do this.#member(made);
      while (this.#more(CLOSE_OBJECT));
    }
    this.#depth -= 1;
    return made;
  }

  /** @param {Record<string, unknown>} made */
  #member(made) {
    if (this.#next() !== QUOTE) this.#refuse(this.#at, 'a key in double quotes');
    const isOutermost = this.#depth === 1;
    if (isOutermost) {
      this.#members += 1;
      if (this.#members > this.#limits.maxMetadataMembers) this.#exceed('maxMetadataMembers');
    }
    const key = this.#string();
    if (this.#next() !== COLON) this.#refuse(this.#at, "':' after the key");
    this.#at += 1;
    this.#next();
    const start = this.#at;
    const value = this.#value();
    if (isOutermost) this.places.set(key, {start, end: this.#at});
    // Assigned, this key would replace the prototype of the object.
    if (key === '__proto__') {
      Object.defineProperty(made, key, {value, configurable: true, enumerable: true, writable: true});
    } else made[key] = value;
  }

  #list() {
    const items = [];
    this.#enter();
    if (this.#next() === CLOSE_LIST) this.#at += 1;
    else {
      do items.push(this.#value());
      while (this.#more(CLOSE_LIST));
    }
    this.#depth -= 1;
    return items;
  }

  #enter() {
    this.#depth += 1;
    const most = this.#limits.maxJsonNesting;
    if (this.#depth > most) {
      this.#refuse(this.#at, `at most ${most} levels of arrays and objects`, {end: this.#at + 1, rule: 'APR-M005'});
    }
    this.#at += 1;
  }

  /**
   * Whether another item follows; moves behind the comma or the closing bracket.
   *
   * @param {number} close
   */
  #more(close) {
    const found = this.#next();
    if (found !== COMMA && found !== close) this.#refuse(this.#at, `',' or ${quoted(String.fromCharCode(close))}`);
    this.#at += 1;
    return found === COMMA;
  }

  #string() {
    const start = this.#at;
    let isPlain = true;
    let isAscii = true;
    this.#at += 1;
    for (let found = this.#byte(); found !== QUOTE; found = this.#byte()) {
      if (found === END) this.#refuse(start, 'a closing double quote');
      if (found < SPACE) this.#refuse(this.#at, 'control characters escaped');
      if (found === BACKSLASH) {
        isPlain = false;
        this.#at += 1; // so that an escaped quote does not close the string
      } else if (found > LAST_ASCII) isAscii = false;
      this.#at += 1;
    }
    this.#at += 1;
    if (!isPlain) return this.#unescaped(start);
    return this.#bytes.toString(isAscii ? 'latin1' : 'utf8', start + 1, this.#at - 1);
  }

  /**
   * The text of a string with escapes, which begins at its quote and ends where we are.
   *
   * @param {number} start
   */
  #unescaped(start) {
    /** @type {string & {isWellFormed(): boolean}} */
    let value;
    try {
      value = JSON.parse(this.#bytes.toString('utf8', start, this.#at));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return this.#refuse(start, 'escapes that JSON knows', {end: this.#at});
    }
    if (!value.isWellFormed()) this.#refuse(start, 'surrogate escapes in pairs', {end: this.#at});
    return value;
  }

  #number() {
    const start = this.#at;
    if (this.#byte() === MINUS) this.#at += 1;
    if (this.#byte() === ZERO) this.#at += 1;
    else this.#digits();
    const wholeEnd = this.#at;
    if (this.#byte() === POINT) {
      this.#at += 1;
      this.#digits();
    }
    if (this.#byte() === LOWER_E || this.#byte() === UPPER_E) {
      this.#at += 1;
      if (this.#byte() === PLUS || this.#byte() === MINUS) this.#at += 1;
      this.#digits();
    }
    const text = this.#bytes.toString('latin1', start, this.#at);
    const isInteger = this.#at === wholeEnd;
    if (!(isInteger && text.length <= SAFE_DIGITS) && overflows(text)) {
      this.#refuse(start, 'a number within the range of a double', {end: this.#at});
    }
    return this.#parseNumber(text, isInteger);
  }

  #digits() {
    const start = this.#at;
    for (let found = this.#byte(); found >= ZERO && found <= NINE; found = this.#byte()) this.#at += 1;
    if (this.#at === start) this.#refuse(start, 'a digit');
  }

  #word() {
    for (const [text, value] of WORDS) {
      if (this.#bytes.toString('latin1', this.#at, this.#at + text.length) === text) {
        this.#at += text.length;
        return value;
      }
    }
    return this.#refuse(this.#at, 'a JSON value');
  }

  #byte() {
    return this.#at < this.#bytes.length ? /** @type {number} */ (this.#bytes[this.#at]) : END;
  }

  /** The first byte that is no blank. */
  #next() {
    let found = this.#byte();
    while (found === SPACE || found === LINE_FEED || found === CARRIAGE_RETURN || found === TAB) {
      this.#at += 1;
      found = this.#byte();
    }
    return found;
  }

  /**
   * @param {number} start
   * @param {string} expected
   * @param {{end?: number, rule?: string, found?: string}} [more]
   * @returns {never}
   */
  #refuse(start, expected, {end, rule = 'APR-M003', found} = {}) {
    const text = this.#bytes.subarray(start, end);
    found ??= text.length === 0 ? 'the end of the metadata' : shownText(text);
    const stop = end ?? Math.min(start + 1, this.#bytes.length);
    const span = {start: this.#origin + start, end: this.#origin + stop};
    throw new FormatError(rule, {field: 'metadata', span, expected, found});
  }

  /**
   * @param {keyof Limits} name
   * @returns {never}
   */
  #exceed(name) {
    const expected = `at most ${this.#limits[name]} (${name})`;
    return this.#refuse(this.#at, expected, {end: this.#bytes.length, rule: 'APR-L001', found: 'more'});
  }
}
