package apr

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

// decode reads metadata that stands at byte 100 of a file.
func decode(text string) (map[string]any, error) {
	return decodeMetadata([]byte(text), 100, DefaultLimits())
}

func TestMetadataKeepsWhatTheFileSays(t *testing.T) {
	const text = `{"b": [1, 1.0, 1E2, -0, 18446744073709551616, 1e-999], "a": {"x": 1, "x": "2"}, "b\u0061": "\ud83d\ude00",
		"__proto__": null, "a": {"y": true}}`
	values, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	expected := map[string]any{
		"b":         []any{json.Number("1"), json.Number("1.0"), json.Number("1E2"), json.Number("-0"), json.Number("18446744073709551616"), json.Number("1e-999")},
		"a":         map[string]any{"y": true},
		"ba":        "😀",
		"__proto__": nil,
	}
	if !reflect.DeepEqual(values, expected) {
		t.Errorf("expected %#v, found %#v", expected, values)
	}
}

func TestMetadataIsParsedOnce(t *testing.T) {
	m := open(t, golden(t, "one_custom_key.apr"))
	first, err := m.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	second, err := m.Metadata()
	if err != nil || reflect.ValueOf(first).Pointer() != reflect.ValueOf(second).Pointer() {
		t.Errorf("expected the same map, found another one (%v)", err)
	}
	raw, err := m.MetadataBytes()
	if err != nil || !json.Valid(raw) || len(raw) != int(m.Header().LenMetadata) {
		t.Errorf("found %q, %v", raw, err)
	}
}

