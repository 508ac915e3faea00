package org.aprfmt.reader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kaitai.struct.ByteBufferKaitaiStream;
import io.kaitai.struct.KaitaiStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stream reads what the stream of the runtime reads. */
class FileKaitaiStreamTest {
    private static final int SIZE = 300_000;

    private final byte[] bytes = new byte[SIZE];
    private FileChannel channel;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        new Random(5).nextBytes(bytes);
        channel = FileChannel.open(Files.write(folder.resolve("bytes"), bytes));
    }

    @AfterEach
    void close() throws IOException {
        channel.close();
    }

    @Test
    void readsAsTheRuntimeDoes() {
        List<Function<KaitaiStream, Object>> reads = List.of(
                KaitaiStream::readS1,
                KaitaiStream::readS2le,
                KaitaiStream::readS4le,
                KaitaiStream::readS8le,
                KaitaiStream::readS2be,
                KaitaiStream::readS4be,
                KaitaiStream::readS8be,
                KaitaiStream::readU1,
                KaitaiStream::readU2le,
                KaitaiStream::readU4le,
                KaitaiStream::readU8le,
                KaitaiStream::readU2be,
                KaitaiStream::readU4be,
                KaitaiStream::readU8be,
                KaitaiStream::readF4le,
                KaitaiStream::readF8le,
                KaitaiStream::readF4be,
                KaitaiStream::readF8be,
                io -> io.readBitsIntLe(3),
                io -> io.readBitsIntLe(13),
                io -> io.readBitsIntBe(5),
                io -> Arrays.hashCode(io.readBytes(700)),
                io -> Arrays.hashCode(io.substream(40).readBytes(30)));
        KaitaiStream ours = new FileKaitaiStream(channel, 0, SIZE);
        KaitaiStream theirs = new ByteBufferKaitaiStream(bytes);
        Random random = new Random(6);
        for (int i = 0; i < 20_000; i++) {
            if (SIZE - theirs.pos() < 1000 || random.nextInt(50) == 0) {
                int position = random.nextInt(SIZE - 1000);
                ours.seek(position);
                theirs.seek((long) position);
            }
            Function<KaitaiStream, Object> read = reads.get(random.nextInt(reads.size()));
            assertEquals(read.apply(theirs), read.apply(ours));
            assertEquals(theirs.pos(), ours.pos());
        }
    }

    @Test
    void nothingIsReadPastTheEnd() {
        FileKaitaiStream io = new FileKaitaiStream(channel, 10, 20);
        assertEquals(20, io.size());
        io.seek(13);
        assertThrows(FileKaitaiStream.EndOfRange.class, io::readS8le);
        assertThrows(FileKaitaiStream.EndOfRange.class, () -> io.readBytes(8));
        assertThrows(FileKaitaiStream.EndOfRange.class, () -> io.readBytes(Long.MAX_VALUE));
        assertThrows(FileKaitaiStream.EndOfRange.class, () -> io.readBytes(-1));
        assertThrows(FileKaitaiStream.EndOfRange.class, () -> io.substream(8));
        assertThrows(FileKaitaiStream.EndOfRange.class, () -> io.substream(-1));
        assertArrayEquals(Arrays.copyOfRange(bytes, 23, 30), io.readBytes(7));
        assertTrue(io.isEof());
        io.seek(Long.MAX_VALUE);
        assertThrows(FileKaitaiStream.EndOfRange.class, io::readS1);
    }

    @Test
    void theRestIsLeftOut() {
        FileKaitaiStream io = new FileKaitaiStream(channel, 0, SIZE);
        assertEquals(0, io.readBytesFull().length);
        assertTrue(io.isEof());
    }

    @Test
    void aFailureOfTheSystemIsNoEnd() throws IOException {
        FileKaitaiStream io = new FileKaitaiStream(channel, 0, SIZE);
        channel.close();
        assertThrows(UncheckedIOException.class, io::readS1);
    }
}
