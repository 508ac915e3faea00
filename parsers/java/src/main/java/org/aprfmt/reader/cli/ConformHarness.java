package org.aprfmt.reader.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.kaitai.struct.KaitaiStream;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Reader;
import java.io.Writer;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.zip.CRC32;
import org.aprfmt.reader.AprFormatException;
import org.aprfmt.reader.AprHeader;
import org.aprfmt.reader.AprModel;
import org.aprfmt.reader.AprTensor;

/**
 * Answers the conformance kit of the format line by line: opens and verifies the file of each request, and says what
 * is in it, or which rule it breaks. A file that cannot be read at all ends the process, because that is no verdict.
 */
public final class ConformHarness {
    private static final int PROTOCOL = 1;
    private static final long MAX_SAFE_INTEGER = 1L << 53;
    private static final JsonFactory JSON = new JsonFactory();

    /** What a request says, as far as it matters here. */
    private record Request(String command, String id, String file, boolean withCrc32) {
    }

    private ConformHarness() {
    }

    /**
     * Answers requests from standard input on standard output until it is told to stop.
     *
     * @param args no arguments
     * @throws IOException when a request cannot be read or an answer not be written, or a file not be read
     */
    public static void main(String[] args) throws IOException {
        serve(
                new InputStreamReader(new FileInputStream(FileDescriptor.in), StandardCharsets.UTF_8),
                new OutputStreamWriter(new FileOutputStream(FileDescriptor.out), StandardCharsets.UTF_8));
    }

