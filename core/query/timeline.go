package query

import (
	"math/bits"

	"github.com/thawlog/thaw/core/event"
)

const (
	// MaxBuckets is the highest number of buckets of a timeline.
	MaxBuckets = 4096
	// TopKinds is how many kinds a timeline counts by name: the most frequent ones.
	TopKinds = 64
	// countedKinds is how many kinds are counted in each bucket until the most frequent ones
	// are known. Kinds met after so many others count as other ones.
	countedKinds = 1024
)

// Timeline counts events over their WallMS, in buckets of one width. The width is a power of
// two, in ms, which doubles until all events fit: so the buckets cover more than half of the
// number asked for, unless the events span fewer ms. Each bucket begins at a multiple of the
// width. The zero Timeline is not valid: see [NewTimeline].
type Timeline struct {
	most  uint64 // buckets
	shift uint   // the width is 1<<shift ms
	// low and high are the numbers of the first and the last bucket used, in widths since
	// 1970, valid once there are events.
	low, high uint64
	events    uint64
	// ring has bucket n at n modulo its length, which is a power of two and at least most.
	ring []bucket

	kinds []event.Kind // counted, by slot
	slots []uint16     // of each kind: the slot plus one, 0 for none
}

// bucket is the events of one width.
type bucket struct {
	events     uint64
	first, end uint64   // sequences
	kinds      []uint64 // events by slot
	other      uint64
}

// Bucket is one width of a timeline.
type Bucket struct {
	// At is the number of the bucket: it begins Timeline.WidthMS × At after
	// Timeline.FirstMS.
	At     uint64
	Events uint64
	// FirstSequence is the lowest sequence in the bucket, and EndSequence one more than the
	// highest. Events of other buckets can lie between.
	FirstSequence, EndSequence uint64
	// Kinds are the events by kind, rising, of the timeline's most frequent kinds. Other is
	// the number of the others.
	Kinds []KindCount
	Other uint64
}

// KindCount is a number of events of a kind.
type KindCount struct {
	Kind   event.Kind
	Events uint64
}

// NewTimeline returns an empty timeline of at most so many buckets, from 2 to [MaxBuckets].
func NewTimeline(buckets int) *Timeline {
	most := uint64(min(max(buckets, 2), MaxBuckets)) // one of any times would be 1<<64 ms wide
	return &Timeline{most: most, ring: make([]bucket, 1<<bits.Len64(most-1)), slots: make([]uint16, 1<<16)}
}

// Events returns the number of events added.
func (t *Timeline) Events() uint64 { return t.events }

// FirstMS returns when bucket 0 begins, 0 without events.
func (t *Timeline) FirstMS() uint64 { return t.low << t.shift }

// WidthMS returns the width of a bucket.
func (t *Timeline) WidthMS() uint64 { return 1 << t.shift }

// Add adds an event.
func (t *Timeline) Add(m *Moment) {
	n := m.WallMS >> t.shift
	if t.events == 0 {
		t.low, t.high = n, n
	}
	for n >= t.low && n-t.low >= t.most || n < t.low && t.high-n >= t.most {
		t.double()
		n = m.WallMS >> t.shift
	}
	t.low, t.high = min(t.low, n), max(t.high, n)
	t.events++
	b := t.at(n)
	if b.events == 0 {
		b.first, b.end = m.Sequence, m.Sequence
	}
	b.events++
	b.first, b.end = min(b.first, m.Sequence), max(b.end, m.Sequence+1)
	b.count(t.slot(m.Kind), 1)
}

func (t *Timeline) at(n uint64) *bucket { return &t.ring[n&uint64(len(t.ring)-1)] }

// slot returns the slot of a kind, or -1 for none.
func (t *Timeline) slot(k event.Kind) int {
	if t.slots[k] == 0 && len(t.kinds) < countedKinds {
		t.kinds = append(t.kinds, k)
		t.slots[k] = uint16(len(t.kinds))
	}
	return int(t.slots[k]) - 1
}

func (b *bucket) count(slot int, n uint64) {
	if slot < 0 {
		b.other += n
		return
	}
	for slot >= len(b.kinds) {
		b.kinds = append(b.kinds, 0)
	}
	b.kinds[slot] += n
}

// double doubles the width.
func (t *Timeline) double() {
	old := t.ring
	t.ring = make([]bucket, len(old))
	for n := t.low; ; n++ {
		if from := &old[n&uint64(len(old)-1)]; from.events > 0 {
			t.at(n / 2).merge(from)
		}
		if n == t.high {
			break
		}
	}
	t.low, t.high, t.shift = t.low/2, t.high/2, t.shift+1
}

// merge adds what another bucket has.
func (b *bucket) merge(o *bucket) {
	if b.events == 0 {
		*b = *o
		return
	}
	b.events, b.other = b.events+o.events, b.other+o.other
	b.first, b.end = min(b.first, o.first), max(b.end, o.end)
	for slot, n := range o.kinds {
		b.count(slot, n)
	}
}

// Buckets returns the buckets that have events, in order.
func (t *Timeline) Buckets() []Bucket {
	var out []Bucket
	order, named := t.byKind(), t.top()
	for n := t.low; t.events > 0; n++ {
		if from := t.at(n); from.events > 0 {
			b := Bucket{At: n - t.low, Events: from.events, FirstSequence: from.first, EndSequence: from.end, Other: from.other}
			for _, slot := range order {
				switch {
				case slot >= len(from.kinds) || from.kinds[slot] == 0:
				case named[slot]:
					b.Kinds = append(b.Kinds, KindCount{Kind: t.kinds[slot], Events: from.kinds[slot]})
				default:
					b.Other += from.kinds[slot]
				}
			}
			out = append(out, b)
		}
		if n == t.high {
			break
		}
	}
	return out
}

// byKind returns the slots by rising kind.
func (t *Timeline) byKind() (order []int) {
	for _, slot := range t.slots {
		if slot > 0 {
			order = append(order, int(slot)-1)
		}
	}
	return order
}

// top returns which slots have the most frequent kinds; of two as frequent, the lower kind is
// one sooner.
func (t *Timeline) top() []bool {
	named := make([]bool, len(t.kinds))
	sums := make([]uint64, len(t.kinds))
	for i := range t.ring {
		for slot, n := range t.ring[i].kinds {
			sums[slot] += n
		}
	}
	for range min(TopKinds, len(sums)) {
		best := -1
		for slot, n := range sums {
			if !named[slot] && (best < 0 || n > sums[best] || n == sums[best] && t.kinds[slot] < t.kinds[best]) {
				best = slot
			}
		}
		named[best] = true
	}
	return named
}
