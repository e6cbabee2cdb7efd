package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/synced"
	"github.com/thawlog/thaw/core/visibility"
)

// watched is a directory in memory that records the calls, and may change the answers.
type watched struct {
	directory.Memory
	mu    sync.Mutex
	asked []string
	// look, when set, may change the answer of a look.
	look func(name string, e directory.Entry, err error) (directory.Entry, error)
	// also are listed, although they do not exist.
	also []string
}

func (w *watched) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, what)
}

// take returns the calls since the last take.
func (w *watched) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.asked
	w.asked = nil
	return asked
}

func (w *watched) List() ([]directory.Name, error) {
	w.note("list")
	names, err := w.Memory.List()
	for _, name := range w.also {
		names = append(names, directory.Name{Name: name})
	}
	return names, err
}

func (w *watched) Look(name string) (directory.Entry, error) {
	w.note("look " + name)
	e, err := w.Memory.Look(name)
	if w.look != nil {
		return w.look(name, e, err)
	}
	return e, err
}

func (w *watched) Open(name string) (source.Source, error) {
	w.note("open " + name)
	return w.Memory.Open(name)
}

// TestOrderOfLooks: index files are looked at before the segments, hidden ranges after
// every segment that is looked at, and no segment twice.
func TestOrderOfLooks(t *testing.T) {
	for _, name := range fixture.Names() {
		for _, skip := range [][]string{nil, {artifact.FileName}, {artifact.FileName, checkpoint.FileName}} {
			files := &watched{Memory: fixture.Store(name)}
			s, err := store.Open(files, store.Options{Skip: skip})
			require.NoError(t, err)
			asked := files.take()
			at := func(what string) int {
				require.Equal(t, 1, count(asked, what), "%s: %s in %v", name, what, asked)
				return slices.Index(asked, what)
			}
			listed := at("list")
			for _, early := range []string{artifact.FileName, checkpoint.FileName, synced.FileName} {
				require.Less(t, at("look "+early), listed)
			}
			hidden := at("look " + visibility.FileName)
			for i, what := range asked {
				if strings.HasSuffix(what, ".fbat") && strings.HasPrefix(what, "look ") {
					require.Greater(t, i, listed)
					require.Less(t, i, hidden)
					at(what)
				}
			}
			if len(skip) == 2 {
				for _, name := range fixture.Segments(files.Memory) {
					at("look " + name)
				}
			}
			again, reload, err := s.Refresh(nil)
			require.NoError(t, err)
			require.False(t, reload)
			require.Same(t, s, again)
		}
	}
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// TestIrregularSegment: a listing need not show that a name is not a regular file.
func TestIrregularSegment(t *testing.T) {
	for _, odd := range []string{"000001.fbat", "000003.fbat", "000004.fbat"} {
		files := &watched{Memory: fixture.Store("tail")}
		files.look = func(name string, e directory.Entry, err error) (directory.Entry, error) {
			e.Regular = name != odd
			return e, err
		}
		s, err := store.Open(files, store.Options{})
		require.NoError(t, err)
		r := s.Report()
		require.NotEmpty(t, r.Damages)
		require.Equal(t, damage.NotRegular, r.Damages[0].Reason)
		require.Equal(t, odd, r.Damages[0].File)
		id, _ := segment.ParseName(odd)
		_, ok := s.SegmentSize(id)
		require.False(t, ok)
		recovery, err := s.Recovery()
		require.NoError(t, err)
		require.Equal(t, uint64(5), recovery.Next) // the id is in use
	}
}

// TestSegmentGoneAfterListing removes a name between the listing and the look.
func TestSegmentGoneAfterListing(t *testing.T) {
	files := &watched{Memory: fixture.Store("tail"), also: []string{"000009.fbat"}}
	want, err := store.Open(files.Memory, store.Options{})
	require.NoError(t, err)
	files.look = func(name string, e directory.Entry, err error) (directory.Entry, error) {
		if errors.Is(err, source.ErrGone) && name == "000009.fbat" {
			files.also = nil // the next listing lacks it
		}
		return e, err
	}
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Equal(t, want.Report(), s.Report())
	require.Equal(t, 2, count(files.take(), "list"))

	files.look, files.also = nil, []string{"000009.fbat"}
	_, err = store.Open(files, store.Options{})
	require.ErrorIs(t, err, source.ErrGone)
	_, _, err = s.Refresh(nil)
	require.ErrorIs(t, err, source.ErrGone)
}

// TestLookFails: a segment that cannot be looked at is no evidence against the index.
func TestLookFails(t *testing.T) {
	why := errors.New("no")
	for _, name := range []string{"000001.fbat", "000004.fbat", artifact.FileName, visibility.FileName} {
		files := &watched{Memory: fixture.Store("tail")}
		files.look = func(asked string, e directory.Entry, err error) (directory.Entry, error) {
			if asked == name {
				return directory.Entry{}, why
			}
			return e, err
		}
		_, err := store.Open(files, store.Options{})
		require.ErrorIs(t, err, why, name)
		_, err = directory.LookAll(files)
		require.ErrorIs(t, err, why, name)
	}
}

// TestSizesFromManyGoroutines asks for the sizes of segments that the open did not look
// at from several goroutines, while the snapshot is refreshed.
func TestSizesFromManyGoroutines(t *testing.T) {
	all := fixture.Store("tail")
	segments := fixture.Segments(all)
	id, size := uint64(len(segments)), uint64(len(all[segments[len(segments)-1]]))
	files := &watched{Memory: fixture.Store("tail")}
	before, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	files.Memory[artifact.FileName], files.Memory[index.FileName] = flushed(t, before, segmentsOf(all, store.Flush{
		To: artifact.Watermark{Segment: id, Offset: size}, NextSequence: before.Report().NextSequence,
	}))
	files.take()
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Equal(t, store.FromIndex, s.Report().OpenedFrom)
	looks := func() (n int) {
		for _, what := range files.take() {
			if strings.HasPrefix(what, "look ") && strings.HasSuffix(what, ".fbat") {
				n++
			}
		}
		return n
	}
	require.Equal(t, 1, looks())

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, name := range segments {
				got, ok := s.SegmentSize(uint64(i + 1))
				assert.True(t, ok)
				assert.Equal(t, uint64(len(all[name])), got)
			}
		})
	}
	wg.Go(func() {
		again, reload, err := s.Refresh(nil)
		assert.NoError(t, err)
		assert.False(t, reload)
		assert.Same(t, s, again)
	})
	wg.Wait()
	require.Equal(t, len(segments)-1+1, looks()) // and the newest by the refresh
	_, ok := s.SegmentSize(99)
	require.False(t, ok)
}

