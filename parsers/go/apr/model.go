package apr

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
)

// Model is an opened file, which [Open] or [NewModel] makes; the zero value is none. Its methods may be called from
// several goroutines at a time.
type Model struct {
	source source
	closer io.Closer
	size   uint64
	limits Limits

	header  Header
	tensors []*Tensor // in the order of their names, which is that of the index
	dataEnd uint64
	footer  *uint32

	parsing  sync.Mutex
	metadata map[string]any
}

// An Option changes how a file is read.
type Option func(*Model)

// WithLimits sets what the reader is willing to spend on the file.
func WithLimits(limits Limits) Option {
	return func(m *Model) { m.limits = limits.orDefault() }
}

// Open opens a file and checks its head. It gives a [*FormatError] when the file is wrong, and an [*fs.PathError] when
// it cannot be read. The file has to be a regular one: what is read in a stream has no size to check against.
func Open(path string, options ...Option) (*Model, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	// Before it is opened: opening a pipe waits for somebody who writes.
	if err := requireRegular(info, path); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err = file.Stat(); err == nil {
		err = requireRegular(info, path) // another file may have come to this path
	}
	if err != nil {
		file.Close() // as below
		return nil, err
	}
	m, err := NewModel(file, info.Size(), options...)
	if err != nil {
		file.Close() // nothing was written, and the error at hand is the one that counts
		return nil, err
	}
	m.closer = file
	return m, nil
}

func requireRegular(info fs.FileInfo, path string) error {
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	return nil
}

// NewModel reads a file of so many bytes from r and checks its head, as [Open] does. Nothing is done to r when the
// model is closed.
func NewModel(r io.ReaderAt, size int64, options ...Option) (*Model, error) {
	if size < 0 {
		return nil, fmt.Errorf("apr: expected a size of at least 0 bytes, found %d", size)
	}
	m := &Model{source: source{r}, size: uint64(size), limits: DefaultLimits()}
	for _, option := range options {
		option(m)
	}
	root, err := m.readHeader()
	if err != nil {
		return nil, err
	}
	if err := m.readIndex(root); err != nil {
		return nil, err
	}
	if err := m.checkOverlap(); err != nil {
		return nil, err
	}
	if err := m.readFooter(); err != nil {
		return nil, err
	}
	return m, nil
}

// Close closes the file that [Open] opened. What was read from it stays valid; reading more fails with [fs.ErrClosed],
// and so does what other goroutines are about to read, a [Model.Verify] that is under way say.
func (m *Model) Close() error {
	if m.closer == nil {
		return nil
	}
	return m.closer.Close()
}

// Size returns the size of the file in bytes.
func (m *Model) Size() uint64 { return m.size }

// Header returns the header.
func (m *Model) Header() Header { return m.header }

// Tensors returns all tensors in the order of the index, which is that of the bytes of their names.
func (m *Model) Tensors() []*Tensor { return slices.Clone(m.tensors) }

// Tensor returns the tensor of this name, and whether there is one.
func (m *Model) Tensor(name string) (*Tensor, bool) {
	at, found := slices.BinarySearchFunc(m.tensors, name, func(t *Tensor, name string) int {
		return strings.Compare(t.name, name) // byte by byte, as in the index
	})
	if !found {
		return nil, false
	}
	return m.tensors[at], true
}

// Footer returns the checksum of the whole file as it is stored, and whether the file has one. [Model.Verify] tells
// whether it is right.
func (m *Model) Footer() (checksum uint32, ok bool) {
	if m.footer == nil {
		return 0, false
	}
	return *m.footer, true
}

// source is the file, of which nothing is asked that lies beyond its size. When bytes are missing, it has become shorter:
// that is no verdict about what it holds, and io.EOF would pass for the end of a tensor.
type source struct{ file io.ReaderAt }

var errShorter = fmt.Errorf("apr: the file became shorter while it was read: %w", io.ErrUnexpectedEOF)

// ReadAt implements [io.ReaderAt].
func (s source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.file.ReadAt(p, off)
	switch {
	case n == len(p):
		return n, nil
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return n, errShorter
	}
	return n, err
}

// readAt fills p from the file.
func (m *Model) readAt(p []byte, at uint64) error {
	_, err := m.source.ReadAt(p, int64(at))
	return err
}

// section returns the bytes of the file in a span, which has to lie inside the file.
func (m *Model) section(span Span) *io.SectionReader {
	return io.NewSectionReader(m.source, int64(span.Start), int64(span.Len()))
}

// fits tells whether so many bytes can be held in one slice on this platform.
func fits(nbytes uint64) bool { return nbytes <= math.MaxInt }
