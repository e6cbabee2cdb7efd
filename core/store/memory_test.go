package store_test

import (
	"maps"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/internal/concurrently"
	"github.com/thawlog/thaw/core/query"

	"github.com/thawlog/thaw/core/store"
)

// TestDamageMemory opens damaged stores and adds up all allocations, garbage included.
// A count or length in a file must not be believed before its bytes are there.
func TestDamageMemory(t *testing.T) {
	for _, c := range damageStores {
		d := newDamaged(t, c.name, c.without...)
		var total uint64
		for _, b := range d.files {
			total += uint64(len(b))
		}
		most := 16<<20 + 4*total
		for _, name := range slices.Sorted(maps.Keys(d.files)) {
			whole := d.files[name]
			for at := range whole {
				if at >= 256 && at%13 != 0 && at < len(whole)-32 {
					continue // heads, ends, and a sample between
				}
				files := maps.Clone(d.files)
				b := slices.Clone(whole)
				b[at] ^= 0xFF // counts and lengths become as large as they can
				files[name] = b
				d.reseal(name, b, at)
				o := store.Options{}
				if at%2 == 1 {
					o.Parallel = concurrently.Run
				}
				used := allocated(func() {
					s, err := store.Open(directory.Memory(files), o)
					if err != nil {
						return
					}
					for _, err := range s.Query(query.Region{}, query.Page{}) {
						if err != nil {
							return
						}
					}
				})
				require.LessOrEqual(t, used, most, "%s of %s, byte %d", name, c.name, at)
			}
		}
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
