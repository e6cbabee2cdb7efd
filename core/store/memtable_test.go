package store_test

import (
	"maps"
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/flush"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// written returns the index.fbati that a snapshot writes.
func written(t require.TestingT, s *store.Snapshot, w artifact.Watermark) []byte {
	b, _ := flushed(t, s, store.Flush{To: w, NextSequence: s.Report().NextSequence})
	return b
}

// flushed returns the files that a flush writes.
func flushed(t require.TestingT, s *store.Snapshot, f store.Flush) (artifactFile, lookups []byte) {
	require.NoError(t, s.Flush(f, into(&artifactFile), into(&lookups)))
	return artifactFile, lookups
}

// segmentsOf sets the segments of a flush to those of a store in memory.
func segmentsOf(files map[string][]byte, f store.Flush) store.Flush {
	for _, name := range fixture.Segments(files) {
		id, _ := segment.ParseName(name)
		f.Segments = append(f.Segments, id)
	}
	slices.Sort(f.Segments)
	f.Sizes = func(id uint64) (uint64, bool) {
		b, ok := files[segment.Name(id)]
		return uint64(len(b)), ok
	}
	return f
}

// into writes to a slice.
func into(b *[]byte) flush.Write {
	return func(off int64, p []byte) error {
		if n := int(off) + len(p); n > len(*b) {
			*b = append(*b, make([]byte, n-len(*b))...)
		}
		copy((*b)[off:], p)
		return nil
	}
}

// TestFlushFixtures: a flush writes what batpak wrote at a close, byte for byte, on
// every step of the ladder.
func TestFlushFixtures(t *testing.T) {
	same := 0
	for _, name := range fixture.Names() {
		files := fixture.Store(name)
		for _, skip := range [][]string{nil, {artifact.FileName}, {artifact.FileName, checkpoint.FileName}} {
			s, err := store.Open(directory.Memory(files), store.Options{Skip: skip})
			require.NoError(t, err)
			segments := fixture.Segments(files)
			newest := segments[len(segments)-1]
			id, _ := segment.ParseName(newest)
			w := artifact.Watermark{Segment: id, Offset: uint64(len(files[newest]))}
			got := written(t, s, w)
			want := files[artifact.FileName]
			if s.Report().Torn == nil && want != nil {
				h, err := artifact.DecodeHeader(want, int64(len(want)))
				require.NoError(t, err)
				if h.Watermark == w {
					same++
					require.Equal(t, want, got, "%s without %v", name, skip)
				}
			}
			again := fixture.Store(name)
			again[artifact.FileName] = got
			r, err := store.Open(directory.Memory(again), store.Options{})
			require.NoError(t, err)
			if s.Report().Torn == nil && len(s.Report().Unfinished) == 0 {
				require.Equal(t, store.FromIndex, r.Report().OpenedFrom, name)
				require.Zero(t, r.Report().TailEvents)
			}
			require.Equal(t, dump(t, s), dump(t, r))
			require.Equal(t, s.Report().NextSequence, r.Report().NextSequence)
		}
	}
	require.GreaterOrEqual(t, same, 3*8)
}

// TestGrow grows snapshots of fixtures by random runs and compares every query with a
// fresh open of the same files.
func TestGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"rotated", "tail", "fences", "empty", "options", "compacted-tail"}).Draw(t, "fixture")
		files := fixture.Store(name)
		s, err := store.Open(directory.Memory(files), store.Options{})
		require.NoError(t, err)
		r, err := s.Recovery()
		require.NoError(t, err)
		files = apply(files, r, func(map[string][]byte) {})
		base := s
		past := store.History{Snapshot: base}
		log := commit.NewLog(past, base.Report().NextSequence)
		seg := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: r.Next})
		log.Start(r.Next, uint64(len(seg)))
		var old []event.Event
		var entities []string
		for e := range s.Query(query.Region{}, query.Page{}) {
			old, entities = append(old, e), append(entities, e.Entity)
		}
		entities = append(entities, "new", "newer")
		n, total := byte(0), 0
		for range rapid.IntRange(1, 12).Draw(t, "runs") {
			for range rapid.IntRange(0, 6).Draw(t, "events") {
				n++
				e := commit.Entry{
					Coordinate: event.At(rapid.SampledFrom(entities).Draw(t, "entity"), rapid.SampledFrom([]string{"s", "bank", "new"}).Draw(t, "scope")),
					Kind:       rapid.SampledFrom([]event.Kind{event.Data, 0xF001}).Draw(t, "kind"),
					Payload:    []byte{n}, Hash: hash([]byte{n}), ID: event.ID{0: 0xff, 15: n},
				}
				if len(old) > 0 && rapid.Bool().Draw(t, "caused") {
					c := rapid.SampledFrom(old).Draw(t, "cause")
					e.Causation, e.Correlation = c.ID, c.Correlation
				}
				_, err := log.Append(&e, 1_790_000_000_000_000+int64(n))
				require.NoError(t, err)
				total++
			}
			seg = append(seg, log.Frames()...)
			log.Commit()
			s, err = s.Grow(log.Committed(s.Appended()), log.Next())
			require.NoError(t, err)
			require.Equal(t, total, s.Appended())
			require.LessOrEqual(t, s.Parts()-base.Parts(), bits.Len(uint(total))+1)
		}
		files[segment.Name(r.Next)] = log.Footer(slices.Clone(seg))
		fresh, err := store.Open(directory.Memory(files), store.Options{})
		require.NoError(t, err)
		require.Equal(t, fresh.Report().Events, s.Report().Events)
		require.Equal(t, fresh.Report().Hidden, s.Report().Hidden)
		if total > 0 {
			require.Equal(t, fresh.Report().NextSequence, s.Report().NextSequence)
		}
		requireSame(t, fresh, s)
		for entity := range all(fresh) {
			sameHead(t, fresh, s, entity)
		}
		// The grown store writes the artifact that a close would write.
		w := artifact.Watermark{Segment: r.Next, Offset: uint64(len(files[segment.Name(r.Next)]))}
		b, lookups := flushed(t, s, segmentsOf(files, store.Flush{
			To: w, NextSequence: s.Report().NextSequence, Run: log.Committed(0),
		}))
		if total > 0 {
			require.Equal(t, written(t, fresh, w), b)
		}
		if base.Report().OpenedFrom == store.FromIndex {
			_, part := flushed(t, s, segmentsOf(files, store.Flush{
				First: 1, To: w, NextSequence: s.Report().NextSequence, Run: log.Committed(0),
			}))
			old, _ := store.ArtifactWatermark(files[artifact.FileName])
			name := index.PartName(old.Segment, w.Segment)
			with := maps.Clone(files)
			with[name] = part
			again, err := store.Open(directory.Memory(with), store.Options{})
			require.NoError(t, err)
			require.Empty(t, again.Report().Rejected)
			require.Zero(t, again.Report().TailEvents)
			require.Equal(t, 2, again.Parts())
			requireSame(t, fresh, again)
		}
		files[artifact.FileName] = b
		for _, saved := range []bool{false, true} {
			if saved {
				files[index.FileName] = lookups
			}
			again, err := store.Open(directory.Memory(files), store.Options{})
			require.NoError(t, err)
			require.Equal(t, store.FromIndex, again.Report().OpenedFrom)
			require.Empty(t, again.Report().Rejected)
			require.Equal(t, !saved, again.IndexFiles().Unsaved)
			require.Zero(t, again.Report().TailEvents)
			requireSame(t, fresh, again)
		}
	})
}

