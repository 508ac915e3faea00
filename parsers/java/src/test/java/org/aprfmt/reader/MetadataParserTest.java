package org.aprfmt.reader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON is taken as strictly as the format has it, and no stricter. */
class MetadataParserTest {
    private static final int ORIGIN = 1000;

    private static Map<String, Object> parse(String text) throws AprFormatException {
        return MetadataParser.parse(text.getBytes(StandardCharsets.UTF_8), ORIGIN, AprLimits.DEFAULT);
    }

    private static Object value(String text) throws AprFormatException {
        return parse("{\"x\":" + text + "}").get("x");
    }

    private static AprFormatException refusal(String text) {
        return assertThrows(AprFormatException.class, () -> parse(text));
    }

    @Test
    void numbersKeepWhatTheyAre() throws AprFormatException {
        assertEquals(1L, value("1"));
        assertEquals(1.0, value("1.0"));
        assertEquals(1e5, value("1E+5"));
        assertEquals(-0.0, value("-0"));
        assertEquals(Long.MAX_VALUE, value("9223372036854775807"));
        assertEquals(Long.MIN_VALUE, value("-9223372036854775808"));
        assertEquals(new BigInteger("9223372036854775808"), value("9223372036854775808"));
        assertEquals(new BigInteger("18446744073709551616"), value("18446744073709551616"));
        assertEquals(new BigInteger("1" + "0".repeat(308)), value("1" + "0".repeat(308)));
        assertEquals(Double.MAX_VALUE, value("1.7976931348623157e308"));
        assertEquals(0.0, value("1e-999999999999"));
        assertEquals(0.0, value("0e999999999999"));
        assertEquals(1e-300, value("0." + "0".repeat(299) + "1"));
    }

    @Test
    void valuesAreUnmodifiable() throws AprFormatException {
        Map<String, Object> members = parse("{\"b\":[null,true],\"a\":{\"\":\"\"}}");
        assertEquals(List.of("b", "a"), List.copyOf(members.keySet()));
        assertNull(((List<?>) members.get("b")).get(0));
        assertEquals(Map.of("", ""), members.get("a"));
        assertThrows(UnsupportedOperationException.class, () -> members.put("c", 1));
        assertThrows(UnsupportedOperationException.class, () -> ((List<?>) members.get("b")).remove(0));
        assertThrows(UnsupportedOperationException.class, () -> ((Map<?, ?>) members.get("a")).clear());
    }

    @Test
    void ofAKeyThatOccursTwiceTheLastValueCounts() throws AprFormatException {
        assertEquals(Map.of("name", "b", "__proto__", 1L), parse("{\"name\":1,\"__proto__\":1,\"name\":\"b\"}"));
        assertEquals("APR-M006", refusal("{\"name\":\"b\",\"name\":1}").rule());
    }

    @Test
    void textIsUnescaped() throws AprFormatException {
        assertEquals("\ud83d\ude00/\u0000\n", value("\"\\ud83d\\uDE00\\/\\u0000\\n\""));
        assertEquals("\u007f\u2028", value("\"\u007f\u2028\""));
        assertEquals("é", parse(" \t\r\n{ \"x\" : \"é\" } \n").get("x"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{\"a\":1}}", "{} {}",
                "{}x", "{a:1}", "{'a':1}", "{\"a\":'b'}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}",
                "{\"a\":-}", "{\"a\":1e}", "{\"a\":0x1}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":-Infinity}",
                "{\"a\":tru}", "{\"a\":nullx}", "{\"a\":TRUE}", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[}",
                "{\"a\":\"b}", "{\"a\":\"\t\"}", "{\"a\":\"\n\"}", "{\"a\":\"\u0000\"}", "{\"a\":\"\\x41\"}",
                "{\"a\":\"\\'\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\"}",
                "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\ude00\\ud83d\"}", "{\"\\ud800\":1}", "{\"a\":\"\\ud83d😀\"}",
                "\ufeff{}", "{}\u0000", "{}\u00a0", "\u000b{}", "{\"a\":1}//", "/**/{}", "#\n{}", "{\"a\":1e999}",
                "{\"a\":-1e309}", "{\"a\":1.7976931348623159e308}"
            })
    void whatIsNotStrictJsonIsRefused(String text) {
        assertEquals("APR-M003", refusal(text).rule());
    }

    @Test
    void anIntegerBeyondTheRangeOfADoubleIsRefused() {
        assertEquals("APR-M003", refusal("{\"a\":1" + "0".repeat(309) + "}").rule());
        assertEquals("APR-M003", refusal("{\"a\":-" + "9".repeat(5000) + "}").rule());
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "\"a\"", "null", "[]", "[{}]", " true "})
    void anotherValueThanAnObjectIsRefused(String text) {
        assertEquals("APR-M004", refusal(text).rule());
    }

