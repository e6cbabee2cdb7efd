package index

import (
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// The sections, in the order in which a file will hold them.
const (
	secNames = iota
	secNameOrder
	secNameSlots
	secEntityEnds
	secEntityList
	secScopeEnds
	secScopeList
	secKinds
	secKindList
	secIDSlots
	secIDOrder
	secCorrelations
	secCausations
	secSegments
	sections
)

// Sizes of the elements that are not one u32.
const (
	nameSize    = 8
	kindSize    = 8
	segmentSize = 24
)

// Tables are the lookups into the records of one image. They are immutable;
// any number of goroutines may read them, each through its own [Reader].
type Tables struct {
	records uint32
	strings uint32
	// The seeds differ when ids crowded under the first one.
	nameSeed, idSeed uint64
	flags            flags
	// first is the sequence of record 0, 0 without one.
	first   uint64
	section [sections]source.Source
}

type flags uint32

const (
	// flagDense: the sequence of record i is that of record 0 plus i.
	flagDense flags = 1 << iota
	// flagUnique: no two records have the same event id.
	flagUnique
	// flagClockOrder: every entity list is in order of clocks too.
	flagClockOrder
)

// Records is the number of records the tables cover.
func (t *Tables) Records() uint32 { return t.records }

// UniqueIDs reports whether no two records share an event id.
func (t *Tables) UniqueIDs() bool { return t.flags&flagUnique != 0 }

// Size is the number of bytes of all sections.
func (t *Tables) Size() (n int64) {
	for _, s := range t.section {
		n += s.Size()
	}
	return n
}

// slot is where hash belongs in a table of n slots. Multiplying spreads over
// any n without a division, and keeps the order of hashes.
func slot(hash uint32, n uint64) uint64 {
	return uint64(hash) * n >> 32
}

// hashID mixes the halves of an id with the seed of one build, so that nobody
// can prepare ids that crowd.
func hashID(hi, lo, seed uint64) uint32 {
	return uint32(strtab.Mix(strtab.Mix(lo^seed, 0x9E3779B97F4A7C15)^hi, 0xD6E8FEB86659FD93) >> 32)
}
