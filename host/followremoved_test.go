package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// TestFollowMeetsRemoval drops events that a follower has listed and not read yet: it goes on with
// those that are left, in the process of the writer and in another one.
func TestFollowMeetsRemoval(t *testing.T) {
	const n, from, to = 600, 300, 400
	for _, c := range []struct {
		name   string
		follow func(t *testing.T, p place, s *host.Store) host.FollowReader
	}{
		{"store", func(_ *testing.T, _ place, s *host.Store) host.FollowReader { return s }},
		{"reader", func(t *testing.T, p place, _ *host.Store) host.FollowReader {
			r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: p.fs, Logger: quiet, OpenSegments: 1})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, r.Close()) })
			return r
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newGate().place()
			s := p.openStore(t, host.Options{SegmentSize: 3000, NoMerge: true, OpenSegments: 1, Logger: quiet})
			for i := range n {
				_, err := s.Append(background, event.At("entity", "s"), event.Data, i)
				require.NoError(t, err)
			}
			f := c.follow(t, p, s).Follow(host.Region{}, host.Position{}, host.FollowOptions{StopAtEnd: true})
			next := uint64(0)
			for e, err := range f.Events(t.Context()) {
				require.NoError(t, err)
				if e.Sequence == 0 {
					done, err := s.Compact(t.Context(), host.Compaction{Judge: func(e event.Event) host.Verdict {
						if from <= e.Sequence && e.Sequence < to {
							return host.DropEvent
						}
						return host.KeepEvent
					}})
					require.NoError(t, err)
					require.EqualValues(t, to-from, done.Dropped)
				}
				if next == from {
					next = to
				}
				require.Equal(t, next, e.Sequence)
				next++
			}
			require.EqualValues(t, n, next)
			require.NoError(t, s.Close())
		})
	}
}
