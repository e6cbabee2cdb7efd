package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/store"
)

// TestAt: each visible event is found by its sequence, and no other sequence finds one, in
// made stores with holes, hidden events, several parts and memtables, and in the fixtures.
func TestAt(t *testing.T) {
	check := func(t *testing.T, s *store.Snapshot, events []event.Event) {
		bySequence := map[uint64]event.Event{}
		for _, e := range events {
			bySequence[e.Sequence] = e
		}
		try := func(sequence uint64) {
			want, ok := bySequence[sequence]
			got, err := s.At(sequence)
			if !ok {
				require.Equal(t, store.ErrNotFound, err, "%d", sequence)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		for _, e := range events {
			for near := range uint64(3) {
				try(e.Sequence + near - 1)
			}
		}
		try(0)
		try(s.Report().NextSequence)
		try(1<<64 - 1)
	}
	for _, s := range shapes {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			o := makeShaped(t, s, store.Options{})
			check(t, o.Snapshot, o.events)
		})
	}
	for i, o := range openAll(t) {
		t.Run(fmt.Sprintf("fixture %d", i), func(t *testing.T) { check(t, o.Snapshot, o.events) })
	}
}
