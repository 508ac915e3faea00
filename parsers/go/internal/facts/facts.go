// GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700, and spec/metadata.schema.json, SHA-256 7269cea8492dd3fea70e352a31a8ceced55c2a80a163b08fef0a2acc897a39de.
// Regenerate: python -m aprfmt.codegen --write

// Code generated from the specification. DO NOT EDIT.

// Package facts holds what the Kaitai parser does not tell of the APR v2 model container.
package facts

// Span is a stretch of the file in bytes, from Start up to, not including, End.
type Span struct{ Start, End uint64 }

// Flag is a field of the flags: its least significant bit, and its width in bits.
type Flag struct {
	Name       string
	Bit, Width uint
}

// Place is a number of bytes that depends on an index entry.
type Place struct{ Constant, PerNameByte, PerDim uint64 }

// At returns the number of bytes for an entry whose name has lenName bytes and which has ndim dimensions.
func (p Place) At(lenName, ndim uint64) uint64 {
	return p.Constant + p.PerNameByte*lenName + p.PerDim*ndim
}

// EntryField says where a field of an index entry begins, counted from the start of the entry, and its size.
type EntryField struct{ Start, Size Place }

// DType holds names and geometry of an element type; Name is that of the type which an old id stands for.
type DType struct {
	ID                                 uint8
	Name, Member                       string
	BlockElems, BlockBytes, ScaleBytes uint64
	RowPadded, Quantized               bool
	Doc                                string
}

// Rule says what is wrong with a file that breaks it, as a name and in words.
type Rule struct{ Name, Defect string }

// Kind is what the value of a metadata key is.
type Kind string

// The kinds of values.
const (
	String  Kind = "string"
	Integer Kind = "integer"
	Number  Kind = "number"
	Boolean Kind = "boolean"
	Object  Kind = "object"
)

// MetadataKey is a known key of the metadata. Bits is the width of an unsigned integer, 0 for every other kind.
type MetadataKey struct {
	Name               string
	Kind               Kind
	Nullable, Required bool
	Bits               int
	Keys               []MetadataKey
}

// SpecSHA256 is the SHA-256 of spec/apr_v2.ksy.
const SpecSHA256 = "d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700"

// HeaderSize is the size of the header in bytes.
const HeaderSize = 64

// FooterSize is the size of the footer in bytes.
const FooterSize = 4

// Lookalikes maps what stands in the place of the magic to the name of another format.
var Lookalikes = map[string]string{
	"APRN": "an APR v1 file",
	"APR1": "an APR file of a kind that no published writer makes",
	"APR2": "an APR file of a kind that only one reader knows",
	"GGUF": "a GGUF file",
	"ALBR": "an encrypted wrapper around an APR file",
}

// HeaderFields says where each field of the header lies in the file.
var HeaderFields = map[string]Span{
	"magic":            {0, 4},
	"version_major":    {4, 5},
	"version_minor":    {5, 6},
	"flags":            {6, 8},
	"num_tensors":      {8, 12},
	"ofs_metadata":     {12, 20},
	"len_metadata":     {20, 24},
	"ofs_tensor_index": {24, 32},
	"ofs_data":         {32, 40},
	"checksum":         {40, 44},
	"reserved":         {44, 64},
}

// Flags are the fields of header.flags.
var Flags = []Flag{
	{"lz4_compressed", 0, 1},
	{"zstd_compressed", 1, 1},
	{"encrypted", 2, 1},
	{"signed", 3, 1},
	{"sharded", 4, 1},
	{"quantized", 5, 1},
	{"has_filterbank", 6, 1},
	{"has_model_card", 7, 1},
	{"streaming", 8, 1},
	{"has_vocab", 9, 1},
	{"layout_row_major", 10, 1},
	{"layout_column_major", 11, 1},
	{"reserved", 12, 4},
}

// EntryFields are the fields of an index entry.
var EntryFields = map[string]EntryField{
	"len_name":   {Place{0, 0, 0}, Place{2, 0, 0}},
	"name":       {Place{2, 0, 0}, Place{0, 1, 0}},
	"dtype":      {Place{2, 1, 0}, Place{1, 0, 0}},
	"ndim":       {Place{3, 1, 0}, Place{1, 0, 0}},
	"dims":       {Place{4, 1, 0}, Place{0, 0, 8}},
	"ofs_tensor": {Place{4, 1, 8}, Place{8, 0, 0}},
	"len_tensor": {Place{12, 1, 8}, Place{8, 0, 0}},
}

// EntrySize is the size of an index entry.
var EntrySize = Place{20, 1, 8}