// all returns the entities of a store.
func all(s *store.Snapshot) map[string]bool {
	out := map[string]bool{"absent": true}
	for e := range s.Query(query.Region{}, query.Page{}) {
		out[e.Entity] = true
	}
	return out
}

// requireSame asks two snapshots everything.
func requireSame(t require.TestingT, want, got *store.Snapshot) {
	events := collect(t, want.Query(query.Region{}, query.Page{}))
	require.Equal(t, events, collect(t, got.Query(query.Region{}, query.Page{})))
	asked := map[any]bool{}
	for _, e := range events {
		g, err := got.Get(e.ID)
		require.NoError(t, err)
		w, err := want.Get(e.ID)
		require.NoError(t, err)
		require.Equal(t, w, g)
		for _, r := range []query.Region{
			{Entity: e.Entity}, {Scope: e.Scope}, {Kinds: event.Only(e.Kind)}, {EntityPrefix: e.Entity[:1]},
		} {
			if asked[r] {
				continue
			}
			asked[r] = true
			require.Equal(t, collect(t, want.Query(r, query.Page{})), collect(t, got.Query(r, query.Page{})))
			n, err := got.Count(r, 0)
			require.NoError(t, err)
			m, err := want.Count(r, 0)
			require.NoError(t, err)
			require.Equal(t, m, n)
		}
		if !asked[e.Entity] {
			asked[e.Entity] = true
			require.Equal(t, collect(t, want.Stream(e.Entity, query.StreamPage{})), collect(t, got.Stream(e.Entity, query.StreamPage{})))
		}
		if !asked[e.Correlation] {
			asked[e.Correlation] = true
			require.Equal(t, collect(t, want.Correlated(e.Correlation)), collect(t, got.Correlated(e.Correlation)))
		}
		require.Equal(t, collect(t, want.Effects(e.ID, 3)), collect(t, got.Effects(e.ID, 3)))
	}
}

// TestFlushOverRot: records that read as zeros, as those of a mapped file that was
// truncated, are read from the segments instead.
func TestFlushOverRot(t *testing.T) {
	files := fixture.Store("rotated")
	whole := slices.Clone(files[artifact.FileName])
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	b := files[artifact.FileName]
	clear(b[len(b)-artifact.RecordSize:])
	w, err := store.ArtifactWatermark(whole)
	require.NoError(t, err)
	require.Equal(t, whole, written(t, s, w))
	rejected := s.Report().Rejected
	require.Len(t, rejected, 1)
	require.Equal(t, artifact.FileName, rejected[0].File)
	require.Equal(t, damage.Checksum, rejected[0].Reason)
}

// TestGrowParts: n events that arrive one by one make at most log n parts, and ever
// smaller runs are merged too.
func TestGrowParts(t *testing.T) {
	for name, runs := range map[string][]int{
		"one by one": {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		"falling":    {10, 9, 8, 7, 6, 5, 4, 3, 2, 1},
	} {
		log := newSession(t, 0).begin(1)
		s, err := store.Open(directory.Memory(nil), store.Options{})
		require.NoError(t, err)
		total := 0
		for _, n := range runs {
			log.append(n)
			total += n
			s, err = s.Grow(log.log.Committed(s.Appended()), log.log.Next())
			require.NoError(t, err)
			require.LessOrEqual(t, s.Parts(), bits.Len(uint(total)), "%s: %d events", name, total)
			require.EqualValues(t, total, s.Report().Events)
		}
	}
}
