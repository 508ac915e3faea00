// Package apr reads the APR v2 model container: a header, metadata as a JSON object, an index of tensors sorted by
// name, the bytes of the tensors, and a checksum over all of it.
//
// [Open] checks the head of a file, and reads no tensor data: where the sections lie, that the index is whole and
// sorted, that every tensor has the size that its element type and shape take, lies in the file and shares no byte with
// another one. [Model.Metadata] checks the JSON when it is first asked for, and [Model.Verify] everything there is to
// check, every byte included. Together they refuse what every careful reader of the format refuses, and no more: a file
// that is merely odd is read.
//
// # Errors
//
// A file that is wrong gives a [*FormatError], which names the rule that the file breaks, the field, its bytes, what
// was expected there and what was found:
//
//	var wrong *apr.FormatError
//	if errors.As(err, &wrong) {
//		fmt.Println(wrong.Rule, wrong.Field, wrong.Span)
//	}
//
// Any other error is one of the system: the file is not there, or cannot be read. It says nothing about what the file
// holds.
//
// # Files that nobody vouches for
//
// Nothing is allocated because a number in the file says so: the number is first held against the size of the file
// and against [Limits]. [Tensor.ReadAll] allocates as many bytes as the tensor has, which are in the file, though a
// file may have holes that take no room on a disk; [Tensor.Open] reads a tensor of any size in constant memory.
//
// # Large files
//
// Only the head is held in memory. Offsets and sizes have 64 bits throughout, on every platform.
//
// The layout is stated in spec/apr_v2.ksy of the repository. The Kaitai Struct compiler makes the parser from it that
// this package is built around; the rules that relate fields to each other are written by hand.
package apr

// Version is the version of this package.
const Version = "0.1.0"
