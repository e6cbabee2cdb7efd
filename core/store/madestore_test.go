package store_test

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/visibility"
)

const (
	madeFrame   = 100     // length of every frame of a made store, which has none
	madeSegment = 1 << 40 // size of its one segment
)

// made is a store that consists of an index.fbati over events whose frames do not
// exist, so that it can be large.
type made struct {
	index  source.Source
	hidden []byte // visibility_ranges.fbv, nil for none
}

func (m made) List() ([]directory.Name, error) { return []directory.Name{{Name: segment.Name(1)}}, nil }

func (m made) Look(name string) (directory.Entry, error) {
	switch name {
	case artifact.FileName:
		return directory.Entry{Name: name, Size: m.index.Size(), Regular: true}, nil
	case segment.Name(1):
		return directory.Entry{Name: name, Size: madeSegment, Regular: true}, nil
	case visibility.FileName:
		if m.hidden != nil {
			return directory.Entry{Name: name, Size: int64(len(m.hidden)), Regular: true}, nil
		}
	}
	return directory.Entry{}, source.ErrGone
}

func (m made) Open(name string) (source.Source, error) {
	switch name {
	case artifact.FileName:
		return m.index, nil
	case visibility.FileName:
		return source.Bytes(m.hidden), nil
	}
	return nil, source.ErrGone
}

// draftOf returns events as records, whose frames follow one another.
func draftOf(t testing.TB, events []event.Event) *artifact.Draft {
	d := artifact.NewDraft()
	for i := range events {
		e := &events[i]
		require.NoError(t, d.Append(&e.Facts, []byte(e.Entity), []byte(e.Scope)))
	}
	return d
}

// indexOf returns the index.fbati of events.
func indexOf(t testing.TB, events []event.Event) source.Bytes {
	return draftOf(t, events).AppendFile(nil, artifact.Watermark{Segment: 1, Offset: madeSegment}, artifact.MaxAllocator-1)
}

// framed sets the fields that only an event's place in its store determines.
func framed(e event.Event, i int) event.Event {
	e.Position = event.Position{Segment: 1, Offset: 57 + madeFrame*uint64(i), Length: madeFrame}
	e.ID = event.ID{1, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i), 0x70, 7: 3, 8: 0x80}
	e.Correlation = e.ID
	return e
}

// fileLike is a source that is not memory, and counts the bytes read from an offset on.
type fileLike struct {
	source.Bytes
	records      int64 // where they begin
	from         int64
	reads, bytes *atomic.Int64
}

func newFileLike(b source.Bytes) fileLike {
	h, err := artifact.ReadHeader(b)
	if err != nil {
		panic(err)
	}
	// A page is read whole, and the names end in the one where the records begin.
	from := (int64(h.RecordsAt()) + pages.Size - 1) / pages.Size * pages.Size
	return fileLike{b, int64(h.RecordsAt()), from, new(atomic.Int64), new(atomic.Int64)}
}

// Slice hides that of Bytes, by another signature.
func (f fileLike) Slice() {}

func (f fileLike) ReadAt(p []byte, off int64) (int, error) {
	if end := off + int64(len(p)); end > f.from {
		f.reads.Add(1)
		f.bytes.Add(end - max(off, f.from))
	}
	return f.Bytes.ReadAt(p, off)
}

// scattered returns n events: per for each entity, of 36 kinds in 3 categories and 200
// scopes, in no order.
func scattered(n, per int) []event.Event {
	rng := rand.New(rand.NewPCG(1, 2))
	events := make([]event.Event, n)
	entities := max(n/per, 1)
	of := make([]int, n)
	for i := range of {
		of[i] = i % entities
	}
	rng.Shuffle(n, func(i, k int) { of[i], of[k] = of[k], of[i] })
	clocks := make([]uint32, entities)
	names := make([]string, entities)
	for i := range names {
		names[i] = "account:" + string([]byte{'0' + byte(i/100000%10), '0' + byte(i/10000%10), '0' + byte(i/1000%10), '0' + byte(i/100%10), '0' + byte(i/10%10), '0' + byte(i%10)})
	}
	for i := range events {
		entity, kind := of[i], rng.IntN(36)
		e := framed(event.Event{}, i)
		e.Entity, e.Scope = names[entity], "tenant:"+names[rng.IntN(min(200, entities))][8:]
		e.Sequence, e.Clock = uint64(i), clocks[entity]
		e.Kind = event.Kind(1+kind/12)<<12 | event.Kind(kind%12)
		clocks[entity]++
		events[i] = e
	}
	return events
}
