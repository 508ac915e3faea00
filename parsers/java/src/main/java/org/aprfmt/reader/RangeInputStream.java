package org.aprfmt.reader;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Objects;

/** A range of a file as a stream that leaves the position of the channel alone. */
final class RangeInputStream extends InputStream {
    private final FileChannel channel;
    private final long end;
    private long next;

    RangeInputStream(FileChannel channel, long start, long end) {
        this.channel = channel;
        this.next = start;
        this.end = end;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
            return 0;
        }
        if (next == end) {
            return -1;
        }
        int most = (int) Math.min(Math.min(length, Ranges.PIECE), end - next);
        int n = channel.read(ByteBuffer.wrap(bytes, offset, most), next);
        if (n < 0) {
            throw Ranges.shrunk();
        }
        next += n;
        return n;
    }

    @Override
    public long skip(long n) {
        long skipped = Math.max(0, Math.min(n, end - next));
        next += skipped;
        return skipped;
    }

    @Override
    public int available() {
        return (int) Math.min(end - next, Integer.MAX_VALUE);
    }
}
