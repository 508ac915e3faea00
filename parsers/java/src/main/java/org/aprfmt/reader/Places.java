package org.aprfmt.reader;

import org.aprfmt.reader.generated.Facts;

/** Where fields lie, by their names in the declaration. */
final class Places {
    static final String ENTRIES = "tensor_index.entries";

    private Places() {
    }

    static ByteSpan header(String field) {
        Facts.Span span = Facts.HEADER_FIELDS.get(field);
        return new ByteSpan(span.start(), span.end());
    }

    /** The place of a field in an index entry that begins at {@code entry}, a byte of the file. */
    static ByteSpan entry(String field, long entry, long lenName, long ndim) {
        Facts.EntryField place = Facts.ENTRY_FIELDS.get(field);
        long start = entry + place.start().at(lenName, ndim);
        return new ByteSpan(start, start + place.size().at(lenName, ndim));
    }

    /** The path of a field in entry {@code number}. */
    static String path(int number, String field) {
        return ENTRIES + "[" + number + "]." + field;
    }

    /** The number that stands in a field of at most eight bytes. Negative from 2^63 on. */
    static long number(byte[] field) {
        long value = 0;
        for (int i = field.length - 1; i >= 0; i--) {
            value = value << Byte.SIZE | Byte.toUnsignedLong(field[i]);
        }
        return value;
    }
}
