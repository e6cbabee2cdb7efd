package host_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// switching is a file system that calls before with the name of each file that is removed, and of
// each that gets another name.
type switching struct {
	osfs.FS
	before func(name string)
	lists  atomic.Int32 // of directories
}

func (s *switching) ReadDir(name string) ([]fsabstraction.Entry, error) {
	s.lists.Add(1)
	return s.FS.ReadDir(name)
}

func (s *switching) Remove(name string) error {
	s.before(filepath.Base(name))
	return s.FS.Remove(name)
}

func (s *switching) Rename(from, to string) error {
	s.before(filepath.Base(from))
	return s.FS.Rename(from, to)
}

// fortySegments returns a new store with an event in each of 40 segments.
func fortySegments(t *testing.T, dir string, o host.Options) *host.Store {
	s, err := host.Open(t.Context(), dir, o)
	require.NoError(t, err)
	for n := range 40 {
		_, err := s.Append(t.Context(), event.At(fmt.Sprint("e", n%10), "s"), event.Data, n)
		require.NoError(t, err)
	}
	return s
}

// TestIndexCutDuringSwitch: an index file is cut off, and at the next moment a compaction removes
// the segments from which it could be rebuilt. An append that needs it then waits for the new
// one. The soak saw it fail.
func TestIndexCutDuringSwitch(t *testing.T) {
	for name, options := range map[string][]host.AppendOption{
		"the last event": nil,
		"a key":          {host.WithKey(event.ID{7})},
		"a condition":    {host.Unless(host.Position{}, host.Region{Entity: "e5", Scope: "none"})},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fsys := &switching{before: func(string) {}}
			o := host.Options{FS: fsys, Logger: quiet, SegmentSize: 1, NoMerge: true, NoMapping: true, OpenSegments: 1}
			s := fortySegments(t, dir, o)
			require.NoError(t, s.Close())
			s, err := host.Open(t.Context(), dir, o)
			require.NoError(t, err)
			done := make(chan error, 1)
			var once sync.Once
			fsys.before = func(file string) {
				if file == "index.fbati" { // still the old one
					for _, index := range []string{"index.fbati", "index.thaw"} {
						require.NoError(t, os.Truncate(filepath.Join(dir, index), 100))
					}
				}
				if file != "index.thaw.swap" { // the last one that gets its name
					return
				}
				once.Do(func() {
					go func() {
						_, err := s.Append(t.Context(), event.At("e5", "s"), event.Data, 40, options...)
						done <- err
					}()
					select { // the append waits, unless it fails
					case err := <-done:
						done <- err
					case <-time.After(200 * time.Millisecond):
					}
				})
			}
			r, err := s.Compact(t.Context(), host.Compaction{SegmentSize: 1 << 20})
			require.NoError(t, err)
			require.Equal(t, 1, r.Segments)
			require.NoError(t, <-done)
			fsys.before = func(string) {}
			e, err := s.State(t.Context(), "e5")
			require.NoError(t, err)
			require.Equal(t, host.State{Some: true, Clock: 4}, e)
			require.NoError(t, s.Close())
		})
	}
}

// TestReadsBesideRemovals: what needs the new files does not wait until the old ones are removed,
// which can take seconds.
func TestReadsBesideRemovals(t *testing.T) {
	dir := t.TempDir()
	fsys := &switching{before: func(string) {}}
	o := host.Options{FS: fsys, Logger: quiet, SegmentSize: 1, NoMerge: true, NoMapping: true, OpenSegments: 1}
	s := fortySegments(t, dir, o)
	before, err := s.Snapshot()
	require.NoError(t, err)
	defer before.Close()
	type answers struct {
		count int
		err   error
	}
	done := make(chan answers, 1)
	var once sync.Once
	fsys.before = func(file string) {
		if filepath.Ext(file) == ".fbat" {
			once.Do(func() {
				go func() {
					var a answers
					for _, r := range []host.Reader{s, before} {
						for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
							if err == nil {
								_, err = r.Read(t.Context(), e)
							}
							a.count, a.err = a.count+1, errors.Join(a.err, err)
						}
					}
					_, err := s.Append(t.Context(), event.At("e5", "s"), event.Data, 40)
					a.err = errors.Join(a.err, err)
					done <- a
				}()
				select {
				case a := <-done:
					done <- a
				case <-time.After(30 * time.Second):
					t.Error("they wait for the removals")
				}
			})
		}
	}
	r, err := s.Compact(t.Context(), host.Compaction{SegmentSize: 1 << 20})
	require.NoError(t, err)
	require.Equal(t, 1, r.Segments)
	require.Equal(t, answers{count: 80}, <-done)
	e, err := s.State(t.Context(), "e5")
	require.NoError(t, err)
	require.Equal(t, host.State{Some: true, Clock: 4}, e)

	// The compaction is over for the store too: it does not look for moved events any more.
	full, err := s.At(t.Context(), 7)
	require.NoError(t, err)
	path := filepath.Join(dir, segment.Name(full.Position.Segment))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	b[full.Position.Offset+40] ^= 1
	require.NoError(t, os.WriteFile(path, b, 0o600))
	lists := fsys.lists.Load()
	for range 3 {
		_, err = s.Read(t.Context(), full)
		require.ErrorContains(t, err, "damaged")
	}
	require.Equal(t, lists, fsys.lists.Load())
	require.NoError(t, s.Close())
}
