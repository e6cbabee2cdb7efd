package store_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// durableFrom maps the offset of every event frame in a segment to the length from
// which the segment proves it: the end of its own frame, or of the COMMIT of its batch.
// Events that are never proved are not in the map.
func durableFrom(t *testing.T, seg []byte) map[uint64]uint64 {
	_, from, err := segment.DecodeHeader(seg)
	require.NoError(t, err)
	proved := map[uint64]uint64{}
	var staged []uint64
	open := false
	w := segment.NewWalker(source.Bytes(seg), uint64(from))
	for {
		s, ok := w.Next()
		if !ok {
			return proved
		}
		require.NotNil(t, s.Body)
		switch {
		case s.Body.Kind == event.SystemBatchBegin:
			open, staged = true, nil
		case s.Body.Kind == event.SystemBatchCommit:
			for _, off := range staged {
				proved[off] = s.Offset + s.Length
			}
			open = false
		case open:
			staged = append(staged, s.Offset)
		default:
			proved[s.Offset] = s.Offset + s.Length
		}
	}
}

// covered reports whether the store's index.fbati has the event.
func covered(files map[string][]byte, e event.Event) bool {
	b, ok := files[artifact.FileName]
	if !ok {
		return false
	}
	h, err := artifact.DecodeHeader(b, int64(len(b)))
	w := h.Watermark
	return err == nil && (e.Position.Segment < w.Segment || e.Position.Segment == w.Segment && e.Position.Offset < w.Offset)
}

// TestTruncatedNewestSegment cuts the newest segment of every fixture at every length:
// the events committed before the cut are shown, and no others. The cut is no damage
// unless an index lists events after it: those are then reported lost.
func TestTruncatedNewestSegment(t *testing.T) {
	for _, name := range fixture.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := fixture.Store(name)
			segments := fixture.Segments(files)
			newest := segments[len(segments)-1]
			id, _ := segment.ParseName(newest)
			whole := files[newest]
			proved := durableFrom(t, whole)

			s, err := store.Open(directory.Memory(files), store.Options{})
			require.NoError(t, err)
			var events []event.Event
			var lines []string
			for e, err := range s.Query(query.Region{}, query.Page{}) {
				require.NoError(t, err)
				events, lines = append(events, e), append(lines, line(e))
			}
			for cut := 0; cut < len(whole); cut += stride() {
				files[newest] = whole[:cut]
				s, err := store.Open(directory.Memory(files), store.Options{})
				require.NoError(t, err, "cut at %d", cut)
				var want, got strings.Builder
				for i, e := range events {
					if e.Position.Segment != id || proved[e.Position.Offset] <= uint64(cut) {
						want.WriteString(lines[i])
					}
				}
				i := 0
				for e, err := range s.Query(query.Region{}, query.Page{}) {
					require.NoError(t, err)
					for i < len(events) && events[i] != e {
						i++
					}
					if i == len(events) {
						got.WriteString(line(e))
					} else {
						got.WriteString(lines[i])
					}
				}
				if want.String() != got.String() {
					require.Equal(t, want.String(), got.String(), "cut at %d", cut)
				}
				lost := map[event.ID]bool{}
				for _, d := range s.Report().Damages {
					require.Equal(t, damage.Lost, d.Reason, "cut at %d", cut)
					require.Equal(t, newest, d.File)
					for _, e := range d.Events {
						lost[e.ID] = true
					}
				}
				for _, e := range events {
					cutOff := e.Position.Segment == id && proved[e.Position.Offset] > uint64(cut)
					require.Equal(t, cutOff && covered(files, e), lost[e.ID], "cut at %d", cut)
				}
			}
		})
	}
}
