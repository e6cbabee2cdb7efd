package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// counted opens a store of scattered events, with two hidden ranges, whose index counts
// the bytes read of its records.
func counted(t *testing.T, n int) (*store.Snapshot, fileLike, []event.Event) {
	events := scattered(n, 20)
	f := newFileLike(indexOf(t, events))
	hidden := visibility.Ranges{}.Add(visibility.Range{Start: 100, End: 150}).Add(visibility.Range{Start: 7000, End: 7400})
	s, err := store.Open(made{index: f, hidden: visibility.AppendFile(nil, hidden)}, store.Options{})
	require.NoError(t, err)
	seen := slices.DeleteFunc(events, func(e event.Event) bool { return hidden.Hides(e.Sequence) })
	f.reads.Store(0)
	f.bytes.Store(0)
	return s, f, seen
}

// TestRecordReads: no record is read to count, to skip events before a page, or to
// intersect. The records returned are read, and those between neighbours.
func TestRecordReads(t *testing.T) {
	s, f, events := counted(t, 20_000)
	for bits := range 16 {
		for _, from := range []uint64{0, 120, 7100, 15_000} {
			one := events[9000]
			var r query.Region
			if bits&1 != 0 {
				r.Entity = one.Entity
			}
			if bits&2 != 0 {
				r.Scope = one.Scope
			}
			if bits&4 != 0 {
				r.Kinds = event.InCategory(one.Kind.Category())
				if from > 7000 {
					r.Kinds = event.Only(one.Kind)
				}
			}
			if bits&8 != 0 {
				r.EntityPrefix = one.Entity[:len(one.Entity)-1]
			}
			want := []event.Event{}
			for i := range events {
				if e := &events[i]; e.Sequence >= from && holds(&r, 0, ^uint32(0), e) {
					want = append(want, *e)
				}
			}
			n, err := s.Count(r, from)
			require.NoError(t, err)
			require.Equal(t, len(want), int(n))
			require.Zero(t, f.reads.Load(), "%+v", r)

			for _, limit := range []int{0, 1, 7, 20} {
				page := want
				if limit > 0 {
					page = want[:min(limit, len(want))]
				}
				require.True(t, slices.Equal(page, collect(t, s.Query(r, query.Page{From: from, Limit: limit}))))
				need := int64(0)
				for i, e := range page {
					need += artifact.RecordSize
					if i > 0 {
						if gap := int64(e.Sequence-page[i-1].Sequence-1) * artifact.RecordSize; gap < 4096 {
							need += gap
						}
					}
				}
				// A page is read whole the first time.
				need += int64(len(page)) * 2 * pages.Size
				require.LessOrEqual(t, f.bytes.Load(), need, "%+v from %d, limit %d", r, from, limit)
				require.LessOrEqual(t, f.reads.Load(), int64(len(page)))
				f.reads.Store(0)
				f.bytes.Store(0)
			}
		}
	}
}

// TestRecordReadsClocks: where clocks rise, a bound on them reads a few records.
func TestRecordReadsClocks(t *testing.T) {
	s, f, events := counted(t, 20_000)
	for _, e := range events[5000:5050] {
		n, err := s.Count(query.Region{Entity: e.Entity, Clocks: query.ClocksBetween(5, 14)}, 0)
		require.NoError(t, err)
		want := 0
		for i := range events {
			if x := &events[i]; x.Entity == e.Entity && 5 <= x.Clock && x.Clock <= 14 {
				want++
			}
		}
		require.Equal(t, want, int(n))
		require.LessOrEqual(t, f.reads.Load(), int64(10))
		f.reads.Store(0)
		n, err = s.Count(query.Region{Entity: e.Entity, Clocks: query.ClocksBetween(0, ^uint32(0))}, 0)
		require.NoError(t, err)
		require.Positive(t, n)
		require.Zero(t, f.reads.Load())
	}
}

// TestAllocs: an iteration allocates next to nothing per event, even when each event is
// another entity's.
func TestAllocs(t *testing.T) {
	const n = 20_000
	for _, per := range []int{1, 20, n} {
		index := indexOf(t, scattered(n, per))
		for _, src := range []source.Source{index, newFileLike(index)} {
			s, err := store.Open(made{index: src}, store.Options{})
			require.NoError(t, err)
			for _, r := range []query.Region{{}, {Kinds: event.InCategory(1)}, {EntityPrefix: "account:00"}} {
				events := 0
				allocs := testing.AllocsPerRun(3, func() {
					events = 0
					for _, err := range s.Query(r, query.Page{}) {
						require.NoError(t, err)
						events++
					}
				})
				require.Greater(t, events, n/5)
				require.Less(t, allocs/float64(events), 1.0/50, "%T, %d events of an entity, %+v", src, per, r)
			}
		}
	}
}

// failing is an index whose records cannot be read for a while.
type failing struct {
	fileLike
	first, end *atomic.Int64
}

var errFailing = errors.New("failing")

func (w failing) ReadAt(p []byte, off int64) (int, error) {
	if off < w.end.Load() && w.first.Load() < off+int64(len(p)) {
		return 0, errFailing
	}
	return w.fileLike.ReadAt(p, off)
}

// TestResume: a query that failed resumes where it ended, without repeating or skipping
// an event, and yields every event before the damage first.
func TestResume(t *testing.T) {
	events := scattered(20_000, 20)
	f := newFileLike(indexOf(t, events))
	w := failing{f, new(atomic.Int64), new(atomic.Int64)}
	calls := 0
	s, err := store.Open(made{index: w}, store.Options{Parallel: func(n int, f func(i int)) {
		calls++
		for i := range n {
			f(n - 1 - i)
		}
	}})
	require.NoError(t, err)
	for _, r := range []query.Region{{}, {Kinds: event.Only(0x2003)}, {Kinds: event.InCategory(1), Scope: "tenant:000017"}, {EntityPrefix: "account:0001"}} {
		for _, at := range []int{0, 1, 30, 5000, 12_345, 19_999} {
			for _, limit := range []int{0, 5, 3000} {
				t.Run(fmt.Sprintf("%+v/%d/%d", r, at, limit), func(t *testing.T) {
					want, front, apart := []event.Event{}, 0, 0
					for i := range events {
						if holds(&r, 0, ^uint32(0), &events[i]) && (limit == 0 || len(want) < limit) {
							want = append(want, events[i])
							if i < at {
								front++
							}
							if i+pages.Size/artifact.RecordSize+1 < at {
								apart++
							}
						}
					}
					w.first.Store(f.records + int64(at)*artifact.RecordSize)
					w.end.Store(f.records + int64(at)*artifact.RecordSize + 4096)
					page := query.Page{Limit: limit}
					got := []event.Event{}
					ask := func() (bool, error) {
						return s.QueryPart(0, r, &page, func(e event.Event, err error) bool {
							require.NoError(t, err)
							got = append(got, e)
							return true
						})
					}
					_, err := ask()
					if err != nil {
						require.ErrorIs(t, err, errFailing)
						// Events that share a page with the damage may be lost with it.
						require.LessOrEqual(t, len(got), front)
						require.GreaterOrEqual(t, len(got), apart)
						again := len(got)
						_, err = ask()
						require.ErrorIs(t, err, errFailing)
						require.Len(t, got, again)
					} else {
						require.Len(t, got, len(want))
					}
					w.end.Store(0)
					if err != nil {
						_, err = ask()
						require.NoError(t, err)
					}
					require.True(t, slices.Equal(want, got))
				})
			}
		}
	}
	require.Positive(t, calls)
}
