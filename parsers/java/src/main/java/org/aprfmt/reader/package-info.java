/**
 * Reads the APR v2 model container: a header, metadata as JSON, an index of tensors, their data, and a checksum.
 *
 * <p>{@link org.aprfmt.reader.AprModel} is where to begin. What is wrong with a file is an
 * {@link org.aprfmt.reader.AprFormatException}, which names the rule, the field, its bytes, and what was expected
 * there.
 *
 * <p>The packages {@code org.aprfmt.reader.generated} and {@code org.aprfmt.reader.cli} are no part of the API: they
 * change without notice.
 */
package org.aprfmt.reader;
