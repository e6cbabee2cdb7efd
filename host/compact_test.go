package host_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// fillSessions appends events in short sessions, each of which leaves a segment. Event n is
// n/per of session n%per, of entity n%5 and with the payload {"n":n}.
func fillSessions(t testing.TB, fsys fsabstraction.FS, sessions, per int) {
	t.Helper()
	n := 0
	for range sessions {
		s, err := host.Open(t.Context(), "store", compactOptions(fsys))
		require.NoError(t, err)
		for range per {
			appendN(t, s, n)
			n++
		}
		require.NoError(t, s.Close())
		require.NoError(t, s.CloseReport().IndexError)
	}
}

func compactOptions(fsys fsabstraction.FS) host.Options {
	return host.Options{FS: fsys, Logger: slog.New(slog.DiscardHandler)}
}

func appendN(t testing.TB, s *host.Store, n int) {
	t.Helper()
	_, err := s.Append(t.Context(), event.At("entity"+strconv.Itoa(n%5), "scope"), event.Data+event.Kind(n%3), map[string]int{"n": n})
	require.NoError(t, err)
}

// segmentsOf counts the segments of a directory.
func segmentsOf(t testing.TB, fsys fsabstraction.ReadFS) (n int) {
	t.Helper()
	names, err := fsys.ReadDir("store")
	require.NoError(t, err)
	for _, e := range names {
		if _, ok := segment.ParseName(e.Name); ok {
			n++
		}
	}
	return n
}

// withoutPosition returns events, which a compaction moves, without their positions.
func withoutPosition(events []event.Full) []event.Full {
	out := make([]event.Full, len(events))
	for i, e := range events {
		e.Position = event.Position{}
		out[i] = e
	}
	return out
}

// payloadsOf reads every event of a reader with ReadEach.
func payloadsOf(t testing.TB, r host.Reader) (out []event.Full) {
	t.Helper()
	for e, err := range r.ReadEach(t.Context(), r.Query(t.Context(), host.Region{}, host.Page{})) {
		require.NoError(t, err)
		e.Payload = append([]byte(nil), e.Payload...)
		out = append(out, e)
	}
	return out
}

// requireSound verifies the store.
func requireSound(t testing.TB, fsys fsabstraction.ReadFS) {
	t.Helper()
	found, err := host.Verify(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: slog.New(slog.DiscardHandler)}, nil)
	require.NoError(t, err)
	require.Empty(t, found.Damages)
}

// judges are the three kinds of compaction.
var judges = map[string]func(e event.Event) host.Verdict{
	"merge": nil,
	"drop": func(e event.Event) host.Verdict {
		if e.Sequence%3 == 1 {
			return host.DropEvent
		}
		return host.KeepEvent
	},
	"tombstone": func(e event.Event) host.Verdict {
		if e.Sequence%3 == 1 {
			return host.TombstoneEvent
		}
		return host.KeepEvent
	},
	"redact": func(e event.Event) host.Verdict {
		if e.Entity == "entity2" {
			return host.RedactEvent
		}
		return host.KeepEvent
	},
}

