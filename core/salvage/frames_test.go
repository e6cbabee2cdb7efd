package salvage_test

import (
	"bytes"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/salvage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/visibility"
)

// reframed returns a store with another frame for one event of its second segment, of the
// same length where fill is set.
func reframed(t *testing.T, change func(b *segment.Body)) directory.Memory {
	files := maps.Clone(small(t, true))
	delete(files, visibility.FileName)
	b := files[segment.Name(2)]
	last := frames(b)
	s := last[len(last)-1]
	change(s.Body)
	out := append(bytes.Clone(b[:s.Offset]), segment.AppendFrame(nil, s.Body)...)
	files[segment.Name(2)] = out // without a footer, whose offsets are no longer right
	return files
}

// TestDigest: a payload without the recorded digest is never in the result, however sound its frame.
func TestDigest(t *testing.T) {
	files := reframed(t, func(b *segment.Body) { b.Payload = append(bytes.Clone(b.Payload), 0) })
	files["extra"] = bytes.Clone(files[segment.Name(2)]) // and once more, where only the search finds it
	for _, keep := range []bool{false, true} {
		got, r := salvaged(t, files, salvage.Options{KeepDoubtful: keep})
		requireSound(t, got)
		require.Len(t, contents(t, got), 11)
		require.NotZero(t, r.LeftOut)
		require.Equal(t, damage.PayloadHash, r.Findings[0].Reason)
	}
}

// TestPayloadForms: a payload that is not written as an array of bytes is written so (D7).
func TestPayloadForms(t *testing.T) {
	for _, form := range []segment.PayloadForm{segment.PayloadBin, segment.PayloadValue} {
		files := reframed(t, func(b *segment.Body) { b.Form = form })
		got, r := salvaged(t, files, salvage.Options{})
		require.True(t, r.Whole())
		require.EqualValues(t, 1, r.Reencoded)
		require.Equal(t, contents(t, small(t, true)), contents(t, got))
		for _, s := range frames(got[segment.Name(1)]) {
			require.Equal(t, segment.PayloadArray, s.Body.Form)
		}
	}
}

// TestFrameLength: a frame of which only the length is damaged gets it back.
func TestFrameLength(t *testing.T) {
	for _, indexes := range []bool{false, true} {
		files := small(t, true)
		if indexes {
			files = indexed(t, files)
		}
		b := bytes.Clone(files[segment.Name(2)])
		b[frames(b)[0].Offset+3] ^= 0x10
		files[segment.Name(2)] = b
		got, r := salvaged(t, files, salvage.Options{})
		require.Empty(t, r.Findings)
		require.Equal(t, contents(t, small(t, true)), contents(t, got))
		requireSound(t, got)
	}
}

// TestUnacknowledged: frames after the place where the sync mark lets the log end were not
// acknowledged, and are left out.
func TestUnacknowledged(t *testing.T) {
	files := small(t, false)
	b := bytes.Clone(files[segment.Name(3)])
	steps := frames(b)
	files[synced.FileName] = synced.AppendSlot(synced.AppendSlot(nil, synced.Mark{Segment: 3, Offset: steps[0].Offset, First: 8}), synced.Mark{Segment: 3, Offset: steps[1].Offset, First: 8})
	b[steps[len(steps)-2].Offset+4] ^= 1 // the COMMIT, never known to be on disk
	files[segment.Name(3)] = b
	got, r := salvaged(t, files, salvage.Options{})
	require.Len(t, contents(t, got), 9)
	require.Equal(t, contents(t, files), contents(t, got))
	require.NotZero(t, r.LeftOut)
	for _, f := range r.Findings {
		require.Equal(t, salvage.LeftOut, f.Outcome)
		require.Equal(t, damage.Torn, f.Reason)
	}
}

// TestGaps: an entity's gaps are a loss, but not where the segment says that events are missing.
func TestGaps(t *testing.T) {
	files := small(t, true)
	delete(files, segment.Name(2))
	got, r := salvaged(t, files, salvage.Options{})
	require.False(t, r.Whole())
	_, r = salvaged(t, got, salvage.Options{})
	require.Empty(t, r.Findings)
}

// TestKeptIsNotLost: an event that does not continue the one before is doubtful and kept, and is
// no removal of the new store's.
func TestKeptIsNotLost(t *testing.T) {
	files := reframed(t, func(b *segment.Body) { b.PrevHash[0] ^= 1 })
	s, err := salvage.Examine(files, salvage.Options{Hash: hash})
	require.NoError(t, err)
	r := s.Report()
	require.EqualValues(t, 1, r.Kept, "%+v", r.Findings)
	require.Zero(t, r.Lost)
	l, err := s.Lineage(0)
	require.NoError(t, err)
	require.Nil(t, l)
}

// TestTwoOfOneClock: an item of an aborted batch that came back has the clock of the event that was
// appended in its place (D8). Which of the two it is cannot be told: both are kept, and reported.
func TestTwoOfOneClock(t *testing.T) {
	files := small(t, false)
	delete(files, visibility.FileName)
	b := files[segment.Name(3)]
	steps := frames(b)
	last := *steps[len(steps)-1].Body
	last.ID[0] = 0xee
	last.Payload = []byte{7}
	last.EventHash = hash(last.Payload)
	last.ContentHash, last.PayloadSize = last.EventHash, 1
	files[segment.Name(3)] = append(bytes.Clone(b), segment.AppendFrame(nil, &last)...)
	got, r := salvaged(t, files, salvage.Options{})
	require.Len(t, contents(t, got), 13)
	require.Len(t, r.Findings, 1)
	require.Equal(t, salvage.Kept, r.Findings[0].Outcome)
	require.Equal(t, damage.Chain, r.Findings[0].Reason)
	require.Equal(t, last.ID, r.Findings[0].ID)
}
