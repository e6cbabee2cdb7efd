package index

import (
	"encoding/binary"
	"math/bits"

	"github.com/thawlog/thaw/core/event"
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
	section          [sections]source.Source
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

// slot is where hash belongs in a table of n slots: the high half of hash × n
// spreads over any n without a division.
func slot(hash uint64, n uint64) uint64 {
	hi, _ := bits.Mul64(hash, n)
	return hi
}

// hashID mixes an id with the seed of one build, so that nobody can prepare
// ids that crowd.
func hashID(id event.ID, seed uint64) uint64 {
	a := binary.LittleEndian.Uint64(id[:])
	b := binary.LittleEndian.Uint64(id[8:])
	return strtab.Mix(strtab.Mix(a^seed, 0x9E3779B97F4A7C15)^b, 0xD6E8FEB86659FD93)
}
