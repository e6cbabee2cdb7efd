package replay_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/strtab"
)

// maker writes segments frame by frame, as a store would.
type maker struct {
	id      uint64
	b       []byte
	frames  []frame
	names   *strtab.Builder
	entries []event.Record
}

type frame struct {
	from, to int
	id       event.ID
}

func newSegment(id uint64) *maker {
	m := &maker{id: id, names: new(strtab.Builder)}
	m.b = segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: id})
	return m
}

func id(n uint64) (i event.ID) {
	binary.BigEndian.PutUint64(i[8:], n)
	return i
}

func (m *maker) add(b segment.Body) *maker {
	from := len(m.b)
	m.b = segment.AppendFrame(m.b, &b)
	m.frames = append(m.frames, frame{from, len(m.b), b.ID})
	return m
}

// event adds event n at a time; its entry for the footer has sequence n.
func (m *maker) event(n uint64, at int64) *maker { return m.named(n, at, "e", "s") }

func (m *maker) named(n uint64, at int64, entity, scope string) *maker {
	from := len(m.b)
	b := segment.Body{
		ID: id(n + 1000), Correlation: id(n + 1000), TimestampUS: at, WallMS: uint64(at), Clock: uint32(n), Kind: event.Data,
		Chained: true, Payload: []byte{0xc0}, PayloadSize: 1, Entity: []byte(entity), Scope: []byte(scope),
	}
	m.add(b)
	f := b.Facts(event.Position{Offset: uint64(from), Length: uint32(len(m.b) - from)})
	f.Sequence = n
	e, _ := m.names.Intern([]byte(entity))
	sc, _ := m.names.Intern([]byte(scope))
	m.entries = append(m.entries, event.Record{Facts: f, Entity: e, Scope: sc})
	return m
}

func (m *maker) begin(batch, count uint64) *maker {
	return m.marker(event.SystemBatchBegin, batch, count)
}
func (m *maker) commit(batch uint64) *maker { return m.marker(event.SystemBatchCommit, batch, 0) }

func (m *maker) marker(kind event.Kind, batch, count uint64) *maker {
	return m.add(segment.Body{
		ID: id(batch), Correlation: id(batch), TimestampUS: 77, Kind: kind, PayloadSize: uint32(count),
		Entity: []byte(segment.MarkerEntity), Scope: []byte(segment.MarkerScope),
	})
}

// flip damages the last byte of frame n.
func (m *maker) flip(n int) *maker {
	m.b[m.frames[n].to-1] ^= 1
	return m
}

// seal adds the footer, with the entries that change returns.
func (m *maker) seal(change ...func([]event.Record) []event.Record) *maker {
	entries := append([]event.Record(nil), m.entries...)
	for _, f := range change {
		entries = f(entries)
	}
	at := len(m.b)
	m.b = m.names.AppendTable(m.b)
	for i := range entries {
		m.b = sidx.AppendEntry(m.b, &entries[i])
	}
	m.b = sidx.AppendTrailer(m.b, sidx.Trailer{TableOffset: uint64(at), Entries: uint32(len(entries))})
	return m
}

// scanned is the result of a scan.
type scanned struct {
	events map[uint64]uint64 // event number to sequence
	order  []uint64          // event numbers
	report replay.Report
	next   uint64
}

func scan(t *testing.T, floor uint64, segments ...*maker) scanned {
	var inputs []replay.Input
	for i, m := range segments {
		inputs = append(inputs, m.input(i == len(segments)-1, nil))
	}
	s := read(t, floor, inputs...)
	out := scanned{events: map[uint64]uint64{}, report: *s.Report(), next: s.Log().Next()}
	require.Equal(t, s.Log().Draft().Len(), s.Log().Committed(), "everything left in the draft is committed")
	for i := range s.Log().Committed() {
		r := s.Log().Draft().At(i)
		i := r.ID()
		n := binary.BigEndian.Uint64(i[8:]) - 1000
		out.events[n] = r.Sequence()
		out.order = append(out.order, n)
	}
	return out
}

var errStop = errors.New("stop")

// change overwrites the byte at a distance from the end.
func (m *maker) change(at int, b byte) *maker {
	m.b[len(m.b)+at] = b
	return m
}

// cut removes the last n bytes.
func (m *maker) cut(n int) *maker {
	m.b = m.b[:len(m.b)-n]
	return m
}
