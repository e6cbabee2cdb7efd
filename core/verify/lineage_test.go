package verify_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/verify"
)

// TestLineage: a store with store.thaw is sound, and one that does not decode is damage.
func TestLineage(t *testing.T) {
	files, _ := longstore.New(t, 10)
	files = maps.Clone(files)
	b := lineage.AppendFile(nil, &lineage.Lineage{Identity: event.ID{1}, Generation: 1, NextSequence: 90})
	run := func(b []byte) *verify.Result {
		files[lineage.FileName] = b
		r, err := verify.Run(directory.Memory(files), verify.Options{Hash: longstore.Hash})
		require.NoError(t, err)
		return r
	}
	sound := run(b)
	require.Empty(t, sound.Damages)
	for i := range b {
		flipped := append([]byte{}, b...)
		flipped[i] ^= 4
		r := run(flipped)
		require.Len(t, r.Damages, 1)
		require.Equal(t, lineage.FileName, r.Damages[0].File)
		require.Equal(t, sound.Bytes, r.Bytes)
	}
	require.Equal(t, damage.Short, run(nil).Damages[0].Reason)
	require.Equal(t, damage.Length, run(make([]byte, lineage.MaxSize+1)).Damages[0].Reason)
}
