package store_test

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/internal/resum"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// TestPartFollowsInSequence: a part file whose first sequence is not above the last
// of index.fbati does not go on from it, although it begins where that ends.
func TestPartFollowsInSequence(t *testing.T) {
	const n = 100 // events of a segment; index.fbati has the first two segments'
	files, part := longstore.New(t, n)
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	covered := collect(t, s.Query(query.Region{}, query.Page{Limit: 2 * n}))
	w, err := store.ArtifactWatermark(files[artifact.FileName])
	require.NoError(t, err)
	for _, c := range []struct {
		last    uint64 // of index.fbati
		follows bool
	}{{2*n - 1, true}, {2 * n, false}, {2*n + n/2, false}, {3*n - 1, false}, {3 * n, false}} {
		events := slices.Clone(covered)
		events[len(events)-1].Sequence = c.last
		changed := with(files, artifact.FileName, draftOf(t, events).AppendFile(nil, w, 10*n))
		delete(changed, index.FileName)
		s, err := store.Open(directory.Memory(changed), store.Options{})
		require.NoError(t, err)
		require.Equal(t, store.FromIndex, s.Report().OpenedFrom)
		if c.follows {
			require.Empty(t, s.Report().Rejected)
			require.Equal(t, 1, s.Report().Parts)
			continue
		}
		require.Equal(t, 0, s.Report().Parts, "%d", c.last)
		require.Equal(t, part, s.Report().Rejected[0].File)
		require.ErrorIs(t, s.Report().Rejected[0], damage.Stale)
		last := int64(-1)
		for _, e := range collect(t, s.Query(query.Region{}, query.Page{})) {
			require.Greater(t, int64(e.Sequence), last)
			last = int64(e.Sequence)
		}
	}
}

// opensAtMost is a directory in which files can be opened only so often.
type opensAtMost struct {
	directory.Memory
	left *int
}

var errOften = errors.New("opened too often")

func (o opensAtMost) Open(name string) (source.Source, error) {
	if *o.left--; *o.left < 0 {
		return nil, errOften
	}
	return o.Memory.Open(name)
}

// TestPartOfNothing: a part file that ends where it begins brings an open no
// further, so it would go on from itself for ever.
func TestPartOfNothing(t *testing.T) {
	files, _ := longstore.New(t, 50)
	delete(files, segment.Name(4)) // no tail
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	end := artifact.Watermark{Segment: 3, Offset: uint64(len(files[segment.Name(3)]))}
	_, nothing := folded(t, whole, store.Flush{First: 2, To: end, NextSequence: whole.Report().NextSequence})
	files[index.PartName(3, 3)] = nothing
	left := 100
	s, err := store.Open(opensAtMost{files, &left}, store.Options{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, left, 0)
	require.Equal(t, 1, s.Report().Parts)
	require.Equal(t, []string{index.PartName(3, 3)}, rejectedNames(s))
	require.ErrorIs(t, s.Report().Rejected[0], damage.Stale)
	require.Equal(t, dump(t, whole), dump(t, s))

	delete(files, segment.Name(3)) // so that the part testifies
	left = 100
	s, err = store.Open(opensAtMost{files, &left}, store.Options{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, left, 0)
	require.NotEmpty(t, s.Report().Damages)
}

// replacing is a directory whose files a writer replaces when one of them is opened.
type replacing struct {
	directory.Memory
	when string
	by   map[string][]byte
}

func (r *replacing) Open(name string) (source.Source, error) {
	if name == r.when && r.by != nil {
		r.Memory, r.by = r.by, nil
	}
	return r.Memory.Open(name)
}

// TestIndexReplacedWhileOpening: index.thaw is that of another index.fbati when a
// writer replaces both between the two opens; the open then starts again, and takes
// the new ones.
func TestIndexReplacedWhileOpening(t *testing.T) {
	files, _ := longstore.New(t, 50)
	end := artifact.Watermark{Segment: 4, Offset: uint64(len(files[segment.Name(4)]))}
	replaced := maps.Clone(files)
	replaced[artifact.FileName], replaced[index.FileName] = fold(t, files, 0, end)
	s, err := store.Open(&replacing{files, index.FileName, replaced}, store.Options{})
	require.NoError(t, err)
	require.Empty(t, s.Report().Rejected)
	require.Equal(t, store.IndexSaved, s.Report().IndexOrigin)
	require.Zero(t, s.Report().TailEvents)

	// Where nothing was replaced it is refused.
	mixed := with(files, index.FileName, replaced[index.FileName])
	s, err = store.Open(directory.Memory(mixed), store.Options{})
	require.NoError(t, err)
	require.Equal(t, []string{index.FileName}, rejectedNames(s))
}

// TestListOfAnotherEntity: index.thaw leads from an entity to another's events, under
// checksums that are right. A writer does not go on from those.
func TestListOfAnotherEntity(t *testing.T) {
	files, part := longstore.New(t, 50)
	end := artifact.Watermark{Segment: 4, Offset: uint64(len(files[segment.Name(4)]))}
	files[artifact.FileName], files[index.FileName] = fold(t, files, 0, end)
	delete(files, part)
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	require.Empty(t, s.Report().Rejected)
	of := map[string][]event.Event{}
	for _, e := range collect(t, s.Query(query.Region{}, query.Page{})) {
		of[e.Entity] = append(of[e.Entity], e)
	}
	changed := slices.Clone(files[index.FileName])
	swapLastOfLists(t, changed, files[artifact.FileName])
	s, err = store.Open(directory.Memory(with(files, index.FileName, changed)), store.Options{})
	require.NoError(t, err)
	require.Empty(t, s.Report().Rejected)
	fewer := 0
	for entity, events := range of {
		h, ok, err := store.History{Snapshot: s}.Latest(entity)
		require.NoError(t, err)
		require.True(t, ok)
		is := slices.IndexFunc(events, func(e event.Event) bool { return e.EventHash == h.Hash })
		require.NotEqual(t, -1, is, "the head of %s is another entity's event", entity)
		require.Equal(t, events[is].Clock, h.Clock)
		if is < len(events)-1 {
			fewer++
		}
	}
	require.Equal(t, 2, fewer)
}

// swapLastOfLists makes the last items of two entities' lists in index.thaw those of
// the other, and its checksums right.
func swapLastOfLists(t *testing.T, lookups, records []byte) {
	const entityEnds, entityList = 3, 4 // sections
	le := binary.LittleEndian
	ends, size := resum.Section(lookups, entityEnds)
	list, _ := resum.Section(lookups, entityList)
	var last []uint64 // where the last item of a list stands
	for i, from := uint64(0), uint32(0); i < size/4 && len(last) < 2; i++ {
		to := le.Uint32(lookups[ends+4*i:])
		if to-from > 2 {
			last = append(last, list+4*uint64(to-1))
		}
		from = to
	}
	require.Len(t, last, 2)
	a, b := le.Uint32(lookups[last[0]:]), le.Uint32(lookups[last[1]:])
	le.PutUint32(lookups[last[0]:], b)
	le.PutUint32(lookups[last[1]:], a)
	resum.File(lookups, records)
}
