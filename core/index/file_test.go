package index_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/fuzzing"
	"github.com/thawlog/thaw/core/internal/longstore"
	"github.com/thawlog/thaw/core/internal/resum"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
)

// saveIndex writes the index of an artifact.
func saveIndex(t require.TestingT, tables *index.Index, file []byte, contained bool) []byte {
	return saveWith(t, file, contained, tables.Save)
}

// saveWith returns the index file of an artifact that save writes.
func saveWith(t require.TestingT, file []byte, contained bool, save func(index.Saved, func(int64, []byte) error) error) []byte {
	var out []byte
	write := func(off int64, b []byte) error {
		if n := int(off) + len(b); n > len(out) {
			out = append(out, make([]byte, n-len(out))...)
		}
		copy(out[off:], b)
		return nil
	}
	in := index.Saved{
		Head: [artifact.HeaderSize]byte(file), Size: uint64(len(file)), Sums: new(pages.Sums), Contained: contained,
		Segments: 77, From: artifact.Watermark{Segment: 1, Offset: 2},
	}
	in.Sums.Add(file)
	if contained {
		require.NoError(t, write(index.ImageAt, file))
	}
	require.NoError(t, save(in, write))
	return out
}

// TestSaveAndLoad: an index of random records answers the same from a file,
// with a tree of checksums of any height.
func TestSaveAndLoad(t *testing.T) {
	levels := map[int]bool{}
	rapid.Check(t, func(t *rapid.T) {
		m := models().Draw(t, "model")
		file := m.file(t, artifact.MaxAllocator)
		built, _ := m.open(t, true, rapid.Uint64().Draw(t, "seed"))
		contained := rapid.Bool().Draw(t, "contained")
		undo := index.SetTopSums(rapid.Uint64Range(1, 8).Draw(t, "top"))
		defer undo()
		b := saveIndex(t, built, file, contained)
		f, err := index.ReadFile("f", source.Bytes(b))
		require.NoError(t, err)
		levels[f.Levels()] = true
		require.True(t, f.Belongs(file[:artifact.HeaderSize], int64(len(file))))
		require.Equal(t, contained, f.Contained())
		require.Equal(t, uint64(77), f.Segments())
		require.Equal(t, artifact.Watermark{Segment: 1, Offset: 2}, f.From())
		img, tables := f.Index(source.Bytes(file), artifact.FileName)
		require.NoError(t, tables.CheckAll(nil))
		require.Equal(t, built.Size(), tables.Size())
		check(t, m, tables, index.NewReader(&img, tables))
		// Saving it again gives the same bytes.
		require.Equal(t, b, saveIndex(t, built, file, contained))
	})
	require.True(t, levels[0] && levels[1], "%v", levels)
}

// TestPartNames: only results of PartName are names of part files.
func TestPartNames(t *testing.T) {
	for _, c := range []struct{ first, last uint64 }{{1, 1}, {1, 2}, {999_999, 1_000_000}, {7, 12_345_678}} {
		first, last, ok := index.ParsePartName(index.PartName(c.first, c.last))
		require.True(t, ok)
		require.Equal(t, c.first, first)
		require.Equal(t, c.last, last)
	}
	for _, name := range []string{
		"", ".thaw", "index.thaw", "synced.thaw", "000001.thaw", "000002-000001.thaw", "1-2.thaw", "000001-+00002.thaw",
		"000001-000002.thaw.tmp", "000001-000002", "-000001-000002.thaw",
	} {
		_, _, ok := index.ParsePartName(name)
		require.False(t, ok, name)
	}
}

// FuzzFile reads arbitrary bytes as an index file, unchanged and with correct
// checksums, and calls every method: no panic, and memory in proportion to the
// bytes.
func FuzzFile(f *testing.F) {
	files, part := longstore.New(f, 8)
	for _, name := range []string{index.FileName, part} {
		f.Add(files[name], false, uint16(7))
		f.Add(files[name], true, uint16(4100))
	}
	outside := source.Bytes(files[artifact.FileName])
	f.Fuzz(func(t *testing.T, b []byte, mend bool, flip uint16) {
		if mend && len(b) > pages.Size {
			b = slices.Clone(b)
			b[int(flip)%len(b)] ^= 1 << (flip % 8)
			at, size := resum.Section(b, 13)
			if end := at + size; at >= pages.Size && end >= at && end+pages.Size < uint64(len(b)) {
				resum.File(b, outside)
			} else {
				resum.Header(b)
			}
		}
		fuzzing.Bounded(t, len(b)+len(outside), func() {
			file, err := index.ReadFile("f", source.Bytes(b))
			if err != nil {
				var why *damage.Refusal
				require.ErrorAs(t, err, &why)
				return
			}
			img, tables := file.Index(outside, artifact.FileName)
			_ = tables.CheckAll(nil)
			askAll(index.NewReader(&img, tables))
		})
	})
}

// askAll calls every method of a reader of a damaged index and ignores the
// results.
func askAll(r *index.Reader) {
	item := func(l index.List, err error) {
		if err == nil {
			walk(r, l)
		}
		for i := 0; err == nil && i < min(l.Len(), 50); i++ {
			_, err = r.Item(l, i)
		}
	}
	for n := range min(r.Names(), 50) {
		if name, err := r.Name(n); err == nil {
			_, _, _ = r.FindName(slices.Clone(name))
			_, _, _ = r.NamesWithPrefix(slices.Clone(name))
		}
		item(r.Entity(n))
		item(r.Scope(n))
		_, _ = r.OrderedName(n)
	}
	_, _ = r.NameOfMany(r.Names() - 1)
	lists, err := r.Kinds(0, ^event.Kind(0))
	for _, l := range lists {
		item(l, err)
	}
	var b index.Batch
	_ = r.Records([]uint32{0, 1, 2}, &b)
	for i := range min(r.Count(), 50) {
		if raw, err := r.Record(i); err == nil {
			id, cause := raw.ID(), raw.Causation()
			_, _ = r.After(raw.Sequence())
			_, _, _ = r.FindID(id, func(artifact.Raw) bool { return false })
			item(r.Caused(cause))
			item(r.Correlated(id))
		}
	}
	_, _ = r.Segments()
}

// walk reads a list in every way.
func walk(r *index.Reader, l index.List) {
	_, _ = r.From(l, 2)
	_, _ = r.Clocks(l, 1, 3)
	var p index.Postings
	var some [64]uint32
	p.Walk(r, l)
	if n, err := p.Read(some[:], 1, r.Count()); err == nil {
		_ = r.Records(some[:n], new(index.Batch))
	}
	p.Walk(r, l)
	_, _ = p.Count(1, r.Count()/2)
	_, _ = p.Seek(r.Count() - 1)
}

func TestFuzzFileSeeds(t *testing.T) {
	files, part := longstore.New(t, 8)
	fuzzing.Seeds(t, "FuzzFile",
		fuzzing.Seed{files[index.FileName], false, uint16(0)}, fuzzing.Seed{files[part], true, uint16(5000)},
		fuzzing.Seed{files[index.FileName][:pages.Size], true, uint16(16)})
}
