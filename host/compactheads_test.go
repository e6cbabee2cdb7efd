package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestCompactedHeads: after the last events of entities were dropped, an append continues
// what the store has, and not what it had.
func TestCompactedHeads(t *testing.T) {
	ctx := t.Context()
	s, err := host.Open(ctx, t.TempDir(), host.Options{})
	require.NoError(t, err)
	defer s.Close()
	add := func(entity string, kind event.Kind, options ...host.AppendOption) (host.Receipt, error) {
		return s.Append(ctx, event.At(entity, "s"), kind, host.Raw{0xc0}, options...)
	}
	for range 3 {
		_, err = add("all", 0x1002)
		require.NoError(t, err)
	}
	_, err = add("last", 0x1001)
	require.NoError(t, err)
	_, err = add("last", 0x1002)
	require.NoError(t, err)
	_, err = s.Compact(ctx, host.Compaction{Judge: func(e event.Event) host.Verdict {
		if e.Kind == 0x1002 {
			return host.DropEvent
		}
		return host.KeepEvent
	}})
	require.NoError(t, err)
	r, err := add("all", 0x1001, host.Expect(host.NoEvents))
	require.NoError(t, err)
	require.Zero(t, r.Clock)
	r, err = add("last", 0x1001)
	require.NoError(t, err)
	require.EqualValues(t, 1, r.Clock)
	require.EqualValues(t, 6, r.Sequence)
	require.NoError(t, s.Close())
}

// TestConditionAfterRemoval: after a compaction a condition is judged by what is left of an
// event, before and after another open alike.
func TestConditionAfterRemoval(t *testing.T) {
	for _, c := range []struct {
		name            string
		verdict         host.Verdict
		kept, tombstone bool // whether a condition on the event's kind, or on tombstones, is broken
	}{
		{"drop", host.DropEvent, false, false},
		{"tombstone", host.TombstoneEvent, false, true},
		{"redact", host.RedactEvent, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, fsys := t.Context(), memfs.New()
			s, err := host.Open(ctx, "store", compactOptions(fsys))
			require.NoError(t, err)
			_, err = s.Append(ctx, event.At("kept", "s"), 0x1002, 1)
			require.NoError(t, err)
			_, err = s.Append(ctx, event.At("removed", "s"), 0x1001, 2)
			require.NoError(t, err)
			at := positionOf(t, s)
			at.Sequence = 0
			_, err = s.Compact(ctx, host.Compaction{Judge: func(e event.Event) host.Verdict {
				if e.Kind == 0x1001 {
					return c.verdict
				}
				return host.KeepEvent
			}})
			require.NoError(t, err)
			broken := func(k event.Kind) bool {
				_, err := s.Append(ctx, event.At("new", "s"), 0x1003, 3, host.Unless(at, host.Region{Kinds: event.Only(k)}))
				if err != nil {
					require.ErrorIs(t, err, host.ErrConflict)
				}
				return err != nil
			}
			for range 2 {
				require.Equal(t, c.kept, broken(0x1001))
				require.Equal(t, c.tombstone, broken(event.Tombstone))
				require.NoError(t, s.Close())
				s, err = host.Open(ctx, "store", compactOptions(fsys))
				require.NoError(t, err)
			}
			require.NoError(t, s.Close())
		})
	}
}
