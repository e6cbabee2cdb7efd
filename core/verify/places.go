package verify

import (
	"bytes"
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
)

// places holds the positions of events in log order, in two or three bytes each.
type places struct {
	segments []segmentPlaces
	n        int
	end      uint64 // of the last event
	buffer   []byte // the last segment's, which endSegment copies
}

// segmentPlaces holds the positions in one segment. A position is a varint: twice the
// length of the frame, plus one if a second varint follows, the gap before the frame.
type segmentPlaces struct {
	id    uint64
	first int // number of the first event
	b     []byte
}

func (p *places) add(at event.Position) {
	if k := len(p.segments); k == 0 || p.segments[k-1].id != at.Segment {
		p.endSegment()
		p.segments = append(p.segments, segmentPlaces{id: at.Segment, first: p.n})
		p.end = 0
	}
	if gap := at.Offset - p.end; gap > 0 {
		p.buffer = binary.AppendUvarint(p.buffer, uint64(at.Length)<<1|1)
		p.buffer = binary.AppendUvarint(p.buffer, gap)
	} else {
		p.buffer = binary.AppendUvarint(p.buffer, uint64(at.Length)<<1)
	}
	p.n, p.end = p.n+1, at.End()
}

// endSegment ends the last segment. Call it before reading places.
func (p *places) endSegment() {
	if k := len(p.segments); k > 0 && p.segments[k-1].b == nil {
		p.segments[k-1].b = bytes.Clone(p.buffer)
	}
	p.buffer = p.buffer[:0]
}

// placesReader iterates over places.
type placesReader struct {
	left []segmentPlaces
	b    []byte
	i    int            // number of the event
	at   event.Position // valid while more is true
	more bool
}

// all returns a reader of all places.
func (p *places) all() placesReader {
	p.endSegment()
	r := placesReader{left: p.segments, i: -1}
	r.next()
	return r
}

// of returns a reader of the places in one segment.
func (p *places) of(id uint64) placesReader {
	for k := range p.segments { // there are few segments
		if s := p.segments[k]; s.id == id {
			r := placesReader{left: p.segments[k : k+1], i: s.first - 1}
			r.next()
			return r
		}
	}
	return placesReader{}
}

// next advances to the next place.
func (r *placesReader) next() {
	if r.more = len(r.b) > 0 || len(r.left) > 0; !r.more {
		return
	}
	if len(r.b) == 0 {
		r.at = event.Position{Segment: r.left[0].id}
		r.b, r.left = r.left[0].b, r.left[1:]
	}
	number := func() uint64 {
		v, n := binary.Uvarint(r.b)
		r.b = r.b[n:]
		return v
	}
	end := r.at.End()
	v := number()
	if v&1 != 0 {
		end += number()
	}
	r.at.Offset, r.at.Length = end, uint32(v>>1)
	r.i++
}

// placeCollector collects the places of events from the log of a scan and lets the log
// forget the events.
type placeCollector struct {
	places
	log *replay.Log
	// each, if set, is called with every event.
	each func(r artifact.Raw)
}

// take collects the committed events of log.
func (g *placeCollector) take(log *replay.Log) {
	if g.log != log { // the scan started again
		*g = placeCollector{log: log, each: g.each}
	}
	d := log.Draft()
	for g.n < log.Committed() {
		r := d.At(g.n)
		if g.each != nil {
			g.each(r)
		}
		g.add(r.Position())
	}
	log.Forget()
}
