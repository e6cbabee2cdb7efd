package crashfs_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
)

// A store of five files; a test crashes it once per operation of a run.
func BenchmarkCrash(b *testing.B) {
	for _, unsynced := range []int{0, 1, 5} {
		b.Run(fmt.Sprintf("unsynced=%d", unsynced), func(b *testing.B) {
			files := map[string][]byte{}
			for i := range 5 {
				files[fmt.Sprintf("store/f%d", i)] = make([]byte, 4096<<i)
			}
			fsys := crashfs.FromFiles(files)
			for i := range unsynced {
				w, err := fsys.OpenWrite(fmt.Sprintf("store/f%d", i))
				require.NoError(b, err)
				_, err = w.WriteAt(make([]byte, 3000), 4096<<i-1000)
				require.NoError(b, err)
			}
			b.ReportAllocs()
			seed := uint64(0)
			for b.Loop() {
				seed++
				fsys.Crash(crashfs.Cut{Seed: seed, Survive: 50})
			}
		})
	}
}
