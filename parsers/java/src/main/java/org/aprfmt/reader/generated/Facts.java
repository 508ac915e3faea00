// GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700, and spec/metadata.schema.json, SHA-256 7269cea8492dd3fea70e352a31a8ceced55c2a80a163b08fef0a2acc897a39de.
// Regenerate: python -m aprfmt.codegen --write

package org.aprfmt.reader.generated;

import java.util.List;
import java.util.Map;

/** Facts of the APR v2 model container that the Kaitai parser does not tell. */
public final class Facts {
    private Facts() {
    }

    /**
     * A stretch of the file, in bytes.
     *
     * @param start the first byte
     * @param end the byte behind the last one
     */
    public record Span(long start, long end) {
    }

    /**
     * A field of the flags.
     *
     * @param name its name
     * @param bit its least significant bit
     * @param width its width in bits
     */
    public record Flag(String name, int bit, int width) {
    }

    /**
     * A number of bytes that depends on an index entry.
     *
     * @param constant bytes in any case
     * @param perNameByte bytes for each byte of the name
     * @param perDim bytes for each dimension
     */
    public record Place(long constant, long perNameByte, long perDim) {
        /**
         * The number of bytes for an entry.
         *
         * @param lenName size of its name in bytes
         * @param ndim number of its dimensions
         * @return the number of bytes
         */
        public long at(long lenName, long ndim) {
            return constant + perNameByte * lenName + perDim * ndim;
        }
    }

    /**
     * Where a field of an index entry lies.
     *
     * @param start where it begins, counted from the start of the entry
     * @param size its size
     */
    public record EntryField(Place start, Place size) {
    }

    /**
     * What is wrong with a file that breaks a rule.
     *
     * @param name the defect as a name
     * @param defect the defect in words
     */
    public record Rule(String name, String defect) {
    }

    /** What the value of a metadata key is. */
    public enum Kind {
        /** Text. */
        STRING,
        /** An integer without a sign. */
        INTEGER,
        /** Any number. */
        NUMBER,
        /** True or false. */
        BOOLEAN,
        /** An object. */
        OBJECT
    }

    /**
     * A known key of the metadata.
     *
     * @param name the key
     * @param kind what its value is
     * @param nullable whether the value may be null
     * @param required whether its object must have it
     * @param bits width of an integer, 0 for every other kind
     * @param keys the known keys of an object
     */
    public record MetadataKey(String name, Kind kind, boolean nullable, boolean required, int bits,
            List<MetadataKey> keys) {
    }

    /** SHA-256 of spec/apr_v2.ksy. */
    public static final String SPEC_SHA256 = "d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700";

    /** Size of the header in bytes. */
    public static final int HEADER_SIZE = 64;

    /** Size of the footer in bytes. */
    public static final int FOOTER_SIZE = 4;

    /** Other formats by what stands in the place of the magic, in hexadecimal digits. */
    public static final Map<String, String> LOOKALIKES = Map.ofEntries(
            Map.entry("4150524e", "an APR v1 file"),
            Map.entry("41505231", "an APR file of a kind that no published writer makes"),
            Map.entry("41505232", "an APR file of a kind that only one reader knows"),
            Map.entry("47475546", "a GGUF file"),
            Map.entry("414c4252", "an encrypted wrapper around an APR file"));

    /** Where each field of the header lies in the file. */
    public static final Map<String, Span> HEADER_FIELDS = Map.ofEntries(
            Map.entry("magic", new Span(0, 4)),
            Map.entry("version_major", new Span(4, 5)),
            Map.entry("version_minor", new Span(5, 6)),
            Map.entry("flags", new Span(6, 8)),
            Map.entry("num_tensors", new Span(8, 12)),
            Map.entry("ofs_metadata", new Span(12, 20)),
            Map.entry("len_metadata", new Span(20, 24)),
            Map.entry("ofs_tensor_index", new Span(24, 32)),
            Map.entry("ofs_data", new Span(32, 40)),
            Map.entry("checksum", new Span(40, 44)),
            Map.entry("reserved", new Span(44, 64)));

