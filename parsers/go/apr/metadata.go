package apr

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

// Metadata returns the JSON object of the metadata, which is parsed and checked at the first call. Its values are nil,
// bool, string, [json.Number], []any and map[string]any. A number keeps the digits of the file, so that no integer is
// rounded, and 1 can be told from 1.0. Of a key that occurs more than once the last value counts.
//
// Every call returns the same map: do not alter it. It gives a [*FormatError] when the metadata is no strict JSON, or
// when a key that the format knows has a value of another type.
func (m *Model) Metadata() (map[string]any, error) {
	m.parsing.Lock()
	defer m.parsing.Unlock()
	if m.metadata != nil {
		return m.metadata, nil
	}
	raw, err := m.MetadataBytes()
	if err != nil {
		return nil, err
	}
	values, err := decodeMetadata(raw, m.header.OfsMetadata, m.limits)
	if err != nil {
		return nil, err
	}
	m.metadata = values
	return values, nil
}

// MetadataBytes returns the metadata as it stands in the file, unchecked. It gives a [*FormatError] when there is
// more of it than the limits allow.
func (m *Model) MetadataBytes() ([]byte, error) {
	nbytes := uint64(m.header.LenMetadata)
	if nbytes > m.limits.MaxMetadataBytes {
		span := headerSpan("len_metadata")
		return nil, beyond("header.len_metadata", span, "MaxMetadataBytes", m.limits.MaxMetadataBytes, nbytes)
	}
	raw := make([]byte, nbytes)
	if err := m.readAt(raw, m.header.OfsMetadata); err != nil {
		return nil, err
	}
	return raw, nil
}

// decodeMetadata reads JSON whose first byte stands at a place in the file, and judges the keys that the format knows.
func decodeMetadata(raw []byte, at uint64, limits Limits) (map[string]any, error) {
	value, err := decodeJSON(raw, at, limits)
	if err != nil {
		return nil, err
	}
	values, ok := value.(map[string]any)
	if !ok {
		text := bytes.TrimSpace(raw)
		return nil, metadataError("APR-M004", Span{at, at + uint64(len(raw))}, "a JSON object", quote(text))
	}
	for _, key := range facts.MetadataKeys {
		value, ok := values[key.Name]
		if !ok {
			continue
		}
		if wrong := judge(key, value, key.Name); wrong != nil {
			span, found := Span{at, at + uint64(len(raw))}, "nothing"
			if place, ok := find(raw, strings.Split(wrong.path, ".")); ok {
				span = Span{at + place.Start, at + place.End}
				if !wrong.missing {
					found = quote(raw[place.Start:place.End])
				}
			}
			refused := metadataError("APR-M006", span, wrong.expected, found)
			refused.Field += "." + wrong.path
			return nil, refused
		}
	}
	return values, nil
}

func metadataError(rule string, span Span, expected, found string) *FormatError {
	return &FormatError{Rule: rule, Field: "metadata", Span: span, Expected: expected, Found: found}
}

// typeFault is a value that is not of its type, or a required key that is missing. No known key has a dot in its name.
type typeFault struct {
	path, expected string
	missing        bool
}

// judge holds a value against the type that the format gives its key.
func judge(key facts.MetadataKey, value any, path string) *typeFault {
	if value == nil && key.Nullable {
		return nil
	}
	if !isOfKind(key, value) {
		expected := kindText(key)
		if key.Nullable {
			expected += " or null"
		}
		return &typeFault{path: path, expected: expected}
	}
	values, _ := value.(map[string]any)
	for _, child := range key.Keys {
		path := path + "." + child.Name
		if value, ok := values[child.Name]; ok {
			if wrong := judge(child, value, path); wrong != nil {
				return wrong
			}
		} else if child.Required {
			return &typeFault{path: path, expected: kindText(child), missing: true}
		}
	}
	return nil
}

func isOfKind(key facts.MetadataKey, value any) bool {
	var ok bool
	switch key.Kind {
	case facts.String:
		_, ok = value.(string)
	case facts.Boolean:
		_, ok = value.(bool)
	case facts.Number:
		_, ok = value.(json.Number)
	case facts.Object:
		_, ok = value.(map[string]any)
	case facts.Integer:
		// An integer is written as one: 4096.0, 1e3 and -0 are numbers of another kind.
		number, _ := value.(json.Number)
		_, err := strconv.ParseUint(number.String(), 10, key.Bits)
		ok = err == nil
	}
	return ok
}

func kindText(key facts.MetadataKey) string {
	switch key.Kind {
	case facts.Integer:
		return fmt.Sprintf("an unsigned integer of %d bits", key.Bits)
	case facts.Boolean:
		return "true or false"
	case facts.Object:
		return "an object"
	default:
		return "a " + string(key.Kind)
	}
}

// find returns where the value at a path of keys stands in an object, in bytes from the start of the text; that of the
// innermost object around it when it is not there. Only a text that is to be refused is looked through a second time.
func find(raw []byte, path []string) (Span, bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return Span{}, false
	}
	var found Span
	var ok bool
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return Span{}, false
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return Span{}, false
		}
		if key == path[0] {
			end := uint64(decoder.InputOffset())
			found, ok = Span{end - uint64(len(value)), end}, true
		}
	}
	if ok && len(path) > 1 {
		if inner, innerOK := find(raw[found.Start:found.End], path[1:]); innerOK {
			return Span{found.Start + inner.Start, found.Start + inner.End}, true
		}
	}
	return found, ok
}
