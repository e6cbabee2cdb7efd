package host_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// TestFollowNoticed: a follower in another process that would look once an hour notices
// each append, a store that is closed and opened again, and a directory that is replaced.
func TestFollowNoticed(t *testing.T) {
	dir := t.TempDir()
	if _, err := (osfs.FS{}).Notify(dir); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("the temporary directory is on a file system without notices")
	}
	dir += "/store"
	open := func() *host.Store {
		st, err := host.Open(t.Context(), dir, host.Options{Logger: quiet})
		require.NoError(t, err)
		return st
	}
	st := open()
	add := func() {
		_, err := st.Append(t.Context(), event.At("a", "s"), event.Data, 1)
		require.NoError(t, err)
	}
	add()
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{Logger: quiet})
	require.NoError(t, err)
	defer r.Close()
	asked := make(chan struct{}, 10)
	f := r.Follow(host.Region{}, host.Position{}, host.FollowOptions{
		MaxPause: time.Hour,
		CaughtUp: func(host.Position) error { asked <- struct{}{}; return nil },
	})
	got := make(chan uint64)
	failed := make(chan error, 1)
	go func() {
		for e, err := range f.Events(t.Context()) {
			if err != nil {
				failed <- err
				return
			}
			got <- e.Sequence
		}
	}()
	next := func(want uint64) {
		select {
		case sequence := <-got:
			require.Equal(t, want, sequence)
		case err := <-failed:
			require.NoError(t, err)
		}
		<-asked
	}
	next(0)
	for want := uint64(1); want < 5; want++ {
		add()
		next(want)
	}
	require.NoError(t, st.Close())
	st = open()
	add()
	next(5)
	require.NoError(t, st.Close())
	require.NoError(t, os.RemoveAll(dir))
	st = open()
	add()
	err = <-failed // it may see the directory before it is there again
	require.True(t, errors.Is(err, host.ErrOtherStore) || errors.Is(err, fs.ErrNotExist), "%v", err)
	require.NoError(t, st.Close())
}
