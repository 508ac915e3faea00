package org.aprfmt.reader;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.zip.CRC32;
import org.aprfmt.reader.generated.AprV2;
import org.aprfmt.reader.generated.Facts;

/** Checks that read every byte of a file, in constant memory: the rules APR-F002 and APR-F005. */
final class Integrity {
    private Integrity() {
    }

    /**
     * Holds every byte against the footer. A file that seems to have none is searched for one that a flipped bit hides.
     *
     * @throws AprFormatException when the file was damaged after it was written
     * @throws IOException when the file cannot be read, or became shorter
     */
    static void check(FileChannel channel, Head head) throws IOException {
        if (head.footer().isPresent()) {
            long stored = head.footer().getAsLong();
            CRC32 crc = new CRC32();
            update(crc, channel, 0, head.requiredLen());
            if (crc.getValue() != stored) {
                ByteSpan place = new ByteSpan(head.requiredLen(), head.requiredLen() + Facts.FOOTER_SIZE);
                throw mismatch("APR-F002", "footer.checksum", place, crc.getValue(), stored);
            }
        } else if (head.end() != null) {
            checkHidden(channel, head);
        }
    }

    /**
     * The tensor that ends the data section seems to begin later by the size of a footer, because of one bit: then the
     * last bytes of the file are the checksum of all before them with that bit as it was. No sound file is like that:
     * its tensors lie on a grid that is coarser than a footer is long.
     */
    private static void checkHidden(FileChannel channel, Head head) throws IOException {
        AprTensor last = head.end().tensor();
        long offset = last.dataOffset() - Facts.FOOTER_SIZE;
        long change = offset ^ last.dataOffset();
        boolean othersEndBefore = head.end().others() <= head.end().end() - Facts.FOOTER_SIZE;
        if (offset < 0 || Long.bitCount(change) != 1 || !othersEndBefore) {
            return;
        }
        int bit = Long.numberOfTrailingZeros(change);
        long damaged = last.place("ofs_tensor").start() + bit / Byte.SIZE; // the least significant byte stands first
        long footer = head.fileSize() - Facts.FOOTER_SIZE;
        FileKaitaiStream io = new FileKaitaiStream(channel, footer, Facts.FOOTER_SIZE);
        long stored = ParserErrors.parse(channel, () -> new AprV2.Footer(io), () -> null).checksum();
        CRC32 crc = new CRC32();
        update(crc, channel, 0, damaged);
        byte[] flipped = ParserErrors.bytes(channel, new ByteSpan(damaged, damaged + 1));
        flipped[0] ^= (byte) (1 << bit % Byte.SIZE);
        crc.update(flipped);
        update(crc, channel, damaged + 1, footer);
        if (crc.getValue() == stored) {
            String what = ": bit " + bit % Byte.SIZE + " of byte 0x" + Long.toHexString(damaged);
            String found = Long.toString(last.dataOffset());
            throw last.fault("APR-F005", "ofs_tensor", Long.toString(offset), found, what);
        }
    }

    /** A fault of a checksum. */
    static AprFormatException mismatch(String rule, String field, ByteSpan span, long computed, long stored) {
        String expected = String.format("0x%08x for these bytes", computed);
        return AprFormatException.of(rule, field, span, expected, String.format("0x%08x", stored));
    }

    private static void update(CRC32 crc, FileChannel channel, long start, long end) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate((int) Math.min(end - start, Ranges.PIECE));
        for (long at = start; at < end; at += piece.limit()) {
            piece.clear().limit((int) Math.min(piece.capacity(), end - at));
            Ranges.read(channel, at, piece);
            crc.update(piece.flip());
        }
    }
}
