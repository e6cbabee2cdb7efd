package host_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// ticking counts calls on a disk, on which the test sets the time of the store's directory.
type ticking struct {
	*counting
	dir  string
	time int64
}

func (f *ticking) DirTimes() bool { return true }

func (f *ticking) Lstat(name string) (fsabstraction.Info, error) {
	info, err := f.counting.Lstat(name)
	if filepath.Clean(name) == f.dir {
		info.ModTime = f.time
	}
	return info, err
}

// openTicking opens a reader of a store on a disk.
func openTicking(t *testing.T, p place) (*host.DirReader, *ticking) {
	fs := &ticking{counting: &counting{ReadFS: osfs.FS{}, calls: map[string]int{}}, dir: p.dir, time: 1_000_000_001}
	return p.openOn(t, fs), fs
}

// longEnough is after every change with the same time of a directory.
const longEnough = 120 * time.Millisecond

// TestRefreshIdle: when nothing happened, a refresh makes two calls.
func TestRefreshIdle(t *testing.T) {
	p := onDisk(t)
	w := newWriter(t, p)
	w.fill(6, 2)
	r, fs := openTicking(t, p)
	idle := func() {
		t.Helper()
		time.Sleep(longEnough)
		for n := range 4 {
			fs.take(w.id)
			changed, err := r.Refresh(t.Context())
			require.NoError(t, err)
			require.False(t, changed)
			if n > 0 { // the first lists the directory once more, later than its time
				require.Equal(t, map[string]int{"Lstat .": 1, "Lstat segment+0": 1}, fs.take(w.id))
			}
		}
	}
	idle()
	// An event in the newest segment needs no listing.
	w.append("a")
	w.flushAll()
	fs.take(w.id)
	changed, err := r.Refresh(t.Context())
	require.NoError(t, err)
	require.True(t, changed)
	calls := fs.take(w.id)
	require.Zero(t, calls["ReadDir directory"])
	require.Equal(t, 2, calls["Lstat segment+0"])
	require.Equal(t, w.events, all(t, r))
	idle()
	// A new segment does.
	w.segment()
	w.append("b")
	w.flushAll()
	fs.time++
	changed, err = r.Refresh(t.Context())
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, w.events, all(t, r))
	idle()
	w.close()
}

// TestRefreshSameTick: several changes of a directory leave the same time. None is missed.
func TestRefreshSameTick(t *testing.T) {
	p := onDisk(t)
	w := newWriter(t, p)
	w.fill(2, 2)
	start := time.Now()
	r, fs := openTicking(t, p)
	for range 10 { // all of them while the directory's time is fs.time
		w.segment()
		w.append("a")
		w.flushAll()
		changed, err := r.Refresh(t.Context())
		require.NoError(t, err)
		if !changed { // no file system has one time for so long: a new one shows it
			require.Greater(t, time.Since(start), 100*time.Millisecond)
			start = time.Now()
			fs.time++
			changed, err = r.Refresh(t.Context())
			require.NoError(t, err)
		}
		require.True(t, changed)
		require.Equal(t, w.events, all(t, r))
		_, err = r.Refresh(t.Context())
		require.NoError(t, err)
	}
	require.Positive(t, fs.take(0)["ReadDir directory"])
	w.close()
}

// TestRefreshTruncatedAndWritten: a segment of the same size as before, whose end a failed
// write took back and another replaced, shows it by its time.
func TestRefreshTruncatedAndWritten(t *testing.T) {
	p := onDisk(t)
	w := newWriter(t, p)
	w.segment()
	w.append("a")
	w.flushAll()
	r, _ := openTicking(t, p)
	time.Sleep(longEnough)
	for range 2 {
		_, err := r.Refresh(t.Context())
		require.NoError(t, err)
	}
	f := r.Follow(host.Region{}, host.Position{}, quick)
	require.Equal(t, []uint64{0}, take(t, f, 1))
	name := "000001.fbat"
	b := p.read(t, name)
	b[len(b)-20] ^= 1 // another event, as far as the reader can tell
	file, err := p.fs.OpenWrite(p.path(name))
	require.NoError(t, err)
	_, err = file.WriteAt(b, 0)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	changed, err := r.Refresh(t.Context())
	require.NoError(t, err)
	require.True(t, changed)
	require.Empty(t, all(t, r))
	w.close()
}
