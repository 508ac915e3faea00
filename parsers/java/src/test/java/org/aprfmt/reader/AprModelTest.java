package org.aprfmt.reader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AprModelTest {
    @TempDir
    Path folder;

    @Test
    void whatCannotBeReadIsNoVerdict() {
        assertThrows(NoSuchFileException.class, () -> AprModel.open(folder.resolve("absent.apr")));
        FileSystemException e = assertThrows(FileSystemException.class, () -> AprModel.open(folder));
        assertEquals("not a regular file", e.getReason());
    }

    @Test
    void theMetadataAreParsedOnce() throws IOException {
        try (AprModel model = AprModel.open(TestFiles.GOLDEN.resolve("stamped.apr"))) {
            assertSame(model.metadata(), model.metadata());
        }
    }

    @Test
    void wrongMetadataDoNotKeepTheTensorsFromBeingRead() throws IOException {
        try (AprModel model = AprModel.open(TestFiles.write(folder, TestFiles.withMetadata("[]")))) {
            assertEquals(0, model.tensors().size());
            assertEquals("APR-M004", assertThrows(AprFormatException.class, model::metadata).rule());
            assertEquals("APR-M004", assertThrows(AprFormatException.class, model::verify).rule());
        }
    }

    @Test
    void theSpecificationIsTheOneOfTheRepository() throws IOException, NoSuchAlgorithmException {
        byte[] spec = Files.readAllBytes(Path.of("..", "..", "spec", "apr_v2.ksy"));
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(spec);
        assertEquals(HexFormat.of().formatHex(digest), AprModel.specSha256());
    }

    @Test
    void aThreadThatIsInterruptedClosesTheFile() throws IOException {
        try (AprModel model = AprModel.open(TestFiles.GOLDEN.resolve("stamped.apr"))) {
            Thread.currentThread().interrupt();
            assertThrows(ClosedByInterruptException.class, model::verify);
            assertTrue(Thread.interrupted());
            assertFalse(model.isOpen());
            assertThrows(ClosedChannelException.class, model::verify);
        }
    }

    @Test
    void nullIsRefusedByName() {
        Path path = TestFiles.GOLDEN.resolve("stamped.apr");
        assertEquals("path", assertThrows(NullPointerException.class, () -> AprModel.open(null)).getMessage());
        assertEquals("limits", assertThrows(NullPointerException.class, () -> AprModel.open(path, null)).getMessage());
    }
}
