package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func answers(t *testing.T, requests string) []object {
	t.Helper()
	var out bytes.Buffer
	if err := serve(strings.NewReader(requests), &out); err != nil {
		t.Fatal(err)
	}
	var found []object
	for decoder := json.NewDecoder(&out); decoder.More(); {
		var answer object
		if err := decoder.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		found = append(found, answer)
	}
	return found
}

func TestConversation(t *testing.T) {
	path, err := filepath.Abs("../../../../tests/data/golden/every_dtype.apr")
	if err != nil {
		t.Fatal(err)
	}
	quoted, _ := json.Marshal(path)
	found := answers(t, `{"cmd": "start", "protocol": 1}
		{"cmd": "run", "id": "a", "op": "read", "file": `+string(quoted)+`, "crc32": true}
		{"cmd": "run", "id": "b", "op": "read", "file": "main.go", "crc32": true}
		{"cmd": "run", "id": "c", "op": "write"}
		{"cmd": "stop"} {"cmd": "start"}`)
	if len(found) != 4 {
		t.Fatalf("expected 4 answers, found %v", found)
	}
	if found[0]["protocol"] != 1.0 || found[0]["implementation"].(object)["name"] == "" {
		t.Errorf("found %v", found[0])
	}
	values := found[1]["values"].(object)
	scalar := values["tensors"].([]any)[12].(object)
	if found[1]["verdict"] != "accept" || scalar["crc32"] != "3bd8f86c" || len(scalar["dims"].([]any)) != 0 {
		t.Errorf("found %v", found[1])
	}
	if values["footer"] == nil || values["metadata"].(object)["model_type"] != "test" {
		t.Errorf("found %v", values)
	}
	if found[2]["id"] != "b" || found[2]["verdict"] != "reject" || found[2]["code"] != "APR-H001" {
		t.Errorf("found %v", found[2])
	}
	if found[3]["skip"] == "" {
		t.Errorf("found %v", found[3])
	}
}

// What says nothing about a file is no answer.
func TestNoVerdictWithoutAFile(t *testing.T) {
	for _, requests := range []string{`{"cmd": "run", "op": "read", "file": "missing"}`, `{"cmd": "dance"}`, `{`} {
		var out bytes.Buffer
		if err := serve(strings.NewReader(requests), &out); err == nil || out.Len() > 0 {
			t.Errorf("%s: expected an error, found %s", requests, out.String())
		}
	}
}
