package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/host"
)

// TestFixtures: every store that batpak wrote, on each step of the ladder, by windows
// and with buffers, shows the events that batpak shows, and gives each payload.
func TestFixtures(t *testing.T) {
	for _, name := range fixtureNames(t) {
		want, err := os.ReadFile(filepath.Join(fixtures, name, "expected.jsonl"))
		require.NoError(t, err)
		for _, without := range [][]string{nil, {artifact.FileName}, {artifact.FileName, checkpoint.FileName}} {
			for _, buffer := range []int64{0, 1 << 30} {
				dir := copyStore(t, name, without...)
				r, err := loaded(t).OpenReader(t.Context(), dir, ReaderOptions{Buffer: buffer})
				require.NoError(t, err, name)
				var got []byte
				for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
					require.NoError(t, err)
					got = lines.AppendEvent(got, lines.Plain, &event.Full{Event: e})
					full, err := r.Get(t.Context(), e.ID)
					require.NoError(t, err)
					require.Equal(t, e, event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
					again, err := r.Read(t.Context(), e)
					require.NoError(t, err)
					require.Equal(t, full, again)
				}
				require.Equal(t, strings.ReplaceAll(string(want), `,"wall_ms":`, `,"timestamp_us":null,"wall_ms":`), string(got), name)
				require.NoError(t, r.Close())
			}
			r, err := loaded(t).OpenReader(t.Context(), copyStore(t, name, without...), ReaderOptions{CheckFrames: true})
			require.NoError(t, err, name)
			for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
				require.NoError(t, err)
				full, err := r.Read(t.Context(), e)
				require.NoError(t, err)
				require.True(t, e.Timed)
				require.Equal(t, full.Event, e, "a query that checks frames gives the event's own time")
			}
			require.NoError(t, r.Close())
		}
	}
}