    /** The fields of {@code header.flags}. */
    public static final List<Flag> FLAGS = List.of(
            new Flag("lz4_compressed", 0, 1),
            new Flag("zstd_compressed", 1, 1),
            new Flag("encrypted", 2, 1),
            new Flag("signed", 3, 1),
            new Flag("sharded", 4, 1),
            new Flag("quantized", 5, 1),
            new Flag("has_filterbank", 6, 1),
            new Flag("has_model_card", 7, 1),
            new Flag("streaming", 8, 1),
            new Flag("has_vocab", 9, 1),
            new Flag("layout_row_major", 10, 1),
            new Flag("layout_column_major", 11, 1),
            new Flag("reserved", 12, 4));

    /** The fields of an index entry. */
    public static final Map<String, EntryField> ENTRY_FIELDS = Map.ofEntries(
            Map.entry("len_name", new EntryField(new Place(0, 0, 0), new Place(2, 0, 0))),
            Map.entry("name", new EntryField(new Place(2, 0, 0), new Place(0, 1, 0))),
            Map.entry("dtype", new EntryField(new Place(2, 1, 0), new Place(1, 0, 0))),
            Map.entry("ndim", new EntryField(new Place(3, 1, 0), new Place(1, 0, 0))),
            Map.entry("dims", new EntryField(new Place(4, 1, 0), new Place(0, 0, 8))),
            Map.entry("ofs_tensor", new EntryField(new Place(4, 1, 8), new Place(8, 0, 0))),
            Map.entry("len_tensor", new EntryField(new Place(12, 1, 8), new Place(8, 0, 0))));

    /** Size of an index entry. */
    public static final Place ENTRY_SIZE = new Place(20, 1, 8);

    /** The rule that a field breaks which the Kaitai parser refuses, by the field's place in the ksy. */
    public static final Map<String, String> RULE_AT = Map.ofEntries(
            Map.entry("/types/header/seq/0", "APR-H001"),
            Map.entry("/types/header/seq/1", "APR-H002"),
            Map.entry("/types/header/seq/5", "APR-S001"),
            Map.entry("/types/header/seq/6", "APR-M001"),
            Map.entry("/types/header/seq/7", "APR-S002"),
            Map.entry("/types/header/seq/8", "APR-S003"),
            Map.entry("/types/flags/seq/11", "APR-H004"),
            Map.entry("/types/tensor_index_entry/seq/1", "APR-I003"),
            Map.entry("/types/tensor_index_entry/seq/2", "APR-I002"),
            Map.entry("/types/tensor_index_entry/seq/5", "APR-D001"),
            Map.entry("/types/tensor_index_entry/seq/6", "APR-D001"));

