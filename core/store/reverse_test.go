package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// TestReverseRepair: a query from the end meets damage, in files that were sound so far, and
// goes on with what stands in for them.
func TestReverseRepair(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	regions := []query.Region{
		{}, {EntityPrefix: "order:1"}, {Entity: "order:7"}, {Scope: "shop:3"}, {Kinds: event.AnyOf(0x1003, 0x2004, 0x3005, 0x1006)},
		{Scope: "shop:1", Kinds: event.InCategory(2)}, {Clocks: query.ClocksBetween(1, 3)},
	}
	for _, file := range []string{part, index.FileName, artifact.FileName} {
		for _, r := range regions {
			want := collect(t, whole.Query(r, query.Page{}))
			slices.Reverse(want)
			require.NotEmpty(t, want)
			for _, after := range []int{0, 1, len(want) / 3, len(want) / 2, len(want) - 1} {
				for _, again := range []bool{false, true} {
					w := newSwitched(files)
					if w.fresh[file] = rot; again {
						w.seen[file] = zeros
					}
					s, err := store.Open(w, store.Options{})
					require.NoError(t, err)
					w.on.Store(after == 0)
					got := []event.Event{}
					for e, err := range s.Query(r, query.Page{Reverse: true}) {
						require.NoError(t, err)
						got = append(got, e)
						w.on.Store(len(got) >= after)
					}
					require.True(t, slices.Equal(want, got), "%s %+v after %d", file, r, after)
				}
			}
		}
	}
}

// TestReverseBeforeDamage: records that cannot be read and have no stand-in end a reverse
// query after the events with higher sequences.
func TestReverseBeforeDamage(t *testing.T) {
	events := scattered(3000, 20)
	rapid.Check(t, func(t *rapid.T) {
		bad := rapid.IntRange(100, len(events)-1).Draw(t, "bad")
		f := newFileLike(indexOf(&testing.T{}, events))
		broken := brokenFile{fileLike: f, from: f.records + int64(bad)*artifact.RecordSize, on: new(bool)}
		s, err := store.Open(made{index: broken}, store.Options{})
		require.NoError(t, err)
		*broken.on = true
		r := query.Region{}
		if rapid.Bool().Draw(t, "by scope") {
			r.Scope = events[bad].Scope
		}
		n := 0
		var failed error
		for e, err := range s.Query(r, query.Page{Reverse: true}) {
			if failed = err; err == nil {
				n++
				require.Greater(t, e.Sequence, events[bad].Sequence)
			}
		}
		require.ErrorIs(t, failed, errBroken)
		// Pages are read whole, so the neighbours of the record cannot be read either.
		want, neighbours := 0, 0
		for i, e := range events[bad+1:] {
			if r.Scope == "" || e.Scope == r.Scope {
				want++
				if i < 2*pages.Size/artifact.RecordSize {
					neighbours++
				}
			}
		}
		require.LessOrEqual(t, n, want)
		require.GreaterOrEqual(t, n, want-neighbours)
	})
}

var errBroken = errors.New("broken")

// brokenFile is a file that cannot be read in a record.
type brokenFile struct {
	fileLike
	from int64
	on   *bool
}

func (f brokenFile) ReadAt(p []byte, off int64) (int, error) {
	if *f.on && off < f.from+artifact.RecordSize && f.from < off+int64(len(p)) {
		return 0, errBroken
	}
	return f.fileLike.ReadAt(p, off)
}

func TestPageNext(t *testing.T) {
	at := func(sequence uint64, clock uint32) event.Event {
		return event.Event{Facts: event.Facts{Sequence: sequence, Clock: clock}}
	}
	const top, high = ^uint64(0), ^uint32(0)
	for _, c := range []struct {
		page query.Page
		last uint64
		want query.Page
		ok   bool
	}{
		{query.Page{Limit: 3}, 7, query.Page{From: 8, Limit: 3}, true},
		{query.Page{To: 9}, 7, query.Page{From: 8, To: 9}, true},
		{query.Page{To: 8}, 7, query.Page{From: 8, To: 8}, false},
		{query.Page{}, top, query.Page{}, false},
		{query.Page{Reverse: true, To: 20}, 7, query.Page{Reverse: true, To: 7}, true},
		{query.Page{Reverse: true}, 0, query.Page{Reverse: true}, false},
		{query.Page{Reverse: true, From: 7}, 7, query.Page{Reverse: true, From: 7, To: 7}, false},
	} {
		got, ok := c.page.Next(at(c.last, 0))
		require.Equal(t, c.want, got)
		require.Equal(t, c.ok, ok)
	}
	for _, c := range []struct {
		page query.StreamPage
		last uint32
		want query.StreamPage
		ok   bool
	}{
		{query.StreamPage{Limit: 3}, 7, query.StreamPage{From: 8, Limit: 3}, true},
		{query.StreamPage{To: 8}, 7, query.StreamPage{From: 8, To: 8}, false},
		{query.StreamPage{}, high, query.StreamPage{}, false},
		{query.StreamPage{Reverse: true}, 0, query.StreamPage{Reverse: true}, false},
		{query.StreamPage{Reverse: true, From: 3}, 5, query.StreamPage{Reverse: true, From: 3, To: 5}, true},
	} {
		got, ok := c.page.Next(at(0, c.last))
		require.Equal(t, c.want, got)
		require.Equal(t, c.ok, ok)
	}
}

// TestReverseAllocations: the last events cost as many allocations as the first.
func TestReverseAllocations(t *testing.T) {
	s, err := store.Open(made{index: indexOf(t, scattered(20_000, 20))}, store.Options{})
	require.NoError(t, err)
	count := func(r query.Region, page query.Page) float64 {
		return testing.AllocsPerRun(100, func() {
			for _, err := range s.Query(r, page) {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	for _, r := range []query.Region{{}, {Entity: "account:000123"}, {Kinds: event.Only(0x2003)}, {Scope: "tenant:000123"}} {
		for _, limit := range []int{2, 20, 500} {
			require.LessOrEqual(t, count(r, query.Page{Limit: limit, Reverse: true}), count(r, query.Page{Limit: limit})+2, "%+v %d", r, limit)
		}
	}
}
