package org.aprfmt.reader;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.CRC32;
import org.aprfmt.reader.generated.Facts;

/** Files of the repository, and damage to them. The places of fields come from the declaration. */
public final class TestFiles {
    /** The folder of files that the reference implementation wrote. */
    public static final Path GOLDEN = Path.of("..", "..", "tests", "data", "golden");

    private TestFiles() {
    }

    /** The bytes of a golden file. */
    public static byte[] golden(String name) throws IOException {
        return Files.readAllBytes(GOLDEN.resolve(name));
    }

    /** What is in the golden files, by their names. */
    static Map<String, Object> expected() throws IOException {
        return MetadataParser.parse(golden("expected.json"), 0, AprLimits.DEFAULT);
    }

    /** A file without tensors, with this metadata. */
    public static byte[] withMetadata(byte[] metadata) throws IOException {
        byte[] header = new byte[Facts.HEADER_SIZE];
        System.arraycopy(golden("no_tensors.apr"), 0, header, 0, header.length);
        put(header, Places.header("len_metadata"), metadata.length);
        put(header, Places.header("ofs_tensor_index"), header.length + metadata.length);
        put(header, Places.header("ofs_data"), header.length + metadata.length);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(header);
        file.writeBytes(metadata);
        file.writeBytes(new byte[Facts.FOOTER_SIZE]);
        return sealed(file.toByteArray());
    }

    /** A file without tensors, with this metadata. */
    public static byte[] withMetadata(String metadata) throws IOException {
        return withMetadata(metadata.getBytes(StandardCharsets.UTF_8));
    }

    /** The file with another number in a field of the header, and checksums that are right. */
    static byte[] withHeader(byte[] file, String field, long value) {
        byte[] changed = file.clone();
        put(changed, Places.header(field), value);
        return sealed(changed);
    }

    /** The file with another number in a field of an index entry, and a footer that is right. */
    static byte[] withEntry(byte[] file, int number, String field, long value) {
        byte[] changed = file.clone();
        put(changed, entryField(file, number, field), value);
        return sealed(changed);
    }

    /** Where a field of an index entry lies. */
    static ByteSpan entryField(byte[] file, int number, String field) {
        long start = number(file, Places.header("ofs_tensor_index"));
        for (int i = 0; ; i++) {
            int lenName = (int) number(file, Places.entry("len_name", start, 0, 0));
            int ndim = (int) number(file, Places.entry("ndim", start, lenName, 0));
            if (i == number) {
                return Places.entry(field, start, lenName, ndim);
            }
            start += Facts.ENTRY_SIZE.at(lenName, ndim);
        }
    }

    /** The number in a field. */
    static long number(byte[] file, ByteSpan span) {
        return Places.number(Arrays.copyOfRange(file, (int) span.start(), (int) span.end()));
    }

    /** Puts a number into a field. */
    static void put(byte[] file, ByteSpan span, long value) {
        for (long at = span.start(), rest = value; at < span.end(); at++, rest >>>= Byte.SIZE) {
            file[(int) at] = (byte) rest;
        }
    }

    /** The file with a header checksum and a footer that are right; the last bytes are taken for the footer. */
    static byte[] sealed(byte[] file) {
        byte[] sealed = file.clone();
        ByteSpan place = Places.header("checksum");
        CRC32 header = new CRC32();
        header.update(sealed, 0, (int) place.start());
        header.update(sealed, (int) place.end(), Facts.HEADER_SIZE - (int) place.end());
        put(sealed, place, header.getValue());
        CRC32 all = new CRC32();
        int footer = sealed.length - Facts.FOOTER_SIZE;
        all.update(sealed, 0, footer);
        put(sealed, new ByteSpan(footer, sealed.length), all.getValue());
        return sealed;
    }

    /** Writes a file beside nothing else. */
    public static Path write(Path folder, byte[] bytes) throws IOException {
        return Files.write(folder.resolve("file.apr"), bytes);
    }

    /** Writes bytes into a file that may end before them. */
    static void write(FileChannel file, long at, byte[] bytes) throws IOException {
        file.write(ByteBuffer.wrap(bytes), at);
    }
}
