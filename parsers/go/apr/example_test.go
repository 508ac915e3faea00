package apr_test

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"os"

	"github.com/aprfmt/aprfmt/parsers/go/apr"
)

const golden = "../../../tests/data/golden/"

func Example() {
	path := golden + "one_custom_key.apr"

	model, err := apr.Open(path) // checks the head, reads no tensor data
	if err != nil {
		log.Fatal(err) // an *apr.FormatError when the file is wrong
	}
	defer model.Close()
	for _, tensor := range model.Tensors() {
		fmt.Println(tensor.Name(), tensor.DType(), tensor.Shape(), tensor.NBytes())
	}
	if err := model.Verify(); err != nil { // the metadata, and every byte against the checksum
		log.Fatal(err)
	}
	metadata, err := model.Metadata() // numbers are json.Number, with all their digits
	if tensor, ok := model.Tensor("wpe"); ok && err == nil {
		data, err := tensor.ReadAll() // tensor.Open() reads one of any size
		fmt.Println(metadata["model_type"], len(data), err)
	}

	// Output:
	// wpe f32 [2 4] 32
	// wte f32 [4 4] 64
	// gpt2 32 <nil>
}

func ExampleFormatError() {
	_, err := apr.Open("doc.go")
	var wrong *apr.FormatError
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Rule, wrong.Field, wrong.Span, wrong.Found)
	}
	// Output:
	// APR-H001 header.magic 0x0..0x4 "// P"
}

func ExampleNewModel() {
	file, err := os.Open(golden + "every_dtype.apr")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		log.Fatal(err)
	}
	model, err := apr.NewModel(file, info.Size(), apr.WithLimits(apr.Limits{MaxTensors: 100}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Header().Flags, model.Header().NumTensors)
	// Output:
	// layout_row_major 14
}

func ExampleTensor_Open() {
	model, err := apr.Open(golden + "every_dtype.apr")
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	tensor, _ := model.Tensor("h.q4_k")
	sum := crc32.NewIEEE()
	if _, err := io.Copy(sum, tensor.Open()); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d blocks of %d elements, CRC-32 %08x\n",
		tensor.NBytes()/tensor.DType().BlockBytes(), tensor.DType().BlockElems(), sum.Sum32())
	// Output:
	// 1 blocks of 256 elements, CRC-32 b0fedf3a
}
