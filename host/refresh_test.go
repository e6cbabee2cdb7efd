package host_test

import (
	"context"
	"iter"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// answers are the results of queries on a store.
type answers struct {
	events                   []event.Event
	count, hidden, allocator uint64
}

type asker interface {
	Query(ctx context.Context, region host.Region, page host.Page) iter.Seq2[event.Event, error]
	Report() host.Report
}

func ask(t require.TestingT, q asker) answers {
	r := q.Report()
	return answers{collect(t, q.Query(context.Background(), host.Region{}, host.Page{})), r.Events, r.Hidden, r.NextSequence}
}

// require is require.Equal, which is slow on many events.
func (a answers) require(t require.TestingT, b answers) {
	if !slices.Equal(a.events, b.events) || a.count != b.count || a.hidden != b.hidden || a.allocator != b.allocator {
		require.Equal(t, a, b)
	}
}

// fresh returns the answers of a new reader.
func (p place) fresh(t require.TestingT) answers {
	r, err := host.OpenReader(context.Background(), p.dir, host.ReaderOptions{FS: p.fs, Logger: quiet})
	require.NoError(t, err)
	defer r.Close()
	return ask(t, r)
}

// follower is a reader that is refreshed after each operation of a writer.
type follower struct {
	place  place
	reader *host.DirReader
	last   answers
	// old are snapshots of earlier moments, and what they said then.
	old []pinned
}

type pinned struct {
	*host.Snapshot
	said answers
}

func follow(t require.TestingT, p place, o host.ReaderOptions) *follower {
	o.FS, o.Logger = p.fs, quiet
	r, err := host.OpenReader(context.Background(), p.dir, o)
	require.NoError(t, err)
	return &follower{place: p, reader: r, last: ask(t, r)}
}

// refresh requires that the reader has the answers of a new one, and reports whether they changed.
func (f *follower) refresh(t require.TestingT) (changed bool) {
	changed, err := f.reader.Refresh(context.Background())
	require.NoError(t, err)
	now := ask(t, f.reader)
	f.place.fresh(t).require(t, now)
	if !changed {
		f.last.require(t, now)
	}
	f.last = now
	again, err := f.reader.Refresh(context.Background())
	require.NoError(t, err)
	require.False(t, again, "nothing happened since")
	return changed
}

// pin keeps a snapshot and its answers.
func (f *follower) pin(t require.TestingT) {
	s, err := f.reader.Snapshot()
	require.NoError(t, err)
	f.old = append(f.old, pinned{s, ask(t, s)})
}

// check requires that old snapshots keep their answers.
func (f *follower) check(t require.TestingT) {
	for _, s := range f.old {
		s.said.require(t, ask(t, s.Snapshot))
	}
}

func (f *follower) close(t require.TestingT) {
	for _, s := range f.old {
		require.NoError(t, s.Close())
	}
	require.NoError(t, f.reader.Close())
}

// ids are the ids of events, in order.
func ids(events []event.Event) (out []event.ID) {
	for _, e := range events {
		out = append(out, e.ID)
	}
	return out
}

// TestRefreshByteByByte appends events and a batch, seals the segment and
// begins the next, one byte at a time, and refreshes after each.
func TestRefreshByteByByte(t *testing.T) {
	for _, where := range places {
		t.Run(where.name, func(t *testing.T) {
			step := 7
			if where.name == "disk" {
				step = 23
			}
			p := where.make(t)
			w := newWriter(t, p)
			w.fill(5, 2)
			w.putIndex()
			f := follow(t, p, host.ReaderOptions{})
			require.Equal(t, w.events, f.last.events)
			slowly := func() {
				f.pin(t)
				for len(w.queue) > 0 {
					w.flush(step)
					require.True(t, f.refresh(t))
					require.True(t, slices.Equal(w.events[:w.landed], f.last.events))
				}
				f.check(t)
			}
			w.append("a")
			w.append("b")
			slowly()
			w.batch(2)
			if step == 7 {
				step = 1
			}
			slowly()
			step = 23
			w.seal()
			slowly()
			require.Equal(t, store.FromIndex, f.reader.Report().OpenedFrom)
			w.segment()
			w.append("a")
			slowly()
			w.putIndex()
			require.True(t, f.refresh(t))
			require.Zero(t, f.reader.Report().TailEvents)
			f.check(t)
			w.close()
			f.close(t)
		})
	}
}

// TestRefresh goes through the other operations of a writer, in order.
func TestRefresh(t *testing.T) {
	for _, where := range places {
		t.Run(where.name, func(t *testing.T) {
			p := where.make(t)
			f := follow(t, p, host.ReaderOptions{OpenSegments: 2})
			require.False(t, f.refresh(t))
			require.Empty(t, f.last.events)

			w := newWriter(t, p)
			step := func(what string, change func()) {
				t.Helper()
				f.pin(t)
				change()
				require.True(t, f.refresh(t), what)
				f.check(t)
			}
			step("the first segment", func() { w.fill(3, 10) })
			step("more segments at once", func() { w.fill(9, 3) })
			step("the index", func() { w.putIndex() })
			require.Equal(t, store.FromIndex, f.reader.Report().OpenedFrom)
			step("an equal index by another file", func() { w.putIndex() })
			step("hidden events", func() { w.hide(visibility.Range{Start: 2, End: 4}) })
			require.Equal(t, uint64(2), f.last.hidden)
			step("more hidden events", func() { w.hide(visibility.Range{Start: 2, End: 4}, visibility.Range{Start: 6, End: 7}) })
			require.Equal(t, uint64(3), f.last.hidden)
			step("other hidden events in a file of the same size", func() {
				w.hide(visibility.Range{Start: 1, End: 4}, visibility.Range{Start: 6, End: 7})
			})
			require.Equal(t, uint64(4), f.last.hidden)
			step("nothing hidden", func() { p.remove(t, hiddenName) })
			require.Equal(t, w.events, f.last.events)
			step("the index is gone", func() { p.remove(t, indexName) })
			require.Equal(t, w.events, f.last.events)
			step("a torn frame", func() { w.append("x"); w.flush(20) })
			step("the torn frame is cut off", func() { p.truncate(t, segment.Name(w.id), w.size-20) })
			w.size, w.queue, w.due = w.size-20, nil, nil
			w.events, w.entries, w.next = w.events[:w.landed], w.entries[:len(w.entries)-1], w.next-1
			step("another in its place", func() { w.append("y"); w.flushAll() })
			require.Equal(t, ids(w.events), ids(f.last.events))
			step("a segment that the crash left unsealed, and the next", func() { w.segment(); w.append("z"); w.flushAll() })
			require.Equal(t, ids(w.events), ids(f.last.events))
			step("the newest segment loses its last event", func() {
				p.truncate(t, segment.Name(w.id), int64(f.last.events[len(f.last.events)-1].Position.Offset))
			})
			require.Equal(t, ids(w.events[:len(w.events)-1]), ids(f.last.events))
			step("the newest segment goes", func() { p.remove(t, segment.Name(w.id)) })
			step("one in the middle goes", func() { p.remove(t, segment.Name(2)) })
			report := f.reader.Report()
			require.ErrorIs(t, report.Damaged(), damage.SegmentMissing)
			w.close()
			f.close(t)
		})
	}
}

// TestRefreshReplacedSegment replaces a segment by another file of the same size, which only the
// file's identity shows.
func TestRefreshReplacedSegment(t *testing.T) {
	for _, where := range places {
		t.Run(where.name, func(t *testing.T) {
			p, other := where.make(t), inMemory(t)
			w := newWriter(t, p)
			w.fill(6, 2)
			// Frames hold hashes, whose bytes take one byte or two: look for others
			// that come out as long.
			ow := newWriter(t, other)
			for ow.ids = 6; len(ow.sealed) < 3 || ow.sealed[len(ow.sealed)-2].size != w.sealed[1].size; {
				other = inMemory(t)
				base := ow.ids
				ow.close()
				ow = newWriter(t, other)
				ow.ids = base
				ow.fill(6, 2)
				ow.close()
			}
			f := follow(t, p, host.ReaderOptions{OpenSegments: 1})
			f.pin(t)
			b := make([]byte, ow.sealed[1].size)
			file, err := other.fs.Open(other.path(segment.Name(2)))
			require.NoError(t, err)
			_, err = file.ReadAt(b, 0)
			require.NoError(t, err)
			require.NoError(t, file.Close())
			require.Equal(t, w.sealed[1].size, ow.sealed[1].size)
			p.put(t, map[string][]byte{segment.Name(2): b})
			require.True(t, f.refresh(t))
			require.Equal(t, ids(ow.events[2:4]), ids(f.last.events[2:4]))
			f.check(t)
			// The old snapshot says what it said, or that it cannot.
			full, err := f.old[0].Get(t.Context(), w.events[2].ID)
			if err == nil {
				require.Equal(t, w.events[2], event.Event{Facts: full.Facts, Coordinate: full.Coordinate})
			} else {
				var lost *damage.Damage
				require.ErrorAs(t, err, &lost)
			}
			w.close()
			f.close(t)
		})
	}
}

// stepContext is cancelled after it was asked a number of times.
type stepContext struct {
	context.Context
	left int
}

func (c *stepContext) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestRefreshCancelled cancels a refresh at every check of its context. The reader stays unchanged,
// and the next refresh neither loses nor repeats an event.
func TestRefreshCancelled(t *testing.T) {
	for after := 0; ; after++ {
		p := inMemory(t)
		w := newWriter(t, p)
		w.fill(4, 2)
		w.putIndex()
		f := follow(t, p, host.ReaderOptions{})
		for range 4 { // without footers, which would give doubled events away
			w.segment()
			w.append("a")
			w.batch(2)
			w.flushAll()
		}
		_, err := f.reader.Refresh(&stepContext{t.Context(), after})
		if err == nil {
			require.Greater(t, after, 5)
			require.Equal(t, p.fresh(t), ask(t, f.reader))
			w.close()
			f.close(t)
			return
		}
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, f.last, ask(t, f.reader))
		f.refresh(t)
		require.Equal(t, ids(w.events), ids(f.last.events))
		w.append("a")
		w.flushAll()
		require.True(t, f.refresh(t))
		require.Equal(t, ids(w.events), ids(f.last.events))
		w.close()
		f.close(t)
	}
}

