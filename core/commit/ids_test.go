package commit

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// TestIDSet adds ids and truncates the last ones, and compares the set with a list of
// all ids.
func TestIDSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := artifact.NewDraft()
		s := idSet{draft: d}
		var ids []event.ID
		first := func(id event.ID) (int, bool) {
			for i := range ids {
				if ids[i] == id {
					return i, true
				}
			}
			return 0, false
		}
		most := rapid.SampledFrom([]int{8, 100, 1000}).Draw(t, "ids")
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "truncate") {
				n := rapid.IntRange(0, d.Len()).Draw(t, "to")
				s.truncate(n)
				d.Cut(n, d.Len())
				ids = ids[:n]
			} else {
				for range rapid.IntRange(1, 90).Draw(t, "add") {
					n := rapid.IntRange(1, most).Draw(t, "id")
					id := event.ID{byte(n), byte(n >> 8)}
					require.NoError(t, d.Append(&event.Facts{ID: id}, []byte("e"), []byte("s")))
					ids = append(ids, id)
					if rapid.IntRange(0, 30).Draw(t, "look") == 0 {
						s.get(id) // indexes the records so far
					}
				}
			}
			different := map[event.ID]bool{}
			for _, id := range ids {
				different[id] = true
			}
			if rapid.Bool().Draw(t, "unindexed") {
				continue
			}
			s.get(event.ID{})
			require.Len(t, s.records, len(different))
			for n := range most + 2 {
				id := event.ID{byte(n), byte(n >> 8)}
				want, ok := first(id)
				got, found := s.get(id)
				require.Equal(t, ok, found, n)
				require.Equal(t, want, got)
			}
		}
	})
}

// TestRefusedLeavesNothing: appends that are refused leave no names behind, whose number is
// limited, and appends that were committed nothing to undo.
func TestRefusedLeavesNothing(t *testing.T) {
	l := NewLog(NoHistory{}, 0)
	l.Start(1, 57)
	e := Entry{Coordinate: event.At("e", "s"), Kind: event.Data, Payload: []byte{1}}
	for i := range 100 {
		e.ID = event.ID{byte(i), 1}
		_, err := l.Append(&e, 1)
		require.NoError(t, err)
		l.Commit()
		refused := e
		refused.Entity, refused.Expected, refused.ID[1] = string(rune('f'+i)), AtClock(7), 2
		_, err = l.Append(&refused, 1)
		var expected *ExpectError
		require.ErrorAs(t, err, &expected)
		require.Empty(t, l.frames)
		require.Equal(t, 3, l.draft.Names(), "the empty one, e and s")
		require.Empty(t, l.undo)
	}
}
