package index

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
)

const (
	// maxProbe bounds how far an id may stand from its place. At a load of 0.6
	// a table of 10^8 honest ids stays well below; ids made to crowd do not.
	maxProbe = 512
	// maxSeeds is how many seeds are tried before ids are sorted instead.
	maxSeeds = 3
	// maxTwins bounds the pairs that are looked at for equal ids.
	maxTwins = 64
)

// idSlots is the hash table from event ids to records, by open addressing with
// linear probing. Records go in by rising number, so of equal ids the first
// stands in front.
type idSlots struct {
	seed   uint64
	slots  []byte   // u32 record number + 1, 0 is free
	prints []uint32 // low half of each record's hash
	twins  [][2]uint32
	full   bool // an id stood too far from its place: the table is useless
}

func newIDSlots(n uint32, seed uint64) idSlots {
	return idSlots{
		seed:   seed,
		slots:  make([]byte, 4*(uint64(n)*5/3+1)),
		prints: make([]uint32, n),
	}
}

func (t *idSlots) insert(i uint32, id event.ID) {
	if t.full {
		return
	}
	h := hashID(id, t.seed)
	t.prints[i] = uint32(h)
	n := uint64(len(t.slots) / 4)
	at := slot(h, n)
	for range maxProbe {
		switch r := binary.LittleEndian.Uint32(t.slots[4*at:]); {
		case r == 0:
			binary.LittleEndian.PutUint32(t.slots[4*at:], i+1)
			return
		case t.prints[r-1] == uint32(h) && len(t.twins) < maxTwins:
			t.twins = append(t.twins, [2]uint32{r - 1, i})
		}
		if at++; at == n {
			at = 0
		}
	}
	t.full = true
}

// retry fills a new table under another seed.
func (t *idSlots) retry(img *Image, seed uint64) error {
	fresh := newIDSlots(img.Count, seed)
	err := eachRecord(img, func(i uint32, r artifact.Raw) { fresh.insert(i, r.ID()) })
	*t = fresh
	return err
}

// unique reports whether no two records have one id. The twins are pairs whose
// hashes agree in 32 bits; nearly always their ids do not.
func (t *idSlots) unique(img *Image) (bool, error) {
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
