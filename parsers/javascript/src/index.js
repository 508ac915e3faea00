// @ts-check
/** @file Reads the APR v2 model container. */

export {AprError, FileError, FormatError, RequestError} from './errors.js';
export {DType} from './generated/facts.js';
export {DEFAULT_LIMITS} from './limits.js';
export {openSync} from './model.js';
export {printable} from './text.js';
