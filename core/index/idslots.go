package index

import (
	"encoding/binary"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

const (
	// maxProbe bounds the distance of an id from its slot. At a load of 0.6 a
	// table of 10^8 honest ids stays well below it; ids chosen to crowd do not.
	maxProbe = 512
	// maxSeeds is how many seeds are tried before the ids are sorted instead.
	maxSeeds = 3
	// fewTwins is the slack of maxTwins.
	fewTwins = 64
	// idRuns is the number of runs of neighbouring slots into which the ids are
	// sorted before they are inserted. A run of a table for 10^6 ids is 26 kB,
	// so that filling it stays in the processor's first cache.
	idRuns = 256
)

// idSlots is the hash table from event ids to records, by open addressing with
// linear probing. Records are inserted by rising number, so of equal ids the
// first record comes first.
type idSlots struct {
	seed   uint64
	hashes column // per record
	count  uint32 // of records
	slots  []byte // u32 record number + 1, 0 is free
	// twins are pairs with equal hashes that are not compared yet, and found is the number
	// of all pairs.
	twins [][2]uint32
	found int
	stop  func() error // called before each group, if not nil
	tags  *Tags        // to be filled in, if not nil
	same  bool         // two ids are equal, or far more hashes than chance would give
}

// maxTwins bounds the pairs that are compared for equal ids. Of n different
// ids, n²/2^33 pairs agree in 32 bits of hash; maxTwins allows twice as many.
func maxTwins(n uint32) int { return fewTwins + int(uint64(n)*uint64(n)>>32) }

// newIDSlots returns an empty table for n records, whose hashes are in memory unless space
// is set.
func newIDSlots(n uint32, seed uint64, space scratch.Space) idSlots {
	t := idSlots{seed: seed, count: n, hashes: column{wide: true, space: space}}
	if space == nil {
		t.hashes.last = make([]byte, 0, 4*int(n))
	}
	return t
}

// add adds the id of the next record.
func (t *idSlots) add(_ uint32, r artifact.Raw) {
	hi, lo := r.IDHalves()
	t.hashes.add(hashID(hi, lo, t.seed))
}

// fill inserts the ids into the table, which is in memory. It returns false when one is
// too far from its slot, which makes the table useless.
func (t *idSlots) fill() bool {
	n := slotsFor(uint64(t.count))
	t.slots = make([]byte, 4*n)
	w := idWindow{slots: t.slots, hashes: make([]uint32, n), n: n}
	pairs, _ := t.deal(nil, 0, idRuns) // which cannot fail in memory
	ok := t.put(&w, pairs)
	t.tag(ok, n)
	if ok && t.tags != nil {
		t.tags.set(0, w.slots, w.hashes)
	}
	return ok
}

// idWindow is a range of the slots of a table of n.
type idWindow struct {
	slots  []byte   // from slot start on
	hashes []uint32 // of the ids in the slots
	start  uint64
	n      uint64
	head   *idWindow // the first slots of the table, when start is after them
}

// at returns a slot and its hash. After the last slot comes the first one.
func (w *idWindow) at(slot uint64) ([]byte, *uint32) {
	if slot < w.start {
		return w.head.at(slot)
	}
	return w.slots[4*(slot-w.start):], &w.hashes[slot-w.start]
}

// put inserts ids, each a hash and a record, into slots in w.
func (t *idSlots) put(w *idWindow, pairs []uint64) bool {
	for _, pair := range pairs {
		h, i := uint32(pair>>32), uint32(pair)
		at, probes := slot(h, w.n), 0
		place, hash := w.at(at)
		for {
			r := binary.LittleEndian.Uint32(place)
			if r == 0 {
				break
			}
			if *hash == h {
				t.twin(r-1, i)
			}
			if probes++; probes == maxProbe {
				return false
			}
			if at++; at == w.n {
				at = 0
			}
			place, hash = w.at(at)
		}
		binary.LittleEndian.PutUint32(place, i+1)
		*hash = h
	}
	return true
}

// tag empties the tags. They are of n slots if ok is set.
func (t *idSlots) tag(ok bool, n uint64) {
	switch {
	case t.tags == nil:
	case ok:
		t.tags.reset(t.seed, n)
	default:
		t.tags.clear()
	}
}

// twin notes two records whose ids have the same hash.
func (t *idSlots) twin(a, b uint32) {
	if t.same {
		return
	}
	if t.found++; t.found == maxTwins(t.count) {
		t.same, t.twins = true, nil
		return
	}
	t.twins = append(t.twins, [2]uint32{a, b})
}

// The ids of at least manyIDs records are inserted in at least idGroups groups of runs, one
// after the other, so that only some of the slots are in memory. A group then has
// many times maxProbe slots.
const (
	idGroups = 8
	manyIDs  = 1 << 16
	// idBytes is about how many bytes of memory an id takes while its group is inserted.
	idBytes = 24
)

// groups returns how many groups there are, so that one takes about memory bytes.
func (t *idSlots) groups(memory int) uint32 {
	if t.count < manyIDs {
		return 1
	}
	groups := uint32(idGroups)
	for groups < idRuns && uint64(t.count)*idBytes/uint64(groups) > uint64(memory) && uint64(t.count)/uint64(2*groups) >= manyIDs/idGroups {
		groups *= 2
	}
	return groups
}

// stream is fill, but passes the slots to write in pieces instead of keeping
// them. write gets the number of each piece's first slot; the first slots of
// the table come last. Afterwards the ids of all twins are compared in img. stream returns
// write's error, and those of reading.
func (t *idSlots) stream(img *Image, memory int, write func(at uint64, slots []byte) error) (ok bool, err error) {
	n, groups := slotsFor(uint64(t.count)), t.groups(memory)
	var head *idWindow
	var carry, w idWindow
	var buffer idWindow
	var pairs []uint64
	hand := func(at uint64, slots []byte) {
		if err == nil {
			err = write(at, slots)
		}
	}
	const runs = idRuns
	t.tag(true, n)
	defer func() {
		if !ok {
			t.tag(false, n)
		}
	}()
	for g := range groups {
		if t.stop != nil {
			if why := t.stop(); why != nil {
				return false, why
			}
		}
		first, end := g*runs/groups, (g+1)*runs/groups
		w = idWindow{start: slot(first*(1<<32/runs), n), n: n, head: head}
		until := n // end of the group's own slots
		if g+1 < groups {
			until = slot(end*(1<<32/runs), n)
		}
		size := until - w.start
		if g+1 < groups {
			size += maxProbe
		}
		if uint64(len(buffer.hashes)) < size {
			buffer.slots, buffer.hashes = make([]byte, 4*size), make([]uint32, size)
		}
		w.slots, w.hashes = buffer.slots[:4*size], buffer.hashes[:size]
		clear(w.slots)
		copy(w.slots, carry.slots)
		copy(w.hashes, carry.hashes)
		var why error
		if pairs, why = t.deal(pairs, first, end); why != nil {
			return false, why
		}
		if !t.put(&w, pairs) {
			return false, nil
		}
		if why := t.compare(img); why != nil {
			return false, why
		}
		own := until - w.start
		if t.tags != nil {
			t.tags.set(w.start, w.slots[:4*own], w.hashes[:own])
		}
		carry.slots, carry.hashes = slices.Clone(w.slots[4*own:]), slices.Clone(w.hashes[own:])
		if g == 0 && groups > 1 {
			head = &idWindow{n: n, slots: slices.Clone(w.slots[:4*maxProbe]), hashes: slices.Clone(w.hashes[:maxProbe])}
			hand(maxProbe, w.slots[4*maxProbe:4*own])
		} else {
			hand(w.start, w.slots[:4*own])
		}
	}
	if head != nil {
		if t.tags != nil {
			t.tags.set(0, head.slots, head.hashes)
		}
		hand(0, head.slots)
	}
	return true, err
}

// deal sorts the hashes and records of the ids of some runs by run, which the
// top bits of the hash give, and keeps the order within a run. It reuses buffer
// when it is large enough.
func (t *idSlots) deal(buffer []uint64, first, end uint32) ([]uint64, error) {
	var next [idRuns]uint32
	if err := t.hashes.each(func(_, h uint32) { next[h/(1<<32/idRuns)]++ }); err != nil {
		return nil, err
	}
	at := uint32(0)
	for run := first; run < end; run++ {
		count := next[run]
		next[run] = at
		at += count
	}
	if uint64(cap(buffer)) < uint64(at) {
		buffer = make([]uint64, uint64(at)+uint64(at)/64)
	}
	pairs := buffer[:at]
	return pairs, t.hashes.each(func(i, h uint32) {
		run := h / (1 << 32 / idRuns)
		if run < first || run >= end {
			return
		}
		pairs[next[run]] = uint64(h)<<32 | uint64(i)
		next[run]++
	})
}

// nextSeed returns the next seed to try when ids crowd.
func nextSeed(seed uint64) uint64 { return strtab.Mix(seed, 0xA0761D6478BD642F) }

// retry adds all ids again with another seed.
func (t *idSlots) retry(img *Image, seed uint64) error {
	space, tags, stop := t.hashes.space, t.tags, t.stop
	if err := t.hashes.close(); err != nil {
		return err
	}
	*t = newIDSlots(img.Count, seed, space)
	t.tags, t.stop = tags, stop
	return eachRecord(img, t.add)
}

// compare compares the ids of the twins; nearly always they differ.
func (t *idSlots) compare(img *Image) error {
	a := source.NewWindow(img.Records, artifact.RecordSize)
	b := source.NewWindow(img.Records, artifact.RecordSize)
	for _, pair := range t.twins {
		if t.same {
			break
		}
		x, err := img.record(a, pair[0])
		if err != nil {
			return err
		}
		y, err := img.record(b, pair[1])
		if err != nil {
			return err
		}
		t.same = x.ID() == y.ID()
	}
	t.twins = t.twins[:0]
	return nil
}
