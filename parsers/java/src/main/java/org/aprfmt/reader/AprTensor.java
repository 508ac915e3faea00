package org.aprfmt.reader;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.Objects;

/**
 * A tensor of an open {@link AprModel}. What it is stands in memory; its bytes are read from the file whenever they are
 * asked for, which fails with {@link java.nio.channels.ClosedChannelException} once the model is closed.
 */
public final class AprTensor {
    private final FileChannel channel;
    private final int index;
    private final String name;
    private final DType dtype;
    private final long[] shape;
    private final long dataOffset;
    private final long nbytes;
    private final long dataSection;
    private final long entry;
    private final int lenName;

    AprTensor(
            FileChannel channel,
            int index,
            String name,
            DType dtype,
            long[] shape,
            long dataOffset,
            long nbytes,
            long dataSection,
            long entry,
            int lenName) {
        this.channel = channel;
        this.index = index;
        this.name = name;
        this.dtype = dtype;
        this.shape = shape;
        this.dataOffset = dataOffset;
        this.nbytes = nbytes;
        this.dataSection = dataSection;
        this.entry = entry;
        this.lenName = lenName;
    }

    /**
     * The position in the tensor index.
     *
     * @return a number from 0
     */
    public int index() {
        return index;
    }

    /**
     * The name as it stands in the file. It may hold control characters: see {@link #printableName()}.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * The name for people: what could move a cursor, colour a terminal or reverse a line is escaped, and so is the
     * backslash.
     *
     * @return the name without control characters
     */
    public String printableName() {
        return Texts.printable(name);
    }

    /**
     * The element type as it stands in the file, an old id included.
     *
     * @return the element type
     */
    public DType dtype() {
        return dtype;
    }

    /**
     * The number of elements along each dimension, the slowest first; of a scalar there are none. Each is an
     * <em>unsigned</em> number of 64 bits: {@link Long#toUnsignedString(long)} prints it.
     *
     * @return a copy
     */
    public long[] shape() {
        return shape.clone();
    }

    /** The shape itself, which is not to be changed. */
    long[] dims() {
        return shape;
    }

    /**
     * The number of elements: the product of the shape, exact, 1 for a scalar.
     *
     * @return the number of elements
     */
    public BigInteger elementCount() {
        return TensorSizes.product(shape);
    }

    /**
     * The size of the data.
     *
     * @return the number of bytes
     */
    public long nbytes() {
        return nbytes;
    }

    /**
     * Where the data begins.
     *
     * @return bytes from the start of the data section
     */
    public long dataOffset() {
        return dataOffset;
    }

    /**
     * Where the data lies.
     *
     * @return the bytes of the file that belong to this tensor
     */
    public ByteSpan fileSpan() {
        long start = dataSection + dataOffset;
        return new ByteSpan(start, start + nbytes);
    }

    /** The place of a field of the index entry in the file. */
    ByteSpan place(String field) {
        return Places.entry(field, entry, lenName, shape.length);
    }

    /** A fault of a field of the index entry. */
    AprFormatException fault(String rule, String field, String expected, String found, String more) {
        return AprFormatException.of(rule, Places.path(index, field), place(field), expected, found, more, name);
    }

    /**
     * Reads all bytes.
     *
     * @return a new buffer from position 0 on, in little-endian order
     * @throws IOException when the file cannot be read, or became shorter, or when the bytes do not fit into one
     *     buffer, of at most 2 GiB: larger tensors are read with {@link #openStream()} or {@link #read(long, int)}
     */
    public ByteBuffer read() throws IOException {
        if (nbytes > Integer.MAX_VALUE) {
            throw new IOException("a tensor of " + nbytes + " bytes does not fit into one buffer: read it in pieces");
        }
        return read(0, (int) nbytes);
    }

    /**
     * Reads a range of the bytes.
     *
     * @param offset the first byte, counted from the start of the tensor
     * @param length the number of bytes
     * @return a new buffer from position 0 on, in little-endian order
     * @throws IOException when the file cannot be read, or became shorter
     * @throws IndexOutOfBoundsException when the range is not inside the tensor
     */
    public ByteBuffer read(long offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, nbytes);
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        Ranges.read(channel, fileSpan().start() + offset, bytes);
        return bytes.flip();
    }

    /**
     * Opens a stream of the bytes, which needs constant memory whatever the size. It has no buffer: read from it in
     * pieces. Any number of streams may be open at once; closing one does nothing.
     *
     * @return a stream from the first byte to the last one
     */
    public InputStream openStream() {
        ByteSpan span = fileSpan();
        return new RangeInputStream(channel, span.start(), span.end());
    }

    /**
     * The tensor in one line for people.
     *
     * @return name, element type, shape and size
     */
    @Override
    public String toString() {
        return printableName() + " " + dtype.typeName() + " " + TensorSizes.text(shape) + " " + nbytes;
    }
}
