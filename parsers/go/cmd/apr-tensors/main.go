// Command apr-tensors lists the tensors of an APR v2 file, one a line: name, element type, shape and size in bytes,
// with tabs between them.
//
//	apr-tensors [--verify] FILE
//
// With --verify everything is checked first, every byte included. A name that is not printable stands in double
// quotes, with escapes as in Go. The exit code is 0 when all is well, 2 when it was called in a wrong way, 3 when the
// file cannot be read, 4 when it is no valid APR v2 file.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/aprfmt/aprfmt/parsers/go/apr"
)

const (
	exitFine       = 0
	exitUsage      = 2
	exitUnreadable = 3
	exitInvalid    = 4
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(arguments []string, out, errs io.Writer) int {
	path, verify, err := parse(arguments, out)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitFine
	case err != nil:
		fmt.Fprintf(errs, "apr-tensors: %s; usage: %s\n", printable(err.Error()), usage)
		return exitUsage
	}
	err = list(path, verify, out)
	if err == nil {
		return exitFine
	}
	prefix := printable(path) + ": "
	if named := (*fs.PathError)(nil); errors.As(err, &named) {
		prefix = "" // it says which file, which may be the output
	}
	fmt.Fprintf(errs, "apr-tensors: %s%s\n", prefix, printable(err.Error()))
	if wrong := (*apr.FormatError)(nil); errors.As(err, &wrong) {
		return exitInvalid
	}
	return exitUnreadable
}

const (
	usage   = "apr-tensors [--verify] FILE"
	summary = "Lists the tensors of an APR v2 file: name, element type, shape and size in bytes."
)

// parse takes options before and behind the file; what follows -- is a file.
func parse(arguments []string, out io.Writer) (path string, verify bool, err error) {
	options := flag.NewFlagSet("apr-tensors", flag.ContinueOnError)
	options.SetOutput(io.Discard)
	options.Usage = func() {}
	options.BoolVar(&verify, "verify", false, "check everything first, every byte included")
	var files []string
	for rest := arguments; len(rest) > 0; {
		before := len(rest)
		if err := options.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				fmt.Fprintf(out, "usage: %s\n\n%s\n\n", usage, summary)
				options.SetOutput(out)
				options.PrintDefaults()
			}
			return "", false, err
		}
		consumed := before - options.NArg()
		if rest = options.Args(); consumed > 0 && arguments[len(arguments)-len(rest)-1] == "--" {
			files = append(files, rest...)
			break
		}
		if len(rest) > 0 {
			files, rest = append(files, rest[0]), rest[1:]
		}
	}
	if len(files) != 1 {
		return "", false, fmt.Errorf("expected one file, found %d", len(files))
	}
	return files[0], verify, nil
}

func list(path string, verify bool, out io.Writer) error {
	model, err := apr.Open(path)
	if err != nil {
		return err
	}
	defer model.Close()
	if verify {
		if err := model.Verify(); err != nil {
			return err
		}
	}
	lines := bufio.NewWriter(out)
	for _, tensor := range model.Tensors() {
		shape := strings.ReplaceAll(fmt.Sprint(tensor.Shape()), " ", ", ")
		fmt.Fprintf(lines, "%s\t%s\t%s\t%d\n", printable(tensor.Name()), tensor.DType(), shape, tensor.NBytes())
	}
	return lines.Flush()
}

// printable returns a text as it is when it cannot move a cursor, and nothing of it passes for a quoted one.
func printable(text string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }
	if text == "" || text[0] == '"' || strings.ContainsFunc(text, odd) {
		return strconv.Quote(text)
	}
	return text
}
