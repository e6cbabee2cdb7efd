// Package blake3 computes BLAKE3-256 without assembly, goroutines or memory. The Go
// libraries of BLAKE3 look for processor features through a package that links fmt and
// os into every build, the wasm ones too: 750 kB and six imports of a plugin that is
// otherwise a third of that. The specification: https://github.com/BLAKE3-team/BLAKE3-specs.
package blake3

import (
	"encoding/binary"
	"math/bits"
)

const (
	blockSize = 64
	chunkSize = 1024

	chunkStart = 1 << 0
	chunkEnd   = 1 << 1
	parent     = 1 << 2
	root       = 1 << 3

	// maxDepth is the height of the tree over 2^64 bytes.
	maxDepth = 54
)

var iv = [8]uint32{
	0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
}

// Sum256 is the digest of b.
func Sum256(b []byte) (out [32]byte) {
	var cv [8]uint32
	if len(b) <= chunkSize {
		chunk(&cv, b, 0, root)
	} else {
		tree(&cv, b)
	}
	for i, w := range cv {
		binary.LittleEndian.PutUint32(out[4*i:], w)
	}
	return out
}

// tree hashes more than one chunk. stack holds the roots of complete subtrees, the
// largest first; as a counter of chunks carries, two become one.
func tree(out *[8]uint32, b []byte) {
	var stack [maxDepth][8]uint32
	depth := 0
	n := uint64(0)
	for ; len(b) > chunkSize; b = b[chunkSize:] {
		chunk(&stack[depth], b[:chunkSize], n, 0)
		depth++
		n++
		for total := n; total&1 == 0; total >>= 1 {
			depth--
			join(&stack[depth-1], &stack[depth-1], &stack[depth], 0)
		}
	}
	chunk(out, b, n, 0)
	for ; depth > 1; depth-- {
		join(out, &stack[depth-1], out, 0)
	}
	join(out, &stack[0], out, root)
}

// chunk is the chaining value of up to 1024 bytes, the n-th of the input.
func chunk(cv *[8]uint32, b []byte, n uint64, flags uint32) {
	*cv = iv
	start := uint32(chunkStart)
	var m [16]uint32
	for ; len(b) > blockSize; b = b[blockSize:] {
		words(&m, b)
		compress(cv, &m, n, blockSize, start)
		start = 0
	}
	var last [blockSize]byte
	copy(last[:], b)
	words(&m, last[:])
	compress(cv, &m, n, uint32(len(b)), start|chunkEnd|flags)
}

// join is the chaining value of the node over two.
func join(out, left, right *[8]uint32, flags uint32) {
	var m [16]uint32
	copy(m[:8], left[:])
	copy(m[8:], right[:])
	*out = iv
	compress(out, &m, 0, blockSize, parent|flags)
}

func words(m *[16]uint32, b []byte) {
	_ = b[blockSize-1]
	for i := range m {
		m[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
}

// compress turns cv into the next chaining value.
func compress(cv *[8]uint32, block *[16]uint32, counter uint64, length, flags uint32) {
	v0, v1, v2, v3 := cv[0], cv[1], cv[2], cv[3]
	v4, v5, v6, v7 := cv[4], cv[5], cv[6], cv[7]
	v8, v9, v10, v11 := iv[0], iv[1], iv[2], iv[3]
	v12, v13, v14, v15 := uint32(counter), uint32(counter>>32), length, flags
	m := *block
	for round := 0; ; round++ {
		v0, v4, v8, v12 = g(v0, v4, v8, v12, m[0], m[1])
		v1, v5, v9, v13 = g(v1, v5, v9, v13, m[2], m[3])
		v2, v6, v10, v14 = g(v2, v6, v10, v14, m[4], m[5])
		v3, v7, v11, v15 = g(v3, v7, v11, v15, m[6], m[7])
		v0, v5, v10, v15 = g(v0, v5, v10, v15, m[8], m[9])
		v1, v6, v11, v12 = g(v1, v6, v11, v12, m[10], m[11])
		v2, v7, v8, v13 = g(v2, v7, v8, v13, m[12], m[13])
		v3, v4, v9, v14 = g(v3, v4, v9, v14, m[14], m[15])
		if round == 6 {
			break
		}
		m = [16]uint32{
			m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13], m[1], m[11], m[12], m[5], m[9], m[14], m[15], m[8],
		}
	}
	cv[0], cv[1], cv[2], cv[3] = v0^v8, v1^v9, v2^v10, v3^v11
	cv[4], cv[5], cv[6], cv[7] = v4^v12, v5^v13, v6^v14, v7^v15
}

func g(a, b, c, d, x, y uint32) (uint32, uint32, uint32, uint32) {
	a += b + x
	d = bits.RotateLeft32(d^a, -16)
	c += d
	b = bits.RotateLeft32(b^c, -12)
	a += b + y
	d = bits.RotateLeft32(d^a, -8)
	c += d
	b = bits.RotateLeft32(b^c, -7)
	return a, b, c, d
}
