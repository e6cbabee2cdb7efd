package verify_test

import (
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
	"github.com/thawlog/thaw/core/verify"
)

// linked is n events with everything a table can lead to: shared names and
// kinds, correlations, causations, an id that several have, a gap in the
// sequences, clocks that fall. same makes them all have one id.
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

func build(t *testing.T, d *artifact.Draft) (*index.Image, *index.Tables) {
	img := index.DraftImage(d)
	names, err := strtab.Decode(d.AppendNames(nil), true)
	require.NoError(t, err)
	tables, err := index.Build(index.Input{Image: img, Names: names, Seed: 7, Bounds: index.Bounds{
		Allocator: 1 << 30, Watermark: artifact.Watermark{Segment: 1 << 30}, SegmentSize: sizesOf,
	}})
	require.NoError(t, err)
	return &img, tables
}

// sections returns the bytes of every table, to be lied in.
func sections(t *index.Tables) (out []source.Bytes) {
	v := reflect.ValueOf(t).Elem().FieldByName("section")
	for i := range v.Len() {
		out = append(out, source.Bytes(v.Index(i).Elem().Bytes()))
	}
	return out
}

// slotted are the sections that are hash tables: what a free slot is changed to
// costs a look and hides nothing.
var slotted = map[int]bool{2: true, 9: true}

// TestLookupFlips flips every bit of every table.
func TestLookupFlips(t *testing.T) {
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
			img, tables := build(t, c.d)
			check := func() []*damage.Damage {
				lies, err := verify.Lookups("index.fbati", img, tables, sizesOf, nil)
				require.NoError(t, err)
				return lies
			}
			require.Empty(t, check())
			reasons := map[error]int{}
			for s, b := range sections(tables) {
				if len(b) == 0 {
					require.True(t, slotted[s] || s == 10, "section %d is empty", s)
				}
				for bit := 0; bit < 8*len(b); bit += c.stride {
					at := bit / 8
					if slotted[s] && binary.LittleEndian.Uint32(b[at&^3:]) == 0 || s == 0 && at < 4 {
						continue // where the empty string begins is all the same
					}
					b[at] ^= 1 << (bit % 8)
					lies := check()
					require.NotEmpty(t, lies, "bit %d of section %d", bit, s)
					for _, l := range lies {
						require.Equal(t, damage.Lookups, l.Reason)
						require.Equal(t, "index.fbati", l.File)
						reasons[l.Err]++
					}
					b[at] ^= 1 << (bit % 8)
				}
			}
			require.Empty(t, check())
			for _, why := range []error{
				verify.ErrEntityList, verify.ErrScopeList, verify.ErrKindList, verify.ErrIDs,
				verify.ErrCorrelations, verify.ErrCausations, verify.ErrSegments, verify.ErrNames, verify.ErrNameOrder,
			} {
				require.NotZero(t, reasons[why], why)
			}
		})
	}
}

// TestLookupPromises breaks what tables say of all records at once.
func TestLookupPromises(t *testing.T) {
	set := func(t *index.Tables, field string, change func(uint64) uint64) {
		f := reflect.ValueOf(t).Elem().FieldByName(field)
		f = reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
		f.SetUint(change(f.Uint()))
	}
	or := func(bit uint64) func(uint64) uint64 { return func(n uint64) uint64 { return n | bit } }
	add := func(by uint64) func(uint64) uint64 { return func(n uint64) uint64 { return n + by } }
	for _, c := range []struct {
		name, field string
		change      func(uint64) uint64
		why         error
	}{
		{"sequences have no gap", "flags", or(1), verify.ErrSequences},
		{"ids are unique", "flags", or(2), verify.ErrFlags},
		{"clocks rise", "flags", or(4), verify.ErrFlags},
		{"more records", "records", add(1), verify.ErrNames},
		{"fewer records", "records", add(^uint64(0)), verify.ErrNames},
		{"fewer strings", "strings", add(^uint64(0)), verify.ErrNames},
		{"another seed for names", "nameSeed", add(1), verify.ErrNames},
		{"another seed for ids", "idSeed", add(1), verify.ErrIDs},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, tables := build(t, linked(t, 60, false))
			set(tables, c.field, c.change)
			lies, err := verify.Lookups("x", img, tables, sizesOf, nil)
			require.NoError(t, err)
			found := false
			for _, l := range lies {
				found = found || errors.Is(l, c.why)
			}
			require.True(t, found, "%v", lies)
		})
	}
}

// TestStaleTables holds tables against records they were not made of.
func TestStaleTables(t *testing.T) {
	img, _ := build(t, linked(t, 60, false))
	for _, n := range []int{1, 59, 61} {
		_, tables := build(t, linked(t, n, false))
		lies, err := verify.Lookups("x", img, tables, sizesOf, nil)
		require.NoError(t, err)
		require.NotEmpty(t, lies)
		require.True(t, slices.ContainsFunc(lies, func(d *damage.Damage) bool { return errors.Is(d, verify.ErrSegments) }))
	}

	// A link in front of all others leaves every other list as it is.
	more := linked(t, 60, false)
	copy(more.At(0)[146:], []byte{1})
	_, tables := build(t, more)
	lies, err := verify.Lookups("x", img, tables, sizesOf, nil)
	require.NoError(t, err)
	require.Len(t, lies, 1)
	require.ErrorIs(t, lies[0], verify.ErrCausations)

	_, tables = build(t, linked(t, 60, false))
	lies, err = verify.Lookups("x", img, tables, func(uint64) (uint64, bool) { return 99999, true }, nil)
	require.NoError(t, err)
	require.Len(t, lies, 3, "one for each segment")
	require.ErrorIs(t, lies[0], verify.ErrSegments)

	boom := errors.New("boom")
	_, err = verify.Lookups("x", img, tables, nil, func() error { return boom })
	require.Equal(t, boom, err)
	img.Records = source.Bytes(nil)
	_, err = verify.Lookups("x", img, tables, nil, nil)
	require.Error(t, err)
}
