package apr

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

// The base of all damage: three tensors, of which the second has its data behind that of the others.
const base = "streaming_order.apr"

// seal says which checksums are made right again after the damage.
type seal int

const (
	unsealed seal = 0
	header   seal = 1
	footer   seal = 2
	both          = header | footer
)

func cut(n int) func(testing.TB, []byte) []byte {
	return func(_ testing.TB, raw []byte) []byte { return raw[:len(raw)-n] }
}

func TestEveryDamageIsRefusedUnderItsRule(t *testing.T) {
	cases := []struct {
		rule, field string
		damage      func(testing.TB, []byte) []byte
		seal        seal
		expected    string
		found       string
	}{
		{"APR-H008", "header", func(_ testing.TB, raw []byte) []byte { return raw[:facts.HeaderSize-1] }, unsealed, "at least 64 bytes", "63 bytes"},
		{"APR-H008", "header", func(testing.TB, []byte) []byte { return nil }, unsealed, "at least 64 bytes", "0 bytes"},
		{"APR-H001", "header.magic", setHeader("magic", 0x46554747), unsealed, `"APR\x00"`, `"GGUF"`},
		{"APR-H002", "header.version_major", setHeader("version_major", 3), unsealed, "2", "3"},
		{"APR-H006", "header.checksum", setHeader("checksum", 0), footer, "0x84c0448f for these bytes", "0x00000000"},
		{"APR-H006", "header.checksum", setHeader("ofs_data", 0), footer, "0x8733188e for these bytes", "0x84c0448f"},
		{"APR-H004", "header.flags.layout_column_major", setHeader("flags", 0x800), both, "false", "true"},
		{"APR-S001", "header.ofs_metadata", setHeader("ofs_metadata", 63), both, "at least 64", "63"},
		{"APR-S001", "header.ofs_metadata", setHeader("ofs_metadata", math.MaxUint64), both, "at most 516", "18446744073709551615"},
		{"APR-M001", "header.len_metadata", setHeader("len_metadata", 0), both, "at least 1", "0"},
		{"APR-S002", "header.ofs_tensor_index", setHeader("ofs_tensor_index", 64), both, "at least 187", "64"},
		{"APR-S002", "header.ofs_tensor_index", setHeader("len_metadata", math.MaxUint32), both, "at least 4294967359", "192"},
		{"APR-S003", "header.ofs_data", setHeader("ofs_data", 1<<63), both, "at most 516", "9223372036854775808"},
		{"APR-I001", "header.num_tensors", setHeader("num_tensors", math.MaxUint32), both, "at most 6 entries in 128 bytes", "4294967295 entries"},
		{"APR-I001", "header.num_tensors", setHeader("num_tensors", 4), both, "at most 3 entries in 128 bytes", "4 entries"},
		{"APR-I001", "header.num_tensors", setEntry(2, "ndim", 255), footer, "at most 2 entries in 128 bytes", "3 entries"},
		{"APR-I002", "tensor_index.entries[1].dtype", setEntry(1, "dtype", 2), footer, "an id that the format knows", "2"},
		{"APR-I003", "tensor_index.entries[1].name", setEntry(1, "name", 'a'), footer, `a name behind "a.weight" in the order of bytes`, `"a\x00\x00\x00\x00\x00\x00\x00"`},
		{"APR-I005", "tensor_index.entries[2].name", setEntry(2, "name", 0xff), footer, "UTF-8", `"\xff\x00\x00\x00\x00\x00\x00\x00"`},
		{"APR-D001", "tensor_index.entries[1].ofs_tensor", setEntry(1, "ofs_tensor", 1<<63), footer, "at most 196", "9223372036854775808"},
		{"APR-D001", "tensor_index.entries[1].len_tensor", setEntry(1, "len_tensor", math.MaxUint64), footer, "at most 68", "18446744073709551615"},
		{"APR-D002", "tensor_index.entries[0].len_tensor", setEntry(0, "len_tensor", 13), footer, "12 bytes for f32 [3]", "13 bytes"},
		{"APR-D002", "tensor_index.entries[0].len_tensor", setEntry(0, "dims", 1<<62), footer, "at least 2^64 bytes for f32 [4611686018427387904]", "12 bytes"},
		{"APR-D003", "tensor_index.entries[0].ofs_tensor", setEntry(0, "ofs_tensor", 63), footer, `at least 64, where "z.weight" ends`, "63"},
		{"APR-D004", "tensor_data", cut(5), unsealed, "a file of at least 512 bytes", "511 bytes"},
		{"APR-F001", "footer.checksum", cut(1), unsealed, "4 bytes", "3 bytes"},
		{"APR-F002", "footer.checksum", func(_ testing.TB, raw []byte) []byte { raw[400] ^= 1; return raw }, unsealed, "0x648be5be for these bytes", "0x5573d581"},
		{"APR-F005", "tensor_index.entries[1].ofs_tensor", setEntry(1, "ofs_tensor", 132), unsealed, "128", "132"},
		{"APR-M002", "metadata", setMetadata("{\"a\":\"\xff\"}"), both, "UTF-8", `"\xff"`},
		{"APR-M003", "metadata", setMetadata(`{"a":1e999}`), both, "a number within the range of a double", `"1e999"`},
		{"APR-M003", "metadata", setMetadata(`{"a":`), both, "JSON", "the end of the metadata"},
		{"APR-M003", "metadata", setMetadata(" \n"), both, "JSON", "the end of the metadata"},
		{"APR-M003", "metadata", setMetadata("{}\x00"), both, "nothing after the JSON value", `"\x00"`},
		{"APR-M004", "metadata", setMetadata(" [] "), both, "a JSON object", `"[]"`},
		{"APR-M005", "metadata", setMetadata(strings.Repeat("[", 128)), both, "at most 127 levels of arrays and objects", `"["`},
		{"APR-M006", "metadata.hidden_size", setMetadata(`{"hidden_size": 4096.0}`), both, "an unsigned integer of 64 bits or null", `"4096.0"`},
	}
	missing := map[string]bool{}
	for rule := range facts.Rules {
		missing[rule] = true
	}
	delete(missing, "APR-L001") // has a test of its own
	for _, c := range cases {
		t.Run(c.rule+" "+c.field, func(t *testing.T) {
			raw := c.damage(t, golden(t, base))
			if c.seal&header != 0 {
				sealHeader(raw)
			}
			if c.seal&footer != 0 {
				sealFooter(raw)
			}
			refused := formatError(t, verdict(raw))
			found := []string{refused.Rule, refused.Field, refused.Expected, refused.Found}
			if wanted := []string{c.rule, c.field, c.expected, c.found}; fmt.Sprint(found) != fmt.Sprint(wanted) {
				t.Errorf("expected %q, found %q", wanted, found)
			}
			if refused.Span.Start > refused.Span.End || refused.Span.End > uint64(len(raw)) {
				t.Errorf("the span %s lies outside of %d bytes", refused.Span, len(raw))
			}
		})
		delete(missing, c.rule)
	}
	if len(missing) > 0 {
		t.Errorf("no damage for %v", missing)
	}
}

