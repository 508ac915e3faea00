package org.aprfmt.reader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program in the README is {@code Example.java}, and prints what it should. */
class ReadmeTest {
    @TempDir
    Path folder;

    private static String run(Path file) throws IOException, ReflectiveOperationException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try { // a class of no package cannot be named here
            String[] args = {file.toString()};
            Class.forName("Example").getMethod("main", String[].class).invoke(null, (Object) args);
        } finally {
            System.setOut(before);
        }
        return out.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    @Test
    void theExampleWorks() throws IOException, ReflectiveOperationException {
        String found = run(TestFiles.GOLDEN.resolve("one_custom_key.apr"));
        assertTrue(found.startsWith("gpt2\nwpe f32 [2, 4] 32\nwte f32 [4, 4] 64\n"), found);
        assertEquals("APR-H008 in header at 0x0..0x3\n", run(TestFiles.write(folder, new byte[3])));
    }

    @Test
    void theExampleIsTheOneInTheReadme() throws IOException {
        String source = Files.readString(Path.of("src", "test", "java", "Example.java"), StandardCharsets.UTF_8);
        String readme = Files.readString(Path.of("README.md"), StandardCharsets.UTF_8);
        assertTrue(readme.contains("```java\n" + source + "```"), source);
    }
}
