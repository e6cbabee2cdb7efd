package readertest

import (
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// NoNames returns texts that are no name, and the rule that each breaks.
func NoNames() map[string]error {
	return map[string]error{
		"": event.ErrNameEmpty, strings.Repeat("x", event.MaxName+1): event.ErrNameLong, "\xff": event.ErrNameUTF8,
	}
}

// Refusals asks a reader about names and ids that no entity or event can have, and
// requires the errors that an append would return.
func Refusals(t *testing.T, r host.Reader) {
	ctx := t.Context()
	only := func(all iter.Seq2[event.Event, error]) (failed error) {
		n := 0
		for _, err := range all {
			failed = err
			n++
		}
		require.Equal(t, 1, n, "an error and no event")
		return failed
	}
	for name, rule := range NoNames() {
		_, err := r.State(ctx, name)
		for _, err := range []error{err, only(r.Stream(ctx, name, host.StreamPage{}))} {
			require.ErrorIs(t, err, rule)
			require.Equal(t, &host.NameError{Part: "entity", Err: rule}, err)
		}
	}
	zero := event.ID{}
	_, err := r.Get(ctx, zero)
	require.ErrorIs(t, err, host.ErrZeroID)
	_, err = r.Read(ctx, event.Event{})
	require.ErrorIs(t, err, host.ErrZeroID)
	_, err = r.Read(ctx, event.Event{Facts: event.Facts{ID: event.ID{9}}})
	require.ErrorIs(t, err, host.ErrNotFound)
	for id, want := range map[event.ID]error{zero: host.ErrZeroID, {9}: host.ErrNotFound} {
		none := func(yield func(event.Event, error) bool) { yield(event.Event{Facts: event.Facts{ID: id}}, nil) }
		for _, err := range r.ReadEach(ctx, none) {
			require.ErrorIs(t, err, want)
		}
	}
	require.ErrorIs(t, only(r.Ancestors(ctx, zero, 0)), host.ErrZeroID)
	require.ErrorIs(t, only(r.Effects(ctx, zero, 0)), host.ErrZeroID)
	require.ErrorIs(t, only(r.Correlated(ctx, zero)), host.ErrZeroID)
	for _, err := range r.Graph(ctx, zero, host.GraphOptions{}) {
		require.ErrorIs(t, err, host.ErrZeroID)
	}
}
