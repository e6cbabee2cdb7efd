package msgpack

import (
	"encoding/binary"
	"slices"
)

// AppendByteArray appends b as an array of integers, one per byte, which is how
// serde writes byte slices: a byte from 0x80 on takes two, the first 0xcc.
func AppendByteArray(dst, b []byte) []byte {
	// Eight bytes more than needed, since words are written whole.
	dst = slices.Grow(AppendArray(dst, len(b)), 2*len(b)+8)
	out := dst[len(dst) : len(dst)+2*len(b)+8]
	n := 0
	for ; len(b) >= 8; b = b[8:] {
		word := binary.LittleEndian.Uint64(b)
		high := word & 0x8080808080808080
		if high == 0 {
			binary.LittleEndian.PutUint64(out[n:], word)
			n += 8
			continue
		}
		// A hash has as many bytes above 0x7f as below, so the processor would
		// mispredict a branch half of the time. Four bytes take one step.
		mask := high >> 7 * 0x0102040810204080 >> 56 // a bit for each byte
		w := &widenings[mask&15]
		binary.LittleEndian.PutUint64(out[n:], w.widen(word))
		n += w.size
		w = &widenings[mask>>4]
		binary.LittleEndian.PutUint64(out[n:], w.widen(word>>32))
		n += w.size
	}
	for _, c := range b {
		out[n] = 0xcc // overwritten unless it is needed
		n += int(c >> 7)
		out[n] = c
		n++
	}
	return dst[:len(dst)+n]
}

// widening makes the elements of four bytes, of which certain ones need a head.
type widening struct {
	heads uint64
	shift [4]uint8 // by how much the element of each byte moves up
	size  int      // of all elements
}

// widenings are the widenings by the bytes that need a head, one bit each.
var widenings = func() (list [16]widening) {
	for mask := range list {
		w := &list[mask]
		shift := 0
		for i := range w.shift {
			if mask>>i&1 != 0 {
				w.heads |= 0xcc << (8*i + shift)
				shift += 8
			}
			w.shift[i] = uint8(shift)
		}
		w.size = 4 + shift/8
	}
	return list
}()

// widen returns the elements of the low four bytes of word, from the lowest byte up.
func (w *widening) widen(word uint64) uint64 {
	// The shifts are below 64; the mask spares the check of that.
	return w.heads | word&0xff<<(w.shift[0]&63) | word&0xff00<<(w.shift[1]&63) |
		word&0xff0000<<(w.shift[2]&63) | word&0xff000000<<(w.shift[3]&63)
}
