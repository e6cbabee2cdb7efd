package index

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/strtab"
)

// buildBlock is how many records a build reads at once: 166 kB.
const buildBlock = 1024

// Input is the input of [Build].
type Input struct {
	Image  Image
	Names  *strtab.Table
	Bounds Bounds
	// Seed makes the slots of the hash tables unpredictable.
	Seed uint64
	// Tags, when set, are filled in. They stay empty where the ids crowd.
	Tags *Tags
	// Each, when set, is called with every block of records in order, and its
	// offset in Image.Records, before the block is used. Its error ends the
	// build.
	Each func(off uint64, block []byte) error
	// Parallel, when set, runs f(0) to f(n-1), some at once where that pays, and
	// returns when all are done.
	Parallel func(n int, f func(i int))
	// ValidateOnly makes Build validate the records without building: the
	// returned Index knows only the sequences of the first and last record.
	ValidateOnly bool
}

// Build reads the records once, validates them and builds their index. It needs
// the memory of the index (about 26 bytes a record), and while it runs 22 bytes
// a record and 48 for each correlation or causation. The error for an invalid
// record is a [damage.Refusal]: entity_index, scope_index, coordinate, order,
// allocator, kind, position or unreadable. After one, Build still passes the
// remaining blocks to Each.
func Build(in Input) (*Index, error) {
	b := NewBuilder(in)
	var why error
	err := in.Image.EachBlock(func(off uint64, block []byte) error {
		if in.Each != nil {
			if err := in.Each(off, block); err != nil {
				return err
			}
		}
		if why == nil {
			why = b.Add(off, block)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if why != nil {
		return nil, why
	}
	return b.Finish()
}

// Builder is [Build] for records that do not come from the image. It is for one
// goroutine.
type Builder struct {
	in        Input
	n         uint32
	strings   uint32
	validator validator
	flags     flags
	seed      uint64
	taken     uint32
	first     uint64 // sequence of record 0

	entity, scope      []uint32 // per record
	kind               []uint16 // per record
	entities, scopes   []byte   // section "ends", used to count first
	kinds              kindCounts
	lastClock          []uint32 // per entity, clock of its last record
	correlated, caused links
	ids                idSlots
	segments           []byte
}

// NewBuilder returns a Builder of an index over in.Image.Count records.
func NewBuilder(in Input) *Builder {
	b := &Builder{
		in:      in,
		n:       in.Image.Count,
		strings: uint32(in.Names.Len()),
		flags:   flagDense | flagClockOrder | flagUnique,
		seed:    in.Seed,
	}
	b.validator = validator{bounds: &b.in.Bounds, strings: b.strings}
	if in.ValidateOnly {
		return b
	}
	b.entity = make([]uint32, b.n)
	b.scope = make([]uint32, b.n)
	b.kind = make([]uint16, b.n)
	b.entities = make([]byte, 4*int(b.strings))
	b.scopes = make([]byte, 4*int(b.strings))
	b.lastClock = make([]uint32, b.strings)
	b.ids = newIDSlots(b.n, b.seed, nil)
	b.ids.tags = in.Tags
	return b
}

// Add adds the next records, which are at offset off. The error is a
// [damage.Refusal] for the first invalid one.
func (b *Builder) Add(off uint64, block []byte) error {
	for k := 0; k < len(block); k += artifact.RecordSize {
		r := artifact.Raw(block[k : k+artifact.RecordSize])
		if reason := b.validator.record(r); reason != "" {
			return damage.Refuse(reason, int64(off)+int64(k), nil)
		}
		if b.taken == 0 {
			b.first = r.Sequence()
		}
		if !b.in.ValidateOnly {
			b.take(b.taken, r)
		}
		b.taken++
	}
	return nil
}

// Finish builds the index. All records must have been added.
func (b *Builder) Finish() (*Index, error) {
	if b.in.Bounds.NextSequence > artifact.MaxAllocator {
		return nil, damage.Refuse(damage.Allocator, -1, nil)
	}
	return b.finish()
}

// take adds record i, which is valid.
func (b *Builder) take(i uint32, r artifact.Raw) {
	e, s, k := r.Entity(), r.Scope(), uint16(r.Kind())
	b.entity[i], b.scope[i], b.kind[i] = e, s, k
	known := addU32(b.entities, e, 1) > 1
	addU32(b.scopes, s, 1)
	b.kinds.at(k)[k%kindPage]++
	b.follows(i, r, b.lastClock, known)
	b.ids.add(i, r)
	if !r.CorrelatesSelf() {
		hi, lo := r.CorrelationHalves()
		b.correlated.add(hi, lo, i)
	}
	if hi, lo := r.CausationHalves(); hi|lo != 0 {
		b.caused.add(hi, lo, i)
	}
}

// follows updates the flags and the segments with record i. known reports
// whether its entity has an earlier record; lastClock has the clock of each
// entity's last record.
func (b *Builder) follows(i uint32, r artifact.Raw, lastClock []uint32, known bool) {
	if r.Sequence() != b.first+uint64(i) {
		b.flags &^= flagDense
	}
	e, clock := r.Entity(), r.Clock()
	if known && clock <= lastClock[e] {
		b.flags &^= flagClockOrder
	}
	lastClock[e] = clock
	id := b.validator.segment
	if n := len(b.segments); n == 0 || id != binary.LittleEndian.Uint64(b.segments[n-segmentSize:]) {
		b.segments = binary.LittleEndian.AppendUint64(b.segments, id)
		b.segments = binary.LittleEndian.AppendUint64(b.segments, b.validator.size)
		b.segments = binary.LittleEndian.AppendUint32(b.segments, i)
		b.segments = binary.LittleEndian.AppendUint32(b.segments, 0)
	}
	addU32(b.segments[len(b.segments)-4:], 0, 1)
}

// addU32 adds n to number i and returns the sum.
func addU32(b []byte, i, n uint32) uint32 {
	at := 4 * int(i)
	n += binary.LittleEndian.Uint32(b[at:])
	binary.LittleEndian.PutUint32(b[at:], n)
	return n
}
