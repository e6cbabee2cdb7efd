package flush_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/thawlog/thaw/core/flush"
)

func when(closing bool) flush.Moment {
	if closing {
		return flush.AtClose
	}
	return flush.WhileOpen
}

// life is a store that only counts.
type life struct {
	parts         []uint64
	tail          flush.Tail
	events        uint64
	whole, merged uint64 // events written to index.fbati, and to part files
	folds         int
	heaviest      uint64 // tail that a flush left or skipped
	most          int    // parts
}

func (l *life) add(events, bytes, segments uint64) {
	l.events += events
	l.tail.Events += events
	l.tail.Bytes += bytes
	l.tail.Segments += segments
}

func (l *life) flush(closing bool) {
	first, ok := flush.DefaultPolicy().First(l.parts, l.tail, when(closing))
	if !ok {
		l.heaviest = max(l.heaviest, l.tail.Weight())
		return
	}
	l.folds++
	size := l.tail.Events
	for _, n := range l.parts[first:] {
		size += n
	}
	if first == 0 {
		l.whole += size
	} else {
		l.merged += size
	}
	l.parts = append(l.parts[:first], size)
	l.tail = flush.Tail{}
	l.most = max(l.most, len(l.parts))
}

// TestPolicy simulates stores of up to 100,000,000 events and checks both bounds of the
// policy: the tail, and how often each event is written.
func TestPolicy(t *testing.T) {
	const frame = 600
	for _, c := range []struct {
		name    string
		events  uint64 // in all
		session uint64 // events between an open and a close
		segment uint64 // events in a full one
		closing bool
		written float64 // most that may be written for an event
		parts   int
		skip    bool
	}{
		{"one session for ever", 100_000_000, math.MaxUint64, 110_000, false, 16, 12, false},
		{"a session a day", 100_000_000, 300_000, 110_000, true, 22, 12, false},
		{"a command for each 1000", 100_000_000, 1000, 110_000, true, 30, 18, false},
		{"a command for each 50", 20_000_000, 50, 110_000, true, 30, 18, false},
		{"a command for each event", 3_000_000, 1, 110_000, true, 30, 18, false},
		{"payloads of 1 MiB", 1_000_000, math.MaxUint64, 64, false, 30, 14, false},
		{"small and fast", 100_000, 5000, 110_000, true, 12, 4, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var l life
			bytes := uint64(64<<20) / c.segment
			if c.segment > 100_000 {
				bytes = frame
			}
			inSession, inSegment := uint64(0), uint64(0)
			for l.events < c.events {
				n := min(c.session-inSession, c.segment-inSegment, c.events-l.events)
				fresh := uint64(0)
				if inSegment == 0 {
					fresh = 1
				}
				l.add(n, n*bytes, fresh)
				inSession, inSegment = inSession+n, inSegment+n
				if inSegment == c.segment {
					l.flush(false)
					inSegment = 0
				}
				if inSession == c.session {
					l.flush(true)
					inSession, inSegment = 0, 0
				}
			}
			per := float64(l.whole+l.merged) / float64(l.events)
			t.Logf("%d events: %.1f records written for each (%.1f of them to index.fbati), %d folds, at most %d parts, heaviest tail left %d",
				l.events, per, float64(l.whole)/float64(l.events), l.folds, l.most, l.heaviest)
			require.LessOrEqual(t, per, c.written)
			require.LessOrEqual(t, l.most, c.parts)
			if c.closing {
				require.Less(t, l.heaviest, uint64(max(flush.OpenWeight, flush.CloseWeight)))
			}
			require.Less(t, l.heaviest, uint64(flush.OpenWeight))
			if c.session < 100_000 {
				require.Less(t, l.heaviest, uint64(flush.CloseWeight))
			}
		})
	}
}

func TestPolicyEmptyTail(t *testing.T) {
	for _, closing := range []bool{false, true} {
		for _, parts := range [][]uint64{nil, {0}, {10}, {1000, 10}} {
			_, ok := flush.DefaultPolicy().First(parts, flush.Tail{Segments: 1000}, when(closing))
			require.False(t, ok)
		}
	}
}

// TestPolicyBounds: each bound of the policy, right at it and next to it.
func TestPolicyBounds(t *testing.T) {
	policy := flush.Policy{CloseWeight: 100, OpenWeight: 1000, CloseShare: 8, OpenShare: 2, PartShare: 2}
	const none = -1
	for _, c := range []struct {
		parts   []uint64
		tail    uint64
		closing bool
		want    int
	}{
		{nil, 0, true, none},
		{nil, 1, true, 0},
		{nil, 999, false, none},
		{nil, 1000, false, 0},
		{[]uint64{8000}, 999, true, 1},
		{[]uint64{8000}, 1000, true, 0}, // an eighth
		{[]uint64{8000}, 99, true, none},
		{[]uint64{8000}, 100, true, 1},
		{[]uint64{8000, 900}, 99, true, none},
		{[]uint64{8000, 900}, 100, true, 0}, // an eighth with the part
		{[]uint64{8000}, 3999, false, 1},
		{[]uint64{8000}, 4000, false, 0}, // half
		{[]uint64{80000, 200}, 100, true, 1},
		{[]uint64{80000, 201}, 100, true, 2},
		{[]uint64{80000, 600, 200}, 100, true, 1},
		{[]uint64{80000, 601, 200}, 100, true, 2},
	} {
		first, ok := policy.First(c.parts, flush.Tail{Events: c.tail}, when(c.closing))
		if !ok {
			first = none
		}
		require.Equal(t, c.want, first, "%+v", c)
	}
}
