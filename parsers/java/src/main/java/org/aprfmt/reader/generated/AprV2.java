// GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700.
// Made by kaitai-struct-compiler 0.11.0. Regenerate: node tools/kaitai/compile.mjs --write

// This is a generated file! Please edit source .ksy file and use kaitai-struct-compiler to rebuild

package org.aprfmt.reader.generated;

import io.kaitai.struct.ByteBufferKaitaiStream;
import io.kaitai.struct.KaitaiStruct;
import io.kaitai.struct.KaitaiStream;
import java.io.IOException;
import java.util.Map;
import java.util.HashMap;
import java.util.Arrays;
import java.util.ArrayList;
import java.util.List;
import java.nio.charset.StandardCharsets;


/**
 * A container for the weights of one machine-learning model: a header of 64 bytes, metadata as a JSON object, an index
 * of tensors sorted by name, the bytes of the tensors on a grid of 64 bytes, and a CRC-32 over all of it.
 *
 * All integers are little-endian and unsigned. Offsets in the header count from the start of the file; the offset of a
 * tensor counts from the start of the data section, which is relative, not absolute: a head that grows does not touch
 * the index.
 */
public class AprV2 extends KaitaiStruct {
    public static AprV2 fromFile(String fileName) throws IOException {
        return new AprV2(new ByteBufferKaitaiStream(fileName));
    }

    public enum Dtype {
        F32(0),
        F16(1),
        F64(3),
        I32(4),
        I64(5),
        I8(6),
        U8(7),
        APR_Q4_LEGACY(8),
        APR_Q8_LEGACY(9),
        Q4_K(12),
        Q6_K(14),
        BF16(30),
        APR_Q4(128),
        APR_Q8(129);

        private final long id;
        Dtype(long id) { this.id = id; }
        public long id() { return id; }
        private static final Map<Long, Dtype> byId = new HashMap<Long, Dtype>(14);
        static {
            for (Dtype e : Dtype.values())
                byId.put(e.id(), e);
        }
        public static Dtype byId(long id) { return byId.get(id); }
    }

    public AprV2(KaitaiStream _io) {
        this(_io, null, null);
    }

    public AprV2(KaitaiStream _io, KaitaiStruct _parent) {
        this(_io, _parent, null);
    }

    public AprV2(KaitaiStream _io, KaitaiStruct _parent, AprV2 _root) {
        super(_io);
        this._parent = _parent;
        this._root = _root == null ? this : _root;
        _read();
    }
    private void _read() {
        KaitaiStream _io_header = this._io.substream(64);
        this.header = new Header(_io_header, this, _root);
    }

    public void _fetchInstances() {
        this.header._fetchInstances();
        footer();
        if (this.footer != null) {
            this.footer._fetchInstances();
        }
        headerPadding();
        if (this.headerPadding != null) {
        }
        metadata();
        if (this.metadata != null) {
        }
        metadataPadding();
        if (this.metadataPadding != null) {
        }
        tensorData();
        if (this.tensorData != null) {
        }
        tensorIndex();
        if (this.tensorIndex != null) {
            this.tensorIndex._fetchInstances();
        }
        trailing();
        if (this.trailing != null) {
        }
    }

    /**
     * Sixteen bits, the least significant first. The published writers set bits; they compress, encrypt and sign nothing,
     * and the readers take the data as plain whatever the bits say.
     */
    public static class Flags extends KaitaiStruct {
        public static Flags fromFile(String fileName) throws IOException {
            return new Flags(new ByteBufferKaitaiStream(fileName));
        }

        public Flags(KaitaiStream _io) {
            this(_io, null, null);
        }

        public Flags(KaitaiStream _io, AprV2.Header _parent) {
            this(_io, _parent, null);
        }

