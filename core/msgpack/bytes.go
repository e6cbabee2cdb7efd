package msgpack

import (
	"encoding/binary"
)

// Arrays of bytes are most of a store's segments. An integer below 0x80 is one byte; a
// larger one is 0xcc and a byte. Every other byte of a hash is large, which no processor can
// predict, so eight encoded bytes are decoded at once, without a branch: a table knows what
// they are from which of them have the high bit, and whether the byte before them was a head.
const (
	wide     = 0xcc
	wides    = 0xcccccccccccccccc
	highBits = 0x8080808080808080
)

// group says what eight encoded bytes are.
type group struct {
	// heads has 0xff where a byte must be 0xcc. It has no zero byte when the eight cannot be
	// right: a head has no large byte after it.
	heads uint64
	// down has the bytes that move down by one place, then by two, then by four, to fill
	// the places of heads.
	down [3]uint64
	// ends has in its n-th four bits where the n-th integer ends, from 1.
	ends uint64
	// ints is the number of integers that end in the group.
	ints uint8
}

// groups is indexed by the high bits of the bytes, and by 256 if a head precedes them.
// endsInHead has 256 for those whose last byte is a head.
var groups, endsInHead = makeGroups()

func makeGroups() (all [512]group, endsInHead [512]uint16) {
	for i := range all {
		g := &all[i]
		second := i >= 256
		for at := range 8 {
			switch high := i>>at&1 == 1; {
			case second && !high:
				g.heads = ^uint64(0)
			case second || !high:
				g.ints++
				g.ends |= uint64(at+1) << (4 * g.ints)
				second = false
			default:
				g.heads |= 0xff << (8 * at)
				second = true
			}
			if g.heads == ^uint64(0) {
				break
			}
		}
		if second {
			endsInHead[i] = 256
		}
		// How far each integer moves, one bit of the distance after the other.
		places := [8]int{}
		n := 0
		for at := range 8 {
			places[at] = -1
			if g.heads>>(8*at)&1 == 0 {
				places[at], n = n, n+1
			}
		}
		for bit := range g.down {
			var now [8]int
			for at := range now {
				now[at] = -1
			}
			for at, to := range places {
				if to < 0 {
					continue
				}
				by := (at - to) & (1 << bit)
				if by != 0 {
					g.down[bit] |= 0xff << (8 * at)
				}
				now[at-by] = to
			}
			places = now
		}
	}
	return all, endsInHead
}

// indexOf returns the index of the group of eight bytes. head is 256 if the byte before
// them is a head, else 0.
func indexOf(word, head uint64) uint64 {
	return (head | word&highBits>>7*0x0102040810204080>>56) & 511
}

// wrong reports whether eight bytes are not what their group must be.
func (g *group) wrong(word uint64) bool { return (word^wides)&g.heads != 0 }

// plain returns the integers of a group as bytes, and zeros or anything after them.
func (g *group) plain(word uint64) uint64 {
	word &^= g.heads
	t := word & g.down[0]
	word = word ^ t | t>>8
	t = word & g.down[1]
	word = word ^ t | t>>16
	t = word & g.down[2]
	return word ^ t | t>>32
}

// textAtOnce is the number of bytes that are looked at once for one with the high bit.
const textAtOnce = 32

// fillBytes reads len(dst) integers from 0 to 255 from b[off:] into dst, and
// returns the offset after them.
func fillBytes(dst, b []byte, off int) (int, error) {
	i, head := 0, uint64(0)
	le := binary.LittleEndian
all:
	for len(dst)-i >= textAtOnce && len(b)-off >= textAtOnce {
		from, to := b[off:off+textAtOnce], dst[i:i+textAtOnce]
		w0, w1, w2, w3 := le.Uint64(from), le.Uint64(from[8:]), le.Uint64(from[16:]), le.Uint64(from[24:])
		if (w0|w1|w2|w3)&highBits == 0 && head == 0 {
			le.PutUint64(to, w0)
			le.PutUint64(to[8:], w1)
			le.PutUint64(to[16:], w2)
			le.PutUint64(to[24:], w3)
			i, off = i+textAtOnce, off+textAtOnce
			continue
		}
		for n := 0; n < textAtOnce; n += 8 {
			word := le.Uint64(from[n:])
			at := indexOf(word, head)
			g := &groups[at]
			if g.wrong(word) {
				break all
			}
			le.PutUint64(dst[i:], g.plain(word)) // what is no integer is overwritten
			i, off, head = i+int(g.ints), off+8, uint64(endsInHead[at])
		}
	}
	for len(dst)-i >= 8 && len(b)-off >= 8 {
		word := le.Uint64(b[off:])
		at := indexOf(word, head)
		g := &groups[at]
		if g.wrong(word) {
			break
		}
		le.PutUint64(dst[i:], g.plain(word))
		i, off, head = i+int(g.ints), off+8, uint64(endsInHead[at])
	}
	for i < len(dst) && len(b)-off >= 8 { // fewer than 8, or something is wrong
		word := le.Uint64(b[off:])
		at := indexOf(word, head)
		g := &groups[at]
		if g.wrong(word) {
			break
		}
		plain, n := g.plain(word), min(int(g.ints), len(dst)-i)
		for k := range n {
			dst[i+k] = byte(plain >> (8 * k))
		}
		if i += n; i == len(dst) {
			return off + int(g.ends>>(4*n)&15), nil
		}
		off, head = off+8, uint64(endsInHead[at])
	}
	off -= int(head >> 8)
	for ; i < len(dst); i++ {
		c, size, err := element(b, off)
		if err != nil {
			return 0, err
		}
		dst[i] = c
		off += size
	}
	return off, nil
}

// skipBytes is fillBytes for n integers, without keeping them.
func skipBytes(n int, b []byte, off int) (int, error) {
	head := uint64(0)
	for n > 0 && len(b)-off >= 8 {
		word := binary.LittleEndian.Uint64(b[off:])
		at := indexOf(word, head)
		g := &groups[at]
		if g.wrong(word) {
			break
		}
		if n <= int(g.ints) {
			return off + int(g.ends>>(4*n)&15), nil
		}
		n, off, head = n-int(g.ints), off+8, uint64(endsInHead[at])
	}
	off -= int(head >> 8)
	for ; n > 0; n-- {
		_, size, err := element(b, off)
		if err != nil {
			return 0, err
		}
		off += size
	}
	return off, nil
}

// wideByte returns the integer of a two-byte form: head must be 0xcc.
func wideByte(head, c byte) (byte, error) {
	if head != wide {
		return 0, ErrType
	}
	if c < 0x80 {
		return 0, ErrSpelling
	}
	return c, nil
}

// element returns the integer at off, and its size.
func element(b []byte, off int) (c byte, size int, err error) {
	switch {
	case off >= len(b):
		return 0, 0, ErrShort
	case b[off] < 0x80:
		return b[off], 1, nil
	case off+1 < len(b):
		c, err = wideByte(b[off], b[off+1])
		return c, 2, err
	case b[off] == wide:
		return 0, 0, ErrShort
	}
	return 0, 0, ErrType
}