// openFiles returns how many files the process has open, -1 if unknown.
func openFiles() int {
	// Go opens two files of its own for its first pipe or timer; here they are not to count.
	if r, w, err := os.Pipe(); err == nil {
		_, _ = r.Close(), w.Close()
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(entries)
}

// TestRefreshLeaksNoFiles refreshes often, after every kind of change.
func TestRefreshLeaksNoFiles(t *testing.T) {
	before := openFiles()
	if before < 0 {
		t.Skip("no /proc")
	}
	p := onDisk(t)
	w := newWriter(t, p)
	w.fill(40, 2)
	w.putIndex()
	w.close()
	const segments = 3
	r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{OpenSegments: segments, Logger: quiet})
	require.NoError(t, err)
	// The artifact, the hidden ranges, and for a moment one segment more.
	bound := before + segments + 2 + 1
	for i := range 60 {
		w.hide(visibility.Range{Start: uint64(i % 7), End: uint64(i%7 + 1)})
		if i%10 == 9 {
			w.putIndex()
		}
		changed, err := r.Refresh(t.Context())
		require.NoError(t, err)
		require.True(t, changed)
		for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
			require.NoError(t, err)
			_, err = r.Read(t.Context(), e)
			require.NoError(t, err)
		}
		require.LessOrEqual(t, openFiles(), bound)
	}
	require.NoError(t, r.Close())
	require.Equal(t, before, openFiles())
}

