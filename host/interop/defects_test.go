package interop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/host/interop"
)

// seen is an event as batpak is expected to show it, rightly or wrongly.
type seen struct {
	sequence uint64
	segment  uint64
	facts    interop.Facts
}

// asBatpak returns the events that batpak shows of a store, including hidden ones, with the numbers and
// positions that its defects give them. It allows no other difference, so a difference from the dump is
// either thaw's fault or an unknown defect.
//
// D19: a segment's footer holds the items of a batch whose COMMIT is in the
// segment, under the offsets they have where they really are, and the footers
// of earlier segments lack them. Where the segment has no footer they are lost.
//
// D1: events of a tail without a footer are numbered on from the highest of the
// tail, from 0 if there is none, regardless of the index.
//
// before holds the events that batpak saw when it opened the store to write the index: the index then
// has its errors.
func (f *frames) asBatpak(w watermark, all []truth, before map[event.ID]seen) map[event.ID]seen {
	out := map[event.ID]seen{}
	byID := map[event.ID]truth{}
	home := map[uint64][]truth{}
	for _, e := range all {
		byID[e.id] = e
		home[f.home[e.id]] = append(home[f.home[e.id]], e)
		if e.sequence < w.allocator {
			out[e.id] = seen{e.sequence, e.facts.Segment, e.facts}
			if s, ok := before[e.id]; ok {
				out[e.id] = s
			}
		}
	}
	var next uint64
	show := func(e truth, segment, sequence uint64) {
		if segment == w.segment && e.facts.Offset < w.offset {
			return
		}
		next = max(next, sequence+1)
		out[e.id] = seen{sequence, segment, e.facts}
	}
	for id := w.segment; id <= f.last; id++ {
		if f.sealed[id] {
			for _, e := range home[id] {
				show(e, id, e.sequence)
			}
			continue
		}
		for _, e := range f.in[id] {
			show(byID[e], id, next)
		}
	}
	return out
}

// misplaced reports whether an index that batpak wrote over what it saw before
// names frames that are not there.
func misplaced(before map[event.ID]seen) bool {
	for _, s := range before {
		if s.segment != s.facts.Segment {
			return true
		}
	}
	return false
}

// requireDump checks that batpak shows what it is expected to show: all fields,
// and no event more or less.
func requireDump(t *testing.T, want map[event.ID]seen, hidden visibility.Ranges, dump []interop.Line) {
	got := map[string]bool{}
	last := uint64(0)
	for _, line := range dump {
		require.False(t, got[line.EventID], "twice: %s", line.EventID)
		got[line.EventID] = true
		require.LessOrEqual(t, last, line.Sequence)
		last = line.Sequence
		id, err := event.ParseID(line.EventID)
		require.NoError(t, err)
		s, ok := want[id]
		require.True(t, ok, "an event nobody knows: %+v", line)
		require.Equal(t, s.sequence, line.Sequence)
		require.False(t, hidden.Hides(s.sequence))
		if s.segment == s.facts.Segment {
			require.Empty(t, line.PayloadError)
			requireFacts(t, s.facts, line.Facts)
			continue
		}
		// D19: the place is wrong, so the frame cannot be read, and the rest is
		// as the footer has it.
		require.NotEmpty(t, line.PayloadError)
		s.facts.Segment, s.facts.Flags, s.facts.TimestampUS, s.facts.Payload = s.segment, 0, 0, nil
		require.Equal(t, s.facts, line.Facts)
	}
	for id, s := range want {
		// D1, D19: a cancelled fence hides the events that now have its numbers.
		require.Equal(t, !hidden.Hides(s.sequence), got[id.String()], "%+v", s)
	}
}