        public Flags(KaitaiStream _io, AprV2.Header _parent, AprV2 _root) {
            super(_io);
            this._parent = _parent;
            this._root = _root;
            _read();
        }
        private void _read() {
            this.lz4Compressed = this._io.readBitsIntLe(1) != 0;
            this.zstdCompressed = this._io.readBitsIntLe(1) != 0;
            this.encrypted = this._io.readBitsIntLe(1) != 0;
            this.signed = this._io.readBitsIntLe(1) != 0;
            this.sharded = this._io.readBitsIntLe(1) != 0;
            this.quantized = this._io.readBitsIntLe(1) != 0;
            this.hasFilterbank = this._io.readBitsIntLe(1) != 0;
            this.hasModelCard = this._io.readBitsIntLe(1) != 0;
            this.streaming = this._io.readBitsIntLe(1) != 0;
            this.hasVocab = this._io.readBitsIntLe(1) != 0;
            this.layoutRowMajor = this._io.readBitsIntLe(1) != 0;
            this.layoutColumnMajor = this._io.readBitsIntLe(1) != 0;
            if (!(this.layoutColumnMajor == false)) {
                throw new KaitaiStream.ValidationNotEqualError(false, this.layoutColumnMajor, this._io, "/types/flags/seq/11");
            }
            this.reserved = this._io.readBitsIntLe(4);
        }

        public void _fetchInstances() {
        }
        private boolean lz4Compressed;
        private boolean zstdCompressed;
        private boolean encrypted;
        private boolean signed;
        private boolean sharded;
        private boolean quantized;
        private boolean hasFilterbank;
        private boolean hasModelCard;
        private boolean streaming;
        private boolean hasVocab;
        private boolean layoutRowMajor;
        private boolean layoutColumnMajor;
        private long reserved;
        private AprV2 _root;
        private AprV2.Header _parent;

        /**
         * Announces LZ4; the data is plain all the same.
         */
        public boolean lz4Compressed() { return lz4Compressed; }

        /**
         * Announces Zstandard; the data is plain all the same.
         */
        public boolean zstdCompressed() { return zstdCompressed; }

        /**
         * Announces encryption; the data is plain all the same.
         */
        public boolean encrypted() { return encrypted; }

        /**
         * Announces a signature; the format has no place for one.
         */
        public boolean signed() { return signed; }

        /**
         * The file is one of several; see the metadata key `sharding`.
         */
        public boolean sharded() { return sharded; }

        /**
         * Some tensors are of a quantised dtype.
         */
        public boolean quantized() { return quantized; }

        /**
         * A tensor holds a mel filterbank.
         */
        public boolean hasFilterbank() { return hasFilterbank; }

        /**
         * The metadata holds a model card.
         */
        public boolean hasModelCard() { return hasModelCard; }

        /**
         * The model is meant to be read in a stream.
         */
        public boolean streaming() { return streaming; }

        /**
         * The metadata holds `tokenizer.vocabulary`.
         */
        public boolean hasVocab() { return hasVocab; }

        /**
         * Tensors lie row by row. Files with neither layout bit are read as row-major too.
         */
        public boolean layoutRowMajor() { return layoutRowMajor; }

        /**
         * Tensors lie column by column. Every reader refuses such a file.
         */
        public boolean layoutColumnMajor() { return layoutColumnMajor; }

        /**
         * Undefined bits, kept as they are.
         */
        public long reserved() { return reserved; }
        public AprV2 _root() { return _root; }
        public AprV2.Header _parent() { return _parent; }
    }

    /**
     * The last 4 bytes of the file.
     */
    public static class Footer extends KaitaiStruct {
        public static Footer fromFile(String fileName) throws IOException {
            return new Footer(new ByteBufferKaitaiStream(fileName));
        }

        public Footer(KaitaiStream _io) {
            this(_io, null, null);
        }

        public Footer(KaitaiStream _io, AprV2 _parent) {
            this(_io, _parent, null);
        }

        public Footer(KaitaiStream _io, AprV2 _parent, AprV2 _root) {
            super(_io);
            this._parent = _parent;
            this._root = _root;
            _read();
        }
        private void _read() {
            this.checksum = this._io.readU4le();
        }

        public void _fetchInstances() {
        }
        private long checksum;
        private AprV2 _root;
        private AprV2 _parent;

        /**
         * CRC-32 (IEEE 802.3, reflected, as in zlib) of every byte of the file before it.
         */
        public long checksum() { return checksum; }
        public AprV2 _root() { return _root; }
        public AprV2 _parent() { return _parent; }
    }

    /**
     * The first 64 bytes of the file.
     */
    public static class Header extends KaitaiStruct {
        public static Header fromFile(String fileName) throws IOException {
            return new Header(new ByteBufferKaitaiStream(fileName));
        }

        public Header(KaitaiStream _io) {
            this(_io, null, null);
        }

