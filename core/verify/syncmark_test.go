package verify_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/verify"
)

// syncingFiles is a directory with an active writer: right after each Look at the newest
// segment the writer syncs more of it and updates synced.thaw. Open returns a file with
// the size that Look returned, as host does.
type syncingFiles struct {
	whole  []byte
	size   int
	looked int
}

const activeName = "000001.fbat"

func (g *syncingFiles) mark() []byte {
	return synced.AppendSlot(nil, synced.Mark{Segment: 1, Offset: uint64(g.size)})
}

func (g *syncingFiles) List() ([]directory.Name, error) {
	return []directory.Name{{Name: synced.FileName}, {Name: activeName}}, nil
}

func (g *syncingFiles) Look(name string) (directory.Entry, error) {
	switch name {
	case synced.FileName:
		return directory.Entry{Name: name, Size: synced.SlotSize, Regular: true}, nil
	case activeName:
		g.looked = g.size
		g.size = min(g.size+400, len(g.whole))
		return directory.Entry{Name: name, Size: int64(g.looked), Regular: true}, nil
	}
	return directory.Entry{}, source.ErrGone
}

func (g *syncingFiles) Open(name string) (source.Source, error) {
	if name == synced.FileName {
		return source.Bytes(g.mark()), nil
	}
	return source.Bytes(g.whole[:g.looked]), nil
}

// TestSyncMarkAfterListing: a sync mark written after the listing is no damage, for a run
// and for an open.
func TestSyncMarkAfterListing(t *testing.T) {
	whole := fixture.Store("batch")[activeName]
	_, head, err := segment.DecodeHeader(whole)
	require.NoError(t, err)
	for size := head; size < len(whole); size += 97 {
		r, err := verify.Run(&syncingFiles{whole: whole, size: size}, verify.Options{})
		require.NoError(t, err)
		for _, d := range r.Damages {
			require.NotContains(t, d.Error(), "shortened", "at %d", size)
		}
		s, err := store.Open(&syncingFiles{whole: whole, size: size}, store.Options{})
		require.NoError(t, err)
		report := s.Report()
		for _, d := range report.Damages {
			require.NotContains(t, d.Error(), "shortened", "at %d", size)
		}
	}
}
