package store_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// TestUncertainSegmentsReplaceNothing: segments that have lost an unknown number of
// events do not replace a damaged part file. The read fails.
func TestUncertainSegmentsReplaceNothing(t *testing.T) {
	files, part := longstore.New(t, 400)
	b := slices.Clone(files[part])
	b[index.ImageAt+20_000] ^= 1
	third := files[segment.Name(3)]
	_, from, err := segment.DecodeHeader(third)
	require.NoError(t, err)
	w := segment.NewWalker(source.Bytes(third), uint64(from))
	for range 400 {
		w.Next()
	}
	hole := slices.Clone(third)
	clear(hole[3000:5000])
	clear(hole[w.Offset():]) // without the footer nothing shows what it held
	s, err := store.Open(directory.Memory(with(with(files, part, b), segment.Name(3), hole)), store.Options{})
	require.NoError(t, err)
	require.Empty(t, s.Report().Rejected)
	require.Equal(t, 1, s.Report().Parts)
	var failed error
	for _, err := range s.Query(query.Region{}, query.Page{}) {
		failed = err
	}
	require.ErrorIs(t, failed, damage.Checksum)
	require.Empty(t, s.Report().Rejected, "it was not replaced")
}

// TestStrictRefusesStandIn: segments that have lost an event replace a damaged part
// file, and the report says so. With Options.Strict the loss is the error of the query.
func TestStrictRefusesStandIn(t *testing.T) {
	files, part := longstore.New(t, 400)
	b := slices.Clone(files[part])
	b[index.ImageAt+20_000] ^= 1
	third := slices.Clone(files[segment.Name(3)])
	third[len(third)/2] ^= 1 // the footer lists the lost event
	spoilt := with(with(files, part, b), segment.Name(3), third)
	for _, strict := range []bool{false, true} {
		s, err := store.Open(directory.Memory(spoilt), store.Options{Strict: strict})
		require.NoError(t, err)
		require.Empty(t, s.Report().Damages, "the segment is not read by the open")
		n := 0
		var failed error
		for _, err := range s.Query(query.Region{}, query.Page{}) {
			if failed = err; err == nil {
				n++
			}
		}
		if !strict {
			require.NoError(t, failed)
			require.Equal(t, 1599, n)
			require.Len(t, s.Report().Damages, 1)
			continue
		}
		var lost *damage.Damage
		require.ErrorAs(t, failed, &lost)
		require.Equal(t, segment.Name(3), lost.File)
		require.Len(t, lost.Events, 1)
	}
}

// TestTwoMeetOneDamage: of two queries that meet damage in one file at the same time,
// one repairs it, and the other uses the stand-in.
func TestTwoMeetOneDamage(t *testing.T) {
	files, part := longstore.New(t, 400)
	for _, name := range []string{index.FileName, part} {
		w := newSwitched(files)
		var met sync.WaitGroup
		met.Add(2)
		var once [2]sync.Once
		next := make(chan int, 2)
		next <- 0
		next <- 1
		w.fresh[name] = func(p []byte, off int64) {
			select {
			case i := <-next: // the first read of each waits for that of the other
				once[i].Do(met.Done)
				met.Wait()
			default:
			}
			rot(p, off)
		}
		s, err := store.Open(w, store.Options{})
		require.NoError(t, err)
		w.on.Store(true)
		var both sync.WaitGroup
		var got [2][]event.Event
		for i := range 2 {
			both.Go(func() {
				for e, err := range s.Query(query.Region{EntityPrefix: "order:"}, query.Page{}) {
					if err != nil {
						t.Error(err)
						return
					}
					got[i] = append(got[i], e)
				}
			})
		}
		both.Wait()
		require.Len(t, got[0], 1600)
		require.Equal(t, got[0], got[1])
		require.Equal(t, []string{name}, rejectedNames(s))
	}
}
