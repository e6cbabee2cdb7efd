package verify

import (
	"bytes"
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
)

// places are where events lie, by segment and in order: two or three bytes for each.
type places struct {
	segments []segmentPlaces
	n        int
	end      uint64 // of the last event
	room     []byte // the last segment's, of which done makes a copy
}

// segmentPlaces are those of one segment. Each is the length of the frame, and where
// it does not begin at the end of the one before the distance, as a varint.
type segmentPlaces struct {
	id    uint64
	first int // number of the first event
	b     []byte
}

func (p *places) add(at event.Position) {
	if k := len(p.segments); k == 0 || p.segments[k-1].id != at.Segment {
		p.done()
		p.segments = append(p.segments, segmentPlaces{id: at.Segment, first: p.n})
		p.end = 0
	}
	if gap := at.Offset - p.end; gap > 0 {
		p.room = binary.AppendUvarint(p.room, uint64(at.Length)<<1|1)
		p.room = binary.AppendUvarint(p.room, gap)
	} else {
		p.room = binary.AppendUvarint(p.room, uint64(at.Length)<<1)
	}
	p.n, p.end = p.n+1, at.End()
}

// done ends the last segment. It is called before places are read.
func (p *places) done() {
	if k := len(p.segments); k > 0 && p.segments[k-1].b == nil {
		p.segments[k-1].b = bytes.Clone(p.room)
	}
	p.room = p.room[:0]
}

// placesReader reads places from some segment on.
type placesReader struct {
	left []segmentPlaces
	b    []byte
	i    int            // number of the event at position
	at   event.Position // valid while more is true
	more bool
}

// all reads every place.
func (p *places) all() placesReader {
	p.done()
	r := placesReader{left: p.segments, i: -1}
	r.next()
	return r
}

// of reads the places in one segment.
func (p *places) of(id uint64) placesReader {
	for k := range p.segments { // few, and they are asked for in order
		if s := p.segments[k]; s.id == id {
			r := placesReader{left: p.segments[k : k+1], i: s.first - 1}
			r.next()
			return r
		}
	}
	return placesReader{}
}

// next goes on to the next place.
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

// gathered takes the places of events out of the log of a scan, which then forgets
// them.
type gathered struct {
	places
	log *replay.Log
	// each, when set, is given every event.
	each func(r artifact.Raw)
}

func (g *gathered) take(log *replay.Log) {
	if g.log != log { // a scan that begins again
		*g = gathered{log: log, each: g.each}
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
