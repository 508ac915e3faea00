package org.aprfmt.reader;

import java.util.List;
import java.util.OptionalLong;

/**
 * Everything of a file but its metadata and the bytes of its tensors.
 *
 * @param fileSize size of the file when it was opened
 * @param tensors the tensors in index order
 * @param requiredLen where the data section ends, counted from the start of the file
 * @param footer the checksum in the footer, if there is one
 * @param end what ends the data section; null without tensors
 */
record Head(
        long fileSize,
        AprHeader header,
        List<AprTensor> tensors,
        long requiredLen,
        OptionalLong footer,
        DataEnd end) {
    /**
     * What ends the data section. Both ends count from its start and include filler.
     *
     * @param tensor the tensor that ends last; of several the last one in the index
     * @param end where it ends
     * @param others where the other tensors end
     */
    record DataEnd(AprTensor tensor, long end, long others) {
        /** The end after one more tensor; {@code before} is null for the first one. */
        static DataEnd after(DataEnd before, AprTensor tensor, long end) {
            if (before == null) {
                return new DataEnd(tensor, end, 0);
            }
            return end >= before.end
                    ? new DataEnd(tensor, end, before.end)
                    : new DataEnd(before.tensor, before.end, Math.max(before.others, end));
        }
    }
}
