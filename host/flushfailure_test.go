package host_test

import (
	"cmp"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

var eventAt = event.At("e", "scope")

// TestFailedFlushIsLogged lets one step of writing an index in the background fail. It
// is told once, and the next rotation writes one that holds everything.
func TestFailedFlushIsLogged(t *testing.T) {
	for _, kind := range []failfs.Kind{failfs.Create, failfs.WriteAt, failfs.Sync, failfs.Close, failfs.Rename, failfs.SyncDir, failfs.Open} {
		for _, nth := range []int{1, 2} {
			fsys := failfs.New(crashfs.New())
			p := place{fsys, storeDir}
			c := capture()
			o := p.small()
			o.Logger = slog.New(c)
			s := p.openFlushing(t, true, o)
			appendSome(t, s, "e", 60)
			c.take(t, p)
			renamed := false // SyncDir does not say whose it is
			fault := fsys.Fail(failfs.Rule{Nth: nth, Match: func(op failfs.Op) bool {
				of := ofIndex(trimTmp(op.Name))
				was := renamed
				renamed = of && op.Kind == failfs.Rename
				if kind == failfs.Close && !strings.HasSuffix(op.Name, ".tmp") {
					return false // of a file that was replaced, which matters to nobody
				}
				return op.Kind == kind && (of || kind == failfs.SyncDir && was)
			}})
			n := 60
			for fault.Fired() == 0 {
				require.Less(t, n, 600, "%v", kind)
				appendSome(t, s, "e", 1)
				n++
			}
			lines := c.take(t, p)
			require.Len(t, lines, 1, "%v", kind)
			require.Equal(t, slog.LevelWarn, lines[0].level)
			require.Equal(t, "thaw: the index was not written", lines[0].message)
			require.Contains(t, lines[0].attrs["error"], failfs.ErrInjected.Error())
			require.Len(t, all(t, s), n)
			appendSome(t, s, "e", 40)
			n += 40
			require.Less(t, tail(t, p), uint64(20), "%v", kind)
			require.Len(t, all(t, s), n)
			require.NoError(t, s.Close())
			require.NoError(t, s.CloseReport().IndexError)
			require.Empty(t, c.take(t, p))
			require.Zero(t, tail(t, p))
			r := p.open(t, host.ReaderOptions{})
			require.Empty(t, r.Report().Rejected)
			require.Len(t, all(t, r), n)
		}
	}
}

// trimTmp is the last part of a path, and of one that is being written the name that
// it will have.
func trimTmp(path string) string { return strings.TrimSuffix(filepath.Base(path), ".tmp") }

// TestLeftoverPartIsTold: a part file that cannot be removed does no harm, and the
// index that takes its place counts as written.
func TestLeftoverPartIsTold(t *testing.T) {
	mem, _, n := withParts(t)
	fsys := failfs.New(mem)
	p := place{fsys, storeDir}
	c := capture()
	o := p.small()
	o.Logger = slog.New(c)
	s := p.openFlushing(t, true, o)
	c.take(t, p)
	fault := fsys.Fail(failfs.Rule{Kinds: failfs.Remove, Forever: true, Match: func(op failfs.Op) bool { return len(partNames(map[string][]byte{filepath.Base(op.Name): nil})) > 0 }})
	appendSome(t, s, "e", 40)
	require.NotZero(t, fault.Fired())
	for _, l := range c.take(t, p) {
		require.Equal(t, slog.LevelWarn, l.level)
		require.Equal(t, "thaw: a leftover could not be removed", l.message)
	}
	require.NoError(t, s.Close())
	require.True(t, s.CloseReport().IndexWritten)
	require.NoError(t, s.CloseReport().IndexError)
	require.Zero(t, tail(t, p))
	fault.Remove()
	s = p.openFlushing(t, true, p.small())
	require.Len(t, all(t, s), n+40)
	require.NoError(t, s.Close())
	require.Len(t, partNames(mem.Files(storeDir)), p.open(t, host.ReaderOptions{}).Report().Parts)
}

// TestDamagedStoreIsNotFlushed: not at rotations, and not at the close.
func TestDamagedStoreIsNotFlushed(t *testing.T) {
	mem, q, _ := withParts(t)
	files := mem.Files(storeDir)
	newest := slices.MaxFunc(slices.Collect(maps.Keys(files)), func(a, b string) int {
		x, _ := segment.ParseName(a)
		y, _ := segment.ParseName(b)
		return cmp.Compare(x, y)
	})
	b := slices.Clone(files[newest])
	b[100] ^= 1 // in the first frame
	q.put(t, map[string][]byte{newest: b})
	q.remove(t, append(partNames(files), indexName)...) // else nothing reads it
	fsys := failfs.New(mem)
	p := place{fsys, storeDir}
	c := capture()
	o := p.small()
	o.Logger = slog.New(c)
	s := p.openFlushing(t, false, o)
	require.NotEmpty(t, s.Report().Damages)
	c.take(t, p)
	changes := fsys.Fail(failfs.Rule{Kinds: failfs.Changes, Match: func(op failfs.Op) bool { return ofIndex(trimTmp(op.Name)) }, Nth: 1 << 30})
	appendSome(t, s, "e", 100)
	require.NoError(t, s.Close())
	require.Zero(t, changes.Matched())
	require.False(t, s.CloseReport().IndexWritten)
	require.ErrorIs(t, s.CloseReport().IndexError, host.ErrDamaged)
	lines := c.take(t, p)
	require.Len(t, lines, 1, "once, by the close")
	require.Equal(t, slog.LevelWarn, lines[0].level)
}

// TestDamageFoundByFlush: the records of a rotten index are read from the segments
// when a fold needs them, and there is damage, which the open had no reason to read.
// The index that was being written must not cover it.
func TestDamageFoundByFlush(t *testing.T) {
	for _, where := range []string{"close", "rotation"} {
		mem := crashfs.New()
		p := place{mem, storeDir}
		s := p.openFlushing(t, true, p.small())
		receipts := appendSome(t, s, "e", 60)
		require.NoError(t, s.Close())
		files := mem.Files(storeDir)
		require.Contains(t, files, indexName)
		b := slices.Clone(files[indexName])
		for at := pages.Size + 100; at < len(b); at += pages.Size {
			b[at] ^= 1
		}
		p.put(t, map[string][]byte{indexName: b})
		at := receipts[3].Position
		name := segment.Name(at.Segment)
		b = slices.Clone(files[name])
		b[at.End()-1] ^= 1
		p.put(t, map[string][]byte{name: b})

		o := p.small()
		if where == "close" {
			o.SegmentSize = 1 << 20
		}
		s = p.openFlushing(t, true, o)
		before := indexOnly(mem.Files(storeDir))
		appendSome(t, s, "new", 90) // more than there are, so index.fbati is written anew
		if where == "close" {
			require.Empty(t, s.Report().Damages, "nothing has read it")
		}
		require.NoError(t, s.Close())
		require.ErrorIs(t, s.CloseReport().IndexError, host.ErrDamaged, where)
		require.Equal(t, before, indexOnly(mem.Files(storeDir)), where)
		r := p.open(t, host.ReaderOptions{CheckIndex: true})
		require.NotEmpty(t, r.Report().Damages, "the next open tells")
	}
}

func indexOnly(files map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for name, b := range files {
		if name == artifact.FileName || name == index.FileName {
			out[name] = b
		}
	}
	return out
}

// TestIndexWritten: it is true for index.fbati and for a part file, and false when
// there was nothing to write.
func TestIndexWritten(t *testing.T) {
	mem := crashfs.New()
	p := place{mem, storeDir}
	for _, c := range []struct {
		events  int
		written bool
		parts   int
	}{{0, false, 0}, {50, true, 0}, {0, false, 0}, {1, true, 1}, {0, false, 1}, {200, true, -1}} {
		o := p.small()
		o.SegmentSize = 1 << 20 // no rotations
		s := p.openFlushing(t, false, o)
		appendSome(t, s, "e", c.events)
		require.False(t, s.CloseReport().IndexWritten)
		require.NoError(t, s.Close())
		require.Equal(t, c.written, s.CloseReport().IndexWritten)
		require.NoError(t, s.CloseReport().IndexError)
		if c.parts >= 0 {
			require.Len(t, partNames(mem.Files(storeDir)), c.parts)
		}
	}
}
