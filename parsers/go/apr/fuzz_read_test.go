package apr

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime/metrics"
	"testing"

	"github.com/aprfmt/aprfmt/parsers/go/internal/facts"
)

// corpusVariable names a folder of files to begin with; aprfmt fuzz corpus makes one, with its files under seeds.
const corpusVariable = "APR_FUZZ_CORPUS"

// What reading may cost, whatever the numbers in a file say. Over the seeds of a corpus, which have up to 4 KiB, up to
// 2.8 times the bytes of the file are read, and up to 600 KB are allocated, most of that for the buffers of one pass.
const (
	mostReadTimes      = 4
	mostReadBeside     = 4 << 10
	mostAllocatedTimes = 1 << 10
	mostAllocated      = 1 << 20
)

// Whatever the bytes are, as they stand and with their checksums made right: reading them never panics, costs no more
// than there are bytes, asks for none beyond the end, and comes to the same when it is done again. What was read of the
// metadata reads alike once it is written again.
func FuzzRead(f *testing.F) {
	for _, path := range corpusPaths(f) {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		checkReading(t, raw)
		if resealed := sealed(raw); !bytes.Equal(resealed, raw) {
			checkReading(t, resealed) // hardly anything gets past wrong checksums
		}
	})
}

// corpusPaths returns the files to begin with: those of the corpus that the environment names, else those of the
// repository.
func corpusPaths(t testing.TB) []string {
	t.Helper()
	folder, ok := os.LookupEnv(corpusVariable)
	if !ok {
		return goldenPaths(t)
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.apr"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: expected *.apr files in %s, found %d (%v)", corpusVariable, folder, len(paths), err)
	}
	return paths
}

// sealed returns the file with the checksums of its header and of its last bytes made right.
func sealed(raw []byte) []byte {
	if len(raw) < facts.HeaderSize+facts.FooterSize {
		return raw
	}
	raw = bytes.Clone(raw)
	sealHeader(raw)
	sealFooter(raw)
	return raw
}

// reading is everything that reading a file came to. The error of a part stands beside what was read before it.
type reading struct {
	Opening, Checking, Parsing string
	Header                     Header
	Tensors                    []string
	Metadata                   map[string]any
	Footer                     uint32
	HasFooter                  bool
}

func checkReading(t *testing.T, raw []byte) {
	t.Helper()
	before := allocated()
	source := &watched{t: t, raw: raw}
	first := read(source, len(raw))
	if most := mostReadBeside + mostReadTimes*len(raw); source.nbytes > most {
		t.Errorf("expected at most %d bytes to be read of %d, found %d", most, len(raw), source.nbytes)
	}
	if most := uint64(mostAllocated + mostAllocatedTimes*len(raw)); allocated()-before > most {
		t.Errorf("expected at most %d bytes to be allocated for %d, found %d", most, len(raw), allocated()-before)
	}
	if second := read(source, len(raw)); !reflect.DeepEqual(first, second) {
		t.Errorf("expected the same again, found\n%+v\n%+v", first, second)
	}
	if first.Metadata == nil {
		return
	}
	text, err := json.Marshal(first.Metadata)
	if err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	if again, err := decodeMetadata(text, 0, DefaultLimits()); err != nil || !reflect.DeepEqual(again, first.Metadata) {
		t.Errorf("expected %+v again from %s, found %+v (%v)", first.Metadata, text, again, err)
	}
}

// read reads all that there is. It goes on behind an error where a caller could.
func read(source io.ReaderAt, size int) reading {
	m, err := NewModel(source, int64(size))
	if err != nil {
		return reading{Opening: err.Error()}
	}
	found := reading{Checking: textOf(m.Verify()), Header: m.Header()}
	found.Footer, found.HasFooter = m.Footer()
	found.Metadata, err = m.Metadata()
	found.Parsing = textOf(err)
	for _, tensor := range m.Tensors() {
		sum := crc32.NewIEEE()
		n, err := io.Copy(sum, tensor.Open())
		found.Tensors = append(found.Tensors, fmt.Sprintf("%q %s %d %d+%d: %d bytes, %08x, %v",
			tensor.Name(), tensor.DType(), tensor.Shape(), tensor.DataOffset(), tensor.NBytes(), n, sum.Sum32(), err))
	}
	return found
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// watched is a file in memory that counts the bytes that are read, and of which none may be asked for beyond its end.
type watched struct {
	t      *testing.T
	raw    []byte
	nbytes int
}

// ReadAt implements [io.ReaderAt].
func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(w.raw)) || int64(len(p)) > int64(len(w.raw))-off {
		w.t.Errorf("expected reads within %d bytes, found %d from %d on", len(w.raw), len(p), off)
	}
	w.nbytes += len(p)
	return bytes.NewReader(w.raw).ReadAt(p, off)
}

// allocated returns how many bytes this process has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
