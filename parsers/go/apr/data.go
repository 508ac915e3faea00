package apr

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"math/bits"
	"slices"

	"github.com/kaitai-io/kaitai_struct_go_runtime/kaitai"

	"github.com/aprfmt/aprfmt/parsers/go/internal/aprv2"
	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

// checkOverlap refuses tensors that share bytes. Every tensor lies in the file by now; one without bytes shares none.
func (m *Model) checkOverlap() error {
	order := make([]int, 0, len(m.tensors))
	for i, t := range m.tensors {
		if t.nbytes > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(m.tensors[i].offset, m.tensors[j].offset) })
	for n := 1; n < len(order); n++ {
		// None before overlaps, so that the neighbour is the one that ends last.
		before, t := m.tensors[order[n-1]], m.tensors[order[n]]
		if end := before.offset + before.nbytes; t.offset < end {
			return &FormatError{
				Rule:     "APR-D003",
				Field:    entryField(order[n], "ofs_tensor"),
				Span:     t.field("ofs_tensor"),
				Expected: fmt.Sprintf("at least %d, where %s ends", end, quote(before.name)),
				Found:    show(t.offset),
				Tensor:   t.name,
			}
		}
	}
	return nil
}

// readFooter reads the footer where there is one, and refuses a file that ends too early.
func (m *Model) readFooter() error {
	switch {
	case m.size < m.dataEnd:
		return &FormatError{
			Rule:     "APR-D004",
			Field:    "tensor_data",
			Span:     Span{m.header.OfsData, m.size},
			Expected: fmt.Sprintf("a file of at least %d bytes", m.dataEnd),
			Found:    fmt.Sprintf("%d bytes", m.size),
		}
	case m.size == m.dataEnd:
		return nil
	}
	footer := aprv2.NewAprV2_Footer()
	stream := kaitai.NewStream(m.section(Span{m.dataEnd, min(m.size, m.dataEnd+facts.FooterSize)}))
	if err := footer.Read(stream, nil, nil); err != nil {
		err = fromParser(err, "APR-F001", "footer.checksum")
		if refused, ok := err.(*FormatError); ok {
			refused.Span = Span{m.dataEnd, m.size}
			refused.Expected = fmt.Sprintf("%d bytes", facts.FooterSize)
			refused.Found = fmt.Sprintf("%d bytes", refused.Span.Len())
		}
		return err
	}
	m.footer = &footer.Checksum
	return nil
}

// Verify checks everything that [Open] does not: the metadata, and every byte of a file that has a footer. It reads the
// file once, in constant memory. It gives a [*FormatError] when the file is wrong.
func (m *Model) Verify() error {
	if _, err := m.Metadata(); err != nil {
		return err
	}
	if m.footer == nil {
		return m.checkHiddenFooter()
	}
	sum, err := m.checksum(m.dataEnd, 0, 0)
	if err != nil || sum == *m.footer {
		return err
	}
	return &FormatError{
		Rule:     "APR-F002",
		Field:    "footer.checksum",
		Span:     Span{m.dataEnd, m.dataEnd + facts.FooterSize},
		Expected: fmt.Sprintf("0x%08x for these bytes", sum),
		Found:    fmt.Sprintf("0x%08x", *m.footer),
	}
}

// checkHiddenFooter refuses a file that seems to have no footer because of one flipped bit: the offset of the tensor
// that ends the data section is too large by as many bytes as the footer has, which then pass for filler.
func (m *Model) checkHiddenFooter() error {
	last, i := m.lastTensor()
	if last == nil || last.offset < facts.FooterSize {
		return nil
	}
	flipped := last.offset ^ (last.offset - facts.FooterSize)
	if bits.OnesCount64(flipped) != 1 {
		return nil
	}
	at := m.size - facts.FooterSize
	footer := aprv2.NewAprV2_Footer()
	if err := footer.Read(kaitai.NewStream(m.section(Span{at, m.size})), nil, nil); err != nil {
		return fromParser(err, "APR-F001", "footer.checksum")
	}
	span, bit := last.field("ofs_tensor"), bits.TrailingZeros64(flipped)
	byteAt := span.Start + uint64(bit/8) // the least significant byte stands first
	sum, err := m.checksum(at, byteAt, 1<<(bit%8))
	if err != nil || sum != footer.Checksum {
		return err
	}
	return &FormatError{
		Rule:     "APR-F005",
		Field:    entryField(i, "ofs_tensor"),
		Span:     span,
		Expected: show(last.offset - facts.FooterSize),
		Found:    show(last.offset),
		Tensor:   last.name,
		detail:   fmt.Sprintf(": bit %d of byte %#x", bit%8, byteAt),
	}
}

// lastTensor returns the tensor that alone ends the data section, with its place in the index. There is none when
// another tensor reaches into the bytes that might be a footer.
func (m *Model) lastTensor() (last *Tensor, index int) {
	var end, endOfOthers uint64
	for i, t := range m.tensors {
		switch own := t.paddedEnd; {
		case own >= end:
			endOfOthers, end, last, index = end, own, t, i
		case own > endOfOthers:
			endOfOthers = own
		}
	}
	if last == nil || len(m.tensors) > 1 && endOfOthers+facts.FooterSize > end {
		return nil, 0
	}
	return last, index
}

// checksum returns the CRC-32 of the file up to a byte, as if the byte at a place had some of its bits flipped.
func (m *Model) checksum(end, at uint64, flip byte) (uint32, error) {
	var sum uint32
	buffer := make([]byte, min(end, pieceSize))
	for start := uint64(0); start < end; {
		piece := buffer[:min(end-start, pieceSize)]
		if err := m.readAt(piece, start); err != nil {
			return 0, err
		}
		if at >= start && at-start < uint64(len(piece)) {
			piece[at-start] ^= flip
		}
		sum = crc32.Update(sum, crc32.IEEETable, piece)
		start += uint64(len(piece))
	}
	return sum, nil
}

// pieceSize is how many bytes are read at a time on a pass over the file.
const pieceSize = 1 << 20
