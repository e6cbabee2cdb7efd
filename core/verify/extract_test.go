package verify_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/verify"
)

// leaveOut makes as if the next n events of an entity were not selected.
func (w *writer) leaveOut(entity string, n int) {
	left := newWriter()
	left.next, left.heads = w.next, w.heads
	for range n {
		left.append(entity, nil)
	}
	w.next = left.next
}

// TestExtracts: what is missing in an extract is noted, and what is there must still be
// right. Without the flag the same segments are damaged.
func TestExtracts(t *testing.T) {
	cases := []struct {
		name    string
		write   func(w *writer)
		damages []damage.Reason
		notes   []verify.Topic // besides that of each segment
		missing uint64         // sequences
		without int            // damages without the flag
	}{
		{"everything", func(w *writer) {
			w.append("a", nil)
			w.append("a", nil)
		}, nil, nil, 0, 0},
		{"not the first events", func(w *writer) {
			w.leaveOut("a", 3)
			w.append("a", nil)
			w.append("a", nil)
		}, nil, nil, 3, 1},
		{"gaps", func(w *writer) {
			w.append("a", nil)
			w.leaveOut("a", 1)
			w.append("a", nil)
			w.append("b", nil)
			w.leaveOut("b", 2)
			w.seal()
			w.segment()
			w.append("b", nil)
			w.append("a", nil)
		}, nil, nil, 3, 2},
		{"neighbours that do not continue one another", func(w *writer) {
			w.append("a", nil)
			w.append("a", func(b *segment.Body) { b.PrevHash = event.Hash{1} })
		}, nil, []verify.Topic{verify.ChainFork}, 0, 1},
		{"a clock that stays", func(w *writer) {
			w.append("a", nil)
			w.append("a", func(b *segment.Body) { b.Clock, b.PrevHash = 0, event.Hash{1} })
		}, nil, []verify.Topic{verify.ChainFork}, 0, 1},
		{"a wall clock that goes back across a gap", func(w *writer) {
			w.append("a", nil)
			w.leaveOut("a", 1)
			w.append("a", func(b *segment.Body) { b.WallMS -= 100 })
		}, []damage.Reason{damage.Chain}, nil, 1, 1},
		{"another payload", func(w *writer) {
			w.leaveOut("a", 1)
			w.append("a", func(b *segment.Body) { b.Payload = []byte{0xc0} })
		}, []damage.Reason{damage.PayloadHash}, nil, 1, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := &writer{files: map[string][]byte{}, heads: map[string]segment.Body{}, index: newWriter().index, flags: segment.FlagExtract}
			w.segment()
			c.write(w)
			w.close()
			r := run(t, w.files)
			var reasons []damage.Reason
			for _, d := range r.Damages {
				reasons = append(reasons, d.Reason)
			}
			require.Equal(t, c.damages, reasons, "%v", r.Damages)
			var others []verify.Topic
			marked, missing := map[string]bool{}, uint64(0)
			for _, n := range r.Notes {
				if n.Topic != verify.Extract {
					others = append(others, n.Topic)
					continue
				}
				require.False(t, marked[n.File])
				marked[n.File] = true
				var k uint64
				if n.End > 0 {
					_, err := fmt.Sscanf(n.Detail, "selected or salvaged events of another store; %d of these sequences were not selected, or left out", &k)
					require.NoError(t, err)
					require.LessOrEqual(t, k, n.End-n.First)
				}
				missing += k
			}
			require.Equal(t, c.notes, others, "%v", r.Notes)
			require.Equal(t, c.missing, missing)
			require.Len(t, marked, int(w.id))

			plain := newWriter()
			c.write(plain)
			plain.close()
			require.GreaterOrEqual(t, len(run(t, plain.files).Damages), c.without)
			for _, n := range run(t, plain.files).Notes {
				require.NotEqual(t, verify.Extract, n.Topic)
			}
		})
	}
}

// TestExtractFlag: only the whole flag, in a header that is the segment's own, says that a
// segment is an extract.
func TestExtractFlag(t *testing.T) {
	w := &writer{files: map[string][]byte{}, heads: map[string]segment.Body{}, index: newWriter().index, flags: segment.FlagExtract | 1<<15}
	w.segment()
	w.leaveOut("a", 1)
	w.append("a", nil)
	r := run(t, w.close())
	require.Len(t, r.Damages, 1)
	require.Equal(t, damage.Chain, r.Damages[0].Reason)
	for bit := range 64 {
		require.NotEqual(t, segment.FlagExtract, 1<<bit)
	}
}
