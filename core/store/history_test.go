package store_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/internal/resum"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/store"
)

// TestKnownWithoutHash: where a frame has no hash, as with a batpak built without hash
// chains, a repeated append is compared with the digest of the frame's payload. Where
// the frame cannot be read, the append fails.
func TestKnownWithoutHash(t *testing.T) {
	payload := []byte{0xa3, 'o', 'n', 'e'}
	file := segment.AppendHeader(nil, segment.Header{SegmentID: 1, CreatedNS: 1})
	at := len(file)
	file = segment.AppendFrame(file, &segment.Body{
		ID: event.ID{1}, Correlation: event.ID{1}, TimestampUS: 5000, WallMS: 5, Kind: event.Data,
		PayloadSize: uint32(len(payload)), Payload: payload, Entity: []byte("e"), Scope: []byte("s"),
	})
	s, err := store.Open(directory.Memory{segment.Name(1): file}, store.Options{Hash: hash})
	require.NoError(t, err)
	e, err := s.Get(event.ID{1})
	require.NoError(t, err)
	require.Zero(t, e.EventHash, "or the test shows nothing")
	known, ok, err := store.History{Snapshot: s}.ByID(event.ID{1})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, hash(payload), known.Hash)

	log := commit.NewLog(store.History{Snapshot: s}, 1)
	log.Start(2, 57)
	entry := commit.Entry{
		Coordinate: event.At("e", "s"), Kind: event.Data, Payload: payload, Hash: hash(payload), ID: event.ID{1}, Key: true,
	}
	r, err := log.Append(&entry, 5)
	require.NoError(t, err)
	require.True(t, r.Repeated)
	entry.Hash = hash([]byte{0xc0})
	_, err = log.Append(&entry, 5)
	require.ErrorIs(t, err, commit.ErrKey)

	file[at+20] ^= 1 // the frame's body, unnoticed by the open store
	_, err = log.Append(&entry, 5)
	require.Error(t, err)
	require.NotErrorIs(t, err, commit.ErrKey)
}

// TestKnownFromTheIndex: a digest in the index costs no read of the segment.
func TestKnownFromTheIndex(t *testing.T) {
	e := framed(event.Event{Coordinate: event.At("e", "s")}, 0)
	e.Kind, e.EventHash = event.Data, event.Hash{7}
	s, err := store.Open(made{index: indexOf(t, []event.Event{e})}, store.Options{Hash: hash})
	require.NoError(t, err)
	known, ok, err := store.History{Snapshot: s}.ByID(e.ID)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, e.EventHash, known.Hash)
}

func sameHead(t require.TestingT, want, got *store.Snapshot, entity string) {
	w, wok, err := store.History{Snapshot: want}.Latest(entity)
	require.NoError(t, err)
	g, gok, err := store.History{Snapshot: got}.Latest(entity)
	require.NoError(t, err)
	require.Equal(t, wok, gok)
	require.Equal(t, w, g)
}

// TestHistory compares the last event of every entity and the ids of every fixture with
// a scan, cancelled events included.
func TestHistory(t *testing.T) {
	hidden := 0
	for _, name := range fixture.Names() {
		for _, skip := range [][]string{nil, {artifact.FileName, checkpoint.FileName}} {
			s, err := store.Open(directory.Memory(fixture.Store(name)), store.Options{Skip: skip})
			require.NoError(t, err)
			everything, err := store.Open(directory.Memory(fixture.Store(name)), store.Options{Skip: skip, ShowHidden: true})
			require.NoError(t, err)
			visible := map[uint64]bool{}
			for _, e := range collect(t, s.Query(query.Region{}, query.Page{})) {
				visible[e.Sequence] = true
			}
			heads := map[string]commit.Head{}
			for _, e := range collect(t, everything.Query(query.Region{}, query.Page{})) {
				k, ok, err := store.History{Snapshot: s}.ByID(e.ID)
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, commit.Known{
					Receipt:    commit.Receipt{ID: e.ID, Sequence: e.Sequence, Clock: e.Clock, Position: e.Position},
					Coordinate: e.Coordinate, Kind: e.Kind, Hash: e.EventHash, Cancelled: !visible[e.Sequence],
				}, k)
				h := heads[e.Entity]
				h.Clock, h.WallMS, h.Hash = max(h.Clock, e.Clock), e.WallMS, e.EventHash
				if visible[e.Sequence] {
					h.State = commit.State{Some: true, Clock: max(h.State.Clock, e.Clock)}
				} else {
					hidden++
				}
				heads[e.Entity] = h
			}
			for entity, want := range heads {
				h, ok, err := store.History{Snapshot: s}.Latest(entity)
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, want, h, "%s of %s", entity, name)
			}
			_, ok, err := store.History{Snapshot: s}.Latest("absent")
			require.NoError(t, err)
			require.False(t, ok)
			_, ok, err = store.History{Snapshot: s}.ByID(event.ID{1})
			require.NoError(t, err)
			require.False(t, ok)
		}
	}
	require.Positive(t, hidden)
}

