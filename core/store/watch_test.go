package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/synced"
)

// watcher is a directory that says how it changed.
type watcher struct {
	*watched
	change directory.Change
	asked  string
}

func (w *watcher) Watch(segment string) directory.Change {
	w.asked = segment
	return w.change
}

// TestRefreshWatched: a refresh of files that say that nothing changed looks at nothing, one of a
// segment that grew looks at that alone, and one with a sync mark of another segment lists.
func TestRefreshWatched(t *testing.T) {
	log := newSession(t, 0).begin(1).append(2).seal()
	files := &watcher{watched: &watched{Memory: map[string][]byte{"000001.fbat": log.seg}}}
	files.Memory["000002.fbat"] = log.begin(2).append(2).seg
	mark := func(m synced.Mark) {
		files.Memory[synced.FileName] = synced.AppendSlot(synced.AppendSlot(nil, m), m)
	}
	mark(synced.Mark{Segment: 2, Offset: 20})
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	refresh := func(change directory.Change, events uint64) []string {
		t.Helper()
		files.take()
		files.change, files.asked = change, "none"
		n, reload, err := s.Refresh(nil)
		require.NoError(t, err)
		require.False(t, reload)
		require.Equal(t, "000002.fbat", files.asked)
		require.Equal(t, events, n.Report().Events)
		fresh, err := store.Open(directory.Memory(files.Memory), store.Options{})
		require.NoError(t, err)
		if change != directory.Unchanged {
			require.Equal(t, dump(t, fresh), dump(t, n))
		}
		s = n
		return files.take()
	}
	looks := func(calls []string) []string {
		return slices.DeleteFunc(calls, func(c string) bool { return strings.HasPrefix(c, "open ") })
	}
	files.Memory["000002.fbat"] = slices.Clone(log.append(1).seg)
	require.Empty(t, refresh(directory.Unchanged, 4), "it believes what it is told")
	mark(synced.Mark{Segment: 2, Offset: uint64(len(log.seg))}) // it is read before the look
	calls := refresh(directory.Grew, 5)
	require.Equal(t, "open "+synced.FileName, calls[0])
	require.Equal(t, []string{"look 000002.fbat"}, looks(calls))
	for n := range 20 { // one by one, they are merged into few memtables
		files.Memory["000002.fbat"] = slices.Clone(log.append(1).seg)
		refresh(directory.Grew, uint64(6+n))
	}
	mark(synced.Mark{Segment: 3})
	files.Memory["000002.fbat"] = slices.Clone(log.append(1).seg)
	require.Contains(t, refresh(directory.Grew, 26), "list")
	require.Contains(t, refresh(directory.Unknown, 26), "list")
}
