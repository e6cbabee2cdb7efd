package index

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/source"
)

const (
	// maxProbe bounds how far an id may stand from its place. At a load of 0.6
	// a table of 10^8 honest ids stays well below; ids made to crowd do not.
	maxProbe = 512
	// maxSeeds is how many seeds are tried before ids are sorted instead.
	maxSeeds = 3
	// fewTwins is the slack of maxTwins.
	fewTwins = 64
	// idRuns is how many runs of neighbouring places the ids are dealt into
	// before they go in. A run of a table for 10^6 ids is 26 kB, so that filling
	// it stays in the processor's first cache.
	idRuns = 256
)

// idSlots is the hash table from event ids to records, by open addressing with
// linear probing. Records go in by rising number, so of equal ids the first
// stands in front.
type idSlots struct {
	seed   uint64
	hashes []uint32 // per record
	slots  []byte   // u32 record number + 1, 0 is free
	twins  [][2]uint32
}

// maxTwins bounds the pairs that are looked at for equal ids. Of n different
// ids, n²/2^33 pairs agree in 32 bits of hash; twice as many are allowed for.
func maxTwins(n int) int { return fewTwins + int(uint64(n)*uint64(n)>>32) }

func newIDSlots(n uint32, seed uint64) idSlots {
	return idSlots{seed: seed, hashes: make([]uint32, n)}
}

// add takes the id of record i.
func (t *idSlots) add(i uint32, r artifact.Raw) {
	hi, lo := r.IDHalves()
	t.hashes[i] = hashID(hi, lo, t.seed)
}

// fill puts the ids into the table. It reports false when one stands too far
// from its place, which makes the table useless.
func (t *idSlots) fill() bool {
	n, most := slotsFor(uint64(len(t.hashes))), maxTwins(len(t.hashes))
	t.slots = make([]byte, 4*n)
	for _, pair := range t.deal() {
		h, i := uint32(pair>>32), uint32(pair)
		at, probes := slot(h, n), 0
		for {
			r := binary.LittleEndian.Uint32(t.slots[4*at:])
			if r == 0 {
				break
			}
			if t.hashes[r-1] == h && len(t.twins) < most {
				t.twins = append(t.twins, [2]uint32{r - 1, i})
			}
			if probes++; probes == maxProbe {
				return false
			}
			if at++; at == n {
				at = 0
			}
		}
		binary.LittleEndian.PutUint32(t.slots[4*at:], i+1)
	}
	return true
}

// deal brings hash and record of every id into runs by the top bits of the
// hash, which are those of the place, and within a run keeps the order.
func (t *idSlots) deal() []uint64 {
	var next [idRuns]uint32
	for _, h := range t.hashes {
		next[h/(1<<32/idRuns)]++
	}
	at := uint32(0)
	for run, count := range next {
		next[run] = at
		at += count
	}
	pairs := make([]uint64, len(t.hashes))
	for i, h := range t.hashes {
		place := &next[h/(1<<32/idRuns)]
		pairs[*place] = uint64(h)<<32 | uint64(i)
		*place++
	}
	return pairs
}

// retry takes all ids again under another seed.
func (t *idSlots) retry(img *Image, seed uint64) error {
	*t = newIDSlots(img.Count, seed)
	return eachRecord(img, t.add)
}

// unique reports whether no two records have one id. The twins are pairs whose
// hashes agree; nearly always their ids do not.
func (t *idSlots) unique(img *Image) (bool, error) {
	if len(t.twins) == maxTwins(len(t.hashes)) {
		return false, nil // far more than chance makes, and some were not kept
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
