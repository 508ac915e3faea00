package org.aprfmt.reader;

import static org.aprfmt.reader.TestFiles.entryField;
import static org.aprfmt.reader.TestFiles.golden;
import static org.aprfmt.reader.TestFiles.withEntry;
import static org.aprfmt.reader.TestFiles.withHeader;
import static org.aprfmt.reader.TestFiles.withMetadata;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.aprfmt.reader.generated.Facts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule of the format is enforced, for the right reason, at the right place. */
class DamageTest {
    @TempDir
    Path folder;

    /** A file, the rule that it breaks, and what the error says. */
    record Damage(byte[] file, String rule, String field, String expected, String found) {
        @Override
        public String toString() {
            return rule + " " + field + " " + found;
        }
    }

    static Stream<Damage> damages() throws IOException {
        byte[] good = golden("one_custom_key.apr");
        long size = good.length;
        long index = TestFiles.number(good, Places.header("ofs_tensor_index"));
        byte[] filled = golden("sharded.apr"); // its only tensor has filler
        byte[] gguf = good.clone();
        System.arraycopy("GGUF".getBytes(StandardCharsets.US_ASCII), 0, gguf, 0, 4);
        byte[] reserved = good.clone();
        reserved[(int) Places.header("reserved").end() - 1] ^= 1;
        byte[] data = good.clone();
        data[good.length - 10] ^= 4;
        byte[] hidden = good.clone();
        hidden[(int) entryField(good, 1, "ofs_tensor").start()] ^= 4;
        byte[] twice = withEntry(good, 1, "name", TestFiles.number(good, entryField(good, 0, "name")));
        int least = Facts.HEADER_SIZE;
        return Stream.of(
                new Damage(TestFiles.sealed(gguf), "APR-H001", "header.magic", "'APR\\x00'", "'GGUF'"),
                new Damage(withHeader(good, "version_major", 3), "APR-H002", "header.version_major", "2", "3"),
                new Damage(
                        withHeader(good, "flags", 1 << flag("layout_column_major").bit()),
                        "APR-H004",
                        "header.flags.layout_column_major",
                        "false",
                        "true"),
                new Damage(reserved, "APR-H006", "header.checksum", null, null),
                new Damage(
                        cut(good, least - 1),
                        "APR-H008",
                        "header",
                        "at least " + least + " bytes",
                        least - 1 + " bytes"),
                new Damage(cut(good, 0), "APR-H008", "header", "at least " + least + " bytes", "0 bytes"),
                new Damage(
                        withHeader(good, "ofs_metadata", least - 1),
                        "APR-S001",
                        "header.ofs_metadata",
                        "at least " + least,
                        String.valueOf(least - 1)),
                new Damage(
                        withHeader(good, "ofs_metadata", size + 1),
                        "APR-S001",
                        "header.ofs_metadata",
                        "at most " + size,
                        String.valueOf(size + 1)),
                new Damage(
                        withHeader(good, "ofs_metadata", -1),
                        "APR-S001",
                        "header.ofs_metadata",
                        "less than 2^63",
                        "18446744073709551615"),
                new Damage(
                        withHeader(good, "ofs_tensor_index", 100),
                        "APR-S002",
                        "header.ofs_tensor_index",
                        null,
                        "100"),
                new Damage(
                        withHeader(good, "ofs_data", index - 1),
                        "APR-S003",
                        "header.ofs_data",
                        "at least " + index,
                        String.valueOf(index - 1)),
                new Damage(
                        withHeader(good, "len_metadata", 0), "APR-M001", "header.len_metadata", "at least 1", "0"),
                new Damage(
                        withMetadata(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}),
                        "APR-M002",
                        "metadata",
                        "UTF-8",
                        null),
                new Damage(withMetadata("{"), "APR-M003", "metadata", "one strict JSON object", null),
                new Damage(withMetadata(" "), "APR-M003", "metadata", "a JSON value", "the end of the metadata"),
                new Damage(withMetadata("[{}]"), "APR-M004", "metadata", "a JSON object", "'[{}]'"),
                new Damage(
                        withMetadata("{\"a\":" + "[".repeat(127) + "]".repeat(127) + "}"),
                        "APR-M005",
                        "metadata",
                        null,
                        "'['"),
                new Damage(
                        withMetadata("{\"hidden_size\":4096.0}"),
                        "APR-M006",
                        "metadata.hidden_size",
                        "an unsigned integer of 64 bits or null",
                        "'4096.0'"),
                new Damage(
                        withHeader(good, "num_tensors", -1),
                        "APR-I001",
                        "header.num_tensors",
                        "at most 6 entries in 128 bytes",
                        "4294967295 entries"),
                new Damage(
                        withEntry(good, 1, "len_name", 4000),
                        "APR-I001",
                        "header.num_tensors",
                        "at most 1 entries in 128 bytes",
                        "2 entries"),
                new Damage(
                        withHeader(good, "num_tensors", 5),
                        "APR-I001",
                        "header.num_tensors",
                        "at most 4 entries in 128 bytes",
                        "5 entries"),
                new Damage(
                        withEntry(good, 1, "dtype", 2),
                        "APR-I002",
                        "tensor_index.entries[1].dtype",
                        "the id of an element type",
                        "2"),
                new Damage(twice, "APR-I003", "tensor_index.entries[1].name", null, "'wpe'"),
                // Zeros behind the entries look like one more, without a name.
                new Damage(
                        withHeader(good, "num_tensors", 3), "APR-I003", "tensor_index.entries[2].name", null, "''"),
                new Damage(
                        withEntry(good, 1, "name", 0xff), "APR-I005", "tensor_index.entries[1].name", "UTF-8", null),
                new Damage(
                        withEntry(good, 1, "ofs_tensor", Long.MIN_VALUE),
                        "APR-D001",
                        "tensor_index.entries[1].ofs_tensor",
                        "less than 2^63",
                        "9223372036854775808"),
                new Damage(
                        withEntry(good, 0, "len_tensor", 133),
                        "APR-D001",
                        "tensor_index.entries[0].len_tensor",
                        "at most 132",
                        "133"),
                new Damage(
                        withEntry(good, 1, "len_tensor", 63),
                        "APR-D002",
                        "tensor_index.entries[1].len_tensor",
                        "64 bytes",
                        "63 bytes"),
                new Damage(
                        withEntry(good, 1, "ofs_tensor", 31),
                        "APR-D003",
                        "tensor_index.entries[1].ofs_tensor",
                        "an offset of at least 32",
                        "31"),
                new Damage(cut(filled, 511), "APR-D004", "tensor_data", "512 bytes", "511 bytes"),
                new Damage(cut(good, good.length - 1), "APR-F001", "footer.checksum", "4 bytes", "3 bytes"),
                new Damage(data, "APR-F002", "footer.checksum", null, null),
                new Damage(hidden, "APR-F005", "tensor_index.entries[1].ofs_tensor", "64", "68"));
    }

    private static Facts.Flag flag(String name) {
        return Facts.FLAGS.stream().filter(flag -> flag.name().equals(name)).findAny().orElseThrow();
    }

    private static byte[] cut(byte[] file, int length) {
        return Arrays.copyOf(file, length);
    }

    private AprFormatException refusal(byte[] file, AprLimits limits) throws IOException {
        Path path = TestFiles.write(folder, file);
        return assertThrows(AprFormatException.class, () -> {
            try (AprModel model = AprModel.open(path, limits)) {
                model.verify();
            }
        });
    }

    @ParameterizedTest
    @MethodSource("damages")
    void isRefusedForTheRightReason(Damage damage) throws IOException {
        AprFormatException e = refusal(damage.file, AprLimits.DEFAULT);
        assertEquals(damage.rule, e.rule(), e.getMessage());
        assertEquals(damage.field, e.field());
        if (damage.expected != null) {
            assertEquals(damage.expected, e.expected());
        }
        if (damage.found != null) {
            assertEquals(damage.found, e.found());
        }
        assertTrue(e.getMessage().startsWith(Facts.RULES.get(damage.rule).defect()), e.getMessage());
        assertTrue(e.getMessage().endsWith("[" + damage.rule + "]"), e.getMessage());
        assertTrue(e.span().start() <= e.span().end() && e.span().end() <= damage.file.length, e.getMessage());
        if (damage.field.startsWith("tensor_index.entries")) {
            int number = Integer.parseInt(damage.field.replaceAll("\\D+", ""));
            String name = damage.field.substring(damage.field.lastIndexOf('.') + 1);
            assertEquals(entryField(damage.file, number, name), e.span());
            assertTrue(e.tensor().isPresent());
        }
    }

    @Test
    void everyRuleIsTried() throws IOException {
        Set<String> tried = damages().map(Damage::rule).collect(Collectors.toSet());
        tried.add("APR-L001"); // below
        assertEquals(Facts.RULES.keySet(), tried);
    }

    @Test
    void anotherFormatIsNamed() throws IOException {
        byte[] gguf = golden("one_custom_key.apr");
        System.arraycopy("GGUF".getBytes(StandardCharsets.US_ASCII), 0, gguf, 0, 4);
        assertTrue(refusal(gguf, AprLimits.DEFAULT).getMessage().contains("this is a GGUF file"));
        String small = refusal(cut(gguf, 20), AprLimits.DEFAULT).getMessage();
        assertTrue(small.contains("by its first bytes this is a GGUF file"), small);
    }

    @Test
    void theMessageSaysEverythingOnOneLine() throws IOException {
        byte[] file = withEntry(golden("one_custom_key.apr"), 1, "name", '\n' | 'x' << 8 | '\'' << 16);
        AprFormatException e = refusal(file, AprLimits.DEFAULT);
        assertEquals(
                "the names are out of order, or one occurs twice: tensor_index.entries[1].name @0x129..0x12c: "
                        + "expected a name behind the previous one in the order of bytes, found '\\x0ax\\x27'; "
                        + "tensor '\\nx\\'' [APR-I003]",
                e.getMessage());
        assertEquals("\nx'", e.tensor().orElseThrow());
    }

    @Test
    void theHeaderChecksumIsJudgedBeforeThePlaces() throws IOException {
        byte[] file = golden("one_custom_key.apr");
        TestFiles.put(file, Places.header("ofs_data"), -1);
        assertEquals("APR-H006", refusal(file, AprLimits.DEFAULT).rule());
        file[0] = 0;
        assertEquals("APR-H001", refusal(file, AprLimits.DEFAULT).rule());
    }

    @Test
    void whatIsMerelyOddIsRead() throws IOException {
        byte[] file = golden("one_custom_key.apr");
        file = withHeader(file, "version_minor", 9);
        file = withHeader(file, "flags", 1 << flag("reserved").bit());
        file = Arrays.copyOf(file, file.length + 9); // bytes behind the footer
        TestFiles.put(file, new ByteSpan(file.length - 9, file.length), -1);
        try (AprModel model = AprModel.open(TestFiles.write(folder, file))) {
            assertEquals(Set.of("reserved"), model.header().flagNames());
            model.verify();
        }
        file = Arrays.copyOf(file, file.length - 13); // no footer
        try (AprModel model = AprModel.open(TestFiles.write(folder, file))) {
            assertTrue(model.footer().isEmpty());
            model.verify();
        }
    }

    @Test
    void limitsAreEnforced() throws IOException {
        byte[] good = golden("one_custom_key.apr");
        AprLimits limits = AprLimits.DEFAULT;
        for (AprLimits low : new AprLimits[] {
            limits.withMaxTensors(1),
            limits.withMaxIndexBytes(77),
            limits.withMaxMetadataBytes(147),
            limits.withMaxMetadataMembers(1),
            limits.withMaxMetadataValues(7)
        }) {
            assertEquals("APR-L001", refusal(good, low).rule());
        }
        AprLimits enough = new AprLimits(148, 100, 100, 78, 2);
        try (AprModel model = AprModel.open(TestFiles.write(folder, good), enough)) {
            model.verify();
        }
        assertThrows(IllegalArgumentException.class, () -> limits.withMaxTensors(-1));
    }

    @Test
    void numbersInMessagesDoNotDependOnTheLocale() throws IOException {
        byte[] file = golden("one_custom_key.apr");
        file[(int) entryField(file, 1, "ofs_tensor").start()] ^= 4;
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG"));
        try (AprModel model = AprModel.open(TestFiles.write(folder, file))) {
            AprFormatException e = assertThrows(AprFormatException.class, model::verify);
            assertEquals("APR-F005", e.rule());
            assertTrue(e.getMessage().contains(": bit 2 of byte 0x"), e.getMessage());
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void aShapeOfManyDimensionsIsCutInMessages() {
        long[] shape = new long[255];
        Arrays.fill(shape, -1);
        String text = TensorSizes.brief(shape);
        assertTrue(text.endsWith(", 18446744073709551615, … 255 dimensions]"), text);
        assertTrue(text.length() < 250, text);
        assertEquals("[1, 2, 3, 4, 5, 6, 7, 8]", TensorSizes.brief(new long[] {1, 2, 3, 4, 5, 6, 7, 8}));
        assertEquals("[]", TensorSizes.brief(new long[0]));
    }
}
