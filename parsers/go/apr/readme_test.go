package apr_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The example in the README is the one that is run.
func TestReadmeShowsTheExample(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) != 1 {
		t.Fatalf("expected one block of Go, found %d", len(blocks))
	}
	indented := regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(blocks[0][1], "\t$1")
	if !strings.Contains(string(source), indented) {
		t.Errorf("example_test.go does not hold\n%s", indented)
	}
}
