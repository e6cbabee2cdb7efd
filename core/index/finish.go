package index

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// finish builds the sections.
func (b *Builder) finish() (*Index, error) {
	t := &Index{
		records: b.n, strings: b.strings, nameSeed: b.in.Seed,
		first: b.first, last: b.validator.sequence,
	}
	if b.in.ValidateOnly {
		for section := range t.section {
			t.put(section, nil)
		}
		return t, nil
	}
	var err error
	steps := []func(){ // the longest first
		func() { err = b.finishIDs(t) },
		func() { t.put(secCausations, b.caused.sorted()) },
		func() { t.put(secCorrelations, b.correlated.sorted()) },
		func() { b.names(t) },
		func() {
			t.put(secEntityList, fill(b.entity, b.entities))
			t.put(secEntityEnds, b.entities)
			b.entity = nil
		},
		func() {
			t.put(secScopeList, fill(b.scope, b.scopes))
			t.put(secScopeEnds, b.scopes)
			b.scope = nil
		},
		func() {
			kinds, list := b.kinds.fill(b.kind)
			t.put(secKinds, kinds)
			t.put(secKindList, list)
			b.kind = nil
		},
	}
	parallel(b.in.Parallel, len(steps), func(i int) { steps[i]() })
	t.put(secSegments, b.segments)
	if err != nil {
		return nil, damage.Refuse(damage.Unreadable, -1, err)
	}
	t.flags = b.flags
	return t, nil
}

// parallel runs f(0) to f(n-1), with run unless it is nil.
func parallel(run func(n int, f func(i int)), n int, f func(i int)) {
	if run != nil {
		run(n, f)
		return
	}
	for i := range n {
		f(i)
	}
}

func (t *Index) put(section int, b []byte) { t.section[section] = source.Bytes(b) }

// fill builds the flat list of record numbers per string by counting sort. ends
// holds the counts; after fill it holds the end of each string's list.
func fill(of []uint32, ends []byte) (list []byte) {
	toBeginnings(ends)
	list = make([]byte, 4*len(of))
	for record, s := range of { // each start moves to its end
		place := binary.LittleEndian.Uint32(ends[4*int(s):])
		binary.LittleEndian.PutUint32(list[4*int(place):], uint32(record))
		binary.LittleEndian.PutUint32(ends[4*int(s):], place+1)
	}
	return list
}

// toBeginnings converts the count of each string's records to the start of its
// list.
func toBeginnings(ends []byte) {
	at := uint32(0)
	for i := 0; i < len(ends); i += 4 {
		count := binary.LittleEndian.Uint32(ends[i:])
		binary.LittleEndian.PutUint32(ends[i:], at)
		at += count
	}
}

// names builds the sections for finding the number of a string.
func (b *Builder) names(t *Index) {
	names := b.in.Names
	extents := make([]byte, 0, nameSize*names.Len())
	for i := range names.Len() {
		start, n := names.Extent(uint32(i))
		extents = binary.LittleEndian.AppendUint32(extents, start)
		extents = binary.LittleEndian.AppendUint32(extents, n)
	}
	t.put(secNames, extents)
	order := make([]byte, 0, 4*len(names.Sorted()))
	for _, i := range names.Sorted() {
		order = binary.LittleEndian.AppendUint32(order, i)
	}
	t.put(secNameOrder, order)
	slots, tags := nameSlots(names, b.in.Seed)
	t.put(secNameSlots, slots)
	if b.in.Tags != nil {
		b.in.Tags.nameSeed, b.in.Tags.names = b.in.Seed, tags
	}
}

// nameSlots builds the hash table from names, which are distinct, to their
// numbers, and the tags of its slots. It returns nil when a name is too far from its slot;
// readers then search the sorted names.
func nameSlots(names *strtab.Table, seed uint64) (slots, tags []byte) {
	n := slotsFor(uint64(len(names.Sorted())))
	slots, tags = make([]byte, 4*n), make([]byte, n)
	for _, number := range names.Sorted() {
		hash := hashName(names.At(number), seed)
		at, probes := slot(hash, n), 0
		for tags[at] != 0 {
			if probes++; probes == maxProbe {
				return nil, nil
			}
			if at++; at == n {
				at = 0
			}
		}
		binary.LittleEndian.PutUint32(slots[4*at:], number)
		tags[at] = tagOf(hash)
	}
	return slots, tags
}

// hashName returns the hash of a name for the hash table of names.
func hashName(name []byte, seed uint64) uint32 { return uint32(strtab.Hash(name, seed) >> 32) }

// finishIDs builds the hash table of ids, or the sorted list when they crowd
// under every seed.
func (b *Builder) finishIDs(t *Index) error {
	img := &b.in.Image
	ok := b.ids.fill()
	for tries := 1; !ok && tries < maxSeeds; tries++ {
		if err := b.ids.retry(img, nextSeed(b.ids.seed)); err != nil {
			return err
		}
		ok = b.ids.fill()
	}
	t.idSeed = b.ids.seed
	t.put(secIDSlots, nil)
	t.put(secIDOrder, nil)
	if ok {
		err := b.ids.compare(img)
		if b.ids.same {
			b.flags &^= flagUnique
		}
		t.put(secIDSlots, b.ids.slots)
		return err
	}
	// Ids that crowd under three seeds are equal.
	b.flags &^= flagUnique
	var all links
	err := eachRecord(img, func(i uint32, r artifact.Raw) {
		hi, lo := r.IDHalves()
		all.add(hi, lo, i)
	})
	t.put(secIDOrder, all.sorted())
	return err
}

// eachRecord calls f with all records of an image in order.
func eachRecord(img *Image, f func(i uint32, r artifact.Raw)) error {
	win := source.NewWindow(img.Records, buildBlock*artifact.RecordSize)
	for i := range img.Count {
		r, err := img.record(win, i)
		if err != nil {
			return err
		}
		f(i, r)
	}
	return nil
}

// EachBlock calls f with all records in blocks, each with its offset in
// Records.
func (img *Image) EachBlock(f func(off uint64, block []byte) error) error {
	win := source.NewWindow(img.Records, buildBlock*artifact.RecordSize)
	for i := uint32(0); i < img.Count; {
		off, block, err := img.block(win, i)
		if err != nil {
			return err
		}
		if err := f(off, block); err != nil {
			return err
		}
		i += uint32(len(block) / artifact.RecordSize)
	}
	return nil
}

// block reads the records from number i on, as many as a build reads at once.
func (img *Image) block(win *source.Window, i uint32) (off uint64, block []byte, err error) {
	off = img.RecordsAt + uint64(i)*artifact.RecordSize
	block, err = win.Bytes(off, uint64(min(buildBlock, img.Count-i))*artifact.RecordSize)
	if err != nil {
		return off, nil, damage.Refuse(damage.Unreadable, int64(off), err)
	}
	return off, block, nil
}

// record reads record i, which must be below Count, through win.
func (img *Image) record(win *source.Window, i uint32) (artifact.Raw, error) {
	b, err := win.Bytes(img.RecordsAt+uint64(i)*artifact.RecordSize, artifact.RecordSize)
	return artifact.Raw(b), err
}
