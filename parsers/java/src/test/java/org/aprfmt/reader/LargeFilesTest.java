package org.aprfmt.reader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.aprfmt.reader.generated.Facts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files beyond 4 GiB, made of holes; the tests run in much less memory. */
class LargeFilesTest {
    private static final long GIB = 1L << 30;

    @TempDir
    Path folder;

    /** A file whose last tensor has five GiB and a byte 7 at its end. */
    private Path withLargeTensor() throws IOException {
        byte[] good = TestFiles.golden("one_custom_key.apr");
        long elements = 5 * GIB / DType.F32.blockBytes();
        ByteSpan dims = TestFiles.entryField(good, 1, "dims");
        TestFiles.put(good, new ByteSpan(dims.start(), dims.start() + Long.BYTES), elements);
        TestFiles.put(good, new ByteSpan(dims.start() + Long.BYTES, dims.end()), 1);
        byte[] head = TestFiles.withEntry(good, 1, "len_tensor", 5 * GIB);
        long offset = TestFiles.number(head, TestFiles.entryField(head, 1, "ofs_tensor"));
        long end = TestFiles.number(head, Places.header("ofs_data")) + offset + 5 * GIB;
        Path path = TestFiles.write(folder, Arrays.copyOf(head, head.length - Facts.FOOTER_SIZE));
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
            TestFiles.write(file, end - 1, new byte[] {7});
        }
        return path;
    }

    @Test
    void theEndOfALargeTensorIsRead() throws IOException {
        try (AprModel model = AprModel.open(withLargeTensor())) {
            AprTensor tensor = model.tensors().get(1);
            assertEquals(5 * GIB, tensor.nbytes());
            assertEquals(7, tensor.read(5 * GIB - 1, 1).get());
            try (InputStream in = tensor.openStream()) {
                assertEquals(Integer.MAX_VALUE, in.available());
                assertEquals(5 * GIB - 2, in.skip(5 * GIB - 2));
                assertEquals(0, in.read());
                assertEquals(7, in.read());
                assertEquals(-1, in.read());
            }
            String refusal = assertThrows(IOException.class, tensor::read).getMessage();
            assertTrue(refusal.startsWith("a tensor of 5368709120 bytes does not fit into one buffer"), refusal);
        }
    }

    @Test
    void fillerOfGigabytesIsNotRead() throws IOException {
        byte[] good = TestFiles.golden("one_custom_key.apr");
        long before = TestFiles.number(good, Places.header("ofs_data"));
        byte[] head = TestFiles.withHeader(good, "ofs_data", before + 4 * GIB);
        Path path = TestFiles.write(folder, Arrays.copyOf(head, (int) before));
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
            TestFiles.write(file, before + 4 * GIB, Arrays.copyOfRange(good, (int) before, good.length));
        }
        try (AprModel model = AprModel.open(path)) {
            assertEquals(2, model.tensors().size());
            assertEquals(good[(int) before], model.tensors().get(0).read().get());
        }
    }
}
