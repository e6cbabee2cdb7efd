package store_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// frameReads counts the reads of segments.
type frameReads struct {
	directory.Memory
	n *atomic.Int64
}

type countedSegment struct {
	source.Bytes
	n *atomic.Int64
}

func (f frameReads) Open(name string) (source.Source, error) {
	src, err := f.Memory.Open(name)
	if err != nil || directory.KindOf(name) != directory.KindOf(segment.Name(1)) {
		return src, err
	}
	return countedSegment{src.(source.Bytes), f.n}, nil
}

// Slice hides that of Bytes, by another signature.
func (countedSegment) Slice() {}

func (c countedSegment) ReadAt(p []byte, off int64) (int, error) {
	c.n.Add(1)
	return c.Bytes.ReadAt(p, off)
}

// timed makes a store of events whose own times fall and rise, with index files over the
// first ones. It returns its files and its events, with their own times.
func timed(t *testing.T, n int) (map[string][]byte, []event.Event) {
	rng := rand.New(rand.NewPCG(3, 4))
	files := map[string][]byte{}
	log := commit.NewLog(commit.NoHistory{}, 0)
	for id := uint64(1); id <= 3; id++ {
		seg := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: id})
		log.Start(id, uint64(len(seg)))
		for i := range n / 3 {
			payload := []byte{0xcd, byte(i >> 8), byte(i)}
			_, err := log.Append(&commit.Entry{
				Coordinate: event.At(fmt.Sprintf("e%d", rng.IntN(9)), fmt.Sprintf("s%d", rng.IntN(3))),
				Kind:       event.Kind(0x1000 + rng.IntN(4)), Payload: payload, Hash: longstore.Hash(payload),
				ID:    event.ID{0: 1, 6: 0x70, 8: 0x80, 13: byte(id), 14: byte(i >> 8), 15: byte(i)},
				Timed: true, TimeUS: int64(5_000_000 + 1000*(int(id)*n/3+i)/4 + rng.IntN(40_000)),
			}, 1)
			require.NoError(t, err)
		}
		seg = append(seg, log.Frames()...)
		log.Commit()
		files[segment.Name(id)] = log.Footer(seg)
		if id == 2 {
			s, err := store.Open(directory.Memory(files), store.Options{})
			require.NoError(t, err)
			end := artifact.Watermark{Segment: id, Offset: uint64(len(files[segment.Name(id)]))}
			var image, lookups []byte
			require.NoError(t, s.Flush(store.Flush{To: end, NextSequence: s.Report().NextSequence}, writeTo(&image), writeTo(&lookups)))
			files[artifact.FileName], files[index.FileName] = image, lookups
		}
	}
	return files, checkedEvents(t, files)
}

// writeTo returns a flush.Write that writes to a slice.
func writeTo(b *[]byte) flush.Write {
	return func(off int64, p []byte) error {
		*b = append(*b, make([]byte, max(0, int(off)+len(p)-len(*b)))...)
		copy((*b)[off:], p)
		return nil
	}
}

// checkedEvents returns the events of a store with their own times.
func checkedEvents(t *testing.T, files map[string][]byte) []event.Event {
	s, err := store.Open(directory.Memory(files), store.Options{CheckFrames: true})
	require.NoError(t, err)
	return collect(t, s.Query(query.Region{}, query.Page{}))
}

