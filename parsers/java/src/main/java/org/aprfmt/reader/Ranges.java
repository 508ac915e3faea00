package org.aprfmt.reader;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Reading of ranges of a file. */
final class Ranges {
    /** Bytes a read: the system library copies each read into native memory of this size, which it keeps. */
    static final int PIECE = 1 << 20;

    private Ranges() {
    }

    /** Fills {@code target} with the bytes of the file from {@code at} on. */
    static void read(FileChannel channel, long at, ByteBuffer target) throws IOException {
        int end = target.limit();
        long next = at;
        while (target.position() < end) {
            target.limit(Math.min(end, target.position() + PIECE));
            int n = channel.read(target, next);
            if (n < 0) {
                throw shrunk();
            }
            next += n;
        }
    }

    /** The file had more bytes when it was opened. That says nothing about what is in it, and is no verdict. */
    static EOFException shrunk() {
        return new EOFException("the file became shorter while it was read");
    }

    /** The file no longer says what it said a moment ago. That is no verdict either. */
    static IOException changed(Throwable cause) {
        return new IOException("the file changed while it was read", cause);
    }
}
