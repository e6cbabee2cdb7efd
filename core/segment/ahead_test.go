package segment_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/internal/concurrently"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// flaky fails one of several reads, which may be concurrent.
type flaky struct {
	source.Source
	left atomic.Int32
}

var errFlaky = errors.New("flaky")

func (f *flaky) ReadAt(p []byte, off int64) (int, error) {
	if f.left.Add(-1) == 0 {
		return 0, errFlaky
	}
	return f.Source.ReadAt(p, off)
}

// TestAheadReadFails: an unreadable block is not used. One Ahead serves two
// segments, so its memory holds frames of the first.
func TestAheadReadFails(t *testing.T) {
	l := newLog(true)
	all, _, _ := walk(t, l.b, l.at[0])
	other := segment.AppendHeader(nil, segment.Header{SegmentID: 1})
	for i := range 10 {
		other = segment.AppendFrame(other, sample(20+i, 10+30*(i%4)))
	}
	for _, block := range []int{300, 1000, 5000, 20000} {
		a := segment.NewAhead(block, concurrently.Run)
		met, ended := 0, false
		for k := int32(1); !ended; k++ {
			segment.NewWalker(source.Bytes(other), uint64(l.at[0])).Blocks(a, nil, func(uint64) bool { return false })
			w := segment.NewWalker(noMemory{source.Bytes(other)}, uint64(l.at[0]))
			w.Blocks(a, nil, func(until uint64) bool { return drain(w, until, nil) })
			require.NoError(t, w.Err())

			src := &flaky{Source: source.Bytes(l.b)}
			src.left.Store(k)
			w = segment.NewWalker(src, uint64(l.at[0]))
			steps := []string{}
			w.Blocks(a, nil, func(until uint64) bool { return drain(w, until, &steps) })
			if w.Err() != nil {
				require.ErrorIs(t, w.Err(), errFlaky)
				require.Equal(t, all[:len(steps)], steps)
				continue
			}
			require.Equal(t, all, steps, "block %d, read %d", block, k)
			met++
			ended = src.left.Load() > 0
		}
		require.Greater(t, met, 2, "reads ahead failed and the walk did not")
	}
}

func drain(w *segment.Walker, until uint64, steps *[]string) bool {
	for w.Offset() < until {
		s, ok := w.Next()
		if !ok {
			return false
		}
		if steps != nil {
			*steps = append(*steps, fmt.Sprint(s.Body.Clock))
		}
	}
	return true
}

// TestAheadNotes: every frame that is read ahead is noted once, in rising order
// on each goroutine, and the walk returns the note.
func TestAheadNotes(t *testing.T) {
	l := newLog(false)
	w := segment.NewWalker(noMemory{source.Bytes(l.b)}, uint64(l.at[0]))
	var asked atomic.Int32
	seen := 0
	note := func() segment.Note {
		last := uint64(0)
		return func(offset, length uint64, b *segment.Body) uint32 {
			if offset <= last {
				panic("offsets fall")
			}
			last = offset
			asked.Add(1)
			return b.Clock + 1
		}
	}
	w.Blocks(segment.NewAhead(3000, concurrently.Run), note, func(until uint64) bool {
		for w.Offset() < until {
			s, ok := w.Next()
			if !ok {
				return false
			}
			require.Equal(t, s.Body.Clock+1, s.Note)
			require.Nil(t, s.Body.Payload)
			seen++
		}
		return true
	})
	require.Equal(t, 10, seen)
	require.EqualValues(t, 10, asked.Load())
}

// TestAheadReadsOnce: damage does not make a walk read its segment many times.
func TestAheadReadsOnce(t *testing.T) {
	b := segment.AppendHeader(nil, segment.Header{SegmentID: 1})
	from := uint64(len(b))
	for i := range 2000 {
		at := len(b)
		b = segment.AppendFrame(b, sample(i, 100))
		if i%3 == 1 {
			b[at+3] ^= 0x40 // the length
		}
	}
	for _, block := range []int{2000, 50000} {
		src := &counted{Source: source.Bytes(b)}
		w := segment.NewWalker(src, from)
		frames := 0
		w.Blocks(segment.NewAhead(block, concurrently.Run), nil, func(until uint64) bool {
			for w.Offset() < until {
				s, ok := w.Next()
				if !ok {
					return false
				}
				if s.Body != nil && s.Body.Kind == event.Data {
					frames++
				}
			}
			return true
		})
		require.Equal(t, 2000, frames)
		require.Less(t, src.bytes.Load(), int64(6*len(b)), "blocks of %d", block)
	}
}

type counted struct {
	source.Source
	bytes atomic.Int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.bytes.Add(int64(len(p)))
	return c.Source.ReadAt(p, off)
}
