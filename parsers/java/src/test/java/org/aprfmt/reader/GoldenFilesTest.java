package org.aprfmt.reader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.aprfmt.reader.generated.Facts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every file that the reference implementation wrote is read as it reads it. */
class GoldenFilesTest {
    static Stream<String> names() throws IOException {
        return TestFiles.expected().keySet().stream();
    }

    @Test
    void thereAreFiles() throws IOException {
        assertTrue(names().count() >= 9);
    }

    @ParameterizedTest
    @MethodSource("names")
    void headerAndFooter(String name) throws IOException {
        Map<?, ?> expected = (Map<?, ?>) TestFiles.expected().get(name);
        try (AprModel model = AprModel.open(TestFiles.GOLDEN.resolve(name))) {
            AprHeader header = model.header();
            assertEquals(expected.get("version"), List.of((long) header.versionMajor(), (long) header.versionMinor()));
            assertEquals(expected.get("flags"), (long) header.flags());
            assertEquals(expected.get("tensor_count"), (long) header.numTensors());
            assertEquals(expected.get("metadata_offset"), header.ofsMetadata());
            assertEquals(expected.get("metadata_size"), header.lenMetadata());
            assertEquals(expected.get("tensor_index_offset"), header.ofsTensorIndex());
            assertEquals(expected.get("data_offset"), header.ofsData());
            assertEquals(expected.get("checksum"), String.format("%08x", header.checksum()));
            for (Facts.Flag flag : Facts.FLAGS) {
                boolean isSet = (header.flags() >> flag.bit()) % (1 << flag.width()) != 0;
                assertEquals(isSet, header.flagNames().contains(flag.name()), flag.name());
            }
            assertTrue(model.footer().isPresent());
            model.verify();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void tensors(String name) throws IOException {
        List<?> expected = (List<?>) ((Map<?, ?>) TestFiles.expected().get(name)).get("tensors");
        try (AprModel model = AprModel.open(TestFiles.GOLDEN.resolve(name))) {
            assertEquals(expected.size(), model.tensors().size());
            for (AprTensor tensor : model.tensors()) {
                Map<?, ?> facts = (Map<?, ?>) expected.get(tensor.index());
                assertEquals(facts.get("name"), tensor.name());
                String dtype = ((String) facts.get("dtype")).toLowerCase(Locale.ROOT);
                assertEquals(dtype.replace("_", ""), tensor.dtype().typeName().replace("_", ""));
                assertEquals(facts.get("shape"), Arrays.stream(tensor.shape()).boxed().toList());
                assertEquals(facts.get("offset"), tensor.dataOffset());
                assertEquals(facts.get("size"), tensor.nbytes());
                CRC32 crc = new CRC32();
                crc.update(tensor.read());
                assertEquals(facts.get("crc32"), String.format("%08x", crc.getValue()));
                assertEquals(tensor, model.tensor(tensor.name()).orElseThrow());
            }
            assertFalse(model.tensor("no such tensor").isPresent());
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void metadata(String name) throws IOException {
        Map<?, ?> expected = (Map<?, ?>) ((Map<?, ?>) TestFiles.expected().get(name)).get("metadata");
        try (AprModel model = AprModel.open(TestFiles.GOLDEN.resolve(name))) {
            Map<String, Object> found = model.metadata();
            assertFalse(found.isEmpty());
            expected.forEach((key, value) -> assertEquals(single(value), single(found.get(key)), key.toString()));
        }
    }

    /** The reference reads its fractions in single precision. */
    private static Object single(Object value) {
        return value instanceof Double fraction ? (Object) fraction.floatValue() : value;
    }
}
