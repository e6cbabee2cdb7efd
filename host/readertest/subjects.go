// Package readertest holds tests that every reader of a store has to pass, native or over
// the plugin: questions about one entity or one event refuse names and
// ids that are none. Only tests import it.
package readertest

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// Questions are those about one entity or event, which every store, reader and snapshot
// answers.
type Questions interface {
	Stream(ctx context.Context, entity string, page query.StreamPage) iter.Seq2[event.Event, error]
	State(ctx context.Context, entity string) (commit.State, error)
	Get(ctx context.Context, id event.ID) (event.Full, error)
	Read(ctx context.Context, e event.Event) (event.Full, error)
	Ancestors(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]
	Effects(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]
	Correlated(ctx context.Context, id event.ID) iter.Seq2[event.Event, error]
}

// NoNames returns texts that are no name, and the rule that each breaks.
func NoNames() map[string]error {
	return map[string]error{
		"": event.ErrNameEmpty, strings.Repeat("x", event.MaxName+1): event.ErrNameLong, "\xff": event.ErrNameUTF8,
	}
}

// Check asks about what is no name and no id.
func Check(t *testing.T, q Questions) {
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
		_, err := q.State(ctx, name)
		for _, err := range []error{err, only(q.Stream(ctx, name, query.StreamPage{}))} {
			require.ErrorIs(t, err, rule)
			require.Equal(t, commit.CheckEntity(name), err)
			var refused *commit.NameError
			require.ErrorAs(t, err, &refused)
		}
	}
	zero := event.ID{}
	_, err := q.Get(ctx, zero)
	require.ErrorIs(t, err, commit.ErrZeroID)
	_, err = q.Read(ctx, event.Event{})
	require.ErrorIs(t, err, commit.ErrZeroID)
	_, err = q.Read(ctx, event.Event{Facts: event.Facts{ID: event.ID{9}}})
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorIs(t, only(q.Ancestors(ctx, zero, 0)), commit.ErrZeroID)
	require.ErrorIs(t, only(q.Effects(ctx, zero, 0)), commit.ErrZeroID)
	require.ErrorIs(t, only(q.Correlated(ctx, zero)), commit.ErrZeroID)
}
