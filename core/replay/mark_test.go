package replay_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/synced"
)

// at returns the offset of frame n.
func (m *maker) at(n int) uint64 { return uint64(m.frames[n].from) }

func (m *maker) size() uint64 { return uint64(len(m.b)) }

// marked reads segments; the newest has a sync mark.
func marked(t *testing.T, mark *synced.Mark, segments ...*maker) (*replay.Scan, map[uint64]uint64) {
	var inputs []replay.Input
	for i, m := range segments {
		in := m.input(i == len(segments)-1, nil)
		if in.Newest {
			in.Mark = mark
		}
		inputs = append(inputs, in)
	}
	s := read(t, 0, inputs...)
	events := map[uint64]uint64{}
	for i := range s.Log().Committed() {
		r := s.Log().Draft().At(i)
		id := r.ID()
		events[binary.BigEndian.Uint64(id[8:])-1000] = r.Sequence()
	}
	return s, events
}

// TestMark: the sync mark decides about the end of the newest segment.
func TestMark(t *testing.T) {
	three := func() *maker { return newSegment(1).event(0, 1).event(1, 2).event(2, 3) }

	torn := func(m *maker, n int, length uint64, named, frames bool) *replay.Torn {
		r := &replay.Torn{File: "000001.fbat", Offset: m.at(n), Length: length, Unproven: true, Frames: frames, Named: named}
		if named {
			r.ID = m.frames[n].id
		}
		return r
	}
	type result struct {
		events  map[uint64]uint64
		torn    *replay.Torn
		ending  replay.Ending
		damages []string
	}
	end := func(whole uint64, sealed bool) replay.Ending {
		return replay.Ending{Segment: 1, Whole: whole, Sealed: sealed}
	}
	for _, c := range []struct {
		name string
		make func() (*maker, uint64) // and the mark's offset
		want func(m *maker, offset uint64) result
	}{
		{"all is whole", func() (*maker, uint64) { m := three(); return m, m.at(1) },
			func(m *maker, _ uint64) result {
				return result{events: same(0, 1, 2), ending: end(m.size(), false)}
			}},
		{"damage after the mark ends the log", func() (*maker, uint64) { m := three().flip(1); return m, m.at(1) },
			func(m *maker, _ uint64) result {
				return result{events: same(0), torn: torn(m, 1, m.size()-m.at(1), true, true), ending: end(m.at(1), false)}
			}},
		{"damage before the mark is damage", func() (*maker, uint64) { m := three().flip(1); return m, m.at(1) + 1 },
			func(m *maker, _ uint64) result {
				return result{events: same(0, 2), ending: end(m.size(), false), damages: []string{"checksum"}}
			}},
		{"damage on both sides", func() (*maker, uint64) { m := three().flip(0).flip(2); return m, m.at(1) },
			func(m *maker, _ uint64) result {
				return result{events: same(1), torn: torn(m, 2, m.size()-m.at(2), true, true), ending: end(m.at(2), false), damages: []string{"checksum"}}
			}},
		{"a frame cut short after the mark", func() (*maker, uint64) { m := three().cut(5); return m, m.at(2) },
			func(m *maker, _ uint64) result {
				return result{events: same(0, 1), torn: torn(m, 2, m.size()-m.at(2), true, false), ending: end(m.at(2), false)}
			}},
		{"shorter than the mark, in a frame", func() (*maker, uint64) { m := three(); n := m.size(); return m.cut(5), n },
			func(m *maker, n uint64) result {
				return result{events: same(0, 1), ending: end(m.at(2), false), damages: []string{"shortened"}}
			}},
		{"shorter than the mark, between frames", func() (*maker, uint64) {
			m := three()
			n := m.size()
			return m.cut(int(n - m.at(2))), n
		},
			func(m *maker, n uint64) result {
				return result{events: same(0, 1), ending: end(m.at(2), false), damages: []string{"shortened"}}
			}},
		{"a header cut short after the mark", func() (*maker, uint64) { m := three(); m.b = m.b[:20]; return m, 0 },
			func(m *maker, _ uint64) result {
				return result{torn: &replay.Torn{File: "000001.fbat", Length: 20, Unproven: true}, ending: end(0, false)}
			}},
		{"a header cut short before the mark", func() (*maker, uint64) { m := three(); n := m.size(); m.b = m.b[:20]; return m, n },
			func(m *maker, _ uint64) result {
				return result{ending: end(0, false), damages: []string{"shortened"}}
			}},
		{"nothing left of what was on disk", func() (*maker, uint64) { m := three(); n := m.size(); m.b = nil; return m, n },
			func(m *maker, _ uint64) result {
				return result{ending: end(0, false), damages: []string{"shortened"}}
			}},
		{"a header of garbage after the mark", func() (*maker, uint64) { m := three(); m.b[0] ^= 1; return m, 0 },
			func(m *maker, _ uint64) result {
				return result{torn: &replay.Torn{File: "000001.fbat", Length: m.size(), Unproven: true, Frames: true}, ending: end(0, false)}
			}},
		{"a header of garbage before the mark", func() (*maker, uint64) { m := three(); m.b[0] ^= 1; return m, m.at(1) },
			func(m *maker, _ uint64) result {
				return result{events: same(0, 1, 2), ending: end(m.size(), false), damages: []string{"magic"}}
			}},
		{"a footer that is proven", func() (*maker, uint64) { m := three().seal(); return m, m.size() },
			func(m *maker, _ uint64) result {
				return result{events: same(0, 1, 2), ending: end(uint64(m.frames[2].to), true)}
			}},
		{"a footer that is not", func() (*maker, uint64) {
			m := three().seal(func(r []event.Record) []event.Record { r[2].Sequence = 9; return r })
			return m, uint64(m.frames[2].to)
		},
			func(m *maker, _ uint64) result {
				at := uint64(m.frames[2].to)
				return result{events: same(0, 1, 2), ending: end(at, false),
					torn: &replay.Torn{File: "000001.fbat", Offset: at, Length: m.size() - at, Unproven: true}}
			}},
		{"a footer without its last byte", func() (*maker, uint64) { m := three().seal().cut(1); return m, uint64(m.frames[2].to) },
			func(m *maker, _ uint64) result {
				at := uint64(m.frames[2].to)
				return result{events: same(0, 1, 2), ending: end(at, false),
					torn: &replay.Torn{File: "000001.fbat", Offset: at, Length: m.size() - at, Unproven: true}}
			}},
		{"a batch cut short after the mark", func() (*maker, uint64) {
			m := newSegment(1).event(0, 1).begin(1, 2).event(1, 5).event(2, 5).commit(1)
			return m.flip(3), m.at(1)
		},
			func(m *maker, _ uint64) result {
				return result{events: same(0), torn: torn(m, 3, m.size()-m.at(3), true, true), ending: end(m.at(1), false)}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, offset := c.make()
			want := c.want(m, offset)
			s, events := marked(t, &synced.Mark{Segment: 1, Offset: offset}, m)
			if want.events == nil {
				want.events = map[uint64]uint64{}
			}
			require.Equal(t, want.events, events)
			r := s.Report()
			require.Equal(t, want.torn, r.Torn)
			require.Equal(t, want.ending, s.Ending())
			var reasons []string
			for _, d := range r.Damages {
				reasons = append(reasons, string(d.Reason))
				if d.Reason == damage.Shortened {
					require.Equal(t, offset, d.Offset+d.Length)
					require.LessOrEqual(t, d.Offset, m.size())
					require.Equal(t, damage.UnknownEnd, d.EndSequence)
				}
			}
			require.Equal(t, want.damages, reasons)

		})
	}
}

