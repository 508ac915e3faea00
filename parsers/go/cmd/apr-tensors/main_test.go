package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const golden = "../../../../tests/data/golden/one_custom_key.apr"

func TestRun(t *testing.T) {
	folder := t.TempDir()
	raw, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, raw []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	damaged := bytes.Clone(raw)
	damaged[len(damaged)-1] ^= 1
	badFooter, short := write("footer.apr", damaged), write("short.apr", raw[:10])
	odd := write("a\nb", raw[:10])
	dashed := write("-h", raw)
	const lines = "wpe\tf32\t[2, 4]\t32\nwte\tf32\t[4, 4]\t64\n"
	cases := []struct {
		arguments []string
		code      int
		out, errs string
	}{
		{[]string{golden}, 0, lines, ""},
		{[]string{"--verify", golden}, 0, lines, ""},
		{[]string{golden, "-verify"}, 0, lines, ""},
		{[]string{"--", dashed}, 0, lines, ""},
		{[]string{"--verify", "--", golden}, 0, lines, ""},
		{[]string{badFooter}, 0, lines, ""},
		{[]string{badFooter, "--verify"}, 4, "", "[APR-F002]\n"},
		{[]string{short}, 4, "", "[APR-H008]\n"},
		{[]string{odd}, 4, "", `a\nb": the file is smaller`},
		{[]string{folder}, 3, "", "apr-tensors: open " + folder + ": not a regular file\n"},
		{[]string{filepath.Join(folder, "missing")}, 3, "", "apr-tensors: "},
		{nil, 2, "", "expected one file, found 0; usage: "},
		{[]string{golden, golden}, 2, "", "expected one file, found 2; usage: "},
		{[]string{"--colour", golden}, 2, "", "flag provided but not defined: -colour; usage: "},
		{[]string{"--verify=7", golden}, 2, "", "usage: "},
		{[]string{"--", golden, "--verify"}, 2, "", "expected one file, found 2; usage: "},
		{[]string{"-h"}, 0, "usage: apr-tensors", ""},
	}
	for _, c := range cases {
		var out, errs strings.Builder
		code := run(c.arguments, &out, &errs)
		if code != c.code || !strings.HasPrefix(out.String(), c.out) || (c.out == "") != (out.Len() == 0) {
			t.Errorf("%q: expected %d and %q, found %d and %q", c.arguments, c.code, c.out, code, out.String())
		}
		if !strings.Contains(errs.String(), c.errs) || (c.errs == "") != (errs.Len() == 0) {
			t.Errorf("%q: expected %q, found %q", c.arguments, c.errs, errs.String())
		}
		if strings.Count(errs.String(), "\n") > 1 {
			t.Errorf("%q: expected one line, found %q", c.arguments, errs.String())
		}
	}
}

func TestOutputThatCannotBeWritten(t *testing.T) {
	var errs strings.Builder
	if code := run([]string{golden}, broken{}, &errs); code != exitUnreadable || errs.Len() == 0 {
		t.Errorf("found %d and %q", code, errs.String())
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestPrintable(t *testing.T) {
	cases := map[string]string{
		"model.层.0":  "model.层.0",
		"a b":        "a b",
		"":           `""`,
		`"a"`:        `"\"a\""`,
		"a\tb\x1b[m": `"a\tb\x1b[m"`,
		"\u202ea":    `"\u202ea"`,
		`a\tb`:       `a\tb`,
	}
	for text, expected := range cases {
		if found := printable(text); found != expected {
			t.Errorf("expected %s, found %s", expected, found)
		}
	}
}
