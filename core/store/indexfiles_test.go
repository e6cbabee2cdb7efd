package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/internal/resum"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/store"
)

// unreadable is a store in memory whose pages of one file cannot be read.
type unreadable struct {
	directory.Memory
	name string
	page int64
}

type unreadableFile struct {
	source.Bytes
	page int64
}

var errIO = errors.New("input/output error")

// Slice hides that of Bytes, by another signature.
func (f unreadableFile) Slice() {}

func (f unreadableFile) ReadAt(p []byte, off int64) (int, error) {
	if at := f.page * pages.Size; off < at+pages.Size && at < off+int64(len(p)) {
		return 0, errIO
	}
	return f.Bytes.ReadAt(p, off)
}

func (s unreadable) Open(name string) (source.Source, error) {
	src, err := s.Memory.Open(name)
	if name != s.name || err != nil {
		return src, err
	}
	return unreadableFile{src.(source.Bytes), s.page}, nil
}

// TestUnreadablePages makes each page of each index file fail in turn: every query is
// answered, and the report names a file that could not be read, unless no query reads
// it.
func TestUnreadablePages(t *testing.T) {
	files, part := longstore.New(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	ids := someIDs(t, whole, 41)
	want := answers(whole, ids)
	for _, name := range []string{index.FileName, part, artifact.FileName} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, count := 0, int64(pages.Count(uint64(len(files[name]))))
			for page := range count {
				for _, check := range []bool{false, true} {
					s, err := store.Open(unreadable{files, name, page}, store.Options{CheckIndex: check})
					require.NoError(t, err)
					require.True(t, want == answers(s, ids), "page %d", page)
					if rejects(s, name) || rejects(s, index.FileName) {
						found++
					} else {
						require.False(t, check, "page %d", page)
					}
					require.Empty(t, s.Report().Damages)
				}
			}
			require.Greater(t, found, int(count)*3/2)
		})
	}
}

// TestCutIndex truncates index.fbati at each page boundary and next to it, and replaces
// it by others. index.thaw then belongs to none of them, and no event is missing.
func TestCutIndex(t *testing.T) {
	files, part := longstore.New(t, 150)
	other, _ := longstore.New(t, 160)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	want := dump(t, whole)
	full := files[artifact.FileName]
	bad := map[string][]byte{
		"another store's": other[artifact.FileName], "longer": append(slices.Clone(full), 0),
		"lookups": files[index.FileName], "part": files[part],
	}
	for at := 0; at <= len(full); at += pages.Size {
		for _, cut := range []int{at - 1, at, at + 1} {
			if cut >= 0 && cut < len(full) {
				bad["cut at "+string(rune('0'+at/pages.Size))+" "+string(rune('b'+cut-at))] = full[:cut]
			}
		}
	}
	for what, b := range bad {
		s, err := store.Open(directory.Memory(with(files, artifact.FileName, b)), store.Options{})
		require.NoError(t, err)
		require.True(t, rejects(s, artifact.FileName), what)
		require.Equal(t, want, dump(t, s), what)
	}
	for _, name := range []string{artifact.FileName, index.FileName, part} {
		without := with(files, name, nil)
		delete(without, name)
		s, err := store.Open(directory.Memory(without), store.Options{})
		require.NoError(t, err)
		require.Equal(t, want, dump(t, s), name)
		require.Empty(t, s.Report().Rejected, "what is not there is not refused")
	}
}

// flushIndex writes the index of a store, or a part file, up to a watermark.
func flushIndex(t *testing.T, files map[string][]byte, first int, to artifact.Watermark) (records, lookups []byte) {
	s, err := store.Open(directory.Memory(files), store.Options{Seed: 11})
	require.NoError(t, err)
	require.NoError(t, s.Flush(store.Flush{First: first, To: to, NextSequence: s.Report().NextSequence}, into(&records), into(&lookups)))
	return records, lookups
}

// TestStaleIndex puts old index files beside newer ones: each is reported, and every
// event is found once.
func TestStaleIndex(t *testing.T) {
	files, part := longstore.New(t, 100)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	want := dump(t, whole)
	end := artifact.Watermark{Segment: 4, Offset: uint64(len(files[segment.Name(4)]))}
	newIndex, newLookups := flushIndex(t, files, 0, end)
	check := func(what string, files map[string][]byte, rejected ...string) {
		s, err := store.Open(directory.Memory(files), store.Options{})
		require.NoError(t, err)
		require.Equal(t, want, dump(t, s), what)
		names := rejectedNames(s)
		slices.Sort(names)
		require.Equal(t, rejected, names, what)
	}
	check("an index.thaw of the index.fbati before", with(files, artifact.FileName, newIndex), index.FileName)
	check("an index.thaw of the index.fbati behind", with(files, index.FileName, newLookups), index.FileName)
	all := with(with(files, artifact.FileName, newIndex), index.FileName, newLookups)
	check("a part that index.fbati holds", all)
	_, longer := flushIndex(t, files, 1, end)
	both := with(files, index.PartName(2, 4), longer)
	check("a part that another holds", both)
	s, err := store.Open(directory.Memory(both), store.Options{})
	require.NoError(t, err)
	require.Zero(t, s.Report().TailEvents, "the longer one is taken")
	// A part of the same place with another history: its records continue elsewhere.
	other, _ := longstore.New(t, 102)
	check("another store's part", with(files, part, other[part]), part)
	renamed := with(files, index.PartName(2, 4), files[part])
	delete(renamed, part)
	check("a part under another name", renamed, index.PartName(2, 4))
}

