package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// removing is a file system that calls before with the name of each file that is removed.
type removing struct {
	osfs.FS
	before func(name string)
}

func (r *removing) Remove(name string) error {
	r.before(filepath.Base(name))
	return r.FS.Remove(name)
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
			fsys := &removing{before: func(string) {}}
			o := host.Options{FS: fsys, Logger: quiet, SegmentSize: 1, NoMerge: true, NoMapping: true, OpenSegments: 1}
			s, err := host.Open(t.Context(), dir, o)
			require.NoError(t, err)
			for n := range 40 {
				_, err := s.Append(t.Context(), event.At(fmt.Sprint("e", n%10), "s"), event.Data, n)
				require.NoError(t, err)
			}
			require.NoError(t, s.Close())
			s, err = host.Open(t.Context(), dir, o)
			require.NoError(t, err)
			done := make(chan error, 1)
			var once, removed sync.Once
			fsys.before = func(file string) {
				once.Do(func() {
					for _, index := range []string{"index.fbati", "index.thaw"} {
						require.NoError(t, os.Truncate(filepath.Join(dir, index), 100))
					}
				})
				if file != "swap.thaw" { // the last one
					return
				}
				removed.Do(func() {
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
