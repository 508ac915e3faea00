package apr

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/kaitai-io/kaitai_struct_go_runtime/kaitai"

	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

// Span is a stretch of a file in bytes, from Start up to, not including, End.
type Span struct{ Start, End uint64 }

// String returns the span as 0xSTART..0xEND.
func (s Span) String() string { return fmt.Sprintf("%#x..%#x", s.Start, s.End) }

// Len returns the number of bytes in the span.
func (s Span) Len() uint64 { return s.End - s.Start }

// FormatError says that a file is not as the format wants it. Use [errors.As] to get at it.
type FormatError struct {
	// Rule is the id of the rule that the file breaks, APR-F002 say. APR-L001 is about the limits of the reader.
	Rule string
	// Field is the path of the field in the specification: header.checksum, tensor_index.entries[1].name.
	Field string
	// Span is where the field lies in the file.
	Span Span
	// Expected and Found say what was expected there, and what was found.
	Expected, Found string
	// Tensor is the name of the tensor that is concerned, as its bytes stand in the file; empty when there is none.
	Tensor string

	detail string
}

// Defect returns what is wrong with a file that breaks the rule, in words.
func (e *FormatError) Defect() string { return facts.Rules[e.Rule].Defect }

// Error returns all of it in one line. Whatever comes from the file is quoted, and cut when it is long.
func (e *FormatError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s%s: %s @%s: expected %s, found %s", e.Defect(), e.detail, e.Field, e.Span, e.Expected, e.Found)
	if e.Tensor != "" {
		fmt.Fprintf(&text, "; tensor %s", quote(e.Tensor))
	}
	fmt.Fprintf(&text, "  [%s]", e.Rule)
	return text.String()
}

// longestQuote is the number of bytes of a text from the file that a message shows.
const longestQuote = 100

// quote returns the beginning of a text from the file, in double quotes and with everything unprintable escaped.
func quote[T string | []byte](text T) string {
	if len(text) <= longestQuote {
		return strconv.Quote(string(text))
	}
	return strconv.Quote(string(text[:longestQuote])) + "…"
}

// isShort tells whether an error says that the bytes ended too early, and not that they could not be read.
func isShort(err error) bool {
	if errors.Is(err, errShorter) {
		return false
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, kaitai.ErrInvalidSizeRequested)
}

// fromParser is the one door for what the generated parser reports. An error about the file comes out as a *FormatError
// without a span, one of the system as it is. A short read breaks the rule of the part that was being read.
func fromParser(err error, rule, field string) error {
	if isShort(err) {
		return &FormatError{Rule: rule, Field: field, Expected: "more bytes", Found: "the end of the file"}
	}
	var failed kaitai.ValidationFailedError
	if !errors.As(err, &failed) {
		return err
	}
	refused := &FormatError{
		Rule:     facts.RuleAt[failed.SrcPath()],
		Field:    facts.FieldAt[failed.SrcPath()],
		Expected: "another value",
		Found:    show(failed.Actual()),
	}
	// The types of the runtime differ in what they know of the value that was expected.
	switch failed := failed.(type) {
	case interface{ Expected() any }:
		refused.Expected = show(failed.Expected())
	case interface{ Min() any }:
		refused.Expected = "at least " + show(failed.Min())
	case interface{ Max() any }:
		refused.Expected = "at most " + show(failed.Max())
	case kaitai.ValidationNotInEnumError:
		refused.Expected = "an id that the format knows"
	}
	return refused
}

// show returns a value of a field for a message.
func show(value any) string {
	if raw, ok := value.([]byte); ok {
		return quote(raw)
	}
	return fmt.Sprint(value)
}
