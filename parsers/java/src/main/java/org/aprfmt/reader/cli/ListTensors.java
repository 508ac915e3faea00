package org.aprfmt.reader.cli;

import java.io.BufferedWriter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.aprfmt.reader.AprFormatException;
import org.aprfmt.reader.AprModel;
import org.aprfmt.reader.AprTensor;

/** The command {@code apr-tensors}: lists the tensors of a file, one a line. */
public final class ListTensors {
    private static final int FINE = 0;
    private static final int WRONG_USAGE = 2;
    private static final int UNREADABLE = 3;
    private static final int NOT_VALID = 4;

    private static final String NAME = "apr-tensors";
    private static final String USAGE =
            """
            usage: apr-tensors [--verify] FILE

            Lists the tensors of an APR v2 file, one a line: name, element type, shape and bytes, with tabs between.

              --verify  check the metadata, and every byte against the footer, before anything is listed

            Exit codes: 0 fine, 2 wrong usage, 3 the file cannot be read, 4 it is not a valid APR v2 file.
            """;

    private final OutputStream out;
    private final PrintStream err;

    ListTensors(OutputStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    /**
     * Runs the command and ends the process with its exit code.
     *
     * @param args the arguments
     */
    public static void main(String[] args) {
        // System.out knows no failures, and encodes by the terminal; the names are UTF-8.
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        System.exit(new ListTensors(out, new PrintStream(System.err, true, StandardCharsets.UTF_8)).run(args));
    }

    /** Runs the command; the result is the exit code. */
    int run(String... args) {
        String file = null;
        boolean verify = false;
        boolean optionsEnd = false;
        for (String arg : args) {
            if (!optionsEnd && arg.equals("--")) {
                optionsEnd = true;
            } else if (!optionsEnd && (arg.equals("-h") || arg.equals("--help"))) {
                return print(USAGE);
            } else if (!optionsEnd && arg.equals("--verify")) {
                verify = true;
            } else if (!optionsEnd && arg.startsWith("-")) {
                return fail(WRONG_USAGE, "there is no option " + arg);
            } else if (file != null) {
                return fail(WRONG_USAGE, "expected one file, found " + file + " and " + arg);
            } else {
                file = arg;
            }
        }
        if (file == null) {
            return fail(WRONG_USAGE, "expected a file; --help says more");
        }
        return list(file, verify);
    }

    private int list(String file, boolean verify) {
        try (AprModel model = AprModel.open(Path.of(file))) {
            if (verify) {
                model.verify();
            }
            return print(model);
        } catch (InvalidPathException e) {
            return fail(UNREADABLE, file + ": not a path in the encoding of this system: " + e.getReason());
        } catch (AprFormatException e) {
            return fail(NOT_VALID, file + ": " + e.getMessage());
        } catch (IOException e) {
            return fail(UNREADABLE, file + ": " + reason(e));
        } catch (OutOfMemoryError e) {
            return fail(UNREADABLE, file + ": out of memory; java -Xmx gives more");
        }
    }

    private static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "no such file";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        String reason = e instanceof FileSystemException failed ? failed.getReason() : e.getMessage();
        return reason == null ? e.getClass().getSimpleName() : reason;
    }

    private int print(AprModel model) {
        try {
            Writer writer = writer();
            for (AprTensor tensor : model.tensors()) {
                writer.write(tensor.printableName());
                writer.write('\t');
                writer.write(tensor.dtype().typeName());
                writer.write('\t');
                writer.write(Arrays.stream(tensor.shape())
                        .mapToObj(Long::toUnsignedString)
                        .collect(Collectors.joining(", ", "[", "]")));
                writer.write('\t');
                writer.write(Long.toString(tensor.nbytes()));
                writer.write('\n');
            }
            writer.flush();
        } catch (IOException e) {
            return outputFailed(e);
        }
        return FINE;
    }

    private int print(String text) {
        try {
            Writer writer = writer();
            writer.write(text);
            writer.flush();
        } catch (IOException e) {
            return outputFailed(e);
        }
        return FINE;
    }

    /**
     * A writer that is flushed and never closed: a caller who closes standard output gives its number to the file from
     * which the virtual machine loads classes.
     */
    private Writer writer() {
        return new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
    }

    /** A reader who has seen enough, such as head, is no failure. */
    private int outputFailed(IOException e) {
        if ("Broken pipe".equals(e.getMessage())) {
            return FINE;
        }
        return fail(UNREADABLE, "standard output: " + reason(e));
    }

    private int fail(int code, String message) {
        err.println(NAME + ": " + printable(message));
        return code;
    }

    /** One line that shows what it says: the path, or what the system says, may hold characters that deceive. */
    private static String printable(String message) {
        StringBuilder shown = new StringBuilder(message.length());
        message.codePoints().forEach(code -> {
            switch (Character.getType(code)) {
                case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR -> shown.append(String.format(
                                Character.isBmpCodePoint(code) ? "\\u%04x" : "\\U%08x", code));
                default -> shown.appendCodePoint(code);
            }
        });
        return shown.toString();
    }
}
