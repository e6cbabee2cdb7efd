package store_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// TestOwnTime: every query returns the own time of its events when frames are checked,
// and says that the time is unknown when they come from an index alone.
func TestOwnTime(t *testing.T) {
	for _, name := range []string{"rotated", "fences", "batch"} {
		own := map[event.ID]int64{} // as batpak recorded it
		for line := range strings.Lines(string(fixture.Payloads(name))) {
			var p struct {
				ID event.ID `json:"event_id"`
				US int64    `json:"timestamp_us"`
			}
			require.NoError(t, json.Unmarshal([]byte(line), &p))
			own[p.ID] = p.US
		}
		for _, check := range []bool{false, true} {
			s, err := store.Open(directory.Memory(fixture.Store(name)), store.Options{CheckFrames: check})
			require.NoError(t, err)
			asked := 0
			holds := func(events []event.Event) {
				for _, e := range events {
					asked++
					require.Equal(t, check, e.Timed)
					if check {
						require.Equal(t, own[e.ID], e.TimestampUS)
					} else {
						require.Zero(t, e.TimestampUS)
					}
				}
			}
			all := collect(t, s.Query(query.Region{}, query.Page{}))
			holds(all)
			for _, e := range all {
				holds(collect(t, s.Query(query.Region{}, query.Page{From: e.Sequence, Limit: 1})))
				holds(collect(t, s.Stream(e.Entity, query.StreamPage{})))
				holds(collect(t, s.Correlated(e.Correlation)))
				holds(collect(t, s.Effects(e.ID, 0)))
				holds(collect(t, s.Ancestors(e.ID, 0)))
				got, err := s.Get(e.ID)
				require.NoError(t, err)
				holds([]event.Event{got})
				full, err := s.Read(e)
				require.NoError(t, err)
				require.True(t, full.Timed)
				require.Equal(t, own[e.ID], full.TimestampUS)
			}
			require.Greater(t, asked, 5*len(all))
		}
	}
}