// TestRefreshAtRandom runs the operations of a writer in random order.
func TestRefreshAtRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := inMemory(t)
		if rapid.IntRange(0, 4).Draw(rt, "disk") == 0 {
			dir, err := os.MkdirTemp("", "thaw")
			require.NoError(rt, err)
			defer os.RemoveAll(dir)
			p = place{osfs.FS{}, dir}
		}
		w := newWriter(rt, p)
		w.segment()
		f := follow(rt, p, host.ReaderOptions{OpenSegments: rapid.IntRange(1, 3).Draw(rt, "open segments")})
		defer f.reader.Close()
		plain := true // no event was lost, renumbered or hidden
		n := rapid.IntRange(1, 30).Draw(rt, "steps")
		for range n {
			switch rapid.SampledFrom(steps).Draw(rt, "step") {
			case "append":
				for range rapid.IntRange(1, 4).Draw(rt, "events") {
					w.append(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "entity"))
				}
			case "batch":
				w.batch(rapid.IntRange(1, 4).Draw(rt, "events"))
			case "flush":
				w.flush(rapid.IntRange(1, 2000).Draw(rt, "bytes"))
			case "flush all":
				w.flushAll()
			case "burn": // a failed append of batpak's
				w.next += uint64(rapid.IntRange(1, 3).Draw(rt, "numbers"))
			case "seal":
				w.seal()
				w.flushAll()
				w.segment()
			case "crash":
				w.segment()
				plain = false
				w.recover()
			case "index":
				w.flushAll()
				w.putIndex()
			case "no index":
				p.remove(rt, indexName)
			case "hide":
				start := uint64(rapid.IntRange(0, 20).Draw(rt, "start"))
				w.hide(visibility.Range{Start: start, End: start + uint64(rapid.IntRange(1, 5).Draw(rt, "length"))})
				plain = false
			case "show":
				p.remove(rt, hiddenName)
			case "compact":
				w.flushAll()
				w.compact(rt, func() { f.refresh(rt) })
				plain = false
			case "pin":
				f.pin(rt)
				continue
			}
			f.refresh(rt)
			f.check(rt)
			if plain {
				require.Equal(rt, ids(w.events[:w.landed]), ids(f.last.events))
			}
		}
		w.close()
		f.close(rt)
	})
}

