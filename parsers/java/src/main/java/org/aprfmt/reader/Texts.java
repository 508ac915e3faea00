package org.aprfmt.reader;

import java.nio.charset.StandardCharsets;

/** Text from a file as it may be shown to people. */
final class Texts {
    private static final int LONGEST_BYTES = 40;

    private Texts() {
    }

    /** The text with everything escaped that could move a cursor, colour a terminal or reverse a line. */
    static String printable(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        text.codePoints().forEach(code -> append(shown, code));
        return shown.toString();
    }

    /** The text in quotes, printable, and cut when it has more characters than {@code longest}. */
    static String quoted(String text, int longest) {
        boolean fits = text.codePointCount(0, text.length()) <= longest;
        String kept = fits ? text : text.substring(0, text.offsetByCodePoints(0, longest));
        return "'" + printable(kept).replace("'", "\\'") + (fits ? "'" : "'…");
    }

    /** Bytes in quotes: ASCII as it is, every other byte in hexadecimal digits. */
    static String quoted(byte[] bytes) {
        StringBuilder shown = new StringBuilder("'");
        for (int i = 0; i < Math.min(bytes.length, LONGEST_BYTES); i++) {
            int value = bytes[i] & 0xff;
            boolean plain = value >= ' ' && value <= '~' && value != '\'' && value != '\\';
            shown.append(plain ? String.valueOf((char) value) : String.format("\\x%02x", value));
        }
        return shown.append(bytes.length > LONGEST_BYTES ? "'…" : "'").toString();
    }

    /** The name of a tensor for messages: what is not UTF-8 in it is replaced. */
    static String lenient(byte[] name) {
        return new String(name, StandardCharsets.UTF_8);
    }

    private static void append(StringBuilder shown, int code) {
        switch (code) {
            case '\\' -> shown.append("\\\\");
            case '\n' -> shown.append("\\n");
            case '\r' -> shown.append("\\r");
            case '\t' -> shown.append("\\t");
            default -> {
                if (isPlain(code)) {
                    shown.appendCodePoint(code);
                } else if (Character.isBmpCodePoint(code)) {
                    shown.append(String.format("\\u%04x", code));
                } else {
                    shown.append(String.format("\\U%08x", code));
                }
            }
        }
    }

    private static boolean isPlain(int code) {
        return switch (Character.getType(code)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
