package index

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// build builds an index of n records with lists of every kind.
func build(t *testing.T, n int, sameID bool) (Image, *Index) {
	d := artifact.NewDraft()
	for i := range n {
		f := event.Facts{
			Sequence: uint64(2 * i), ID: event.ID{byte(i), byte(i >> 8), 1}, Correlation: event.ID{byte(i % 7)}, Causation: event.ID{byte(i % 5)},
			Kind: event.Kind(0x1000 + i%9), Position: event.Position{Segment: 1, Offset: 57 + 100*uint64(i), Length: 100},
		}
		if sameID {
			f.ID = event.ID{1}
		}
		require.NoError(t, d.Append(&f, []byte{'a' + byte(i%11)}, []byte{'k' + byte(i%4)}))
	}
	img := DraftImage(d)
	names, err := strtab.Decode(d.AppendNames(nil))
	require.NoError(t, err)
	tables, err := Build(Input{Image: img, Names: names, Bounds: Bounds{
		NextSequence: 1 << 40, Watermark: artifact.Watermark{Segment: 2},
		SegmentSize: func(uint64) (uint64, bool) { return 1 << 40, true },
	}})
	require.NoError(t, err)
	return img, tables
}

// ask calls every method with everything, and returns every error.
func ask(r *Reader) (errs []error) {
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	list := func(l List, err error) {
		note(err)
		if err != nil {
			return
		}
		if l.Len() < 0 || l.Len() > int(r.Count()) {
			panic("a list longer than there are records")
		}
		for i := range min(l.Len(), 100) {
			_, err := r.Item(l, i)
			note(err)
		}
		_, err = r.From(l, 30)
		note(err)
		_, err = r.Clocks(l, 1, 2)
		note(err)
		var p Postings
		p.Walk(r, l)
		var some [100]uint32
		n, err := p.Read(some[:], 3, r.Count())
		note(err)
		for i, record := range some[:n] {
			if record >= r.Count() || i > 0 && record <= some[i-1] {
				panic("the items do not rise")
			}
		}
		for at := uint32(0); err == nil && at < r.Count(); at++ {
			var got uint32
			if got, err = p.Seek(at); err == nil && got < at {
				panic("an item before the requested one")
			}
			if got != None {
				at = got
			}
		}
		note(err)
		p.Walk(r, l)
		k, err := p.Count(2, 40)
		note(err)
		if k < 0 || k > l.Len() {
			panic("a count above the list's length")
		}
		var batch Batch
		note(r.Records(some[:n], &batch))
	}
	for i := range r.Names() + 2 {
		_, err := r.Name(i)
		note(err)
		_, err = r.NameOfMany(i)
		note(err)
		list(r.Entity(i))
		list(r.Scope(i))
	}
	for _, name := range []string{"", "a", "c", "m", "z"} {
		_, _, err := r.FindName([]byte(name))
		note(err)
		lo, hi, err := r.NamesWithPrefix([]byte(name))
		note(err)
		for i := lo; i < hi && i < 100; i++ {
			_, err := r.OrderedName(i)
			note(err)
		}
	}
	lists, err := r.Kinds(0x1001, 0x1005)
	note(err)
	for _, l := range lists {
		list(l, nil)
	}
	for i := range byte(10) {
		list(r.Correlated(event.ID{i}))
		list(r.Caused(event.ID{i}))
		_, _, err := r.FindID(event.ID{i, 0, 1}, func(artifact.Raw) bool { return i%2 == 0 })
		note(err)
		_, err = r.After(uint64(i) * 10)
		note(err)
	}
	_, _, err = r.FindID(event.ID{1}, func(artifact.Raw) bool { return false })
	note(err)
	_, err = r.Segments()
	note(err)
	return errs
}

// TestLyingIndex spoils each section in many ways. A reader may find less or
// return ErrTable, and nothing else.
func TestLyingIndex(t *testing.T) {
	for _, c := range []struct {
		records int
		sameID  bool
	}{{60, false}, {600, true}} {
		img, tables := build(t, c.records, c.sameID)
		rng := rand.New(rand.NewPCG(1, uint64(c.records)))
		reported := map[int]bool{}
		for s := range int(sections) {
			whole := tables.section[s].(source.Bytes)
			for range 60 {
				b := bytes.Clone(whole)
				switch n := rng.IntN(5); {
				case len(b) < 4:
					b = make([]byte, 4*rng.IntN(9))
				case n == 0: // other numbers at one place
					at := rng.IntN(len(b)/4) * 4
					binary.LittleEndian.PutUint32(b[at:], []uint32{0, 1, img.Count - 1, img.Count, 1 << 31, 1<<32 - 1}[rng.IntN(6)])
				case n == 1: // everywhere
					for at := 0; at+4 <= len(b); at += 4 {
						binary.LittleEndian.PutUint32(b[at:], rng.Uint32())
					}
				case n == 2: // in another order
					rng.Shuffle(len(b)/4, func(i, k int) {
						x, y := binary.LittleEndian.Uint32(b[4*i:]), binary.LittleEndian.Uint32(b[4*k:])
						binary.LittleEndian.PutUint32(b[4*i:], y)
						binary.LittleEndian.PutUint32(b[4*k:], x)
					})
				case n == 3: // shorter
					b = b[:rng.IntN(len(b))]
				case n == 4: // every slot taken
					for at := 0; at+4 <= len(b); at += 4 {
						binary.LittleEndian.PutUint32(b[at:], 1)
					}
				}
				spoilt := *tables
				spoilt.section[s] = source.Bytes(b)
				for _, err := range ask(NewReader(&img, &spoilt)) {
					require.ErrorIs(t, err, ErrTable)
					reported[s] = true
				}
			}
		}
		for _, s := range []int{secNames, secNameOrder, secEntityEnds, secEntityList, secScopeEnds, secScopeList, secKinds, secKindList, secCorrelations, secCausations} {
			require.True(t, reported[s], "section %d was never reported", s)
		}
		require.Equal(t, c.sameID, tables.section[secIDOrder].Size() > 0)
	}
}

// TestCrowdedNames searches for names that a hash table would not hold.
func TestCrowdedNames(t *testing.T) {
	img, tables := build(t, 60, false)
	tables.put(secNameSlots, nil)
	r := NewReader(&img, tables)
	for i := uint32(1); i < r.Names(); i++ {
		name, err := r.Name(i)
		require.NoError(t, err)
		number, ok, err := r.FindName(bytes.Clone(name))
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, i, number)
	}
	for _, absent := range []string{"", "aa", "z", "\x00"} {
		_, ok, err := r.FindName([]byte(absent))
		require.NoError(t, err)
		require.False(t, ok)
	}
}

// TestTwins: pairs that only seem equal do not hide one that is, in any number.
func TestTwins(t *testing.T) {
	img, _ := build(t, 60, false)
	s := newIDSlots(60, 0, nil)
	s.twin(0, 1)
	require.NoError(t, s.compare(&img))
	require.False(t, s.same)
	s.twin(2, 2)
	require.NoError(t, s.compare(&img))
	require.True(t, s.same)
	s = newIDSlots(60, 0, nil)
	for range maxTwins(60) {
		require.False(t, s.same)
		s.twin(0, 1)
	}
	require.True(t, s.same, "there may be more")
	// Chance alone stays well below the bound.
	for n, pairs := range map[int]int{1_000_000: 116, 10_000_000: 11_642, 100_000_000: 1_164_153} {
		require.Greater(t, maxTwins(uint32(n)), pairs+pairs/2)
	}
}