        public Header(KaitaiStream _io, AprV2 _parent) {
            this(_io, _parent, null);
        }

        public Header(KaitaiStream _io, AprV2 _parent, AprV2 _root) {
            super(_io);
            this._parent = _parent;
            this._root = _root;
            _read();
        }
        private void _read() {
            this.magic = this._io.readBytes(4);
            if (!(Arrays.equals(this.magic, new byte[] { 65, 80, 82, 0 }))) {
                throw new KaitaiStream.ValidationNotEqualError(new byte[] { 65, 80, 82, 0 }, this.magic, this._io, "/types/header/seq/0");
            }
            this.versionMajor = this._io.readU1();
            if (!(this.versionMajor == 2)) {
                throw new KaitaiStream.ValidationNotEqualError(2, this.versionMajor, this._io, "/types/header/seq/1");
            }
            this.versionMinor = this._io.readU1();
            KaitaiStream _io_flags = this._io.substream(2);
            this.flags = new Flags(_io_flags, this, _root);
            this.numTensors = this._io.readU4le();
            this.ofsMetadata = this._io.readU8le();
            if (!(this.ofsMetadata >= _root().lenHeader())) {
                throw new KaitaiStream.ValidationLessThanError(_root().lenHeader(), this.ofsMetadata, this._io, "/types/header/seq/5");
            }
            if (!(this.ofsMetadata <= _root().lenFile())) {
                throw new KaitaiStream.ValidationGreaterThanError(_root().lenFile(), this.ofsMetadata, this._io, "/types/header/seq/5");
            }
            this.lenMetadata = this._io.readU4le();
            if (!(this.lenMetadata >= 1)) {
                throw new KaitaiStream.ValidationLessThanError(1, this.lenMetadata, this._io, "/types/header/seq/6");
            }
            this.ofsTensorIndex = this._io.readU8le();
            if (!(this.ofsTensorIndex >= ((Number) (ofsMetadata() + ((Number) (lenMetadata())).longValue())).longValue())) {
                throw new KaitaiStream.ValidationLessThanError(((Number) (ofsMetadata() + ((Number) (lenMetadata())).longValue())).longValue(), this.ofsTensorIndex, this._io, "/types/header/seq/7");
            }
            if (!(this.ofsTensorIndex <= _root().lenFile())) {
                throw new KaitaiStream.ValidationGreaterThanError(_root().lenFile(), this.ofsTensorIndex, this._io, "/types/header/seq/7");
            }
            this.ofsData = this._io.readU8le();
            if (!(this.ofsData >= ofsTensorIndex())) {
                throw new KaitaiStream.ValidationLessThanError(ofsTensorIndex(), this.ofsData, this._io, "/types/header/seq/8");
            }
            if (!(this.ofsData <= _root().lenFile())) {
                throw new KaitaiStream.ValidationGreaterThanError(_root().lenFile(), this.ofsData, this._io, "/types/header/seq/8");
            }
            this.checksum = this._io.readU4le();
            this.reserved = this._io.readBytes(20);
        }

        public void _fetchInstances() {
            this.flags._fetchInstances();
        }
        private byte[] magic;
        private int versionMajor;
        private int versionMinor;
        private Flags flags;
        private long numTensors;
        private long ofsMetadata;
        private long lenMetadata;
        private long ofsTensorIndex;
        private long ofsData;
        private long checksum;
        private byte[] reserved;
        private AprV2 _root;
        private AprV2 _parent;

        /**
         * Four bytes that name the format.
         */
        public byte[] magic() { return magic; }

        /**
         * Major version of the format. Another one has another layout.
         */
        public int versionMajor() { return versionMajor; }

        /**
         * Minor version of the format; readers ignore it.
         */
        public int versionMinor() { return versionMinor; }

        /**
         * One bit a property. Most are announcements that no published reader acts upon.
         */
        public Flags flags() { return flags; }

        /**
         * Number of entries in the tensor index.
         */
        public long numTensors() { return numTensors; }

        /**
         * Start of the metadata in bytes, counted from the start of the file. 64 in a canonical file.
         */
        public long ofsMetadata() { return ofsMetadata; }

        /**
         * Size of the JSON text in bytes, without filler.
         */
        public long lenMetadata() { return lenMetadata; }

