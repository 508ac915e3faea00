package org.aprfmt.reader;

import java.io.IOException;
import java.util.Optional;
import org.aprfmt.reader.generated.Facts;

/**
 * Thrown when a file is not a valid APR v2 file, or asks for more than the {@link AprLimits}. Any other
 * {@link IOException} says that the file could not be read, and nothing about what is in it.
 *
 * <p>The message holds everything that the methods give, and is safe to print: what the file says is escaped in it.
 */
public final class AprFormatException extends IOException {
    private static final long serialVersionUID = 1;

    /** Characters of a tensor's name that a message shows. */
    private static final int LONGEST_NAME = 100;

    /** Id of the rule. */
    private final String rule;

    /** Path of the field. */
    private final String field;

    /** First byte of the field. */
    private final long start;

    /** The byte behind the field. */
    private final long end;

    /** What should be there. */
    private final String expected;

    /** What is there. */
    private final String found;

    /** Name of the tensor, or null. */
    private final String tensor;

    private AprFormatException(
            String message, String rule, String field, ByteSpan span, String expected, String found, String tensor) {
        super(message);
        this.rule = rule;
        this.field = field;
        this.start = span.start();
        this.end = span.end();
        this.expected = expected;
        this.found = found;
        this.tensor = tensor;
    }

    /** A fault of a field; {@code more} is added to what the rule says about the defect. */
    static AprFormatException of(
            String rule, String field, ByteSpan span, String expected, String found, String more, String tensor) {
        StringBuilder message = new StringBuilder(Facts.RULES.get(rule).defect()).append(more);
        message.append(": ").append(field).append(" @").append(span);
        message.append(": expected ").append(expected).append(", found ").append(found);
        if (tensor != null) {
            message.append("; tensor ").append(Texts.quoted(tensor, LONGEST_NAME));
        }
        message.append(" [").append(rule).append(']');
        return new AprFormatException(message.toString(), rule, field, span, expected, found, tensor);
    }

    static AprFormatException of(String rule, String field, ByteSpan span, String expected, String found) {
        return of(rule, field, span, expected, found, "", null);
    }

    /**
     * The rule that is broken.
     *
     * @return its id, such as {@code APR-F002}
     */
    public String rule() {
        return rule;
    }

    /**
     * The field at fault.
     *
     * @return its path in the declaration of the format, such as {@code tensor_index.entries[3].name}
     */
    public String field() {
        return field;
    }

    /**
     * Where the field lies.
     *
     * @return the bytes of the file that are at fault
     */
    public ByteSpan span() {
        return new ByteSpan(start, end);
    }

    /**
     * What should be there.
     *
     * @return the expectation in words
     */
    public String expected() {
        return expected;
    }

    /**
     * What is there.
     *
     * @return the finding in words
     */
    public String found() {
        return found;
    }

    /**
     * The tensor whose index entry is at fault.
     *
     * @return its name as it stands in the file, not escaped; empty when the fault is not about one tensor
     */
    public Optional<String> tensor() {
        return Optional.ofNullable(tensor);
    }
}
