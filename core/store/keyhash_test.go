package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// TestKnownWithoutHash: where a frame has no hash chain, as batpak can be built, the
// digest that a repeated append is compared with is that of the frame's payload; and
// where that cannot be read, the append fails.
func TestKnownWithoutHash(t *testing.T) {
	payload := []byte{0xa3, 'o', 'n', 'e'}
	file := segment.AppendHeader(nil, segment.Header{SegmentID: 1, CreatedNS: 1})
	at := len(file)
	file = segment.AppendFrame(file, &segment.Body{
		ID: event.ID{1}, Correlation: event.ID{1}, TimestampUS: 5000, WallMS: 5, Kind: event.Data,
		PayloadSize: uint32(len(payload)), Payload: payload, Entity: []byte("e"), Scope: []byte("s"),
	})
	s, err := store.Open(directory.Memory{segment.Name(1): file}, store.Options{Hash: hash})
	require.NoError(t, err)
	e, err := s.Get(event.ID{1})
	require.NoError(t, err)
	require.Zero(t, e.EventHash, "or the test shows nothing")
	known, ok, err := store.History{Snapshot: s}.ByID(event.ID{1})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, hash(payload), known.Hash)

	log := commit.NewLog(store.History{Snapshot: s}, 1)
	log.Start(2, 57)
	entry := commit.Entry{
		Coordinate: event.At("e", "s"), Kind: event.Data, Payload: payload, Hash: hash(payload), ID: event.ID{1}, Key: true,
	}
	r, err := log.Append(&entry, 5)
	require.NoError(t, err)
	require.True(t, r.Repeated)
	entry.Hash = hash([]byte{0xc0})
	_, err = log.Append(&entry, 5)
	require.ErrorIs(t, err, commit.ErrKey)

	file[at+20] ^= 1 // the frame's body, behind the open store's back
	_, err = log.Append(&entry, 5)
	require.Error(t, err)
	require.NotErrorIs(t, err, commit.ErrKey)
}

// TestKnownFromTheIndex: a digest that the index has costs no read of the segment.
func TestKnownFromTheIndex(t *testing.T) {
	e := framed(event.Event{Coordinate: event.At("e", "s")}, 0)
	e.Kind, e.EventHash = event.Data, event.Hash{7}
	s, err := store.Open(made{index: indexOf(t, []event.Event{e})}, store.Options{Hash: hash})
	require.NoError(t, err)
	known, ok, err := store.History{Snapshot: s}.ByID(e.ID)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, e.EventHash, known.Hash)
}
