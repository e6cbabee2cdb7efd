package host_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// TestRepetitions: an append with a used key is a repetition if its content equals the event's, and
// otherwise fails with the difference and the event's sequence: within a group, after it, and after
// a restart, singly, in batches and in fences.
func TestRepetitions(t *testing.T) {
	p := inMemory(t)
	open := func() *host.Store {
		st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
		require.NoError(t, err)
		return st
	}
	at := event.At("e", "s")
	value := func() map[string]any { // whose pairs Go gives in another order each time
		m := map[string]any{}
		for i := range 50 {
			m[fmt.Sprint("key ", i)] = map[string]int{"a": i, "b": 2, "c": 3}
		}
		return m
	}
	item := func(n byte, at event.Coordinate, kind event.Kind, value any) host.Item {
		return host.Item{At: at, Kind: kind, Payload: value, Options: []host.AppendOption{host.WithKey(event.ID{15: n})}}
	}
	ways := map[string]func(st *host.Store, item host.Item) (host.Receipt, error){
		"Append": func(st *host.Store, it host.Item) (host.Receipt, error) {
			return st.Append(t.Context(), it.At, it.Kind, it.Payload, it.Options...)
		},
		"AppendBatch": func(st *host.Store, it host.Item) (r host.Receipt, err error) {
			rs, err := st.AppendBatch(t.Context(), []host.Item{it})
			return append(rs, r)[0], err
		},
		"AppendBatch with the one in front": func(st *host.Store, it host.Item) (r host.Receipt, err error) {
			rs, err := st.AppendBatch(t.Context(), []host.Item{item(1, at, 0x1000, value()), it})
			return append(rs, r, r)[1], err
		},
		"AppendEach": func(st *host.Store, it host.Item) (r host.Receipt, err error) {
			rs, err := st.AppendEach(t.Context(), []host.Item{it})
			return append(rs, r)[0], err
		},
		"Fence": func(st *host.Store, it host.Item) (r host.Receipt, err error) {
			f := st.Fence()
			_, err = f.Append(it.At, it.Kind, it.Payload, it.Options...)
			require.NoError(t, err)
			rs, err := f.Commit(t.Context())
			return append(rs, r)[0], err
		},
	}

	st := open()
	_, err := st.Append(t.Context(), at, 0x1000, "one in front")
	require.NoError(t, err)
	_, err = st.AppendBatch(t.Context(), []host.Item{item(1, at, 0x1000, value()), item(2, at, 0x1000, value())})
	require.NoError(t, err)
	for _, when := range []string{"in the session", "after a restart"} {
		if when == "after a restart" {
			require.NoError(t, st.Close())
			st = open()
		}
		for name, way := range ways {
			t.Run(when+"/"+name, func(t *testing.T) {
				r, err := way(st, item(2, at, 0x1000, value()))
				require.NoError(t, err)
				require.True(t, r.Repeated)
				require.EqualValues(t, 2, r.Sequence)
				for differs, it := range map[string]host.Item{
					"entity":  item(2, event.At("f", "s"), 0x1000, value()),
					"scope":   item(2, event.At("e", "t"), 0x1000, value()),
					"kind":    item(2, at, 0x1001, value()),
					"payload": item(2, at, 0x1000, "a correction"),
				} {
					_, err := way(st, it)
					require.ErrorIs(t, err, host.ErrKey)
					var other *host.KeyError
					require.ErrorAs(t, err, &other)
					require.Equal(t, host.KeyError{ID: event.ID{15: 2}, Sequence: 2, Differs: []string{differs}}, *other)
				}
			})
		}
	}
	// Two of one request, before either is on disk.
	_, err = st.AppendEach(t.Context(), []host.Item{item(3, at, 0x1000, 1), item(3, at, 0x1000, 1), item(3, at, 0x1000, 2)})
	var each *host.EachError
	require.ErrorAs(t, err, &each)
	require.Equal(t, 2, each.Done)
	require.EqualError(t, each.Err, "thaw: key 00000000000000000000000000000003 belongs to the event with sequence 3, which has another payload")
	n, err := st.Count(t.Context(), host.Region{}, 0)
	require.NoError(t, err)
	require.EqualValues(t, 4, n)
	require.NoError(t, st.Close())
}

// TestReservedKinds: a kind of the system or the effects needs the allowance, and a
// batch marker's is never taken.
func TestReservedKinds(t *testing.T) {
	p := inMemory(t)
	st, err := host.Open(t.Context(), p.dir, host.Options{FS: p.fs})
	require.NoError(t, err)
	defer st.Close()
	const ( // as in a program that ignores the reserved kinds
		_ event.Kind = iota
		placed
	)
	for _, kind := range []event.Kind{placed, 2, 3, 4, 5, event.Tombstone, event.EffectError, event.EffectConflict} {
		_, err := st.Append(t.Context(), event.At("e", "s"), kind, 1)
		require.ErrorIs(t, err, host.ErrKind)
		require.ErrorContains(t, err, kind.String())
		require.ErrorContains(t, err, "0x1000 to 0xCFFF and 0xE000 to 0xFFFF are free")
		_, err = st.AppendBatch(t.Context(), []host.Item{{At: event.At("e", "s"), Kind: kind, Payload: 1}})
		require.ErrorIs(t, err, host.ErrKind)
		r, err := st.Append(t.Context(), event.At("e", "s"), kind, 1, host.AllowReservedKind())
		require.NoError(t, err)
		e, err := st.Get(t.Context(), r.ID)
		require.NoError(t, err)
		require.Equal(t, kind, e.Kind)
	}
	for _, kind := range []event.Kind{0, event.SystemBatchBegin, event.SystemBatchCommit, 0x0123, 0xD000, 0xDFFF} {
		_, err := st.Append(t.Context(), event.At("e", "s"), kind, 1, host.AllowReservedKind())
		require.ErrorIs(t, err, host.ErrKind)
	}
}
