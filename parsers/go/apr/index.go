package apr

import (
	"bufio"
	"fmt"
	"io"
	"math/big"
	"strings"
	"unicode/utf8"

	"github.com/kaitai-io/kaitai_struct_go_runtime/kaitai"

	"github.com/aprfmt/aprfmt/parsers/go/internal/aprv2"
	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

// readIndex reads the index and checks all that one entry, or two neighbours, can say.
func (m *Model) readIndex(root *aprv2.AprV2) error {
	span, err := m.entriesSpan()
	if err != nil {
		return err
	}
	// The parser gets the bytes of the entries alone: it would read the filler behind them into memory.
	index := aprv2.NewAprV2_TensorIndex()
	stream := kaitai.NewStream(newBufferedSection(m.section(span)))
	if err := index.Read(stream, root, root); err != nil {
		return m.entryError(err, index.Entries)
	}
	end, err := index.EndOfTensors()
	if err != nil {
		return err
	}
	m.dataEnd = m.header.OfsData + end // within 64 bits: each tensor ends in the file, and the rest is filler
	tensors, at := make([]Tensor, len(index.Entries)), span.Start
	m.tensors = make([]*Tensor, len(tensors))
	for i, entry := range index.Entries {
		paddedEnd, err := entry.EndOwn()
		if err != nil {
			return err
		}
		tensors[i] = Tensor{
			model:     m,
			name:      string(entry.Name),
			dtype:     DType(entry.Dtype),
			shape:     entry.Dims,
			offset:    entry.OfsTensor,
			nbytes:    entry.LenTensor,
			paddedEnd: paddedEnd,
			entryAt:   at,
		}
		m.tensors[i], index.Entries[i] = &tensors[i], nil // a million entries of the parser take hundreds of megabytes
		at += facts.EntrySize.At(uint64(entry.LenName), uint64(entry.Ndim))
		if err := tensors[i].checkName(i); err != nil {
			return err
		}
	}
	for i := range tensors {
		if err := tensors[i].checkSize(i); err != nil {
			return err
		}
	}
	return nil
}

// entriesSpan returns where the entries of the index lie, without the filler behind them. It reads no more of each than
// says how long it is, so that a count or a length that is wrong costs nothing.
func (m *Model) entriesSpan() (Span, error) {
	count, room := uint64(m.header.NumTensors), m.header.OfsData-m.header.OfsTensorIndex
	if most := room / facts.EntrySize.At(0, 0); count > most {
		return Span{}, m.indexTooSmall(most)
	}
	if count > m.limits.MaxTensors {
		return Span{}, beyond("header.num_tensors", headerSpan("num_tensors"), "MaxTensors", m.limits.MaxTensors, count)
	}
	walk := m.walkIndex(m.header.OfsTensorIndex)
	span := Span{walk.at, walk.at}
	for i := range count {
		entry, err := walk.next()
		if isShort(err) {
			return Span{}, m.indexTooSmall(i)
		} else if err != nil {
			return Span{}, err
		}
		if span.End = entry.End; span.Len() > m.limits.MaxIndexBytes {
			return Span{}, beyond("tensor_index", span, "MaxIndexBytes", m.limits.MaxIndexBytes, span.Len())
		}
	}
	return span, nil
}

func (m *Model) indexTooSmall(most uint64) *FormatError {
	return &FormatError{
		Rule:     "APR-I001",
		Field:    "header.num_tensors",
		Span:     headerSpan("num_tensors"),
		Expected: fmt.Sprintf("at most %d entries in %d bytes", most, m.header.OfsData-m.header.OfsTensorIndex),
		Found:    fmt.Sprintf("%d entries", m.header.NumTensors),
	}
}

// entryError is what the generated parser reports about the entry that follows those it has read.
func (m *Model) entryError(err error, read []*aprv2.AprV2_TensorIndexEntry) error {
	err = fromParser(err, "APR-I001", "tensor_index.entries.")
	refused, ok := err.(*FormatError)
	if !ok {
		return err
	}
	at := m.header.OfsTensorIndex
	for _, entry := range read {
		at += facts.EntrySize.At(uint64(entry.LenName), uint64(entry.Ndim))
	}
	lenName, ndim, err := m.walkIndex(at).lengths()
	if err != nil {
		return err
	}
	_, name, _ := strings.Cut(refused.Field, ".entries.")
	refused.Field, refused.Span = entryField(len(read), name), fieldSpan(at, name, lenName, ndim)
	tensor := make([]byte, lenName)
	if err := m.readAt(tensor, fieldSpan(at, "name", lenName, ndim).Start); err != nil {
		return err
	}
	refused.Tensor = string(tensor)
	if refused.Rule == "APR-I003" && len(read) > 0 {
		refused.Expected = "a name behind " + quote(read[len(read)-1].Name) + " in the order of bytes"
	}
	return refused
}

// entryField returns the path of a field of an entry.
func entryField(i int, name string) string {
	return strings.TrimSuffix(fmt.Sprintf("tensor_index.entries[%d].%s", i, name), ".")
}

// field returns where a field of the tensor's entry lies in the file.
func (t *Tensor) field(name string) Span {
	return fieldSpan(t.entryAt, name, uint64(len(t.name)), uint64(len(t.shape)))
}

// fieldSpan returns where a field of an entry lies that begins at a place; the whole entry for a field that it has not.
func fieldSpan(at uint64, name string, lenName, ndim uint64) Span {
	field, ok := facts.EntryFields[name]
	if !ok {
		field.Size = facts.EntrySize
	}
	start := at + field.Start.At(lenName, ndim)
	return Span{start, start + field.Size.At(lenName, ndim)}
}

// checkName refuses a name that is not UTF-8.
func (t *Tensor) checkName(i int) error {
	if !utf8.ValidString(t.name) {
		return &FormatError{
			Rule:     "APR-I005",
			Field:    entryField(i, "name"),
			Span:     t.field("name"),
			Expected: "UTF-8",
			Found:    quote(t.name),
			Tensor:   t.name,
		}
	}
	return nil
}

// checkSize refuses data whose size is not what element type and shape take.
func (t *Tensor) checkSize(i int) error {
	allowed := t.dtype.sizes(t.shape)
	nbytes := new(big.Int).SetUint64(t.nbytes)
	expected := make([]string, len(allowed))
	for j, size := range allowed {
		if size.Cmp(nbytes) == 0 {
			return nil
		}
		expected[j] = countText(size)
	}
	return &FormatError{
		Rule:     "APR-D002",
		Field:    entryField(i, "len_tensor"),
		Span:     t.field("len_tensor"),
		Expected: fmt.Sprintf("%s bytes for %s %s", strings.Join(expected, " or "), t.dtype, shapeText(t.shape)),
		Found:    fmt.Sprintf("%d bytes", t.nbytes),
		Tensor:   t.name,
	}
}

// countText returns a number of bytes for a message; one beyond 64 bits may be no more than a lower bound.
func countText(n *big.Int) string {
	if n.IsUint64() {
		return n.String()
	}
	return fmt.Sprintf("at least 2^%d", n.BitLen()-1)
}

// mostDims is the number of dimensions that a message shows.
const mostDims = 8

func shapeText(shape []uint64) string {
	if len(shape) <= mostDims {
		return fmt.Sprint(shape)
	}
	return strings.TrimSuffix(fmt.Sprint(shape[:mostDims]), "]") + " …]"
}

// indexWalk goes from one entry to the next and reads no more than the two fields that say how long each is.
type indexWalk struct {
	reader *bufio.Reader
	at     uint64 // where the next entry begins in the file, and where reader stands
	end    uint64
}

func (m *Model) walkIndex(from uint64) *indexWalk {
	span := Span{from, m.header.OfsData}
	return &indexWalk{bufio.NewReaderSize(m.section(span), bufferSize), span.Start, span.End}
}

var lenNameField, ndimField = facts.EntryFields["len_name"], facts.EntryFields["ndim"]

// next returns where the next entry lies, and moves behind it. The error is a short read when it is not all there.
func (w *indexWalk) next() (Span, error) {
	start := w.at
	lenName, ndim, err := w.lengths()
	if err != nil {
		return Span{}, err
	}
	entry := Span{start, start + facts.EntrySize.At(lenName, ndim)}
	return entry, w.skipTo(entry.End)
}

// lengths returns what the size of the next entry depends on, and moves into that entry.
func (w *indexWalk) lengths() (lenName, ndim uint64, err error) {
	start := w.at
	if lenName, err = w.integer(start+lenNameField.Start.At(0, 0), lenNameField.Size.At(0, 0)); err != nil {
		return 0, 0, err
	}
	ndim, err = w.integer(start+ndimField.Start.At(lenName, 0), ndimField.Size.At(lenName, 0))
	return lenName, ndim, err
}

func (w *indexWalk) integer(at, size uint64) (uint64, error) {
	if err := w.skipTo(at); err != nil {
		return 0, err
	}
	if size > w.end-w.at {
		return 0, io.ErrUnexpectedEOF
	}
	var buffer [8]byte
	if _, err := io.ReadFull(w.reader, buffer[:size]); err != nil {
		return 0, err
	}
	w.at += size
	return littleEndian(buffer[:size]), nil
}

func (w *indexWalk) skipTo(at uint64) error {
	if at > w.end {
		return io.ErrUnexpectedEOF
	}
	n, err := w.reader.Discard(int(at - w.at))
	w.at += uint64(n)
	return err
}

// bufferSize is how many bytes of the index are read at a time.
const bufferSize = 64 << 10

// bufferedSection is a part of the file as the generated parser wants it: the parser reads field by field.
type bufferedSection struct {
	*bufio.Reader
	section *io.SectionReader
}

func newBufferedSection(section *io.SectionReader) *bufferedSection {
	return &bufferedSection{bufio.NewReaderSize(section, bufferSize), section}
}

// Seek implements [io.Seeker].
func (b *bufferedSection) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekCurrent {
		offset -= int64(b.Buffered()) // the section stands behind what is buffered
	}
	at, err := b.section.Seek(offset, whence)
	b.Reset(b.section)
	return at, err
}
