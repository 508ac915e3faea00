package org.aprfmt.reader.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.aprfmt.reader.TestFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListTensorsTest {
    private static final String GOOD = TestFiles.GOLDEN.resolve("one_custom_key.apr").toString();

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path folder;

    private int run(String... args) {
        return new ListTensors(out, new PrintStream(err, true, StandardCharsets.UTF_8)).run(args);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void listsOneTensorALine() {
        assertEquals(0, run(GOOD));
        assertEquals("wpe\tf32\t[2, 4]\t32\nwte\tf32\t[4, 4]\t64\n", out());
        assertEquals("", err());
    }

    @Test
    void namesAreUtf8() {
        assertEquals(0, run("--verify", "--", TestFiles.GOLDEN.resolve("unicode_names.apr").toString()));
        assertTrue(out().contains("層.1.重み\tf32\t[2]\t8\n"));
    }

    @Test
    void controlCharactersInNamesAreEscaped() throws IOException {
        byte[] file = TestFiles.golden("one_custom_key.apr");
        String text = new String(file, StandardCharsets.ISO_8859_1);
        file[text.indexOf("wte", 256) + 1] = '\u007f';
        Path path = TestFiles.write(folder, file);
        assertEquals(0, run(path.toString()));
        assertTrue(out().contains("w\\u007fe\t"), out());
        assertEquals(4, run("--verify", path.toString()));
    }

    @Test
    void damageIsOneLineOnStandardError() throws IOException {
        assertEquals(4, run(TestFiles.write(folder, new byte[10]).toString()));
        assertEquals("", out());
        assertEquals(1, err().lines().count());
        assertTrue(err().startsWith("apr-tensors: ") && err().endsWith("found 10 bytes [APR-H008]\n"), err());
    }

    @Test
    void onlyVerifyingReadsTheData() throws IOException {
        byte[] file = TestFiles.golden("one_custom_key.apr");
        file[file.length - 20] ^= 1;
        String path = TestFiles.write(folder, file).toString();
        assertEquals(0, run(path));
        out.reset();
        assertEquals(4, run(path, "--verify"));
        assertEquals("", out());
        assertTrue(err().contains("[APR-F002]"));
    }

    @Test
    void aFileThatCannotBeReadIsNamed() {
        assertEquals(3, run(folder.resolve("absent").toString()));
        assertEquals(3, run(folder.toString()));
        assertEquals(3, run("a\u0000b"));
        assertEquals(3, err().lines().count());
        assertTrue(err().contains("absent: no such file"));
        assertTrue(err().contains(": not a regular file"));
    }

    @Test
    void whatCouldDeceiveIsEscapedInThePathToo() {
        assertEquals(3, run("a\u202eb\u001b[31m\u2028é"));
        assertTrue(err().startsWith("apr-tensors: a\\u202eb\\u001b[31m\\u2028é: "), err());
        assertEquals(1, err().lines().count());
    }

    @Test
    void wrongUsageIsRefused() {
        assertEquals(2, run());
        assertEquals(2, run("--nonsense"));
        assertEquals(2, run(GOOD, GOOD));
        assertEquals(2, run("--", "--verify", GOOD));
        assertEquals("", out());
        assertEquals(4, err().lines().count());
    }

    @Test
    void helpIsNoError() {
        assertEquals(0, run("--help"));
        assertTrue(out().startsWith("usage: apr-tensors [--verify] FILE\n"));
    }

    @Test
    void aReaderWhoWentAwayIsNoError() {
        assertEquals(0, new ListTensors(failing("Broken pipe"), new PrintStream(err)).run(GOOD));
        assertEquals("", err());
        assertEquals(3, new ListTensors(failing("No space left on device"), new PrintStream(err)).run(GOOD));
        assertTrue(err().contains("standard output: No space left on device"));
    }

    /** The machine reads its own classes through the lowest number that is free, which is that of standard output. */
    @Test
    void aStandardOutputThatIsClosedIsAFailure() throws IOException, InterruptedException {
        Path shell = Path.of("/bin/sh");
        assumeTrue(Files.isExecutable(shell));
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("java.class.path");
        Path errors = folder.resolve("errors");
        Process process = new ProcessBuilder(
                        shell.toString(), "-c", "exec \"$@\" >&-", "sh",
                        java, "-cp", classes, ListTensors.class.getName(), GOOD)
                .redirectError(errors.toFile())
                .start();
        assertEquals(3, process.waitFor());
        String message = Files.readString(errors, StandardCharsets.UTF_8);
        assertTrue(message.startsWith("apr-tensors: standard output: "), message);
        assertEquals(1, message.lines().count(), message);
    }

    private static OutputStream failing(String message) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(message);
            }
        };
    }
}