// DTypes are the element types by their id.
var DTypes = map[uint8]DType{
	0:   {0, "f32", "f32", 1, 4, 0, false, false, "IEEE 754 binary32."},
	1:   {1, "f16", "f16", 1, 2, 0, false, false, "IEEE 754 binary16."},
	3:   {3, "f64", "f64", 1, 8, 0, false, false, "IEEE 754 binary64."},
	4:   {4, "i32", "i32", 1, 4, 0, false, false, "Signed integer of 32 bits."},
	5:   {5, "i64", "i64", 1, 8, 0, false, false, "Signed integer of 64 bits."},
	6:   {6, "i8", "i8", 1, 1, 0, false, false, "Signed integer of 8 bits."},
	7:   {7, "u8", "u8", 1, 1, 0, false, false, "Unsigned integer of 8 bits."},
	8:   {8, "apr_q4", "apr_q4_legacy", 32, 18, 0, false, true, "An id that older writers used for apr_q4."},
	9:   {9, "apr_q8", "apr_q8_legacy", 1, 1, 4, false, true, "An id that older writers used for apr_q8."},
	12:  {12, "q4_k", "q4_k", 256, 144, 0, true, true, "Super-blocks of 256 elements at 4 bits with 6-bit scales and minima."},
	14:  {14, "q6_k", "q6_k", 256, 210, 0, true, true, "Super-blocks of 256 elements at 6 bits with 8-bit scales."},
	30:  {30, "bf16", "bf16", 1, 2, 0, false, false, "The upper half of an IEEE 754 binary32."},
	128: {128, "apr_q4", "apr_q4", 32, 18, 0, false, true, "Blocks of 32 elements, each a binary16 scale and 16 bytes of two 4-bit values, the low half first."},
	129: {129, "apr_q8", "apr_q8", 1, 1, 4, false, true, "One binary32 scale of 4 bytes, then one signed byte an element."},
}

// RuleAt is the rule that a field breaks which the Kaitai parser refuses, by the field's place in the ksy.
var RuleAt = map[string]string{
	"/types/header/seq/0":             "APR-H001",
	"/types/header/seq/1":             "APR-H002",
	"/types/header/seq/5":             "APR-S001",
	"/types/header/seq/6":             "APR-M001",
	"/types/header/seq/7":             "APR-S002",
	"/types/header/seq/8":             "APR-S003",
	"/types/flags/seq/11":             "APR-H004",
	"/types/tensor_index_entry/seq/1": "APR-I003",
	"/types/tensor_index_entry/seq/2": "APR-I002",
	"/types/tensor_index_entry/seq/5": "APR-D001",
	"/types/tensor_index_entry/seq/6": "APR-D001",
}

// FieldAt is the path of a field, by its place in the ksy.
var FieldAt = map[string]string{
	"/seq/0":                          "header",
	"/types/header/seq/0":             "header.magic",
	"/types/header/seq/1":             "header.version_major",
	"/types/header/seq/2":             "header.version_minor",
	"/types/header/seq/3":             "header.flags",
	"/types/header/seq/4":             "header.num_tensors",
	"/types/header/seq/5":             "header.ofs_metadata",
	"/types/header/seq/6":             "header.len_metadata",
	"/types/header/seq/7":             "header.ofs_tensor_index",
	"/types/header/seq/8":             "header.ofs_data",
	"/types/header/seq/9":             "header.checksum",
	"/types/header/seq/10":            "header.reserved",
	"/types/flags/seq/0":              "header.flags.lz4_compressed",
	"/types/flags/seq/1":              "header.flags.zstd_compressed",
	"/types/flags/seq/2":              "header.flags.encrypted",
	"/types/flags/seq/3":              "header.flags.signed",
	"/types/flags/seq/4":              "header.flags.sharded",
	"/types/flags/seq/5":              "header.flags.quantized",
	"/types/flags/seq/6":              "header.flags.has_filterbank",
	"/types/flags/seq/7":              "header.flags.has_model_card",
	"/types/flags/seq/8":              "header.flags.streaming",
	"/types/flags/seq/9":              "header.flags.has_vocab",
	"/types/flags/seq/10":             "header.flags.layout_row_major",
	"/types/flags/seq/11":             "header.flags.layout_column_major",
	"/types/flags/seq/12":             "header.flags.reserved",
	"/types/tensor_index/seq/0":       "tensor_index.entries",
	"/types/tensor_index/seq/1":       "tensor_index.padding",
	"/types/tensor_index_entry/seq/0": "tensor_index.entries.len_name",
	"/types/tensor_index_entry/seq/1": "tensor_index.entries.name",
	"/types/tensor_index_entry/seq/2": "tensor_index.entries.dtype",
	"/types/tensor_index_entry/seq/3": "tensor_index.entries.ndim",
	"/types/tensor_index_entry/seq/4": "tensor_index.entries.dims",
	"/types/tensor_index_entry/seq/5": "tensor_index.entries.ofs_tensor",
	"/types/tensor_index_entry/seq/6": "tensor_index.entries.len_tensor",
	"/types/footer/seq/0":             "footer.checksum",
}