    /** The path of a field, by its place in the ksy. */
    public static final Map<String, String> FIELD_AT = Map.ofEntries(
            Map.entry("/seq/0", "header"),
            Map.entry("/types/header/seq/0", "header.magic"),
            Map.entry("/types/header/seq/1", "header.version_major"),
            Map.entry("/types/header/seq/2", "header.version_minor"),
            Map.entry("/types/header/seq/3", "header.flags"),
            Map.entry("/types/header/seq/4", "header.num_tensors"),
            Map.entry("/types/header/seq/5", "header.ofs_metadata"),
            Map.entry("/types/header/seq/6", "header.len_metadata"),
            Map.entry("/types/header/seq/7", "header.ofs_tensor_index"),
            Map.entry("/types/header/seq/8", "header.ofs_data"),
            Map.entry("/types/header/seq/9", "header.checksum"),
            Map.entry("/types/header/seq/10", "header.reserved"),
            Map.entry("/types/flags/seq/0", "header.flags.lz4_compressed"),
            Map.entry("/types/flags/seq/1", "header.flags.zstd_compressed"),
            Map.entry("/types/flags/seq/2", "header.flags.encrypted"),
            Map.entry("/types/flags/seq/3", "header.flags.signed"),
            Map.entry("/types/flags/seq/4", "header.flags.sharded"),
            Map.entry("/types/flags/seq/5", "header.flags.quantized"),
            Map.entry("/types/flags/seq/6", "header.flags.has_filterbank"),
            Map.entry("/types/flags/seq/7", "header.flags.has_model_card"),
            Map.entry("/types/flags/seq/8", "header.flags.streaming"),
            Map.entry("/types/flags/seq/9", "header.flags.has_vocab"),
            Map.entry("/types/flags/seq/10", "header.flags.layout_row_major"),
            Map.entry("/types/flags/seq/11", "header.flags.layout_column_major"),
            Map.entry("/types/flags/seq/12", "header.flags.reserved"),
            Map.entry("/types/tensor_index/seq/0", "tensor_index.entries"),
            Map.entry("/types/tensor_index/seq/1", "tensor_index.padding"),
            Map.entry("/types/tensor_index_entry/seq/0", "tensor_index.entries.len_name"),
            Map.entry("/types/tensor_index_entry/seq/1", "tensor_index.entries.name"),
            Map.entry("/types/tensor_index_entry/seq/2", "tensor_index.entries.dtype"),
            Map.entry("/types/tensor_index_entry/seq/3", "tensor_index.entries.ndim"),
            Map.entry("/types/tensor_index_entry/seq/4", "tensor_index.entries.dims"),
            Map.entry("/types/tensor_index_entry/seq/5", "tensor_index.entries.ofs_tensor"),
            Map.entry("/types/tensor_index_entry/seq/6", "tensor_index.entries.len_tensor"),
            Map.entry("/types/footer/seq/0", "footer.checksum"));

    /** What every careful reader refuses, by the id of the rule. */
    public static final Map<String, Rule> RULES = Map.ofEntries(
            Map.entry("APR-H001", new Rule("magic-wrong", "the magic is not that of APR v2")),
            Map.entry("APR-H002", new Rule("major-version-unknown", "the file is of another major version")),
            Map.entry("APR-H004", new Rule("column-major", "the tensors lie column by column, which every reader refuses")),
            Map.entry("APR-H006", new Rule("header-checksum-wrong", "the header checksum does not match the header")),
            Map.entry("APR-H008", new Rule("too-small", "the file is smaller than a header")),
            Map.entry("APR-S001", new Rule("metadata-misplaced", "the metadata would begin inside the header, or outside the file")),
            Map.entry("APR-S002", new Rule("tensor-index-misplaced", "the tensor index would begin before the end of the metadata, or outside the file")),
            Map.entry("APR-S003", new Rule("tensor-data-misplaced", "the data section would begin before the tensor index, or outside the file")),
            Map.entry("APR-M001", new Rule("metadata-empty", "the metadata is empty")),
            Map.entry("APR-M002", new Rule("metadata-not-utf8", "the metadata is not UTF-8")),
            Map.entry("APR-M003", new Rule("metadata-not-json", "the metadata is not JSON")),
            Map.entry("APR-M004", new Rule("metadata-not-object", "the metadata is not a JSON object")),
            Map.entry("APR-M005", new Rule("metadata-too-deep", "the metadata is nested too deeply")),
            Map.entry("APR-M006", new Rule("metadata-type-wrong", "a known key of the metadata holds a value of another type")),
            Map.entry("APR-I001", new Rule("tensor-index-too-small", "the tensor index has no room for as many entries as the header counts")),
            Map.entry("APR-I002", new Rule("dtype-unknown", "the element type is unknown")),
            Map.entry("APR-I003", new Rule("names-unsorted", "the names are out of order, or one occurs twice")),
            Map.entry("APR-I005", new Rule("name-not-utf8", "the name is not UTF-8")),
            Map.entry("APR-D001", new Rule("tensor-outside", "the data of the tensor lies outside the file")),
            Map.entry("APR-D002", new Rule("tensor-size-wrong", "the size of the data does not fit element type and shape")),
            Map.entry("APR-D003", new Rule("tensors-overlap", "the data of two tensors overlaps")),
            Map.entry("APR-D004", new Rule("data-truncated", "the data section is truncated")),
            Map.entry("APR-F001", new Rule("footer-truncated", "the footer is truncated")),
            Map.entry("APR-F002", new Rule("footer-wrong", "the footer does not match the file")),
            Map.entry("APR-F005", new Rule("footer-hidden", "one flipped bit in the tensor index makes the footer pass for data")),
            Map.entry("APR-L001", new Rule("limit-exceeded", "the file asks for more than a reader is willing to spend")));