func TestMessages(t *testing.T) {
	gguf := setHeader("magic", 0x46554747)
	cases := []struct {
		damage func(testing.TB, []byte) []byte
		text   string
	}{
		{
			setEntry(1, "dtype", 13),
			`the element type is unknown: tensor_index.entries[1].dtype @0xee..0xef: expected an id that the format knows, found 13; tensor "m.weight"  [APR-I002]`,
		},
		{
			setEntry(1, "ofs_tensor", 132),
			`one flipped bit in the tensor index makes the footer pass for data: bit 2 of byte 0x100: tensor_index.entries[1].ofs_tensor @0x100..0x108: expected 128, found 132; tensor "m.weight"  [APR-F005]`,
		},
		{gguf, `the magic is not that of APR v2: this is a GGUF file: header.magic @0x0..0x4: expected "APR\x00", found "GGUF"  [APR-H001]`},
		{
			func(t testing.TB, raw []byte) []byte { return gguf(t, raw)[:20] },
			`the file is smaller than a header: this is a GGUF file: header @0x0..0x14: expected at least 64 bytes, found 20 bytes  [APR-H008]`,
		},
	}
	for _, c := range cases {
		if found := verdict(c.damage(t, golden(t, base))).Error(); found != c.text {
			t.Errorf("expected %s\nfound    %s", c.text, found)
		}
	}
}

func TestLongNamesAreCutInMessages(t *testing.T) {
	raw := golden(t, "long_names.apr")
	put(raw, open(t, raw).tensors[0].field("dtype"), 2)
	if text := verdict(raw).Error(); len(text) > 400 {
		t.Errorf("found %d bytes: %s", len(text), text)
	}
}

