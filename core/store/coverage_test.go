package store_test

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/checkpoint"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/fixture"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/visibility"
)

// recordsOf returns where the records of an index.fbati begin, and how many it has.
func recordsOf(t *testing.T, b []byte) (at, count int) {
	h, err := artifact.ReadHeader(source.Bytes(b))
	require.NoError(t, err)
	return int(h.RecordsAt()), int(h.Records)
}

// leaveOut returns an index.fbati without n records from number i on.
func leaveOut(t *testing.T, b []byte, i, n int) []byte {
	at, count := recordsOf(t, b)
	from := at + i*artifact.RecordSize
	out := slices.Delete(slices.Clone(b), from, from+n*artifact.RecordSize)
	binary.LittleEndian.PutUint64(out[40:], uint64(count-n))
	artifact.Seal(out)
	return out
}

// requireIncomplete checks that an index is refused and that no event is missing.
func requireIncomplete(t *testing.T, files directory.Memory, want string) {
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	require.Equal(t, store.FromSegments, s.Report().OpenedFrom)
	require.True(t, slices.ContainsFunc(s.Report().Rejected, func(r *damage.Refusal) bool {
		return r.File == artifact.FileName && r.Reason == damage.Incomplete
	}), "%v", s.Report().Rejected)
	require.Equal(t, want, dump(t, s))
}

// TestIncompleteIndex removes each event in turn, and each half, from the index of
// every store that batpak closed.
func TestIncompleteIndex(t *testing.T) {
	for _, name := range fixture.Names() {
		files := fixture.Store(name)
		whole, ok := files[artifact.FileName]
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(directory.Memory(files), store.Options{})
			require.NoError(t, err)
			require.Equal(t, store.FromIndex, s.Report().OpenedFrom, "it is complete")
			require.Empty(t, s.Report().Rejected)
			delete(files, checkpoint.FileName)
			bare := maps.Clone(files)
			delete(bare, artifact.FileName)
			s, err = store.Open(directory.Memory(bare), store.Options{})
			require.NoError(t, err)
			want := dump(t, s)
			_, count := recordsOf(t, whole)
			for i := range count {
				requireIncomplete(t, with(files, artifact.FileName, leaveOut(t, whole, i, 1)), want)
			}
			if count > 0 {
				half := (count + 1) / 2
				requireIncomplete(t, with(files, artifact.FileName, leaveOut(t, whole, 0, half)), want)
				requireIncomplete(t, with(files, artifact.FileName, leaveOut(t, whole, count-half, half)), want)
				requireIncomplete(t, with(files, artifact.FileName, leaveOut(t, whole, 0, count)), want)
			}
		})
	}
}

// TestIncompleteCheckpoint inserts a segment between those that batpak's two indexes
// cover, so that both lack its events.
func TestIncompleteCheckpoint(t *testing.T) {
	files := directory.Memory(fixture.Store("compacted"))
	s, err := store.Open(files, store.Options{})
	require.NoError(t, err)
	before := s.Report()
	require.Equal(t, store.FromIndex, before.OpenedFrom)

	first := files["000001.fbat"]
	_, from, err := segment.ReadHeader(source.Bytes(first))
	require.NoError(t, err)
	w := segment.NewWalker(source.Bytes(first), uint64(from))
	step, ok := w.Next()
	require.True(t, ok)
	added := *step.Body
	added.ID = event.ID{1: 1}
	between := segment.AppendHeader(nil, segment.Header{SegmentID: 3})
	files["000003.fbat"] = segment.AppendFrame(between, &added)

	s, err = store.Open(files, store.Options{})
	require.NoError(t, err)
	r := s.Report()
	require.Equal(t, store.FromSegments, r.OpenedFrom)
	for i, name := range []string{artifact.FileName, checkpoint.FileName} {
		require.Equal(t, name, r.Rejected[i].File)
		require.Equal(t, damage.Incomplete, r.Rejected[i].Reason)
		var out *store.LeftOut
		require.ErrorAs(t, r.Rejected[i], &out)
		require.Equal(t, added.ID, out.ID)
		require.ErrorContains(t, r.Rejected[i], added.ID.String()+" at byte "+strconv.Itoa(len(between))+" of 000003.fbat")
	}
	_, err = s.Get(added.ID)
	require.NoError(t, err)
	require.Equal(t, before.Events+1, r.Events)
}

