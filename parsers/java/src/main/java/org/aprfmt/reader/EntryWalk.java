package org.aprfmt.reader;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.aprfmt.reader.generated.Facts;

/**
 * Walks over the entries of the tensor index by their lengths alone. The generated parser judges the names before it
 * knows that the entries fit, and when it refuses one it does not say where that begins.
 */
final class EntryWalk {
    /**
     * An index entry.
     *
     * @param number its position in the index, from 0
     * @param start its first byte in the file
     * @param lenName size of its name in bytes
     * @param ndim number of its dimensions
     */
    record Entry(int number, long start, int lenName, int ndim) {
        ByteSpan field(String name) {
            return Places.entry(name, start, lenName, ndim);
        }

        long end() {
            return start + Facts.ENTRY_SIZE.at(lenName, ndim);
        }
    }

    private final FileKaitaiStream file;
    private final long stop;
    private long next;
    private int number;

    /** A walk over the entries between two bytes of the file. */
    EntryWalk(FileKaitaiStream file, long start, long stop) {
        this.file = file;
        this.stop = stop;
        next = start;
    }

    /** The next entry; null when what is left is too short for one. */
    Entry next() throws IOException {
        if (!fits(0, 0)) {
            return null;
        }
        try {
            file.seek(Places.entry("len_name", next, 0, 0).start());
            int lenName = file.readU2le();
            if (!fits(lenName, 0)) {
                return null;
            }
            file.seek(Places.entry("ndim", next, lenName, 0).start());
            int ndim = file.readU1();
            if (!fits(lenName, ndim)) {
                return null;
            }
            Entry entry = new Entry(number, next, lenName, ndim);
            number++;
            next = entry.end();
            return entry;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private boolean fits(int lenName, int ndim) {
        return Facts.ENTRY_SIZE.at(lenName, ndim) <= stop - next;
    }
}