// TestShortenedMessage: the report names the place, the frame that is cut
// short, and the start of the loss.
func TestShortenedMessage(t *testing.T) {
	m := newSegment(1).event(0, 1).event(1, 2)
	n := m.size()
	s, _ := marked(t, &synced.Mark{Segment: 1, Offset: n}, m.cut(5))
	require.Len(t, s.Report().Damages, 1)
	d := s.Report().Damages[0]
	require.Equal(t, &damage.Damage{
		File: "000001.fbat", Offset: m.at(1), Length: n - m.at(1), Reason: damage.Shortened,
		Events: []damage.Touched{{ID: m.frames[1].id}}, FirstSequence: 1, EndSequence: damage.UnknownEnd,
	}, d)
	_, ok := s.Resume()
	require.False(t, ok)
}

// TestMarkNumbers: a segment's first event has the sequence in the mark, which
// frames do not have; a used sequence is ignored.
func TestMarkNumbers(t *testing.T) {
	for _, c := range []struct {
		first uint64
		want  map[uint64]uint64
		gaps  int
	}{
		{0, same(0, 1), 0},
		{1, same(0, 1), 0},
		{7, map[uint64]uint64{0: 0, 1: 7}, 1},
		{1<<63 - 2, map[uint64]uint64{0: 0, 1: 1<<63 - 2}, 1},
		{1 << 63, same(0, 1), 0},
		{1<<64 - 1, same(0, 1), 0},
	} {
		s, events := marked(t, &synced.Mark{Segment: 2, First: c.first}, newSegment(1).event(0, 1).seal(), newSegment(2).event(1, 2))
		require.Equal(t, c.want, events)
		require.Len(t, s.Report().Gaps, c.gaps)
		require.Empty(t, s.Report().Damages)
	}
	// The footer, once written, agrees.
	shift := func(r []event.Record) []event.Record { r[0].Sequence = 7; return r }
	two := newSegment(2).event(1, 2).seal(shift)
	_, events := marked(t, &synced.Mark{Segment: 2, First: 7, Offset: two.size()}, newSegment(1).event(0, 1).seal(), two)
	require.Equal(t, map[uint64]uint64{0: 0, 1: 7}, events)
	// A footer with lower sequences is still right.
	two = newSegment(2).event(1, 2).seal()
	_, events = marked(t, &synced.Mark{Segment: 2, First: 7, Offset: two.size()}, newSegment(1).event(0, 1).seal(), two)
	require.Equal(t, same(0, 1), events)
}

// TestMixed: no footer can describe an unfinished batch that began in an
// earlier segment, or that events follow.
func TestMixed(t *testing.T) {
	s, events := marked(t, nil, newSegment(1).event(0, 1).begin(1, 3).event(1, 5).seal(), newSegment(2).event(2, 5))
	require.Equal(t, same(0), events)
	require.Equal(t, replay.Ending{Segment: 2, Whole: s.Ending().Whole, Mixed: true}, s.Ending())

	m := newSegment(1).event(0, 1).begin(1, 3).event(1, 5).event(2, 6)
	s, events = marked(t, nil, m)
	require.Equal(t, map[uint64]uint64{0: 0, 2: 1}, events)
	require.Equal(t, replay.Ending{Segment: 1, Whole: m.size(), Mixed: true}, s.Ending(), "an event stands after the batch")

	m = newSegment(1).event(0, 1).begin(1, 3).event(1, 5).event(2, 6).begin(3, 1).event(3, 7).commit(3)
	s, _ = marked(t, nil, m)
	require.Equal(t, replay.Ending{Segment: 1, Whole: m.size(), Mixed: true}, s.Ending(), "in the middle too")
}