func TestStrictJSON(t *testing.T) {
	// The rule, and where the fault is found, counted from the beginning of the text; from 0 to 0 where encoding/json says
	// it, which does not say the same in every version.
	cases := []struct {
		text       string
		rule       string
		start, end uint64
	}{
		{"", "APR-M003", 0, 0},
		{"{}", "", 0, 0},
		{" \t\r\n{} \t\r\n", "", 0, 0},
		{"\ufeff{}", "APR-M003", 0, 0},
		{"{}\f", "APR-M003", 2, 3},
		{"{} {}", "APR-M003", 3, 5},
		{"\xef\xbb", "APR-M002", 0, 1},
		{"{\"a\":\"é\xed\xa0\x80\"}", "APR-M002", 8, 9},
		{`{"a":"\ud800"}`, "APR-M003", 6, 12},
		{`{"a":"\ud800\u0041"}`, "APR-M003", 6, 12},
		{`{"a":"\ud800\ud800\udc00"}`, "APR-M003", 6, 12},
		{`{"a":"\udc00"}`, "APR-M003", 6, 12},
		{`{"a":"\ud800`, "APR-M003", 6, 12},
		{`{"a":"\\ud800"}`, "", 0, 0},
		{`{"a":"\ud7ff\ue000"}`, "", 0, 0},
		{`{"a":"\uD83D\uDE00"}`, "", 0, 0},
		{`{"a":"\x"}`, "APR-M003", 0, 0},
		{`{"a":"\u12g4"}`, "APR-M003", 0, 0},
		{"{\"a\":\"\x00\"}", "APR-M003", 0, 0},
		{`{"a":NaN}`, "APR-M003", 0, 0},
		{`{"a":Infinity}`, "APR-M003", 0, 0},
		{`{"a":01}`, "APR-M003", 0, 0},
		{`{"a":1.}`, "APR-M003", 0, 0},
		{`{"a":+1}`, "APR-M003", 0, 0},
		{`{"a":1,}`, "APR-M003", 0, 0},
		{`{'a':1}`, "APR-M003", 0, 0},
		{`{"a":1 "b":2}`, "APR-M003", 0, 0},
		{`{"a":1e308}`, "", 0, 0},
		{`{"a":1e309}`, "APR-M003", 5, 10},
		{`{"a":-1e309,"a":1}`, "APR-M003", 5, 11},
		{`{"a":1` + strings.Repeat("0", 308) + `}`, "", 0, 0},
		{`{"a":1` + strings.Repeat("0", 309) + `}`, "APR-M003", 5, 315},
		{`{"a":1.7976931348623157e308}`, "", 0, 0},
		// Finite when it is rounded once, and infinite as the reference rounds it.
		{`{"a":1.7976931348623158e308}`, "APR-M003", 5, 27},
		{`{"a":0e99999999999}`, "", 0, 0},
		{`{"a":"1e999"}`, "", 0, 0},
		{`{"a":1e5e5}`, "APR-M003", 0, 0},
		{`[1]`, "APR-M004", 0, 3},
		{`null`, "APR-M004", 0, 4},
		{`{"a":` + strings.Repeat("[", 126) + strings.Repeat("]", 126) + `}`, "", 0, 0},
		{`{"a":` + strings.Repeat("[", 127) + strings.Repeat("]", 127) + `}`, "APR-M005", 131, 132},
		{`x"[[" \ud800 ` + strings.Repeat("[", 128), "APR-M005", 140, 141},
		{`{"[[\"[":"` + strings.Repeat("[{", 100) + `"}`, "", 0, 0},
	}
	for _, c := range cases {
		_, err := decode(c.text)
		if c.rule == "" {
			if err != nil {
				t.Errorf("%s: %v", c.text, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s: expected %s, found nothing", c.text, c.rule)
			continue
		}
		refused := formatError(t, err)
		span, inside := Span{100 + c.start, 100 + c.end}, refused.Span.Start >= 100 && refused.Span.End <= 100+uint64(len(c.text))
		if refused.Rule != c.rule || !inside || c.end > 0 && refused.Span != span {
			t.Errorf("%s: expected %s from %d to %d, found %v", c.text, c.rule, 100+c.start, 100+c.end, refused)
		}
	}
}

func TestKnownKeysHaveTheirTypes(t *testing.T) {
	const whole = `"quant_type": "int8", "bits": 8, "symmetric": true`
	cases := []struct{ text, path, found string }{
		{`{"name": null, "hidden_size": 0, "rope_theta": 1, "rms_norm_eps": 1e-6, "model_type": ""}`, "", ""},
		{`{"hidden_size": 18446744073709551615, "rope_type": 4294967295}`, "", ""},
		{`{"quantization": {` + whole + `, "block_size": null, "other": []}}`, "", ""},
		{`{"quantization": {"bits": "8", ` + whole + `}}`, "", ""},
		{`{"hidden_size": 18446744073709551616}`, "hidden_size", `"18446744073709551616"`},
		{`{"rope_type": 4294967296}`, "rope_type", `"4294967296"`},
		{`{"hidden_size": -0}`, "hidden_size", `"-0"`},
		{`{"hidden_size": -1}`, "hidden_size", `"-1"`},
		{`{"hidden_size": 1e3}`, "hidden_size", `"1e3"`},
		{`{"hidden_size": "1"}`, "hidden_size", `"\"1\""`},
		{`{"hidden_size": true}`, "hidden_size", `"true"`},
		{`{"name":"a", "name" : 1 }`, "name", `"1"`},
		{`{"model_type": null}`, "model_type", `"null"`},
		{`{"rope_theta": "1"}`, "rope_theta", `"\"1\""`},
		{`{"quantization": []}`, "quantization", `"[]"`},
		{`{"quantization": {}}`, "quantization.quant_type", "nothing"},
		{`{"quantization": {` + whole + `, "bits" : 256 }}`, "quantization.bits", `"256"`},
		{`{"quantization": {` + whole + `, "symmetric":0}}`, "quantization.symmetric", `"0"`},
		{`{"special_tokens": {"bos_token": 1}}`, "special_tokens.bos_token", `"1"`},
	}
	for _, c := range cases {
		_, err := decode(c.text)
		if c.path == "" {
			if err != nil {
				t.Errorf("%s: %v", c.text, err)
			}
			continue
		}
		refused := formatError(t, err)
		if refused.Rule != "APR-M006" || refused.Field != "metadata."+c.path || refused.Found != c.found {
			t.Errorf("%s: expected %s at %s, found %v", c.text, c.found, c.path, refused)
		}
		if place := c.text[refused.Span.Start-100 : refused.Span.End-100]; c.found != "nothing" && quote(place) != c.found {
			t.Errorf("%s: the span holds %q", c.text, place)
		}
	}
}

// Every known key refuses a value of a wrong type, and null unless it may be null.
func TestEveryKnownKeyIsJudged(t *testing.T) {
	for _, key := range facts.MetadataKeys {
		wrong := map[facts.Kind]string{facts.String: "1", facts.Object: `"a"`}[key.Kind]
		if wrong == "" {
			wrong = `"1"`
		}
		if _, err := decode(fmt.Sprintf(`{%q: %s}`, key.Name, wrong)); err == nil {
			t.Errorf("%s: %s is accepted", key.Name, wrong)
		}
		if _, err := decode(fmt.Sprintf(`{%q: null}`, key.Name)); (err == nil) != key.Nullable {
			t.Errorf("%s: null gives %v", key.Name, err)
		}
		if strings.Contains(key.Name, ".") {
			t.Errorf("%s: a path cannot tell the dot in this name from one between two", key.Name)
		}
	}
}
