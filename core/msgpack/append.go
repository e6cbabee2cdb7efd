package msgpack

import (
	"encoding/binary"
	"math"
	"slices"
)

// The Append functions add one value in its smallest form to dst and return
// the extended slice. They never fail.

// AppendNil adds nil.
func AppendNil(dst []byte) []byte { return append(dst, 0xc0) }

// AppendUint adds a non-negative integer.
func AppendUint(dst []byte, n uint64) []byte {
	switch {
	case n < 0x80:
		return append(dst, byte(n))
	case n <= math.MaxUint8:
		return append(dst, 0xcc, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcf), n)
}

// AppendInt adds a signed integer; one that is not negative has the form of
// [AppendUint], as rmp-serde writes it.
func AppendInt(dst []byte, n int64) []byte {
	switch {
	case n >= 0:
		return AppendUint(dst, uint64(n))
	case n >= -32:
		return append(dst, byte(n))
	case n >= math.MinInt8:
		return append(dst, 0xd0, byte(n))
	case n >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, 0xd1), uint16(n))
	case n >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(n))
}

// AppendStr adds a string of fewer than 2^32 bytes.
func AppendStr[S string | []byte](dst []byte, s S) []byte {
	switch n := len(s); {
	case n < 32:
		dst = append(dst, 0xa0|byte(n))
	case n <= math.MaxUint8:
		dst = append(dst, 0xd9, byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xda), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xdb), uint32(n))
	}
	return append(dst, s...)
}

// AppendBin adds a binary of fewer than 2^32 bytes.
func AppendBin(dst, b []byte) []byte {
	switch n := len(b); {
	case n <= math.MaxUint8:
		dst = append(dst, 0xc4, byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xc5), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xc6), uint32(n))
	}
	return append(dst, b...)
}

// AppendArray adds the head of an array of n elements.
func AppendArray(dst []byte, n int) []byte { return appendHead(dst, n, 0x90, 0xdc) }

// AppendMap adds the head of a map of n pairs.
func AppendMap(dst []byte, n int) []byte { return appendHead(dst, n, 0x80, 0xde) }

func appendHead(dst []byte, n int, small, wide byte) []byte {
	switch {
	case n < 16:
		return append(dst, small|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, wide), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, wide+1), uint32(n))
}

// AppendByteArray adds b as an array of integers, one per byte, which is how
// serde writes byte slices.
func AppendByteArray(dst, b []byte) []byte {
	dst = slices.Grow(AppendArray(dst, len(b)), 2*len(b))
	room := dst[len(dst) : len(dst)+2*len(b)]
	n := 0
	for _, c := range b {
		// The bytes of hashes are below 0x80 or not as a coin falls, so a branch
		// would be guessed wrong half of the time: the head is written always, and
		// written over where there is none.
		room[n] = 0xcc
		n += int(c >> 7)
		room[n] = c
		n++
	}
	return dst[:len(dst)+n]
}

// StrSize returns the number of bytes that [AppendStr] adds for a string of n bytes.
func StrSize(n int) int {
	switch {
	case n < 32:
		return n + 1
	case n <= math.MaxUint8:
		return n + 2
	case n <= math.MaxUint16:
		return n + 3
	}
	return n + 5
}
