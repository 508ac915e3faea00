package org.aprfmt.reader;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/**
 * A range of a file for the generated parser, read through a small window. The streams of the Kaitai runtime map at
 * most 2 GiB, or take one system call for each byte.
 *
 * <p>Rules of this class: nothing is allocated for a number of bytes before they are known to be there, and a failure
 * is an {@link EndOfRange} or an {@link UncheckedIOException}, which {@link ParserErrors} converts.
 */
final class FileKaitaiStream extends ReadOnlyKaitaiStream {
    private static final int WINDOW = 1 << 16;
    private static final byte[] NOTHING = new byte[0];

    /** A read that would go past the end of the range. */
    static final class EndOfRange extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private final FileChannel channel;
    private final long start;
    private final long size;
    private final ByteBuffer window;
    private long windowStart;
    private FileKaitaiStream lastPart;

    /** The bytes of a file from {@code start} on. */
    FileKaitaiStream(FileChannel channel, long start, long size) {
        this.channel = channel;
        this.start = start;
        this.size = size;
        window = ByteBuffer.allocate((int) Math.min(size, WINDOW)).limit(0);
    }

    /** The next byte to read, counted from the start of the range. */
    long position() {
        return windowStart + window.position();
    }

    /** The part of this range that was opened last: where a parser that failed has stopped. */
    FileKaitaiStream lastPart() {
        return lastPart;
    }

    /** The window with the next {@code n} bytes in it, which are no more than it holds. */
    private ByteBuffer take(int n, ByteOrder order) {
        alignToByte();
        if (window.remaining() < n) {
            require(n);
            fill(n);
        }
        return window.order(order);
    }

    private void require(long n) {
        if (n < 0 || n > size - position()) {
            throw new EndOfRange();
        }
    }

    private void fill(int atLeast) {
        windowStart = position();
        window.compact();
        window.limit((int) Math.min(window.capacity(), size - windowStart));
        try {
            while (window.position() < atLeast) {
                if (channel.read(window, start + position()) < 0) {
                    throw Ranges.shrunk();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            window.flip();
        }
    }

    @Override
    protected byte[] readBytesNotAligned(long n) {
        require(n);
        byte[] bytes = new byte[toByteArrayLength(n)];
        int inWindow = Math.min(bytes.length, window.remaining());
        window.get(bytes, 0, inWindow);
        int rest = bytes.length - inWindow;
        if (rest > 0) {
            try {
                Ranges.read(channel, start + position(), ByteBuffer.wrap(bytes, inWindow, rest));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            moveTo(position() + rest);
        }
        return bytes;
    }

    /**
     * Goes to the end and returns nothing. What is left of a range is filler, of any size, that nobody asks for.
     *
     * @return no bytes
     */
    @Override
    public byte[] readBytesFull() {
        seek(size);
        return NOTHING;
    }

    @Override
    public FileKaitaiStream substream(long n) {
        require(n);
        lastPart = new FileKaitaiStream(channel, start + position(), n);
        moveTo(position() + n);
        return lastPart;
    }

    @Override
    public void seek(long newPos) {
        alignToByte();
        moveTo(newPos);
    }

    /** Goes somewhere else, and keeps the bits that are left of a byte, as reading more of them needs. */
    private void moveTo(long newPosition) {
        if (newPosition >= windowStart && newPosition - windowStart <= window.limit()) {
            window.position((int) (newPosition - windowStart));
        } else {
            window.limit(0);
            windowStart = newPosition;
        }
    }

    @Override
    public void seek(int newPos) {
        seek((long) newPos);
    }

    /** The position as far as the runtime can say it; the parser returns to it and reads nothing more from there. */
    @Override
    public int pos() {
        return (int) Math.min(position(), Integer.MAX_VALUE);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isEof() {
        return position() >= size && bitsLeft == 0;
    }

    /** Does nothing: the channel belongs to the model. */
    @Override
    public void close() {
    }

    @Override
    public byte readS1() {
        return take(Byte.BYTES, ByteOrder.LITTLE_ENDIAN).get();
    }

    @Override
    public short readS2be() {
        return take(Short.BYTES, ByteOrder.BIG_ENDIAN).getShort();
    }

    @Override
    public int readS4be() {
        return take(Integer.BYTES, ByteOrder.BIG_ENDIAN).getInt();
    }

    @Override
    public long readS8be() {
        return take(Long.BYTES, ByteOrder.BIG_ENDIAN).getLong();
    }

    @Override
    public short readS2le() {
        return take(Short.BYTES, ByteOrder.LITTLE_ENDIAN).getShort();
    }

    @Override
    public int readS4le() {
        return take(Integer.BYTES, ByteOrder.LITTLE_ENDIAN).getInt();
    }

    @Override
    public long readS8le() {
        return take(Long.BYTES, ByteOrder.LITTLE_ENDIAN).getLong();
    }

    @Override
    public int readU1() {
        return Byte.toUnsignedInt(readS1());
    }

    @Override
    public int readU2be() {
        return Short.toUnsignedInt(readS2be());
    }

    @Override
    public int readU2le() {
        return Short.toUnsignedInt(readS2le());
    }

    @Override
    public long readU4be() {
        return Integer.toUnsignedLong(readS4be());
    }

    @Override
    public long readU4le() {
        return Integer.toUnsignedLong(readS4le());
    }

    @Override
    public float readF4be() {
        return Float.intBitsToFloat(readS4be());
    }

    @Override
    public double readF8be() {
        return Double.longBitsToDouble(readS8be());
    }

    @Override
    public float readF4le() {
        return Float.intBitsToFloat(readS4le());
    }

    @Override
    public double readF8le() {
        return Double.longBitsToDouble(readS8le());
    }
}
