package org.aprfmt.reader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bytes of a tensor: whole, by range, as a stream. */
class TensorTest {
    private static final Path FILE = TestFiles.GOLDEN.resolve("teacher_q4k.apr");

    @TempDir
    Path folder;

    private static AprTensor first(AprModel model) {
        return model.tensors().get(0);
    }

    @Test
    void aRangeIsAPartOfTheWhole() throws IOException {
        try (AprModel model = AprModel.open(FILE)) {
            AprTensor tensor = first(model);
            ByteBuffer whole = tensor.read();
            assertEquals(ByteOrder.LITTLE_ENDIAN, whole.order());
            assertEquals(tensor.nbytes(), whole.remaining());
            assertEquals(whole.slice(5, 100), tensor.read(5, 100));
            assertEquals(0, tensor.read(tensor.nbytes(), 0).remaining());
        }
    }

    @Test
    void theBytesAreThoseAtTheFileSpan() throws IOException {
        byte[] file = TestFiles.golden("teacher_q4k.apr");
        try (AprModel model = AprModel.open(FILE)) {
            for (AprTensor tensor : model.tensors()) {
                ByteSpan span = tensor.fileSpan();
                byte[] expected = Arrays.copyOfRange(file, (int) span.start(), (int) span.end());
                assertEquals(tensor.nbytes(), span.nbytes());
                assertArrayEquals(expected, tensor.read().array());
                try (InputStream in = tensor.openStream()) {
                    assertArrayEquals(expected, in.readAllBytes());
                }
            }
        }
    }

    @Test
    void aStreamSkipsAndEnds() throws IOException {
        try (AprModel model = AprModel.open(FILE);
                InputStream in = first(model).openStream()) {
            ByteBuffer whole = first(model).read();
            assertEquals(whole.get(0) & 0xff, in.read());
            assertEquals(9, in.skip(9));
            assertEquals(whole.get(10) & 0xff, in.read());
            assertEquals(0, in.skip(-5));
            assertEquals(whole.capacity() - 11, in.available());
            assertEquals(whole.capacity() - 11, in.skip(Long.MAX_VALUE));
            assertEquals(-1, in.read());
            assertEquals(-1, in.read(new byte[4]));
            assertEquals(0, in.read(new byte[0]));
        }
    }

    @Test
    void aRangeOutsideIsRefused() throws IOException {
        try (AprModel model = AprModel.open(FILE)) {
            AprTensor tensor = first(model);
            assertThrows(IndexOutOfBoundsException.class, () -> tensor.read(-1, 1));
            assertThrows(IndexOutOfBoundsException.class, () -> tensor.read(0, -1));
            assertThrows(IndexOutOfBoundsException.class, () -> tensor.read(tensor.nbytes(), 1));
            assertThrows(IndexOutOfBoundsException.class, () -> tensor.read(Long.MAX_VALUE, 1));
        }
    }

    @Test
    void nothingIsReadAfterClosing() throws IOException {
        AprModel model = AprModel.open(FILE);
        assertTrue(model.isOpen());
        model.close();
        model.close();
        assertTrue(!model.isOpen());
        assertEquals(27, model.tensors().size());
        assertThrows(ClosedChannelException.class, () -> first(model).read());
        assertThrows(ClosedChannelException.class, () -> first(model).openStream().read());
        assertThrows(ClosedChannelException.class, model::metadata);
        assertThrows(ClosedChannelException.class, model::verify);
    }

    @Test
    void aFileThatShrinksIsNoVerdict() throws IOException {
        Path file = TestFiles.write(folder, TestFiles.golden("teacher_q4k.apr"));
        try (AprModel model = AprModel.open(file)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(2400);
            }
            assertThrows(EOFException.class, () -> first(model).read());
            assertThrows(EOFException.class, () -> first(model).openStream().readAllBytes());
            assertThrows(EOFException.class, model::verify);
        }
    }

    @Test
    void theShapeIsACopyOfUnsignedNumbers() throws IOException {
        byte[] file = TestFiles.golden("one_custom_key.apr");
        file = TestFiles.withEntry(file, 0, "len_tensor", 0);
        ByteSpan dims = TestFiles.entryField(file, 0, "dims");
        TestFiles.put(file, new ByteSpan(dims.start(), dims.start() + 8), -1);
        TestFiles.put(file, new ByteSpan(dims.start() + 8, dims.end()), 0);
        try (AprModel model = AprModel.open(TestFiles.write(folder, TestFiles.sealed(file)))) {
            AprTensor tensor = first(model);
            tensor.shape()[0] = 7;
            assertEquals("18446744073709551615", Long.toUnsignedString(tensor.shape()[0]));
            assertEquals(BigInteger.ZERO, tensor.elementCount());
            assertEquals("wpe f32 [18446744073709551615, 0] 0", tensor.toString());
        }
    }

    @Test
    void aScalarHasOneElement() {
        assertEquals(BigInteger.ONE, TensorSizes.product(new long[0]));
        assertEquals(
                new BigInteger("340282366920938463426481119284349108225"), TensorSizes.product(new long[] {-1, -1}));
    }

    @Test
    void sizesFollowTheGeometry() {
        assertEquals(sizes(24), TensorSizes.allowed(DType.F32, new long[] {2, 3}));
        assertEquals(sizes(18), TensorSizes.allowed(DType.APR_Q4, new long[] {1}));
        assertEquals(sizes(36), TensorSizes.allowed(DType.APR_Q4_LEGACY, new long[] {33}));
        assertEquals(sizes(7), TensorSizes.allowed(DType.APR_Q8, new long[] {3}));
        assertEquals(sizes(0, 4), TensorSizes.allowed(DType.APR_Q8, new long[] {3, 0}));
        assertEquals(sizes(144, 288), TensorSizes.allowed(DType.Q4_K, new long[] {2, 100}));
        assertEquals(sizes(144), TensorSizes.allowed(DType.Q4_K, new long[] {2, 100, 1}));
        assertEquals("144 or 288 bytes",
                TensorSizes.text(TensorSizes.allowed(DType.Q4_K, new long[] {2, 100})));
        assertEquals("at least 2^129 bytes", TensorSizes.text(TensorSizes.allowed(DType.F32, new long[] {-1, -1})));
    }

    private static List<BigInteger> sizes(long... sizes) {
        return Arrays.stream(sizes).mapToObj(BigInteger::valueOf).toList();
    }

    @Test
    void namesAreFoundInTheOrderOfBytes() throws IOException {
        try (AprModel model = AprModel.open(TestFiles.GOLDEN.resolve("unicode_names.apr"))) {
            for (AprTensor tensor : model.tensors()) {
                assertEquals(tensor.index(), model.tensor(tensor.name()).orElseThrow().index());
            }
            assertTrue(model.tensor("").isEmpty());
            assertTrue(model.tensor("\ud800").isEmpty());
            assertTrue(model.tensor("\uffff").isEmpty());
            assertThrows(NullPointerException.class, () -> model.tensor(null));
        }
    }
}