// TestOtherSegments: index files over segments of other ids, or after another place,
// are refused.
func TestOtherSegments(t *testing.T) {
	files, part := longstore.New(t, 100)
	end := artifact.Watermark{Segment: 4, Offset: uint64(len(files[segment.Name(4)]))}
	_, longer := flushIndex(t, files, 1, end)
	files[index.PartName(2, 4)] = longer
	delete(files, part)
	for id, name := range map[uint64]string{1: index.FileName, 3: index.PartName(2, 4)} {
		gone := with(files, segment.Name(id), nil)
		delete(gone, segment.Name(id))
		s, err := store.Open(directory.Memory(gone), store.Options{})
		require.NoError(t, err)
		require.Contains(t, rejectedNames(s), name)
		require.ErrorIs(t, s.Report().Rejected[0], damage.Segments)
	}
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	want := dump(t, whole)
	moved := slices.Clone(longer)
	moved[136] ^= 2
	resum.Header(moved)
	s, err := store.Open(directory.Memory(with(files, index.PartName(2, 4), moved)), store.Options{})
	require.NoError(t, err)
	require.Equal(t, want, dump(t, s))
	require.ErrorIs(t, s.Report().Rejected[0], damage.Stale)
}

// unsealed is a store whose newest segment continues after the end of the index.
func unsealed(t *testing.T, perSegment int) (files map[string][]byte, end artifact.Watermark) {
	files, _ = longstore.New(t, perSegment)
	seg := segment.AppendHeader(nil, segment.Header{CreatedNS: 1, SegmentID: 5})
	s, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	log := commit.NewLog(store.History{Snapshot: s}, s.Report().NextSequence)
	log.Start(5, uint64(len(seg)))
	add := func(n int) {
		for i := range n {
			p := []byte{0xcd, 9, byte(i)}
			e := commit.Entry{
				Coordinate: event.At("order:last", "shop:1"), Kind: 0x1001, Payload: p, Hash: longstore.Hash(p),
				ID: event.ID{0: 0xfe, 7: byte(len(seg) >> 8), 8: byte(len(seg)), 15: byte(i)},
			}
			_, err := log.Append(&e, 1_790_000_001_000_000+int64(len(seg)+i))
			require.NoError(t, err)
		}
		seg = append(seg, log.Frames()...)
		log.Commit()
	}
	add(30)
	end = artifact.Watermark{Segment: 5, Offset: uint64(len(seg))}
	files[segment.Name(5)] = slices.Clone(seg)
	add(30)
	behind := slices.Clone(seg)
	newIndex, newLookups := flushIndex(t, files, 0, end)
	_, longer := flushIndex(t, files, 2, end)
	files[segment.Name(5)] = behind
	files["whole "+artifact.FileName], files["whole "+index.FileName] = newIndex, newLookups
	files[index.PartName(3, 5)] = longer
	return files, end
}

// TestBoundary: an index that ends within a segment is compared with its last record at
// open. Only what cannot be read then is refused.
func TestBoundary(t *testing.T) {
	files, _ := unsealed(t, 400)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	require.Empty(t, whole.Report().Rejected)
	require.Equal(t, 2, whole.Report().Parts)
	require.Equal(t, uint64(30), whole.Report().TailEvents)
	want := dump(t, whole)
	require.Equal(t, 1660, strings.Count(want, "\n"))

	// The events read from the segments instead end where the file does.
	for _, name := range []string{index.PartName(2, 3), index.PartName(3, 5)} {
		for page := range int64(pages.Count(uint64(len(files[name])))) {
			s, err := store.Open(unreadable{files, name, page}, store.Options{CheckIndex: true})
			require.NoError(t, err)
			require.Equal(t, want, dump(t, s), "page %d of %s", page, name)
			require.True(t, rejects(s, name))
		}
	}

	// A longer part that cannot be read does not displace the shorter ones.
	longest := index.PartName(2, 5)
	_, b := flushIndex(t, with(files, segment.Name(5), files[segment.Name(5)]), 1, artifact.Watermark{
		Segment: 5, Offset: uint64(len(files[segment.Name(5)])),
	})
	both := with(files, longest, b)
	s, err := store.Open(directory.Memory(both), store.Options{})
	require.NoError(t, err)
	require.Equal(t, 1, s.Report().Parts, "the longest")
	require.Equal(t, want, dump(t, s))
	end := artifact.Watermark{Segment: 5, Offset: uint64(len(files[segment.Name(5)])) - 100}
	short := with(both, segment.Name(5), files[segment.Name(5)][:end.Offset])
	s, err = store.Open(directory.Memory(short), store.Options{})
	require.NoError(t, err)
	require.True(t, rejects(s, longest))
	require.Equal(t, 2, s.Report().Parts, "the others stand")

}

// TestBoundaryThroughLookups: the last record is read with the checksums in index.thaw.
// A bad page of those is no reason to refuse index.fbati.
func TestBoundaryThroughLookups(t *testing.T) {
	files, _ := unsealed(t, 5000)
	whole, err := store.Open(directory.Memory(files), store.Options{})
	require.NoError(t, err)
	n := whole.Report().Events
	files[artifact.FileName], files[index.FileName] = files["whole "+artifact.FileName], files["whole "+index.FileName]
	last := int64(pages.Count(uint64(len(files[index.FileName])))) - 1
	for page := last - 2; page <= last; page++ { // the checksums are at the end
		s, err := store.Open(unreadable{files, index.FileName, page}, store.Options{CheckIndex: true})
		require.NoError(t, err)
		require.Equal(t, n, s.Report().Events)
		require.Equal(t, []string{index.FileName}, rejectedNames(s), "page %d", page)
		require.Equal(t, store.FromIndex, s.Report().OpenedFrom)
		require.Equal(t, uint64(30), s.Report().TailEvents)
	}
}
