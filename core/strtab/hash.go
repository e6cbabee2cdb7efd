package strtab

import (
	"encoding/binary"
	"math/bits"
)

// Hash maps a name to 64 well-mixed bits that depend on seed. It folds 128-bit
// products as wyhash does (https://github.com/wangyi-fudan/wyhash). It is part
// of the format of index.thaw: within a version it must never change.
func Hash(name []byte, seed uint64) uint64 {
	h := Mix(seed^0x9E3779B97F4A7C15, uint64(len(name))^0xE7037ED1A0B428DB)
	for len(name) >= 8 {
		h = Mix(h^binary.LittleEndian.Uint64(name), 0x8EBC6AF09C88C6E3)
		name = name[8:]
	}
	var last [8]byte
	copy(last[:], name)
	return Mix(h^binary.LittleEndian.Uint64(last[:]), 0x589965CC75374CC3)
}

// Mix multiplies a and b to 128 bits and folds the halves.
func Mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
