package index

import (
	"sync/atomic"

	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// The sections, in file order.
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

// sectionNames names the sections in errors.
var sectionNames = [sections]string{
	"the places of names", "the sorted names", "the hash table of names",
	"the ends of entities' lists", "the entities' lists", "the ends of scopes' lists", "the scopes' lists",
	"the list of kinds", "the kinds' lists", "the hash table of ids", "the sorted ids",
	"the list of correlations", "the list of causations", "the list of segments",
}

// Sizes of the elements that are not one u32.
const (
	nameSize    = 8
	kindSize    = 8
	segmentSize = 24
)

// Index finds the records of one image by id, name, kind and sequence. It is
// immutable; any number of goroutines may read it, each through its own
// [Reader].
type Index struct {
	records uint32
	strings uint32
	// The seeds differ when ids crowded under the first one.
	nameSeed, idSeed uint64
	flags            flags
	// first and last are the sequences of the first and last record, 0 without
	// records.
	first, last uint64
	section     [sections]source.Source
	// saved is the file of the index, nil for one in memory. checked holds the
	// sources read through it, the checksums first.
	saved   *File
	checked []*pages.Checked
	tags    *Tags // nil for none

	// own and image have all sections and the image of an index from a file, and direct is
	// what [Reader.Direct] made of them.
	own, image *pages.Checked
	direct     *atomic.Pointer[direct]
}

type flags uint32

const (
	// flagDense: sequences have no gaps.
	flagDense flags = 1 << iota
	// flagUnique: all records have different event ids.
	flagUnique
	// flagClockOrder: every entity list is also in the order of clocks.
	flagClockOrder
)

// Last returns the sequence of the last record; ok is false when there is none.
func (t *Index) Last() (sequence uint64, ok bool) { return t.last, t.records > 0 }

// UniqueIDs reports whether all records have different event ids.
func (t *Index) UniqueIDs() bool { return t.flags&flagUnique != 0 }

// Saved returns the file of the index, nil for one in memory.
func (t *Index) Saved() *File { return t.saved }

// CheckAll reads and checks every page of the index file and of its artifact,
// whether read before or not. It calls stop, which may be nil, now and then.
// The error is stop's, or a [damage.Refusal] of reason checksum or unreadable.
func (t *Index) CheckAll(stop func() error) error {
	for _, c := range t.checked {
		if err := c.CheckAll(stop); err != nil {
			return err
		}
	}
	return nil
}

// Forget marks every page of the index file and of its artifact as not checked,
// so that the next read checks it again.
func (t *Index) Forget() {
	for _, c := range t.checked {
		c.Forget()
	}
}

// Size returns the size of all sections in bytes.
func (t *Index) Size() (n int64) {
	for _, s := range t.section {
		n += s.Size()
	}
	return n
}

// slot returns the slot of hash in a table of n slots. Multiplying spreads
// hashes over any n without a division, and keeps their order.
func slot(hash uint32, n uint64) uint64 {
	return uint64(hash) * n >> 32
}

// hashID mixes the halves of an id with the seed of one build, so that an
// attacker cannot choose ids that crowd.
func hashID(hi, lo, seed uint64) uint32 {
	return uint32(strtab.Mix(strtab.Mix(lo^seed, 0x9E3779B97F4A7C15)^hi, 0xD6E8FEB86659FD93) >> 32)
}
