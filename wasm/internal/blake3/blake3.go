// Package blake3 computes BLAKE3-256 without assembly, goroutines or allocations. The Go
// libraries of BLAKE3 detect processor features with a package that links fmt and os into
// every build, including wasm: 750 kB and six imports, in a plugin of otherwise a third of
// that. The specification: https://github.com/BLAKE3-team/BLAKE3-specs.
package blake3

import (
	"encoding/binary"
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

// Sum256 returns the BLAKE3-256 digest of b.
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

// tree hashes more than one chunk. stack holds the roots of complete subtrees, the largest
// first; each carry in the count of chunks joins two of them.
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

// chunk computes the chaining value of up to 1024 bytes, the n-th chunk of the input.
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

// join computes the chaining value of the parent of two nodes.
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
