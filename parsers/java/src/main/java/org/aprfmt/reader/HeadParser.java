package org.aprfmt.reader;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ListIterator;
import java.util.OptionalLong;
import java.util.Set;
import java.util.zip.CRC32;
import org.aprfmt.reader.generated.AprV2;
import org.aprfmt.reader.generated.Facts;

/**
 * Parses the head of a file and checks all that can be checked without the metadata and the data: the rules APR-H,
 * APR-S, APR-I, APR-D and APR-F001, in the reading order that the documentation of the format gives.
 */
final class HeadParser {
    /** Rules that come before the checksum of the header, which the generated parser does not know. */
    private static final Set<String> BEFORE_CHECKSUM = Set.of("APR-H001", "APR-H002");

    private final FileChannel channel;
    private final AprLimits limits;
    private final long size;
    private final FileKaitaiStream io;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    private AprV2 file;

    private HeadParser(FileChannel channel, AprLimits limits) throws IOException {
        this.channel = channel;
        this.limits = limits;
        size = channel.size();
        io = new FileKaitaiStream(channel, 0, size);
    }

    /**
     * Parses a head.
     *
     * @throws AprFormatException when a rule is broken or a limit exceeded
     * @throws IOException when the file cannot be read
     */
    static Head parse(FileChannel channel, AprLimits limits) throws IOException {
        return new HeadParser(channel, limits).parse();
    }

    private Head parse() throws IOException {
        AprHeader header = header();
        checkRoom(header);
        AprV2.TensorIndex index = ParserErrors.parse(channel, () -> file.tensorIndex(), this::stoppedAt);
        long requiredLen = file.requiredLen();
        List<AprTensor> tensors = new ArrayList<>(header.numTensors());
        Head.DataEnd end = null;
        long start = header.ofsTensorIndex();
        for (ListIterator<AprV2.TensorIndexEntry> entries = index.entries().listIterator(); entries.hasNext(); ) {
            AprV2.TensorIndexEntry entry = entries.next();
            AprTensor tensor = tensor(tensors.size(), start, entry);
            tensors.add(tensor);
            end = Head.DataEnd.after(end, tensor, entry.endOwn());
            start += Facts.ENTRY_SIZE.at(entry.lenName(), entry.ndim());
            entries.set(null); // of a million entries, both kinds would not fit into memory that one kind fits into
        }
        DataChecks.sizes(tensors);
        DataChecks.overlap(tensors);
        OptionalLong footer = footer(header, requiredLen);
        return new Head(size, header, Collections.unmodifiableList(tensors), requiredLen, footer, end);
    }

    private AprHeader header() throws IOException {
        if (size < Facts.HEADER_SIZE) {
            ByteSpan all = new ByteSpan(0, size);
            byte[] magic = ParserErrors.bytes(channel, new ByteSpan(0, Math.min(size, Places.header("magic").end())));
            String more = ParserErrors.lookalike(magic, "; by its first bytes this is ");
            throw AprFormatException.of(
                    "APR-H008", "header", all, "at least " + Facts.HEADER_SIZE + " bytes", size + " bytes", more, null);
        }
        AprFormatException fault = null;
        try {
            file = ParserErrors.parse(channel, () -> new AprV2(io), this::stoppedAt);
        } catch (AprFormatException e) {
            fault = e;
        }
        if (fault == null || !BEFORE_CHECKSUM.contains(fault.rule())) {
            checkChecksum();
        }
        if (fault != null) {
            throw fault;
        }
        AprV2.Header header = file.header();
        int flags = (int) Places.number(ParserErrors.bytes(channel, Places.header("flags")));
        return new AprHeader(
                header.versionMajor(),
                header.versionMinor(),
                flags,
                flagNames(flags),
                (int) header.numTensors(),
                header.ofsMetadata(),
                header.lenMetadata(),
                header.ofsTensorIndex(),
                header.ofsData(),
                header.checksum());
    }

    private static Set<String> flagNames(int flags) {
        Set<String> names = new LinkedHashSet<>();
        for (Facts.Flag flag : Facts.FLAGS) {
            if ((flags >> flag.bit() & (1 << flag.width()) - 1) != 0) {
                names.add(flag.name());
            }
        }
        return Collections.unmodifiableSet(names);
    }

