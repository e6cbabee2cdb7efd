package plugin

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/wasm/abi"
)

// TestSubjects: a question about one entity or event is refused as native code refuses
// it when there is no such name or id.
func TestSubjects(t *testing.T) {
	r, err := loaded(t).OpenReader(t.Context(), copyStore(t, "rotated"), ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	s, err := r.Snapshot()
	require.NoError(t, err)
	defer s.Close()
	type questioner interface {
		Stream(ctx context.Context, entity string, page StreamPage) iter.Seq2[event.Event, error]
		State(ctx context.Context, entity string) (State, error)
		Get(ctx context.Context, id event.ID) (event.Full, error)
		Read(ctx context.Context, e event.Event) (event.Full, error)
		Ancestors(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]
		Effects(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]
		Correlated(ctx context.Context, id event.ID) iter.Seq2[event.Event, error]
	}
	for name, q := range map[string]questioner{"reader": r, "snapshot": s} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			only := func(seq iter.Seq2[event.Event, error]) (failed error) {
				n := 0
				for _, err := range seq {
					failed = err
					n++
				}
				require.Equal(t, 1, n, "an error and no event")
				return failed
			}
			for name, want := range map[string]error{
				"": event.ErrNameEmpty, strings.Repeat("x", 1025): event.ErrNameLong, "\xff": event.ErrNameUTF8,
			} {
				_, err := q.State(ctx, name)
				for _, err := range []error{err, only(q.Stream(ctx, name, StreamPage{}))} {
					require.ErrorIs(t, err, want)
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
			require.ErrorIs(t, err, ErrNotFound)
			require.ErrorIs(t, only(q.Ancestors(ctx, zero, 0)), commit.ErrZeroID)
			require.ErrorIs(t, only(q.Effects(ctx, zero, 0)), commit.ErrZeroID)
			require.ErrorIs(t, only(q.Correlated(ctx, zero)), commit.ErrZeroID)
		})
	}
}

// TestSubjectsOfOtherHosts: the guest itself answers -22, since hosts in other languages
// check nothing.
func TestSubjectsOfOtherHosts(t *testing.T) {
	w := newWild(t)
	handle, _ := w.declare(made(t), false)
	open, n := w.request(abi.Request{Op: abi.OpOpen})
	require.Zero(t, w.do(&w.start, handle, open, n))
	for what, q := range map[string]abi.Request{
		"stream of no name":     {Op: abi.OpStream},
		"stream of a long name": {Op: abi.OpStream, Region: query.Region{Entity: strings.Repeat("x", 1025)}},
		"stream of no UTF-8":    {Op: abi.OpStream, Region: query.Region{Entity: "\xff"}},
		"state of no name":      {Op: abi.OpState},
		"state of no UTF-8":     {Op: abi.OpState, Region: query.Region{Entity: "\xff"}},
		"get zero":              {Op: abi.OpGet, Format: abi.FormatFull},
		"ancestors of zero":     {Op: abi.OpAncestors},
		"effects of zero":       {Op: abi.OpEffects},
		"correlated with zero":  {Op: abi.OpCorrelated},
		"read of nothing":       {Op: abi.OpRead, Format: abi.FormatFull, Row: abi.AppendRow(nil, &event.Event{})},
		"read of no row":        {Op: abi.OpRead, Format: abi.FormatFull, Row: []byte("no row")},
	} {
		at, n := w.request(q)
		require.Equal(t, int32(abi.ErrRequest), w.do(&w.start, handle, at, n), what)
		out, err := w.bytes(w.out, abi.OutSize)
		require.NoError(t, err)
		require.Equal(t, make([]byte, abi.OutSize), out, "%s: without an answer", what)
	}
	// A region may leave its entity out.
	at, n := w.request(abi.Request{Op: abi.OpCount})
	require.Zero(t, w.do(&w.start, handle, at, n))
}
