# GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700.
# Made by kaitai-struct-compiler 0.11.0. Regenerate: node tools/kaitai/compile.mjs --write

# This is a generated file! Please edit source .ksy file and use kaitai-struct-compiler to rebuild
# type: ignore

import kaitaistruct
from kaitaistruct import KaitaiStruct, KaitaiStream, BytesIO
from enum import IntEnum


if getattr(kaitaistruct, 'API_VERSION', (0, 9)) < (0, 11):
    raise Exception("Incompatible Kaitai Struct Python API: 0.11 or later is required, but you have %s" % (kaitaistruct.__version__))

class AprV2(KaitaiStruct):
    """A container for the weights of one machine-learning model: a header of 64 bytes, metadata as a JSON object, an index
    of tensors sorted by name, the bytes of the tensors on a grid of 64 bytes, and a CRC-32 over all of it.

    All integers are little-endian and unsigned. Offsets in the header count from the start of the file; the offset of a
    tensor counts from the start of the data section, which is relative, not absolute: a head that grows does not touch
    the index.
    """

    class Dtype(IntEnum):
        f32 = 0
        f16 = 1
        f64 = 3
        i32 = 4
        i64 = 5
        i8 = 6
        u8 = 7
        apr_q4_legacy = 8
        apr_q8_legacy = 9
        q4_k = 12
        q6_k = 14
        bf16 = 30
        apr_q4 = 128
        apr_q8 = 129
    def __init__(self, _io, _parent=None, _root=None):
        super(AprV2, self).__init__(_io)
        self._parent = _parent
        self._root = _root or self
        self._read()

    def _read(self):
        self._raw_header = self._io.read_bytes(64)
        _io__raw_header = KaitaiStream(BytesIO(self._raw_header))
        self.header = AprV2.Header(_io__raw_header, self, self._root)


    def _fetch_instances(self):
        pass
        self.header._fetch_instances()
        _ = self.footer
        if hasattr(self, '_m_footer'):
            pass
            self._m_footer._fetch_instances()

        _ = self.header_padding
        if hasattr(self, '_m_header_padding'):
            pass

        _ = self.metadata
        if hasattr(self, '_m_metadata'):
            pass

        _ = self.metadata_padding
        if hasattr(self, '_m_metadata_padding'):
            pass

        _ = self.tensor_data
        if hasattr(self, '_m_tensor_data'):
            pass

        _ = self.tensor_index
        if hasattr(self, '_m_tensor_index'):
            pass
            self._m_tensor_index._fetch_instances()

        _ = self.trailing
        if hasattr(self, '_m_trailing'):
            pass


    class Flags(KaitaiStruct):
        """Sixteen bits, the least significant first. The published writers set bits; they compress, encrypt and sign nothing,
        and the readers take the data as plain whatever the bits say.
        """
        def __init__(self, _io, _parent=None, _root=None):
            super(AprV2.Flags, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.lz4_compressed = self._io.read_bits_int_le(1) != 0
            self.zstd_compressed = self._io.read_bits_int_le(1) != 0
            self.encrypted = self._io.read_bits_int_le(1) != 0
            self.signed = self._io.read_bits_int_le(1) != 0
            self.sharded = self._io.read_bits_int_le(1) != 0
            self.quantized = self._io.read_bits_int_le(1) != 0
            self.has_filterbank = self._io.read_bits_int_le(1) != 0
            self.has_model_card = self._io.read_bits_int_le(1) != 0
            self.streaming = self._io.read_bits_int_le(1) != 0
            self.has_vocab = self._io.read_bits_int_le(1) != 0
            self.layout_row_major = self._io.read_bits_int_le(1) != 0
            self.layout_column_major = self._io.read_bits_int_le(1) != 0
            if not self.layout_column_major == False:
                raise kaitaistruct.ValidationNotEqualError(False, self.layout_column_major, self._io, u"/types/flags/seq/11")
            self.reserved = self._io.read_bits_int_le(4)


        def _fetch_instances(self):
            pass


    class Footer(KaitaiStruct):
        """The last 4 bytes of the file."""
        def __init__(self, _io, _parent=None, _root=None):
            super(AprV2.Footer, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.checksum = self._io.read_u4le()


        def _fetch_instances(self):
            pass


    class Header(KaitaiStruct):
        """The first 64 bytes of the file."""
        def __init__(self, _io, _parent=None, _root=None):
            super(AprV2.Header, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.magic = self._io.read_bytes(4)
            if not self.magic == b"\x41\x50\x52\x00":
                raise kaitaistruct.ValidationNotEqualError(b"\x41\x50\x52\x00", self.magic, self._io, u"/types/header/seq/0")
            self.version_major = self._io.read_u1()
            if not self.version_major == 2:
                raise kaitaistruct.ValidationNotEqualError(2, self.version_major, self._io, u"/types/header/seq/1")
            self.version_minor = self._io.read_u1()
            self._raw_flags = self._io.read_bytes(2)
            _io__raw_flags = KaitaiStream(BytesIO(self._raw_flags))
            self.flags = AprV2.Flags(_io__raw_flags, self, self._root)
            self.num_tensors = self._io.read_u4le()
            self.ofs_metadata = self._io.read_u8le()
            if not self.ofs_metadata >= self._root.len_header:
                raise kaitaistruct.ValidationLessThanError(self._root.len_header, self.ofs_metadata, self._io, u"/types/header/seq/5")
            if not self.ofs_metadata <= self._root.len_file:
                raise kaitaistruct.ValidationGreaterThanError(self._root.len_file, self.ofs_metadata, self._io, u"/types/header/seq/5")
            self.len_metadata = self._io.read_u4le()
            if not self.len_metadata >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len_metadata, self._io, u"/types/header/seq/6")
            self.ofs_tensor_index = self._io.read_u8le()
            if not self.ofs_tensor_index >= (self.ofs_metadata + self.len_metadata):
                raise kaitaistruct.ValidationLessThanError((self.ofs_metadata + self.len_metadata), self.ofs_tensor_index, self._io, u"/types/header/seq/7")
            if not self.ofs_tensor_index <= self._root.len_file:
                raise kaitaistruct.ValidationGreaterThanError(self._root.len_file, self.ofs_tensor_index, self._io, u"/types/header/seq/7")
            self.ofs_data = self._io.read_u8le()
            if not self.ofs_data >= self.ofs_tensor_index:
                raise kaitaistruct.ValidationLessThanError(self.ofs_tensor_index, self.ofs_data, self._io, u"/types/header/seq/8")
            if not self.ofs_data <= self._root.len_file:
                raise kaitaistruct.ValidationGreaterThanError(self._root.len_file, self.ofs_data, self._io, u"/types/header/seq/8")
            self.checksum = self._io.read_u4le()
            self.reserved = self._io.read_bytes(20)


        def _fetch_instances(self):
            pass
            self.flags._fetch_instances()


    class PayloadDigestRecord(KaitaiStruct):
        """Not a part of the file: one record of the sequence whose SHA-256 is the *payload digest*, the identity of the
        weights that survives a change of the metadata. The records of all tensors follow each other without filler, in
        the order of their names as bytes (of equal names, in the order of the index). Filler, offsets, the order of the
        data, flags and metadata do not enter.
        """
        def __init__(self, _io, _parent=None, _root=None):
            super(AprV2.PayloadDigestRecord, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.len_name = self._io.read_u2le()
            self.name = self._io.read_bytes(self.len_name)
            self.dtype = KaitaiStream.resolve_enum(AprV2.Dtype, self._io.read_u1())
            self.ndim = self._io.read_u1()
            self.dims = []
            for i in range(self.ndim):
                self.dims.append(self._io.read_u8le())

            self.sha256 = self._io.read_bytes(32)


        def _fetch_instances(self):
            pass
            for i in range(len(self.dims)):
                pass



    class TensorIndex(KaitaiStruct):
        """Entries packed without filler between them, then filler up to the data section."""
        def __init__(self, _io, _parent=None, _root=None):
            super(AprV2.TensorIndex, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.entries = []
            for i in range(self._root.header.num_tensors):
                self.entries.append(AprV2.TensorIndexEntry(i, (0 if i == 0 else self.entries[i - 1].end_so_far), self._io, self, self._root))

            self.padding = self._io.read_bytes_full()


        def _fetch_instances(self):
            pass
            for i in range(len(self.entries)):
                pass
                self.entries[i]._fetch_instances()


        @property
        def end_of_tensors(self):
            """Largest offset plus padded size over all entries, counted from the start of the data section."""
            if hasattr(self, '_m_end_of_tensors'):
                return self._m_end_of_tensors

            self._m_end_of_tensors = (0 if self._root.header.num_tensors == 0 else self.entries[self._root.header.num_tensors - 1].end_so_far)
            return getattr(self, '_m_end_of_tensors', None)


    class TensorIndexEntry(KaitaiStruct):
        """What one tensor is and where its bytes lie."""
        def __init__(self, idx, end_before, _io, _parent=None, _root=None):
            super(AprV2.TensorIndexEntry, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self.idx = idx
            self.end_before = end_before
            self._read()

        def _read(self):
            self.len_name = self._io.read_u2le()
            self.name = self._io.read_bytes(self.len_name)
            _ = self.name
            if not  ((self.idx == 0) or (self._parent.entries[self.idx - 1].name < _)) :
                raise kaitaistruct.ValidationExprError(self.name, self._io, u"/types/tensor_index_entry/seq/1")
            self.dtype = KaitaiStream.resolve_enum(AprV2.Dtype, self._io.read_u1())
            if not isinstance(self.dtype, AprV2.Dtype):
                raise kaitaistruct.ValidationNotInEnumError(self.dtype, self._io, u"/types/tensor_index_entry/seq/2")
            self.ndim = self._io.read_u1()
            self.dims = []
            for i in range(self.ndim):
                self.dims.append(self._io.read_u8le())

            self.ofs_tensor = self._io.read_u8le()
            if not self.ofs_tensor >= 0:
                raise kaitaistruct.ValidationLessThanError(0, self.ofs_tensor, self._io, u"/types/tensor_index_entry/seq/5")
            if not self.ofs_tensor <= self._root.len_file - self._root.header.ofs_data:
                raise kaitaistruct.ValidationGreaterThanError(self._root.len_file - self._root.header.ofs_data, self.ofs_tensor, self._io, u"/types/tensor_index_entry/seq/5")
            self.len_tensor = self._io.read_u8le()
            if not self.len_tensor >= 0:
                raise kaitaistruct.ValidationLessThanError(0, self.len_tensor, self._io, u"/types/tensor_index_entry/seq/6")
            if not self.len_tensor <= ((self._root.len_file - self._root.header.ofs_data) - self.ofs_tensor):
                raise kaitaistruct.ValidationGreaterThanError(((self._root.len_file - self._root.header.ofs_data) - self.ofs_tensor), self.len_tensor, self._io, u"/types/tensor_index_entry/seq/6")


        def _fetch_instances(self):
            pass
            for i in range(len(self.dims)):
                pass

            _ = self.data
            if hasattr(self, '_m_data'):
                pass


        @property
        def data(self):
            """The bytes of the tensor, a part of `tensor_data`."""
            if hasattr(self, '_m_data'):
                return self._m_data

            io = self._root._io
            _pos = io.pos()
            io.seek((self._root.header.ofs_data + self.ofs_tensor))
            self._m_data = io.read_bytes(self.len_tensor)
            io.seek(_pos)
            return getattr(self, '_m_data', None)

        @property
        def end_own(self):
            """Offset plus padded size, counted from the start of the data section."""
            if hasattr(self, '_m_end_own'):
                return self._m_end_own

            self._m_end_own = (self.ofs_tensor + ((self.len_tensor + 63) // 64) * 64)
            return getattr(self, '_m_end_own', None)

        @property
        def end_so_far(self):
            """Largest offset plus padded size up to and including this entry."""
            if hasattr(self, '_m_end_so_far'):
                return self._m_end_so_far

            self._m_end_so_far = (self.end_own if self.end_own > self.end_before else self.end_before)
            return getattr(self, '_m_end_so_far', None)

        @property
        def name_text(self):
            """The name as text; what a language does with bytes that are not UTF-8 differs."""
            if hasattr(self, '_m_name_text'):
                return self._m_name_text

            self._m_name_text = (self.name).decode(u"UTF-8")
            return getattr(self, '_m_name_text', None)


    @property
    def alignment(self):
        """The grid, in bytes, on which a canonical writer starts every section and every tensor."""
        if hasattr(self, '_m_alignment'):
            return self._m_alignment

        self._m_alignment = 64
        return getattr(self, '_m_alignment', None)

    @property
    def footer(self):
        """Absent when the file ends exactly where its data section ends. With 4 bytes more, those are the footer; with 1 to 3
        bytes more the footer is truncated, which is an error; whatever follows the footer is `trailing`.
        """
        if hasattr(self, '_m_footer'):
            return self._m_footer

        if self.len_file - self.required_len != 0:
            pass
            _pos = self._io.pos()
            self._io.seek(self.required_len)
            self._m_footer = AprV2.Footer(self._io, self, self._root)
            self._io.seek(_pos)

        return getattr(self, '_m_footer', None)

    @property
    def header_padding(self):
        """Filler between the header and the metadata; empty in a canonical file. Unit is the byte."""
        if hasattr(self, '_m_header_padding'):
            return self._m_header_padding

        _pos = self._io.pos()
        self._io.seek(self.len_header)
        self._m_header_padding = self._io.read_bytes(self.header.ofs_metadata - self.len_header)
        self._io.seek(_pos)
        return getattr(self, '_m_header_padding', None)

    @property
    def len_file(self):
        """Size of the whole file in bytes."""
        if hasattr(self, '_m_len_file'):
            return self._m_len_file

        self._m_len_file = self._io.size()
        return getattr(self, '_m_len_file', None)

    @property
    def len_header(self):
        """Size of the header in bytes, and the place of the metadata in a canonical file."""
        if hasattr(self, '_m_len_header'):
            return self._m_len_header

        self._m_len_header = 64
        return getattr(self, '_m_len_header', None)

    @property
    def metadata(self):
        """One JSON object in UTF-8, without a byte-order mark and without a terminator. spec/metadata.schema.json says which
        keys are known, in which order they are written and of which type they are. Unknown keys are allowed; of duplicate
        keys the last one counts.
        """
        if hasattr(self, '_m_metadata'):
            return self._m_metadata

        _pos = self._io.pos()
        self._io.seek(self.header.ofs_metadata)
        self._m_metadata = self._io.read_bytes(self.header.len_metadata)
        self._io.seek(_pos)
        return getattr(self, '_m_metadata', None)

    @property
    def metadata_padding(self):
        """Filler up to the tensor index. A canonical writer takes the fewest zero bytes that reach the grid."""
        if hasattr(self, '_m_metadata_padding'):
            return self._m_metadata_padding

        _pos = self._io.pos()
        self._io.seek((self.header.ofs_metadata + self.header.len_metadata))
        self._m_metadata_padding = self._io.read_bytes(((self.header.ofs_tensor_index - self.header.ofs_metadata) - self.header.len_metadata))
        self._io.seek(_pos)
        return getattr(self, '_m_metadata_padding', None)

    @property
    def required_len(self):
        """Where the data section ends, counted from the start of the file:
        `ofs_data + max(ofs_tensor + align64(len_tensor))` over all tensors, where `align64` rounds up to a multiple of 64;
        without tensors `ofs_data` itself. The size is rounded up, not the sum: a tensor of 4 bytes at offset 1 ends the
        section at `ofs_data + 65`. The filler of the last tensor belongs to the data section, so a file that is shorter
        than this is truncated, even when only filler is missing.
        """
        if hasattr(self, '_m_required_len'):
            return self._m_required_len

        self._m_required_len = (self.header.ofs_data + self.tensor_index.end_of_tensors)
        return getattr(self, '_m_required_len', None)

    @property
    def tensor_data(self):
        """The bytes of the tensors, each from its own offset on, and the filler between them. The order of the data need not
        be the order of the index.
        """
        if hasattr(self, '_m_tensor_data'):
            return self._m_tensor_data

        _pos = self._io.pos()
        self._io.seek(self.header.ofs_data)
        self._m_tensor_data = self._io.read_bytes(self.required_len - self.header.ofs_data)
        self._io.seek(_pos)
        return getattr(self, '_m_tensor_data', None)

    @property
    def tensor_index(self):
        """The entries of all tensors and the filler behind them, up to the data section."""
        if hasattr(self, '_m_tensor_index'):
            return self._m_tensor_index

        _pos = self._io.pos()
        self._io.seek(self.header.ofs_tensor_index)
        self._raw__m_tensor_index = self._io.read_bytes(self.header.ofs_data - self.header.ofs_tensor_index)
        _io__raw__m_tensor_index = KaitaiStream(BytesIO(self._raw__m_tensor_index))
        self._m_tensor_index = AprV2.TensorIndex(_io__raw__m_tensor_index, self, self._root)
        self._io.seek(_pos)
        return getattr(self, '_m_tensor_index', None)

    @property
    def trailing(self):
        """Bytes behind the footer, which belong to nothing. No writer makes them."""
        if hasattr(self, '_m_trailing'):
            return self._m_trailing

        if self.len_file > self.required_len + 4:
            pass
            _pos = self._io.pos()
            self._io.seek((self.required_len + 4))
            self._m_trailing = self._io.read_bytes(((self.len_file - self.required_len) - 4))
            self._io.seek(_pos)

        return getattr(self, '_m_trailing', None)
