package workload

import "math/bits"

// permutation permutes the numbers below n randomly without a table: a Feistel network over
// the next even number of bits, repeated until the result is below n.
type permutation struct {
	n    uint64
	half uint // bits
	seed uint64
}

func newPermutation(n, seed uint64) permutation {
	return permutation{n: n, half: uint(bits.Len64(n-1)+1) / 2, seed: seed}
}

// of returns the image of i, for i below n.
func (p permutation) of(i uint64) uint64 {
	if p.half == 0 {
		return i
	}
	mask := uint64(1)<<p.half - 1
	for {
		left, right := i>>p.half, i&mask
		for round := range uint64(4) {
			left, right = right, left^mix(right^p.seed^round<<56)&mask
		}
		if i = left<<p.half | right; i < p.n {
			return i
		}
	}
}

// mix scatters 64 bits (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9E37_79B9_7F4A_7C15
	x = (x ^ x>>30) * 0xBF58_476D_1CE4_E5B9
	x = (x ^ x>>27) * 0x94D0_49BB_1331_11EB
	return x ^ x>>31
}
