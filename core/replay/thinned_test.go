package replay_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/replay"
	"github.com/thawlog/thaw/core/sealed"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
)

// thinnedPart is an event with its sequence, or, with numbers set, an empty batch that names it.
type thinnedPart struct {
	sequence uint64
	numbers  bool
}

// thinnedSegment makes a sealed segment. sum, unless 0, replaces the sums of empty batches.
func thinnedSegment(t *testing.T, id, flags, sum uint64, parts ...thinnedPart) []byte {
	var b []byte
	w := sealed.NewWriter(func(_ uint64, more []byte) error { b = append(b, more...); return nil })
	require.NoError(t, w.Begin(segment.Header{Flags: flags, SegmentID: id}))
	seen := uint64(segment.NoNumbers)
	for _, p := range parts {
		if p.numbers {
			with := seen
			if sum != 0 {
				with = sum
			}
			require.NoError(t, w.Marker(segment.AppendNumbers(nil, p.sequence, with, 1)))
			continue
		}
		body := segment.Body{ID: event.ID{15: byte(p.sequence) + 1}, Kind: event.Data, Chained: true, Clock: uint32(p.sequence), Entity: []byte("e"), Scope: []byte("s")}
		f := body.Facts(event.Position{})
		f.Sequence = p.sequence
		_, err := w.Add(&event.Event{Facts: f, Coordinate: event.At("e", "s")}, segment.AppendFrame(nil, &body))
		require.NoError(t, err)
		seen = segment.AddNumber(seen, p.sequence)
	}
	_, err := w.Seal()
	require.NoError(t, err)
	return b
}

// unsealedSegment cuts the footer off.
func unsealedSegment(b []byte) []byte {
	t, _ := sidx.DecodeTrailer(b[len(b)-sidx.TrailerSize:])
	return b[:t.TableOffset]
}

// brokenFrame flips a bit in frame number n.
func brokenFrame(t *testing.T, b []byte, n int) []byte {
	_, at, err := segment.DecodeHeader(b)
	require.NoError(t, err)
	for range n {
		at += int(segment.FrameLength(b[at:]))
	}
	b[at+segment.FrameHead+9] ^= 1
	return b
}

