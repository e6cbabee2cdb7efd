package host_test

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// questioner is what a Store, a Reader and a Snapshot are alike.
type questioner interface {
	Stream(ctx context.Context, entity string, page host.StreamPage) iter.Seq2[event.Event, error]
	State(ctx context.Context, entity string) (host.State, error)
	Get(ctx context.Context, id event.ID) (event.Full, error)
	Read(ctx context.Context, e event.Event) (event.Full, error)
	Ancestors(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]
	Effects(ctx context.Context, id event.ID, depth int) iter.Seq2[event.Event, error]
	Correlated(ctx context.Context, id event.ID) iter.Seq2[event.Event, error]
}

// TestSubjects: a question about one thing is refused with the error that an append
// gives for such a name or id.
func TestSubjects(t *testing.T) {
	p := inMemory(t)
	st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
	require.NoError(t, err)
	defer st.Close()
	for _, entity := range []string{"customer:0", "customer:1", "customer:2", "customer:3"} {
		_, err := st.Append(t.Context(), event.At(entity, "shop"), 0x1001, 1)
		require.NoError(t, err)
	}
	r := p.open(t, host.ReaderOptions{})
	pinned, err := st.Snapshot()
	require.NoError(t, err)
	defer pinned.Close()
	for name, q := range map[string]questioner{"store": st, "reader": r, "snapshot": pinned} {
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
			for name, rule := range map[string]error{
				"": event.ErrNameEmpty, strings.Repeat("x", 1025): event.ErrNameLong, "\xff": event.ErrNameUTF8,
			} {
				_, want := st.Append(ctx, event.At(name, "shop"), 0x1001, 1)
				require.ErrorIs(t, want, rule)
				_, err := q.State(ctx, name)
				require.Equal(t, want, err)
				require.Equal(t, want, only(q.Stream(ctx, name, host.StreamPage{})))
			}
			zero := event.ID{}
			_, err := st.Append(ctx, event.At("e", "s"), 0x1001, 1, host.WithKey(zero))
			require.ErrorIs(t, err, host.ErrZeroID)
			_, err = q.Get(ctx, zero)
			require.ErrorIs(t, err, host.ErrZeroID)
			_, err = q.Read(ctx, event.Event{})
			require.ErrorIs(t, err, host.ErrZeroID)
			require.ErrorIs(t, only(q.Ancestors(ctx, zero, 0)), host.ErrZeroID)
			require.ErrorIs(t, only(q.Effects(ctx, zero, 0)), host.ErrZeroID)
			require.ErrorIs(t, only(q.Correlated(ctx, zero)), host.ErrZeroID)
		})
	}
}

// TestZeroIDs: an append that names its key, cause or conversation by the zero id, as
// one does who has none, is refused, alone, in a batch and in a fence.
func TestZeroIDs(t *testing.T) {
	p := inMemory(t)
	st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
	require.NoError(t, err)
	defer st.Close()
	at := event.At("e", "s")
	for name, option := range map[string]host.AppendOption{
		"key":            host.WithKey(event.ID{}),
		"key of no text": host.WithKey(host.KeyOf("")),
		"cause":          host.CausedBy(event.ID{}),
		"conversation":   host.Correlated(event.ID{}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := st.Append(t.Context(), at, event.Data, 1, option)
			require.ErrorIs(t, err, host.ErrZeroID)
			items := []host.Item{{At: at, Kind: event.Data, Payload: 1}, {At: at, Kind: event.Data, Payload: 2, Options: []host.AppendOption{option}}}
			_, err = st.AppendBatch(t.Context(), items)
			require.ErrorIs(t, err, host.ErrZeroID)
			var item *host.ItemError
			require.ErrorAs(t, err, &item)
			require.Equal(t, 1, item.Item)
			_, err = st.AppendEach(t.Context(), items[1:])
			require.ErrorIs(t, err, host.ErrZeroID)
			f := st.Fence()
			if _, err = f.Append(at, event.Data, 1, option); err == nil {
				_, err = f.Commit(t.Context())
			}
			require.ErrorIs(t, err, host.ErrZeroID)
		})
	}
	n, err := st.Count(t.Context(), host.Region{}, 0)
	require.NoError(t, err)
	require.Zero(t, n)
}
