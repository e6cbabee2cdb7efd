package host_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/host"
)

// isMapped reports whether the process maps a file.
func isMapped(t testing.TB, path string) bool {
	maps, err := os.ReadFile("/proc/self/maps")
	require.NoError(t, err)
	return strings.Contains(string(maps), path+"\n")
}

// warm reads until both a segment and the artifact are mapped.
func warm(t testing.TB, p place, r *host.DirReader, id event.ID) {
	for range 100 {
		_, err := r.Get(t.Context(), id)
		require.NoError(t, err)
	}
	require.True(t, isMapped(t, p.path(indexName)), "index.fbati is not mapped")
}

// requireTyped accepts the errors that a cut file may cause.
func requireTyped(t testing.TB, err error) {
	var d *damage.Damage
	var refusal *damage.Refusal
	if !errors.As(err, &d) && !errors.As(err, &refusal) && !errors.Is(err, source.ErrShort) {
		require.NoError(t, err, "not the error of a damaged file")
	}
}

// askAll asks everything about a store whose files were cut: each answer is an
// error or right.
func askAll(t testing.TB, q *host.DirReader, want []event.Event, byID map[event.ID]event.Event) {
	ctx := t.Context()
	i := 0
	for e, err := range q.Query(ctx, host.Region{}, host.Page{}) {
		if err != nil {
			requireTyped(t, err)
			break
		}
		require.Equal(t, want[i], e)
		i++
	}
	for _, region := range []host.Region{{Entity: "entity3"}, {EntityPrefix: "entity"}, {Scope: "scope"}, {Kinds: event.Only(event.Data)}} {
		var right []event.Event
		for _, e := range want {
			if (region.Entity == "" || e.Entity == region.Entity) && region.Kinds.Has(e.Kind) {
				right = append(right, e)
			}
		}
		var got []event.Event
		var failed error
		for e, err := range q.Query(ctx, region, host.Page{}) {
			if failed = err; err == nil {
				got = append(got, e)
			}
		}
		if failed != nil {
			requireTyped(t, failed)
			right = right[:len(got)]
		}
		require.True(t, slices.Equal(right, got))
		n, err := q.Count(ctx, region, 0)
		if err != nil {
			requireTyped(t, err)
		} else if failed == nil {
			require.Equal(t, uint64(len(right)), n)
		}
	}
	for e, err := range q.Stream(ctx, "entity5", host.StreamPage{}) {
		if err != nil {
			requireTyped(t, err)
			break
		}
		require.Equal(t, byID[e.ID], e)
	}
	for _, w := range []event.Event{want[2], want[len(want)/2], want[len(want)-1]} {
		full, err := q.Get(ctx, w.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			require.Fail(t, "an event that was there is not found")
		case err != nil:
			requireTyped(t, err)
		default:
			require.Equal(t, w, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
		}
		for _, ask := range []func(event.ID) func(func(event.Event, error) bool){
			func(id event.ID) func(func(event.Event, error) bool) { return q.Effects(ctx, id, 0) },
			func(id event.ID) func(func(event.Event, error) bool) { return q.Ancestors(ctx, id, 0) },
			func(id event.ID) func(func(event.Event, error) bool) { return q.Correlated(ctx, id) },
		} {
			for e, err := range ask(w.ID) {
				if err != nil {
					requireTyped(t, err)
					break
				}
				require.Equal(t, byID[e.ID], e)
			}
		}
	}
}

func bigStore(t testing.TB, n, per int) (place, *writer) {
	p := onDisk(t)
	w := newWriter(t, p)
	w.fill(n, per)
	w.putIndex()
	w.close()
	return p, w
}

func byID(events []event.Event) map[event.ID]event.Event {
	m := map[event.ID]event.Event{}
	for _, e := range events {
		m[e.ID] = e
	}
	return m
}

// TestCutIndexWhileMapped cuts index.fbati while it is mapped, within
// records, at the borders of pages, among the names and in the header. The
// rest of the last page reads as zeros without a fault, so what must not happen
// besides a crash is an event made of zeros.
func TestCutIndexWhileMapped(t *testing.T) {
	p, w := bigStore(t, 300, 60)
	want := w.events
	known := byID(want)
	index, err := os.ReadFile(p.path(indexName))
	require.NoError(t, err)
	require.Greater(t, len(index), 3*os.Getpagesize())

	other, _ := bigStore(t, 300, 60)
	bystander := other.open(t, host.ReaderOptions{})
	warm(t, other, bystander, want[0].ID)

	at := records(index)
	cuts := []int{0, 1, 55, 56, at - 1, at, at + 1, len(index) - 1}
	for page := os.Getpagesize(); page < len(index); page += os.Getpagesize() {
		cuts = append(cuts, page-1, page, page+1)
	}
	for i := range recordSize {
		if i%9 == 0 {
			cuts = append(cuts, at+100*recordSize+i)
		}
		if i > 110 { // behind the length, what is left is believed most easily
			cuts = append(cuts, at+298*recordSize+i)
		}
	}
	for _, cut := range cuts {
		r := p.open(t, host.ReaderOptions{})
		require.Equal(t, store.FromIndex, r.Report().OpenedFrom)
		warm(t, p, r, want[2].ID)
		p.truncate(t, indexName, int64(cut))
		askAll(t, r, want, known)
		require.NoError(t, r.Close())
		p.put(t, map[string][]byte{indexName: index})
	}
	require.Equal(t, want, all(t, bystander))
}

// TestCutSegmentWhileMapped does the same to a segment: its frames have
// checksums, so that zeros are noticed.
func TestCutSegmentWhileMapped(t *testing.T) {
	p, w := bigStore(t, 120, 60)
	want := w.events
	const name = "000001.fbat"
	whole, err := os.ReadFile(p.path(name))
	require.NoError(t, err)
	cuts := []int{0, 1, 57, len(whole) - 1}
	for page := os.Getpagesize(); page < len(whole); page += os.Getpagesize() {
		cuts = append(cuts, page-1, page, page+100)
	}
	for _, cut := range cuts {
		r := p.open(t, host.ReaderOptions{})
		warm(t, p, r, want[0].ID)
		require.True(t, isMapped(t, p.path(name)), "the segment is not mapped")
		p.truncate(t, name, int64(cut))
		require.Equal(t, want, all(t, r)) // the index still knows
		for _, e := range want {
			full, err := r.Get(t.Context(), e.ID)
			if e.Position.Segment == 1 && e.Position.End() > uint64(cut) {
				var lost *damage.Damage
				require.ErrorAs(t, err, &lost, "cut at %d, event at %d", cut, e.Position.Offset)
				require.Equal(t, name, lost.File)
				require.Equal(t, e.ID, lost.Events[0].ID)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
		}
		// A refresh does not look at a segment in front of the one in which the index
		// ends; a verification does.
		changed, err := r.Refresh(t.Context())
		require.NoError(t, err)
		require.False(t, changed)
		found, err := host.Verify(t.Context(), p.dir, host.ReaderOptions{FS: p.fs}, nil)
		require.NoError(t, err)
		require.False(t, found.Sound())
		require.NoError(t, r.Close())
		p.put(t, map[string][]byte{name: whole})
	}
}

// TestCutUnderReaders cuts files under goroutines that read them. Readers of
// another store in the same process notice nothing.
func TestCutUnderReaders(t *testing.T) {
	other, ow := bigStore(t, 120, 40)
	bystander := other.open(t, host.ReaderOptions{})
	for round := range 6 {
		p, w := bigStore(t, 240, 40)
		known := byID(w.events)
		r := p.open(t, host.ReaderOptions{OpenSegments: 1 + round%3})
		warm(t, p, r, w.events[0].ID)
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for g := range 4 {
			wg.Go(func() {
				for i := g; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					for e, err := range r.Query(t.Context(), host.Region{Entity: fmt.Sprintf("entity%d", i%7)}, host.Page{}) {
						if err == nil && !assert.Equal(t, known[e.ID], e) {
							return
						}
					}
					e := w.events[i*13%len(w.events)]
					if full, err := r.Get(t.Context(), e.ID); err == nil && !assert.Equal(t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate}) {
						return
					}
					b := ow.events[i*7%len(ow.events)]
					full, err := bystander.Get(t.Context(), b.ID)
					if !assert.NoError(t, err) || !assert.Equal(t, b, event.Event{Facts: full.Facts, Coordinate: full.Coordinate}) {
						return
					}
				}
			})
		}
		for i := range int64(20) {
			p.truncate(t, indexName, 38000-1000*i-i)
			p.truncate(t, fmt.Sprintf("%06d.fbat", 1+i%6), 9000-400*i)
		}
		close(stop)
		wg.Wait()
		require.NoError(t, r.Close())
	}
}
