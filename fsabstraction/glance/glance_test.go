package glance

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

// timed is a file system of one directory with a given time.
type timed struct {
	fsabstraction.ReadFS
	info  fsabstraction.Info
	err   error
	looks int
}

func (f *timed) Lstat(string) (fsabstraction.Info, error) {
	f.looks++
	return f.info, f.err
}

func (f *timed) DirTimes() bool { return true }

// clock is a clock that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func watch(f *timed) (*Directory, *clock) {
	c := &clock{at: time.Unix(1000, 0)}
	d := New(f, "d")
	d.now = c.now
	return d, c
}

// TestSameTick: a time is believed only after a listing that began a margin after the time
// was first seen: before that, another change can have left the same time.
func TestSameTick(t *testing.T) {
	for _, c := range []struct {
		name   string
		time   int64
		margin time.Duration
	}{
		{"below a second", 1_000_000_001, fineMargin},
		{"in seconds", 1_000_000_000, coarseMargin},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &timed{info: fsabstraction.Info{Type: fsabstraction.Directory, ModTime: c.time, Identity: fsabstraction.NewIdentity(1)}}
			d, clock := watch(f)
			require.False(t, d.Same(), "nothing was listed")
			d.Listing()
			require.False(t, d.Same())
			clock.at = clock.at.Add(c.margin - 1)
			d.Listing()
			require.False(t, d.Same(), "listed within a tick")
			clock.at = clock.at.Add(time.Hour)
			require.False(t, d.Same(), "time alone proves nothing: there was no listing since")
			d.Listing()
			f.looks = 0
			require.True(t, d.Same())
			require.Equal(t, 1, f.looks)

			f.info.ModTime += 5
			require.False(t, d.Same())
			d.Listing()
			require.False(t, d.Same(), "the new time has its own margin")
			clock.at = clock.at.Add(coarseMargin)
			d.Listing()
			require.True(t, d.Same())
			f.info.Identity = fsabstraction.NewIdentity(2)
			require.False(t, d.Same(), "another directory of that time")
			f.info.Identity = fsabstraction.NewIdentity(1)
			require.True(t, d.Same())
			f.err = errors.New("no")
			require.False(t, d.Same())
			d.Listing()
			f.err = nil
			require.False(t, d.Same(), "the last listing had no time")
		})
	}
}

// TestNoTimes: without times of directories nothing is certain, and nothing is asked.
func TestNoTimes(t *testing.T) {
	for _, fs := range []fsabstraction.ReadFS{crashfs.New(), struct{ fsabstraction.ReadFS }{osfs.FS{}}} {
		d := New(fs, "/")
		d.Listing()
		d.now = func() time.Time { return time.Now().Add(time.Hour) }
		d.Listing()
		require.False(t, d.Same())
	}
	f := &timed{info: fsabstraction.Info{Type: fsabstraction.Directory, ModTime: 1}}
	d, clock := watch(f)
	d.Listing()
	clock.at = clock.at.Add(time.Hour)
	d.Listing()
	require.False(t, d.Same(), "a directory without identity")
}
