package org.aprfmt.reader;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.aprfmt.reader.generated.Facts;

/**
 * An open APR v2 file.
 *
 * <pre>{@code
 * try (AprModel model = AprModel.open(Path.of("model.apr"))) {
 *     for (AprTensor tensor : model.tensors()) {
 *         System.out.println(tensor.printableName() + " " + tensor.dtype().typeName() + " " + tensor.nbytes());
 *     }
 *     model.verify();
 * }
 * }</pre>
 *
 * <p>Opening reads and checks the head of the file, {@link #metadata()} checks the metadata, {@link #verify()} checks
 * every byte. What is wrong with the file is an {@link AprFormatException}; any other {@link IOException} says that it
 * could not be read. The bytes of tensors are read when they are asked for, so that files of any size can be opened.
 *
 * <p>A model and its tensors may be used by several threads at once. As with every {@link FileChannel}, a thread that
 * is interrupted while it reads closes the file for all of them.
 */
public final class AprModel implements Closeable {
    private final FileChannel channel;
    private final AprLimits limits;
    private final Head head;
    private Map<String, Object> metadata;

    private AprModel(FileChannel channel, AprLimits limits, Head head) {
        this.channel = channel;
        this.limits = limits;
        this.head = head;
    }

    /**
     * Opens a file within the default limits.
     *
     * @param path the file
     * @return the model, which is to be closed
     * @throws AprFormatException when the head of the file breaks a rule, or asks for more than the limits
     * @throws IOException when the file cannot be read, or is no regular file
     */
    public static AprModel open(Path path) throws IOException {
        return open(path, AprLimits.DEFAULT);
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @param limits what may be spent on it
     * @return the model, which is to be closed
     * @throws AprFormatException when the head of the file breaks a rule, or asks for more than the limits
     * @throws IOException when the file cannot be read, or is no regular file
     */
    public static AprModel open(Path path, AprLimits limits) throws IOException {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(limits, "limits");
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new FileSystemException(path.toString(), null, "not a regular file");
        }
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new AprModel(channel, limits, HeadParser.parse(channel, limits));
        } catch (Throwable e) {
            try {
                channel.close();
            } catch (IOException more) {
                e.addSuppressed(more);
            }
            throw e;
        }
    }

    /**
     * The header.
     *
     * @return the header
     */
    public AprHeader header() {
        return head.header();
    }

    /**
     * The tensors.
     *
     * @return an unmodifiable list in the order of the index, which is that of the bytes of the names
     */
    public List<AprTensor> tensors() {
        return head.tensors();
    }

    /**
     * Looks a tensor up.
     *
     * @param name its name
     * @return the tensor, or nothing when the file has none of that name
     */
    public Optional<AprTensor> tensor(String name) {
        // The index is sorted by the bytes of the names, which is not the order of strings in this language.
        byte[] wanted = name.getBytes(StandardCharsets.UTF_8);
        int low = 0;
        int high = tensors().size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            AprTensor tensor = tensors().get(middle);
            int order = Arrays.compareUnsigned(tensor.name().getBytes(StandardCharsets.UTF_8), wanted);
            if (order == 0) {
                return tensor.name().equals(name) ? Optional.of(tensor) : Optional.empty();
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return Optional.empty();
    }

    /**
     * The metadata. They are parsed and checked at the first call; {@link AprFormatException} then says what is wrong.
     *
     * <p>An object is a {@link Map}, an array a {@link List}, a truth value a {@link Boolean}, null is null. An
     * integer is a {@link Long}, or a {@link java.math.BigInteger} where that is too small; a number with a fraction
     * or an exponent is a {@link Double}, so that 1.0 can be told from 1. Of a key that occurs twice the last value
     * counts.
     *
     * @return the members of the object in the order of the file, unmodifiable at every depth
     * @throws AprFormatException when the metadata breaks a rule, or asks for more than the limits
     * @throws IOException when the file cannot be read, became shorter, or the model is closed
     */
    public synchronized Map<String, Object> metadata() throws IOException {
        if (metadata == null) {
            long nbytes = header().lenMetadata();
            if (nbytes > limits.maxMetadataBytes()) {
                throw AprFormatException.of(
                        "APR-L001",
                        "header.len_metadata",
                        Places.header("len_metadata"),
                        "at most " + limits.maxMetadataBytes() + " bytes (maxMetadataBytes)",
                        nbytes + " bytes");
            }
            ByteBuffer raw = ByteBuffer.allocate((int) nbytes);
            Ranges.read(channel, header().ofsMetadata(), raw);
            metadata = MetadataParser.parse(raw.array(), header().ofsMetadata(), limits);
        }
        return metadata;
    }

    /**
     * The checksum in the footer, as it is stored; {@link #verify()} holds the file against it.
     *
     * @return the CRC-32, or nothing when the file has no footer
     */
    public OptionalLong footer() {
        return head.footer();
    }

    /**
     * Checks everything that opening does not: the metadata, and every byte of the file against its footer. Reads the
     * whole file, in constant memory. A file without a footer passes when nothing else is wrong with it: see
     * {@link #footer()}.
     *
     * @throws AprFormatException when a rule is broken, or the metadata asks for more than the limits
     * @throws IOException when the file cannot be read, became shorter, or the model is closed
     */
    public void verify() throws IOException {
        metadata();
        Integrity.check(channel, head);
    }

    /**
     * Whether the file can still be read.
     *
     * @return false once the model is closed
     */
    public boolean isOpen() {
        return channel.isOpen();
    }

    /**
     * The SHA-256 of the declaration of the format that this package was made from.
     *
     * @return 64 hexadecimal digits
     */
    public static String specSha256() {
        return Facts.SPEC_SHA256;
    }

    /** Closes the file. What was read stays; the bytes of tensors cannot be read any more. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
