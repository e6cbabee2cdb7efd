package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/concurrently"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// onFiles is a directory whose sources are not memory.
type onFiles struct{ directory.Memory }

func (f onFiles) Open(name string) (source.Source, error) {
	src, err := f.Memory.Open(name)
	return struct{ source.Source }{src}, err
}

// framesOf returns a segment of events with these payloads. Payloads of every third have
// another form, if they can.
func framesOf(id uint64, first int, payloads [][]byte) []byte {
	seg := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: id})
	for i, payload := range payloads {
		n := first + i
		b := segment.Body{
			ID: event.ID{0: 1, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}, TimestampUS: int64(n), WallMS: uint64(n),
			Clock: uint32(n / 7), PayloadSize: uint32(len(payload)), Kind: 0x1000 | event.Kind(n%3), Flags: uint8(n % 4),
			ContentHash: hash(payload), EventHash: hash(payload), Payload: payload, Chained: true,
			Entity: fmt.Append(nil, "order:", n%7), Scope: []byte("shop"),
		}
		b.Correlation = b.ID
		if n > 0 && n%2 == 0 {
			b.Correlation, b.Caused, b.Causation = event.ID{0: 1, 15: byte(n % 3)}, true, event.ID{0: 1, 14: byte(n / 2 >> 8), 15: byte(n / 2)}
		}
		switch {
		case n%3 == 1:
			b.Form = segment.PayloadBin
		case n%6 == 2 && len(payload) > 0:
			b.Form, b.Payload = segment.PayloadValue, append([]byte{0x81, 0xa1, 'k'}, byte(n%100)) // {"k": n}
			b.ContentHash, b.EventHash = hash(b.Payload), hash(b.Payload)
		}
		seg = segment.AppendFrame(seg, &b)
	}
	return seg
}

// randomPayloads returns n payloads of up to most bytes: text, random bytes, empty ones.
func randomPayloads(rng *rand.Rand, n, most int) [][]byte {
	payloads := make([][]byte, n)
	for i := range payloads {
		payloads[i] = make([]byte, rng.IntN(most+1))
		high := byte(rng.IntN(256))
		for k := range payloads[i] {
			payloads[i][k] = byte(rng.Uint32()) & high
		}
		if i%11 == 0 {
			payloads[i] = nil
		}
	}
	return payloads
}

// randomFrames returns a store of several segments.
func randomFrames(rng *rand.Rand) directory.Memory {
	files := directory.Memory{}
	n := 0
	for id := uint64(1); id <= 1+rng.Uint64N(3); id++ {
		payloads := randomPayloads(rng, 1+rng.IntN(600), []int{10, 300, 3000}[rng.IntN(3)])
		files[segment.Name(id)] = framesOf(id, n, payloads)
		n += len(payloads)
	}
	return files
}

// questions are iterations of every kind, and some that no query returns.
func questions(s *store.Snapshot, rng *rand.Rand) map[string]iter.Seq2[event.Event, error] {
	var all []event.Event
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		if err == nil {
			all = append(all, e)
		}
	}
	some := map[string]iter.Seq2[event.Event, error]{
		"all":     s.Query(query.Region{}, query.Page{}),
		"few":     s.Query(query.Region{}, query.Page{From: rng.Uint64N(500), Limit: 1 + rng.IntN(40)}),
		"kind":    s.Query(query.Region{Kinds: event.Only(0x1001)}, query.Page{}),
		"nothing": s.Query(query.Region{Entity: "none"}, query.Page{}),
	}
	if len(all) == 0 {
		return some
	}
	one := all[rng.IntN(len(all))]
	some["stream"] = s.Stream(one.Entity, query.StreamPage{})
	some["ancestors"] = s.Ancestors(one.ID, 0)
	some["effects"] = s.Effects(one.ID, 0)
	some["correlated"] = s.Correlated(one.Correlation)
	mixed := slices.Clone(all)
	rng.Shuffle(len(mixed), func(i, k int) { mixed[i], mixed[k] = mixed[k], mixed[i] })
	mixed = append(mixed, mixed[:len(mixed)/3]...) // some twice
	some["mixed"] = seqOf(mixed, nil)
	some["cut short"] = seqOf(mixed[:rng.IntN(len(mixed))], errors.New("no more"))
	mixed = slices.Clone(mixed)
	lie := &mixed[rng.IntN(len(mixed))]
	switch rng.IntN(6) {
	case 0:
		lie.Position.Length = ^uint32(0)
	case 1:
		lie.Position.Offset = ^uint64(0) - uint64(rng.IntN(1000))
	case 2:
		lie.Position = event.Position{}
	case 3:
		lie.Position.Segment += 1 + rng.Uint64N(5)
	case 4:
		lie.Clock++
	case 5:
		lie.Scope += "s"
	}
	some["a lie"] = seqOf(mixed, nil)
	return some
}

