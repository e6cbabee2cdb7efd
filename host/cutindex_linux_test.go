// The files of the index that a store has open are cut off in place, which other systems refuse.

package host_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/host"
)

// TestCutIndexWhileOpen cuts off files of the index of an open store, one after the other. No
// append and no query may notice: the segments have every event.
func TestCutIndexWhileOpen(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir()
			key := func(n int) event.ID { return event.ID{0: 7, 14: byte(n >> 8), 15: byte(n)} }
			o := host.Options{Logger: quiet, SegmentSize: 20_000, TailLimit: 300, Durability: host.LoseUnsynced, NoMapping: seed%2 == 0}
			made := 0
			add := func(st *host.Store, n int) {
				for range n {
					_, err := st.Append(t.Context(), event.At(fmt.Sprint("e", made%50), "s"), 0x1000, made, host.WithKey(key(made)))
					require.NoError(t, err)
					made++
				}
			}
			for range 3 {
				st, err := host.Open(t.Context(), dir, o)
				require.NoError(t, err)
				add(st, 500)
				require.NoError(t, st.Close())
			}
			st, err := host.Open(t.Context(), dir, o)
			require.NoError(t, err)
			defer st.Close()
			reader, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{Logger: quiet, NoMapping: seed%2 == 0})
			require.NoError(t, err)
			defer reader.Close()
			for range 6 {
				names, err := os.ReadDir(dir)
				require.NoError(t, err)
				var derived []string
				for _, e := range names {
					if _, _, ok := index.ParsePartName(e.Name()); ok || strings.HasPrefix(e.Name(), "index.") {
						derived = append(derived, e.Name())
					}
				}
				if len(derived) > 0 {
					path := filepath.Join(dir, derived[r.IntN(len(derived))])
					if info, err := os.Stat(path); err == nil && info.Size() > 0 {
						_ = os.Truncate(path, r.Int64N(info.Size()))
					}
				}
				add(st, 1+r.IntN(200))
				for range 30 {
					n := r.IntN(made)
					f, err := st.Get(t.Context(), key(n))
					require.NoError(t, err)
					require.EqualValues(t, n, f.Sequence)
					f, err = reader.Get(t.Context(), key(r.IntN(1500)))
					require.NoError(t, err)
				}
				if r.IntN(2) == 0 {
					_, err := reader.Refresh(t.Context())
					require.NoError(t, err)
				}
			}
		})
	}
}
