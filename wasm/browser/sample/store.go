package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/kindnames"
	"github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/internal/blake3"
)

const (
	segments = 5   // of which the last is not indexed
	seed     = 314 // of the index's hash tables
)

// step is one append: one event, or a batch at one time.
type step struct {
	at     time.Time
	events []happening
}

// happening is an event before it is appended.
type happening struct {
	event.Coordinate
	kind    event.Kind
	id      event.ID
	cause   event.ID
	talk    event.ID // the correlation
	meta    event.Meta
	payload any // as JSON
}

// makeStore returns the files of the store.
func makeStore() (map[string][]byte, error) {
	steps := tell()
	m := &maker{files: directory.Memory{}, log: commit.NewLog(commit.NoHistory{}, 0)}
	for i := range segments {
		part := steps[i*len(steps)/segments : (i+1)*len(steps)/segments]
		if err := m.segment(uint64(i+1), part); err != nil {
			return nil, err
		}
		if i == segments-2 {
			if err := m.index(uint64(i + 1)); err != nil {
				return nil, err
			}
		}
	}
	names, err := kindnames.Append(nil, kindNames)
	m.files[kindnames.FileName] = names
	if err == nil {
		err = m.damage()
	}
	return m.files, err
}

type maker struct {
	files directory.Memory
	log   *commit.Log
}

// segment writes a sealed segment.
func (m *maker) segment(id uint64, steps []step) error {
	b := segment.AppendHeader(nil, segment.Header{CreatedNS: steps[0].at.UnixNano(), SegmentID: id})
	m.log.Start(id, uint64(len(b)))
	for _, s := range steps {
		entries := make([]commit.Entry, len(s.events))
		for i := range s.events {
			if err := s.events[i].entry(&entries[i]); err != nil {
				return err
			}
		}
		var err error
		if len(entries) == 1 {
			_, err = m.log.Append(&entries[0], s.at.UnixMicro())
		} else {
			_, err = m.log.AppendBatch(nil, entries, s.at.UnixMicro())
		}
		if err != nil {
			return err
		}
	}
	b = append(b, m.log.Frames()...)
	m.log.Commit()
	m.files[segment.Name(id)] = m.log.Footer(b)
	return nil
}

func (h *happening) entry(e *commit.Entry) error {
	text, err := json.Marshal(h.payload)
	if err != nil {
		return err
	}
	b, err := payload.ParseJSON(nil, text)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	*e = commit.Entry{
		Coordinate: h.Coordinate, Kind: h.kind, Payload: b, Hash: blake3.Sum256(b), ID: h.id,
		Correlation: h.talk, Causation: h.cause, Meta: h.meta,
	}
	return nil
}

// index writes index.fbati over all segments. index.thaw is left out: an open builds it, and
// for so few events it takes no time.
func (m *maker) index(last uint64) error {
	s, err := store.Open(m.files, store.Options{Seed: seed})
	if err != nil {
		return err
	}
	end := artifact.Watermark{Segment: last, Offset: uint64(len(m.files[segment.Name(last)]))}
	var image, lookups []byte
	what := store.Flush{To: end, NextSequence: s.Report().NextSequence}
	if err := s.Flush(what, into(&image), into(&lookups)); err != nil {
		return err
	}
	m.files[artifact.FileName] = image
	return nil
}

// into returns a function that writes to a slice.
func into(b *[]byte) func(off int64, p []byte) error {
	return func(off int64, p []byte) error {
		if n := int(off) + len(p); n > len(*b) {
			*b = append(*b, make([]byte, n-len(*b))...)
		}
		copy((*b)[off:], p)
		return nil
	}
}

// damage flips a bit in the middle of one event's payload.
func (m *maker) damage() error {
	s, err := store.Open(m.files, store.Options{Seed: seed})
	if err != nil {
		return err
	}
	e, err := s.Get(hurt)
	if err != nil {
		return err
	}
	p := e.Position
	frame := m.files[segment.Name(p.Segment)][p.Offset:p.End()]
	var b segment.Body
	at, err := segment.DecodeFrameAt(frame, &b)
	if err != nil {
		return err
	}
	frame[at+len(b.Payload)/2] ^= 1
	return nil
}

// newID returns the n-th id of the story, a UUIDv7 of its time.
func newID(at time.Time, n int) (id event.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16)
	id[6], id[8] = 0x70, 0x80
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	return id
}
