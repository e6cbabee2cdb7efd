package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// TestAdoptTags: a snapshot uses the tags of the file that was written last, keeps those of
// the files before, and finds every key with them.
func TestAdoptTags(t *testing.T) {
	files, part := longstore.New(t, 40)
	end := artifact.Watermark{Segment: 4, Offset: uint64(len(files[segment.Name(4)]))}
	open := func() *store.Snapshot {
		s, err := store.Open(directory.Memory(files), store.Options{Seed: 3})
		require.NoError(t, err)
		return s
	}
	s := open()
	var all []event.ID
	for e, err := range s.Query(query.Region{}, query.Page{}) {
		require.NoError(t, err)
		all = append(all, e.ID)
	}
	require.Len(t, all, 160)
	check := func(want ...bool) {
		require.Equal(t, want, store.Tagged(s))
		for _, id := range all {
			k, ok, err := store.History{Snapshot: s}.ByID(id)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, id, k.ID)
			id[15] ^= 0x55
			id[3] ^= 1
			_, ok, err = store.History{Snapshot: s}.ByID(id)
			require.NoError(t, err)
			require.False(t, ok)
		}
	}
	adopt := func(f store.Flush, names ...string) {
		f.NextSequence, f.Tags = s.Report().NextSequence, new(index.Tags)
		var records, lookups []byte
		require.NoError(t, s.Flush(f, into(&records), into(&lookups)))
		if len(names) == 1 {
			files[names[0]] = lookups
		} else {
			files[artifact.FileName], files[index.FileName] = records, lookups
		}
		var err error
		s, err = s.Adopt(open(), 0, f.Tags)
		require.NoError(t, err)
	}
	check(false, false, false) // the last is the tail
	adopt(store.Flush{First: 2, To: end}, index.PartName(3, 4))
	check(false, false, true)
	old := s
	files[index.PartName(2, 3)] = files[part]
	first := s.IndexFiles().Files
	adopt(store.Flush{First: 0, Last: 2, To: first[1].End}, artifact.FileName, index.FileName)
	check(true, true)
	require.Equal(t, []bool{false, false, true}, store.Tagged(old))
	s = open()
	check(false, false)
}
