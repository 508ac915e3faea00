package apr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// expectation is what the reference implementation reads in a golden file.
type expectation struct {
	Checksum          string
	DataOffset        uint64 `json:"data_offset"`
	Flags             uint64
	Metadata          map[string]any
	MetadataOffset    uint64 `json:"metadata_offset"`
	MetadataSize      uint32 `json:"metadata_size"`
	TensorCount       uint32 `json:"tensor_count"`
	TensorIndexOffset uint64 `json:"tensor_index_offset"`
	Version           [2]uint8
	Tensors           []struct {
		CRC32, DType, Name string
		Offset, Size       uint64
		Shape              []uint64
	}
}

func TestGoldenFilesReadAsTheReferenceReadsThem(t *testing.T) {
	decoder := json.NewDecoder(bytes.NewReader(golden(t, "expected.json")))
	decoder.UseNumber()
	expected := map[string]expectation{}
	if err := decoder.Decode(&expected); err != nil {
		t.Fatal(err)
	}
	for _, path := range goldenPaths(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			want, ok := expected[filepath.Base(path)]
			if !ok {
				t.Fatal("expected.json does not say what is in it")
			}
			m, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if err := m.Verify(); err != nil {
				t.Error(err)
			}
			compareHeader(t, m.Header(), want)
			compareTensors(t, m, want)
			metadata, err := m.Metadata()
			if err != nil {
				t.Fatal(err)
			}
			for key, value := range want.Metadata {
				if !same(metadata[key], value) {
					t.Errorf("metadata.%s: expected %#v, found %#v", key, value, metadata[key])
				}
			}
		})
	}
}

// same compares values of the metadata. The reference rounds some numbers to single precision.
func same(found, expected any) bool {
	left, isNumber := found.(json.Number)
	right, isNumberToo := expected.(json.Number)
	if !isNumber || !isNumberToo || left == right {
		return reflect.DeepEqual(found, expected)
	}
	a, errA := strconv.ParseFloat(left.String(), 32)
	b, errB := strconv.ParseFloat(right.String(), 32)
	return errA == nil && errB == nil && a == b
}

func compareHeader(t *testing.T, found Header, want expectation) {
	t.Helper()
	expected := found
	expected.VersionMajor, expected.VersionMinor = want.Version[0], want.Version[1]
	expected.Flags, expected.NumTensors = Flags(want.Flags), want.TensorCount
	expected.OfsMetadata, expected.LenMetadata = want.MetadataOffset, want.MetadataSize
	expected.OfsTensorIndex, expected.OfsData = want.TensorIndexOffset, want.DataOffset
	if expected != found {
		t.Errorf("expected %+v, found %+v", expected, found)
	}
	if checksum := fmt.Sprintf("%08x", found.Checksum); checksum != want.Checksum {
		t.Errorf("expected the checksum %s, found %s", want.Checksum, checksum)
	}
}

func compareTensors(t *testing.T, m *Model, want expectation) {
	t.Helper()
	tensors := m.Tensors()
	if len(tensors) != len(want.Tensors) {
		t.Fatalf("expected %d tensors, found %d", len(want.Tensors), len(tensors))
	}
	for i, expected := range want.Tensors {
		tensor := tensors[i]
		data, err := tensor.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		found := []any{
			tensor.Name(), strings.ToUpper(tensor.DType().String()), fmt.Sprint(tensor.Shape()), tensor.DataOffset(), tensor.NBytes(),
			fmt.Sprintf("%08x", crc32.ChecksumIEEE(data)),
		}
		wanted := []any{
			expected.Name, expected.DType, fmt.Sprint(expected.Shape), expected.Offset, expected.Size, expected.CRC32,
		}
		if !reflect.DeepEqual(found, wanted) {
			t.Errorf("expected %v, found %v", wanted, found)
		}
		if same, ok := m.Tensor(expected.Name); !ok || same != tensor {
			t.Errorf("%s: not found by its name", expected.Name)
		}
	}
}

func TestTensorIsFoundByItsNameAlone(t *testing.T) {
	m := open(t, golden(t, "unicode_names.apr"))
	for _, name := range []string{"", "plai", "plain\x00", "plaio", "\xff", "я"} {
		if tensor, ok := m.Tensor(name); ok {
			t.Errorf("%q: expected none, found %q", name, tensor.Name())
		}
	}
}

func TestTensorIsReadInPieces(t *testing.T) {
	raw := golden(t, "one_custom_key.apr")
	m := open(t, raw)
	tensor, _ := m.Tensor("wte")
	span := tensor.FileSpan()
	whole := raw[span.Start:span.End]
	streamed, err := io.ReadAll(tensor.Open())
	if err != nil || !bytes.Equal(streamed, whole) {
		t.Errorf("streamed: expected %x, found %x (%v)", whole, streamed, err)
	}
	part := make([]byte, 8)
	if n, err := tensor.ReadAt(part, 16); n != 8 || err != nil || !bytes.Equal(part, whole[16:24]) {
		t.Errorf("a part: expected %x, found %x (%d, %v)", whole[16:24], part, n, err)
	}
	if n, err := tensor.ReadAt(part, int64(len(whole))-4); n != 4 || err != io.EOF {
		t.Errorf("beyond the end: expected 4 bytes and EOF, found %d, %v", n, err)
	}
}

