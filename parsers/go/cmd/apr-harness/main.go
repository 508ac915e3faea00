// Command apr-harness answers the conformance kit of the repository line by line, as docs/conform.md describes it:
//
//	aprfmt conform --plug ndjson --cmd apr-harness
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/aprfmt/aprfmt/parsers/go/apr"
)

const (
	protocol      = 1
	kaitaiRuntime = "github.com/kaitai-io/kaitai_struct_go_runtime"
)

type request struct {
	Cmd   string `json:"cmd"`
	ID    string `json:"id"`
	Op    string `json:"op"`
	File  string `json:"file"`
	CRC32 bool   `json:"crc32"`
}

type object = map[string]any

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "apr-harness:", err)
		os.Exit(1)
	}
}

// serve answers requests until it is told to stop, or until there are no more.
func serve(in io.Reader, out io.Writer) error {
	requests, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var asked request
		if err := requests.Decode(&asked); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var answer object
		var err error
		switch asked.Cmd {
		case "start":
			answer = started()
		case "run":
			answer, err = run(asked)
		case "stop":
			return nil
		default:
			err = fmt.Errorf("unknown command %q", asked.Cmd)
		}
		if err != nil {
			return err
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
}

func started() object {
	language := "Go " + strings.TrimPrefix(runtime.Version(), "go")
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == kaitaiRuntime {
				language += ", kaitai_struct_go_runtime " + strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	implementation := object{"name": "aprfmt-reader (Go)", "version": apr.Version, "language": language}
	return object{"protocol": protocol, "implementation": implementation, "can": []string{"read"}}
}

// run answers about one file. An error that says nothing about the file ends the harness: it is no verdict.
func run(asked request) (object, error) {
	if asked.Op != "read" {
		return object{"id": asked.ID, "skip": "reads only"}, nil
	}
	values, err := read(asked)
	var wrong *apr.FormatError
	switch {
	case errors.As(err, &wrong):
		return object{"id": asked.ID, "verdict": "reject", "code": wrong.Rule, "message": wrong.Error()}, nil
	case err != nil:
		return nil, err
	}
	return object{"id": asked.ID, "verdict": "accept", "values": values}, nil
}

func read(asked request) (object, error) {
	model, err := apr.Open(asked.File)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	if err := model.Verify(); err != nil {
		return nil, err
	}
	metadata, err := model.Metadata()
	if err != nil {
		return nil, err
	}
	tensors := []object{}
	for _, tensor := range model.Tensors() {
		dims := tensor.Shape()
		if dims == nil {
			dims = []uint64{} // a scalar has a list of no dimensions, not null
		}
		item := object{
			"name":       tensor.Name(),
			"dtype":      uint8(tensor.DType()),
			"dims":       dims,
			"ofs_tensor": tensor.DataOffset(),
			"len_tensor": tensor.NBytes(),
		}
		if asked.CRC32 {
			sum := crc32.NewIEEE()
			if _, err := io.Copy(sum, tensor.Open()); err != nil {
				return nil, err
			}
			item["crc32"] = fmt.Sprintf("%08x", sum.Sum32())
		}
		tensors = append(tensors, item)
	}
	values := object{"header": headerValues(model.Header()), "metadata": metadata, "tensors": tensors, "footer": nil}
	if checksum, ok := model.Footer(); ok {
		values["footer"] = checksum
	}
	return values, nil
}

// headerValues has the integers of the header. Those of 64 bits are written with all their digits.
func headerValues(header apr.Header) object {
	return object{
		"version_major":    header.VersionMajor,
		"version_minor":    header.VersionMinor,
		"flags":            header.Flags,
		"num_tensors":      header.NumTensors,
		"ofs_metadata":     header.OfsMetadata,
		"len_metadata":     header.LenMetadata,
		"ofs_tensor_index": header.OfsTensorIndex,
		"ofs_data":         header.OfsData,
		"checksum":         header.Checksum,
	}
}
