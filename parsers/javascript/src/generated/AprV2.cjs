// GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700.
// Made by kaitai-struct-compiler 0.11.0. Regenerate: node tools/kaitai/compile.mjs --write

// This is a generated file! Please edit source .ksy file and use kaitai-struct-compiler to rebuild

(function (root, factory) {
  if (typeof define === 'function' && define.amd) {
    define(['exports', 'kaitai-struct/KaitaiStream'], factory);
  } else if (typeof exports === 'object' && exports !== null && typeof exports.nodeType !== 'number') {
    factory(exports, require('kaitai-struct/KaitaiStream'));
  } else {
    factory(root.AprV2 || (root.AprV2 = {}), root.KaitaiStream);
  }
})(typeof self !== 'undefined' ? self : this, function (AprV2_, KaitaiStream) {
/**
 * A container for the weights of one machine-learning model: a header of 64 bytes, metadata as a JSON object, an index
 * of tensors sorted by name, the bytes of the tensors on a grid of 64 bytes, and a CRC-32 over all of it.
 *
 * All integers are little-endian and unsigned. Offsets in the header count from the start of the file; the offset of a
 * tensor counts from the start of the data section, which is relative, not absolute: a head that grows does not touch
 * the index.
 */

var AprV2 = (function() {
  AprV2.Dtype = Object.freeze({
    F32: 0,
    F16: 1,
    F64: 3,
    I32: 4,
    I64: 5,
    I8: 6,
    U8: 7,
    APR_Q4_LEGACY: 8,
    APR_Q8_LEGACY: 9,
    Q4_K: 12,
    Q6_K: 14,
    BF16: 30,
    APR_Q4: 128,
    APR_Q8: 129,

    0: "F32",
    1: "F16",
    3: "F64",
    4: "I32",
    5: "I64",
    6: "I8",
    7: "U8",
    8: "APR_Q4_LEGACY",
    9: "APR_Q8_LEGACY",
    12: "Q4_K",
    14: "Q6_K",
    30: "BF16",
    128: "APR_Q4",
    129: "APR_Q8",
  });

  function AprV2(_io, _parent, _root) {
    this._io = _io;
    this._parent = _parent;
    this._root = _root || this;

    this._read();
  }
  AprV2.prototype._read = function() {
    this._raw_header = this._io.readBytes(64);
    var _io__raw_header = new KaitaiStream(this._raw_header);
    this.header = new Header(_io__raw_header, this, this._root);
  }

  /**
   * Sixteen bits, the least significant first. The published writers set bits; they compress, encrypt and sign nothing,
   * and the readers take the data as plain whatever the bits say.
   */

  var Flags = AprV2.Flags = (function() {
    function Flags(_io, _parent, _root) {
      this._io = _io;
      this._parent = _parent;
      this._root = _root;

      this._read();
    }
    Flags.prototype._read = function() {
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

    /**
     * Announces LZ4; the data is plain all the same.
     */

    /**
     * Announces Zstandard; the data is plain all the same.
     */

    /**
     * Announces encryption; the data is plain all the same.
     */

    /**
     * Announces a signature; the format has no place for one.
     */

    /**
     * The file is one of several; see the metadata key `sharding`.
     */

    /**
     * Some tensors are of a quantised dtype.
     */

    /**
     * A tensor holds a mel filterbank.
     */

    /**
     * The metadata holds a model card.
     */

    /**
     * The model is meant to be read in a stream.
     */

    /**
     * The metadata holds `tokenizer.vocabulary`.
     */

    /**
     * Tensors lie row by row. Files with neither layout bit are read as row-major too.
     */

    /**
     * Tensors lie column by column. Every reader refuses such a file.
     */

    /**
     * Undefined bits, kept as they are.
     */

    return Flags;
  })();

  /**
   * The last 4 bytes of the file.
   */

  var Footer = AprV2.Footer = (function() {
    function Footer(_io, _parent, _root) {
      this._io = _io;
      this._parent = _parent;
      this._root = _root;

      this._read();
    }
    Footer.prototype._read = function() {
      this.checksum = this._io.readU4le();
    }

    /**
     * CRC-32 (IEEE 802.3, reflected, as in zlib) of every byte of the file before it.
     */

    return Footer;
  })();

  /**
   * The first 64 bytes of the file.
   */

  var Header = AprV2.Header = (function() {
    function Header(_io, _parent, _root) {
      this._io = _io;
      this._parent = _parent;
      this._root = _root;

      this._read();
    }
    Header.prototype._read = function() {
      this.magic = this._io.readBytes(4);
      if (!((KaitaiStream.byteArrayCompare(this.magic, new Uint8Array([65, 80, 82, 0])) == 0))) {
        throw new KaitaiStream.ValidationNotEqualError(new Uint8Array([65, 80, 82, 0]), this.magic, this._io, "/types/header/seq/0");
      }
      this.versionMajor = this._io.readU1();
      if (!(this.versionMajor == 2)) {
        throw new KaitaiStream.ValidationNotEqualError(2, this.versionMajor, this._io, "/types/header/seq/1");
      }
      this.versionMinor = this._io.readU1();
      this._raw_flags = this._io.readBytes(2);
      var _io__raw_flags = new KaitaiStream(this._raw_flags);
      this.flags = new Flags(_io__raw_flags, this, this._root);
      this.numTensors = this._io.readU4le();
      this.ofsMetadata = this._io.readU8le();
      if (!(this.ofsMetadata >= this._root.lenHeader)) {
        throw new KaitaiStream.ValidationLessThanError(this._root.lenHeader, this.ofsMetadata, this._io, "/types/header/seq/5");
      }
      if (!(this.ofsMetadata <= this._root.lenFile)) {
        throw new KaitaiStream.ValidationGreaterThanError(this._root.lenFile, this.ofsMetadata, this._io, "/types/header/seq/5");
      }
      this.lenMetadata = this._io.readU4le();
      if (!(this.lenMetadata >= 1)) {
        throw new KaitaiStream.ValidationLessThanError(1, this.lenMetadata, this._io, "/types/header/seq/6");
      }
      this.ofsTensorIndex = this._io.readU8le();
      if (!(this.ofsTensorIndex >= (this.ofsMetadata + this.lenMetadata))) {
        throw new KaitaiStream.ValidationLessThanError((this.ofsMetadata + this.lenMetadata), this.ofsTensorIndex, this._io, "/types/header/seq/7");
      }
      if (!(this.ofsTensorIndex <= this._root.lenFile)) {
        throw new KaitaiStream.ValidationGreaterThanError(this._root.lenFile, this.ofsTensorIndex, this._io, "/types/header/seq/7");
      }
      this.ofsData = this._io.readU8le();
      if (!(this.ofsData >= this.ofsTensorIndex)) {
        throw new KaitaiStream.ValidationLessThanError(this.ofsTensorIndex, this.ofsData, this._io, "/types/header/seq/8");
      }
      if (!(this.ofsData <= this._root.lenFile)) {
        throw new KaitaiStream.ValidationGreaterThanError(this._root.lenFile, this.ofsData, this._io, "/types/header/seq/8");
      }
      this.checksum = this._io.readU4le();
      this.reserved = this._io.readBytes(20);
    }

    /**
     * Four bytes that name the format.
     */

    /**
     * Major version of the format. Another one has another layout.
     */

    /**
     * Minor version of the format; readers ignore it.
     */

    /**
     * One bit a property. Most are announcements that no published reader acts upon.
     */

    /**
     * Number of entries in the tensor index.
     */

    /**
     * Start of the metadata in bytes, counted from the start of the file. 64 in a canonical file.
     */

    /**
     * Size of the JSON text in bytes, without filler.
     */

    /**
     * Start of the tensor index in bytes, counted from the start of the file.
     */

    /**
     * Start of the data section in bytes, counted from the start of the file. The tensor index ends here.
     */

    /**
     * CRC-32 (IEEE 802.3, reflected, as in zlib) of the other 60 bytes of the header, in their order.
     */

    /**
     * Zero today. Kept as it is by every operation of aprfmt.
     */

    return Header;
  })();

  /**
   * Not a part of the file: one record of the sequence whose SHA-256 is the *payload digest*, the identity of the
   * weights that survives a change of the metadata. The records of all tensors follow each other without filler, in
   * the order of their names as bytes (of equal names, in the order of the index). Filler, offsets, the order of the
   * data, flags and metadata do not enter.
   */

  var PayloadDigestRecord = AprV2.PayloadDigestRecord = (function() {
    function PayloadDigestRecord(_io, _parent, _root) {
      this._io = _io;
      this._parent = _parent;
      this._root = _root;

      this._read();
    }
    PayloadDigestRecord.prototype._read = function() {
      this.lenName = this._io.readU2le();
      this.name = this._io.readBytes(this.lenName);
      this.dtype = this._io.readU1();
      this.ndim = this._io.readU1();
      this.dims = [];
      for (var i = 0; i < this.ndim; i++) {
        this.dims.push(this._io.readU8le());
      }
      this.sha256 = this._io.readBytes(32);
    }

    /**
     * Size of the name in bytes.
     */

    /**
     * The name as it stands in the index.
     */

    /**
     * The id that a writer uses for the element type, so that 8 counts as 128 and 9 as 129.
     */

    /**
     * Number of dimensions.
     */

    /**
     * Number of elements along each dimension.
     */

    /**
     * SHA-256 of the bytes of the tensor.
     */

    return PayloadDigestRecord;
  })();

  /**
   * Entries packed without filler between them, then filler up to the data section.
   */

  var TensorIndex = AprV2.TensorIndex = (function() {
    function TensorIndex(_io, _parent, _root) {
      this._io = _io;
      this._parent = _parent;
      this._root = _root;

      this._read();
    }
    TensorIndex.prototype._read = function() {
      this.entries = [];
      for (var i = 0; i < this._root.header.numTensors; i++) {
        this.entries.push(new TensorIndexEntry(this._io, this, this._root, i, (i == 0 ? 0 : this.entries[i - 1].endSoFar)));
      }
      this.padding = this._io.readBytesFull();
    }

    /**
     * Largest offset plus padded size over all entries, counted from the start of the data section.
     */
    Object.defineProperty(TensorIndex.prototype, 'endOfTensors', {
      get: function() {
        if (this._m_endOfTensors !== undefined)
          return this._m_endOfTensors;
        this._m_endOfTensors = (this._root.header.numTensors == 0 ? 0 : this.entries[this._root.header.numTensors - 1].endSoFar);
        return this._m_endOfTensors;
      }
    });

    /**
     * One entry a tensor, sorted by name.
     */

    /**
     * Filler up to the data section.
     */

    return TensorIndex;
  })();

  /**
   * What one tensor is and where its bytes lie.
   */

  var TensorIndexEntry = AprV2.TensorIndexEntry = (function() {
    function TensorIndexEntry(_io, _parent, _root, idx, endBefore) {
      this._io = _io;
      this._parent = _parent;
      this._root = _root;
      this.idx = idx;
      this.endBefore = endBefore;

      this._read();
    }
    TensorIndexEntry.prototype._read = function() {
      this.lenName = this._io.readU2le();
      this.name = this._io.readBytes(this.lenName);
      var _ = this.name;
      if (!( ((this.idx == 0) || ((KaitaiStream.byteArrayCompare(this._parent.entries[this.idx - 1].name, _) < 0))) )) {
        throw new KaitaiStream.ValidationExprError(this.name, this._io, "/types/tensor_index_entry/seq/1");
      }
      this.dtype = this._io.readU1();
      if (!Object.prototype.hasOwnProperty.call(AprV2.Dtype, this.dtype)) {
        throw new KaitaiStream.ValidationNotInEnumError(this.dtype, this._io, "/types/tensor_index_entry/seq/2");
      }
      this.ndim = this._io.readU1();
      this.dims = [];
      for (var i = 0; i < this.ndim; i++) {
        this.dims.push(this._io.readU8le());
      }
      this.ofsTensor = this._io.readU8le();
      if (!(this.ofsTensor >= 0)) {
        throw new KaitaiStream.ValidationLessThanError(0, this.ofsTensor, this._io, "/types/tensor_index_entry/seq/5");
      }
      if (!(this.ofsTensor <= this._root.lenFile - this._root.header.ofsData)) {
        throw new KaitaiStream.ValidationGreaterThanError(this._root.lenFile - this._root.header.ofsData, this.ofsTensor, this._io, "/types/tensor_index_entry/seq/5");
      }
      this.lenTensor = this._io.readU8le();
      if (!(this.lenTensor >= 0)) {
        throw new KaitaiStream.ValidationLessThanError(0, this.lenTensor, this._io, "/types/tensor_index_entry/seq/6");
      }
      if (!(this.lenTensor <= ((this._root.lenFile - this._root.header.ofsData) - this.ofsTensor))) {
        throw new KaitaiStream.ValidationGreaterThanError(((this._root.lenFile - this._root.header.ofsData) - this.ofsTensor), this.lenTensor, this._io, "/types/tensor_index_entry/seq/6");
      }
    }

    /**
     * The bytes of the tensor, a part of `tensor_data`.
     */
    Object.defineProperty(TensorIndexEntry.prototype, 'data', {
      get: function() {
        if (this._m_data !== undefined)
          return this._m_data;
        var io = this._root._io;
        var _pos = io.pos;
        io.seek((this._root.header.ofsData + this.ofsTensor));
        this._m_data = io.readBytes(this.lenTensor);
        io.seek(_pos);
        return this._m_data;
      }
    });

    /**
     * Offset plus padded size, counted from the start of the data section.
     */
    Object.defineProperty(TensorIndexEntry.prototype, 'endOwn', {
      get: function() {
        if (this._m_endOwn !== undefined)
          return this._m_endOwn;
        this._m_endOwn = (this.ofsTensor + Math.floor((this.lenTensor + 63) / 64) * 64);
        return this._m_endOwn;
      }
    });

    /**
     * Largest offset plus padded size up to and including this entry.
     */
    Object.defineProperty(TensorIndexEntry.prototype, 'endSoFar', {
      get: function() {
        if (this._m_endSoFar !== undefined)
          return this._m_endSoFar;
        this._m_endSoFar = (this.endOwn > this.endBefore ? this.endOwn : this.endBefore);
        return this._m_endSoFar;
      }
    });

    /**
     * The name as text; what a language does with bytes that are not UTF-8 differs.
     */
    Object.defineProperty(TensorIndexEntry.prototype, 'nameText', {
      get: function() {
        if (this._m_nameText !== undefined)
          return this._m_nameText;
        this._m_nameText = KaitaiStream.bytesToStr(this.name, "UTF-8");
        return this._m_nameText;
      }
    });

    /**
     * Size of the name in bytes.
     */

    /**
     * UTF-8 without a terminator. Bytes here, because a name that is not UTF-8 is wrong but must survive a round trip,
     * and because the order of the index is the order of bytes, which strings of UTF-16 units do not have.
     */

    /**
     * Element type.
     */

    /**
     * Number of dimensions; 0 is a scalar.
     */

    /**
     * Number of elements along each dimension, the slowest first.
     */

    /**
     * Start of the tensor's bytes, counted from the start of the data section.
     */

    /**
     * Size of the tensor's bytes, without filler.
     */

    /**
     * Position of this entry in the index, from 0.
     */

    /**
     * Largest offset plus padded size of the entries before this one, from the start of the data section.
     */

    return TensorIndexEntry;
  })();

  /**
   * The grid, in bytes, on which a canonical writer starts every section and every tensor.
   */
  Object.defineProperty(AprV2.prototype, 'alignment', {
    get: function() {
      if (this._m_alignment !== undefined)
        return this._m_alignment;
      this._m_alignment = 64;
      return this._m_alignment;
    }
  });

  /**
   * Absent when the file ends exactly where its data section ends. With 4 bytes more, those are the footer; with 1 to 3
   * bytes more the footer is truncated, which is an error; whatever follows the footer is `trailing`.
   */
  Object.defineProperty(AprV2.prototype, 'footer', {
    get: function() {
      if (this._m_footer !== undefined)
        return this._m_footer;
      if (this.lenFile - this.requiredLen != 0) {
        var _pos = this._io.pos;
        this._io.seek(this.requiredLen);
        this._m_footer = new Footer(this._io, this, this._root);
        this._io.seek(_pos);
      }
      return this._m_footer;
    }
  });

  /**
   * Filler between the header and the metadata; empty in a canonical file. Unit is the byte.
   */
  Object.defineProperty(AprV2.prototype, 'headerPadding', {
    get: function() {
      if (this._m_headerPadding !== undefined)
        return this._m_headerPadding;
      var _pos = this._io.pos;
      this._io.seek(this.lenHeader);
      this._m_headerPadding = this._io.readBytes(this.header.ofsMetadata - this.lenHeader);
      this._io.seek(_pos);
      return this._m_headerPadding;
    }
  });

  /**
   * Size of the whole file in bytes.
   */
  Object.defineProperty(AprV2.prototype, 'lenFile', {
    get: function() {
      if (this._m_lenFile !== undefined)
        return this._m_lenFile;
      this._m_lenFile = this._io.size;
      return this._m_lenFile;
    }
  });

  /**
   * Size of the header in bytes, and the place of the metadata in a canonical file.
   */
  Object.defineProperty(AprV2.prototype, 'lenHeader', {
    get: function() {
      if (this._m_lenHeader !== undefined)
        return this._m_lenHeader;
      this._m_lenHeader = 64;
      return this._m_lenHeader;
    }
  });

  /**
   * One JSON object in UTF-8, without a byte-order mark and without a terminator. spec/metadata.schema.json says which
   * keys are known, in which order they are written and of which type they are. Unknown keys are allowed; of duplicate
   * keys the last one counts.
   */
  Object.defineProperty(AprV2.prototype, 'metadata', {
    get: function() {
      if (this._m_metadata !== undefined)
        return this._m_metadata;
      var _pos = this._io.pos;
      this._io.seek(this.header.ofsMetadata);
      this._m_metadata = this._io.readBytes(this.header.lenMetadata);
      this._io.seek(_pos);
      return this._m_metadata;
    }
  });

  /**
   * Filler up to the tensor index. A canonical writer takes the fewest zero bytes that reach the grid.
   */
  Object.defineProperty(AprV2.prototype, 'metadataPadding', {
    get: function() {
      if (this._m_metadataPadding !== undefined)
        return this._m_metadataPadding;
      var _pos = this._io.pos;
      this._io.seek((this.header.ofsMetadata + this.header.lenMetadata));
      this._m_metadataPadding = this._io.readBytes(((this.header.ofsTensorIndex - this.header.ofsMetadata) - this.header.lenMetadata));
      this._io.seek(_pos);
      return this._m_metadataPadding;
    }
  });

  /**
   * Where the data section ends, counted from the start of the file:
   * `ofs_data + max(ofs_tensor + align64(len_tensor))` over all tensors, where `align64` rounds up to a multiple of 64;
   * without tensors `ofs_data` itself. The size is rounded up, not the sum: a tensor of 4 bytes at offset 1 ends the
   * section at `ofs_data + 65`. The filler of the last tensor belongs to the data section, so a file that is shorter
   * than this is truncated, even when only filler is missing.
   */
  Object.defineProperty(AprV2.prototype, 'requiredLen', {
    get: function() {
      if (this._m_requiredLen !== undefined)
        return this._m_requiredLen;
      this._m_requiredLen = (this.header.ofsData + this.tensorIndex.endOfTensors);
      return this._m_requiredLen;
    }
  });

  /**
   * The bytes of the tensors, each from its own offset on, and the filler between them. The order of the data need not
   * be the order of the index.
   */
  Object.defineProperty(AprV2.prototype, 'tensorData', {
    get: function() {
      if (this._m_tensorData !== undefined)
        return this._m_tensorData;
      var _pos = this._io.pos;
      this._io.seek(this.header.ofsData);
      this._m_tensorData = this._io.readBytes(this.requiredLen - this.header.ofsData);
      this._io.seek(_pos);
      return this._m_tensorData;
    }
  });

  /**
   * The entries of all tensors and the filler behind them, up to the data section.
   */
  Object.defineProperty(AprV2.prototype, 'tensorIndex', {
    get: function() {
      if (this._m_tensorIndex !== undefined)
        return this._m_tensorIndex;
      var _pos = this._io.pos;
      this._io.seek(this.header.ofsTensorIndex);
      this._raw__m_tensorIndex = this._io.readBytes(this.header.ofsData - this.header.ofsTensorIndex);
      var _io__raw__m_tensorIndex = new KaitaiStream(this._raw__m_tensorIndex);
      this._m_tensorIndex = new TensorIndex(_io__raw__m_tensorIndex, this, this._root);
      this._io.seek(_pos);
      return this._m_tensorIndex;
    }
  });

  /**
   * Bytes behind the footer, which belong to nothing. No writer makes them.
   */
  Object.defineProperty(AprV2.prototype, 'trailing', {
    get: function() {
      if (this._m_trailing !== undefined)
        return this._m_trailing;
      if (this.lenFile > this.requiredLen + 4) {
        var _pos = this._io.pos;
        this._io.seek((this.requiredLen + 4));
        this._m_trailing = this._io.readBytes(((this.lenFile - this.requiredLen) - 4));
        this._io.seek(_pos);
      }
      return this._m_trailing;
    }
  });

  /**
   * What kind of file this is, and where its sections lie.
   */

  return AprV2;
})();
AprV2_.AprV2 = AprV2;
});
