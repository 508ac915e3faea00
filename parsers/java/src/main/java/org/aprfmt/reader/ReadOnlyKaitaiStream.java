package org.aprfmt.reader;

import io.kaitai.struct.KaitaiStream;

/** The half of {@link KaitaiStream} that a reader of this format never calls: writing, and fields with a terminator. */
abstract class ReadOnlyKaitaiStream extends KaitaiStream {
    private static UnsupportedOperationException unsupported() {
        return new UnsupportedOperationException("this stream only reads, and the format has no terminated fields");
    }

    @Override
    public byte[] readBytesTerm(byte term, boolean includeTerm, boolean consumeTerm, boolean eosError) {
        throw unsupported();
    }

    @Override
    public byte[] readBytesTermMulti(byte[] term, boolean includeTerm, boolean consumeTerm, boolean eosError) {
        throw unsupported();
    }

    @Override
    public void writeS1(byte v) {
        throw unsupported();
    }

    @Override
    public void writeS2be(short v) {
        throw unsupported();
    }

    @Override
    public void writeS4be(int v) {
        throw unsupported();
    }

    @Override
    public void writeS8be(long v) {
        throw unsupported();
    }

    @Override
    public void writeS2le(short v) {
        throw unsupported();
    }

    @Override
    public void writeS4le(int v) {
        throw unsupported();
    }

    @Override
    public void writeS8le(long v) {
        throw unsupported();
    }

    @Override
    public void writeF4be(float v) {
        throw unsupported();
    }

    @Override
    public void writeF8be(double v) {
        throw unsupported();
    }

    @Override
    public void writeF4le(float v) {
        throw unsupported();
    }

    @Override
    public void writeF8le(double v) {
        throw unsupported();
    }

    @Override
    protected void writeBytesNotAligned(byte[] buf) {
        throw unsupported();
    }
}