    static void serve(Reader requests, Writer answers) throws IOException {
        BufferedReader in = new BufferedReader(requests);
        BufferedWriter out = new BufferedWriter(answers);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Request request = request(line);
            switch (request.command) {
                case "stop" -> {
                    return;
                }
                case "start" -> answer(out, ConformHarness::writeStarted);
                case "run" -> run(out, request);
                default -> throw new IOException("expected start, run or stop, found " + request.command);
            }
        }
    }

    private interface Body {
        void write(JsonGenerator json) throws IOException;
    }

    private static void answer(Writer out, Body body) throws IOException {
        try (JsonGenerator json = JSON.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
            json.writeStartObject();
            body.write(json);
            json.writeEndObject();
        }
        out.write('\n');
        out.flush();
    }

    private static Request request(String line) throws IOException {
        String command = "";
        String id = null;
        String file = null;
        boolean withCrc32 = false;
        try (JsonParser json = JSON.createParser(line)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("a request is an object");
            }
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String key = json.currentName();
                json.nextToken();
                switch (key) {
                    case "cmd" -> command = json.getText();
                    case "id" -> id = json.getText();
                    case "file" -> file = json.getText();
                    case "crc32" -> withCrc32 = json.getBooleanValue();
                    default -> json.skipChildren();
                }
            }
        }
        return new Request(command, id, file, withCrc32);
    }

    private static void run(Writer out, Request request) throws IOException {
        try (AprModel model = AprModel.open(Path.of(request.file))) {
            model.verify();
            answer(out, json -> {
                json.writeStringField("id", request.id);
                json.writeStringField("verdict", "accept");
                json.writeObjectFieldStart("values");
                writeValues(json, model, request.withCrc32);
                json.writeEndObject();
            });
        } catch (AprFormatException refusal) {
            answer(out, json -> {
                json.writeStringField("id", request.id);
                json.writeStringField("verdict", "reject");
                json.writeStringField("code", refusal.rule());
                json.writeStringField("message", refusal.getMessage());
            });
        }
    }

    private static void writeStarted(JsonGenerator json) throws IOException {
        json.writeNumberField("protocol", PROTOCOL);
        json.writeObjectFieldStart("implementation");
        json.writeStringField("name", "aprfmt-reader (Java)");
        String version = AprModel.class.getPackage().getImplementationVersion();
        if (version != null) { // classes that are in no jar have none
            json.writeStringField("version", version);
        }
        String runtime = "kaitai-struct-runtime " + runtimeVersion();
        json.writeStringField("language", "Java " + System.getProperty("java.version") + ", " + runtime);
        json.writeEndObject();
        json.writeArrayFieldStart("can");
        json.writeString("read");
        json.writeEndArray();
    }

    private static String runtimeVersion() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = KaitaiStream.class.getResourceAsStream(
                "/META-INF/maven/io.kaitai/kaitai-struct-runtime/pom.properties")) {
            if (in != null) {
                properties.load(in);
            }
        }
        return properties.getProperty("version", "of unknown version");
    }

    private static void writeValues(JsonGenerator json, AprModel model, boolean withCrc32) throws IOException {
        json.writeObjectFieldStart("header");
        AprHeader header = model.header();
        json.writeNumberField("version_major", header.versionMajor());
        json.writeNumberField("version_minor", header.versionMinor());
        json.writeNumberField("flags", header.flags());
        json.writeNumberField("num_tensors", header.numTensors());
        writeUnsigned(json, "ofs_metadata", header.ofsMetadata());
        writeUnsigned(json, "len_metadata", header.lenMetadata());
        writeUnsigned(json, "ofs_tensor_index", header.ofsTensorIndex());
        writeUnsigned(json, "ofs_data", header.ofsData());
        writeUnsigned(json, "checksum", header.checksum());
        json.writeEndObject();
        json.writeFieldName("metadata");
        writeValue(json, model.metadata());
        json.writeArrayFieldStart("tensors");
        for (AprTensor tensor : model.tensors()) {
            writeTensor(json, tensor, withCrc32);
        }
        json.writeEndArray();
        if (model.footer().isPresent()) {
            json.writeNumberField("footer", model.footer().getAsLong());
        } else {
            json.writeNullField("footer");
        }
    }

    private static void writeTensor(JsonGenerator json, AprTensor tensor, boolean withCrc32) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", tensor.name());
        json.writeNumberField("dtype", tensor.dtype().id());
        json.writeArrayFieldStart("dims");
        for (long dim : tensor.shape()) {
            writeUnsigned(json, dim);
        }
        json.writeEndArray();
        writeUnsigned(json, "ofs_tensor", tensor.dataOffset());
        writeUnsigned(json, "len_tensor", tensor.nbytes());
        if (withCrc32) {
            json.writeStringField("crc32", String.format("%08x", crc32(tensor)));
        }
        json.writeEndObject();
    }

    private static long crc32(AprTensor tensor) throws IOException {
        CRC32 crc = new CRC32();
        byte[] piece = new byte[(int) Math.min(tensor.nbytes(), 1 << 16)];
        try (InputStream in = tensor.openStream()) {
            int n = piece.length == 0 ? -1 : in.read(piece);
            while (n > 0) {
                crc.update(piece, 0, n);
                n = in.read(piece);
            }
        }
        return crc.getValue();
    }

    private static void writeUnsigned(JsonGenerator json, String name, long value) throws IOException {
        json.writeFieldName(name);
        writeUnsigned(json, value);
    }

    /** Beyond 2^53 in quotes, because most JSON parsers would round it. */
    private static void writeUnsigned(JsonGenerator json, long value) throws IOException {
        if (Long.compareUnsigned(value, MAX_SAFE_INTEGER) > 0) {
            json.writeString(Long.toUnsignedString(value));
        } else {
            json.writeNumber(value);
        }
    }

    private static void writeValue(JsonGenerator json, Object value) throws IOException {
        if (value instanceof Map<?, ?> members) {
            json.writeStartObject();
            for (Map.Entry<?, ?> member : members.entrySet()) {
                json.writeFieldName((String) member.getKey());
                writeValue(json, member.getValue());
            }
            json.writeEndObject();
        } else if (value instanceof List<?> items) {
            json.writeStartArray();
            for (Object item : items) {
                writeValue(json, item);
            }
            json.writeEndArray();
        } else if (value instanceof String text) {
            json.writeString(text);
        } else if (value instanceof Long integer) {
            json.writeNumber(integer);
        } else if (value instanceof BigInteger integer) {
            json.writeNumber(integer);
        } else if (value instanceof Double fraction) {
            json.writeNumber(fraction);
        } else if (value instanceof Boolean truth) {
            json.writeBoolean(truth);
        } else {
            json.writeNull();
        }
    }
}
