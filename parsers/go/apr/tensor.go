package apr

import (
	"fmt"
	"io"
	"slices"
)

// Tensor is an entry of the index of a [Model]. Its bytes are read when they are asked for.
type Tensor struct {
	model  *Model
	name   string
	dtype  DType
	shape  []uint64
	offset uint64
	nbytes uint64

	paddedEnd uint64 // where the data ends with its filler, from the start of the data section
	entryAt   uint64 // where the entry begins in the file
}

var _ io.ReaderAt = (*Tensor)(nil)

// Name returns the name, which is UTF-8. It may hold any character, control characters included: quote it before it is
// printed to a terminal.
func (t *Tensor) Name() string { return t.name }

// DType returns the element type.
func (t *Tensor) DType() DType { return t.dtype }

// Shape returns the number of elements along each dimension, the slowest first; nothing for a scalar.
func (t *Tensor) Shape() []uint64 { return slices.Clone(t.shape) }

// NBytes returns the size of the data in bytes.
func (t *Tensor) NBytes() uint64 { return t.nbytes }

// DataOffset returns where the data begins, in bytes from the start of the data section. [Tensor.FileSpan] counts from
// the start of the file.
func (t *Tensor) DataOffset() uint64 { return t.offset }

// FileSpan returns where the data lies in the file.
func (t *Tensor) FileSpan() Span {
	start := t.model.header.OfsData + t.offset
	return Span{start, start + t.nbytes}
}

// ReadAll returns the data. It allocates [Tensor.NBytes] bytes at once; use [Tensor.Open] for a tensor that may be
// larger than memory.
func (t *Tensor) ReadAll() ([]byte, error) {
	if !fits(t.nbytes) {
		return nil, fmt.Errorf("apr: tensor %s is too large for this platform: %d bytes", quote(t.name), t.nbytes)
	}
	data := make([]byte, t.nbytes)
	if err := t.model.readAt(data, t.FileSpan().Start); err != nil {
		return nil, err
	}
	return data, nil
}

// ReadAt reads a part of the data, as [io.ReaderAt] wants it: off counts from the first byte of the tensor, and what
// lies beyond the last one is [io.EOF].
func (t *Tensor) ReadAt(p []byte, off int64) (int, error) { return t.Open().ReadAt(p, off) }

// Open returns a reader over the data, which reads a tensor of any size in constant memory. Readers of one tensor are
// independent of each other, and there is nothing to close. A file that becomes shorter meanwhile gives
// [io.ErrUnexpectedEOF].
func (t *Tensor) Open() *io.SectionReader { return t.model.section(t.FileSpan()) }