// overlooking is a directory whose first listings lack a name, as a directory read may
// miss a file created meanwhile.
type overlooking struct {
	directory.Memory
	name  string
	lists *int // how many lack it
}

func (o overlooking) List() ([]directory.Name, error) {
	names, err := o.Memory.List()
	if *o.lists--; *o.lists >= 0 {
		for i, n := range names {
			if n.Name == o.name {
				return append(names[:i:i], names[i+1:]...), err
			}
		}
	}
	return names, err
}

// TestSegmentMadeWhileListing: a segment is not missing because a listing that was
// under way when it was made only has the one after it.
func TestSegmentMadeWhileListing(t *testing.T) {
	files := fixture.Store("rotated")
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	skip := []string{artifact.FileName, checkpoint.FileName}
	segments := fixture.Segments(files)
	for _, name := range segments[1 : len(segments)-1] {
		lists := 1
		s, err := store.Open(overlooking{files, name, &lists}, store.Options{Strict: true, Skip: skip})
		require.NoError(t, err)
		require.Empty(t, s.Report().Gaps)
		require.Equal(t, dump(t, whole), dump(t, s), name)
	}
	lists := 1000 // a directory that contradicts itself for ever
	s, err := store.Open(overlooking{files, segment.Name(3), &lists}, store.Options{Skip: skip})
	require.NoError(t, err)
	require.NotEmpty(t, s.Report().Damages)
	require.Equal(t, damage.SegmentMissing, s.Report().Damages[0].Reason)
}

// TestSizeOfIrregularSegment: a segment that the open did not look at may prove not to
// be a regular file. It has no size.
func TestSizeOfIrregularSegment(t *testing.T) {
	memory, _ := longstore.New(t, 50)
	files := &watched{Memory: memory}
	files.look = func(name string, e directory.Entry, err error) (directory.Entry, error) {
		e.Regular = name != segment.Name(1)
		return e, err
	}
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Empty(t, s.Report().Damages)
	require.Zero(t, count(files.take(), "look "+segment.Name(1)))
	_, ok := s.SegmentSize(1)
	require.False(t, ok)
	size, ok := s.SegmentSize(2)
	require.True(t, ok)
	require.EqualValues(t, len(memory[segment.Name(2)]), size)
}
