// GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700, and spec/metadata.schema.json, SHA-256 7269cea8492dd3fea70e352a31a8ceced55c2a80a163b08fef0a2acc897a39de.
// Regenerate: python -m aprfmt.codegen --write

// Code generated from the specification. DO NOT EDIT.

package apr

// DType is the element type of a tensor; the value is the id in the file.
type DType uint8

// The element types.
const (
	// F32: IEEE 754 binary32.
	F32 DType = 0
	// F16: IEEE 754 binary16.
	F16 DType = 1
	// F64: IEEE 754 binary64.
	F64 DType = 3
	// I32: Signed integer of 32 bits.
	I32 DType = 4
	// I64: Signed integer of 64 bits.
	I64 DType = 5
	// I8: Signed integer of 8 bits.
	I8 DType = 6
	// U8: Unsigned integer of 8 bits.
	U8 DType = 7
	// APRQ4Legacy: An id that older writers used for apr_q4.
	APRQ4Legacy DType = 8
	// APRQ8Legacy: An id that older writers used for apr_q8.
	APRQ8Legacy DType = 9
	// Q4K: Super-blocks of 256 elements at 4 bits with 6-bit scales and minima.
	Q4K DType = 12
	// Q6K: Super-blocks of 256 elements at 6 bits with 8-bit scales.
	Q6K DType = 14
	// BF16: The upper half of an IEEE 754 binary32.
	BF16 DType = 30
	// APRQ4: Blocks of 32 elements, each a binary16 scale and 16 bytes of two 4-bit values, the low half first.
	APRQ4 DType = 128
	// APRQ8: One binary32 scale of 4 bytes, then one signed byte an element.
	APRQ8 DType = 129
)
