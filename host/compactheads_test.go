package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
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
