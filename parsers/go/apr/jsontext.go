package apr

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodeJSON reads strict JSON whose first byte stands at a place in the file. What encoding/json lets pass, or accepts
// only after it has spent memory on it, is refused by a look over the text beforehand.
func decodeJSON(raw []byte, at uint64, limits Limits) (any, error) {
	if !utf8.Valid(raw) {
		i := firstInvalid(raw)
		return nil, metadataError("APR-M002", Span{at + uint64(i), at + uint64(i) + 1}, "UTF-8", quote(raw[i:i+1]))
	}
	if err := lookOver(raw, at, limits); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, syntaxError(raw, at, err)
	}
	rest := bytes.TrimLeft(raw[decoder.InputOffset():], " \t\r\n")
	if len(rest) > 0 {
		end := at + uint64(len(raw))
		span := Span{end - uint64(len(rest)), end}
		return nil, metadataError("APR-M003", span, "nothing after the JSON value", quote(rest))
	}
	return value, nil
}

// syntaxError is what encoding/json reports. It reads from memory, so that every error is one about the text.
func syntaxError(raw []byte, at uint64, err error) error {
	start, found, detail := len(raw), "the end of the metadata", ""
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		start, detail = min(max(int(syntax.Offset)-1, 0), len(raw)), ": "+syntax.Error()
		if start < len(raw) {
			found = quote(raw[start:])
		}
	}
	refused := metadataError("APR-M003", Span{at + uint64(start), at + uint64(min(start+1, len(raw)))}, "JSON", found)
	refused.detail = detail
	return refused
}

func firstInvalid(raw []byte) int {
	at := 0
	for {
		r, size := utf8.DecodeRune(raw[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
}

// look is one look over a text that may or may not be JSON: brackets, strings and numbers are told apart, no more.
type look struct {
	raw             []byte
	at              uint64
	limits          Limits
	depth           int
	values, members uint64
	isObject        bool
	fault           *FormatError
}

// lookOver refuses a text that is nested too deeply, has more values than the limits allow, holds half of a surrogate
// pair, or a number beyond the range of a double. The depth goes before the rest, wherever it is exceeded.
func lookOver(raw []byte, at uint64, limits Limits) error {
	l := look{raw: raw, at: at, limits: limits, values: 1}
	for i := 0; i < len(raw); {
		var err error
		switch c := raw[i]; {
		case c == '"':
			i = l.text(i)
		case c == '-' || '0' <= c && c <= '9':
			i = l.number(i)
		default:
			err = l.punctuation(i)
			i++
		}
		if err != nil {
			return err
		}
	}
	if l.fault != nil {
		return l.fault
	}
	return nil
}

// punctuation counts levels, values and members: every value but the outermost follows a comma or an opening bracket.
func (l *look) punctuation(i int) error {
	switch l.raw[i] {
	case '{', '[':
		l.isObject = l.isObject || l.depth == 0 && l.values == 1 && l.raw[i] == '{'
		l.depth++
		l.values++
	case ',':
		l.values++
	case ']', '}':
		l.depth--
		return nil
	default:
		return nil
	}
	if l.depth > l.limits.MaxMetadataNesting {
		expected := "at most " + show(l.limits.MaxMetadataNesting) + " levels of arrays and objects"
		return metadataError("APR-M005", l.span(i, i+1), expected, quote(l.raw[i:i+1]))
	}
	if l.depth == 1 && l.isObject {
		if l.members++; l.members > l.limits.MaxMetadataMembers {
			return beyond("metadata", l.span(i, len(l.raw)), "MaxMetadataMembers", l.limits.MaxMetadataMembers, l.members)
		}
	}
	if l.values > l.limits.MaxMetadataValues {
		return beyond("metadata", l.span(i, len(l.raw)), "MaxMetadataValues", l.limits.MaxMetadataValues, l.values)
	}
	return nil
}

func (l *look) span(start, end int) Span { return Span{l.at + uint64(start), l.at + uint64(end)} }

func (l *look) refuse(start, end int, expected string) {
	if l.fault == nil {
		l.fault = metadataError("APR-M003", l.span(start, end), expected, quote(l.raw[start:end]))
	}
}

// text returns where the string ends that begins at i.
func (l *look) text(i int) int {
	for i++; i < len(l.raw); {
		switch l.raw[i] {
		case '"':
			return i + 1
		case '\\':
			i = l.escape(i)
		default:
			i++
		}
	}
	return i
}

// escape returns where the escape ends that begins at i, of a surrogate pair both halves.
func (l *look) escape(i int) int {
	const length = len(`\u0000`)
	first, ok := hexadecimal(l.raw[i:])
	switch {
	case !ok || first < 0xD800 || first > 0xDFFF:
		return min(i+2, len(l.raw)) // encoding/json refuses what is no escape
	case first <= 0xDBFF:
		if second, ok := hexadecimal(l.raw[i+length:]); ok && 0xDC00 <= second && second <= 0xDFFF {
			return i + 2*length
		}
	}
	l.refuse(i, i+length, "surrogate escapes in pairs")
	return i + length
}

// hexadecimal returns the number in an escape with four hexadecimal digits at the beginning of a text.
func hexadecimal(raw []byte) (uint64, bool) {
	if len(raw) < len(`\u0000`) || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	value, err := strconv.ParseUint(string(raw[2:len(`\u0000`)]), 16, 16)
	return value, err == nil
}

// number returns where the number ends that begins at i.
func (l *look) number(i int) int {
	end := i
	var hasExponent bool
	for end < len(l.raw) && strings.IndexByte("0123456789+-.eE", l.raw[end]) >= 0 {
		hasExponent = hasExponent || l.raw[end] == 'e' || l.raw[end] == 'E'
		end++
	}
	// Nothing shorter comes near the bounds without an exponent.
	if (hasExponent || end-i >= maxDigits) && overflows(string(l.raw[i:end])) {
		l.refuse(i, end, "a number within the range of a double")
	}
	return end
}

// maxDigits is the number of decimal digits of the largest double.
const maxDigits = 309

// overflows tells whether the reference reads an infinity. It keeps the digits that fit into 64 bits, and multiplies
// them by a power of ten: the number is rounded three times, and some that are finite when rounded once are not.
func overflows(literal string) bool {
	const nearMax, mostKept = 1.797e308, 20
	value, err := strconv.ParseFloat(literal, 64)
	if errors.Is(err, strconv.ErrSyntax) || math.Abs(value) < nearMax {
		return false // encoding/json refuses what is no number
	}
	if math.IsInf(value, 0) {
		return true
	}
	digits, _, _ := strings.Cut(strings.ToLower(literal), "e")
	digits = strings.ReplaceAll(strings.TrimLeft(digits, "-0."), ".", "")
	digits = digits[:min(len(digits), mostKept)]
	kept, _ := strconv.ParseFloat(digits, 64)
	power, _ := strconv.ParseFloat("1e"+strconv.Itoa(maxDigits-len(digits)), 64)
	return math.IsInf(kept*power, 0)
}