// Rules is what every careful reader refuses, by the id of the rule.
var Rules = map[string]Rule{
	"APR-H001": {"magic-wrong", "the magic is not that of APR v2"},
	"APR-H002": {"major-version-unknown", "the file is of another major version"},
	"APR-H004": {"column-major", "the tensors lie column by column, which every reader refuses"},
	"APR-H006": {"header-checksum-wrong", "the header checksum does not match the header"},
	"APR-H008": {"too-small", "the file is smaller than a header"},
	"APR-S001": {"metadata-misplaced", "the metadata would begin inside the header, or outside the file"},
	"APR-S002": {"tensor-index-misplaced", "the tensor index would begin before the end of the metadata, or outside the file"},
	"APR-S003": {"tensor-data-misplaced", "the data section would begin before the tensor index, or outside the file"},
	"APR-M001": {"metadata-empty", "the metadata is empty"},
	"APR-M002": {"metadata-not-utf8", "the metadata is not UTF-8"},
	"APR-M003": {"metadata-not-json", "the metadata is not JSON"},
	"APR-M004": {"metadata-not-object", "the metadata is not a JSON object"},
	"APR-M005": {"metadata-too-deep", "the metadata is nested too deeply"},
	"APR-M006": {"metadata-type-wrong", "a known key of the metadata holds a value of another type"},
	"APR-I001": {"tensor-index-too-small", "the tensor index has no room for as many entries as the header counts"},
	"APR-I002": {"dtype-unknown", "the element type is unknown"},
	"APR-I003": {"names-unsorted", "the names are out of order, or one occurs twice"},
	"APR-I005": {"name-not-utf8", "the name is not UTF-8"},
	"APR-D001": {"tensor-outside", "the data of the tensor lies outside the file"},
	"APR-D002": {"tensor-size-wrong", "the size of the data does not fit element type and shape"},
	"APR-D003": {"tensors-overlap", "the data of two tensors overlaps"},
	"APR-D004": {"data-truncated", "the data section is truncated"},
	"APR-F001": {"footer-truncated", "the footer is truncated"},
	"APR-F002": {"footer-wrong", "the footer does not match the file"},
	"APR-F005": {"footer-hidden", "one flipped bit in the tensor index makes the footer pass for data"},
	"APR-L001": {"limit-exceeded", "the file asks for more than a reader is willing to spend"},
}

// MetadataKeys are the known keys of the metadata.
var MetadataKeys = []MetadataKey{
	{"model_type", String, false, false, 0, nil},
	{"name", String, true, false, 0, nil},
	{"description", String, true, false, 0, nil},
	{"author", String, true, false, 0, nil},
	{"license", String, true, false, 0, nil},
	{"data_source", String, true, false, 0, nil},
	{"data_license", String, true, false, 0, nil},
	{"version", String, true, false, 0, nil},
	{"source", String, true, false, 0, nil},
	{"original_format", String, true, false, 0, nil},
	{"created_at", String, true, false, 0, nil},
	{"total_size", Integer, false, false, 64, nil},
	{"param_count", Integer, false, false, 64, nil},
	{"quantization", Object, true, false, 0, []MetadataKey{
		{"quant_type", String, false, true, 0, nil},
		{"bits", Integer, false, true, 8, nil},
		{"block_size", Integer, true, false, 64, nil},
		{"symmetric", Boolean, false, true, 0, nil},
	}},
	{"sharding", Object, true, false, 0, []MetadataKey{
		{"shard_count", Integer, false, true, 64, nil},
		{"shard_index", Integer, false, true, 64, nil},
		{"total_size", Integer, false, true, 64, nil},
		{"pattern", String, true, false, 0, nil},
	}},
	{"chat_template", String, true, false, 0, nil},
	{"chat_format", String, true, false, 0, nil},
	{"special_tokens", Object, true, false, 0, []MetadataKey{
		{"bos_token", String, true, false, 0, nil},
		{"eos_token", String, true, false, 0, nil},
		{"unk_token", String, true, false, 0, nil},
		{"pad_token", String, true, false, 0, nil},
		{"im_start_token", String, true, false, 0, nil},
		{"im_end_token", String, true, false, 0, nil},
	}},
	{"architecture", String, true, false, 0, nil},
	{"hf_architecture", String, true, false, 0, nil},
	{"hf_model_type", String, true, false, 0, nil},
	{"hidden_size", Integer, true, false, 64, nil},
	{"num_layers", Integer, true, false, 64, nil},
	{"num_heads", Integer, true, false, 64, nil},
	{"num_kv_heads", Integer, true, false, 64, nil},
	{"vocab_size", Integer, true, false, 64, nil},
	{"intermediate_size", Integer, true, false, 64, nil},
	{"max_position_embeddings", Integer, true, false, 64, nil},
	{"rope_theta", Number, true, false, 0, nil},
	{"rope_type", Integer, true, false, 32, nil},
	{"rms_norm_eps", Number, true, false, 0, nil},
	{"head_dim", Integer, true, false, 64, nil},
	{"num_experts", Integer, true, false, 64, nil},
	{"num_experts_per_tok", Integer, true, false, 64, nil},
	{"moe_intermediate_size", Integer, true, false, 64, nil},
}
