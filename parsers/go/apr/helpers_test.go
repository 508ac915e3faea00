package apr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

const goldenFolder = "../../../tests/data/golden"

// golden returns a file of the repository.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(goldenFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func goldenPaths(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(goldenFolder, "*.apr"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("expected files in %s, found %d (%v)", goldenFolder, len(paths), err)
	}
	return paths
}

// open reads a file from memory and ends the test when that fails.
func open(t testing.TB, raw []byte, options ...Option) *Model {
	t.Helper()
	m, err := NewModel(bytes.NewReader(raw), int64(len(raw)), options...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// verdict is what opening and verifying a file in memory comes to.
func verdict(raw []byte, options ...Option) error {
	m, err := NewModel(bytes.NewReader(raw), int64(len(raw)), options...)
	if err != nil {
		return err
	}
	return m.Verify()
}

func formatError(t testing.TB, err error) *FormatError {
	t.Helper()
	var wrong *FormatError
	if !errors.As(err, &wrong) {
		t.Fatalf("expected a *FormatError, found %v", err)
	}
	return wrong
}

// put writes an integer over a field, in the width of that field.
func put(raw []byte, span Span, value uint64) {
	for i := range raw[span.Start:span.End] {
		raw[span.Start+uint64(i)] = byte(value >> (8 * i))
	}
}

// setHeader sets a field of the header.
func setHeader(field string, value uint64) func(testing.TB, []byte) []byte {
	return func(_ testing.TB, raw []byte) []byte {
		put(raw, headerSpan(field), value)
		return raw
	}
}

// setEntry sets a field of an index entry.
func setEntry(i int, field string, value uint64) func(testing.TB, []byte) []byte {
	return func(t testing.TB, raw []byte) []byte {
		put(raw, open(t, raw).tensors[i].field(field), value)
		return raw
	}
}

// setMetadata gives the file another metadata of up to as many bytes as there is room for.
func setMetadata(text string) func(testing.TB, []byte) []byte {
	return func(t testing.TB, raw []byte) []byte {
		header := open(t, raw).Header()
		room := raw[header.OfsMetadata:header.OfsTensorIndex]
		if len(text) > len(room) {
			t.Fatalf("expected at most %d bytes, found %q", len(room), text)
		}
		clear(room)
		copy(room, text)
		put(raw, headerSpan("len_metadata"), uint64(len(text)))
		return raw
	}
}

// sealHeader makes the checksum of the header right.
func sealHeader(raw []byte) {
	span := headerSpan("checksum")
	sum := crc32.ChecksumIEEE(raw[:span.Start])
	put(raw, span, uint64(crc32.Update(sum, crc32.IEEETable, raw[span.End:facts.HeaderSize])))
}

// sealFooter makes the last bytes the checksum of all before them.
func sealFooter(raw []byte) {
	at := len(raw) - facts.FooterSize
	binary.LittleEndian.PutUint32(raw[at:], crc32.ChecksumIEEE(raw[:at]))
}