    @Test
    void depthIsBounded() throws AprFormatException {
        String deepest = "[".repeat(126) + "]".repeat(126);
        assertTrue(value(deepest) instanceof List<?>);
        assertEquals("APR-M005", refusal("{\"a\":[" + deepest + "]}").rule());
        assertEquals("APR-M005", refusal("[".repeat(1_000_000)).rule());
    }

    @Test
    void longTextIsTaken() throws AprFormatException {
        String text = "é".repeat(25_000_000 / 2);
        assertEquals(text, value('"' + text + '"'));
    }

    @Test
    void keysThatHashAlikeAreTaken() throws AprFormatException {
        StringBuilder text = new StringBuilder("{");
        for (int i = 0; i < 1 << 14; i++) {
            text.append('"');
            for (int bit = 0; bit < 14; bit++) {
                text.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            text.append("\":0,");
        }
        assertEquals((1 << 14) + 1, parse(text.append("\"\":0}").toString()).size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"name\":1", "\"model_type\":null", "\"total_size\":-1", "\"total_size\":-0", "\"total_size\":1e3",
                "\"total_size\":18446744073709551616", "\"rope_type\":4294967296", "\"rope_theta\":\"1\"",
                "\"hidden_size\":true", "\"sharding\":[]", "\"sharding\":{}", "\"special_tokens\":{\"bos_token\":1}",
                "\"sharding\":{\"shard_count\":1,\"shard_index\":0,\"total_size\":0,\"pattern\":1}",
                "\"quantization\":{\"quant_type\":\"int8\",\"bits\":256,\"symmetric\":true}",
                "\"quantization\":{\"quant_type\":\"int8\",\"bits\":8,\"symmetric\":null}",
                "\"quantization\":{\"quant_type\":\"int8\",\"bits\":8}"
            })
    void aKnownKeyOfAnotherTypeIsRefused(String member) {
        String text = "{\"é😀\":0," + member + "}";
        AprFormatException e = refusal(text);
        assertEquals("APR-M006", e.rule());
        int start = ORIGIN + 3 + 2 + 4 + 3 + member.indexOf(':') + 1; // bytes, of which é has two and the smiley four
        int end = ORIGIN + text.getBytes(StandardCharsets.UTF_8).length - 1;
        assertEquals(new ByteSpan(start, end), e.span(), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"name\":null", "\"total_size\":18446744073709551615", "\"rope_type\":4294967295",
                "\"rope_theta\":1", "\"rope_theta\":1e300", "\"hidden_size\":null", "\"sharding\":null",
                "\"special_tokens\":{}", "\"special_tokens\":{\"bos_token\":null,\"more\":[]}",
                "\"other\":{\"name\":1}",
                "\"quantization\":{\"quant_type\":\"\",\"bits\":255,\"symmetric\":false,\"block_size\":null}"
            })
    void aKnownKeyOfItsTypeIsTaken(String member) throws AprFormatException {
        assertEquals(1, parse("{" + member + "}").size());
    }

    @Test
    void theErrorSaysWhichKeyAndWhatItShouldBe() {
        AprFormatException e = refusal("{\"quantization\":{\"quant_type\":\"int8\",\"bits\":256,\"symmetric\":true}}");
        assertEquals("metadata.quantization.bits", e.field());
        assertEquals("an unsigned integer of 8 bits", e.expected());
        AprFormatException missing = refusal("{\"sharding\":{}}");
        assertEquals("metadata.sharding.shard_count", missing.field());
        assertEquals("nothing", missing.found());
    }

    @Test
    void bytesThatAreNotUtf8AreRefusedWhereTheyStand() {
        byte[] text = "{\"a\":\"éx\"}".getBytes(StandardCharsets.UTF_8);
        text[7] = 'x'; // the second byte of é
        AprFormatException e =
                assertThrows(AprFormatException.class, () -> MetadataParser.parse(text, ORIGIN, AprLimits.DEFAULT));
        assertEquals("APR-M002", e.rule());
        assertEquals(new ByteSpan(ORIGIN + 6, ORIGIN + 7), e.span());
        byte[] surrogate = {'{', '"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"', ':', '1', '}'};
        assertEquals(
                "APR-M002",
                assertThrows(
                                AprFormatException.class,
                                () -> MetadataParser.parse(surrogate, ORIGIN, AprLimits.DEFAULT))
                        .rule());
    }
}
