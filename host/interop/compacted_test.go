package interop_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/compact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/host"
)

// compacted writes the store in dir to another directory, compacted and without an index, so
// that both read the segments.
func compacted(t *testing.T, dir string, p compact.Plan) string {
	files := directory.Memory{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
	}
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	ids := s.Segments()
	p.From, p.To = ids[0], ids[len(ids)-1]
	out := directory.Memory{}
	r, err := compact.Run(s, p, func(id uint64, b []byte) error {
		out[segment.Name(id)] = append(out[segment.Name(id)], b...)
		return nil
	})
	require.NoError(t, err)
	require.True(t, r.Changed())
	after := maps.Clone(files)
	for name := range files {
		if _, ok := segment.ParseName(name); !ok && name != visibility.FileName {
			delete(after, name)
		}
	}
	for _, id := range r.Replaced {
		delete(after, segment.Name(id))
	}
	maps.Copy(after, out)
	to := filepath.Join(t.TempDir(), "compacted")
	require.NoError(t, os.Mkdir(to, 0o700))
	for name, b := range after {
		require.NoError(t, os.WriteFile(filepath.Join(to, name), b, 0o600))
	}
	return to
}

// TestCompactedByThaw: batpak reads a store that thaw compacted as thaw does, from the segments
// alone, and both go on appending to it in turns, with the sequences that follow those of
// before. batpak numbers from its highest event, so what is dropped are not the last ones.
func TestCompactedByThaw(t *testing.T) {
	p := peer(t)
	for name, judge := range map[string]func(e *event.Event) compact.Verdict{
		"merge": nil,
		"drop some": func(e *event.Event) compact.Verdict {
			if e.Sequence%3 == 1 {
				return compact.Drop
			}
			return compact.Keep
		},
		"drop the first": compact.First(func(e *event.Event) compact.Verdict {
			if e.Sequence < 20 {
				return compact.Drop
			}
			return compact.Keep
		}),
		"drop all": func(*event.Event) compact.Verdict { return compact.Drop },
	} {
		for seed := range seeds(t, 2) {
			t.Run(fmt.Sprintf("%s/seed %d", name, seed), func(t *testing.T) {
				t.Parallel()
				dir := filepath.Join(t.TempDir(), "store")
				s := openThaw(t, dir, seed, 5000, clockUS)
				all := s.steps(40)
				require.NoError(t, s.Close())
				var want []truth
				verdicts := map[uint64]compact.Verdict{}
				plan := compact.Plan{SegmentSize: 30_000}
				if judge != nil {
					plan.Judge = func(e *event.Event) compact.Verdict {
						verdicts[e.Sequence] = judge(e)
						return verdicts[e.Sequence]
					}
				}
				to := compacted(t, dir, plan)
				for _, one := range all {
					if verdicts[one.sequence] == compact.Keep {
						want = append(want, one)
					}
				}
				moved(t, to, want)
				requireBoth(t, p, to, want)
				found, err := host.Verify(t.Context(), to, host.ReaderOptions{}, nil)
				require.NoError(t, err)
				require.Empty(t, found.Damages)

				s = openThaw(t, to, seed+1, 5000, clockUS+1_000_000_000)
				more := s.steps(10)
				require.NoError(t, s.Close())
				for _, one := range more {
					require.Greater(t, one.sequence, all[len(all)-1].sequence)
				}
				want = append(want, more...)
				requireBoth(t, p, to, want)
				found, err = host.Verify(t.Context(), to, host.ReaderOptions{}, nil)
				require.NoError(t, err)
				require.Empty(t, found.Damages)
			})
		}
	}
}
