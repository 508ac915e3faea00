// @ts-check
/** @file What can go wrong: the file, the request, or reading at all. */

import {RULES} from './generated/facts.js';
import {quoted} from './text.js';

/** @typedef {{readonly start: number, readonly end: number}} Span Bytes of the file; `end` is exclusive. */

/** Every error that this package raises on purpose. Errors of the system, such as ENOENT, pass untouched. */
export class AprError extends Error {
  name = 'AprError';
}

/**
 * The file is wrong, or asks for more than the limits allow.
 *
 * `rule` is the id of the rule that it breaks; APR-L001 stands for the limits.
 */
export class FormatError extends AprError {
  name = 'FormatError';

  /**
   * @param {string} rule
   * @param {{field: string, span: Span, expected: string, found: string, tensor?: string, defect?: string}} fault
   * @param {ErrorOptions} [options]
   */
  constructor(rule, {field, span, expected, found, tensor, defect = RULES.get(rule)?.defect}, options) {
    const where = `${field} @0x${span.start.toString(16)}..0x${span.end.toString(16)}`;
    const whose = tensor === undefined ? '' : `; tensor ${quoted(tensor)}`;
    super(`${defect}: ${where}: expected ${expected}, found ${found}${whose} [${rule}]`, options);
    /** Id of the rule, such as `APR-F002`. */
    this.rule = rule;
    /** Path of the field in the specification, such as `tensor_index.entries[3].name`. */
    this.field = field;
    /** Where the field stands in the file. */
    this.span = span;
    this.expected = expected;
    this.found = found;
    /** Name of the tensor that the fault is about, if it is about one. */
    this.tensor = tensor;
  }
}

/** The caller asks for something that is not there: an unknown tensor, a range outside, a model that is closed. */
export class RequestError extends AprError {
  name = 'RequestError';
}

/** The file cannot be read as one: it is no regular file, or it became shorter while it was read. */
export class FileError extends AprError {
  name = 'FileError';
}