func TestWhatIsHandedOutIsACopy(t *testing.T) {
	m := open(t, golden(t, "one_custom_key.apr"))
	m.Tensors()[0] = nil
	m.Tensors()[1].Shape()[0] = 7
	if tensors := m.Tensors(); tensors[0] == nil || tensors[1].Shape()[0] == 7 {
		t.Error("the model changed")
	}
}

func TestFlagsAreNamed(t *testing.T) {
	flags := open(t, golden(t, "sharded.apr")).Header().Flags
	if !flags.Has("sharded") || flags.Has("signed") || flags.Has("no such flag") {
		t.Errorf("found %s", flags)
	}
	if all := Flags(1<<16 - 1).Names(); len(all) != 13 {
		t.Errorf("expected 13 names, found %v", all)
	}
}

func TestFileWithoutFooter(t *testing.T) {
	raw := golden(t, "one_custom_key.apr")
	m := open(t, raw)
	if checksum, ok := m.Footer(); !ok || checksum != crc32.ChecksumIEEE(raw[:m.dataEnd]) {
		t.Errorf("found %#x, %t", checksum, ok)
	}
	m = open(t, raw[:m.dataEnd])
	if _, ok := m.Footer(); ok {
		t.Error("expected no footer")
	}
	if err := m.Verify(); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeReadSaysNothingAboutTheFile(t *testing.T) {
	folder := t.TempDir()
	_, missing := Open(filepath.Join(folder, "missing"))
	_, directory := Open(folder)
	raw := golden(t, "one_custom_key.apr")
	_, negative := NewModel(bytes.NewReader(raw), -1)
	_, broken := NewModel(failing{bytes.NewReader(raw), 0}, int64(len(raw)))
	_, brokenLater := NewModel(failing{bytes.NewReader(raw), 70}, int64(len(raw)))
	for _, err := range []error{missing, directory, negative, broken, brokenLater} {
		var wrong *FormatError
		if err == nil || errors.As(err, &wrong) {
			t.Errorf("expected an error of the system, found %v", err)
		}
	}
	if !errors.Is(missing, fs.ErrNotExist) || !errors.Is(broken, errBroken) || !errors.Is(brokenLater, errBroken) {
		t.Errorf("found %v; %v; %v", missing, broken, brokenLater)
	}
}

var errBroken = errors.New("the disk is broken")

// failing reads nothing from a place on.
type failing struct {
	io.ReaderAt
	from int64
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, errBroken
	}
	return f.ReaderAt.ReadAt(p, off)
}

func TestFileThatBecomesShorter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.apr")
	if err := os.WriteFile(path, golden(t, "one_custom_key.apr"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if err := m.Verify(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("found %v", err)
	}
	tensor := m.Tensors()[0]
	if _, err := tensor.ReadAll(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("found %v", err)
	}
	// A stream that merely ends would pass for a shorter tensor.
	if n, err := io.Copy(io.Discard, tensor.Open()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("streamed: found %d bytes, %v", n, err)
	}
	if n, err := tensor.ReadAt(make([]byte, 4), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a part: found %d bytes, %v", n, err)
	}
}

func TestFileThatBecomesShorterWhileItIsOpenedIsNoVerdict(t *testing.T) {
	raw := golden(t, "one_custom_key.apr")
	for nbytes := range raw {
		_, err := NewModel(bytes.NewReader(raw[:nbytes]), int64(len(raw)))
		var wrong *FormatError
		if errors.As(err, &wrong) || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d bytes: found %v", nbytes, err)
		}
	}
}

func TestClosedModelReadsNoMore(t *testing.T) {
	m, err := Open(filepath.Join(goldenFolder, "one_custom_key.apr"))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := m.Tensors()[0].ReadAll(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("found %v", err)
	}
	if err := open(t, golden(t, "one_custom_key.apr")).Close(); err != nil {
		t.Error(err)
	}
}

func TestSeveralGoroutinesReadOneModel(t *testing.T) {
	m := open(t, golden(t, "every_dtype.apr"))
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			if err := m.Verify(); err != nil {
				t.Error(err)
			}
			for _, tensor := range m.Tensors() {
				if _, err := tensor.ReadAll(); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	all.Wait()
}

// Closing a model is how a Verify that takes too long is stopped.
func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	m, err := Open(filepath.Join(goldenFolder, "every_dtype.apr"))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		for {
			if err := m.Verify(); err != nil {
				ended <- err
				return
			}
		}
	}()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, fs.ErrClosed) {
		t.Errorf("found %v", err)
	}
}

func TestLargeFileIsReadInPlace(t *testing.T) {
	// A tensor of 5 GiB, made of a hole: offsets beyond 32 bits, and a size beyond what one read takes.
	const nbytes = 5 << 30
	raw := golden(t, "sharded.apr")
	m := open(t, raw)
	put(raw, m.tensors[0].field("dtype"), uint64(U8))
	put(raw, m.tensors[0].field("dims"), nbytes)
	put(raw, m.tensors[0].field("len_tensor"), nbytes)
	path := filepath.Join(t.TempDir(), "large.apr")
	if err := os.WriteFile(path, raw[:m.header.OfsData], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(m.header.OfsData)+nbytes); err != nil {
		t.Skip(err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt([]byte("end"), int64(m.header.OfsData)+nbytes-3)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Skip(err)
	}
	large, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	end := make([]byte, 3)
	if _, err := large.Tensors()[0].ReadAt(end, nbytes-3); err != nil || string(end) != "end" {
		t.Errorf("found %q, %v", end, err)
	}
}
