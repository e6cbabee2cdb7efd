package replay_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
)

// TestFooterRefuted: a footer that contradicts its frames is not used, and the
// frames are read as if it did not exist.
func TestFooterRefuted(t *testing.T) {
	shift := func(e []event.Record) []event.Record {
		for i := range e {
			e[i].Sequence += 7
		}
		return e
	}
	for _, c := range []struct {
		name   string
		change func([]event.Record) []event.Record
	}{
		{"the first entry is missing", func(e []event.Record) []event.Record { return shift(e)[1:] }},
		{"the last entry is missing", func(e []event.Record) []event.Record { return shift(e)[:2] }},
		{"an entry too many at the end", func(e []event.Record) []event.Record {
			last := e[2]
			last.Sequence, last.Position.Offset = 3, last.Position.End()
			return append(shift(e), last)
		}},
		{"an entry too many in between", func(e []event.Record) []event.Record {
			second := e[1]
			second.Position.Offset--
			return []event.Record{e[0], second, e[1], e[2]}
		}},
		{"the last entry has a number that is taken", func(e []event.Record) []event.Record {
			shift(e)[2].Sequence = 1
			return e
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newSegment(1).event(0, 1).event(1, 2).event(2, 3)
			end := m.size()
			m.seal(c.change)
			s, events := marked(t, nil, m)
			require.Equal(t, same(0, 1, 2), events)
			require.Equal(t, uint64(3), s.Log().Next())
			r := s.Report()
			require.Equal(t, []*damage.Refusal{{File: "000001.fbat", Reason: damage.Footer, Offset: int64(end)}}, r.Rejected)
			require.Empty(t, r.Damages)
			require.Empty(t, r.Gaps)
			require.False(t, s.Ending().Sealed)
		})
	}
}

// TestFooterInsideAFrame: a frame ends with the event's scope, which may be the
// bytes of a footer without entries. Such a segment is not sealed: the event's
// batch is unfinished, and the next segment's events are not part of it.
func TestFooterInsideAFrame(t *testing.T) {
	build := func(at uint64, pad int) (m *maker, inside uint64) {
		trailer := sidx.AppendTrailer(nil, sidx.Trailer{TableOffset: at})
		// Names are UTF-8, and the table of no names is the second byte of a letter.
		m = newSegment(1).begin(0, 2).named(0, 50, strings.Repeat("e", pad), "\u0090"+string(trailer))
		return m, m.size() - uint64(len(trailer)) - 1
	}
	pad := 1
	_, inside := build(0, pad)
	for inside%256 >= 128 { // the offset is part of a name too
		pad++
		_, inside = build(0, pad)
	}
	m, _ := build(inside, pad)
	offset, ok, err := segment.FooterOffset(source.Bytes(m.b))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, inside, offset)
	_, err = segment.Footer(source.Bytes(m.b), inside)
	require.NoError(t, err)

	s, events := marked(t, nil, m)
	require.Empty(t, events)
	require.Empty(t, s.Report().Damages)
	require.Len(t, s.Report().Unfinished, 1)
	require.False(t, s.Ending().Sealed)
	require.Equal(t, m.at(0), s.Ending().Whole)

	s, events = marked(t, nil, m, newSegment(2).event(1, 50).event(2, 51))
	require.Equal(t, map[uint64]uint64{1: 0, 2: 1}, events)
	require.Len(t, s.Report().Unfinished, 1)
	require.Len(t, s.Report().Unsealed, 1)
}

// TestSqueeze: a footer's sequence moves guessed ones down only when all of
// them fit after the last sure one.
func TestSqueeze(t *testing.T) {
	for _, c := range []struct {
		hint     uint64
		want     map[uint64]uint64
		rejected int
	}{
		{hint: 5, want: map[uint64]uint64{0: 0, 1: 1, 3: 3, 4: 5}},
		{hint: 4, want: map[uint64]uint64{0: 0, 1: 1, 3: 3, 4: 4}},
		{hint: 3, want: map[uint64]uint64{0: 0, 1: 1, 3: 2, 4: 3}},
		{hint: 2, want: map[uint64]uint64{0: 0, 1: 1, 3: 3, 4: 4}, rejected: 1},
		{hint: 0, want: map[uint64]uint64{0: 0, 1: 1, 3: 3, 4: 4}, rejected: 1},
	} {
		sealed := newSegment(1).event(0, 1).seal()
		open := newSegment(2).event(1, 2).event(2, 3).event(3, 4).flip(1) // it seems that 2 was a sequence
		last := newSegment(3).event(4, 5).seal(func(e []event.Record) []event.Record { e[0].Sequence = c.hint; return e })
		s, events := marked(t, nil, sealed, open, last)
		require.Equal(t, c.want, events, "%d", c.hint)
		require.Len(t, s.Report().Rejected, c.rejected, "%d", c.hint)
	}
}
