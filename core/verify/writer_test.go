package verify_test

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/strtab"
)

// writer writes sound stores, for tests that need other stores than the fixtures.
type writer struct {
	files  map[string][]byte
	id     uint64 // of the segment
	next   uint64 // sequence
	heads  map[string]segment.Body
	index  *artifact.Draft
	names  *strtab.Builder
	footer []event.Record
	flags  uint64 // of the next segment's header
}

func newWriter() *writer {
	w := &writer{files: map[string][]byte{}, heads: map[string]segment.Body{}, index: artifact.NewDraft()}
	w.segment()
	return w
}

func (w *writer) name() string { return segment.Name(w.id) }

// segment begins the next segment. The last one gets no footer.
func (w *writer) segment() {
	w.id++
	w.files[w.name()] = segment.AppendHeader(nil, segment.Header{SegmentID: w.id, CreatedNS: 1, Flags: w.flags})
	w.names, w.footer = new(strtab.Builder), nil
}

// seal appends the footer to the segment.
func (w *writer) seal() {
	b := w.files[w.name()]
	at := uint64(len(b))
	b = w.names.AppendTable(b)
	for i := range w.footer {
		b = sidx.AppendEntry(b, &w.footer[i])
	}
	w.files[w.name()] = sidx.AppendTrailer(b, sidx.Trailer{TableOffset: at, Entries: uint32(len(w.footer))})
}

// close seals the last segment and writes index.fbati.
func (w *writer) close() map[string][]byte {
	w.seal()
	w.writeIndex()
	return w.files
}

// writeIndex writes index.fbati.
func (w *writer) writeIndex() {
	end := uint64(len(w.files[w.name()]))
	w.files[artifact.FileName] = w.index.AppendFile(nil, artifact.Watermark{Segment: w.id, Offset: end}, w.next)
}

func (w *writer) frame(b *segment.Body) event.Position {
	at := len(w.files[w.name()])
	w.files[w.name()] = segment.AppendFrame(w.files[w.name()], b)
	return event.Position{Segment: w.id, Offset: uint64(at), Length: uint32(len(w.files[w.name()]) - at)}
}

// append writes the next event of an entity, after change if that is set.
func (w *writer) append(entity string, change func(b *segment.Body)) segment.Body {
	b := segment.Body{
		TimestampUS: 1_700_000_000_000_000 + int64(w.next), WallMS: 1_700_000_000_000 + w.next,
		Kind: event.Data, Chained: true, Entity: []byte(entity), Scope: []byte("scope"),
	}
	binary.BigEndian.PutUint64(b.ID[8:], w.next+1)
	b.Correlation = b.ID
	b.Payload = append([]byte{0xc4, 8}, b.ID[8:]...)
	if last, ok := w.heads[entity]; ok {
		b.Clock, b.PrevHash = last.Clock+1, last.EventHash
	}
	b.EventHash = hash(b.Payload)
	if change != nil {
		change(&b)
	}
	b.ContentHash, b.PayloadSize = b.EventHash, uint32(len(b.Payload))
	f := b.Facts(w.frame(&b))
	f.Sequence = w.next
	w.next++
	w.heads[entity] = b
	e, _ := w.names.Intern(b.Entity)
	s, _ := w.names.Intern(b.Scope)
	w.footer = append(w.footer, event.Record{Facts: f, Entity: e, Scope: s})
	_ = w.index.Append(&f, b.Entity, b.Scope)
	return b
}

// marker writes a BEGIN of n events, or a COMMIT if n is 0.
func (w *writer) marker(batch byte, n uint32) {
	b := segment.Body{
		ID: event.ID{15: batch}, Correlation: event.ID{15: batch}, PayloadSize: n, Kind: event.SystemBatchBegin,
		TimestampUS: 1 << 60, // after the items'
		Entity:      []byte(segment.MarkerEntity), Scope: []byte(segment.MarkerScope),
	}
	if n == 0 {
		b.Kind = event.SystemBatchCommit
	}
	w.frame(&b)
}
