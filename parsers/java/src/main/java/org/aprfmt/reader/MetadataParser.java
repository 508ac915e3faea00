package org.aprfmt.reader;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.aprfmt.reader.generated.Facts;

/**
 * Parses the JSON of the metadata as strictly as the format has it: the rules APR-M002 to APR-M005, then the types of
 * known keys by {@link MetadataTypes}.
 *
 * <p>An integer becomes a {@link Long}, or a {@link BigInteger} beyond 64 bits with a sign; a number with a fraction
 * or an exponent, and the integer -0, a {@link Double}.
 */
final class MetadataParser {
    /** Levels of arrays and objects, the outermost one included: a rule of the format, not a limit of ours. */
    private static final int MAX_NESTING = 127;

    /** Decimal digits of the largest double. */
    private static final int MAX_DIGITS = 309;

    /** Up to here no way of rounding makes an infinity. */
    private static final double NEAR_MAX = 1.797e308;

    private static final int LONGEST_TEXT = 100;

    // What bounds text and numbers is the size of the metadata, which is bounded itself. Names are not kept for later
    // files: a hostile one would fill the tables.
    private static final JsonFactory JSON = new JsonFactoryBuilder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private final byte[] raw;
    private final long origin;
    private final AprLimits limits;
    private final Map<String, TextRange> known = new HashMap<>();
    private JsonParser parser;
    private int values;

    /** Where a value stands, in characters of the text. */
    private record TextRange(long start, long end) {
    }

    private MetadataParser(byte[] raw, long origin, AprLimits limits) {
        this.raw = raw;
        this.origin = origin;
        this.limits = limits;
    }

    /**
     * Parses metadata that begins at byte {@code origin} of the file.
     *
     * @return the members of the object, unmodifiable at every depth, in the order of the text
     * @throws AprFormatException when a rule is broken or a limit exceeded
     */
    static Map<String, Object> parse(byte[] raw, long origin, AprLimits limits) throws AprFormatException {
        return new MetadataParser(raw, origin, limits).parse();
    }

    private Map<String, Object> parse() throws AprFormatException {
        checkUtf8();
        Object value;
        try (JsonParser opened = JSON.createParser(
                new InputStreamReader(new ByteArrayInputStream(raw), StandardCharsets.UTF_8))) {
            parser = opened;
            if (parser.nextToken() == null) {
                throw fault("APR-M003", new ByteSpan(whole().end(), whole().end()), "a JSON value");
            }
            value = value(1);
            if (parser.nextToken() != null) {
                throw fault("APR-M003", here(), "nothing after the JSON value");
            }
        } catch (JsonProcessingException e) {
            throw notJson(e);
        } catch (AprFormatException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException("memory cannot be read", e);
        }
        if (!(value instanceof Map<?, ?>)) {
            throw fault("APR-M004", whole(), "a JSON object");
        }
        @SuppressWarnings("unchecked") // objects are made below, with keys that are text
        Map<String, Object> members = (Map<String, Object>) value;
        MetadataTypes.check(members, this::spanOfKnown, this::text);
        return members;
    }

    private void checkUtf8() throws AprFormatException {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer bytes = ByteBuffer.wrap(raw);
        CharBuffer characters = CharBuffer.allocate(Math.max(2, Math.min(raw.length, Ranges.PIECE)));
        CoderResult result;
        do {
            result = decoder.decode(bytes, characters.clear(), true);
        } while (result.isOverflow());
        if (result.isError()) {
            long start = origin + bytes.position();
            throw fault("APR-M002", new ByteSpan(start, start + result.length()), "UTF-8");
        }
    }

    /** The value that begins with the current token; the current token is then its last one. */
    private Object value(int depth) throws IOException {
        if (++values > limits.maxMetadataValues()) {
            throw limit("values", limits.maxMetadataValues());
        }
        JsonToken token = parser.currentToken();
        if (token.isStructStart() && depth > MAX_NESTING) {
            throw fault("APR-M005", here(), "at most " + MAX_NESTING + " levels of arrays and objects");
        }
        return switch (token) {
            case START_OBJECT -> object(depth);
            case START_ARRAY -> array(depth);
            case VALUE_STRING -> string(parser.getText());
            case VALUE_NUMBER_INT -> integer(parser.getText());
            case VALUE_NUMBER_FLOAT -> fraction(parser.getText());
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new IllegalStateException("no token begins a value with " + token);
        };
    }

