package payload

import (
	"encoding/binary"
	"math"
)

// What the store's own structures never hold; the other forms are package msgpack's. Lengths are below 1<<32:
// nothing that gets out is longer than MaxSize.

func appendFloat32(dst []byte, bits uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, 0xca), bits)
}

func appendFloat64(dst []byte, bits uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, 0xcb), bits)
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 0xc3)
	}
	return append(dst, 0xc2)
}

func appendExt(dst []byte, typ int8, body []byte) []byte {
	switch n := len(body); {
	case n == 1:
		dst = append(dst, 0xd4)
	case n == 2:
		dst = append(dst, 0xd5)
	case n == 4:
		dst = append(dst, 0xd6)
	case n == 8:
		dst = append(dst, 0xd7)
	case n == 16:
		dst = append(dst, 0xd8)
	case n <= math.MaxUint8:
		dst = append(dst, 0xc7, byte(n))
	case n <= math.MaxUint16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xc8), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xc9), uint32(n))
	}
	return append(append(dst, byte(typ)), body...)
}
