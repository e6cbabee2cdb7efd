package replay

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// TestTxn compares random transactions with a plain slice: commits are visible,
// and aborts leave no trace, not even in the names.
func TestTxn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floor := rapid.Uint64Range(0, 50).Draw(t, "floor")
		log := NewLog(0, floor)
		model := artifact.NewDraft() // only ever sees what is committed
		next := floor
		for range rapid.IntRange(0, 12).Draw(t, "txns") {
			c := log.begin()
			var facts []event.Facts
			var names []string
			at := next
			for range rapid.IntRange(0, 5).Draw(t, "events") {
				f := event.Facts{ID: event.ID{rapid.Byte().Draw(t, "id")}, Clock: 3}
				name := rapid.StringMatching("[a-d]{1,2}").Draw(t, "name")
				skip := rapid.Uint64Range(0, 2).Draw(t, "skip")
				got, err := c.insertAt(log.next+skip, f, []byte(name), []byte("s"))
				require.NoError(t, err)
				require.Equal(t, at+skip, got)
				at = got + 1
				f.Sequence = got
				facts, names = append(facts, f), append(names, name)
			}
			require.Equal(t, model.Len(), log.Committed(), "nothing is visible before commit")
			if !rapid.Bool().Draw(t, "commit") {
				c.abort()
				require.Equal(t, next, log.next)
			} else {
				c.commit()
				next = at
				for i := range facts {
					require.NoError(t, model.Append(&facts[i], []byte(names[i]), []byte("s")))
				}
			}
			require.Equal(t, model.Len(), log.Committed())
			require.Equal(t, model.AppendFile(nil, artifact.Watermark{}, next), log.Draft().AppendFile(nil, artifact.Watermark{}, log.next))
			require.GreaterOrEqual(t, log.NextSequence(), floor)
		}
	})
}

func TestInsertAtRefuses(t *testing.T) {
	log := NewLog(10, 20)
	c := log.begin()
	_, err := c.insertAt(9, event.Facts{}, []byte("e"), []byte("s"))
	require.ErrorIs(t, err, ErrSequence, "taken by the artifact")
	_, err = c.insertAt(artifact.MaxAllocator, event.Facts{}, []byte("e"), []byte("s"))
	require.ErrorIs(t, err, ErrSequence, "after the end of all sequences")
	got, err := c.insertAt(10, event.Facts{}, []byte("e"), []byte("s"))
	require.NoError(t, err, "below the floor, above everything taken")
	require.Equal(t, uint64(10), got)
	require.Equal(t, uint64(20), log.NextSequence(), "never below the recorded one")
}