// TestRefreshAfterUncleanStop begins a segment behind one without a footer, whose last
// event was read before. Ranges hide more events then, as in a new reader.
func TestRefreshAfterUncleanStop(t *testing.T) {
	p := inMemory(t)
	w := newWriter(t, p)
	w.fill(10, 4)
	w.flushAll()
	f := follow(t, p, host.ReaderOptions{})
	defer f.close(t)
	w.segment()
	f.refresh(t)
	w.hide(visibility.Range{Start: 3, End: 6})
	f.refresh(t)
	w.append("a")
	w.append("a")
	w.flushAll()
	f.refresh(t)
	require.NotEmpty(t, f.reader.Report().Unsealed)
	w.close()
}

var steps = []string{
	"append", "append", "append", "batch", "flush", "flush", "flush", "flush all", "burn", "seal", "crash",
	"index", "no index", "hide", "show", "compact", "pin", "pin",
}

// recover adopts the events that a reopening writer finds.
func (w *writer) recover() {
	r, err := host.OpenReader(context.Background(), w.t.dir, host.ReaderOptions{FS: w.t.fs, Logger: quiet, ShowHidden: true})
	require.NoError(w.r, err)
	defer r.Close()
	a := ask(w.r, r)
	w.events, w.landed, w.next = a.events, len(a.events), a.allocator
}

// compact copies the frames of all segments but the newest into the first, as
// batpak's compaction does, and looks after each step.
func (w *writer) compact(t require.TestingT, look func()) {
	if len(w.sealed) < 2 {
		return
	}
	w.t.remove(t, indexName)
	look()
	first := w.sealed[0]
	b := segment.AppendHeader(nil, segment.Header{CreatedNS: 2, SegmentID: first.id})
	for _, e := range w.events[:w.landed] {
		if e.Position.Segment == w.id {
			break
		}
		file, err := w.t.fs.Open(w.t.path(segment.Name(e.Position.Segment)))
		require.NoError(t, err)
		frame := make([]byte, e.Position.Length)
		_, err = file.ReadAt(frame, int64(e.Position.Offset))
		require.NoError(t, err)
		require.NoError(t, file.Close())
		b = append(b, frame...)
	}
	w.t.put(t, map[string][]byte{segment.Name(first.id): b})
	look()
	for _, s := range w.sealed[1:] {
		w.t.remove(t, segment.Name(s.id))
		look()
	}
	w.sealed = []sealed{{first.id, int64(len(b))}}
	w.recover()
	w.entries = nil
	for _, e := range w.events {
		if e.Position.Segment == w.id {
			r := event.Record{Facts: e.Facts}
			r.Entity, _ = w.names.Intern([]byte(e.Entity))
			r.Scope, _ = w.names.Intern([]byte(e.Scope))
			w.entries = append(w.entries, r)
		}
	}
	w.putIndex()
}
