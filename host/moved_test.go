package host_test

import (
	"errors"
	"log/slog"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction/memfs"
	"github.com/thawlog/thaw/host"
)

// TestMovedMany: an old snapshot, with one segment open at a time, reads thousands of moved
// events in order, and opens the store once for it.
func TestMovedMany(t *testing.T) {
	fsys := memfs.New()
	o := compactOptions(fsys)
	o.SegmentSize, o.NoMerge = 20_000, true
	s, err := host.Open(t.Context(), "store", o)
	require.NoError(t, err)
	const events = 5000
	for from := 0; from < events; from += 500 {
		var items []host.Item
		for n := from; n < from+500; n++ {
			items = append(items, host.Item{At: event.At("entity"+strconv.Itoa(n%7), "s"), Kind: event.Data, Payload: n})
		}
		_, err := s.AppendBatch(t.Context(), items)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: slog.New(slog.DiscardHandler), OpenSegments: 1})
	require.NoError(t, err)
	defer r.Close()
	before := payloadsOf(t, r)
	require.Len(t, before, events)
	next := 0
	for e, err := range r.ReadEach(t.Context(), r.Query(t.Context(), host.Region{}, host.Page{})) {
		if next == 100 { // in the middle of an iteration
			s, err = host.Open(t.Context(), "store", o)
			require.NoError(t, err)
			c, err := s.Compact(t.Context(), host.Compaction{SegmentSize: 700_000})
			require.NoError(t, err)
			require.Greater(t, c.Segments, 2)
			require.Greater(t, c.Replaced, c.Segments)
		}
		require.NoError(t, err)
		require.Equal(t, before[next].Event, e.Event)
		require.Equal(t, string(before[next].Payload), string(e.Payload))
		next++
	}
	require.Equal(t, events, next)
	require.Equal(t, before, payloadsOf(t, r))
	stream := 0
	for _, err := range r.Stream(t.Context(), "entity3", host.StreamPage{}) {
		require.NoError(t, err)
		stream++
	}
	require.Equal(t, (events+3)/7, stream)

	// A second one removes some; what remains is still read, and what does not says so.
	_, err = s.Compact(t.Context(), host.Compaction{Judge: func(e event.Event) host.Verdict {
		if e.Sequence%100 == 50 {
			return host.DropEvent
		}
		return host.KeepEvent
	}})
	require.NoError(t, err)
	removed := 0
	for _, e := range before {
		full, err := r.Read(t.Context(), e.Event)
		if errors.Is(err, host.ErrRemoved) {
			removed++
			require.EqualValues(t, 50, e.Sequence%100)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, e, full)
	}
	require.Greater(t, removed, events/200, "of one file that is still open nothing is removed")
	require.NoError(t, s.Close())
}

// TestMovedIsNoExcuse: damage stays damage, in a segment that was not compacted and in the new
// one.
func TestMovedIsNoExcuse(t *testing.T) {
	fsys := memfs.New()
	fillSessions(t, fsys, 4, 3)
	damaged := func(name string, at int64) {
		f, err := fsys.OpenWrite("store/" + name)
		require.NoError(t, err)
		b := make([]byte, 1)
		_, err = f.ReadAt(b, at)
		require.NoError(t, err)
		b[0] ^= 1
		_, err = f.WriteAt(b, at)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	r, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: slog.New(slog.DiscardHandler), OpenSegments: 1})
	require.NoError(t, err)
	defer r.Close()
	first, err := r.At(t.Context(), 0)
	require.NoError(t, err)
	middle := int64(first.Position.Offset) + int64(first.Position.Length)/2

	damaged(segment.Name(1), middle)
	_, err = r.Read(t.Context(), first)
	var d *host.Damage
	require.ErrorAs(t, err, &d)
	require.Equal(t, segment.Name(1), d.File)
	s, err := host.Open(t.Context(), "store", compactOptions(fsys))
	require.NoError(t, err)
	_, err = s.Compact(t.Context(), host.Compaction{})
	require.ErrorIs(t, err, host.ErrDamaged)
	require.NoError(t, s.Close())
	require.Equal(t, 4, segmentsOf(t, fsys), "a damaged store is not touched")

	damaged(segment.Name(1), middle) // and whole again
	s, err = host.Open(t.Context(), "store", compactOptions(fsys))
	require.NoError(t, err)
	_, err = s.Compact(t.Context(), host.Compaction{})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	last, err := r.At(t.Context(), 11)
	require.NoError(t, err)
	_, err = r.Read(t.Context(), last)
	require.NoError(t, err)
	fresh, err := host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	now, err := fresh.At(t.Context(), 11)
	require.NoError(t, err)
	require.NoError(t, fresh.Close())
	damaged(segment.Name(now.Position.Segment), int64(now.Position.Offset)+int64(now.Position.Length)/2)
	require.ErrorIs(t, r.Close(), nil)
	r, err = host.OpenReader(t.Context(), "store", host.ReaderOptions{FS: fsys, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	_, err = r.Read(t.Context(), now)
	require.ErrorAs(t, err, &d)
}

// TestMovedIsClosed: what a reader opened to find moved events is closed once the reader itself
// has come as far.
func TestMovedIsClosed(t *testing.T) {
	if openFiles() < 0 {
		t.Skip("no /proc")
	}
	left := map[bool]int{}
	for _, moved := range []bool{false, true} {
		before, dir := openFiles(), t.TempDir()
		o := host.Options{Logger: quiet, SegmentSize: 1, NoMerge: true}
		s, err := host.Open(t.Context(), dir, o)
		require.NoError(t, err)
		for n := range 20 {
			appendN(t, s, n)
		}
		require.NoError(t, s.Close())
		r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{Logger: quiet, OpenSegments: 1})
		require.NoError(t, err)
		var events []event.Event
		for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
			require.NoError(t, err)
			events = append(events, e)
		}
		s, err = host.Open(t.Context(), dir, o)
		require.NoError(t, err)
		_, err = s.Compact(t.Context(), host.Compaction{SegmentSize: 1 << 20})
		require.NoError(t, err)
		require.NoError(t, s.Close())
		if moved {
			for _, e := range events {
				_, err := r.Read(t.Context(), e)
				require.NoError(t, err)
			}
			require.Greater(t, openFiles(), before+left[false], "it has opened the store again")
		}
		_, err = r.Refresh(t.Context())
		require.NoError(t, err)
		_, err = r.Read(t.Context(), events[0])
		require.NoError(t, err)
		left[moved] = openFiles() - before
		require.NoError(t, r.Close())
		require.Equal(t, before, openFiles())
	}
	require.Equal(t, left[false], left[true])
}
