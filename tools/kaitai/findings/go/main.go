// Reads the inputs with the generated types: see Case.line in run.py for what comes in on stdin. Prints one line an
// input: its name, a tab, and what came out. The table of types, registry.go, is made by compile.mjs.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kaitai-io/kaitai_struct_go_runtime/kaitai"
)

func quoted(text string) string {
	var made strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&made, "\\x%02x", text[i])
		case r >= 0x20 && r < 0x7f:
			made.WriteRune(r)
		default:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&made, "\\u%04x", unit)
			}
		}
		i += size
	}
	return `"` + made.String() + `"`
}

func shown(value reflect.Value) string {
	if !value.IsValid() {
		return "null"
	}
	switch value.Kind() {
	case reflect.Interface:
		return shown(value.Elem())
	case reflect.String:
		return quoted(value.String())
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 && value.Type() == reflect.TypeOf([]byte(nil)) {
			if value.Len() > 16 {
				return fmt.Sprintf("%d bytes", value.Len())
			}
			return fmt.Sprintf("0x%x", value.Bytes())
		}
		if value.Len() > 8 {
			return fmt.Sprintf("%d elements", value.Len())
		}
		var parts []string
		for i := range value.Len() {
			parts = append(parts, shown(value.Index(i)))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Pointer:
		if value.IsNil() {
			return "null"
		}
		return "object"
	}
	return fmt.Sprint(value.Interface())
}

func fault(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	if refusal, ok := err.(kaitai.ValidationFailedError); ok {
		return reflect.TypeOf(err).Name() + " at " + refusal.SrcPath()
	}
	return err.Error()
}

func reach(value reflect.Value, path string) (reflect.Value, error) {
	for _, step := range strings.Split(path, ".") {
		if value.Kind() == reflect.Interface {
			value = value.Elem()
		}
		if step == "#" {
			value = reflect.ValueOf(value.Len())
		} else if index, err := strconv.Atoi(step); err == nil {
			value = value.Index(index)
		} else if method := value.MethodByName(camel(step)); method.IsValid() {
			results := method.Call(nil)
			if err, _ := results[1].Interface().(error); err != nil {
				return value, err
			}
			value = results[0]
		} else {
			value = reflect.Indirect(value).FieldByName(camel(step))
		}
	}
	return value, nil
}

func camel(name string) string {
	var made strings.Builder
	for _, word := range strings.Split(name, "_") {
		made.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return made.String()
}

func message(err error) string { return quoted(err.Error()) }

func attempt(before string, tell func(error) string, work func() (string, error)) (made string) {
	defer func() {
		if cause := recover(); cause != nil {
			made = before + fmt.Sprintf("panic: %v", cause)
		}
	}()
	made, err := work()
	if err != nil {
		return before + tell(err)
	}
	return made
}

// reads returns how often this process asked the system to read.
func reads() int {
	counters, _ := os.ReadFile("/proc/self/io")
	_, after, _ := strings.Cut(string(counters), "syscr: ")
	count, _ := strconv.Atoi(strings.Fields(after)[0])
	return count
}

func outcome(spec, door, file string, paths []string) string {
	tell := fault
	if paths[0] == "message" {
		tell = message
	}
	return attempt("refused: ", tell, func() (string, error) {
		var stream *kaitai.Stream
		if door != "memory" {
			opened, err := os.Open(file)
			if err != nil {
				return "", err
			}
			defer opened.Close()
			stream = kaitai.NewStream(opened)
		} else {
			content, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			stream = kaitai.NewStream(bytes.NewReader(content))
		}
		before := reads()
		value, err := types[spec](stream)
		since := reads() - before
		if err != nil {
			return "", err
		}
		var parts []string
		for _, path := range paths {
			if of, found := strings.CutPrefix(path, "reads/"); found {
				count, _ := strconv.Atoi(of)
				parts = append(parts, fmt.Sprintf("%s=%d", path, since/count))
				continue
			}
			parts = append(parts, path+"="+attempt("!", fault, func() (string, error) {
				reached, err := reach(reflect.ValueOf(value), path)
				return shown(reached), err
			}))
		}
		return strings.Join(parts, " "), nil
	})
}

func main() {
	// Instead of 1 GB: what happens at the end of the stack is the same, but sooner.
	if os.Getenv("SMALL_STACK") != "" {
		debug.SetMaxStack(16 << 20)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		parts := strings.Split(lines.Text(), "\t")
		fmt.Printf("%s\t%s\n", parts[0], outcome(parts[1], parts[2], parts[3], strings.Fields(parts[4])))
	}
}