// TestTimes compares queries by own time with a filter over all events, and the frames read
// with the rule of query.Times.
func TestTimes(t *testing.T) {
	stores := map[string]map[string][]byte{}
	for _, name := range []string{"rotated", "fences", "batch", "compacted-tail"} {
		stores[name] = fixture.Store(name)
	}
	stores["timed"], _ = timed(t, 1200)
	for name, files := range stores {
		events := checkedEvents(t, files)
		require.NotEmpty(t, events)
		var reads atomic.Int64
		s, err := store.Open(frameReads{files, &reads}, store.Options{})
		require.NoError(t, err)
		checked, err := store.Open(directory.Memory(files), store.Options{CheckFrames: true})
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				one := rapid.SampledFrom(events).Draw(t, "event")
				moment := func(label string) int64 {
					e := rapid.SampledFrom(events).Draw(t, label)
					return rapid.SampledFrom([]int64{
						e.TimestampUS, e.TimestampUS - 1, e.TimestampUS + 1, e.TimestampUS + 7000, e.TimestampUS / 1000 * 1000,
						(e.TimestampUS/1000 + 1) * 1000, int64(e.WallMS) * 1000, int64(e.WallMS+1) * 1000, 0, -5, math.MinInt64, math.MaxInt64,
					}).Draw(t, label+" at")
				}
				var r query.Region
				since, until := int64(math.MinInt64), int64(math.MaxInt64)
				hasSince, hasUntil := rapid.Bool().Draw(t, "since?"), rapid.Bool().Draw(t, "until?")
				if hasSince {
					since = moment("since")
					r.Times = r.Times.Since(since)
				}
				if hasUntil {
					until = moment("until")
					r.Times = r.Times.Until(until)
				}
				switch rapid.IntRange(0, 4).Draw(t, "also by") {
				case 0:
					r.Entity = one.Entity
				case 1:
					r.Kinds = event.AnyOf(one.Kind, 0x1002)
				case 2:
					r.EntityPrefix = one.Entity[:1]
				}
				page := query.Page{Reverse: rapid.Bool().Draw(t, "reverse"), Limit: rapid.SampledFrom([]int{0, 1, 5}).Draw(t, "limit")}
				if rapid.Bool().Draw(t, "from") {
					page.From = one.Sequence
				}
				want, undecided := []event.Event{}, map[uint64]bool{}
				for _, e := range events {
					if e.Sequence < page.From || !holds(&r, 0, math.MaxUint32, &e) {
						continue
					}
					if (hasSince || hasUntil) && int64(e.WallMS)*1000+999 >= since && (hasSince || int64(e.WallMS)*1000+999 >= until) {
						undecided[e.Sequence] = true
					}
					if (!hasSince || e.TimestampUS >= since) && (!hasUntil || e.TimestampUS < until) {
						want = append(want, e)
					}
				}
				before := reads.Load()
				n, err := s.Count(r, page.From)
				require.NoError(t, err)
				require.Equal(t, len(want), int(n))
				if hasUntil && (until == math.MinInt64 || hasSince && since >= until) {
					require.Equal(t, before, reads.Load(), "no time is in the range")
				} else {
					require.Equal(t, len(undecided), int(reads.Load()-before), "a frame for each event that the index does not decide")
				}
				if page.Reverse {
					slices.Reverse(want)
				}
				if page.Limit > 0 {
					want = want[:min(page.Limit, len(want))]
				}
				require.Equal(t, want, collect(t, checked.Query(r, page)))
				for i := range want {
					if !undecided[want[i].Sequence] {
						want[i].TimestampUS, want[i].Timed = 0, false
					}
				}
				require.Equal(t, want, collect(t, s.Query(r, page)))
			})
		})
	}
}

// TestTimesOfDamage: a query by time returns the events before a frame that cannot be read,
// in either direction, and then its damage.
func TestTimesOfDamage(t *testing.T) {
	files, events := timed(t, 300)
	bad := events[137]
	seg := slices.Clone(files[segment.Name(bad.Position.Segment)])
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	files[segment.Name(bad.Position.Segment)] = seg
	seg[bad.Position.Offset+30] ^= 1
	r := query.Region{Times: query.Times{}.Since(1)}
	for _, reverse := range []bool{false, true} {
		n := 0
		var failed error
		for _, err := range s.Query(r, query.Page{Reverse: reverse}) {
			if failed = err; err == nil {
				n++
			}
		}
		require.ErrorContains(t, failed, bad.ID.String())
		want := 137
		if reverse {
			want = len(events) - 138
		}
		require.Equal(t, want, n)
		_, err := s.Count(r, 0)
		require.ErrorContains(t, err, bad.ID.String())
	}
}