        /**
         * Start of the tensor index in bytes, counted from the start of the file.
         */
        public long ofsTensorIndex() { return ofsTensorIndex; }

        /**
         * Start of the data section in bytes, counted from the start of the file. The tensor index ends here.
         */
        public long ofsData() { return ofsData; }

        /**
         * CRC-32 (IEEE 802.3, reflected, as in zlib) of the other 60 bytes of the header, in their order.
         */
        public long checksum() { return checksum; }

        /**
         * Zero today. Kept as it is by every operation of aprfmt.
         */
        public byte[] reserved() { return reserved; }
        public AprV2 _root() { return _root; }
        public AprV2 _parent() { return _parent; }
    }

    /**
     * Not a part of the file: one record of the sequence whose SHA-256 is the *payload digest*, the identity of the
     * weights that survives a change of the metadata. The records of all tensors follow each other without filler, in
     * the order of their names as bytes (of equal names, in the order of the index). Filler, offsets, the order of the
     * data, flags and metadata do not enter.
     */
    public static class PayloadDigestRecord extends KaitaiStruct {
        public static PayloadDigestRecord fromFile(String fileName) throws IOException {
            return new PayloadDigestRecord(new ByteBufferKaitaiStream(fileName));
        }

        public PayloadDigestRecord(KaitaiStream _io) {
            this(_io, null, null);
        }

        public PayloadDigestRecord(KaitaiStream _io, KaitaiStruct _parent) {
            this(_io, _parent, null);
        }

        public PayloadDigestRecord(KaitaiStream _io, KaitaiStruct _parent, AprV2 _root) {
            super(_io);
            this._parent = _parent;
            this._root = _root;
            _read();
        }
        private void _read() {
            this.lenName = this._io.readU2le();
            this.name = this._io.readBytes(lenName());
            this.dtype = AprV2.Dtype.byId(this._io.readU1());
            this.ndim = this._io.readU1();
            this.dims = new ArrayList<Long>();
            for (int i = 0; i < ndim(); i++) {
                this.dims.add(this._io.readU8le());
            }
            this.sha256 = this._io.readBytes(32);
        }

        public void _fetchInstances() {
            for (int i = 0; i < this.dims.size(); i++) {
            }
        }
        private int lenName;
        private byte[] name;
        private Dtype dtype;
        private int ndim;
        private List<Long> dims;
        private byte[] sha256;
        private AprV2 _root;
        private KaitaiStruct _parent;

        /**
         * Size of the name in bytes.
         */
        public int lenName() { return lenName; }

        /**
         * The name as it stands in the index.
         */
        public byte[] name() { return name; }

        /**
         * The id that a writer uses for the element type, so that 8 counts as 128 and 9 as 129.
         */
        public Dtype dtype() { return dtype; }

        /**
         * Number of dimensions.
         */
        public int ndim() { return ndim; }

        /**
         * Number of elements along each dimension.
         */
        public List<Long> dims() { return dims; }

        /**
         * SHA-256 of the bytes of the tensor.
         */
        public byte[] sha256() { return sha256; }
        public AprV2 _root() { return _root; }
        public KaitaiStruct _parent() { return _parent; }
    }

    /**
     * Entries packed without filler between them, then filler up to the data section.
     */
    public static class TensorIndex extends KaitaiStruct {
        public static TensorIndex fromFile(String fileName) throws IOException {
            return new TensorIndex(new ByteBufferKaitaiStream(fileName));
        }

        public TensorIndex(KaitaiStream _io) {
            this(_io, null, null);
        }

        public TensorIndex(KaitaiStream _io, AprV2 _parent) {
            this(_io, _parent, null);
        }

        public TensorIndex(KaitaiStream _io, AprV2 _parent, AprV2 _root) {
            super(_io);
            this._parent = _parent;
            this._root = _root;
            _read();
        }
        private void _read() {
            this.entries = new ArrayList<TensorIndexEntry>();
            for (int i = 0; i < _root().header().numTensors(); i++) {
                this.entries.add(new TensorIndexEntry(this._io, this, _root, ((Number) (i)).longValue(), (i == 0 ? ((long) 0) : ((Number) (entries().get(((Number) (i - 1)).intValue()).endSoFar())).longValue())));
            }
            this.padding = this._io.readBytesFull();
        }

