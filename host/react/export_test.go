package react

import (
	"context"
	"testing"
	"time"

	"github.com/thawlog/thaw/core/event"
)

// Recorded returns a Retry that calls note instead of sleeping.
func (r Retry) Recorded(note func(time.Duration)) Retry {
	r.sleep = func(ctx context.Context, d time.Duration) error {
		note(d)
		return context.Cause(ctx)
	}
	return r
}

// KeyOf returns the id of a trigger's reaction.
func KeyOf(trigger event.ID, name string, item int) event.ID {
	return keyOf(family(trigger, name), item)
}

// SaveAlways makes every position be saved during a test.
func SaveAlways(t *testing.T) {
	saveEvery = 0
	t.Cleanup(func() { saveEvery = time.Second })
}

// MaxOpen bounds the events that Deliver has read and not delivered.
const MaxOpen = maxOpen
