package mapping

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/exp/mmap"
)

func TestReadAtDoesNotAllocate(t *testing.T) {
	switch runtime.GOOS {
	case "linux", "darwin", "windows":
	default:
		t.Skip("x/exp/mmap reads the file here")
	}
	s := openSource(t, writeFile(t, pattern(10_000)))
	p := make([]byte, 162)
	require.Zero(t, testing.AllocsPerRun(100, func() { s.ReadAt(p, 5000) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { s.ReadAt(p, 9950) }), "at the end")
}

// BenchmarkReadAt shows the cost of Source's guard and lock over the bare mapping, and the
// saving over the file.
func BenchmarkReadAt(b *testing.B) {
	const size = 4 << 20
	path := writeFile(b, pattern(size))
	bare, err := mmap.Open(path)
	require.NoError(b, err)
	defer bare.Close()
	for _, source := range []struct {
		name string
		r    io.ReaderAt
	}{
		{"source", openSource(b, path)},
		{"bare", bare},
		{"file", openFile(b, path)},
	} {
		for _, length := range []int{1, 162, 4096} {
			b.Run(fmt.Sprintf("%s/%d", source.name, length), func(b *testing.B) {
				b.ReportAllocs()
				p := make([]byte, length)
				for i := 0; b.Loop(); i++ {
					if _, err := source.r.ReadAt(p, int64(i*8192%(size-4096))); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(source.name+"/162/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				p := make([]byte, 162)
				for i := 0; pb.Next(); i++ {
					if _, err := source.r.ReadAt(p, int64(i*8192%(size-4096))); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