        public void _fetchInstances() {
            for (int i = 0; i < this.entries.size(); i++) {
                this.entries.get(((Number) (i)).intValue())._fetchInstances();
            }
        }
        private Long endOfTensors;

        /**
         * Largest offset plus padded size over all entries, counted from the start of the data section.
         */
        public Long endOfTensors() {
            if (this.endOfTensors != null)
                return this.endOfTensors;
            this.endOfTensors = ((Number) ((_root().header().numTensors() == 0 ? ((long) 0) : ((Number) (entries().get(((Number) (_root().header().numTensors() - 1)).intValue()).endSoFar())).longValue()))).longValue();
            return this.endOfTensors;
        }
        private List<TensorIndexEntry> entries;
        private byte[] padding;
        private AprV2 _root;
        private AprV2 _parent;

        /**
         * One entry a tensor, sorted by name.
         */
        public List<TensorIndexEntry> entries() { return entries; }

        /**
         * Filler up to the data section.
         */
        public byte[] padding() { return padding; }
        public AprV2 _root() { return _root; }
        public AprV2 _parent() { return _parent; }
    }

    /**
     * What one tensor is and where its bytes lie.
     */
    public static class TensorIndexEntry extends KaitaiStruct {

        public TensorIndexEntry(KaitaiStream _io, long idx, long endBefore) {
            this(_io, null, null, idx, endBefore);
        }

        public TensorIndexEntry(KaitaiStream _io, AprV2.TensorIndex _parent, long idx, long endBefore) {
            this(_io, _parent, null, idx, endBefore);
        }

        public TensorIndexEntry(KaitaiStream _io, AprV2.TensorIndex _parent, AprV2 _root, long idx, long endBefore) {
            super(_io);
            this._parent = _parent;
            this._root = _root;
            this.idx = idx;
            this.endBefore = endBefore;
            _read();
        }
        private void _read() {
            this.lenName = this._io.readU2le();
            this.name = this._io.readBytes(lenName());
            {
                byte[] _it = this.name;
                if (!( ((idx() == 0) || ((KaitaiStream.byteArrayCompare(_parent().entries().get(((Number) (idx() - 1)).intValue()).name(), _it) < 0))) )) {
                    throw new KaitaiStream.ValidationExprError(this.name, this._io, "/types/tensor_index_entry/seq/1");
                }
            }
            this.dtype = AprV2.Dtype.byId(this._io.readU1());
            if (this.dtype == null) {
                throw new KaitaiStream.ValidationNotInEnumError(this.dtype, this._io, "/types/tensor_index_entry/seq/2");
            }
            this.ndim = this._io.readU1();
            this.dims = new ArrayList<Long>();
            for (int i = 0; i < ndim(); i++) {
                this.dims.add(this._io.readU8le());
            }
            this.ofsTensor = this._io.readU8le();
            if (!(this.ofsTensor >= 0)) {
                throw new KaitaiStream.ValidationLessThanError(0, this.ofsTensor, this._io, "/types/tensor_index_entry/seq/5");
            }
            if (!(this.ofsTensor <= _root().lenFile() - _root().header().ofsData())) {
                throw new KaitaiStream.ValidationGreaterThanError(_root().lenFile() - _root().header().ofsData(), this.ofsTensor, this._io, "/types/tensor_index_entry/seq/5");
            }
            this.lenTensor = this._io.readU8le();
            if (!(this.lenTensor >= 0)) {
                throw new KaitaiStream.ValidationLessThanError(0, this.lenTensor, this._io, "/types/tensor_index_entry/seq/6");
            }
            if (!(this.lenTensor <= ((Number) ((_root().lenFile() - _root().header().ofsData()) - ofsTensor())).longValue())) {
                throw new KaitaiStream.ValidationGreaterThanError(((Number) ((_root().lenFile() - _root().header().ofsData()) - ofsTensor())).longValue(), this.lenTensor, this._io, "/types/tensor_index_entry/seq/6");
            }
        }

        public void _fetchInstances() {
            for (int i = 0; i < this.dims.size(); i++) {
            }
            data();
            if (this.data != null) {
            }
        }
        private byte[] data;

