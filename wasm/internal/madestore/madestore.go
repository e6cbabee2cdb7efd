// Package madestore makes stores for tests and benchmarks with the core alone: sealed
// segments, an index.fbati with index.thaw, a part file, and a tail. Only tests import it.
package madestore

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/wasm/internal/blake3"
)

// Shape describes a store. Its segments come in three runs: those covered by index.fbati,
// those covered by a part file, and the tail.
type Shape struct {
	Seed                uint64
	PerSegment          int // events
	Indexed, Part, Tail int // segments; no part file with Part 0, no index with Indexed 0
	Entities, Scopes    int
}

func hash(b []byte) event.Hash { return blake3.Sum256(b) }

// into returns a flush.Write that writes to a slice.
func into(b *[]byte) flush.Write {
	return func(off int64, p []byte) error {
		if n := int(off) + len(p); n > len(*b) {
			*b = append(*b, make([]byte, n-len(*b))...)
		}
		copy((*b)[off:], p)
		return nil
	}
}

// New makes a store. A seed always gives the same bytes.
func New(t testing.TB, s Shape) map[string][]byte {
	m := &maker{shape: s, files: map[string][]byte{}, log: commit.NewLog(commit.NoHistory{}, 0)}
	m.random = rand.New(rand.NewPCG(s.Seed, 1))
	for range s.Indexed {
		m.segment(t)
	}
	if s.Indexed > 0 {
		m.flush(t, 0, artifact.FileName, index.FileName)
	}
	for range s.Part {
		m.segment(t)
	}
	if s.Part > 0 {
		m.flush(t, 1, "", index.PartName(uint64(s.Indexed), m.last))
	}
	for range s.Tail {
		m.segment(t)
	}
	return m.files
}

type maker struct {
	shape  Shape
	random *rand.Rand
	files  map[string][]byte
	log    *commit.Log
	ids    []event.ID
	last   uint64
}

func (m *maker) segment(t testing.TB) {
	m.last++
	seg := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: m.last})
	m.log.Start(m.last, uint64(len(seg)))
	for range m.shape.PerSegment {
		e := m.entry()
		_, err := m.log.Append(&e, 1_790_000_000_000_000+int64(len(m.ids)))
		require.NoError(t, err)
		m.ids = append(m.ids, e.ID)
	}
	seg = append(seg, m.log.Frames()...)
	m.log.Commit()
	m.files[segment.Name(m.last)] = m.log.Footer(seg)
}

func (m *maker) entry() commit.Entry {
	n, r := len(m.ids), m.random
	payload := msgpack.AppendMap(nil, 2)
	payload = msgpack.AppendUint(msgpack.AppendStr(payload, "n"), uint64(n))
	payload = msgpack.AppendStr(msgpack.AppendStr(payload, "note"), "é\"\n"[:2*r.IntN(3)])
	if n%97 == 96 {
		payload = []byte{0xc1} // not MessagePack
	}
	e := commit.Entry{
		Coordinate: event.At("order:"+strconv.Itoa(r.IntN(m.shape.Entities)), "shop:"+strconv.Itoa(r.IntN(m.shape.Scopes))),
		Kind:       event.Kind(1+r.IntN(3))<<12 | event.Kind(r.IntN(11)),
		Payload:    payload, Hash: hash(payload),
		ID: event.ID{0: 1, 4: byte(n >> 24), 5: byte(n >> 16), 6: byte(n >> 8), 7: byte(n), 8: byte(r.IntN(256)), 15: byte(r.IntN(256))},
	}
	if n > 0 && n%3 == 1 {
		e.Causation, e.Correlation = m.ids[max(0, n-1-r.IntN(50))], m.ids[n/2]
	}
	if n%5 == 2 {
		e.Meta = event.NewMeta(map[string]string{event.MetaActor: "user:" + strconv.Itoa(n), "é\n": strings.Repeat("v", n%300)})
	}
	return e
}

func (m *maker) flush(t testing.TB, first int, artifactName, indexName string) {
	s, err := store.Open(directory.Memory(m.files), store.Options{Seed: 5})
	require.NoError(t, err)
	end := artifact.Watermark{Segment: m.last, Offset: uint64(len(m.files[segment.Name(m.last)]))}
	var a, thaw []byte
	write := into(&a)
	if artifactName == "" {
		write = nil
	}
	what := store.Flush{First: first, To: end, NextSequence: s.Report().NextSequence}
	require.NoError(t, s.Flush(what, write, into(&thaw)))
	if artifactName != "" {
		m.files[artifactName] = a
	}
	m.files[indexName] = thaw
}
