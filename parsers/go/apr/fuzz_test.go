package apr

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"testing"
	"unicode/utf8"

	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

// Whatever the bytes are: they are refused with a *FormatError that lies in the file, or everything in them can be read.
func FuzzOpen(f *testing.F) {
	for _, path := range goldenPaths(f) {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, true)
		f.Add(raw, false)
		f.Add(raw[:len(raw)-facts.FooterSize], false)
	}
	f.Add([]byte(nil), false)
	f.Fuzz(func(t *testing.T, raw []byte, seal bool) {
		if seal {
			raw = headerSealed(raw) // otherwise hardly anything gets beyond the header
		}
		m, err := NewModel(bytes.NewReader(raw), int64(len(raw)))
		if err == nil {
			readEverything(t, m, raw)
			err = m.Verify()
		}
		if err == nil {
			return
		}
		refused := formatError(t, err)
		if facts.Rules[refused.Rule].Name == "" || refused.Field == "" || refused.Expected == "" || refused.Found == "" {
			t.Errorf("something is missing in %#v", refused)
		}
		if refused.Span.Start > refused.Span.End || refused.Span.End > uint64(len(raw)) {
			t.Errorf("the span %s lies outside of %d bytes", refused.Span, len(raw))
		}
		if text := refused.Error(); len(text) > 4000 || bytes.ContainsAny([]byte(text), "\n\r\x1b") {
			t.Errorf("no line: %q", text)
		}
	})
}

// headerSealed returns the file with the checksum of its header made right. The bytes of a fuzzer must stay as they are:
// they are what it keeps, and calls a failure.
func headerSealed(raw []byte) []byte {
	raw = bytes.Clone(raw)
	if len(raw) >= facts.HeaderSize {
		sealHeader(raw)
	}
	return raw
}

func TestSealingLeavesTheBytesThatItIsGiven(t *testing.T) {
	for name, seal := range map[string]func([]byte) []byte{"header": headerSealed, "header and footer": sealed} {
		raw := golden(t, "one_custom_key.apr")
		put(raw, headerSpan("checksum"), 0)
		before := bytes.Clone(raw)
		if bytes.Equal(seal(raw), before) || !bytes.Equal(raw, before) {
			t.Errorf("%s: expected another file, and the given bytes as they were", name)
		}
	}
}

// readEverything reads an accepted file and holds what it says against the bytes.
func readEverything(t *testing.T, m *Model, raw []byte) {
	t.Helper()
	before := ""
	for i, tensor := range m.Tensors() {
		if i > 0 && before >= tensor.Name() || !utf8.ValidString(tensor.Name()) {
			t.Errorf("the name %q follows %q", tensor.Name(), before)
		}
		before = tensor.Name()
		span := tensor.FileSpan()
		data, err := io.ReadAll(tensor.Open())
		if err != nil || !bytes.Equal(data, raw[span.Start:span.End]) {
			t.Errorf("%q is not the bytes %s (%v)", tensor.Name(), span, err)
		}
		if same, ok := m.Tensor(before); !ok || same != tensor {
			t.Errorf("%q is not found", before)
		}
	}
	if at := m.dataEnd; at > uint64(len(raw)) {
		t.Errorf("the data ends at %d, behind the %d bytes of the file", at, len(raw))
	}
}

// What is accepted as metadata is JSON, an object, and decodes to what encoding/json makes of it.
func FuzzMetadata(f *testing.F) {
	for _, path := range goldenPaths(f) {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		metadata, err := open(f, raw).MetadataBytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(metadata)
	}
	for _, text := range []string{`{"a":"\ud83d\ude00\ud800"}`, `[1e309,-0,1.5E+3]`, `{"hidden_size":4096.0}`, "\ufeff{}", `{"a":{"b":[{}]}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		values, err := decodeMetadata(raw, 0, DefaultLimits())
		if err != nil {
			refused := formatError(t, err)
			if refused.Span.Start > refused.Span.End || refused.Span.End > uint64(len(raw)) {
				t.Errorf("the span %s lies outside of %d bytes", refused.Span, len(raw))
			}
			return
		}
		var expected map[string]any
		if !utf8.Valid(raw) || json.Unmarshal(raw, &expected) != nil || expected == nil || len(expected) != len(values) {
			t.Errorf("%q is accepted", raw)
		}
	})
}