func seqOf(events []event.Event, end error) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
		if end != nil {
			yield(event.Event{}, end)
		}
	}
}

// oneByOne is what ReadEach must return: the events, and the text of the error that ends
// them.
func oneByOne(s *store.Snapshot, events iter.Seq2[event.Event, error]) (read []event.Full, end error) {
	for e, err := range events {
		var full event.Full
		if err == nil {
			full, err = s.Read(e)
		}
		if err != nil {
			return read, err
		}
		read = append(read, full)
	}
	return read, nil
}

func inBatches(t testing.TB, s *store.Snapshot, events iter.Seq2[event.Event, error]) (read []event.Full, end error) {
	for full, err := range s.ReadEach(events) {
		require.NoError(t, end, "an event after an error")
		if err != nil {
			require.Zero(t, full)
			end = err
			continue
		}
		full.Payload = bytes.Clone(full.Payload)
		read = append(read, full)
	}
	return read, end
}

func requireSameRead(t testing.TB, s *store.Snapshot, events iter.Seq2[event.Event, error], what string) (n int) {
	want, wantEnd := oneByOne(s, events)
	got, gotEnd := inBatches(t, s, events)
	require.Equal(t, fmt.Sprintf("%T %v", wantEnd, wantEnd), fmt.Sprintf("%T %v", gotEnd, gotEnd), what)
	require.Len(t, got, len(want), what)
	for i := range want {
		w, g := want[i], got[i]
		if w.Event != g.Event || !bytes.Equal(w.Payload, g.Payload) || (w.Payload == nil) != (g.Payload == nil) ||
			w.ContentHash != g.ContentHash || w.Meta != g.Meta || w.Flags != g.Flags || w.PayloadSize != g.PayloadSize {
			require.Equal(t, w, g, what)
		}
	}
	return len(want)
}

// TestReadEachIsRead: for every kind of iteration ReadEach returns what Read returns for
// one event after the other, and ends with the same error, whatever the damage.
func TestReadEachIsRead(t *testing.T) {
	long, _ := longstore.New(t, 300)
	for seed := range uint64(24) {
		rng := rand.New(rand.NewPCG(seed, 12))
		files := randomFrames(rng)
		switch {
		case seed%8 == 1:
			files = maps.Clone(long)
		case seed%8 == 3:
			files = fixture.Store(fixture.Names()[int(seed)%len(fixture.Names())])
		}
		o := store.Options{Seed: seed, Hash: hash, CheckFrames: seed%7 == 6}
		if seed%8 == 1 {
			o.Hash = longstore.Hash
		}
		if seed%2 == 0 {
			o.Ahead = concurrently.Ahead
		}
		var from directory.Files = files
		if seed%3 > 0 {
			from = onFiles{files}
		}
		s, err := store.Open(from, o)
		require.NoError(t, err)
		for what, events := range questions(s, rng) {
			requireSameRead(t, s, events, fmt.Sprint(seed, what))
		}
		// Damage that the snapshot learns of only by reading.
		damaged := func(what string) {
			for name, events := range questions(s, rng) {
				if rng.IntN(3) == 0 {
					requireSameRead(t, s, events, fmt.Sprint(seed, what, name))
				}
			}
		}
		for range 3 {
			name := fixture.Segments(files)[0]
			b := files[name]
			at := rng.IntN(len(b))
			bit := byte(1) << rng.IntN(8)
			b[at] ^= bit
			damaged(" damaged ")
			b[at] ^= bit
		}
		name := fixture.Segments(files)[0]
		files[name] = files[name][:rng.IntN(len(files[name]))]
		damaged(" truncated ")
		delete(files, name)
		damaged(" gone ")
	}
}

// openFrames opens a store of one segment with these payloads, and returns its events.
func openFrames(t testing.TB, payloads [][]byte, o store.Options) (*store.Snapshot, []event.Event) {
	o.Hash = hash
	s, err := store.Open(onFiles{directory.Memory{segment.Name(1): framesOf(1, 0, payloads)}}, o)
	require.NoError(t, err)
	return s, collect(t, s.Query(query.Region{}, query.Page{}))
}

// TestReadEachAllocates: no allocation per event, in order or not.
func TestReadEachAllocates(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	s, events := openFrames(t, randomPayloads(rng, 3000, 400), store.Options{})
	for _, order := range []string{"stored", "mixed"} {
		all := seqOf(events, nil)
		n := testing.AllocsPerRun(10, func() {
			for _, err := range s.ReadEach(all) {
				if err != nil {
					t.Fatal(err)
				}
			}
		})
		require.Less(t, n, 100.0, order)
		rng.Shuffle(len(events), func(i, k int) { events[i], events[k] = events[k], events[i] })
	}
	none := seqOf(nil, nil)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		for range s.ReadEach(none) {
			t.Fatal("an event of nothing")
		}
	}), 8.0)
}

