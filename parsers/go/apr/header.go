package apr

import (
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/kaitai-io/kaitai_struct_go_runtime/kaitai"

	"github.com/aprfmt/aprfmt/parsers/go/internal/aprv2"
	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

// Header is the header of a file, with its fields called as in the specification. Offsets count bytes from the start of
// the file, lengths are in bytes.
type Header struct {
	VersionMajor, VersionMinor uint8
	Flags                      Flags
	NumTensors                 uint32
	OfsMetadata                uint64
	LenMetadata                uint32
	OfsTensorIndex             uint64
	OfsData                    uint64
	// Checksum is the CRC-32 of the other bytes of the header.
	Checksum uint32
}

// Flags are the flags of the header as one integer, the least significant bit first in the specification.
type Flags uint64

// Names returns the flags that are set by their names in the specification, in its order.
func (f Flags) Names() []string {
	var names []string
	for _, flag := range facts.Flags {
		if uint64(f)>>flag.Bit&(1<<flag.Width-1) != 0 {
			names = append(names, flag.Name)
		}
	}
	return names
}

// Has tells whether the flag of this name in the specification is set, layout_row_major say; false for a
// name that is none.
func (f Flags) Has(name string) bool {
	for _, set := range f.Names() {
		if set == name {
			return true
		}
	}
	return false
}

// String returns the names of the flags that are set, joined by a bar.
func (f Flags) String() string { return strings.Join(f.Names(), "|") }

// readHeader reads and checks the header. The generated parser is returned for the parts that come behind it.
func (m *Model) readHeader() (*aprv2.AprV2, error) {
	raw := make([]byte, min(facts.HeaderSize, m.size))
	if err := m.readAt(raw, 0); err != nil {
		return nil, err
	}
	if len(raw) < facts.HeaderSize {
		return nil, &FormatError{
			Rule:     "APR-H008",
			Field:    "header",
			Span:     Span{0, m.size},
			Expected: fmt.Sprintf("at least %d bytes", facts.HeaderSize),
			Found:    fmt.Sprintf("%d bytes", m.size),
			detail:   otherFormat(raw),
		}
	}
	root := aprv2.NewAprV2()
	stream := kaitai.NewStream(io.NewSectionReader(m.source, 0, int64(m.size)))
	err := root.Read(stream, nil, root)
	if err != nil {
		err = headerError(err, raw)
	}
	// A header that was damaged says nothing that is worth checking, but a file of another format is not damaged.
	if !isOtherFormat(err) {
		if damaged := checkHeaderChecksum(raw); damaged != nil {
			return nil, damaged
		}
	}
	if err != nil {
		return nil, err
	}
	m.header = Header{
		VersionMajor:   root.Header.VersionMajor,
		VersionMinor:   root.Header.VersionMinor,
		Flags:          Flags(littleEndian(in(raw, "flags"))),
		NumTensors:     root.Header.NumTensors,
		OfsMetadata:    root.Header.OfsMetadata,
		LenMetadata:    root.Header.LenMetadata,
		OfsTensorIndex: root.Header.OfsTensorIndex,
		OfsData:        root.Header.OfsData,
		Checksum:       root.Header.Checksum,
	}
	return root, nil
}

// isOtherFormat tells whether reading the header failed at magic or version, or because it could not be read.
func isOtherFormat(err error) bool {
	refused, ok := err.(*FormatError)
	if !ok {
		return err != nil
	}
	return refused.Rule == "APR-H001" || refused.Rule == "APR-H002"
}

// headerError is what the generated parser reports about the header.
func headerError(err error, raw []byte) error {
	err = fromParser(err, "APR-H008", "header")
	if refused, ok := err.(*FormatError); ok {
		name, _, _ := strings.Cut(strings.TrimPrefix(refused.Field, "header."), ".")
		refused.Span = headerSpan(name)
		if refused.Rule == "APR-H001" {
			refused.detail = otherFormat(raw)
		}
	}
	return err
}

func checkHeaderChecksum(raw []byte) error {
	span := headerSpan("checksum")
	sum := crc32.ChecksumIEEE(raw[:span.Start])
	sum = crc32.Update(sum, crc32.IEEETable, raw[span.End:])
	if stored := littleEndian(in(raw, "checksum")); stored != uint64(sum) {
		return &FormatError{
			Rule:     "APR-H006",
			Field:    "header.checksum",
			Span:     span,
			Expected: fmt.Sprintf("0x%08x for these bytes", sum),
			Found:    fmt.Sprintf("0x%08x", stored),
		}
	}
	return nil
}

// otherFormat is what to add to a message about a file that begins as one of another format does.
func otherFormat(head []byte) string {
	span := headerSpan("magic")
	if uint64(len(head)) < span.End {
		return ""
	}
	if name, ok := facts.Lookalikes[string(head[span.Start:span.End])]; ok {
		return ": this is " + name
	}
	return ""
}

// headerSpan returns where a field of the header lies; the whole header for a field that it does not have.
func headerSpan(field string) Span {
	if span, ok := facts.HeaderFields[field]; ok {
		return Span(span)
	}
	return Span{0, facts.HeaderSize}
}

// in returns the bytes of a field of the header.
func in(raw []byte, field string) []byte {
	span := headerSpan(field)
	return raw[span.Start:span.End]
}

// littleEndian returns the unsigned integer in at most eight bytes.
func littleEndian(raw []byte) uint64 {
	var value uint64
	for i, b := range raw {
		value |= uint64(b) << (8 * i)
	}
	return value
}
