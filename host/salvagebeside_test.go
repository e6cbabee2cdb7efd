package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
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

// TestSalvageMixed: in a mix of segments of before and after a compaction, every event that is
// intact in any file is in the result, once, whichever segments of before are left.
func TestSalvageMixed(t *testing.T) {
	const sessions = 4
	for name, judge := range judges {
		for without := range sessions { // the segments of before that are gone
			for _, after := range []bool{true, false} { // whether store.thaw and the index are of after
				root := t.TempDir()
				old, mix, saved := filepath.Join(root, "old"), filepath.Join(root, "mix"), filepath.Join(root, "saved")
				s := fillOS(t, old, sessions)
				require.NoError(t, os.CopyFS(mix, os.DirFS(old)))
				before := readable(t, s)
				_, err := s.Compact(t.Context(), host.Compaction{Judge: judge})
				require.NoError(t, err)
				want := map[event.ID]bool{}
				for _, e := range readable(t, s) {
					want[e.ID] = true
				}
				require.NoError(t, s.Close())
				for id := range without {
					require.NoError(t, os.Remove(filepath.Join(mix, segment.Name(uint64(id+1)))))
				}
				files, err := filepath.Glob(filepath.Join(old, "*"))
				require.NoError(t, err)
				replaced := map[uint64]bool{}
				for _, file := range files {
					id, isSegment := segment.ParseName(filepath.Base(file))
					if !isSegment && !after {
						continue
					}
					b, err := os.ReadFile(file)
					require.NoError(t, err)
					require.NoError(t, os.WriteFile(filepath.Join(mix, filepath.Base(file)), b, 0o600))
					replaced[id] = true
				}
				for _, e := range before {
					if id := e.Position.Segment; id > uint64(without) && !replaced[id] {
						want[e.ID] = true
					}
				}
				r, err := host.Salvage(t.Context(), mix, saved, host.SalvageOptions{})
				require.NoError(t, err)
				reader, err := host.OpenReader(t.Context(), saved, host.ReaderOptions{Logger: quiet})
				require.NoError(t, err)
				got := map[event.ID]bool{}
				for _, e := range readable(t, reader) {
					require.False(t, got[e.ID], "%s without %d: %s is there twice", name, without, e.ID)
					got[e.ID] = true
				}
				require.NoError(t, reader.Close())
				require.Equal(t, want, got, "%s without %d: %v", name, without, r.Findings)
			}
		}
	}
}

// fillOS makes a store of some sessions of 4 events each, a segment each.
func fillOS(t *testing.T, dir string, sessions int) *host.Store {
	for n := range sessions {
		s, err := host.Open(t.Context(), dir, host.Options{Logger: quiet, NoMerge: true})
		require.NoError(t, err)
		for i := range 4 {
			appendN(t, s, n*4+i)
		}
		require.NoError(t, s.Close())
	}
	s, err := host.Open(t.Context(), dir, host.Options{Logger: quiet, NoMerge: true})
	require.NoError(t, err)
	return s
}