// TestHistoryRises: with events that a log appended, which rise, the last one says it all, also
// when it is in the last of several parts or cancelled; others are still looked at.
func TestHistoryRises(t *testing.T) {
	files, _ := longstore.New(t, 200)
	for _, name := range append(fixture.Names(), "") {
		of := directory.Memory(files)
		if name != "" {
			of = fixture.Store(name)
		}
		for _, skip := range [][]string{nil, {artifact.FileName, checkpoint.FileName}} {
			s, err := store.Open(of, store.Options{Skip: skip})
			require.NoError(t, err)
			all, err := store.Open(of, store.Options{Skip: skip, ShowHidden: true})
			require.NoError(t, err)
			events := collect(t, all.Query(query.Region{}, query.Page{}))
			// Before this sequence clocks may be equal or fall.
			from, last := uint64(0), map[string]uint32{}
			for _, e := range events {
				if clock, ok := last[e.Entity]; ok && e.Clock <= clock {
					from = e.Sequence + 1
				}
				last[e.Entity] = max(last[e.Entity], e.Clock)
			}
			for entity := range last {
				want, _, err := store.History{Snapshot: s}.Latest(entity)
				require.NoError(t, err)
				for _, since := range []uint64{from, from + 1, (from + s.End()) / 2, s.End()} {
					got, ok, err := store.History{Snapshot: s, Rises: func(n uint64) bool { return n >= since }}.Latest(entity)
					require.NoError(t, err)
					require.True(t, ok)
					require.Equal(t, want, got, "%s of %q from %d", entity, name, since)
				}
			}
		}
	}
}

// TestHistoryStops: a part of before the last event of an entity is not looked at.
func TestHistoryStops(t *testing.T) {
	files, part := longstore.New(t, 200)
	rotten := slices.Clone(files[artifact.FileName])
	for i := artifact.HeaderSize; i < len(rotten); i += 512 { // every page
		rotten[i] ^= 1
	}
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	require.Contains(t, s.IndexFiles().Names(), part)
	first := s.IndexFiles().Files[0].NextSequence
	events := collect(t, s.Query(query.Region{}, query.Page{From: first}))
	require.NotEmpty(t, events)
	entity := events[len(events)-1].Entity
	for _, rises := range []bool{true, false} {
		s, err := store.Open(directory.Memory(with(files, artifact.FileName, rotten)), store.Options{})
		require.NoError(t, err)
		_, ok, err := store.History{Snapshot: s, Rises: func(uint64) bool { return rises }}.Latest(entity)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, rises, len(s.Report().Rejected) == 0, "%v", s.Report().Rejected)
	}
}

// TestHistoryCancelledTwice: the id of a cancelled event that was appended again is the
// id of the visible event, in every part of the snapshot.
func TestHistoryCancelledTwice(t *testing.T) {
	files := fixture.Store("fences")
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	hidden := s.Report().HiddenRanges
	s, err = store.Open(directory.Memory(files), store.Options{ShowHidden: true})
	require.NoError(t, err)
	tried := 0
	for _, e := range collect(t, s.Query(query.Region{}, query.Page{})) {
		if !hidden.Hides(e.Sequence) {
			continue
		}
		tried++
		again := fixture.Store("fences")
		id, _ := segment.ParseName(slices.Max(fixture.Segments(files)))
		frame := files[segment.Name(e.Position.Segment)][e.Position.Offset:][:e.Position.Length]
		again[segment.Name(id+1)] = append(segment.AppendHeader(nil, segment.Header{SegmentID: id + 1}), frame...)
		for _, skip := range [][]string{nil, {artifact.FileName, checkpoint.FileName}} {
			s, err := store.Open(directory.Memory(again), store.Options{Skip: skip})
			require.NoError(t, err)
			k, ok, err := store.History{Snapshot: s}.ByID(e.ID)
			require.NoError(t, err)
			require.True(t, ok)
			require.False(t, k.Cancelled)
			require.Equal(t, id+1, k.Position.Segment)
			got, err := s.Get(e.ID)
			require.NoError(t, err)
			require.Equal(t, k.Sequence, got.Sequence)
		}
	}
	require.Positive(t, tried)
}

// TestListOfAnotherEntity: index.thaw leads from an entity to another's events, with
// valid checksums. A writer does not continue from those.
func TestListOfAnotherEntity(t *testing.T) {
	files, part := longstore.New(t, 50)
	end := artifact.Watermark{Segment: 4, Offset: uint64(len(files[segment.Name(4)]))}
	files[artifact.FileName], files[index.FileName] = flushIndex(t, files, 0, end)
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

// swapLastOfLists swaps the last items of two entities' lists in index.thaw, and fixes
// its checksums.
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