        /**
         * The bytes of the tensor, a part of `tensor_data`.
         */
        public byte[] data() {
            if (this.data != null)
                return this.data;
            KaitaiStream io = _root()._io();
            long _pos = io.pos();
            io.seek(((Number) (_root().header().ofsData() + ofsTensor())).longValue());
            this.data = io.readBytes(lenTensor());
            io.seek(_pos);
            return this.data;
        }
        private Long endOwn;

        /**
         * Offset plus padded size, counted from the start of the data section.
         */
        public Long endOwn() {
            if (this.endOwn != null)
                return this.endOwn;
            this.endOwn = ((Number) (((Number) (ofsTensor() + ((lenTensor() + 63) / 64) * 64)).longValue())).longValue();
            return this.endOwn;
        }
        private Long endSoFar;

        /**
         * Largest offset plus padded size up to and including this entry.
         */
        public Long endSoFar() {
            if (this.endSoFar != null)
                return this.endSoFar;
            this.endSoFar = ((Number) ((endOwn() > endBefore() ? endOwn() : endBefore()))).longValue();
            return this.endSoFar;
        }
        private String nameText;

        /**
         * The name as text; what a language does with bytes that are not UTF-8 differs.
         */
        public String nameText() {
            if (this.nameText != null)
                return this.nameText;
            this.nameText = new String(name(), StandardCharsets.UTF_8);
            return this.nameText;
        }
        private int lenName;
        private byte[] name;
        private Dtype dtype;
        private int ndim;
        private List<Long> dims;
        private long ofsTensor;
        private long lenTensor;
        private long idx;
        private long endBefore;
        private AprV2 _root;
        private AprV2.TensorIndex _parent;

        /**
         * Size of the name in bytes.
         */
        public int lenName() { return lenName; }

        /**
         * UTF-8 without a terminator. Bytes here, because a name that is not UTF-8 is wrong but must survive a round trip,
         * and because the order of the index is the order of bytes, which strings of UTF-16 units do not have.
         */
        public byte[] name() { return name; }

        /**
         * Element type.
         */
        public Dtype dtype() { return dtype; }

        /**
         * Number of dimensions; 0 is a scalar.
         */
        public int ndim() { return ndim; }

        /**
         * Number of elements along each dimension, the slowest first.
         */
        public List<Long> dims() { return dims; }

        /**
         * Start of the tensor's bytes, counted from the start of the data section.
         */
        public long ofsTensor() { return ofsTensor; }

        /**
         * Size of the tensor's bytes, without filler.
         */
        public long lenTensor() { return lenTensor; }

        /**
         * Position of this entry in the index, from 0.
         */
        public long idx() { return idx; }

        /**
         * Largest offset plus padded size of the entries before this one, from the start of the data section.
         */
        public long endBefore() { return endBefore; }
        public AprV2 _root() { return _root; }
        public AprV2.TensorIndex _parent() { return _parent; }
    }
    private Long alignment;

    /**
     * The grid, in bytes, on which a canonical writer starts every section and every tensor.
     */
    public Long alignment() {
        if (this.alignment != null)
            return this.alignment;
        this.alignment = ((Number) (((long) 64))).longValue();
        return this.alignment;
    }
    private Footer footer;

    /**
     * Absent when the file ends exactly where its data section ends. With 4 bytes more, those are the footer; with 1 to 3
     * bytes more the footer is truncated, which is an error; whatever follows the footer is `trailing`.
     */
    public Footer footer() {
        if (this.footer != null)
            return this.footer;
        if (lenFile() - requiredLen() != 0) {
            long _pos = this._io.pos();
            this._io.seek(requiredLen());
            this.footer = new Footer(this._io, this, _root);
            this._io.seek(_pos);
        }
        return this.footer;
    }
    private byte[] headerPadding;

    /**
     * Filler between the header and the metadata; empty in a canonical file. Unit is the byte.
     */
    public byte[] headerPadding() {
        if (this.headerPadding != null)
            return this.headerPadding;
        long _pos = this._io.pos();
        this._io.seek(lenHeader());
        this.headerPadding = this._io.readBytes(header().ofsMetadata() - lenHeader());
        this._io.seek(_pos);
        return this.headerPadding;
    }
    private Long lenFile;

    /**
     * Size of the whole file in bytes.
     */
    public Long lenFile() {
        if (this.lenFile != null)
            return this.lenFile;
        this.lenFile = ((Number) (((Number) (_io().size())).longValue())).longValue();
        return this.lenFile;
    }
    private Long lenHeader;

