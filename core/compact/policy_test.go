package compact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/compact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
)

// log is a store's sealed segments, and what merging them has cost.
type log struct {
	segments []compact.Segment
	next     uint64
	written  uint64 // by sessions
	merged   uint64
	most     int
}

// session adds a segment, and merges as the policy says.
func (l *log) session(p compact.Policy, size uint64) {
	l.next++
	l.segments = append(l.segments, compact.Segment{ID: l.next, Size: size})
	l.written += size
	for {
		from, to, bytes, ok := p.Next(l.segments)
		if !ok {
			break
		}
		l.merge(from, to, bytes)
	}
	l.most = max(l.most, len(l.segments))
}

// merge replaces a run by segments of at most the default size, with the run's last ids.
func (l *log) merge(from, to, bytes uint64) {
	var kept []compact.Segment
	var run uint64
	ids := 0
	for _, s := range l.segments {
		if s.ID >= from && s.ID <= to {
			run += s.Size
			ids++
		}
	}
	if run != bytes {
		panic("other bytes than those of the run")
	}
	l.merged += run
	for _, s := range l.segments {
		if s.ID < from || s.ID > to {
			kept = append(kept, s)
			continue
		}
		if s.ID != to {
			continue
		}
		n := (run + compact.DefaultSegmentSize - 1) / compact.DefaultSegmentSize
		for i := range n {
			size := min(run, compact.DefaultSegmentSize)
			run -= size
			kept = append(kept, compact.Segment{ID: to - n + 1 + i, Size: size})
		}
	}
	l.segments = kept
}

// TestPolicy simulates stores of many sessions: few files remain, and no byte is written more
// than once for each tier.
func TestPolicy(t *testing.T) {
	for _, c := range []struct {
		name     string
		sessions int
		size     func(i int) uint64
		files    int
	}{
		{"1,000 sessions of one event", 1000, func(int) uint64 { return 700 }, 50},
		{"100,000 sessions of one event", 100_000, func(int) uint64 { return 700 }, 70},
		{"sessions of a megabyte", 5000, func(int) uint64 { return 1 << 20 }, 80 + 5000/32},
		{"a large one now and then", 20_000, func(i int) uint64 {
			if i%100 == 99 {
				return 5 << 20
			}
			return 2000
		}, 200},
		{"full ones and small ones in turns", 2000, func(i int) uint64 { return []uint64{64 << 20, 700}[i%2] }, 2000},
		{"growing", 3000, func(i int) uint64 { return 500 + uint64(i)*100 }, 80},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l log
			for i := range c.sessions {
				l.session(compact.Policy{}, c.size(i))
			}
			t.Logf("%d sessions: %d files at the end, at most %d; %.2f bytes merged for each written",
				c.sessions, len(l.segments), l.most, float64(l.merged)/float64(l.written))
			require.LessOrEqual(t, l.most, c.files)
			require.LessOrEqual(t, l.merged, 5*l.written)
		})
	}
}

// TestPolicyBounds: each bound of the policy, right at it and next to it.
func TestPolicyBounds(t *testing.T) {
	p := compact.Policy{SegmentSize: 1 << 20, Together: 3}
	for _, c := range []struct {
		name     string
		sizes    []uint64
		from, to uint64
	}{
		{"none", nil, 0, 0},
		{"two", []uint64{1, 1}, 0, 0},
		{"three", []uint64{1, 1, 1}, 1, 3},
		{"the first run", []uint64{1, 1, 1, 4096, 1, 1, 1}, 1, 3},
		{"the lower tier first", []uint64{4096, 4096, 4096, 20_000, 1, 1, 1}, 5, 7},
		{"right below the bound", []uint64{4095, 4095, 4095}, 1, 3},
		{"two of a tier and a lower one", []uint64{4096, 4096, 4095}, 0, 0},
		{"lower ones between", []uint64{4096, 1, 4096, 1, 4096, 1}, 1, 6},
		{"a higher one between", []uint64{1, 1, 4096, 1}, 0, 0},
		{"half a segment", []uint64{512 << 10, 512 << 10, 512 << 10}, 0, 0},
		{"less than half", []uint64{512<<10 - 1, 512<<10 - 1, 512<<10 - 1}, 1, 3},
		{"after a full one", []uint64{1 << 20, 1, 1, 1}, 2, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all []compact.Segment
			for i, n := range c.sizes {
				all = append(all, compact.Segment{ID: uint64(i + 1), Size: n})
			}
			from, to, bytes, ok := p.Next(all)
			require.Equal(t, c.to > 0, ok)
			require.Equal(t, [2]uint64{c.from, c.to}, [2]uint64{from, to})
			want := uint64(0)
			for i := from; i > 0 && i <= to; i++ {
				want += c.sizes[i-1]
			}
			require.Equal(t, want, bytes)
		})
	}
	_, _, _, ok := compact.Policy{}.Next([]compact.Segment{{ID: 1, Size: 32 << 20}, {ID: 2, Size: 32 << 20}})
	require.False(t, ok)
}

func TestJudges(t *testing.T) {
	e := &event.Event{Facts: event.Facts{Kind: 0x1001, WallMS: 50}, Coordinate: event.At("user:1", "s")}
	user := compact.In(query.Region{EntityPrefix: "user:"}, compact.Redact)
	other := compact.In(query.Region{Entity: "other"}, compact.Redact)
	for i, c := range []struct {
		judge compact.Judge
		want  compact.Verdict
	}{
		{compact.KeepKinds(event.Only(0x1001), compact.Drop), compact.Keep},
		{compact.KeepKinds(event.Only(0x1002), compact.Drop), compact.Drop},
		{compact.Before(50, compact.Tombstone), compact.Keep},
		{compact.Before(51, compact.Tombstone), compact.Tombstone},
		{user, compact.Redact},
		{other, compact.Keep},
		{compact.First(), compact.Keep},
		{compact.First(other, user, compact.Before(51, compact.Drop)), compact.Redact},
		{compact.First(other, compact.Before(51, compact.Drop), user), compact.Drop},
		{compact.All(), compact.Keep},
		{compact.All(user, compact.Before(51, compact.Drop)), compact.Drop},
		{compact.All(other, compact.Before(51, compact.Drop)), compact.Keep},
		{compact.All(compact.Before(50, compact.Drop), user), compact.Keep},
	} {
		require.Equal(t, c.want, c.judge(e), i)
	}
}
