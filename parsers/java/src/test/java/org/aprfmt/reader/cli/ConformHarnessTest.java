package org.aprfmt.reader.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.aprfmt.reader.TestFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConformHarnessTest {
    @TempDir
    Path folder;

    private static List<String> answers(String... requests) throws IOException {
        StringWriter out = new StringWriter();
        ConformHarness.serve(new StringReader(String.join("\n", requests)), out);
        return out.toString().lines().toList();
    }

    private static String run(Path file) {
        return "{\"cmd\":\"run\",\"id\":\"x\",\"op\":\"read\",\"budget\":{\"bytes\":1},\"file\":\""
                + file.toString().replace("\\", "\\\\")
                + "\",\"crc32\":true}";
    }

    @Test
    void answersEachRequestInOrder() throws IOException {
        Path small = TestFiles.write(folder, new byte[3]);
        List<String> answers = answers(
                "{\"cmd\":\"start\",\"protocol\":1}",
                run(TestFiles.GOLDEN.resolve("no_tensors.apr")),
                run(small),
                "{\"cmd\":\"stop\"}",
                "not read any more");
        assertEquals(3, answers.size());
        assertTrue(answers.get(0).startsWith("{\"protocol\":1,\"implementation\":{\"name\":\"aprfmt-reader (Java)\""));
        assertTrue(answers.get(0).contains(", kaitai-struct-runtime 0.11\"}"));
        String accepted = "{\"id\":\"x\",\"verdict\":\"accept\",\"values\":{\"header\":{\"version_major\":2,";
        assertTrue(answers.get(1).startsWith(accepted), answers.get(1));
        assertTrue(answers.get(1).contains("\"tensors\":[],\"footer\":"));
        assertTrue(answers.get(2).startsWith("{\"id\":\"x\",\"verdict\":\"reject\",\"code\":\"APR-H008\","));
    }

    @Test
    void valuesAreExact() throws IOException {
        String metadata = "{\"a\":18446744073709551616,\"b\":[1.0,-0,1e300,null,true,\"\\n\"],\"c\":{}}";
        String answer = answers(run(TestFiles.write(folder, TestFiles.withMetadata(metadata)))).get(0);
        String expected = metadata.replace("-0", "-0.0").replace("1e300", "1.0E300");
        assertTrue(answer.contains("\"metadata\":" + expected), answer);
    }

    @Test
    void checksumsOfTensorsAreGiven() throws IOException {
        String answer = answers(run(TestFiles.GOLDEN.resolve("streaming_order.apr"))).get(0);
        assertTrue(answer.contains("\"name\":\"a.weight\",\"dtype\":0,\"dims\":[3],\"ofs_tensor\":"), answer);
        assertTrue(answer.matches(".*\"crc32\":\"[0-9a-f]{8}\".*"), answer);
    }

    @Test
    void whatIsNoVerdictEndsTheHarness() {
        assertThrows(NoSuchFileException.class, () -> answers(run(folder.resolve("absent"))));
        assertThrows(IOException.class, () -> answers("{\"cmd\":\"dance\"}"));
        assertThrows(IOException.class, () -> answers("[]"));
    }
}
