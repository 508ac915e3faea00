// @ts-check
/** @file What the Kaitai parser cannot say: sizes, overlap, the end of the file, the checksum of all of it. */

import {FormatError} from './errors.js';
import {FOOTER_SIZE} from './generated/facts.js';
import {Tensor} from './tensor.js';
import {quoted, shapeText, shownChecksum} from './text.js';

/** @import {SourceFile} from './file.js' */
/** @import {DTypeFacts} from './generated/facts.js' */
/** @import {Root} from './kaitai.js' */

/**
 * Raises APR-D002 when the size of a tensor is not one that its element type and shape take.
 *
 * @param {readonly Tensor[]} tensors
 */
export function checkSizes(tensors) {
  for (const tensor of tensors) {
    const sizes = sizesOf(tensor.dtype, tensor.shape);
    if (sizes.includes(BigInt(tensor.nbytes))) continue;
    throw new FormatError('APR-D002', {
      ...Tensor.field(tensor, 'len_tensor'),
      expected: `${sizes.map(sizeText).join(' or ')} for ${tensor.dtype.name} ${shapeText(tensor.shape)}`,
      found: `${tensor.nbytes} bytes`,
      tensor: tensor.name,
    });
  }
}

/**
 * The sizes in bytes that a tensor may have.
 *
 * @param {DTypeFacts} dtype
 * @param {readonly (number | bigint)[]} shape
 * @returns {bigint[]}
 */
function sizesOf({blockElems, blockBytes, scaleBytes, rowPadded}, shape) {
  const scale = BigInt(scaleBytes);
  if (shape.includes(0)) return scaleBytes === 0 ? [0n] : [0n, scale];
  const size = (/** @type {bigint} */ blocks) => blocks * BigInt(blockBytes) + scale;
  const blocks = (/** @type {bigint} */ elements) => (elements + BigInt(blockElems) - 1n) / BigInt(blockElems);
  const flat = size(blocks(elementsOf(shape)));
  const [rows, columns, ...more] = shape;
  if (!rowPadded || rows === undefined || columns === undefined || more.length > 0) return [flat];
  const padded = size(BigInt(rows) * blocks(BigInt(columns)));
  return padded === flat ? [flat] : [flat, padded];
}

/**
 * The number of elements of a shape without zeros.
 *
 * @param {readonly (number | bigint)[]} shape
 */
function elementsOf(shape) {
  // Of factors from 1 on, no product on the way is larger than the last one: below 2^53 all of them are exact.
  const nearest = shape.reduce((/** @type {number} */ product, dim) => product * Number(dim), 1);
  if (nearest <= Number.MAX_SAFE_INTEGER) return BigInt(nearest);
  return shape.reduce((/** @type {bigint} */ product, dim) => product * BigInt(dim), 1n);
}

/**
 * A size for a message: the product of 255 large dimensions has thousands of digits.
 *
 * @param {bigint} nbytes
 */
function sizeText(nbytes) {
  return nbytes > BigInt(Number.MAX_SAFE_INTEGER) ? 'more than 2^53' : String(nbytes);
}

/**
 * Raises APR-D003 when two tensors share bytes. One without bytes shares none.
 *
 * @param {readonly Tensor[]} tensors
 */
export function checkOverlap(tensors) {
  const byPlace = tensors.filter(({nbytes}) => nbytes > 0).sort((a, b) => a.dataOffset - b.dataOffset);
  let [furthest] = byPlace;
  for (const tensor of byPlace.slice(1)) {
    const end = endOf(/** @type {Tensor} */ (furthest));
    if (tensor.dataOffset < end) {
      throw new FormatError('APR-D003', {
        ...Tensor.field(tensor, 'ofs_tensor'),
        expected: `an offset of at least ${end}, where ${quoted(furthest?.name ?? '')} ends`,
        found: String(tensor.dataOffset),
        tensor: tensor.name,
      });
    }
    furthest = tensor;
  }
}

/** @param {Tensor} tensor */
const endOf = (tensor) => tensor.dataOffset + tensor.nbytes;

/**
 * Raises APR-D004 when the file ends before its data section does, and APR-F001 when it ends inside its footer.
 *
 * @param {Root} root
 */
export function checkEnd({header, lenFile, requiredLen}) {
  if (lenFile < requiredLen) {
    throw new FormatError('APR-D004', {
      field: 'tensor_data',
      span: {start: header.ofsData, end: lenFile},
      expected: `${requiredLen} bytes`,
      found: `${lenFile} bytes`,
    });
  }
  if (lenFile > requiredLen && lenFile < requiredLen + FOOTER_SIZE) {
    throw new FormatError('APR-F001', {
      field: 'footer.checksum',
      span: {start: requiredLen, end: lenFile},
      expected: `${FOOTER_SIZE} bytes`,
      found: `${lenFile - requiredLen} bytes`,
    });
  }
}

/**
 * Reads every byte before the footer. Raises APR-F002 when the footer does not match them; without a footer, APR-F005
 * when one flipped bit hides it.
 *
 * @param {SourceFile} file
 * @param {Root} root
 * @param {readonly Tensor[]} tensors
 */
export function checkFooter(file, root, tensors) {
  const {footer, requiredLen} = root;
  if (footer === undefined) {
    checkHidden(file, root, tensors);
    return;
  }
  const computed = file.crc32(0, requiredLen);
  if (computed === footer.checksum) return;
  throw new FormatError('APR-F002', {
    field: 'footer.checksum',
    span: {start: requiredLen, end: requiredLen + FOOTER_SIZE},
    expected: `${shownChecksum(computed)} for these bytes`,
    found: shownChecksum(footer.checksum),
  });
}

/**
 * The tensor that ends the data section may seem to lie further back than it does, by the size of the footer, because a
 * bit of its offset was flipped: then the footer passes for filler.
 *
 * @param {SourceFile} file
 * @param {Root} root
 * @param {readonly Tensor[]} tensors
 */
function checkHidden(file, root, tensors) {
  const last = lastByItself(root, tensors);
  if (last === undefined || last.dataOffset < FOOTER_SIZE) return;
  const offset = last.dataOffset - FOOTER_SIZE;
  const change = BigInt(offset) ^ BigInt(last.dataOffset);
  if ((change & (change - 1n)) !== 0n) return;
  const bit = change.toString(2).length - 1;
  const {field, span} = Tensor.field(last, 'ofs_tensor');
  const flipped = {at: span.start + Math.floor(bit / 8), mask: 1 << (bit % 8)}; // the least significant byte stands first
  const end = file.size - FOOTER_SIZE;
  if (file.crc32(0, end, flipped) !== file.read(end, FOOTER_SIZE).readUInt32LE()) return;
  throw new FormatError('APR-F005', {
    field,
    span,
    expected: String(offset),
    found: String(last.dataOffset),
    tensor: last.name,
  });
}

/**
 * The tensor that ends the data section, when no other one reaches into the size of the footer before that end.
 *
 * @param {Root} root
 * @param {readonly Tensor[]} tensors
 */
function lastByItself({alignment}, tensors) {
  let last;
  let end = 0;
  let before = 0;
  for (const tensor of tensors) {
    const own = tensor.dataOffset + Math.ceil(tensor.nbytes / alignment) * alignment;
    if (own >= end) [last, end, before] = [tensor, own, last === undefined ? 0 : end];
    else before = Math.max(before, own);
  }
  return before <= end - FOOTER_SIZE ? last : undefined;
}
