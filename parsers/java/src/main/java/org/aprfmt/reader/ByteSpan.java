package org.aprfmt.reader;

/**
 * A stretch of a file.
 *
 * @param start the first byte, counted from the start of the file
 * @param end the byte behind the last one
 */
public record ByteSpan(long start, long end) {
    /**
     * The number of bytes.
     *
     * @return {@code end - start}
     */
    public long nbytes() {
        return end - start;
    }

    /**
     * The span as messages show it.
     *
     * @return both ends in hexadecimal digits, such as {@code 0x180..0x184}
     */
    @Override
    public String toString() {
        return "0x" + Long.toHexString(start) + "..0x" + Long.toHexString(end);
    }
}
