package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/zeebo/blake3"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/strtab"
	"github.com/thawlog/thaw/host/bench/workload"
)

// segmentSize is where a segment is sealed, batpak's default.
const segmentSize = 256 << 20

// startUS is the time of event 0 in µs; each event is one ms later.
const startUS = 1_790_000_000_000_000

// generate writes a store of n events into dir, which exists and is empty, for
// machines without cargo: what batpak leaves after an orderly close, with
// sealed segments and an index.fbati, holding the events of package workload.
func generate(dir string, n int) error {
	g := &generator{dir: dir, n: uint64(n), draft: artifact.NewDraft(), entities: map[string]*entityState{}}
	for i := range g.n {
		if err := g.append(i); err != nil {
			return err
		}
	}
	return g.close()
}

type generator struct {
	dir      string
	n        uint64
	draft    *artifact.Draft
	entities map[string]*entityState
	last     event.ID

	id      uint64 // of the open segment, 0 before the first
	file    *os.File
	out     *bufio.Writer
	offset  uint64
	names   *strtab.Builder
	entries []byte
	frame   []byte
	payload []byte
}

// entityState is what the next event of an entity continues.
type entityState struct {
	clock uint32
	hash  event.Hash
}

func (g *generator) append(i uint64) error {
	if g.id == 0 || g.offset >= segmentSize {
		if err := g.rotate(); err != nil {
			return err
		}
	}
	name := workload.Entity(i, g.n)
	e := g.entities[name]
	if e == nil {
		e = &entityState{}
		g.entities[name] = e
	}
	g.payload = workload.AppendPayload(g.payload[:0], i)
	hash := event.Hash(blake3.Sum256(g.payload))
	us := int64(startUS + i*1000)
	id := eventID(i, uint64(us)/1000)
	b := segment.Body{
		ID: id, Correlation: id, TimestampUS: us, WallMS: uint64(us) / 1000, Clock: e.clock,
		PayloadSize: uint32(len(g.payload)), Kind: event.Kind(workload.Kind(i)), ContentHash: hash, Payload: g.payload,
		Chained: true, PrevHash: e.hash, EventHash: hash, Entity: []byte(name), Scope: []byte(workload.Scope(i, g.n)),
	}
	if workload.IsReaction(i) {
		b.Correlation, b.Causation, b.Caused = g.last, g.last, true
	}
	g.last = id
	e.clock, e.hash = e.clock+1, hash

	g.frame = segment.AppendFrame(g.frame[:0], &b)
	f := b.Facts(event.Position{Segment: g.id, Offset: g.offset, Length: uint32(len(g.frame))})
	f.Sequence = i
	entity, ok1 := g.names.Intern(b.Entity)
	scope, ok2 := g.names.Intern(b.Scope)
	if !ok1 || !ok2 {
		return artifact.ErrFull
	}
	g.entries = sidx.AppendEntry(g.entries, &event.Record{Facts: f, Entity: entity, Scope: scope})
	g.offset += uint64(len(g.frame))
	if err := g.draft.Append(&f, b.Entity, b.Scope); err != nil {
		return err
	}
	_, err := g.out.Write(g.frame)
	return err
}

// eventID is a UUIDv7 whose random bits are a hash of the event's number.
func eventID(i, ms uint64) (id event.ID) {
	a, b := strtab.Mix(i+1, 0x9E3779B97F4A7C15), strtab.Mix(i+1, 0xD6E8FEB86659FD93)
	binary.BigEndian.PutUint64(id[:], ms<<16|0x7000|a&0x0FFF)
	binary.BigEndian.PutUint64(id[8:], 1<<63|b>>2)
	return id
}

// rotate seals the open segment and begins the next.
func (g *generator) rotate() error {
	if err := g.seal(); err != nil {
		return err
	}
	g.id++
	f, err := os.Create(filepath.Join(g.dir, segment.Name(g.id)))
	if err != nil {
		return err
	}
	g.file, g.out = f, bufio.NewWriterSize(f, 1<<20)
	g.names, g.entries = strtab.NewBuilder(false), nil
	head := segment.AppendHeader(nil, segment.Header{CreatedNS: startUS * 1000, SegmentID: g.id})
	g.offset = uint64(len(head))
	_, err = g.out.Write(head)
	return err
}

func (g *generator) seal() error {
	if g.id == 0 {
		return nil
	}
	foot := append(g.names.AppendTable(nil), g.entries...)
	foot = sidx.AppendTrailer(foot, sidx.Trailer{TableOffset: g.offset, Entries: uint32(len(g.entries) / sidx.EntrySize)})
	g.offset += uint64(len(foot))
	_, err := g.out.Write(foot)
	return errors.Join(err, syncClose(g.out, g.file))
}

// syncClose flushes, syncs and closes.
func syncClose(out interface{ Flush() error }, f interface {
	io.Closer
	Sync() error
}) error {
	return errors.Join(out.Flush(), f.Sync(), f.Close())
}

func (g *generator) close() error {
	if g.id == 0 {
		if err := g.rotate(); err != nil {
			return err
		}
	}
	if err := g.seal(); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(g.dir, artifact.FileName))
	if err != nil {
		return err
	}
	file := g.draft.AppendFile(nil, artifact.Watermark{Segment: g.id, Offset: g.offset}, g.n)
	out := bufio.NewWriter(f)
	_, err = out.Write(file)
	return errors.Join(err, syncClose(out, f))
}
