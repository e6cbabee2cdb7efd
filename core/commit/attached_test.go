package commit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
)

// keyed returns an entry whose only content is its id.
func keyed(id byte) commit.Entry {
	return commit.Entry{
		Coordinate: event.At("e", "s"), Kind: event.Data, Payload: []byte{id}, Hash: event.Hash{id}, ID: event.ID{id}, Key: true,
	}
}

// TestAttached: an attached item is written with its batch, and the batch is repeated
// without it.
func TestAttached(t *testing.T) {
	log := commit.NewLog(commit.NoHistory{}, 0)
	log.Start(1, 100)
	batch := func(record byte) []commit.Entry {
		r := keyed(record)
		r.Key, r.Attached = false, true
		return []commit.Entry{keyed(1), keyed(2), r}
	}
	first, err := log.AppendBatch(nil, batch(8), 1)
	require.NoError(t, err)
	require.Len(t, first, 3)
	log.Commit()
	again, err := log.AppendBatch(nil, batch(9), 2)
	require.NoError(t, err)
	require.Len(t, again, 2)
	require.True(t, again[0].Repeated && again[1].Repeated)
	require.Empty(t, log.Frames())

	partial := batch(9)
	partial[1] = keyed(3)
	_, err = log.AppendBatch(nil, partial, 2)
	require.ErrorIs(t, err, commit.ErrKey)
	alone := batch(9)[2:] // what is attached to nothing is an event like others
	receipts, err := log.AppendBatch(nil, alone, 2)
	require.NoError(t, err)
	require.Len(t, receipts, 1)
}

// TestRepetitionOnly: an entry that may only repeat is never stored, alone or in a batch.
func TestRepetitionOnly(t *testing.T) {
	log := commit.NewLog(commit.NoHistory{}, 0)
	log.Start(1, 100)
	asked := keyed(1)
	asked.Repetition = true
	_, err := log.Append(&asked, 1)
	require.ErrorIs(t, err, commit.ErrNotRepetition)
	_, err = log.AppendBatch(nil, []commit.Entry{asked, keyed(2)}, 1)
	require.ErrorIs(t, err, commit.ErrNotRepetition)
	require.Empty(t, log.Frames())
	require.Zero(t, log.Next())

	stored := keyed(1)
	first, err := log.Append(&stored, 1)
	require.NoError(t, err)
	again, err := log.Append(&asked, 1)
	require.NoError(t, err)
	require.Equal(t, first.Sequence, again.Sequence)
	require.True(t, again.Repeated)
	_, err = log.AppendBatch(nil, []commit.Entry{asked, keyed(2)}, 1)
	require.ErrorIs(t, err, commit.ErrKey)
}
