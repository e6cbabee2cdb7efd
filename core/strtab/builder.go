package strtab

import (
	"math"

	"github.com/thawlog/thaw/core/msgpack"
)

// Builder numbers names in the order first seen. It keeps all of them in one slice, so
// that a million names take a handful of objects. It is for one goroutine. The zero
// Builder is an empty table without a leading string.
type Builder struct {
	body  []byte   // the strings with their heads
	heads []uint32 // offset of each head in body
	slots []uint64 // by hash: its upper half and the number+1, 0 is free; at most half full
	lead  int
	view  *Table // of the current strings, nil if none was made
}

// NewBuilder returns a table that holds the empty string at number 0.
func NewBuilder() *Builder {
	return &Builder{lead: 1, body: msgpack.AppendStr(nil, ""), heads: []uint32{0}}
}

// Len returns the number of strings, the leading empty one included.
func (b *Builder) Len() int { return len(b.heads) }

// Intern returns the number of name, and adds name if it is new. ok is false if the table
// is full: 2^32-1 strings or 4 GiB.
func (b *Builder) Intern(name []byte) (number uint32, ok bool) {
	if 2*len(b.heads) >= len(b.slots) {
		b.rehash(max(64, 4*len(b.heads)))
	}
	slot, entry, found := b.find(name)
	if found {
		return uint32(entry) - 1, true
	}
	if uint64(len(b.body))+uint64(msgpack.StrSize(len(name))) > math.MaxUint32-8 {
		return 0, false
	}
	number = uint32(len(b.heads))
	b.heads = append(b.heads, uint32(len(b.body)))
	b.body = msgpack.AppendStr(b.body, name)
	b.slots[slot] = entry | uint64(number+1)
	b.view = nil
	return number, true
}

// Find returns the number of name; ok is false if the table does not hold it.
func (b *Builder) Find(name []byte) (number uint32, ok bool) {
	if len(b.slots) == 0 {
		return 0, false
	}
	_, entry, ok := b.find(name)
	if !ok {
		return 0, false
	}
	return uint32(entry) - 1, true
}

// Truncate removes every string from number n on, in time proportional to their size.
func (b *Builder) Truncate(n int) {
	if n >= len(b.heads) {
		return
	}
	// Strings enter the slots in order of number, in rehash too, so removing the last
	// one breaks no other's probe path.
	for i := len(b.heads) - 1; i >= max(n, b.lead); i-- {
		slot, _, _ := b.find(b.At(uint32(i)))
		b.slots[slot] = 0
	}
	b.body = b.body[:b.heads[n]]
	b.heads = b.heads[:n]
	b.view = nil
}

// AppendTable appends a table of distinct names to dst, without a leading string.
func AppendTable(dst []byte, names [][]byte) []byte {
	dst = msgpack.AppendArray(dst, len(names))
	for _, n := range names {
		dst = msgpack.AppendStr(dst, n)
	}
	return dst
}

// TableSize returns the number of bytes that AppendTable appends.
func TableSize(names [][]byte) int {
	n := len(msgpack.AppendArray(nil, len(names)))
	for _, name := range names {
		n += msgpack.StrSize(len(name))
	}
	return n
}

// AppendTable appends the table to dst.
func (b *Builder) AppendTable(dst []byte) []byte {
	return append(msgpack.AppendArray(dst, len(b.heads)), b.body...)
}

// TableSize returns the number of bytes that AppendTable appends.
func (b *Builder) TableSize() int {
	return len(msgpack.AppendArray(nil, len(b.heads))) + len(b.body)
}

// View returns the current table, which looks strings up by number. It stays valid while
// strings are added to the builder, and while only strings that it lacks are truncated.
func (b *Builder) View() *Table {
	if b.view == nil {
		b.view = &Table{raw: b.body, heads: b.heads, lead: b.lead}
	}
	return b.view
}

// At returns the string with a number below Len. The slice aliases the builder and is
// valid until the string is truncated.
func (b *Builder) At(number uint32) []byte {
	t := Table{raw: b.body, heads: b.heads}
	return t.At(number)
}

// find returns the slot of name and its entry, or the free slot for it and the entry without a
// number. The hash in an entry saves the look at nearly every other name, which is seldom in the
// processor's cache.
func (b *Builder) find(name []byte) (slot, entry uint64, found bool) {
	const half = 1<<32 - 1
	hash := Hash(name, 0)
	mask := uint64(len(b.slots) - 1)
	for slot = hash & mask; ; slot = (slot + 1) & mask {
		switch entry = b.slots[slot]; {
		case entry == 0:
			return slot, hash &^ half, false
		case (entry^hash)&^half == 0 && string(b.At(uint32(entry)-1)) == string(name):
			return slot, entry, true
		}
	}
}

func (b *Builder) rehash(least int) {
	size := 64
	for size < least {
		size *= 2
	}
	b.slots = make([]uint64, size)
	for n := b.lead; n < len(b.heads); n++ {
		slot, entry, _ := b.find(b.At(uint32(n)))
		b.slots[slot] = entry | uint64(n+1)
	}
}
