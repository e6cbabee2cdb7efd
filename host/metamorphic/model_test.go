package metamorphic

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// TestTombstoneOfRedacted: the model says of an event that was redacted and then became a
// tombstone what a store says: it is read without an error.
func TestTombstoneOfRedacted(t *testing.T) {
	w := &writer{r: rand.New(rand.NewPCG(1, 1)), m: newModel()}
	added := step{items: []item{{at: event.At("e", "s"), kind: event.Data, id: numbered(0), payload: w.payload()}}, now: w.now()}
	w.apply(&added, added.items)
	s := &script{seed: 1, steps: []step{added}}
	all := question{text: "all", ask: func(a *answer) {
		a.framed = true
		a.events(a.reader.Query(ctx, host.Region{}, host.Page{}))
	}}
	for _, v := range []host.Verdict{host.RedactEvent, host.TombstoneEvent} {
		removed := step{sort: removes, end: 1, verdict: v}
		w.m.remove(removed.judge)
		all.want = all.of(w.m, nil)
		s.steps = append(s.steps, removed, step{sort: checks, questions: []question{all}, events: w.m.events})
	}
	require.NoError(t, try(s, 0, nil, t.TempDir()))
}
