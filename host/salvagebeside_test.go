package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// opensOf calls f before each open of a file for reading.
type opensOf struct {
	fsabstraction.FS
	f func()
}

func (o opensOf) Open(name string) (fsabstraction.File, error) {
	o.f()
	return o.FS.Open(name)
}

// TestSalvageBesideCompaction: a salvage of a sound store has all its events and lists none as
// lost when compactions replace the segments meanwhile, at any moment of it, and gives up if
// that never ends.
func TestSalvageBesideCompaction(t *testing.T) {
	for name, judge := range judges {
		for at := 1; at < 40; at += 3 {
			for _, dst := range []string{"", "saved"} {
				fsys := memfs.New()
				fillSessions(t, fsys, 8, 7)
				s, err := host.Open(t.Context(), "store", compactOptions(fsys))
				require.NoError(t, err)
				calls := 0
				o := host.SalvageOptions{Unlocked: true, OpenSegments: 1, NoMapping: true, FS: opensOf{fsys, func() {
					if calls++; calls == at {
						_, err := s.Compact(t.Context(), host.Compaction{Judge: judge})
						require.NoError(t, err)
					}
				}}}
				r, err := host.Salvage(t.Context(), "store", dst, o)
				require.NoError(t, err, "%s at open %d", name, at)
				require.True(t, r.Whole(), "%s at open %d: %v", name, at, r.Findings)
				want := readable(t, s)
				require.EqualValues(t, len(want), r.Events, "%s at open %d", name, at)
				if dst != "" {
					saved, err := host.OpenReader(t.Context(), dst, host.ReaderOptions{FS: fsys, Logger: quiet})
					require.NoError(t, err)
					require.Equal(t, withoutPosition(want), withoutPosition(readable(t, saved)))
					require.NoError(t, saved.Close())
				}
				require.NoError(t, s.Close())
			}
		}
	}

	fsys := memfs.New()
	fillSessions(t, fsys, 8, 7)
	s, err := host.Open(t.Context(), "store", compactOptions(fsys))
	require.NoError(t, err)
	defer s.Close()
	dropped := uint64(0)
	busy := false
	o := host.SalvageOptions{Unlocked: true, FS: opensOf{fsys, func() {
		if busy = !busy; busy {
			return
		}
		appendN(t, s, 0)
		_, err := s.Compact(t.Context(), host.Compaction{Judge: dropOf(dropped)})
		require.NoError(t, err)
		dropped++
	}}}
	_, err = host.Salvage(t.Context(), "store", "saved", o)
	require.ErrorContains(t, err, "stop the writer")
	_, err = host.Salvage(t.Context(), "store", "saved", host.SalvageOptions{FS: fsys})
	require.NoError(t, err)
}

func dropOf(sequence uint64) func(event.Event) host.Verdict {
	return func(e event.Event) host.Verdict {
		if e.Sequence == sequence {
			return host.DropEvent
		}
		return host.KeepEvent
	}
}
