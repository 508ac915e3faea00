import io.kaitai.struct.ByteBufferKaitaiStream;
import io.kaitai.struct.KaitaiStream;
import io.kaitai.struct.RandomAccessFileKaitaiStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Reads the inputs with the generated classes: see {@code Case.line} in run.py for what comes in on stdin. Prints one
 * line an input: its name, a tab, and what came out.
 */
public final class Reader {
    private Reader() {}

    private interface Attempt {
        String make() throws Throwable;
    }

    private static String quoted(String text) {
        StringBuilder made = new StringBuilder("\"");
        for (char unit : text.toCharArray()) {
            made.append(unit >= 0x20 && unit < 0x7f ? String.valueOf(unit) : String.format("\\u%04x", (int) unit));
        }
        return made.append('"').toString();
    }

    private static String shown(Object value) throws ReflectiveOperationException {
        if (value == null || value instanceof Integer || value instanceof Long || value instanceof Boolean) {
            return String.valueOf(value);
        }
        if (value instanceof Float || value instanceof Double) {
            return String.valueOf(value);
        }
        if (value instanceof String) {
            return quoted((String) value);
        }
        if (value instanceof Enum) {
            return String.valueOf(value.getClass().getMethod("id").invoke(value));
        }
        if (value instanceof byte[]) {
            byte[] bytes = (byte[]) value;
            if (bytes.length > 16) {
                return bytes.length + " bytes";
            }
            StringBuilder made = new StringBuilder("0x");
            for (byte one : bytes) {
                made.append(String.format("%02x", one));
            }
            return made.toString();
        }
        if (value instanceof List) {
            List<?> list = (List<?>) value;
            if (list.size() > 8) {
                return list.size() + " elements";
            }
            List<String> made = new ArrayList<>();
            for (Object one : list) {
                made.add(shown(one));
            }
            return "[" + String.join(", ", made) + "]";
        }
        return "object";
    }

    private static String fault(Throwable error) {
        String cause = error.getCause() == null ? "" : " of " + error.getCause().getClass().getSimpleName();
        String at = "";
        if (error instanceof KaitaiStream.KaitaiStructError) {
            // The path is in a protected field without a getter, and at the head of the message.
            at = " at " + error.getMessage().split(": ")[0];
        }
        return error.getClass().getSimpleName() + cause + at;
    }

    private static Object reach(Object value, String path) throws Throwable {
        for (String step : path.split("\\.")) {
            if (step.equals("#")) {
                value = value instanceof List ? ((List<?>) value).size() : ((byte[]) value).length;
            } else if (Character.isDigit(step.charAt(0))) {
                value = ((List<?>) value).get(Integer.parseInt(step));
            } else {
                Method method = value.getClass().getMethod(camel(step, false));
                try {
                    value = method.invoke(value);
                } catch (InvocationTargetException error) {
                    throw error.getCause();
                }
            }
        }
        return value;
    }

    private static String camel(String name, boolean first) {
        StringBuilder made = new StringBuilder();
        for (String word : name.split("_")) {
            boolean upper = first || made.length() > 0;
            made.append(upper ? Character.toUpperCase(word.charAt(0)) + word.substring(1) : word);
        }
        return made.toString();
    }

    private static String attempt(Attempt attempt, String before, Function<Throwable, String> tell) {
        try {
            return attempt.make();
        } catch (Throwable error) {
            return before + tell.apply(error);
        }
    }

    private static KaitaiStream open(String door, String path) throws IOException {
        switch (door) {
            case "file":
                return new RandomAccessFileKaitaiStream(path);
            case "mapped":
                return new ByteBufferKaitaiStream(path);
            default:
                return new ByteBufferKaitaiStream(Files.readAllBytes(Paths.get(path)));
        }
    }

    /** How often this process asked the system to read. */
    private static int reads() throws IOException {
        String counters = new String(Files.readAllBytes(Paths.get("/proc/self/io")), StandardCharsets.US_ASCII);
        return Integer.parseInt(counters.split("syscr: ")[1].split("\n")[0]);
    }

    private static String outcome(String spec, String door, String path, String[] paths) {
        boolean message = paths[0].equals("message");
        return attempt(() -> {
            Class<?> made = Class.forName(camel(spec, true));
            KaitaiStream stream = open(door, path);
            int before = reads();
            Object value;
            try {
                value = made.getConstructor(KaitaiStream.class).newInstance(stream);
            } catch (InvocationTargetException error) {
                throw error.getCause();
            }
            int since = reads() - before;
            List<String> parts = new ArrayList<>();
            for (String at : paths) {
                if (at.startsWith("reads/")) {
                    parts.add(at + "=" + since / Integer.parseInt(at.substring("reads/".length())));
                    continue;
                }
                parts.add(at + "=" + attempt(() -> shown(reach(value, at)), "!", Reader::fault));
            }
            return String.join(" ", parts);
        }, "refused: ", message ? error -> quoted(error.getMessage()) : Reader::fault);
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split("\t", -1);
            out.println(parts[0] + "\t" + outcome(parts[1], parts[2], parts[3], parts[4].split(" ")));
        }
    }
}