    private Map<String, Object> object(int depth) throws IOException {
        Map<String, Object> members = new LinkedHashMap<>();
        int count = 0;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            if (depth == 1 && ++count > limits.maxMetadataMembers()) {
                throw limit("members", limits.maxMetadataMembers());
            }
            String key = string(parser.currentName());
            parser.nextToken();
            long start = parser.currentTokenLocation().getCharOffset();
            members.put(key, value(depth + 1));
            if (depth == 1 && MetadataTypes.isKnown(key)) {
                known.put(key, new TextRange(start, parser.currentLocation().getCharOffset()));
            }
        }
        return Collections.unmodifiableMap(members);
    }

    private List<Object> array(int depth) throws IOException {
        List<Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            items.add(value(depth + 1));
        }
        return Collections.unmodifiableList(items);
    }

    /** Text without half a character: the bytes are UTF-8, so that only an escape makes one. */
    private String string(String text) throws AprFormatException {
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            if (Character.isSurrogate(unit)) {
                boolean isPair = Character.isHighSurrogate(unit)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!isPair) {
                    throw fault("APR-M003", here(), "surrogate escapes in pairs");
                }
                i++;
            }
        }
        return text;
    }

    private Object integer(String digits) throws AprFormatException {
        if (digits.equals("-0")) {
            return -0.0;
        }
        if (digits.length() < 19) {
            return Long.valueOf(digits);
        }
        if (digits.length() >= MAX_DIGITS) {
            fraction(digits);
        }
        BigInteger exact = new BigInteger(digits);
        return exact.bitLength() < Long.SIZE ? (Object) exact.longValue() : exact;
    }

    private Double fraction(String digits) throws AprFormatException {
        double value = Double.parseDouble(digits);
        if (!(Math.abs(value) < NEAR_MAX) && (Double.isInfinite(value) || overflows(digits))) {
            throw fault("APR-M003", here(), "a number within the range of a double");
        }
        return value;
    }

    /**
     * Whether other readers take a number near the largest double for an infinity. They keep the digits that fit into
     * 64 bits, the first 20, and multiply by a power of ten, which rounds more than once.
     */
    private static boolean overflows(String digits) {
        String mantissa = digits.toLowerCase(Locale.ROOT).split("e", 2)[0];
        String significant = mantissa.replace(".", "").replaceFirst("^[-0]+", "");
        String first = significant.substring(0, Math.min(20, significant.length()));
        double power = Double.parseDouble("1e" + (MAX_DIGITS - first.length()));
        return Double.isInfinite(new BigInteger(first).doubleValue() * power);
    }

    private AprFormatException notJson(JsonProcessingException error) {
        long at = error.getLocation() == null ? raw.length : place(error.getLocation().getCharOffset());
        long start = Math.min(at, raw.length);
        ByteSpan span = new ByteSpan(origin + start, origin + Math.min(start + 1, raw.length));
        String found = Texts.printable(error.getOriginalMessage());
        AprFormatException fault = AprFormatException.of("APR-M003", "metadata", span, "one strict JSON object", found);
        fault.initCause(error);
        return fault;
    }

    private AprFormatException fault(String rule, ByteSpan span, String expected) {
        String found = span.nbytes() == 0 ? "the end of the metadata" : text(span);
        return AprFormatException.of(rule, "metadata", span, expected, found);
    }

    private AprFormatException limit(String what, int most) {
        String name = "maxMetadata" + Character.toUpperCase(what.charAt(0)) + what.substring(1);
        String expected = "at most " + most + " " + what + " (" + name + ")";
        return AprFormatException.of("APR-L001", "metadata", whole(), expected, "more");
    }

    private ByteSpan whole() {
        return new ByteSpan(origin, origin + raw.length);
    }

    /** The current token. */
    private ByteSpan here() {
        long start = place(parser.currentTokenLocation().getCharOffset());
        long end = place(parser.currentLocation().getCharOffset());
        return new ByteSpan(origin + start, origin + Math.max(start, end));
    }

    private ByteSpan spanOfKnown(String key) {
        TextRange range = known.get(key);
        return new ByteSpan(origin + place(range.start), origin + place(range.end));
    }

    /** The beginning of what stands in a span, for a message. */
    private String text(ByteSpan span) {
        int start = (int) (span.start() - origin);
        int length = (int) Math.min(span.nbytes(), 4L * LONGEST_TEXT);
        return Texts.quoted(new String(raw, start, length, StandardCharsets.UTF_8), LONGEST_TEXT);
    }

    /** The byte of the text at which its n-th UTF-16 unit begins. */
    private int place(long unit) {
        int at = 0;
        for (long units = 0; at < raw.length && units < unit; at++) {
            int lead = raw[at] & 0xff;
            while (at + 1 < raw.length && (raw[at + 1] & 0xc0) == 0x80) {
                at++;
            }
            units += lead >= 0xf0 ? 2 : 1;
        }
        return at;
    }
}
