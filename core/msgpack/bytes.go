package msgpack

import (
	"encoding/binary"
	"math/bits"
)

// Arrays of bytes are most of a store's segments. An integer below 0x80 is one
// byte; a larger one is 0xcc and a byte. The first larger one is searched in
// eight bytes at once: in a hash every other byte is large, which no processor
// can predict byte by byte.
const (
	wide     = 0xcc
	highBits = 0x8080808080808080
)

// fillBytes reads len(dst) integers from 0 to 255 from b[off:] into dst, and
// returns the offset after them.
func fillBytes(dst, b []byte, off int) (int, error) {
	i := 0
	for len(dst)-i >= 8 && len(b)-off > 8 {
		word := binary.LittleEndian.Uint64(b[off:])
		binary.LittleEndian.PutUint64(dst[i:], word) // heads are overwritten later
		high := word & highBits
		if high == 0 {
			i, off = i+8, off+8
			continue
		}
		plain := bits.TrailingZeros64(high) / 8
		i, off = i+plain, off+plain
		c, err := wideByte(b[off], b[off+1])
		if err != nil {
			return 0, err
		}
		dst[i] = c
		i, off = i+1, off+2
	}
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
	for n >= 8 && len(b)-off > 8 {
		high := binary.LittleEndian.Uint64(b[off:]) & highBits
		if high == 0 {
			n, off = n-8, off+8
			continue
		}
		plain := bits.TrailingZeros64(high) / 8
		n, off = n-plain, off+plain
		if _, err := wideByte(b[off], b[off+1]); err != nil {
			return 0, err
		}
		n, off = n-1, off+2
	}
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
