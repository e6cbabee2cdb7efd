package replay_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/internal/concurrently"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// made is everything that a scan makes of segments.
type made struct {
	file            string // records and names
	committed       int
	next, allocator uint64
	report          replay.Report
	resume          replay.Place
	resumable       bool
	ending          replay.Ending
	err             error
}

func makes(s *replay.Scan, err error) made {
	m := made{err: err, report: *s.Report(), ending: s.Ending(), committed: s.Log().Committed()}
	m.file = string(s.Log().Draft().AppendFile(nil, artifact.Watermark{}, 0))
	m.next, m.allocator = s.Log().Next(), s.Log().NextSequence()
	m.resume, m.resumable = s.Resume()
	return m
}

// read reads the inputs in order with one scan, and with others that read
// ahead, which must give the same result.
func read(t testing.TB, floor uint64, inputs ...replay.Input) *replay.Scan {
	t.Helper()
	s, err := compare(t, floor, inputs...)
	require.NoError(t, err)
	return s
}

func compare(t testing.TB, floor uint64, inputs ...replay.Input) (*replay.Scan, error) {
	t.Helper()
	var first *replay.Scan
	var want made
	for _, block := range []int{0, 300, 1000, 1 << 20} {
		s := replay.NewScan(replay.NewLog(0, floor), replay.Place{}, nil)
		if block > 0 {
			s.ParallelBlocks(block, concurrently.Run)
		}
		var err error
		for _, in := range inputs {
			if block == 1000 {
				in.Source = noMemory{in.Source}
			}
			if err = s.Segment(in); err != nil {
				break
			}
		}
		s.Finish()
		got := makes(s, err)
		if first == nil {
			first, want = s, got
			continue
		}
		if !reflect.DeepEqual(want, got) {
			require.Equal(t, want, got, "blocks of %d", block)
		}
	}
	return first, want.err
}

type noMemory struct{ source.Source }

// input returns a segment as input of a scan.
func (m *maker) input(newest bool, mark *synced.Mark) replay.Input {
	return replay.Input{ID: m.id, Source: source.Bytes(m.b), Newest: newest, Mark: mark}
}

// TestParallelIsSerial builds random stores with finished and unfinished
// batches, correct and wrong footers, and damage, and reads them one frame at a
// time and ahead.
func TestParallelIsSerial(t *testing.T) {
	seeds := uint64(4000)
	if testing.Short() {
		seeds = 300
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 9))
		segments := randomStore(rng)
		var inputs []replay.Input
		for i, m := range segments {
			spoil(rng, m)
			in := m.input(i == len(segments)-1, nil)
			if in.Newest && rng.IntN(3) == 0 {
				in.Mark = &synced.Mark{Segment: m.id, Offset: rng.Uint64N(uint64(len(m.b) + 200)), First: rng.Uint64N(60)}
			}
			inputs = append(inputs, in)
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { _, _ = compare(t, rng.Uint64N(20), inputs...) })
	}
}

func randomStore(rng *rand.Rand) (segments []*maker) {
	n, at := uint64(0), int64(1)
	name := func() string { return string(rune('a' + rng.IntN(6))) }
	open := uint64(0) // a batch without COMMIT, whose id this is
	for number := uint64(1); number <= 1+rng.Uint64N(4); number++ {
		m := newSegment(number)
		entry := func() {
			m.named(n, at, name(), name())
			n++
		}
		if open > 0 && rng.IntN(2) == 0 {
			entry()
			m.commit(open)
		}
		open = 0
		for range rng.IntN(8) {
			switch at++; rng.IntN(5) {
			case 0, 1:
				entry()
			case 2:
				count := rng.IntN(4)
				batch := n + 5000
				m.begin(batch, uint64(count))
				for range count - rng.IntN(2) {
					entry()
				}
				if rng.IntN(4) > 0 {
					m.commit(batch)
				} else if rng.IntN(2) == 0 {
					open = batch
				}
			case 3:
				m.add(segment.Body{ // an event that looks like a marker
					ID: id(n + 3000), TimestampUS: at, Kind: event.Data, Payload: make([]byte, rng.IntN(2)),
					Entity: []byte(segment.MarkerEntity), Scope: []byte(segment.MarkerScope),
				})
			default:
				n += rng.Uint64N(3) // numbers left out
			}
		}
		if rng.IntN(4) > 0 {
			m.seal(func(entries []event.Record) []event.Record { return lie(rng, entries) })
		}
		if rng.IntN(10) > 0 {
			segments = append(segments, m)
		}
	}
	return segments
}

// lie makes some footers wrong.
func lie(rng *rand.Rand, entries []event.Record) []event.Record {
	if len(entries) == 0 || rng.IntN(3) > 0 {
		return entries
	}
	entries = slices.Clone(entries)
	e := &entries[rng.IntN(len(entries))]
	switch rng.IntN(9) {
	case 0:
		e.Sequence = rng.Uint64N(30)
	case 1:
		e.Clock++
	case 2:
		e.EventHash[3]++
	case 3:
		e.Position.Length++
	case 4:
		e.Position.Offset--
	case 5:
		e.Entity, e.Scope = e.Scope, e.Entity
	case 6:
		e.Entity = 1000
	case 7:
		e.Sequence = artifact.MaxAllocator + rng.Uint64N(2)
	default:
		i := rng.IntN(len(entries))
		entries = slices.Delete(entries, i, i+1)
	}
	return entries
}

func spoil(rng *rand.Rand, m *maker) {
	for range rng.IntN(4) - 1 {
		switch at := rng.IntN(len(m.b)); rng.IntN(5) {
		case 0:
			m.b = m.b[:at]
		case 1: // zeros, or a frame that is gone
			if f := m.frames; len(f) > 0 {
				f := f[rng.IntN(len(f))]
				if f.to <= len(m.b) {
					clear(m.b[f.from:f.to])
				}
			}
		default:
			m.b[at] ^= 1 << rng.IntN(8)
		}
		if len(m.b) == 0 {
			return
		}
	}
}

// TestNamesOfAnAbortedBatch: a name that only a batch without COMMIT had is
// rolled back, and gets its own number when it comes again, by way of the
// footer too.
func TestNamesOfAnAbortedBatch(t *testing.T) {
	first := newSegment(1).named(0, 1, "a", "s")
	first.begin(9, 3).named(1, 2, "b", "s").seal()
	second := newSegment(2).named(1, 3, "c", "s").begin(10, 3).named(2, 4, "d", "a").named(3, 4, "c", "b")
	second.begin(11, 1).named(2, 5, "e", "s").commit(11).named(3, 6, "d", "b").seal(func(all []event.Record) []event.Record {
		return append(all[:1:1], all[3:]...)
	})
	s := read(t, 0, first.input(false, nil), second.input(true, nil))
	require.Equal(t, 4, s.Log().Committed())
	var names []string
	for i := range s.Log().Committed() {
		r := s.Log().Draft().At(i)
		names = append(names, string(s.Log().Draft().Name(r.Entity()))+string(s.Log().Draft().Name(r.Scope())))
	}
	require.Equal(t, []string{"as", "cs", "es", "db"}, names)
}
