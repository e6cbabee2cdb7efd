package index

import (
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// linked returns n events with everything that an index can lead to: shared
// names and kinds, correlations, causations, an id that several have, a gap in
// the sequences, clocks that fall. With same all have one id.
func linked(t *testing.T, n int, same bool) *artifact.Draft {
	d := artifact.NewDraft()
	id := func(i int) (id event.ID) {
		binary.BigEndian.PutUint64(id[8:], 0x9E3779B97F4A7C15*uint64(i+1))
		id[0] = 1
		return id
	}
	for i := range n {
		f := event.Facts{
			Sequence: uint64(i + i/40*3), ID: id(i), Correlation: id(i), Kind: event.Kind(0x1000 + i%5*0x300),
			Clock:    uint32(i / 7),
			Position: event.Position{Segment: uint64(1 + i/20), Offset: uint64(100 + 50*(i%20)), Length: 50},
		}
		switch {
		case same:
			f.ID = id(0)
		case i%13 == 12:
			f.ID, f.Clock = id(3), 0
		}
		if i%3 == 1 {
			f.Correlation = id(i / 9)
		}
		if i%4 > 1 {
			f.Causation = id(i / 6)
		}
		require.NoError(t, d.Append(&f, []byte("e"+strconv.Itoa(i%7)), []byte("s"+strconv.Itoa(i%3))))
	}
	return d
}

func sizesOf(id uint64) (uint64, bool) { return 1100 + id, true }

func buildDraft(t *testing.T, d *artifact.Draft) (*Image, *Index) {
	img := DraftImage(d)
	names, err := strtab.Decode(d.AppendNames(nil))
	require.NoError(t, err)
	tables, err := Build(Input{Image: img, Names: names, Seed: 7, Bounds: Bounds{
		NextSequence: 1 << 30, Watermark: artifact.Watermark{Segment: 1 << 30}, SegmentSize: sizesOf,
	}})
	require.NoError(t, err)
	return &img, tables
}

// slotted lists the sections that are hash tables: changing a free slot costs a
// probe and hides nothing.
var slotted = map[int]bool{secNameSlots: true, secIDSlots: true}

// TestFlips flips every bit of every section.
func TestFlips(t *testing.T) {
	cases := []struct {
		name   string
		d      *artifact.Draft
		stride int
	}{
		{"slots", linked(t, 60, false), 3},
		{"crowded", linked(t, 600, true), 1009},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			img, tables := buildDraft(t, c.d)
			check := func() []error { return Prove(t, img, tables, sizesOf) }
			require.Empty(t, check())
			reported := map[error]bool{}
			for s, section := range tables.section {
				b := section.(source.Bytes)
				if len(b) == 0 {
					require.True(t, slotted[s] || s == secIDOrder, "section %d is empty", s)
				}
				for bit := 0; bit < 8*len(b); bit += c.stride {
					at := bit / 8
					if slotted[s] && binary.LittleEndian.Uint32(b[at&^3:]) == 0 || s == secNames && at < 4 {
						continue // the start of the empty string does not matter
					}
					b[at] ^= 1 << (bit % 8)
					lies := check()
					require.NotEmpty(t, lies, "bit %d of section %d", bit, s)
					for _, l := range lies {
						reported[l] = true
					}
					b[at] ^= 1 << (bit % 8)
				}
			}
			require.Empty(t, check())
			for _, why := range []error{
				errEntityListLie, errScopeListLie, errKindListLie, errIDsLie,
				errCorrelationsLie, errCausationsLie, errSegmentsLie, errNamesLie, errNameOrderLie,
			} {
				require.True(t, reported[why], why)
			}
		})
	}
}

// TestPromises breaks what an index says about all records.
func TestPromises(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Index)
		why    error
	}{
		{"sequences have no gap", func(t *Index) { t.flags |= flagDense }, errSequencesLie},
		{"ids are unique", func(t *Index) { t.flags |= flagUnique }, errFlagsLie},
		{"clocks rise", func(t *Index) { t.flags |= flagClockOrder }, errFlagsLie},
		{"more records", func(t *Index) { t.records++ }, errNamesLie},
		{"fewer records", func(t *Index) { t.records-- }, errNamesLie},
		{"fewer strings", func(t *Index) { t.strings-- }, errNamesLie},
		{"another seed for names", func(t *Index) { t.nameSeed++ }, errNamesLie},
		{"another seed for ids", func(t *Index) { t.idSeed++ }, errIDsLie},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, tables := buildDraft(t, linked(t, 60, false))
			c.change(tables)
			require.Contains(t, Prove(t, img, tables, sizesOf), c.why)
		})
	}
}

// TestStaleIndex compares an index with records that it was not built from.
func TestStaleIndex(t *testing.T) {
	img, _ := buildDraft(t, linked(t, 60, false))
	for _, n := range []int{1, 59, 61} {
		_, tables := buildDraft(t, linked(t, n, false))
		require.Contains(t, Prove(t, img, tables, sizesOf), errSegmentsLie)
	}

	// A link before all others leaves every other list unchanged.
	more := linked(t, 60, false)
	copy(more.At(0)[146:], []byte{1})
	_, tables := buildDraft(t, more)
	require.Equal(t, []error{errCausationsLie}, Prove(t, img, tables, sizesOf))

	_, tables = buildDraft(t, linked(t, 60, false))
	lies := Prove(t, img, tables, func(uint64) (uint64, bool) { return 99999, true })
	require.Equal(t, []error{errSegmentsLie, errSegmentsLie, errSegmentsLie}, lies, "one for each segment")
}
