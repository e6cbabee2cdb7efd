package host_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestIndexRemovedUnderAWriter removes a file of the index while a store is open for
// writing, which is allowed: the next index stands on what is there, in the background
// and at the close, and the store opens from all of it again.
func TestIndexRemovedUnderAWriter(t *testing.T) {
	fs, p, _ := withParts(t)
	names := append(partNames(fs.Files(p.dir)), indexName, index.FileName)
	for _, rotates := range []bool{false, true} {
		for _, name := range names {
			for _, replaced := range []bool{false, true} {
				t.Run(fmt.Sprintf("rotates %v/%s/replaced %v", rotates, name, replaced), func(t *testing.T) {
					fs, p, events := withParts(t)
					o := p.small()
					o.SegmentSize = 1
					if !rotates {
						o.SegmentSize = host.DefaultSegmentSize
					}
					s := p.openFlushing(t, true, o)
					old := p.read(t, name)
					p.remove(t, name)
					if replaced && name != index.FileName { // of which the same bytes do
						p.put(t, map[string][]byte{name: old[:len(old)/2]})
					}
					appendSome(t, s, "e", 3)
					open := func() *host.DirReader {
						r := (place{fs.Crash(crashfs.Cut{Survive: 100}), p.dir}).open(t, host.ReaderOptions{Strict: true})
						require.EqualValues(t, events+3, r.Report().Events)
						require.Empty(t, r.Report().Rejected)
						return r
					}
					if rotates {
						require.Equal(t, store.FromIndex, open().Report().OpenedFrom)
						require.Less(t, host.Kept(s), 3)
					}
					require.NoError(t, s.Close())
					require.NoError(t, s.CloseReport().IndexError)
					r := open().Report()
					require.Equal(t, store.FromIndex, r.OpenedFrom)
					require.Equal(t, store.IndexSaved, r.IndexOrigin)
					require.Zero(t, r.TailEvents)
				})
			}
		}
	}
}