// TestReadEachHuge: a payload of 16 MiB among small ones costs the memory of its frame and
// of itself, once.
func TestReadEachHuge(t *testing.T) {
	payloads := randomPayloads(rand.New(rand.NewPCG(1, 1)), 200, 300)
	payloads[99] = bytes.Repeat([]byte("text\xff"), 16<<20/5) // in an array
	payloads[100] = bytes.Repeat([]byte{7}, 16<<20)           // in a binary
	s, events := openFrames(t, payloads, store.Options{})
	used := allocated(func() { requireSameSizes(t, s, events, payloads) })
	require.Less(t, used, uint64(4*17<<20+16<<20/5+8<<20))
	requireSameRead(t, s, seqOf(events, nil), "huge")
}

func requireSameSizes(t testing.TB, s *store.Snapshot, events []event.Event, payloads [][]byte) {
	i := 0
	for full, err := range s.ReadEach(seqOf(events, nil)) {
		require.NoError(t, err)
		if i%6 != 2 {
			require.Len(t, full.Payload, len(payloads[i]))
		}
		i++
	}
	require.Equal(t, len(events), i)
}

// TestReadEachEnds: nothing runs any more after a loop that ends early, by a break or a
// panic, and the iteration that was read has ended as well.
func TestReadEachEnds(t *testing.T) {
	var running, begun atomic.Int64
	s, events := openFrames(t, randomPayloads(rand.New(rand.NewPCG(2, 2)), 5000, 300), store.Options{
		Ahead: func(n int, f func(i int)) (rest func()) {
			begun.Add(1)
			running.Add(1)
			wait := concurrently.Ahead(n, f)
			return func() {
				wait()
				running.Add(-1)
			}
		},
	})
	for _, after := range []int{1, 16, 17, 80, 81, 400, 2000, 4999, 5000} {
		for _, how := range []string{"break", "panic", "return"} {
			ended := false
			inner := func(yield func(event.Event, error) bool) {
				defer func() { ended = true }()
				seqOf(events, nil)(yield)
			}
			n := 0
			func() {
				defer func() { require.Equal(t, how == "panic", recover() != nil) }()
				for range s.ReadEach(inner) {
					if n++; n < after {
						continue
					}
					if how == "panic" {
						panic("of the loop")
					} else if how == "return" {
						return
					}
					break
				}
			}()
			require.Equal(t, after, n)
			require.True(t, ended)
			require.Zero(t, running.Load(), "%d %s", after, how)
		}
	}
	require.NotZero(t, begun.Load())
}

// TestReadEachNests: loops in a loop, and in other goroutines, do not disturb a payload.
func TestReadEachNests(t *testing.T) {
	s, events := openFrames(t, randomPayloads(rand.New(rand.NewPCG(3, 3)), 700, 300), store.Options{Ahead: concurrently.Ahead})
	want, err := oneByOne(s, seqOf(events, nil))
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			i := 0
			for full, err := range s.ReadEach(s.Query(query.Region{}, query.Page{})) {
				if err != nil {
					t.Error(err)
					return
				}
				if i%50 == 0 {
					for range s.ReadEach(s.Query(query.Region{}, query.Page{From: full.Sequence, Limit: 100})) {
					}
				}
				if !bytes.Equal(want[i].Payload, full.Payload) {
					t.Errorf("event %d has another payload", i)
				}
				i++
			}
		})
	}
	all.Wait()
}

// TestReadEachPins: the snapshot is pinned when the first events are there, once.
func TestReadEachPins(t *testing.T) {
	s, events := openFrames(t, randomPayloads(rand.New(rand.NewPCG(3, 3)), 100, 300), store.Options{})
	pins, taken := 0, 0
	pin := func() (*store.Snapshot, error) {
		require.NotZero(t, taken)
		pins++
		return s, nil
	}
	inner := func(yield func(event.Event, error) bool) {
		for _, e := range events {
			if taken++; !yield(e, nil) {
				return
			}
		}
	}
	n := 0
	for _, err := range store.ReadEach(pin, inner) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, []int{1, 100}, []int{pins, n})
	for range store.ReadEach(func() (*store.Snapshot, error) { panic("pinned for nothing") }, seqOf(nil, nil)) {
	}
	closed := errors.New("closed")
	for full, err := range store.ReadEach(func() (*store.Snapshot, error) { return nil, closed }, seqOf(events, nil)) {
		require.Equal(t, closed, err)
		require.Zero(t, full)
	}
	for _, err := range s.ReadEach(seqOf([]event.Event{{}}, nil)) {
		require.Equal(t, commit.ErrZeroID, err)
	}
}
