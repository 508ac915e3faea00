package org.aprfmt.reader;

import io.kaitai.struct.KaitaiStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.HexFormat;
import java.util.function.Supplier;
import org.aprfmt.reader.generated.Facts;

/**
 * The one door through which errors of the generated parser leave. Only what says something about the file becomes an
 * {@link AprFormatException}: an error that neither the parser nor {@link FileKaitaiStream} raises on purpose is a
 * fault of this package, and stays what it is.
 */
final class ParserErrors {
    /** The index entry in which the parser stopped. */
    interface StoppedAt {
        EntryWalk.Entry entry() throws IOException;
    }

    private static final String HEADER = "header.";
    private static final String BUT = ", but got ";

    private ParserErrors() {
    }

    /**
     * Runs the generated parser.
     *
     * @throws AprFormatException when it refuses a field
     * @throws IOException when the file cannot be read, or changed since its parts were measured
     */
    static <T> T parse(FileChannel channel, Supplier<T> part, StoppedAt stop) throws IOException {
        try {
            return part.get();
        } catch (KaitaiStream.KaitaiStructError error) {
            throw refused(channel, error, stop);
        } catch (FileKaitaiStream.EndOfRange error) {
            throw Ranges.changed(error);
        } catch (UncheckedIOException error) {
            throw error.getCause();
        }
    }

    private static AprFormatException refused(
            FileChannel channel, KaitaiStream.KaitaiStructError error, StoppedAt stop) throws IOException {
        String message = error.getMessage();
        // The runtime keeps the path of the field to itself, but for the beginning of the message.
        String source = message.substring(0, Math.max(0, message.indexOf(": ")));
        String rule = Facts.RULE_AT.get(source);
        if (rule == null) {
            throw error;
        }
        String field = Facts.FIELD_AT.get(source);
        String[] steps = field.split("\\.");
        String name = steps[steps.length - 1];
        ByteSpan span;
        String tensor = null;
        if (field.startsWith(HEADER)) {
            span = Places.header(steps[1]);
        } else {
            EntryWalk.Entry entry = stop.entry();
            field = Places.path(entry.number(), name);
            span = entry.field(name);
            tensor = Texts.lenient(bytes(channel, entry.field("name")));
        }
        byte[] raw = bytes(channel, span);
        String more = name.equals("magic") ? lookalike(raw, ": this is ") : "";
        AprFormatException fault =
                AprFormatException.of(rule, field, span, expected(error, raw), found(error, raw), more, tensor);
        fault.initCause(error);
        return fault;
    }

    /** What other formats begin with these bytes, after {@code before}; empty when none is known to. */
    static String lookalike(byte[] magic, String before) {
        String name = Facts.LOOKALIKES.get(HexFormat.of().formatHex(magic));
        return name == null ? "" : before + name;
    }

    static byte[] bytes(FileChannel channel, ByteSpan span) throws IOException {
        byte[] bytes = new byte[(int) span.nbytes()];
        Ranges.read(channel, span.start(), ByteBuffer.wrap(bytes));
        return bytes;
    }

    private static String expected(KaitaiStream.KaitaiStructError error, byte[] raw) {
        if (error instanceof KaitaiStream.ValidationLessThanError) {
            // Java has no unsigned numbers: the parser takes those from 2^63 on for negative ones.
            return Places.number(raw) < 0 ? "less than 2^63" : "at least " + between(error, ", min ", BUT);
        }
        if (error instanceof KaitaiStream.ValidationGreaterThanError) {
            return "at most " + between(error, ", max ", BUT);
        }
        if (error instanceof KaitaiStream.ValidationNotEqualError) {
            return shown(between(error, ", expected ", BUT));
        }
        return error instanceof KaitaiStream.ValidationNotInEnumError
                ? "the id of an element type"
                : "a name behind the previous one in the order of bytes";
    }

    private static String found(KaitaiStream.KaitaiStructError error, byte[] raw) {
        if (error instanceof KaitaiStream.ValidationNotEqualError) {
            return shown(error.getMessage().substring(error.getMessage().lastIndexOf(BUT) + BUT.length()));
        }
        return error instanceof KaitaiStream.ValidationExprError
                ? Texts.quoted(raw)
                : Long.toUnsignedString(Places.number(raw));
    }

    /** A value as the runtime writes it: a flag, a number, or bytes in hexadecimal digits, such as {@code [41 50]}. */
    private static String shown(String value) {
        return value.startsWith("[")
                ? Texts.quoted(HexFormat.ofDelimiter(" ").parseHex(value.substring(1, value.length() - 1)))
                : value;
    }

    private static String between(KaitaiStream.KaitaiStructError error, String before, String after) {
        String message = error.getMessage();
        int start = message.indexOf(before) + before.length();
        return message.substring(start, message.indexOf(after, start));
    }
}
