// Package fuzzing helps the fuzz targets of core: committed seeds, and a bound on
// a decoder's allocations. Only tests import it.
package fuzzing

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

var write = flag.Bool("seeds", false, "rewrite the seed corpora of the fuzz targets")

// Seed holds the arguments of one call of a fuzz target.
type Seed []any

// Seeds maintains testdata/fuzz/target. With -seeds it writes one file for each
// of seeds. It always fails when the folder holds no seed, or a file that is
// not in the form of go test.
func Seeds(t *testing.T, target string, seeds ...Seed) {
	t.Helper()
	dir := filepath.Join("testdata", "fuzz", target)
	if *write {
		check(t, os.MkdirAll(dir, 0o755))
		for i, s := range seeds {
			name := filepath.Join(dir, fmt.Sprintf("seed-%02d", i))
			check(t, os.WriteFile(name, encode(s), 0o644))
		}
	}
	files, err := os.ReadDir(dir)
	check(t, err)
	if len(files) == 0 {
		t.Fatalf("%s holds no seed", dir)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		check(t, err)
		if !bytes.HasPrefix(b, []byte("go test fuzz v1\n")) {
			t.Errorf("%s/%s is no seed", dir, f.Name())
		}
	}
}

func encode(s Seed) []byte {
	b := []byte("go test fuzz v1\n")
	for _, v := range s {
		switch v.(type) {
		case []byte, string:
			b = fmt.Appendf(b, "%T(%q)\n", v, v)
		default:
			b = fmt.Appendf(b, "%T(%v)\n", v, v)
		}
	}
	return bytes.ReplaceAll(b, []byte("[]uint8("), []byte("[]byte("))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Bounded runs f and fails when it allocates more than 1 MiB plus 16 bytes for
// each of n bytes of input.
func Bounded(t testing.TB, n int, f func()) {
	t.Helper()
	if got, most := Allocated(f), uint64(1<<20+16*n); got > most {
		t.Fatalf("%d bytes of input made it allocate %d bytes, more than %d", n, got, most)
	}
}

// Allocated returns the number of bytes that f allocates. It counts other
// goroutines too, so tests that use it must not run in parallel.
func Allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