    /** The known keys of the metadata. */
    public static final List<MetadataKey> METADATA_KEYS = List.of(
            new MetadataKey("model_type", Kind.STRING, false, false, 0, List.of()),
            new MetadataKey("name", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("description", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("author", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("license", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("data_source", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("data_license", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("version", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("source", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("original_format", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("created_at", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("total_size", Kind.INTEGER, false, false, 64, List.of()),
            new MetadataKey("param_count", Kind.INTEGER, false, false, 64, List.of()),
            new MetadataKey("quantization", Kind.OBJECT, true, false, 0, List.of(
                    new MetadataKey("quant_type", Kind.STRING, false, true, 0, List.of()),
                    new MetadataKey("bits", Kind.INTEGER, false, true, 8, List.of()),
                    new MetadataKey("block_size", Kind.INTEGER, true, false, 64, List.of()),
                    new MetadataKey("symmetric", Kind.BOOLEAN, false, true, 0, List.of()))),
            new MetadataKey("sharding", Kind.OBJECT, true, false, 0, List.of(
                    new MetadataKey("shard_count", Kind.INTEGER, false, true, 64, List.of()),
                    new MetadataKey("shard_index", Kind.INTEGER, false, true, 64, List.of()),
                    new MetadataKey("total_size", Kind.INTEGER, false, true, 64, List.of()),
                    new MetadataKey("pattern", Kind.STRING, true, false, 0, List.of()))),
            new MetadataKey("chat_template", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("chat_format", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("special_tokens", Kind.OBJECT, true, false, 0, List.of(
                    new MetadataKey("bos_token", Kind.STRING, true, false, 0, List.of()),
                    new MetadataKey("eos_token", Kind.STRING, true, false, 0, List.of()),
                    new MetadataKey("unk_token", Kind.STRING, true, false, 0, List.of()),
                    new MetadataKey("pad_token", Kind.STRING, true, false, 0, List.of()),
                    new MetadataKey("im_start_token", Kind.STRING, true, false, 0, List.of()),
                    new MetadataKey("im_end_token", Kind.STRING, true, false, 0, List.of()))),
            new MetadataKey("architecture", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("hf_architecture", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("hf_model_type", Kind.STRING, true, false, 0, List.of()),
            new MetadataKey("hidden_size", Kind.INTEGER, true, false, 64, List.of()),
            new MetadataKey("num_layers", Kind.INTEGER, true, false, 64, List.of()),
            new MetadataKey("num_heads", Kind.INTEGER, true, false, 64, List.of()),
            new MetadataKey("num_kv_heads", Kind.INTEGER, true, false, 64, List.of()),
            new MetadataKey("vocab_size", Kind.INTEGER, true, false, 64, List.of()),
            new MetadataKey("intermediate_size", Kind.INTEGER, true, false, 64, List.of()),
            new MetadataKey("max_position_embeddings", Kind.INTEGER, true, false, 64, List.of()),
            new MetadataKey("rope_theta", Kind.NUMBER, true, false, 0, List.of()),
            new MetadataKey("rope_type", Kind.INTEGER, true, false, 32, List.of()),
            new MetadataKey("rms_norm_eps", Kind.NUMBER, true, false, 0, List.of()),
            new MetadataKey("head_dim", Kind.INTEGER, true, false, 64, List.of()),
            new MetadataKey("num_experts", Kind.INTEGER, true, false, 64, List.of()),
            new MetadataKey("num_experts_per_tok", Kind.INTEGER, true, false, 64, List.of()),
            new MetadataKey("moe_intermediate_size", Kind.INTEGER, true, false, 64, List.of()));
}
