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

// flushingOften is o for stores that write a file of an index at every
// rotation and every close, and merge parts when they are no longer than what comes
// behind them. within says to do it in the rotation and not in the background.
func flushingOften(o host.Options, within bool) host.Options {
	tuning.Set(&o, tuning.Flushes{
		Policy:     flush.Policy{CloseWeight: 1, OpenWeight: 1, CloseShare: 1, OpenShare: 1, PartShare: 1},
		InRotation: within,
	})
	return o
}

// small is a store's options with segments of about ten events.
func (p place) small() host.Options {
	return host.Options{FS: p.fs, SegmentSize: 3000, Logger: quiet}
}

// openFlushing opens a store that folds often, and closes it at the end of the test,
// if the test did not.
func (p place) openFlushing(t testing.TB, within bool, o host.Options) *host.Store {
	s, err := host.Open(background, p.dir, flushingOften(o, within))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// partNames are the part files of a store, in order.
func partNames(files map[string][]byte) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(name string) bool {
		_, _, ok := index.ParsePartName(name)
		return !ok
	})
}

// withParts is a store in memory that has an index.fbati and parts behind it, and
// how many events.
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
