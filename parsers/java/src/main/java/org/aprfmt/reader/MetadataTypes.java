package org.aprfmt.reader;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.aprfmt.reader.generated.Facts;

/** The types of the known keys of the metadata: the rule APR-M006. Keys that are not known may hold anything. */
final class MetadataTypes {
    private static final Map<String, Facts.MetadataKey> KEYS =
            Facts.METADATA_KEYS.stream().collect(Collectors.toUnmodifiableMap(Facts.MetadataKey::name, key -> key));

    private MetadataTypes() {
    }

    /** Whether a member of the outermost object has a type. */
    static boolean isKnown(String key) {
        return KEYS.containsKey(key);
    }

    /**
     * Checks the members of the outermost object.
     *
     * @param span where the value of such a member stands
     * @param text what stands there
     * @throws AprFormatException for the first known key with a value of another type, in the order of the schema
     */
    static void check(
            Map<String, Object> members, Function<String, ByteSpan> span, Function<ByteSpan, String> text)
            throws AprFormatException {
        for (Facts.MetadataKey key : Facts.METADATA_KEYS) {
            if (members.containsKey(key.name())) {
                Fault fault = fault(key, members.get(key.name()), key.name());
                if (fault != null) {
                    ByteSpan place = span.apply(key.name());
                    String found = fault.isMissing ? "nothing" : text.apply(place);
                    throw AprFormatException.of("APR-M006", "metadata." + fault.path, place, fault.expected, found);
                }
            }
        }
    }

    private record Fault(String path, String expected, boolean isMissing) {
    }

    /** What is wrong with a value; null when nothing is. */
    private static Fault fault(Facts.MetadataKey key, Object value, String path) {
        if (value == null && key.nullable()) {
            return null;
        }
        if (!isOfKind(key, value)) {
            return new Fault(path, words(key) + (key.nullable() ? " or null" : ""), false);
        }
        return value instanceof Map<?, ?> members ? faultInside(key.keys(), members, path) : null;
    }

    private static Fault faultInside(List<Facts.MetadataKey> keys, Map<?, ?> members, String path) {
        for (Facts.MetadataKey key : keys) {
            String place = path + "." + key.name();
            if (!members.containsKey(key.name())) {
                if (key.required()) {
                    return new Fault(place, words(key), true);
                }
                continue;
            }
            Fault fault = fault(key, members.get(key.name()), place);
            if (fault != null) {
                return fault;
            }
        }
        return null;
    }

    private static boolean isOfKind(Facts.MetadataKey key, Object value) {
        return switch (key.kind()) {
            case STRING -> value instanceof String;
            case BOOLEAN -> value instanceof Boolean;
            case NUMBER -> value instanceof Number;
            case OBJECT -> value instanceof Map<?, ?>;
            case INTEGER -> {
                BigInteger exact = value instanceof Long small
                        ? BigInteger.valueOf(small)
                        : value instanceof BigInteger large ? large : BigInteger.ONE.negate();
                yield exact.signum() >= 0 && exact.bitLength() <= key.bits();
            }
        };
    }

    private static String words(Facts.MetadataKey key) {
        return switch (key.kind()) {
            case STRING -> "a string";
            case BOOLEAN -> "true or false";
            case NUMBER -> "a number";
            case OBJECT -> "an object";
            case INTEGER -> "an unsigned integer of " + key.bits() + " bits";
        };
    }
}
