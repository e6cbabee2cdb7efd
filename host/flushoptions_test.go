package host_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/internal/tuning"
)

// flushingOften returns o for stores that write an index file at every rotation and every
// close, and merge parts that are no longer than what follows them. within selects flushes
// in the rotation instead of the background.
func flushingOften(o host.Options, within bool) host.Options {
	tuning.Set(&o, tuning.Flushes{
		Policy:     flush.Policy{CloseWeight: 1, OpenWeight: 1, CloseShare: 1, OpenShare: 1, PartShare: 1},
		InRotation: within,
	})
	return o
}

// small returns options for segments of about ten events.
func (p place) small() host.Options {
	return host.Options{FS: p.fs, SegmentSize: 3000, Logger: quiet}
}

// openFlushing opens a store that flushes often. The test closes it at its end, if not before.
func (p place) openFlushing(t testing.TB, within bool, o host.Options) *host.Store {
	s, err := host.Open(background, p.dir, flushingOften(o, within))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// partNames returns the part files of a store, in order.
func partNames(files map[string][]byte) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(name string) bool {
		_, _, ok := index.ParsePartName(name)
		return !ok
	})
}

// withParts returns a store in memory with an index.fbati and parts after it, and its number
// of events.
func withParts(t *testing.T) (fs *crashfs.FS, p place, events int) {
	fs = crashfs.New()
	p = place{fs, storeDir}
	for _, n := range []int{60, 25, 12, 4} {
		s := p.openFlushing(t, true, p.small())
		appendSome(t, s, "e", n)
		require.NoError(t, s.Close())
		require.NoError(t, s.CloseReport().IndexError)
		events += n
	}
	require.Greater(t, len(partNames(fs.Files(storeDir))), 1)
	return fs, p, events
}

// TestIndexEndsBehindTheFooter: an index that is written while the store is open ends
// where the sealed segment does, so that the next open has no reason to read that.
func TestIndexEndsBehindTheFooter(t *testing.T) {
	fs := crashfs.New()
	p := place{fs, storeDir}
	s := p.openFlushing(t, true, p.small())
	for fs.Files(storeDir)[artifact.FileName] == nil {
		appendSome(t, s, "e", 1)
	}
	files := fs.Files(storeDir)
	h, err := artifact.DecodeHeader(files[artifact.FileName][:artifact.HeaderSize], int64(len(files[artifact.FileName])))
	require.NoError(t, err)
	require.Len(t, files[segment.Name(h.Watermark.Segment)], int(h.Watermark.Offset))
}