func TestOddFilesAreRead(t *testing.T) {
	cases := map[string]func(testing.TB, []byte) []byte{
		"minor version":  setHeader("version_minor", 9),
		"flags":          setHeader("flags", 0xf7ff),
		"reserved bytes": setHeader("reserved", math.MaxUint64),
		"filler":         func(_ testing.TB, raw []byte) []byte { raw[190] = 1; return raw },
		"trailing bytes": func(_ testing.TB, raw []byte) []byte { return append(raw, 1, 2, 3) },
		"fewer entries":  setHeader("num_tensors", 2),
		"no entries":     setHeader("num_tensors", 0),
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			raw := change(t, golden(t, base))
			sealHeader(raw)
			m := open(t, raw)
			put(raw, Span{m.dataEnd, m.dataEnd + facts.FooterSize}, 0)
			sealFooter(raw[:m.dataEnd+facts.FooterSize])
			if err := verdict(raw); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	raw := golden(t, base)
	exact := Limits{
		MaxMetadataBytes: 123, MaxMetadataMembers: 7, MaxMetadataValues: 8, MaxMetadataNesting: 1, MaxIndexBytes: 124, MaxTensors: 3,
	}
	if err := verdict(raw, WithLimits(exact)); err != nil {
		t.Error(err)
	}
	if err := verdict(raw, WithLimits(Limits{})); err != nil {
		t.Error(err)
	}
	cases := map[string]func(*Limits){
		"MaxMetadataBytes":   func(l *Limits) { l.MaxMetadataBytes-- },
		"MaxMetadataMembers": func(l *Limits) { l.MaxMetadataMembers-- },
		"MaxMetadataValues":  func(l *Limits) { l.MaxMetadataValues-- },
		"MaxIndexBytes":      func(l *Limits) { l.MaxIndexBytes-- },
		"MaxTensors":         func(l *Limits) { l.MaxTensors-- },
	}
	for name, lower := range cases {
		limits := exact
		lower(&limits)
		refused := formatError(t, verdict(raw, WithLimits(limits)))
		if refused.Rule != "APR-L001" || !strings.Contains(refused.Expected, name) {
			t.Errorf("%s: found %v", name, refused)
		}
	}
}

func TestSizesOfTensors(t *testing.T) {
	cases := []struct {
		dtype   DType
		shape   []uint64
		allowed []uint64
	}{
		{F32, nil, []uint64{4}},
		{F32, []uint64{2, 3}, []uint64{24}},
		{F32, []uint64{math.MaxUint64, 0, math.MaxUint64}, []uint64{0}},
		{APRQ4, []uint64{33}, []uint64{36}},
		{APRQ8, []uint64{10}, []uint64{14}},
		{APRQ8, []uint64{0}, []uint64{0, 4}},
		{APRQ8Legacy, []uint64{10}, []uint64{14}},
		{Q4K, []uint64{2, 128}, []uint64{144, 288}},
		{Q6K, []uint64{1, 2, 128}, []uint64{210}},
		// Products that wrap around in 64 bits, to a size that would fit.
		{F32, []uint64{1 << 32, 1 << 32}, nil},
		{F32, []uint64{1<<62 + 1}, nil},
		{Q4K, []uint64{1 << 60, 16<<8 + 1}, nil},
		{APRQ8, []uint64{math.MaxUint64 - 3}, nil},
	}
	for _, c := range cases {
		var found []uint64
		for _, size := range c.dtype.sizes(c.shape) {
			if size.IsUint64() && (len(found) == 0 || found[0] != size.Uint64()) {
				found = append(found, size.Uint64())
			}
		}
		if fmt.Sprint(found) != fmt.Sprint(c.allowed) {
			t.Errorf("%s %v: expected %d, found %d", c.dtype, c.shape, c.allowed, found)
		}
	}
	dims := make([]uint64, 255)
	for i := range dims {
		dims[i] = math.MaxUint64
	}
	if n := elements(dims, 256); n.BitLen() > 256 {
		t.Errorf("expected a product that stops early, found one of %d bits", n.BitLen())
	}
}

// Of several faults the first in reading order is named: names stand before sizes, whichever tensor they are of.
func TestNamesAreJudgedBeforeSizes(t *testing.T) {
	raw := golden(t, base)
	wrongSize, wrongName := setEntry(0, "len_tensor", 13), open(t, raw).tensors[2].field("name")
	raw = wrongSize(t, raw)
	put(raw, wrongName, 0xff)
	if wrong := formatError(t, verdict(raw)); wrong.Rule != "APR-I005" {
		t.Errorf("found %v", wrong)
	}
}

func TestUnknownDTypeHasANumber(t *testing.T) {
	if name := DType(2).String(); name != "unknown(2)" || DType(2).BlockElems() != 0 {
		t.Errorf("found %s", name)
	}
	if APRQ4Legacy.String() != "apr_q4" || Q4K.BlockElems() != 256 || Q4K.BlockBytes() != 144 || APRQ8.ScaleBytes() != 4 || !Q6K.Quantized() {
		t.Error("a fact is wrong")
	}
}

// What the generated parser refuses has a rule, so that no refusal comes out without one.
func TestEveryRefusalOfTheGeneratedParserHasARule(t *testing.T) {
	source, err := os.ReadFile("../internal/aprv2/apr_v2.go")
	if err != nil {
		t.Fatal(err)
	}
	paths := regexp.MustCompile(`kaitai\.NewValidation\w+\(.*"(/[^"]+)"\)`).FindAllSubmatch(source, -1)
	if len(paths) == 0 {
		t.Fatal("the generated parser refuses nothing")
	}
	for _, path := range paths {
		if facts.RuleAt[string(path[1])] == "" || facts.FieldAt[string(path[1])] == "" {
			t.Errorf("%s has no rule, or no field", path[1])
		}
	}
	if !bytes.Contains(source, []byte(facts.SpecSHA256)) {
		t.Error("parser and facts were made from different specifications")
	}
}
