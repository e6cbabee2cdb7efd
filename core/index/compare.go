package index

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
)

// Difference is a place where an index file differs from the index of its
// records.
type Difference struct {
	// What names the part of the file that differs.
	What string
	// Offset is the first byte that differs, or the start of the part when its
	// length differs.
	Offset uint64
}

// Error names the part.
func (d *Difference) Error() string {
	return "index: the file differs from the index of its records, first in " + d.What
}

// Compare compares the file byte by byte with what [Index.Save] writes of the
// result of [Build] for in. It returns the first difference, or nil. in.Seed
// must be the file's, and in.Image.Records the whole artifact. Of s it uses
// only Contained, Segments and From.
//
// It builds one section after the other and reads the records for each, so it
// needs 8 bytes a record, and the memory of the names' sections. The error is
// the source's or in.Each's, or a [damage.Refusal] for an invalid record.
func (f *File) Compare(in Input, s Saved) (*Difference, error) {
	c := comparison{File: f, in: in, strings: uint32(in.Names.Len())}
	for _, step := range []func() error{
		c.count, c.names, c.segments, c.entityList, c.scopeList, c.kindList, c.ids, c.links,
		func() error { return c.rest(&s) },
	} {
		if err := step(); err != nil && !errors.Is(err, errDiffers) {
			return nil, err
		}
	}
	return c.first, nil
}

// errDiffers ends a step at a difference.
var errDiffers = errors.New("index: the file differs")

// comparison is the state of one [File.Compare].
type comparison struct {
	*File
	in      Input
	strings uint32

	first *Difference // nil if none was found yet

	builder          *Builder // flags, segments, first and last sequence
	entities, scopes []byte   // section "ends"
	kinds            kindCounts
	buffer           []byte // for a list of all records
	// The number of records in the lists of links.
	correlated, caused uint64
}

// found records a difference and returns errDiffers.
func (c *comparison) found(what string, at uint64) error {
	if c.first == nil || at < c.first.Offset {
		c.first = &Difference{What: what, Offset: at}
	}
	return errDiffers
}

// bytes compares the bytes at an offset of a section.
func (c *comparison) bytes(section int, off uint64, want []byte) error {
	e := c.lay.sections[section]
	if off > e.size || uint64(len(want)) > e.size-off {
		return c.found(sectionNames[section], e.at+min(off, e.size))
	}
	return c.equal(sectionNames[section], e.at+off, want)
}

// equal compares the bytes at an offset of the file.
func (c *comparison) equal(what string, at uint64, want []byte) error {
	var buffer [4096]byte
	for len(want) > 0 {
		got := buffer[:min(len(want), len(buffer))]
		if err := source.Read(c.src, got, at); err != nil {
			return err
		}
		if !bytes.Equal(got, want[:len(got)]) {
			for got[0] == want[0] {
				got, want, at = got[1:], want[1:], at+1
			}
			return c.found(what, at)
		}
		want, at = want[len(got):], at+uint64(len(got))
	}
	return nil
}

// whole compares a whole section.
func (c *comparison) whole(section int, want []byte) error {
	if e := c.lay.sections[section]; e.size != uint64(len(want)) {
		return c.found(sectionNames[section], e.at)
	}
	return c.bytes(section, 0, want)
}