// TestThinned: what the segments from which events are missing say of their sequences.
func TestThinned(t *testing.T) {
	const co, ex = segment.FlagCompacted, segment.FlagExtract
	at := func(n uint64) thinnedPart { return thinnedPart{sequence: n} }
	names := func(n uint64) thinnedPart { return thinnedPart{sequence: n, numbers: true} }
	seg := func(id, flags uint64, parts ...thinnedPart) []byte { return thinnedSegment(t, id, flags, 0, parts...) }
	for _, c := range []struct {
		name     string
		segments map[uint64][]byte
		want     []uint64
		next     uint64
		damages  []damage.Reason
		gaps     int
		missing  uint64
	}{
		{"gaps within", map[uint64][]byte{1: seg(1, co, at(0), at(3), at(7), names(8)), 2: seg(2, 0, at(8))}, []uint64{0, 3, 7, 8}, 9, nil, 0, 5},
		{"without the flag", map[uint64][]byte{1: seg(1, 0, at(0), at(3))}, []uint64{0, 3}, 4, nil, 1, 0},
		{"an extract", map[uint64][]byte{1: seg(1, ex, at(4), at(9))}, []uint64{4, 9}, 10, nil, 0, 8},
		{"the end before an open segment", map[uint64][]byte{1: seg(1, co, at(0), names(5)), 2: unsealedSegment(seg(2, 0, at(5)))}, []uint64{0, 5}, 6, nil, 0, 4},
		{"the begin after given up ids", map[uint64][]byte{1: seg(1, 0, at(0)), 9: seg(9, co, names(1), at(3), names(4))}, []uint64{0, 3}, 4, nil, 0, 2},
		{"no begin after given up ids", map[uint64][]byte{1: seg(1, 0, at(0)), 9: seg(9, co, at(3), names(4))}, []uint64{0, 3}, 4, []damage.Reason{damage.SegmentMissing}, 0, 0},
		{"a begin that is too high", map[uint64][]byte{1: seg(1, 0, at(0)), 9: seg(9, co, names(2), at(3))}, []uint64{0, 3}, 4, []damage.Reason{damage.SegmentMissing}, 0, 1},
		{"a begin that is too low", map[uint64][]byte{1: seg(1, 0, at(0), at(1)), 9: seg(9, co, names(1), at(3), names(4))}, []uint64{0, 1, 3}, 4, nil, 0, 1},
		{"nothing left", map[uint64][]byte{1: seg(1, co, names(0), names(6)), 2: unsealedSegment(seg(2, 0, at(6)))}, []uint64{6}, 7, nil, 0, 6},
		{"no footer", map[uint64][]byte{1: unsealedSegment(seg(1, co, at(0), at(3), names(5))), 2: seg(2, 0, at(5))}, []uint64{0, 1, 5}, 6, []damage.Reason{damage.Footer}, 0, 0},
		{"no footer of an extract", map[uint64][]byte{1: unsealedSegment(seg(1, ex, at(4))), 2: seg(2, ex, at(5))}, []uint64{0, 5}, 6, []damage.Reason{damage.Footer}, 0, 0},
		{"no footer, but its numbers are what is left", map[uint64][]byte{1: unsealedSegment(seg(1, co, names(0), at(0), at(1), names(2)))}, []uint64{0, 1}, 2, []damage.Reason{damage.Footer}, 0, 0},
		{"another sum", map[uint64][]byte{1: thinnedSegment(t, 1, co, 1, at(0), at(3), names(5)), 2: seg(2, 0, at(5))}, []uint64{0, 1, 5}, 6, []damage.Reason{damage.Footer}, 0, 0},
		{"the flag is lost", map[uint64][]byte{1: seg(1, co|1<<10, at(0), at(3), names(5)), 2: unsealedSegment(seg(2, 0, at(5)))}, []uint64{0, 3, 5}, 6, nil, 2, 0},
		{"a broken frame", map[uint64][]byte{1: brokenFrame(t, seg(1, co, at(0), at(3), at(7), names(9)), 1), 2: seg(2, 0, at(9))}, []uint64{0, 7, 9}, 10, []damage.Reason{damage.Checksum}, 0, 4},
		{"an end below an event", map[uint64][]byte{1: seg(1, co, at(0), at(3), names(2)), 2: seg(2, 0, at(5))}, []uint64{0, 1, 5}, 6, []damage.Reason{damage.Footer}, 1, 0},
		{"an end above all numbers", map[uint64][]byte{1: seg(1, co, at(0), names(1<<63)), 2: seg(2, 0, at(1))}, []uint64{0, 1}, 2, nil, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := directory.Memory{}
			for id, b := range c.segments {
				files[segment.Name(id)] = b
			}
			l, err := directory.List(files)
			require.NoError(t, err)
			require.NoError(t, l.LookFrom(0))
			log := replay.NewLog(0, 0)
			scan := replay.NewScan(log, replay.Place{}, nil)
			require.NoError(t, scan.Drive(replay.Segments{Files: files, Listing: l}))
			var got []uint64
			for i := range log.Committed() {
				got = append(got, log.Draft().Sequence(i))
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.next, log.Next())
			r := scan.Report()
			var reasons []damage.Reason
			for _, d := range r.Damages {
				reasons = append(reasons, d.Reason)
			}
			require.Equal(t, c.damages, reasons)
			require.Len(t, r.Gaps, c.gaps)
			missing := uint64(0)
			for _, f := range r.Thinned {
				missing += f.Missing
			}
			require.Equal(t, c.missing, missing)
			_, ok := scan.Resume()
			require.Equal(t, len(c.damages) == 0 && c.gaps == 0 && len(r.Unsealed) == 0, ok)
		})
	}
}

// TestThinnedFrom: a scan that begins within a thinned segment takes the sequence that the batch at
// its end names, although it did not see all events whose sum the batch has. It notes nothing twice
// that is missing before that batch.
func TestThinnedFrom(t *testing.T) {
	b := thinnedSegment(t, 1, segment.FlagCompacted, 0, thinnedPart{sequence: 0}, thinnedPart{sequence: 3}, thinnedPart{sequence: 5, numbers: true})
	files := directory.Memory{segment.Name(1): b, segment.Name(2): unsealedSegment(thinnedSegment(t, 2, 0, 0, thinnedPart{sequence: 5}))}
	l, err := directory.List(files)
	require.NoError(t, err)
	require.NoError(t, l.LookFrom(0))
	whole := replay.NewLog(0, 0)
	require.NoError(t, replay.NewScan(whole, replay.Place{}, nil).Drive(replay.Segments{Files: files, Listing: l}))
	for _, c := range []struct {
		after int
		next  uint64
		want  []uint64
		gaps  int // the flag is in the header, which the scan did not read
	}{{0, 1, []uint64{3, 5}, 1}, {1, 4, []uint64{5}, 0}} {
		log := replay.NewLog(c.next, c.next)
		scan := replay.NewScan(log, replay.Place{Segment: 1, Offset: whole.Draft().At(c.after).Position().End()}, nil)
		require.NoError(t, scan.Drive(replay.Segments{Files: files, Listing: l}))
		for i, sequence := range c.want {
			require.Equal(t, sequence, log.Draft().Sequence(i))
		}
		require.Len(t, scan.Report().Gaps, c.gaps)
		require.Empty(t, scan.Report().Damages)
	}
}
