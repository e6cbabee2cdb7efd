package host_test

import (
	"context"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// life is a machine whose store writes an index at every rotation, while whatever
// reads it goes on.
type life struct {
	machine
	within  bool // folds run in the rotations
	reader  *host.DirReader
	read    int // how many events the reader has seen
	pinned  []pinnedAt
	walks   []*walk
	saved   map[string][]byte // files of the index as they once were
	foreign map[string][]byte // part files of another store
}

// pinnedAt is a snapshot and how many events it shows.
type pinnedAt struct {
	*host.Snapshot
	events int
}

// walk is an iteration that is under way.
type walk struct {
	next   func() (event.Event, error, bool)
	stop   func()
	events int // that it is to show
	shown  int
}

// asOf is the machine when it had n events.
func (m *machine) asOf(n int) *machine {
	then := *m
	then.log = m.log[:n]
	then.clocks = map[string]uint32{}
	for _, e := range then.log {
		then.clocks[e.at.Entity] = e.clock + 1
	}
	return &then
}

func (l *life) many(t *rapid.T) {
	for range rapid.IntRange(5, 25).Draw(t, "many") {
		l.single(t)
	}
}

func (l *life) pin(t *rapid.T) {
	q, n := l.store.Snapshot, len(l.log)
	if rapid.Bool().Draw(t, "of the reader") {
		q, n = l.reader.Snapshot, l.read
	}
	s, err := q()
	require.NoError(t, err)
	l.pinned = append(l.pinned, pinnedAt{s, n})
}

func (l *life) unpin(t *rapid.T) {
	if len(l.pinned) == 0 {
		return
	}
	i := rapid.IntRange(0, len(l.pinned)-1).Draw(t, "pinned")
	l.asOf(l.pinned[i].events).answers(t, l.pinned[i])
	if rapid.Bool().Draw(t, "let go") {
		require.NoError(t, l.pinned[i].Close())
		l.pinned = slices.Delete(l.pinned, i, i+1)
	}
}

// begin begins an iteration and takes its first event, so that it sees the store as
// it is now.
func (l *life) begin(t *rapid.T) {
	if len(l.log) == 0 {
		return
	}
	next, stop := iter.Pull2(iter.Seq2[event.Event, error](l.store.Query(context.Background(), host.Region{}, host.Page{})))
	l.walks = append(l.walks, &walk{next: next, stop: stop, events: len(l.log)})
	l.step(t, l.walks[len(l.walks)-1])
}

func (l *life) step(t *rapid.T, w *walk) (more bool) {
	e, err, ok := w.next()
	require.NoError(t, err)
	if !ok {
		require.Equal(t, w.events, w.shown)
		return false
	}
	require.Less(t, w.shown, w.events)
	require.EqualValues(t, w.shown, e.Sequence)
	require.Equal(t, l.log[w.shown].id, e.ID)
	require.Equal(t, l.log[w.shown].at, e.Coordinate)
	w.shown++
	return true
}

func (l *life) walkOn(t *rapid.T) {
	if len(l.walks) == 0 {
		return
	}
	i := rapid.IntRange(0, len(l.walks)-1).Draw(t, "walk")
	for range rapid.SampledFrom([]int{1, 10, 1000}).Draw(t, "steps") {
		if !l.step(t, l.walks[i]) {
			l.walks[i].stop()
			l.walks = slices.Delete(l.walks, i, i+1)
			return
		}
	}
}

func (l *life) refresh(t *rapid.T) {
	_, err := l.reader.Refresh(context.Background())
	require.NoError(t, err)
	l.read = len(l.log)
	l.answers(t, l.reader)
}

func (l *life) openReader(t *rapid.T) {
	r, err := host.OpenReader(context.Background(), l.dir, host.ReaderOptions{FS: l.fs, Logger: quiet, Strict: true})
	require.NoError(t, err)
	l.reader, l.read = r, len(l.log)
}

// save keeps the files of the index as they are now.
func (l *life) save(*rapid.T) {
	for name, b := range l.fs.(*crashfs.FS).Files(l.dir) {
		if ofIndex(name) {
			l.saved[name] = b
		}
	}
}

func ofIndex(name string) bool {
	_, _, part := index.ParsePartName(name)
	return part || name == indexName || name == index.FileName
}

// again closes the store or stops without, makes a mess of its index, and opens it.
func (l *life) again(t *rapid.T) {
	unclean := rapid.IntRange(0, 3).Draw(t, "unclean") == 0
	if unclean { // what the background does at this moment is cut short
		fs, dir := l.copied(&l.machine)
		require.NoError(t, l.store.Close())
		require.NoError(t, l.reader.Close())
		l.fs, l.dir = fs, dir
	} else {
		require.NoError(t, l.store.Close())
		require.NoError(t, l.store.CloseReport().IndexError)
	}
	l.mess(t)
	if rapid.IntRange(0, 5).Draw(t, "rebuild") == 0 {
		_, err := host.Rebuild(context.Background(), l.dir, host.RebuildOptions{Options: host.Options{FS: l.fs, Logger: quiet}})
		require.NoError(t, err)
	}
	l.open(t)
	if unclean {
		l.openReader(t)
	}
	l.answers(t, l.store)
}

// mess removes files of the index, puts older ones in their place, and adds parts
// of another store.
func (l *life) mess(t *rapid.T) {
	if rapid.IntRange(0, 2).Draw(t, "mess") > 0 {
		return
	}
	files := l.fs.(*crashfs.FS).Files(l.dir)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if ofIndex(name) && rapid.IntRange(0, 3).Draw(t, "lose "+name) == 0 {
			require.NoError(t, l.fs.Remove(filepath.Join(l.dir, name)))
		}
	}
	p := place{l.fs, l.dir}
	put := func(files map[string][]byte) {
		for name := range files {
			p.remove(t, name+".tmp") // of a stop while it was written
		}
		p.put(t, files)
	}
	for _, name := range slices.Sorted(maps.Keys(l.saved)) {
		if rapid.IntRange(0, 2).Draw(t, "old "+name) == 0 {
			put(map[string][]byte{name: l.saved[name]})
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "foreign") == 0 {
		put(l.foreign)
	}
}

func (l *life) end(t *rapid.T) {
	for _, s := range l.pinned {
		l.asOf(s.events).answers(t, s)
		require.NoError(t, s.Close())
	}
	for _, w := range l.walks {
		for l.step(t, w) {
		}
		w.stop()
	}
	require.NoError(t, l.store.Close())
	require.NoError(t, l.store.CloseReport().IndexError)
	l.refresh(t)
	require.NoError(t, l.reader.Close())
}

// TestLife holds a store whose index is written over and over against a slice:
// through sessions, beside readers, snapshots and iterations that were begun before
// a fold and end behind it, and with files of the index that are gone, old, or
// another store's.
func TestLife(t *testing.T) {
	_, other, _ := withParts(t)
	foreign := other.fs.(*crashfs.FS).Files(other.dir)
	maps.DeleteFunc(foreign, func(name string, _ []byte) bool { return !slices.Contains(partNames(foreign), name) })
	rapid.Check(t, func(t *rapid.T) {
		l := &life{
			machine: machine{fs: crashfs.New(), dir: "/data/life", clocks: map[string]uint32{}},
			within:  rapid.Bool().Draw(t, "within"),
			saved:   map[string][]byte{},
			foreign: foreign,
		}
		l.copied = func(m *machine) (fsabstraction.FS, string) {
			return m.fs.(*crashfs.FS).Crash(crashfs.Cut{Survive: 100}), m.dir
		}
		l.options = flushingOften(host.Options{
			SegmentSize: rapid.SampledFrom([]int64{1, 1500, 4000}).Draw(t, "segment size"),
			Durability:  rapid.SampledFrom([]host.Durability{host.OnDisk, host.LoseUnsynced}).Draw(t, "durability"),
		}, l.within)
		l.open(t)
		l.openReader(t)
		defer func() {
			for _, w := range l.walks {
				w.stop()
			}
			_, _ = l.store.Close(), l.reader.Close()
		}()
		t.Repeat(map[string]func(*rapid.T){
			"many": l.many, "batch": l.batch, "fence": l.fence, "repeated": l.repeated, "refused": l.refused,
			"pin": l.pin, "unpin": l.unpin, "begin": l.begin, "walk on": l.walkOn,
			"refresh": l.refresh, "save": l.save, "again": l.again,
			"": func(t *rapid.T) {
				if rapid.IntRange(0, 5).Draw(t, "look") == 0 {
					l.answers(t, l.store)
				}
			},
		})
		l.end(t)
	})
}
