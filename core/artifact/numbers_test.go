package artifact_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// TestForget checks that forgotten records keep their sequences and can be
// renumbered, as in a draft that forgets nothing.
func TestForget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, part := artifact.NewDraft(), artifact.NewDraft()
		forgotten, next := 0, uint64(0)
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				for range rapid.IntRange(1, 1500).Draw(t, "more") {
					f := event.Facts{Sequence: next, Clock: uint32(whole.Len())}
					require.NoError(t, whole.Append(&f, []byte("e"), []byte("s")))
					require.NoError(t, part.Append(&f, []byte("e"), []byte("s")))
					next++
				}
				next += uint64(rapid.IntRange(0, 2).Draw(t, "gap"))
			case 2:
				forgotten = max(forgotten, rapid.IntRange(0, whole.Len()).Draw(t, "forget"))
				part.Forget(forgotten)
			case 3:
				first, from := rapid.IntRange(0, whole.Len()).Draw(t, "first"), uint64(rapid.IntRange(0, 99).Draw(t, "from"))
				whole.Renumber(first, from)
				part.Renumber(first, from)
			}
			numbers, same := part.Numbers(), whole.Numbers()
			require.Equal(t, whole.Len(), numbers.Len())
			for i := range whole.Len() {
				want := whole.At(i).Sequence()
				if part.Sequence(i) != want || numbers.At(i) != want || same.At(i) != want {
					t.Fatalf("record %d", i)
				}
				if i+1 >= forgotten && string(part.At(i)) != string(whole.At(i)) { // the last forgotten record stays
					t.Fatalf("record %d", i)
				}
			}
		}
	})
}
