package flush_test

import (
	"math"
	"slices"
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

var policy = flush.DefaultPolicy()

// life is a store that only counts.
type life struct {
	parts         []uint64
	tail          flush.Tail
	events        uint64
	whole, merged uint64 // events written to index.fbati, and to part files
	folds         int
	heaviest      uint64 // tail that a flush left or skipped
	most          int    // parts
	merges, slow  int
	longest       uint64
}

func (l *life) add(events, bytes, segments uint64) {
	l.events += events
	l.tail.Events += events
	l.tail.Bytes += bytes
	l.tail.Segments += segments
}

// merge merges as the background does.
func (l *life) merge(closing bool) {
	for {
		first, last, ok := policy.Merge(l.parts, when(closing))
		if !ok {
			return
		}
		size := uint64(0)
		for _, n := range l.parts[first:last] {
			size += n
		}
		l.merged += size
		l.merges++
		if closing {
			l.longest = max(l.longest, size)
			l.slow++
		}
		l.parts = slices.Replace(l.parts, first, last, size)
	}
}

func (l *life) flush(closing bool) {
	defer l.merge(closing)
	first, ok := policy.First(l.parts, l.tail, when(closing))
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
		{"ten million", 10_000_000, math.MaxUint64, 87_000, false, 4.2, 10, false},
		{"one session for ever", 100_000_000, math.MaxUint64, 110_000, false, 8, 16, false},
		{"a session a day", 100_000_000, 300_000, 110_000, true, 22, 20, false},
		{"a command for each 1000", 100_000_000, 1000, 110_000, true, 20, 22, false},
		{"a command for each 50", 20_000_000, 50, 110_000, true, 20, 22, false},
		{"a command for each event", 3_000_000, 1, 110_000, true, 20, 22, false},
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
			t.Logf("%d events: %.1f records written for each (%.1f of them to index.fbati), %d folds, at most %d parts, heaviest tail left %d; %d merges, %d at close, longest %d",
				l.events, per, float64(l.whole)/float64(l.events), l.folds, l.most, l.heaviest, l.merges, l.slow, l.longest)
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

// TestMergeBounds: each bound of a merge, right at it and next to it.
func TestMergeBounds(t *testing.T) {
	policy := flush.Policy{Limit: 100, Fan: 3, BaseShare: 2, MostParts: 4}
	for _, c := range []struct {
		parts       []uint64
		closing     bool
		first, last int
	}{
		{nil, false, 0, 0},
		{[]uint64{1000}, false, 0, 0},
		{[]uint64{1000, 2000}, false, 0, 2},
		{[]uint64{1000, 1999}, false, 0, 0},
		{[]uint64{1000, 600, 600, 800}, false, 0, 4},
		{[]uint64{33, 67}, false, 0, 0}, // a flush does that
		{[]uint64{33, 68}, false, 0, 2},
		{[]uint64{9000, 70, 70, 70}, false, 1, 4},
		{[]uint64{9000, 70, 70}, false, 0, 0},
		{[]uint64{9000, 400, 100, 100}, false, 1, 4},
		{[]uint64{9000, 401, 100, 100}, false, 0, 0},
		{[]uint64{9000, 90, 90, 90, 70, 70, 70}, false, 4, 7}, // the least first
		{[]uint64{9000, 90, 90, 90, 1}, false, 2, 5},
		{[]uint64{9000, 70, 70, 70}, true, 0, 0},
		{[]uint64{9000, 70, 70, 70, 1}, true, 2, 5},
	} {
		first, last, ok := policy.Merge(c.parts, when(c.closing))
		require.Equal(t, c.last > 0, ok, "%+v", c)
		require.Equal(t, [2]int{c.first, c.last}, [2]int{first, last}, "%+v", c)
	}
	_, _, ok := flush.Policy{Fan: 3, BaseShare: 2}.Merge([]uint64{1, 1, 1, 1, 1}, flush.WhileOpen)
	require.False(t, ok, "without a limit flushes merge")
}

// TestPolicyLimit: a flush writes at most the tail and the limit.
func TestPolicyLimit(t *testing.T) {
	policy := flush.Policy{CloseWeight: 10, OpenWeight: 10, CloseShare: 8, OpenShare: 2, PartShare: 2, Limit: 100}
	for _, c := range []struct {
		parts []uint64
		tail  uint64
		want  int
	}{
		{nil, 1000, 0},
		{[]uint64{60}, 40, 0},
		{[]uint64{60}, 41, 1},
		{[]uint64{900, 40, 30}, 30, 1},
		{[]uint64{900, 41, 30}, 30, 2},
		{[]uint64{900, 41, 71}, 30, 3},
	} {
		first, ok := policy.First(c.parts, flush.Tail{Events: c.tail}, flush.AtClose)
		require.True(t, ok)
		require.Equal(t, c.want, first, "%+v", c)
	}
	// A close may write more.
	policy.CloseLimit = 1000
	first, _ := policy.First([]uint64{60}, flush.Tail{Events: 940}, flush.AtClose)
	require.Zero(t, first)
	first, _ = policy.First([]uint64{60}, flush.Tail{Events: 941}, flush.AtClose)
	require.Equal(t, 1, first)
	first, _ = policy.First([]uint64{60}, flush.Tail{Events: 940}, flush.WhileOpen)
	require.Equal(t, 1, first)
}

// TestWeight: what a tail weighs.
func TestWeight(t *testing.T) {
	require.EqualValues(t, 7, flush.Tail{Events: 7}.Weight())
	require.EqualValues(t, 7+2, flush.Tail{Events: 7, Bytes: 3071}.Weight())
	require.EqualValues(t, 7+3+16*5, flush.Tail{Events: 7, Bytes: 3072, Segments: 5}.Weight())
}
