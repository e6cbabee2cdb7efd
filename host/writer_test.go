package host_test

import (
	"encoding/binary"
	"fmt"

	"github.com/stretchr/testify/require"
	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/strtab"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction"
)

// writer writes a store as batpak does, one system call at a time and as slowly as a test wants: an
// append adds bytes to a queue, which is flushed in steps.
type writer struct {
	t place
	r require.TestingT

	events  []event.Event // everything that was appended, in order
	next    uint64        // sequence
	ids     uint64
	clock   map[string]uint32
	prev    map[string]event.Hash
	names   *strtab.Builder // of the newest segment's footer
	entries []event.Record

	id     uint64 // the newest segment, 0 for none
	file   fsabstraction.WriteFile
	size   int64  // what is on disk of it
	queue  []byte // what is not
	due    []due  // what becomes true as the queue shrinks
	landed int    // how many of events are committed on disk
	sealed []sealed
}

// due is the number of events that are committed once the newest segment has a number of bytes.
type due struct {
	size   int64
	events int
}

// sealed is a segment that is no longer written.
type sealed struct {
	id   uint64
	size int64
}

func newWriter(t require.TestingT, p place) *writer {
	return &writer{t: p, r: t, clock: map[string]uint32{}, prev: map[string]event.Hash{}}
}

// segment begins the next segment. What was queued for the old one is lost.
func (w *writer) segment() {
	w.close()
	w.id++
	var err error
	w.file, err = w.t.fs.Create(w.t.path(segment.Name(w.id)))
	require.NoError(w.r, err)
	w.names, w.entries = new(strtab.Builder), nil
	w.queue = segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: w.id})
	w.flush(len(w.queue))
}

func (w *writer) close() {
	if w.file == nil {
		return
	}
	require.NoError(w.r, w.file.Close())
	w.sealed = append(w.sealed, sealed{w.id, w.size})
	w.file, w.size, w.queue, w.due = nil, 0, nil, nil
	w.events = w.events[:w.landed]
}

// end is the size of the newest segment once the queue is written.
func (w *writer) end() int64 { return w.size + int64(len(w.queue)) }

func nthID(n uint64) (id event.ID) {
	id[0] = 1
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

// frame queues an event's frame. Its sequence counts when it is committed.
func (w *writer) frame(entity string, payload []byte, micros int64, cause event.ID) {
	w.ids++
	b := segment.Body{
		ID: nthID(w.ids), Correlation: nthID(w.ids), Causation: cause, Caused: !cause.IsZero(),
		TimestampUS: micros, WallMS: uint64(micros / 1000), Clock: w.clock[entity], Kind: event.Data + event.Kind(w.ids%3),
		PayloadSize: uint32(len(payload)), Payload: payload, Chained: true, PrevHash: w.prev[entity],
		EventHash: blake3.Sum256(payload), Entity: []byte(entity), Scope: []byte("scope"),
	}
	b.ContentHash = b.EventHash
	if b.Caused {
		b.Correlation = cause
	}
	at := event.Position{Segment: w.id, Offset: uint64(w.end())}
	w.queue = segment.AppendFrame(w.queue, &b)
	at.Length = uint32(uint64(w.end()) - at.Offset)
	e := event.Event{Facts: b.Facts(at), Coordinate: event.At(entity, "scope")}
	e.Sequence = w.next
	w.next++
	w.clock[entity]++
	w.prev[entity] = b.EventHash
	w.events = append(w.events, e)
	r := event.Record{Facts: e.Facts}
	r.Entity, _ = w.names.Intern(b.Entity)
	r.Scope, _ = w.names.Intern(b.Scope)
	w.entries = append(w.entries, r)
}

func (w *writer) commit() { w.due = append(w.due, due{w.end(), len(w.events)}) }

// payload is a MessagePack number that only event n has.
func payloadOf(n uint64) []byte { return binary.BigEndian.AppendUint64([]byte{0xcf}, n) }

// append queues one event; every third was caused by the one before.
func (w *writer) append(entity string) {
	var cause event.ID
	if w.ids%3 == 2 {
		cause = nthID(w.ids)
	}
	w.frame(entity, payloadOf(w.ids+1), int64(w.ids+1)*1000, cause)
	w.commit()
}

// batch queues n events as one.
func (w *writer) batch(n int) {
	micros := int64(w.ids+1) * 1000
	id := nthID(1<<40 + w.ids)
	marker := func(kind event.Kind, count int) {
		w.queue = segment.AppendFrame(w.queue, &segment.Body{
			ID: id, Correlation: id, TimestampUS: micros, WallMS: uint64(micros / 1000), Kind: kind, PayloadSize: uint32(count),
			Entity: []byte(segment.MarkerEntity), Scope: []byte(segment.MarkerScope),
		})
	}
	marker(event.SystemBatchBegin, n)
	for i := range n {
		w.frame(fmt.Sprintf("batch%d", i%2), payloadOf(w.ids+1), micros, event.ID{})
	}
	marker(event.SystemBatchCommit, 0)
	w.commit()
}

// flush writes up to n bytes of the queue.
func (w *writer) flush(n int) {
	n = min(n, len(w.queue))
	_, err := w.file.WriteAt(w.queue[:n], w.size)
	require.NoError(w.r, err)
	w.size += int64(n)
	w.queue = w.queue[n:]
	for len(w.due) > 0 && w.due[0].size <= w.size {
		w.landed, w.due = w.due[0].events, w.due[1:]
	}
}

func (w *writer) flushAll() { w.flush(len(w.queue)) }

// seal queues the footer.
func (w *writer) seal() {
	at := w.end()
	w.queue = w.names.AppendTable(w.queue)
	for i := range w.entries {
		w.queue = sidx.AppendEntry(w.queue, &w.entries[i])
	}
	w.queue = sidx.AppendTrailer(w.queue, sidx.Trailer{TableOffset: uint64(at), Entries: uint32(len(w.entries))})
}

// index is the index.fbati of what is on disk.
func (w *writer) index() []byte {
	d := artifact.NewDraft()
	for i := range w.events[:w.landed] {
		e := &w.events[i]
		require.NoError(w.r, d.Append(&e.Facts, []byte(e.Entity), []byte(e.Scope)))
	}
	return d.AppendFile(nil, artifact.Watermark{Segment: w.id, Offset: uint64(w.size)}, w.next)
}

func (w *writer) putIndex() { w.t.put(w.r, map[string][]byte{indexName: w.index()}) }

// hide writes visibility_ranges.fbv.
func (w *writer) hide(ranges ...visibility.Range) {
	var rs visibility.Ranges
	for _, r := range ranges {
		rs = rs.Add(r)
	}
	w.t.put(w.r, map[string][]byte{hiddenName: visibility.AppendFile(nil, rs)})
}

// fill appends n events in segments of per events each, flushed, and seals all
// but the last segment.
func (w *writer) fill(n, per int) {
	for i := range n {
		if i%per == 0 {
			if w.id > 0 {
				w.seal()
				w.flushAll()
			}
			w.segment()
		}
		w.append(fmt.Sprintf("entity%d", i%7))
		w.flushAll()
	}
}
