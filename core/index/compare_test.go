package index_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/internal/resum"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// differs compares a saved index with the records of an artifact.
func differs(t require.TestingT, saved, file []byte, contained bool, seed uint64) (uint64, bool) {
	f, err := index.ReadFile("f", source.Bytes(saved))
	if err != nil { // an impossible length: found before the comparison
		return 0, true
	}
	h, err := artifact.DecodeHeader(file, int64(len(file)))
	require.NoError(t, err)
	names, err := strtab.Decode(file[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	in := index.Saved{Contained: contained, Segments: 77, From: artifact.Watermark{Segment: 1, Offset: 2}}
	d, err := f.Compare(index.Input{
		Image: index.FileImage(source.Bytes(file), &h), Names: names, Bounds: anywhere(), Seed: seed,
	}, in)
	require.NoError(t, err)
	if d == nil {
		return 0, false
	}
	require.NotEmpty(t, d.What)
	return d.Offset, true
}

// TestCompare: what Save writes does not differ, and every change of it does,
// at its place.
func TestCompare(t *testing.T) {
	changes := 0
	rapid.Check(t, func(t *rapid.T) {
		m := models().Draw(t, "model")
		file := m.file(t, artifact.MaxAllocator)
		seed := rapid.Uint64().Draw(t, "seed")
		built, _ := m.open(t, true, seed)
		contained := rapid.Bool().Draw(t, "contained")
		undo := index.SetTopSums(rapid.Uint64Range(1, 8).Draw(t, "top"))
		defer undo()
		b := saveIndex(t, built, file, contained)
		at, different := differs(t, b, file, contained, seed)
		require.False(t, different, "at %d", at)
		for range 8 {
			change := rapid.IntRange(0, len(b)-1).Draw(t, "change")
			if contained && change >= index.ImageAt && change < index.ImageAt+len(file) {
				continue // the artifact itself: its pages have checksums
			}
			changed := bytes.Clone(b)
			changed[change] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			at, different := differs(t, changed, file, contained, seed)
			require.True(t, different, "byte %d", change)
			if at != 0 {
				require.LessOrEqual(t, at, uint64(change)+4)
			}
			changes++
		}
	})
	require.Positive(t, changes)
}

// many returns an artifact with enough records for ids to be inserted group by
// group. With same all records have one id.
func many(t testing.TB, n int, same bool) []byte {
	d := artifact.NewDraft()
	for i := range n {
		f := event.Facts{
			Sequence: uint64(i), Kind: event.Kind(0x1000 + i%5), Clock: uint32(i / 3),
			Position: event.Position{Segment: 1, Offset: uint64(100 + 50*i), Length: 50},
		}
		if !same {
			binary.BigEndian.PutUint64(f.ID[8:], uint64(i)+1)
		}
		f.Correlation = f.ID
		if i%4 == 1 {
			binary.BigEndian.PutUint64(f.Correlation[8:], uint64(i*7919%n))
			f.Causation = f.Correlation
		}
		require.NoError(t, d.Append(&f, []byte{'a' + byte(i%3)}, []byte("scope")))
	}
	return d.AppendFile(nil, artifact.Watermark{Segment: 1 << 40}, artifact.MaxAllocator)
}

// TestCompareMany: every slot of a hash table of ids that is built in groups is
// compared.
func TestCompareMany(t *testing.T) {
	for name, same := range map[string]bool{"slots": false, "one id": true} {
		t.Run(name, func(t *testing.T) {
			const n = 70_000
			file := many(t, n, same)
			h, err := artifact.DecodeHeader(file, int64(len(file)))
			require.NoError(t, err)
			names, err := strtab.Decode(file[artifact.HeaderSize:h.RecordsAt()])
			require.NoError(t, err)
			built, err := index.Build(index.Input{
				Image: index.FileImage(source.Bytes(file), &h), Names: names, Bounds: anywhere(), Seed: 3,
			})
			require.NoError(t, err)
			b := saveIndex(t, built, file, false)
			at, different := differs(t, b, file, false, 3)
			require.False(t, different, "at %d", at)
			section := 9 // slots of ids
			if same {
				section = 10 // ids in order
			}
			from, size := resum.Section(b, section)
			require.Positive(t, size)
			for _, off := range []uint64{0, 4, 2044, 2048, size/8 - 4, size / 8, size/8 + 2048, size / 2, size - 2052, size - 4} {
				b[from+off] ^= 1
				at, different := differs(t, b, file, false, 3)
				require.True(t, different, "byte %d", off)
				require.InDelta(t, from+off, at, 4) // in a sorted list the next one is out of order
				b[from+off] ^= 1
			}
		})
	}
}

// TestCompareStops returns the error of Each from every pass.
func TestCompareStops(t *testing.T) {
	file := many(t, 3000, false)
	h, err := artifact.DecodeHeader(file, int64(len(file)))
	require.NoError(t, err)
	names, err := strtab.Decode(file[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	in := index.Input{Image: index.FileImage(source.Bytes(file), &h), Names: names, Bounds: anywhere(), Seed: 3}
	built, err := index.Build(in)
	require.NoError(t, err)
	f, err := index.ReadFile("f", source.Bytes(saveIndex(t, built, file, false)))
	require.NoError(t, err)
	stop := errors.New("stop")
	for n := 0; ; n++ {
		asked := 0
		in.Each = func(uint64, []byte) error {
			if asked++; asked > n {
				return stop
			}
			return nil
		}
		if _, err = f.Compare(in, index.Saved{}); asked <= n {
			require.NoError(t, err)
			require.Greater(t, n, 15)
			return
		}
		require.ErrorIs(t, err, stop)
	}
}

// TestCompareLengths: a section of the wrong length differs, even when the
// lengths of the file add up.
func TestCompareLengths(t *testing.T) {
	const n = 200
	file := many(t, n, false)
	h, err := artifact.DecodeHeader(file, int64(len(file)))
	require.NoError(t, err)
	names, err := strtab.Decode(file[artifact.HeaderSize:h.RecordsAt()])
	require.NoError(t, err)
	for name, change := range map[string]func(record []byte){
		"the list of kinds":        func(b []byte) { b[24] ^= 1 << 5 },
		"the list of segments":     func(b []byte) { b[102]++ },
		"the list of correlations": func(b []byte) { copy(b[130:146], b[:16]) },
		"the list of causations":   func(b []byte) { clear(b[146:162]) },
	} {
		other := bytes.Clone(file)
		at := int(h.RecordsAt()) + (n-3)*artifact.RecordSize // has a correlation and a causation
		change(other[at : at+artifact.RecordSize])
		if name == "the list of segments" {
			for ; at < len(other); at += artifact.RecordSize {
				other[at+102] = 2
			}
		}
		for _, made := range [][2][]byte{{file, other}, {other, file}} {
			built, err := index.Build(index.Input{
				Image: index.FileImage(source.Bytes(made[0]), &h), Names: names, Bounds: anywhere(), Seed: 3,
			})
			require.NoError(t, err)
			f, err := index.ReadFile("f", source.Bytes(saveIndex(t, built, made[1], false)))
			require.NoError(t, err)
			d, err := f.Compare(index.Input{
				Image: index.FileImage(source.Bytes(made[1]), &h), Names: names, Bounds: anywhere(), Seed: 3,
			}, index.Saved{Segments: 77, From: artifact.Watermark{Segment: 1, Offset: 2}})
			require.NoError(t, err)
			require.NotNil(t, d, name)
			require.Equal(t, name, d.What)
		}
	}
}