// TestCompact: after a compaction the events that stay are as they were, in the store, after
// another open, and for a reader; the removed ones are gone; snapshots and readers of before
// go on.
func TestCompact(t *testing.T) {
	for name, judge := range judges {
		t.Run(name, func(t *testing.T) {
			fsys := memfs.New()
			fillSessions(t, fsys, 12, 7)
			r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: slog.New(slog.DiscardHandler), OpenSegments: 1})
			require.NoError(t, err)
			defer r.Close()
			s, err := host.Open(t.Context(), "store", compactOptions(fsys))
			require.NoError(t, err)
			for n := 84; n < 90; n++ { // these are sealed by the compaction
				appendN(t, s, n)
			}
			before := payloadsOf(t, s)
			old, err := s.Snapshot()
			require.NoError(t, err)
			defer old.Close()

			dry, err := s.Compact(t.Context(), host.Compaction{Judge: judge, DryRun: true})
			require.NoError(t, err)
			require.Equal(t, 13, segmentsOf(t, fsys))
			var steps []uint64
			c, err := s.Compact(t.Context(), host.Compaction{Judge: judge, Progress: func(done, total uint64) {
				require.LessOrEqual(t, done, total)
				steps = append(steps, done)
			}})
			require.NoError(t, err)
			require.NotEmpty(t, steps)
			require.Equal(t, 13, c.Replaced)
			require.Equal(t, 1, c.Segments)
			require.Equal(t, uint64(1), c.Generation)
			require.Positive(t, c.Reclaimed())
			require.Equal(t, 1, segmentsOf(t, fsys))
			require.LessOrEqual(t, dry.Dropped, c.Dropped)
			require.Equal(t, uint64(90), c.Events+c.Dropped+c.Tombstoned+c.Redacted)

			check := func(where string, r host.Reader) {
				for _, b := range before {
					verdict := host.KeepEvent
					if judge != nil {
						verdict = judge(b.Event)
					}
					e, err := r.At(t.Context(), b.Sequence)
					if verdict == host.DropEvent {
						require.ErrorIs(t, err, host.ErrNotFound, where)
						continue
					}
					require.NoError(t, err, where)
					full, err := r.Read(t.Context(), e)
					switch verdict {
					case host.KeepEvent:
						require.NoError(t, err, where)
						require.Equal(t, withoutPosition([]event.Full{b}), withoutPosition([]event.Full{full}), where)
					case host.TombstoneEvent:
						require.NoError(t, err, where)
						require.Equal(t, event.Tombstone, full.Kind)
						require.Empty(t, full.Payload)
					case host.RedactEvent:
						require.ErrorIs(t, err, host.ErrRedacted, where)
					}
				}
			}
			requireSound(t, fsys) // the sync mark names no segment that is gone
			check("the store", s)
			appendN(t, s, 90)
			e, err := s.At(t.Context(), 90)
			require.NoError(t, err)
			require.Equal(t, uint64(90), e.Sequence)

			for where, q := range map[string]host.Reader{"a snapshot": old, "a reader": r} {
				for _, b := range before {
					if where == "a reader" && b.Sequence >= 84 {
						break
					}
					e, err := q.At(t.Context(), b.Sequence)
					require.NoError(t, err, where)
					full, err := q.Read(t.Context(), e)
					verdict := host.KeepEvent
					if judge != nil {
						verdict = judge(b.Event)
					}
					switch verdict {
					case host.KeepEvent:
						require.NoError(t, err, where)
						require.Equal(t, b, full, "%s", where)
					case host.RedactEvent:
						if err != nil { // the old file may be open still
							require.ErrorIs(t, err, host.ErrRedacted, where)
						}
					default:
						if err != nil {
							require.ErrorIs(t, err, host.ErrRemoved, where)
							var removed *host.RemovedError
							require.ErrorAs(t, err, &removed)
							require.Equal(t, b.ID, removed.ID)
							require.Equal(t, uint64(1), removed.Generation)
						}
					}
				}
			}
			if judge == nil {
				require.Equal(t, before, payloadsOf(t, old))
				require.Equal(t, before[:84], payloadsOf(t, r))
			}
			require.NoError(t, s.Close())
			requireSound(t, fsys)
			changed, err := r.Refresh(t.Context())
			require.NoError(t, err)
			require.True(t, changed)
			check("the refreshed reader", r)
			s, err = host.Open(t.Context(), "store", compactOptions(fsys))
			require.NoError(t, err)
			check("the store opened again", s)
			require.NoError(t, s.Close())
		})
	}
}

// TestCompactCancelled: a compaction that is stopped, at any moment, leaves the store and its
// directory as they were.
func TestCompactCancelled(t *testing.T) {
	fsys := memfs.New()
	fillSessions(t, fsys, 5, 3)
	s, err := host.Open(t.Context(), "store", compactOptions(fsys))
	require.NoError(t, err)
	defer s.Close()
	before := payloadsOf(t, s)
	files, err := fsys.ReadDir("store")
	require.NoError(t, err)
	for n := range 4 {
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		calls := 0
		_, err = s.Compact(ctx, host.Compaction{Judge: func(event.Event) host.Verdict {
			if calls++; calls > 4*n {
				cancel(why)
			}
			return host.DropEvent
		}})
		cancel(nil)
		require.ErrorIs(t, err, why, fmt.Sprint(n))
		now, err := fsys.ReadDir("store")
		require.NoError(t, err)
		require.Equal(t, files, now)
		require.Equal(t, before, payloadsOf(t, s))
	}
	_, err = s.Compact(t.Context(), host.Compaction{Judge: func(event.Event) host.Verdict { return 99 }})
	require.Error(t, err)
	require.Panics(t, func() {
		_, _ = s.Compact(t.Context(), host.Compaction{Judge: func(event.Event) host.Verdict { panic("judge") }})
	})
	require.PanicsWithValue(t, "progress", func() {
		_, _ = s.Compact(t.Context(), host.Compaction{Progress: func(uint64, uint64) { panic("progress") }})
	})
	r, err := s.Compact(t.Context(), host.Compaction{})
	require.NoError(t, err)
	require.Equal(t, 5, r.Replaced)
	r, err = s.Compact(t.Context(), host.Compaction{})
	require.NoError(t, err)
	require.Zero(t, r.Replaced, "there is nothing more to do")
	require.Equal(t, uint64(1), r.Generation)
}
