package plugin

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/madestore"
)

// TestPassPauses: a pass over many events returns to the host with its progress, can be dropped
// there, and its answer begins after it, not with it.
func TestPassPauses(t *testing.T) {
	files := madestore.New(t, madestore.Shape{Seed: 5, PerSegment: 40_000, Indexed: 1, Entities: 900, Scopes: 7})
	w := newWild(t)
	store, _ := w.declare(files, false)
	at, n := w.request(abi.Request{Op: abi.OpOpen})
	state := w.do(&w.start, store, at, n)
	for state == abi.Again {
		state = w.do(&w.step, w.task(t))
	}
	require.EqualValues(t, abi.Done, state)
	for name, q := range map[string]abi.Request{
		"marks":    {Op: abi.OpMarks, Region: query.Region{Clocks: query.ClocksBetween(0, 1<<30)}},
		"timeline": {Op: abi.OpTimeline},
	} {
		at, n := w.request(q)
		require.EqualValues(t, abi.Again, w.do(&w.start, store, at, n), name)
		require.Zero(t, w.do(&w.drop, w.task(t)), name)
		pauses, last := 0, uint64(0)
		state := w.do(&w.start, store, at, n)
		for ; state == abi.Again; state = w.do(&w.step, w.task(t)) {
			progress := w.answerOf(t)
			require.Len(t, progress, 16)
			done, total := binary.LittleEndian.Uint64(progress), binary.LittleEndian.Uint64(progress[8:])
			require.EqualValues(t, 40_000, total)
			require.True(t, last < done && done <= total, "%d %d", done, total)
			last = done
			pauses++
		}
		require.EqualValues(t, abi.Done, state, name)
		require.Positive(t, pauses, name)
		answer := w.answerOf(t)
		if name == "marks" {
			require.EqualValues(t, 40_000, binary.LittleEndian.Uint64(answer))
			require.Len(t, answer, 8+8*40)
		} else {
			require.Contains(t, string(answer), `"events":40000,`)
		}
	}
}

// outAt returns a number of the out block.
func (w wild) outAt(t *testing.T, offset uint32) uint32 {
	b, err := w.bytes(w.out, abi.OutSize)
	require.NoError(t, err)
	return binary.LittleEndian.Uint32(b[offset:])
}

func (w wild) task(t *testing.T) uint32 { return w.outAt(t, abi.OutTask) }

func (w wild) answerOf(t *testing.T) []byte {
	at, n := w.outAt(t, abi.OutPtr), w.outAt(t, abi.OutLen)
	b, err := w.bytes(at, n)
	require.NoError(t, err)
	return append([]byte{}, b...)
}