    /**
     * Size of the header in bytes, and the place of the metadata in a canonical file.
     */
    public Long lenHeader() {
        if (this.lenHeader != null)
            return this.lenHeader;
        this.lenHeader = ((Number) (((long) 64))).longValue();
        return this.lenHeader;
    }
    private byte[] metadata;

    /**
     * One JSON object in UTF-8, without a byte-order mark and without a terminator. spec/metadata.schema.json says which
     * keys are known, in which order they are written and of which type they are. Unknown keys are allowed; of duplicate
     * keys the last one counts.
     */
    public byte[] metadata() {
        if (this.metadata != null)
            return this.metadata;
        long _pos = this._io.pos();
        this._io.seek(header().ofsMetadata());
        this.metadata = this._io.readBytes(header().lenMetadata());
        this._io.seek(_pos);
        return this.metadata;
    }
    private byte[] metadataPadding;

    /**
     * Filler up to the tensor index. A canonical writer takes the fewest zero bytes that reach the grid.
     */
    public byte[] metadataPadding() {
        if (this.metadataPadding != null)
            return this.metadataPadding;
        long _pos = this._io.pos();
        this._io.seek(((Number) (header().ofsMetadata() + ((Number) (header().lenMetadata())).longValue())).longValue());
        this.metadataPadding = this._io.readBytes(((Number) ((header().ofsTensorIndex() - header().ofsMetadata()) - ((Number) (header().lenMetadata())).longValue())).longValue());
        this._io.seek(_pos);
        return this.metadataPadding;
    }
    private Long requiredLen;

    /**
     * Where the data section ends, counted from the start of the file:
     * `ofs_data + max(ofs_tensor + align64(len_tensor))` over all tensors, where `align64` rounds up to a multiple of 64;
     * without tensors `ofs_data` itself. The size is rounded up, not the sum: a tensor of 4 bytes at offset 1 ends the
     * section at `ofs_data + 65`. The filler of the last tensor belongs to the data section, so a file that is shorter
     * than this is truncated, even when only filler is missing.
     */
    public Long requiredLen() {
        if (this.requiredLen != null)
            return this.requiredLen;
        this.requiredLen = ((Number) (((Number) (header().ofsData() + tensorIndex().endOfTensors())).longValue())).longValue();
        return this.requiredLen;
    }
    private byte[] tensorData;

    /**
     * The bytes of the tensors, each from its own offset on, and the filler between them. The order of the data need not
     * be the order of the index.
     */
    public byte[] tensorData() {
        if (this.tensorData != null)
            return this.tensorData;
        long _pos = this._io.pos();
        this._io.seek(header().ofsData());
        this.tensorData = this._io.readBytes(requiredLen() - header().ofsData());
        this._io.seek(_pos);
        return this.tensorData;
    }
    private TensorIndex tensorIndex;

    /**
     * The entries of all tensors and the filler behind them, up to the data section.
     */
    public TensorIndex tensorIndex() {
        if (this.tensorIndex != null)
            return this.tensorIndex;
        long _pos = this._io.pos();
        this._io.seek(header().ofsTensorIndex());
        KaitaiStream _io_tensorIndex = this._io.substream(header().ofsData() - header().ofsTensorIndex());
        this.tensorIndex = new TensorIndex(_io_tensorIndex, this, _root);
        this._io.seek(_pos);
        return this.tensorIndex;
    }
    private byte[] trailing;

    /**
     * Bytes behind the footer, which belong to nothing. No writer makes them.
     */
    public byte[] trailing() {
        if (this.trailing != null)
            return this.trailing;
        if (lenFile() > requiredLen() + 4) {
            long _pos = this._io.pos();
            this._io.seek(((Number) (requiredLen() + 4)).longValue());
            this.trailing = this._io.readBytes(((Number) ((lenFile() - requiredLen()) - 4)).longValue());
            this._io.seek(_pos);
        }
        return this.trailing;
    }
    private Header header;
    private AprV2 _root;
    private KaitaiStruct _parent;

    /**
     * What kind of file this is, and where its sections lie.
     */
    public Header header() { return header; }
    public AprV2 _root() { return _root; }
    public KaitaiStruct _parent() { return _parent; }
}
