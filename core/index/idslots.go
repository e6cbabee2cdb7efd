package index

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
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
	hashes []uint32 // per record
	slots  []byte   // u32 record number + 1, 0 is free
	twins  [][2]uint32
}

// maxTwins bounds the pairs that are compared for equal ids. Of n different
// ids, n²/2^33 pairs agree in 32 bits of hash; maxTwins allows twice as many.
func maxTwins(n int) int { return fewTwins + int(uint64(n)*uint64(n)>>32) }

func newIDSlots(n uint32, seed uint64) idSlots {
	return idSlots{seed: seed, hashes: make([]uint32, n)}
}

// add adds the id of record i.
func (t *idSlots) add(i uint32, r artifact.Raw) {
	hi, lo := r.IDHalves()
	t.hashes[i] = hashID(hi, lo, t.seed)
}

// fill inserts the ids into the table. It returns false when one is too far
// from its slot, which makes the table useless.
func (t *idSlots) fill() bool {
	t.slots = make([]byte, 4*slotsFor(uint64(len(t.hashes))))
	w := idWindow{slots: t.slots, n: slotsFor(uint64(len(t.hashes)))}
	return t.put(&w, t.deal(nil, 0, idRuns))
}

// idWindow is a range of the slots of a table of n.
type idWindow struct {
	slots []byte // from slot start on
	start uint64
	n     uint64
	head  []byte // the first slots of the table, when start is after them
}

// at returns a slot. After the last slot comes the first one.
func (w *idWindow) at(slot uint64) []byte {
	if slot < w.start {
		return w.head[4*slot:]
	}
	return w.slots[4*(slot-w.start):]
}

// put inserts ids, each a hash and a record, into slots in w.
func (t *idSlots) put(w *idWindow, pairs []uint64) bool {
	most := maxTwins(len(t.hashes))
	for _, pair := range pairs {
		h, i := uint32(pair>>32), uint32(pair)
		at, probes := slot(h, w.n), 0
		for {
			r := binary.LittleEndian.Uint32(w.at(at))
			if r == 0 {
				break
			}
			if t.hashes[r-1] == h && len(t.twins) < most {
				t.twins = append(t.twins, [2]uint32{r - 1, i})
			}
			if probes++; probes == maxProbe {
				return false
			}
			if at++; at == w.n {
				at = 0
			}
		}
		binary.LittleEndian.PutUint32(w.at(at), i+1)
	}
	return true
}

// The ids of at least manyIDs records are inserted in idGroups groups of runs, one
// after the other, so that only some of the slots are in memory. A group then has
// many times maxProbe slots.
const (
	idGroups = 8
	manyIDs  = 1 << 16
)

// stream is fill, but passes the slots to write in pieces instead of keeping
// them. write gets the number of each piece's first slot; the first slots of
// the table come last. stream returns write's error at the end.
func (t *idSlots) stream(write func(at uint64, slots []byte) error) (ok bool, err error) {
	n, groups := slotsFor(uint64(len(t.hashes))), uint32(1)
	if len(t.hashes) >= manyIDs {
		groups = idGroups
	}
	var head, carry, buffer []byte
	var pairs []uint64
	hand := func(at uint64, slots []byte) {
		if err == nil {
			err = write(at, slots)
		}
	}
	const runs = idRuns
	for g := range groups {
		first, end := g*runs/groups, (g+1)*runs/groups
		w := idWindow{start: slot(first*(1<<32/runs), n), n: n, head: head}
		until := n // end of the group's own slots
		if g+1 < groups {
			until = slot(end*(1<<32/runs), n)
		}
		size := until - w.start
		if g+1 < groups {
			size += maxProbe
		}
		if uint64(cap(buffer)) < 4*size {
			buffer = make([]byte, 4*size)
		}
		w.slots = buffer[:4*size]
		clear(w.slots)
		copy(w.slots, carry)
		if pairs = t.deal(pairs, first, end); !t.put(&w, pairs) {
			return false, nil
		}
		own := w.slots[:4*(until-w.start)]
		carry = append([]byte(nil), w.slots[len(own):]...)
		if g == 0 && groups > 1 {
			head = append([]byte(nil), own[:4*maxProbe]...)
			hand(maxProbe, own[len(head):])
		} else {
			hand(w.start, own)
		}
	}
	if head != nil {
		hand(0, head)
	}
	return true, err
}

// deal sorts the hashes and records of the ids of some runs by run, which the
// top bits of the hash give, and keeps the order within a run. It reuses buffer
// when it is large enough.
func (t *idSlots) deal(buffer []uint64, first, end uint32) []uint64 {
	var next [idRuns]uint32
	for _, h := range t.hashes {
		next[h/(1<<32/idRuns)]++
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
	for i, h := range t.hashes {
		run := h / (1 << 32 / idRuns)
		if run < first || run >= end {
			continue
		}
		pairs[next[run]] = uint64(h)<<32 | uint64(i)
		next[run]++
	}
	return pairs
}

// nextSeed returns the next seed to try when ids crowd.
func nextSeed(seed uint64) uint64 { return strtab.Mix(seed, 0xA0761D6478BD642F) }

// retry adds all ids again with another seed.
func (t *idSlots) retry(img *Image, seed uint64) error {
	*t = newIDSlots(img.Count, seed)
	return eachRecord(img, t.add)
}

// unique reports whether all records have different ids. The twins are pairs
// with equal hashes; nearly always their ids differ.
func (t *idSlots) unique(img *Image) (bool, error) {
	if len(t.twins) == maxTwins(len(t.hashes)) {
		return false, nil // far more than chance would give, and some were not kept
	}
	a := source.NewWindow(img.Records, artifact.RecordSize)
	b := source.NewWindow(img.Records, artifact.RecordSize)
	for _, pair := range t.twins {
		x, err := img.record(a, pair[0])
		if err != nil {
			return false, err
		}
		y, err := img.record(b, pair[1])
		if err != nil {
			return false, err
		}
		if x.ID() == y.ID() {
			return false, nil
		}
	}
	return true, nil
}