// all compares some sections of t.
func (c *comparison) all(t *Index, sections ...int) error {
	var first error
	for _, section := range sections {
		if err := c.whole(section, t.section[section].(source.Bytes)); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// records calls f with every record.
func (c *comparison) records(f func(i uint32, r artifact.Raw) error) error {
	i := uint32(0)
	return c.in.Image.EachBlock(func(off uint64, block []byte) error {
		if c.in.Each != nil {
			if err := c.in.Each(off, block); err != nil {
				return err
			}
		}
		for k := 0; k < len(block); k += artifact.RecordSize {
			if err := f(i, artifact.Raw(block[k:k+artifact.RecordSize])); err != nil {
				return err
			}
			i++
		}
		return nil
	})
}

// count reads the records for the first time, validates them, and counts the
// items of the lists.
func (c *comparison) count() error {
	in := c.in
	in.ValidateOnly = true
	b := NewBuilder(in)
	c.builder = b
	c.entities, c.scopes = make([]byte, 4*int(c.strings)), make([]byte, 4*int(c.strings))
	lastClock := make([]uint32, c.strings)
	return c.records(func(i uint32, r artifact.Raw) error {
		if err := b.Add(c.in.Image.RecordsAt+uint64(i)*artifact.RecordSize, r); err != nil {
			return err
		}
		e := r.Entity()
		b.follows(i, r, lastClock, addU32(c.entities, e, 1) > 1)
		addU32(c.scopes, r.Scope(), 1)
		k := uint16(r.Kind())
		c.kinds.at(k)[k%kindPage]++
		if !r.CorrelatesSelf() {
			c.correlated++
		}
		if hi, lo := r.CausationHalves(); hi|lo != 0 {
			c.caused++
		}
		return nil
	})
}

func (c *comparison) names() error {
	var t Index
	c.builder.names(&t)
	return c.all(&t, secNames, secNameOrder, secNameSlots)
}

func (c *comparison) segments() error { return c.whole(secSegments, c.builder.segments) }

func (c *comparison) entityList() error {
	return c.list(secEntityEnds, secEntityList, &c.entities, artifact.Raw.Entity)
}

func (c *comparison) scopeList() error {
	return c.list(secScopeEnds, secScopeList, &c.scopes, artifact.Raw.Scope)
}

// list builds and compares the list of record numbers by entity or scope.
func (c *comparison) list(ends, section int, counts *[]byte, key func(artifact.Raw) uint32) error {
	begin := *counts
	*counts = nil
	toBeginnings(begin)
	list := c.recordList()
	err := c.records(func(i uint32, r artifact.Raw) error {
		k := key(r)
		if uint64(k) >= uint64(len(begin)/4) {
			return source.ErrShort // the file changed after the count
		}
		return place(list, addU32(begin, k, 1)-1, i)
	})
	if err != nil {
		return err
	}
	if err := c.whole(section, list); err != nil {
		return err
	}
	return c.whole(ends, begin)
}

// recordList returns an empty buffer for a list of all records.
func (c *comparison) recordList() []byte {
	if c.buffer == nil {
		c.buffer = make([]byte, 4*int(c.in.Image.Count))
	}
	clear(c.buffer)
	return c.buffer
}

// place puts a record number into a list.
func place(list []byte, at, record uint32) error {
	if 4*uint64(at)+4 > uint64(len(list)) {
		return source.ErrShort // the file changed after the count
	}
	binary.LittleEndian.PutUint32(list[4*uint64(at):], record)
	return nil
}

func (c *comparison) kindList() error {
	kinds := c.kinds.beginnings()
	list := c.recordList()
	err := c.records(func(i uint32, r artifact.Raw) error {
		k := uint16(r.Kind())
		at := &c.kinds.at(k)[k%kindPage]
		*at++
		return place(list, *at-1, i)
	})
	if err != nil {
		return err
	}
	if err := c.whole(secKinds, kinds); err != nil {
		return err
	}
	return c.whole(secKindList, list)
}

// compareMemory is about how many bytes a comparison uses for a part of the hash table of
// ids.
const compareMemory = 32 << 20

// ids compares the hash table of ids, or the sorted list in its place.
func (c *comparison) ids() error {
	c.buffer = nil
	img := &c.in.Image
	seed := c.in.Seed
	for range maxSeeds {
		c.builder.seed = seed
		ids := newIDSlots(c.builder.n, seed, nil)
		if err := c.records(func(i uint32, r artifact.Raw) error { ids.add(i, r); return nil }); err != nil {
			return err
		}
		was := c.first
		ok, err := ids.stream(img, compareMemory, func(at uint64, slots []byte) error { return c.bytes(secIDSlots, 4*at, slots) })
		if ok {
			if ids.same {
				c.builder.flags &^= flagUnique
			}
			if err != nil {
				return err
			}
			if err := c.size(secIDSlots, slotsFor(uint64(c.builder.n))); err != nil {
				return err
			}
			return c.size(secIDOrder, 0)
		}
		if err != nil {
			return err
		}
		c.first = was // Build does not write this table
		seed = nextSeed(seed)
	}
	c.builder.flags &^= flagUnique
	if err := c.size(secIDSlots, 0); err != nil {
		return err
	}
	return c.sorted(secIDOrder, uint64(c.builder.n), artifact.Raw.IDHalves, func(artifact.Raw) bool { return true })
}

// size compares the number of elements of a section of u32.
func (c *comparison) size(section int, elements uint64) error {
	if e := c.lay.sections[section]; e.size != 4*elements {
		return c.found(sectionNames[section], e.at)
	}
	return nil
}

func (c *comparison) links() error {
	err := c.sorted(secCorrelations, c.correlated, artifact.Raw.CorrelationHalves,
		func(r artifact.Raw) bool { return !r.CorrelatesSelf() })
	if err != nil {
		return err
	}
	return c.sorted(secCausations, c.caused, artifact.Raw.CausationHalves,
		func(r artifact.Raw) bool { return r.Causation() != event.ID{} })
}

// sorted compares a list of n records in the order of (id, number). If the list
// rises, and each record in it belongs there, it is the only such list.
func (c *comparison) sorted(section int, n uint64, id func(artifact.Raw) (hi, lo uint64), belongs func(artifact.Raw) bool) error {
	if err := c.size(section, n); err != nil {
		return err
	}
	e := c.lay.sections[section]
	list := source.NewWindow(c.src, listBlock)
	img := &c.in.Image
	records := source.NewWindow(img.Records, recordBlock)
	var hi, lo uint64
	var last uint32
	for i := range n {
		if i%buildBlock == 0 && c.in.Each != nil {
			if err := c.in.Each(0, nil); err != nil {
				return err
			}
		}
		b, err := list.Bytes(e.at+4*i, 4)
		if err != nil {
			return err
		}
		record := binary.LittleEndian.Uint32(b)
		ok := record < img.Count
		if ok {
			r, err := img.record(records, record)
			if err != nil {
				return err
			}
			nextHi, nextLo := id(r)
			rises := i == 0 || nextHi > hi || nextHi == hi && (nextLo > lo || nextLo == lo && record > last)
			ok = rises && belongs(r)
			hi, lo, last = nextHi, nextLo, record
		}
		if !ok {
			return c.found(sectionNames[section], e.at+4*i)
		}
	}
	return nil
}

// rest compares everything that is not a section: the padding, the tree of
// checksums over the file's own bytes, and the header.
func (c *comparison) rest(s *Saved) error {
	const padding = "the padding between sections"
	at := uint64(pages.Size)
	if c.Contained() {
		at += c.h.size
	}
	for _, e := range c.lay.sections {
		if err := c.equal(padding, at, make([]byte, e.at-at)); err != nil {
			return err
		}
		at = e.at + e.size
	}
	if err := c.equal(padding, at, make([]byte, c.lay.summed-at)); err != nil {
		return err
	}
	level, err := sumsOf(c.src, pages.Size, c.lay.summed)
	if err != nil {
		return err
	}
	image := c.in.Image.Records
	size := uint64(max(image.Size(), 0))
	if !s.Contained {
		outside, err := sumsOf(image, 0, size)
		if err != nil {
			return err
		}
		level = append(outside, level...)
	}
	top, err := c.lay.sumLevels(level, func(e extent, b []byte) error { return c.equal("the tree of checksums", e.at, b) })
	if err != nil {
		return err
	}
	b := c.builder
	h := header{
		flags: b.flags, length: c.lay.length, size: size,
		first: b.first, last: b.validator.sequence, nameSeed: c.in.Seed, idSeed: b.seed,
		segments: s.Segments, from: s.From, sections: c.lay.sections, top: top,
	}
	if s.Contained {
		h.flags |= flagContained
	}
	if err := source.Read(image, h.head[:], 0); err != nil {
		return err
	}
	return c.equal("the header", 0, h.append(nil))
}

// sumsOf returns the checksums of the pages of src between two offsets.
func sumsOf(src source.Source, from, to uint64) ([]byte, error) {
	var sums pages.Sums
	win := source.NewWindow(src, buildBlock*artifact.RecordSize)
	for from < to {
		b, err := win.Bytes(from, min(buildBlock*artifact.RecordSize, to-from))
		if err != nil {
			return nil, err
		}
		sums.Add(b)
		from += uint64(len(b))
	}
	return sums.Bytes(), nil
}
