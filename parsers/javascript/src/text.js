// @ts-check
/** @file Text of the file in messages and on terminals. */

// Control and format characters, lone surrogates, what Unicode does not know, separators of lines.
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const LONGEST_NAME = 100;
const LONGEST_BYTES = 64;
const LONGEST_TEXT = 40;

/** @param {string} character */
function escaped(character) {
  const code = /** @type {number} */ (character.codePointAt(0));
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
}

/**
 * The text with everything escaped that could move a cursor, colour a terminal or reverse a line.
 *
 * @param {string} text
 */
export function printable(text) {
  return text.replace(UNSAFE, escaped);
}

/**
 * A text for a message: in quotes that nothing in it can close, printable, cut where it is long.
 *
 * @param {string} text
 */
export function quoted(text, longest = LONGEST_NAME) {
  const inner = printable(text.slice(0, longest).replace(/[\\']/g, '\\$&'));
  return `'${inner}'${text.length > longest ? '…' : ''}`;
}

/**
 * Bytes for a message: ASCII as it is, every other byte escaped, cut where they are many.
 *
 * @param {Uint8Array} bytes
 */
export function shownBytes(bytes) {
  const shown = Array.from(bytes.subarray(0, LONGEST_BYTES), (byte) => {
    if (byte === 0x27 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `'${shown.join('')}'${bytes.length > LONGEST_BYTES ? `… (${bytes.length} bytes)` : ''}`;
}

/**
 * The beginning of UTF-8 text for a message.
 *
 * @param {Buffer} bytes
 */
export function shownText(bytes) {
  return quoted(bytes.toString('utf8', 0, 4 * (LONGEST_TEXT + 1)), LONGEST_TEXT);
}

/** @param {number} checksum */
export function shownChecksum(checksum) {
  return `0x${checksum.toString(16).padStart(8, '0')}`;
}

/**
 * A shape for people.
 *
 * @param {readonly (number | bigint)[]} shape
 */
export function shapeText(shape) {
  return `[${shape.join(', ')}]`;
}
