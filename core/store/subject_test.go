package store_test

import (
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// noNames are texts that no entity can be called.
var noNames = map[string]error{
	"":                         event.ErrNameEmpty,
	strings.Repeat("x", 1025):  event.ErrNameLong,
	"\xff":                     event.ErrNameUTF8,
	"order:\xed\xa0\x80":       event.ErrNameUTF8,
	strings.Repeat("é", 512+1): event.ErrNameLong,
}

// failure returns the error of an iteration without events.
func failure(t *testing.T, seq iter.Seq2[event.Event, error]) (failed error) {
	n := 0
	for e, err := range seq {
		require.Zero(t, e)
		require.Error(t, err)
		failed = err
		n++
	}
	require.Equal(t, 1, n)
	return failed
}

// TestSubjects: a query about one entity or event must name it, as an append must. An
// empty name does not ask for all events, nor the zero id for events without a cause.
func TestSubjects(t *testing.T) {
	for _, o := range openAll(t) {
		for name, want := range noNames {
			_, err := o.State(name)
			for _, err := range []error{err, failure(t, o.Stream(name, query.StreamPage{})), failure(t, o.Stream(name, query.StreamPage{Limit: 1}))} {
				require.ErrorIs(t, err, want)
				var refused *commit.NameError
				require.ErrorAs(t, err, &refused)
				require.Equal(t, "entity", refused.Part)
			}
		}
		zero := event.ID{}
		_, err := o.Get(zero)
		require.ErrorIs(t, err, commit.ErrZeroID)
		_, err = o.ReadID(zero)
		require.ErrorIs(t, err, commit.ErrZeroID)
		_, err = o.Read(event.Event{})
		require.ErrorIs(t, err, commit.ErrZeroID)
		_, err = o.Read(event.Event{Facts: event.Facts{ID: event.ID{1}}})
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, failure(t, o.Ancestors(zero, 0)), commit.ErrZeroID)
		require.ErrorIs(t, failure(t, o.Effects(zero, 0)), commit.ErrZeroID)
		require.ErrorIs(t, failure(t, o.Effects(zero, 1)), commit.ErrZeroID)
		require.ErrorIs(t, failure(t, o.Correlated(zero)), commit.ErrZeroID)
		// A region is not about one thing: there an empty name is no condition.
		require.Len(t, collect(t, o.Query(query.Region{Entity: ""}, query.Page{})), len(o.events))
	}
}
