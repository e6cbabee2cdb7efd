package strtab

import (
	"math"

	"github.com/thawlog/thaw/core/msgpack"
)

// Builder gives names their numbers in the order first seen. It keeps all of
// them in one slice, so that a million names are a handful of objects. It is
// for one goroutine. The zero Builder is an empty table without a leading
// string.
type Builder struct {
	body  []byte   // the strings with their heads
	heads []uint32 // where each head begins in body
	slots []uint32 // number+1 by hash, 0 is free; at most half full
	lead  int
}

// NewBuilder starts a table with the empty string at number 0.
func NewBuilder() *Builder {
	return &Builder{lead: 1, body: msgpack.AppendStr(nil, ""), heads: []uint32{0}}
}

// Len is the number of strings so far, the leading empty one included.
func (b *Builder) Len() int { return len(b.heads) }

// Intern returns the number of name, a new one when it was not seen before.
// ok is false when the table is full: 2^32-1 strings or 4 GiB.
func (b *Builder) Intern(name []byte) (number uint32, ok bool) {
	if 2*len(b.heads) >= len(b.slots) {
		b.rehash(max(64, 4*len(b.heads)))
	}
	slot, found := b.find(name)
	if found {
		return b.slots[slot] - 1, true
	}
	if uint64(len(b.body))+uint64(msgpack.StrSize(len(name))) > math.MaxUint32-8 {
		return 0, false
	}
	number = uint32(len(b.heads))
	b.heads = append(b.heads, uint32(len(b.body)))
	b.body = msgpack.AppendStr(b.body, name)
	b.slots[slot] = number + 1
	return number, true
}

// Truncate forgets every string from number n on. It costs what they are.
func (b *Builder) Truncate(n int) {
	if n >= len(b.heads) {
		return
	}
	// Later strings were put in behind earlier ones, also when the slots were
	// made anew, so taking the last one out breaks no other's path.
	for i := len(b.heads) - 1; i >= max(n, b.lead); i-- {
		slot, _ := b.find(b.At(uint32(i)))
		b.slots[slot] = 0
	}
	b.body = b.body[:b.heads[n]]
	b.heads = b.heads[:n]
}

// AppendTable adds a table of distinct names to dst, without a leading string.
func AppendTable(dst []byte, names [][]byte) []byte {
	dst = msgpack.AppendArray(dst, len(names))
	for _, n := range names {
		dst = msgpack.AppendStr(dst, n)
	}
	return dst
}

// TableSize is the number of bytes that AppendTable adds.
func TableSize(names [][]byte) int {
	n := len(msgpack.AppendArray(nil, len(names)))
	for _, name := range names {
		n += msgpack.StrSize(len(name))
	}
	return n
}

// AppendTable adds the finished table to dst.
func (b *Builder) AppendTable(dst []byte) []byte {
	return append(msgpack.AppendArray(dst, len(b.heads)), b.body...)
}

// TableSize is the number of bytes that AppendTable adds.
func (b *Builder) TableSize() int {
	return len(msgpack.AppendArray(nil, len(b.heads))) + len(b.body)
}

// View is the table as it stands, for looking strings up by number. It holds
// while strings are added behind, and taken back behind its end.
func (b *Builder) View() *Table { return &Table{raw: b.body, heads: b.heads, lead: b.lead} }

// At returns string number, which must be below Len. The slice aliases the
// builder and holds until the string is truncated.
func (b *Builder) At(number uint32) []byte {
	t := Table{raw: b.body, heads: b.heads}
	return t.At(number)
}

// find returns the slot of name, or the free slot where it belongs.
func (b *Builder) find(name []byte) (slot uint64, found bool) {
	mask := uint64(len(b.slots) - 1)
	for slot = Hash(name, 0) & mask; ; slot = (slot + 1) & mask {
		switch n := b.slots[slot]; {
		case n == 0:
			return slot, false
		case string(b.At(n-1)) == string(name):
			return slot, true
		}
	}
}

func (b *Builder) rehash(least int) {
	size := 64
	for size < least {
		size *= 2
	}
	b.slots = make([]uint32, size)
	for n := b.lead; n < len(b.heads); n++ {
		slot, _ := b.find(b.At(uint32(n)))
		b.slots[slot] = uint32(n) + 1
	}
}
