package apr

import "cmp"

// Limits is what a reader is willing to spend on a file that it does not trust. What goes beyond is refused with a
// [*FormatError] under the rule APR-L001, before memory is allocated for it. A field that is zero has its default.
type Limits struct {
	// MaxMetadataBytes bounds the bytes of JSON: 256 MiB. Real checkpoints embed a tokenizer of up to some 20 MB.
	MaxMetadataBytes uint64
	// MaxMetadataMembers bounds the members of the outermost object of the metadata: 100,000.
	MaxMetadataMembers uint64
	// MaxMetadataValues bounds the values anywhere in the metadata: 2,000,000. The largest tokenizers make well under
	// 1.5 million; a value of two bytes costs up to a hundred bytes of memory.
	MaxMetadataValues uint64
	// MaxMetadataNesting bounds the levels of arrays and objects in the metadata: 127, which the format allows. A file
	// that is deeper breaks the rule APR-M005.
	MaxMetadataNesting int
	// MaxIndexBytes bounds the bytes of index entries: 256 MiB. A model of 670 billion parameters has 6.5 MB.
	MaxIndexBytes uint64
	// MaxTensors bounds the entries of the index: 1,000,000, ten times what the largest known model has.
	MaxTensors uint64
}

// DefaultLimits returns the limits that hold unless others are given.
func DefaultLimits() Limits {
	return Limits{
		MaxMetadataBytes:   256 << 20,
		MaxMetadataMembers: 100_000,
		MaxMetadataValues:  2_000_000,
		MaxMetadataNesting: 127,
		MaxIndexBytes:      256 << 20,
		MaxTensors:         1_000_000,
	}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	return Limits{
		MaxMetadataBytes:   cmp.Or(l.MaxMetadataBytes, d.MaxMetadataBytes),
		MaxMetadataMembers: cmp.Or(l.MaxMetadataMembers, d.MaxMetadataMembers),
		MaxMetadataValues:  cmp.Or(l.MaxMetadataValues, d.MaxMetadataValues),
		MaxMetadataNesting: cmp.Or(l.MaxMetadataNesting, d.MaxMetadataNesting),
		MaxIndexBytes:      cmp.Or(l.MaxIndexBytes, d.MaxIndexBytes),
		MaxTensors:         cmp.Or(l.MaxTensors, d.MaxTensors),
	}
}

// beyond returns the error for a file that asks for more than a limit allows.
func beyond(field string, span Span, limit string, most, found uint64) *FormatError {
	return &FormatError{
		Rule:     "APR-L001",
		Field:    field,
		Span:     span,
		Expected: "at most " + show(most) + " (" + limit + ")",
		Found:    show(found),
	}
}