// TestIncompleteWithoutFooters does the same where no segment below the index's end has
// a footer, as after unclean stops of batpak, and where a footer omits the same event.
func TestIncompleteWithoutFooters(t *testing.T) {
	for _, entries := range []string{"none", "less"} {
		files := fixture.Store("rotated")
		delete(files, checkpoint.FileName)
		newest := fixture.Segments(files)[len(fixture.Segments(files))-1]
		for _, name := range fixture.Segments(files) {
			if entries == "none" && name != newest {
				unseal(t, files, name)
			} else if entries == "less" {
				forgetEntries(t, files, name)
			}
		}
		end := uint64(len(files[newest]))
		whole := files[artifact.FileName]
		binary.LittleEndian.PutUint64(whole[20:], end)
		artifact.Seal(whole)
		s, err := store.Open(directory.Memory(files), store.Options{})
		require.NoError(t, err)
		require.Equal(t, store.FromIndex, s.Report().OpenedFrom, "footers are not what it is held against")
		want := dump(t, s)
		_, count := recordsOf(t, whole)
		for i := range count {
			t.Run(entries+" "+strconv.Itoa(i), func(t *testing.T) {
				requireIncomplete(t, with(files, artifact.FileName, leaveOut(t, whole, i, 1)), want)
			})
		}
	}
}

// forgetEntries empties the list in a segment's footer.
func forgetEntries(t *testing.T, files directory.Memory, name string) {
	at, ok, err := segment.FooterOffset(source.Bytes(files[name]))
	require.NoError(t, err)
	require.True(t, ok)
	footer := binary.LittleEndian.AppendUint64([]byte{0x90}, at)
	files[name] = append(append(files[name][:at:at], footer...), "\x00\x00\x00\x00SIDX"...)
}

// TestVouchedIndex: an index is compared with its segments unless index.thaw belongs to
// it.
func TestVouchedIndex(t *testing.T) {
	files, _ := longstore.New(t, 150)
	other, _ := longstore.New(t, 151)
	less := maps.Clone(files)
	delete(less, index.FileName)
	for name, c := range map[string]struct {
		files   map[string][]byte
		options store.Options
		held    bool
	}{
		"index.thaw belongs to it":                       {files: files},
		"lookups are made although it does":              {files: files, options: store.Options{BuildIndex: true}, held: true},
		"index.thaw is missing":                          {files: less, held: true},
		"index.thaw is of another index":                 {files: with(files, index.FileName, other[index.FileName]), held: true},
		"index.thaw is damaged":                          {files: with(files, index.FileName, files[index.FileName][:100]), held: true},
		"index.thaw belongs to it, and is to be skipped": {files: files, options: store.Options{Skip: []string{index.FileName}}, held: true},
	} {
		t.Run(name, func(t *testing.T) {
			opened := &opens{Memory: c.files, count: map[string]int{}}
			c.options.IndexOnly = true
			s, err := store.Open(opened, c.options)
			require.NoError(t, err)
			require.Equal(t, store.FromIndex, s.Report().OpenedFrom)
			require.Positive(t, opened.count[artifact.FileName])
			for id := range uint64(2) {
				require.Equal(t, c.held, opened.count[segment.Name(id+1)] > 0, "%v", opened.count)
			}
		})
	}
}

// TestVouchedRanges: an index over an unsealed segment is trusted about hidden ranges
// if index.thaw belongs to it, whether that is read or built again.
func TestVouchedRanges(t *testing.T) {
	files, part := longstore.New(t, 20)
	for _, name := range []string{artifact.FileName, index.FileName, part, "000004.fbat"} {
		delete(files, name)
	}
	unseal(t, files, "000002.fbat")
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	var records, lookups []byte
	require.NoError(t, s.Flush(store.Flush{
		To: artifact.Watermark{Segment: 3, Offset: uint64(len(files["000003.fbat"]))}, NextSequence: s.Report().NextSequence,
	}, into(&records), into(&lookups)))
	files[artifact.FileName], files[index.FileName] = records, lookups
	files[visibility.FileName] = visibility.AppendFile(nil, visibility.Ranges{{Start: 3, End: 5}})
	other, _ := longstore.New(t, 21)
	for _, makes := range []bool{false, true} {
		for name, c := range map[string]struct {
			lookups  []byte
			believed bool
		}{
			"belongs": {lookups, true}, "is of another index": {other[index.FileName], false},
			"is damaged": {lookups[:100], false}, "is empty": {nil, false},
		} {
			s, err := store.Open(directory.Memory(with(files, index.FileName, c.lookups)), store.Options{BuildIndex: makes})
			require.NoError(t, err)
			refused := slices.ContainsFunc(s.Report().Rejected, func(r *damage.Refusal) bool {
				return r.File == artifact.FileName && r.Reason == damage.Renumbered
			})
			require.Equal(t, c.believed, !refused, "index.thaw %s, lookups made: %v", name, makes)
			require.Equal(t, c.believed, s.Report().OpenedFrom == store.FromIndex)
		}
	}
}

// opens counts how often each file is opened.
type opens struct {
	directory.Memory
	count map[string]int
}

func (o *opens) Open(name string) (source.Source, error) {
	o.count[name]++
	return o.Memory.Open(name)
}