    private void checkChecksum() throws IOException {
        ByteSpan place = Places.header("checksum");
        byte[] header = ParserErrors.bytes(channel, new ByteSpan(0, Facts.HEADER_SIZE));
        CRC32 crc = new CRC32();
        crc.update(header, 0, (int) place.start());
        crc.update(header, (int) place.end(), header.length - (int) place.end());
        long found = Places.number(ParserErrors.bytes(channel, place));
        if (crc.getValue() != found) {
            throw Integrity.mismatch("APR-H006", "header.checksum", place, crc.getValue(), found);
        }
    }

    /** The entries are held against the bytes that are there, and against the limits, before any is read. */
    private void checkRoom(AprHeader header) throws IOException {
        long count = file.header().numTensors();
        long start = header.ofsTensorIndex();
        long room = header.ofsData() - start;
        ByteSpan place = Places.header("num_tensors");
        String most = room / Facts.ENTRY_SIZE.at(0, 0) + " entries";
        boolean fits = count * Facts.ENTRY_SIZE.at(0, 0) <= room;
        if (fits && count > limits.maxTensors()) {
            String expected = "at most " + limits.maxTensors() + " (maxTensors)";
            throw AprFormatException.of("APR-L001", "header.num_tensors", place, expected, Long.toString(count));
        }
        EntryWalk walk = new EntryWalk(io, start, header.ofsData());
        for (int number = 0; fits && number < count; number++) {
            EntryWalk.Entry entry = walk.next();
            if (entry == null) {
                most = number + " entries";
                fits = false;
            } else if (entry.end() - start > limits.maxIndexBytes()) {
                ByteSpan entries = new ByteSpan(start, entry.end());
                String expected = "at most " + limits.maxIndexBytes() + " bytes (maxIndexBytes)";
                throw AprFormatException.of("APR-L001", "tensor_index", entries, expected, "more");
            }
        }
        if (!fits) {
            String expected = "at most " + most + " in " + room + " bytes";
            throw AprFormatException.of("APR-I001", "header.num_tensors", place, expected, count + " entries");
        }
    }

    /** The first entry that does not end before the byte at which the parser of the index has stopped. */
    private EntryWalk.Entry stoppedAt() throws IOException {
        long start = file.header().ofsTensorIndex();
        long stop = start + io.lastPart().position();
        EntryWalk walk = new EntryWalk(io, start, file.header().ofsData());
        EntryWalk.Entry entry = walk.next();
        while (entry != null && entry.end() < stop) {
            entry = walk.next();
        }
        if (entry == null) {
            throw Ranges.changed(null);
        }
        return entry;
    }

    private AprTensor tensor(int index, long start, AprV2.TensorIndexEntry entry) throws AprFormatException {
        String name;
        try {
            name = utf8.decode(ByteBuffer.wrap(entry.name())).toString();
        } catch (CharacterCodingException e) {
            ByteSpan place = Places.entry("name", start, entry.lenName(), entry.ndim());
            throw AprFormatException.of(
                    "APR-I005",
                    Places.path(index, "name"),
                    place,
                    "UTF-8",
                    Texts.quoted(entry.name()),
                    "",
                    Texts.lenient(entry.name()));
        }
        long[] shape = new long[entry.ndim()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = entry.dims().get(i);
        }
        return new AprTensor(
                channel,
                index,
                name,
                DType.of((int) entry.dtype().id()).orElseThrow(), // the parser takes no other id
                shape,
                entry.ofsTensor(),
                entry.lenTensor(),
                file.header().ofsData(),
                start,
                entry.lenName());
    }

    private OptionalLong footer(AprHeader header, long start) throws IOException {
        if (size < start) {
            throw AprFormatException.of(
                    "APR-D004", "tensor_data", new ByteSpan(header.ofsData(), size), start + " bytes", size + " bytes");
        }
        if (size > start && size - start < Facts.FOOTER_SIZE) {
            throw AprFormatException.of(
                    "APR-F001",
                    "footer.checksum",
                    new ByteSpan(start, size),
                    Facts.FOOTER_SIZE + " bytes",
                    size - start + " bytes");
        }
        AprV2.Footer footer = ParserErrors.parse(channel, () -> file.footer(), this::stoppedAt);
        return footer == null ? OptionalLong.empty() : OptionalLong.of(footer.checksum());
    }
}
